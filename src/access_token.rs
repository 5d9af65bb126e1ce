//! Tokens that clients present to your endpoint to get ICE servers. A token either contains its
//! subject and expiry, or is random and looked up in a store.
//!
//! A token issued by an [`AccessTokenKey`] needs no store: any instance of your service that has
//! the key can verify it. Such a token can be neither revoked nor made single-use. If you need
//! that, use a [random token](AccessToken::random), and give the store only its [`store_key`]. Both
//! [`AccessTokenKey`] and [`AccessToken::random`] have an example.
//!
//! In Redis, where `<key>` is the token's [`store_key`]:
//!
//! ```text
//! SET turn-token:<key> 1 EX 3600 NX      to issue it
//! EXISTS turn-token:<key>                to check it
//! GETDEL turn-token:<key>                to check and use it up
//! DEL turn-token:<key>                   to revoke it
//! ```

use core::fmt;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::zeroize::Zeroize;
use hmac::digest::{Digest, Output};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::time::UnixTime;
use crate::wiped::{Wiped, WipedBytes};

/// The ttl that we suggest for access tokens: one hour, like that of Xirsys's token broker.
pub const DEFAULT_TTL: Duration = Duration::from_secs(3600);

/// A key that issues and verifies tokens, with an id so that keys can be rotated.
///
/// To rotate, first give every instance the next key in addition to the current one. Then issue
/// tokens with the next key. Remove the old key when the last token that it issued has expired.
///
/// ```
/// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
/// use turn_credentials::UnixTime;
///
/// let key = AccessTokenKey::new(1, [7; 32])?;
/// let random = [9; 16]; // from the system's generator, fresh for each token
/// let now = UnixTime::from_secs(1_700_000_000);
/// let token = key.issue_at("alice", DEFAULT_TTL, random, now)?;
///
/// let keys = [AccessTokenKey::new(2, [8; 32])?, key];
/// let grant = AccessToken::verify_at(token.as_str(), &keys, now)?;
/// assert_eq!(grant.subject(), "alice");
/// assert_eq!(grant.valid_until(), UnixTime::from_secs(1_700_003_600));
///
/// let later = UnixTime::from_secs(1_700_003_601);
/// let expired_at = grant.valid_until();
/// assert_eq!(
///     AccessToken::verify_at(token.as_str(), &keys, later).unwrap_err(),
///     AccessTokenError::Expired { expired_at }
/// );
/// # Ok::<(), AccessTokenError>(())
/// ```
#[derive(Clone)]
pub struct AccessTokenKey {
    id: u32,
    mac: Hmac<Sha256>,
}

impl AccessTokenKey {
    /// The minimum length of a key, in bytes: 32, the length of a SHA-256 hash (RFC 2104
    /// section 3).
    pub const MIN_LEN: usize = 32;

    /// The maximum length of a subject, in bytes: 255, so that a token stays short enough for a
    /// header or a query.
    pub const MAX_SUBJECT_LEN: usize = 255;

    /// Creates a key from at least 32 random bytes, which you must not use for anything else.
    ///
    /// ```
    /// use turn_credentials::access_token::{AccessTokenError, AccessTokenKey};
    ///
    /// assert!(AccessTokenKey::new(1, [7; 32]).is_ok());
    /// assert_eq!(AccessTokenKey::new(1, [7; 31]).unwrap_err(), AccessTokenError::ShortKey);
    /// ```
    ///
    /// # Errors
    ///
    /// [`AccessTokenError::ShortKey`] for a key under [`MIN_LEN`](Self::MIN_LEN) bytes.
    pub fn new(id: u32, key: impl AsRef<[u8]>) -> Result<Self, AccessTokenError> {
        let key = Some(key.as_ref()).filter(|key| key.len() >= Self::MIN_LEN);
        let mac = key.and_then(|key| Hmac::new_from_slice(key).ok());
        Ok(Self { id, mac: mac.ok_or(AccessTokenError::ShortKey)? })
    }

