//! A provider's key.

use alloc::string::String;

use crate::wiped::Wiped;

/// What authenticates a call to a provider: an API key, an account's secret, a token.
///
/// `Debug` shows nothing of it, it has no `Eq` and no serde, and its memory is wiped when it is
/// dropped.
///
/// ```
/// use turn_credentials::provider::ApiKey;
///
/// let key = ApiKey::new("0123456789abcdef");
/// assert_eq!(key.as_str(), "0123456789abcdef");
/// assert_eq!(format!("{key:?}"), "ApiKey(..)");
/// ```
#[derive(Clone, Debug)]
pub struct ApiKey(Wiped);

impl ApiKey {
    /// Makes a key of any text; the call that uses it checks it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Wiped::new(text.into()))
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&str> for ApiKey {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ApiKey {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
