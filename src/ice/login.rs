//! The login of an ICE server.

use alloc::string::String;

use super::credential::Credential;
use crate::credentials::TurnCredentials;
use crate::error::{Error, IceError};
use crate::time::UnixTime;
use crate::username::Username;

/// A username with its credential, and, if known, the time until which a server accepts them.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::IceError;
/// use turn_credentials::ice::Login;
///
/// let login = Login::new("1700000000:alice", "the-password")?;
/// assert_eq!(login.username(), "1700000000:alice");
/// assert_eq!(login.valid_until(), None);
/// let login = login.with_valid_until(UnixTime::from_secs(1_700_000_000));
/// assert_eq!(login.valid_until(), Some(UnixTime::from_secs(1_700_000_000)));
///
/// assert_eq!(Login::new("alice", "").unwrap_err(), IceError::NoLogin);
/// assert_eq!(Login::new("alice\r\n", "pw").unwrap_err(), IceError::ControlCharacter);
/// # Ok::<(), IceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Login {
    username: String,
    credential: Credential,
    valid_until: Option<UnixTime>,
}

impl Login {
    /// Creates a login from a username and a credential that browsers accept.
    ///
    /// ```
    /// use turn_credentials::IceError;
    /// use turn_credentials::ice::Login;
    ///
    /// assert_eq!(Login::new("alice", "the-password")?.username(), "alice");
    /// assert_eq!(Login::new("", "the-password").unwrap_err(), IceError::NoLogin);
    /// assert_eq!(Login::new("alice", "pw\n").unwrap_err(), IceError::ControlCharacter);
    /// # Ok::<(), IceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`IceError::NoLogin`] for an empty username or credential, which browsers reject.
    /// * [`IceError::ControlCharacter`] if one of them contains a control character (RFC 8265
    ///   section 4.1).
    /// * [`IceError::Credentials`] with [`Error::UsernameTooLong`] for a username over
    ///   [`Username::MAX_LEN`] bytes, which browsers drop or reject.
    pub fn new(
        username: impl Into<String>,
        credential: impl Into<Credential>,
    ) -> Result<Self, IceError> {
        let (username, credential) = (username.into(), credential.into());
        if username.is_empty() || credential.as_str().is_empty() {
            return Err(IceError::NoLogin);
        }
        if [&*username, credential.as_str()].iter().any(|text| text.contains(char::is_control)) {
            return Err(IceError::ControlCharacter);
        }
        let len = username.len();
        if len > Username::MAX_LEN {
            return Err(Error::UsernameTooLong { len }.into());
        }
        Ok(Self { username, credential, valid_until: None })
    }

    /// Sets the time until which the server accepts the login, on our clock.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceError, UnixTime};
    ///
    /// let end = UnixTime::from_secs(1_700_000_000);
    /// let login = Login::new("alice", "the-password")?.with_valid_until(end);
    /// assert_eq!(login.valid_until(), Some(end));
    /// # Ok::<(), IceError>(())
    /// ```
    #[must_use]
    pub fn with_valid_until(self, valid_until: UnixTime) -> Self {
        Self { valid_until: Some(valid_until), ..self }
    }

    /// The username, as the client sends it in STUN USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The credential that belongs to the username.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The time until which the server accepts the login, on our clock; `None` if unknown.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixTime> {
        self.valid_until
    }

    /// Splits the login into its username and its credential, without copying them.
    ///
    /// ```
    /// use turn_credentials::IceError;
    /// use turn_credentials::ice::Login;
    ///
    /// let (username, credential) = Login::new("1700000000:alice", "the-password")?.into_parts();
    /// assert_eq!((&*username, credential.as_str()), ("1700000000:alice", "the-password"));
    /// # Ok::<(), IceError>(())
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (String, Credential) {
        (self.username, self.credential)
    }

    /// Whether both have the same username and credential.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.username == other.username && self.credential.as_str() == other.credential.as_str()
    }
}

impl From<&TurnCredentials> for Login {
    fn from(credentials: &TurnCredentials) -> Self {
        Self::from(credentials.clone())
    }
}

/// Cannot fail, because [`TurnCredentials`] are always within the limits of a login.
impl From<TurnCredentials> for Login {
    fn from(credentials: TurnCredentials) -> Self {
        let valid_until = Some(credentials.valid_until());
        let (username, password) = credentials.into_parts();
        Self { username, credential: Credential::from(&password), valid_until }
    }
}