    /// Issues a token that lasts for `ttl` from `now`. The ttl's fraction of a second is dropped.
    /// The subject may be an account id.
    ///
    /// The 16 bytes in `random` must come from the system's random generator, fresh for each token,
    /// so that two tokens issued in the same second differ. Anyone who has the token can read the
    /// subject.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::access_token::{AccessTokenError, AccessTokenKey, DEFAULT_TTL};
    ///
    /// let key = AccessTokenKey::new(1, [7; 32])?;
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let [one, two] = [[1; 16], [2; 16]].map(|random| key.issue_at("alice", DEFAULT_TTL, random, now));
    /// assert_ne!(one?.as_str(), two?.as_str());
    ///
    /// let no_ttl = key.issue_at("alice", Duration::ZERO, [3; 16], now);
    /// assert_eq!(no_ttl.unwrap_err(), AccessTokenError::Ttl);
    /// # Ok::<(), AccessTokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AccessTokenError::LongSubject`] for a subject over 255 bytes; [`AccessTokenError::Ttl`]
    /// for a ttl under one second, or an expiry that 64 bits cannot hold.
    pub fn issue_at(
        &self,
        subject: &str,
        ttl: Duration,
        random: [u8; 16],
        now: UnixTime,
    ) -> Result<AccessToken, AccessTokenError> {
        if subject.len() > Self::MAX_SUBJECT_LEN {
            return Err(AccessTokenError::LongSubject);
        }
        let ttl = Some(ttl.as_secs()).filter(|&ttl| ttl > 0);
        let expiry = ttl.and_then(|ttl| now.as_secs().checked_add(ttl));
        let expiry = expiry.ok_or(AccessTokenError::Ttl)?;
        let mut bytes = WipedBytes(Vec::with_capacity(HEAD_LEN.saturating_add(MAX_TAIL_LEN)));
        bytes.0.push(VERSION);
        bytes.0.extend(self.id.to_be_bytes());
        bytes.0.extend(expiry.to_be_bytes());
        bytes.0.extend(random);
        bytes.0.extend(subject.as_bytes());
        let tag = self.mac_of(&bytes.0).finalize();
        bytes.0.extend(tag.as_bytes());
        Ok(AccessToken { text: Wiped::new(URL_SAFE_NO_PAD.encode(&bytes.0)) })
    }

    /// Like [`issue_at`](Self::issue_at), using the system clock.
    ///
    /// ```
    /// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
    ///
    /// let key = AccessTokenKey::new(1, [7; 32])?;
    /// let token = key.issue("alice", DEFAULT_TTL, [9; 16])?; // the 16 bytes must be random
    /// assert_eq!(AccessToken::verify(token.as_str(), &[key])?.subject(), "alice");
    /// # Ok::<(), AccessTokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`issue_at`](Self::issue_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn issue(
        &self,
        subject: &str,
        ttl: Duration,
        random: [u8; 16],
    ) -> Result<AccessToken, AccessTokenError> {
        self.issue_at(subject, ttl, random, UnixTime::now())
    }

    fn mac_of(&self, bytes: &[u8]) -> Hmac<Sha256> {
        self.mac.clone().chain_update(LABEL).chain_update(bytes)
    }
}

impl fmt::Debug for AccessTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessTokenKey {{ id: {}, .. }}", self.id)
    }
}

/// Every message whose MAC goes into a token begins with this label, so that a MAC made with the
/// same key for another purpose is not a token's.
const LABEL: &[u8] = b"turn-credentials access token\0";

/// The first byte of a token: the version of its layout.
const VERSION: u8 = 1;

/// The length of what precedes the subject: the version, the key id, the expiry and the random
/// bytes.
const HEAD_LEN: usize = 1 + 4 + 8 + 16;
/// The length of an HMAC-SHA256.
const MAC_LEN: usize = 32;
/// The maximum length of what follows the head: the subject and the MAC.
const MAX_TAIL_LEN: usize = AccessTokenKey::MAX_SUBJECT_LEN + MAC_LEN;

/// A token that clients present to your endpoint. Its text contains only `A-Z a-z 0-9 - _`, so it
/// needs no escaping in a header or a query.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
///
/// let keys = [AccessTokenKey::new(1, [7; 32])?];
/// let now = UnixTime::from_secs(1_700_000_000);
/// let token = keys[0].issue_at("alice", DEFAULT_TTL, [9; 16], now)?;
/// assert_eq!(token.as_str().len(), 88);
/// assert_eq!(AccessToken::verify_at(token.as_str(), &keys, now)?.subject(), "alice");
///
/// let guessed = AccessToken::verify_at("guessed", &keys, now);
/// assert_eq!(guessed.unwrap_err(), AccessTokenError::Malformed);
/// # Ok::<(), AccessTokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken {
    text: Wiped,
}

