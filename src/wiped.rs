//! Text and bytes that are never shown, and leave no trace in freed memory.

use core::{fmt, mem};

use alloc::string::String;
use alloc::vec::Vec;

use hmac::digest::zeroize::Zeroize;

/// Text that is or may contain a secret, such as a credential, a provider's key or an access token.
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
        // Writing to a String cannot fail.
        _ = fmt::Write::write_fmt(&mut whole.0, text);
        whole
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows nothing of the text, so that whatever holds it can derive `Debug`.
impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        drop(WipedBytes(mem::take(&mut self.0).into_bytes()));
    }
}

/// The bytes of a secret, a MAC or an access token.
pub(crate) struct WipedBytes(pub(crate) Vec<u8>);

#[cfg(any(feature = "access-token", feature = "diagnose"))]
impl WipedBytes {
    /// Decodes base64. `Engine::decode` is not used: it leaves the bytes before an error in freed
    /// memory.
    pub(crate) fn from_base64(
        engine: &impl base64::Engine,
        text: impl AsRef<[u8]>,
    ) -> Option<Self> {
        let capacity = base64::decoded_len_estimate(text.as_ref().len());
        let mut bytes = Self(alloc::vec![0; capacity]);
        let len = engine.decode_slice(text, &mut bytes.0).ok()?;
        bytes.0.truncate(len);
        Some(bytes)
    }
}

impl Drop for WipedBytes {
    /// Wipes the whole allocation, because truncating leaves the old bytes in its spare capacity.
    fn drop(&mut self) {
        self.0.resize(self.0.capacity(), 0);
        self.0.as_mut_slice().zeroize();
    }
}
