//! A stable, keyed name for an account that must not, or cannot, appear in a username.

use core::fmt;

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::secret::SharedSecret;

/// Makes a name from any account id, including one that TURN servers refuse as a name.
///
/// A client sends its username in the clear; a pseudonym keeps the account off the wire. It is the
/// same for the same account, so coturn's per-user quota still works, and has 16 characters of
/// `A-Z a-z 0-9 - _`.
///
/// It changes with its key. If quotas or logs must survive a rotation of the secret, use
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
    /// A MAC of user-chosen text under the secret itself could be a valid password. Usernames never
    /// begin with NUL, so the MAC of this label is not a password, and neither is anything derived
    /// with the subkey.
    const LABEL: &[u8] = b"\0turn-credentials pseudonym v1";

    /// Derives the key from a secret.
    #[must_use]
    pub fn new(secret: &SharedSecret) -> Self {
        Self { subkey: SharedSecret::keyed(secret.tag(Self::LABEL).as_bytes()) }
    }

    /// Makes a dedicated key, which survives secret rotation, from 20 random bytes or more.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySecret`].
    pub fn from_bytes(key: impl AsRef<[u8]>) -> Result<Self, Error> {
        SharedSecret::new(key).map(|secret| Self::new(&secret))
    }

    /// The name of this account: the first 12 bytes of HMAC-SHA1(subkey, account), in base64url.
    #[must_use]
    pub fn name_for(&self, account: impl AsRef<[u8]>) -> String {
        let tag = self.subkey.tag(account.as_ref());
        let (name, _) = tag.as_bytes().split_at(12);
        URL_SAFE_NO_PAD.encode(name)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}
