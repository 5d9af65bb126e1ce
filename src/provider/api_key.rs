//! A provider's key.

use alloc::string::String;

use crate::error::Error;
use crate::secret_text;
use crate::wiped::Wiped;

/// What authenticates a call to a provider: an API key, an account's secret or a token.
///
/// `Debug` shows nothing of it, it has no `Eq` and no serde traits, and its memory is wiped when it
/// is dropped.
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
    /// Creates a key from any text. The account or call that uses the key checks it.
    ///
    /// ```
    /// use turn_credentials::provider::xirsys::Account;
    /// use turn_credentials::provider::{ApiKey, CallError};
    ///
    /// let key = ApiKey::new("two\nlines");
    /// assert_eq!(key.as_str(), "two\nlines");
    /// assert_eq!(Account::new("ident", key).unwrap_err(), CallError::Secret);
    /// ```
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Wiped::new(text.into()))
    }

    /// Creates a key from the contents of a file: see [`SharedSecret::from_file_contents`].
    ///
    /// ```
    /// use turn_credentials::Error;
    /// use turn_credentials::provider::ApiKey;
    ///
    /// let key = ApiKey::from_file_contents("0123456789abcdef \r\n")?;
    /// assert_eq!(key.as_str(), "0123456789abcdef");
    ///
    /// assert_eq!(ApiKey::from_file_contents("\n").unwrap_err(), Error::EmptySecret);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`SharedSecret::from_file_contents`].
    ///
    /// [`SharedSecret::from_file_contents`]: crate::SharedSecret::from_file_contents
    pub fn from_file_contents(contents: &str) -> Result<Self, Error> {
        secret_text::in_file(contents.as_bytes()).map(String::from_utf8_lossy).map(Self::new)
    }

    /// Creates a key from a value in a configuration or the environment: see
    /// [`SharedSecret::from_config_value`].
    ///
    /// ```
    /// use turn_credentials::Error;
    /// use turn_credentials::provider::ApiKey;
    ///
    /// let key = ApiKey::from_config_value("0123456789abcdef")?;
    /// assert_eq!(key.as_str(), "0123456789abcdef");
    ///
    /// let refused = ApiKey::from_config_value("0123456789abcdef\n");
    /// assert_eq!(refused.unwrap_err(), Error::SecretNotTrimmed);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`SharedSecret::from_config_value`].
    ///
    /// [`SharedSecret::from_config_value`]: crate::SharedSecret::from_config_value
    pub fn from_config_value(value: &str) -> Result<Self, Error> {
        secret_text::in_config(value.as_bytes()).map(String::from_utf8_lossy).map(Self::new)
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
