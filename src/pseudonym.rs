//! A stable, keyed name for an account whose id must not, or cannot, appear in a username.

use core::fmt;

use alloc::borrow::Cow;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::secret::SharedSecret;
use crate::username::Username;

/// A key that derives a name from any account id, even from one that TURN servers refuse as a name.
///
/// Without TLS, a client sends its username in the clear; a pseudonym keeps the account id off the
/// wire. With the same key, an account always has the same pseudonym, so coturn's per-user quota
/// still works. A pseudonym has 16 characters of `A-Z a-z 0-9 - _`; if a username begins with it,
/// the separator must be another character.
///
/// Pseudonyms change with their key. If quotas or logs must survive a rotation of the secret, use
/// [a dedicated key](Self::from_bytes).
///
/// ```
/// use turn_credentials::{Error, PseudonymKey, SharedSecret};
///
/// let key = PseudonymKey::new(&SharedSecret::new("north")?);
/// assert_eq!(key.name_for("alice"), "CPSVlMMTYuuGTuxF");
/// assert_eq!(key.name_for("alice"), key.name_for("alice"));
/// assert_ne!(key.name_for("alice"), key.name_for("Alice"));
///
/// assert_eq!(PseudonymKey::from_bytes("").unwrap_err(), Error::EmptySecret);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct PseudonymKey {
    subkey: SharedSecret,
}

impl PseudonymKey {
    /// The label whose MAC is the subkey. A MAC of user-chosen text under the secret itself could
    /// be a valid password. Usernames never begin with NUL, so the MAC of this label is not a
    /// password, and neither is anything derived with the subkey.
    const LABEL: &[u8] = b"\0turn-credentials pseudonym v1";

    /// Derives the key from a secret.
    ///
    /// ```
    /// use turn_credentials::{Error, PseudonymKey, SharedSecret};
    ///
    /// let key = PseudonymKey::new(&SharedSecret::new("north")?);
    /// assert_eq!(key.name_for("alice"), "CPSVlMMTYuuGTuxF");
    ///
    /// let rotated = PseudonymKey::new(&SharedSecret::new("south")?);
    /// assert_ne!(rotated.name_for("alice"), "CPSVlMMTYuuGTuxF");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn new(secret: &SharedSecret) -> Self {
        Self { subkey: SharedSecret::keyed(secret.tag(Self::LABEL).as_bytes()) }
    }

    /// Creates a dedicated key, which survives secret rotation, from 20 random bytes or more.
    ///
    /// ```
    /// use turn_credentials::{Error, PseudonymKey};
    ///
    /// let key = PseudonymKey::from_bytes([7; 20])?; // from the system's random generator
    /// assert_eq!(key.name_for("alice").len(), 16);
    /// assert_eq!(PseudonymKey::from_bytes("").unwrap_err(), Error::EmptySecret);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::EmptySecret`] for an empty key.
    pub fn from_bytes(key: impl AsRef<[u8]>) -> Result<Self, Error> {
        SharedSecret::new(key).map(|secret| Self::new(&secret))
    }

    /// The account id itself if servers accept it as a name, or else its pseudonym.
    ///
    /// An id that looks like a pseudonym (16 characters of `A-Z a-z 0-9 - _`) is replaced as well:
    /// otherwise, someone who saw a pseudonym on the wire could register it as an account, and
    /// share its quota and its place in the logs.
    ///
    /// # A homeserver
    ///
    /// TURN servers accept most Matrix user ids as names. The exceptions are historical ids with
    /// `'`, `"` or `\`, and ids that happen to contain both "union" and "select":
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{
    ///     ClockSkew, Error, PseudonymKey, SharedSecret, TurnCredentials, UnixTime,
    /// };
    ///
    /// // Once, at startup:
    /// let secret = SharedSecret::new("north")?;
    /// let key = PseudonymKey::new(&secret);
    ///
    /// // For each client:
    /// let username_of = |user_id: &str| -> Result<String, Error> {
    ///     let (day, now) = (Duration::from_secs(86_400), UnixTime::from_secs(1_700_000_000));
    ///     let name = key.name_or_pseudonym(user_id);
    ///     let login = TurnCredentials::generate_at(&name, &secret, day, ClockSkew::NONE, now)?;
    ///     Ok(login.username().into())
    /// };
    /// assert_eq!(username_of("@alice:lab.test")?, "1700086400:@alice:lab.test");
    /// assert_eq!(username_of("@o'neil:lab.test")?, "1700086400:EI2CXv9xrigI8otF");
    /// assert_eq!(username_of("@reunion:selected.org")?, "1700086400:GJUfZvad5AAMa7v6");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn name_or_pseudonym<'a>(&self, account: &'a str) -> Cow<'a, str> {
        if Username::check_name(account).is_err() || is_like_one(account) {
            Cow::Owned(self.name_for(account))
        } else {
            Cow::Borrowed(account)
        }
    }

    /// The pseudonym of this account: the first 12 bytes of HMAC-SHA1(subkey, account), in
    /// base64url. 96 bits do not collide by chance.
    ///
    /// ```
    /// use turn_credentials::{Error, PseudonymKey};
    ///
    /// let key = PseudonymKey::from_bytes([7; 20])?;
    /// assert_eq!(key.name_for("@o'neil:lab.test"), key.name_for("@o'neil:lab.test"));
    /// assert_ne!(key.name_for("@o'neil:lab.test"), key.name_for("@oneil:lab.test"));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn name_for(&self, account: impl AsRef<[u8]>) -> String {
        let tag = self.subkey.tag(account.as_ref());
        let (name, _) = tag.as_bytes().split_at(12);
        URL_SAFE_NO_PAD.encode(name)
    }
}

/// Whether an account id could be mistaken for a pseudonym.
fn is_like_one(account: &str) -> bool {
    account.len() == 16
        && account.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}
