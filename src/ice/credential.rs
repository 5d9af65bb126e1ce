//! The credential of an ICE server.

use alloc::string::String;

use crate::secret::Password;
use crate::wiped::Wiped;

/// The credential of an ICE server: our [`Password`], or any text from a provider.
///
/// `Debug` shows nothing of it, it has no `Eq`, and its memory is wiped when it is dropped. It is
/// the only secret type that serializes, because a TURN server is useless without it.
///
/// ```
/// use turn_credentials::Credential;
///
/// let credential = Credential::new("unpadded-text-of-a-provider");
/// assert_eq!(credential.as_str(), "unpadded-text-of-a-provider");
/// assert_eq!(format!("{credential:?}"), "Credential(..)");
/// ```
#[derive(Clone, Debug)]
pub struct Credential(Wiped);

impl Credential {
    /// Creates a credential from any text.
    ///
    /// ```
    /// use turn_credentials::{Credential, Error, SharedSecret};
    ///
    /// let password = SharedSecret::new("north")?.password_for("1266890800:mbzrxpgjys");
    /// assert_eq!(Credential::from(&password).as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// assert_eq!(Credential::new("of a provider").as_str(), "of a provider");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Wiped::new(text.into()))
    }

    /// The credential's text, with which the client authenticates.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&str> for Credential {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Credential {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&Password> for Credential {
    fn from(password: &Password) -> Self {
        Self::new(password.as_str())
    }
}