impl AccessToken {
    /// The maximum length of a token, in characters: 422.
    pub const MAX_LEN: usize = ((HEAD_LEN + MAX_TAIL_LEN) * 4).div_ceil(3);

    /// Creates a random token, for use with a store, from 32 bytes that you take from the system's
    /// random generator.
    ///
    /// ```
    /// use turn_credentials::access_token::{self, AccessToken};
    ///
    /// let token = AccessToken::random([7; 32]);
    /// assert_eq!(token.as_str().len(), 43);
    /// let key = access_token::store_key(token.as_str());
    /// assert_eq!(key, "dc4bf80c77473d130fa0de86ba4018fe98bb214005e6a5891d12ba91446f9e81");
    /// assert_ne!(key, access_token::store_key("guessed"));
    /// ```
    #[must_use]
    pub fn random(mut random: [u8; 32]) -> Self {
        let text = Wiped::new(URL_SAFE_NO_PAD.encode(random));
        random.as_mut_slice().zeroize();
        Self { text }
    }

    /// The text that the client presents.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Verifies a token, with its MAC compared in constant time, and returns what it grants.
    ///
    /// Apart from the version and the key id, nothing in the token is used before the MAC is
    /// checked.
    ///
    /// ```
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
    ///
    /// let (ours, other) = (AccessTokenKey::new(1, [7; 32])?, AccessTokenKey::new(1, [8; 32])?);
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let token = ours.issue_at("alice", DEFAULT_TTL, [9; 16], now)?;
    /// let verify = |key| AccessToken::verify_at(token.as_str(), &[key], now);
    /// assert_eq!(verify(ours.clone())?.subject(), "alice");
    /// assert_eq!(verify(other).unwrap_err(), AccessTokenError::Forged);
    /// assert_eq!(verify(AccessTokenKey::new(2, [7; 32])?).unwrap_err(), AccessTokenError::UnknownKey);
    /// # Ok::<(), AccessTokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`AccessTokenError::Malformed`] if the text is not a token.
    /// * [`AccessTokenError::UnknownKey`] if none of the keys has the token's key id.
    /// * [`AccessTokenError::Forged`] if no key with this id issued the token.
    /// * [`AccessTokenError::Expired`] if a key issued it, but it has expired.
    pub fn verify_at(
        text: &str,
        keys: &[AccessTokenKey],
        now: UnixTime,
    ) -> Result<Grant, AccessTokenError> {
        use AccessTokenError::{Expired, Forged, Malformed, UnknownKey};

        let parts = Parts::read(text).ok_or(Malformed)?;
        let (signed, mac) = parts.split();
        let mut named = keys.iter().filter(|key| Some(key.id) == parts.key_id()).peekable();
        named.peek().ok_or(UnknownKey)?;
        // Every key is tried, even after a match: the time must not tell which key matched.
        let issued = |key: &&AccessTokenKey| key.mac_of(signed).verify_slice(mac).is_ok();
        if named.filter(issued).count() == 0 {
            return Err(Forged);
        }
        let grant = parts.grant().ok_or(Malformed)?;
        let expired_at = grant.valid_until;
        if now > expired_at { Err(Expired { expired_at }) } else { Ok(grant) }
    }

    /// Like [`verify_at`](Self::verify_at), using the system clock.
    ///
    /// ```
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
    ///
    /// let keys = [AccessTokenKey::new(1, [7; 32])?];
    /// let token = keys[0].issue("alice", DEFAULT_TTL, [9; 16])?;
    /// assert_eq!(AccessToken::verify(token.as_str(), &keys)?.subject(), "alice");
    ///
    /// let old = keys[0].issue_at("alice", DEFAULT_TTL, [9; 16], UnixTime::from_secs(0))?;
    /// let expired_at = UnixTime::from_secs(3600);
    /// let refused = AccessToken::verify(old.as_str(), &keys);
    /// assert_eq!(refused.unwrap_err(), AccessTokenError::Expired { expired_at });
    /// # Ok::<(), AccessTokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`verify_at`](Self::verify_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn verify(text: &str, keys: &[AccessTokenKey]) -> Result<Grant, AccessTokenError> {
        Self::verify_at(text, keys, UnixTime::now())
    }
}

