//! Text that is never shown, and leaves no trace in freed memory.

use core::{fmt, mem};

use alloc::string::String;

use hmac::digest::zeroize::Zeroize;

/// The text inside a credential, a provider's key or an access token.
#[derive(Clone)]
pub(crate) struct Wiped(String);

impl Wiped {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Writes text of at most `capacity` bytes: a string that grew would leave its beginning in
    /// freed memory.
    pub(crate) fn written(capacity: usize, text: fmt::Arguments<'_>) -> Self {
        let mut whole = Self(String::with_capacity(capacity));
        // A String accepts whatever is written to it.
        _ = fmt::Write::write_fmt(&mut whole.0, text);
        whole
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whatever holds it can derive `Debug`.
impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Drop for Wiped {
    /// Wipes the whole allocation: text that was cut short leaves its old end in it.
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into_bytes();
        bytes.resize(bytes.capacity(), 0);
        bytes.as_mut_slice().zeroize();
    }
}
