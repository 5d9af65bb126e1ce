//! Percent-encoding (RFC 3986 section 2.1).

use core::fmt::{self, Write as _};

/// Formats text as a path segment, a query value, a user or a password: everything but RFC 3986's
/// unreserved characters is encoded.
pub(crate) struct Encoded<'a>(pub(crate) &'a str);

impl Encoded<'_> {
    /// The maximum length of the encoded text, in bytes.
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