/// The key under which to store a random token: the SHA-256 of its text, in hex. Whoever reads the
/// store cannot reconstruct a token from it.
///
/// ```
/// use turn_credentials::access_token::store_key;
///
/// // NIST's example of SHA-256.
/// let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(store_key("abc"), hash);
/// ```
#[must_use]
pub fn store_key(token: &str) -> String {
    let hash: Output<Sha256> = Sha256::digest(token);
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// The decoded bytes of a token. Only the length and the version have been checked.
struct Parts {
    bytes: WipedBytes,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() <= AccessToken::MAX_LEN)?;
        let bytes = WipedBytes::from_base64(&URL_SAFE_NO_PAD, text)?;
        let whole = bytes.0.len() >= HEAD_LEN + MAC_LEN;
        (whole && bytes.0.first() == Some(&VERSION)).then_some(Self { bytes })
    }

    fn key_id(&self) -> Option<u32> {
        self.bytes.0.get(1..)?.first_chunk().copied().map(u32::from_be_bytes)
    }

    /// The part that the MAC covers, and the MAC.
    fn split(&self) -> (&[u8], &[u8]) {
        let signed = self.bytes.0.len().saturating_sub(MAC_LEN);
        self.bytes.0.split_at_checked(signed).unwrap_or_default()
    }

    fn grant(&self) -> Option<Grant> {
        let (head, subject) = self.split().0.split_at_checked(HEAD_LEN)?;
        let expiry = u64::from_be_bytes(*head.get(5..)?.first_chunk()?);
        let subject = core::str::from_utf8(subject).ok()?.into();
        Some(Grant { subject, valid_until: UnixTime::from_secs(expiry) })
    }
}

/// What a verified token says: its subject, and when it expires.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL};
///
/// let key = AccessTokenKey::new(1, [7; 32])?;
/// let now = UnixTime::from_secs(1_700_000_000);
/// let token = key.issue_at("alice", DEFAULT_TTL, [9; 16], now)?;
/// let grant = AccessToken::verify_at(token.as_str(), &[key], now)?;
/// assert_eq!(grant.subject(), "alice");
/// assert_eq!(grant.valid_until(), UnixTime::from_secs(1_700_003_600));
/// # Ok::<(), AccessTokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    subject: String,
    valid_until: UnixTime,
}

impl Grant {
    /// The subject that the token was issued for.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The last second in which the token is accepted, on our clock.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }
}

/// Why creating a key, issuing a token or verifying one fails.
///
/// No message contains a token, a key or a subject.
///
/// ```
/// use turn_credentials::access_token::{AccessTokenError, AccessTokenKey};
///
/// let error = AccessTokenKey::new(1, "too short").unwrap_err();
/// assert_eq!(error, AccessTokenError::ShortKey);
/// assert_eq!(
///     error.to_string(),
///     "the key is under 32 bytes: generate at least 32 random bytes, for this purpose only"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// The key is under 32 bytes.
    #[error("the key is under 32 bytes: generate at least 32 random bytes, for this purpose only")]
    ShortKey,

    /// The subject is over 255 bytes.
    #[error("the subject is over 255 bytes: give a shorter account id")]
    LongSubject,

    /// The ttl is under one second, or the expiry does not fit into 64 bits.
    #[error(
        "the ttl is under one second, or too long for 64 bits: give the token's lifetime, such as \
         an hour"
    )]
    Ttl,

    /// The text is not a token, or the token's version is unknown.
    #[error("the token is malformed: fetch a new one")]
    Malformed,

    /// None of the keys has the token's key id.
    #[error("the token's key is unknown or has been retired: fetch a new token")]
    UnknownKey,

    /// No key with the token's key id issued it.
    #[error("the token was not issued by the key that it names: fetch a new token")]
    Forged,

    /// We issued this token, and it has expired.
    #[error("the token expired at {} (Unix seconds): fetch a new one", .expired_at.as_secs())]
    Expired {
        /// The last second in which the token was accepted.
        expired_at: UnixTime,
    },
}
