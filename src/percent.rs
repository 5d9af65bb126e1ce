//! Percent-encoding (RFC 3986 section 2.1).

use core::fmt::{self, Write as _};

/// Displays text as a segment of a path, as a value in a query, or as a user or password.
pub(crate) struct Encoded<'a>(pub(crate) &'a str);

impl Encoded<'_> {
    /// The most bytes that it can have.
    pub(crate) fn max_len(&self) -> usize {
        self.0.len().saturating_mul(3)
    }
}

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                f.write_char(byte.into())
            }
            byte => write!(f, "%{byte:02X}"),
        })
    }
}
