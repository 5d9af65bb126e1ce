//! Which hash a password was made with, and how.

use hmac::digest::Digest;
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::diagnose::words::{Words, words};
use crate::wiped::WipedBytes;

/// The hash that a password was made with.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, Hash, diagnose_at};
///
/// // 32 bytes, which is a SHA-256.
/// let password = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// let (username, now) = ("1700003600:alice", UnixTime::from_secs(1_700_000_000));
/// let findings = diagnose_at(username, Some(password), &[], now);
/// assert_eq!(findings[0], Finding::Hash(Hash::Sha256));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// The right hash: SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// MD5.
    Md5,
}

impl Hash {
    /// All hashes. They differ in length, so the length of a MAC tells which hash made it.
    pub(crate) const ALL: [Self; 5] =
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Md5];

    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Md5 => 16,
        }
    }

    pub(crate) fn of(
        self,
        construction: Construction,
        secret: &[u8],
        message: &[u8],
    ) -> WipedBytes {
        match self {
            Self::Sha1 => construction.of::<Sha1>(secret, message),
            Self::Sha256 => construction.of::<Sha256>(secret, message),
            Self::Sha384 => construction.of::<Sha384>(secret, message),
            Self::Sha512 => construction.of::<Sha512>(secret, message),
            Self::Md5 => construction.of::<Md5>(secret, message),
        }
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "use HMAC-SHA1; of the known servers, only Kamailio can be configured for SHA-2";
        match self {
            Self::Sha1 => words("hash-sha1", "the password was made with SHA-1", ""),
            Self::Sha256 => words(
                "hash-sha256",
                "the password was made with SHA-256, but servers use SHA-1",
                ADVICE,
            ),
            Self::Sha384 => words(
                "hash-sha384",
                "the password was made with SHA-384, but servers use SHA-1",
                ADVICE,
            ),
            Self::Sha512 => words(
                "hash-sha512",
                "the password was made with SHA-512, but servers use SHA-1",
                ADVICE,
            ),
            Self::Md5 => words(
                "hash-md5",
                "the password was made with MD5, but servers use SHA-1",
                "use HMAC-SHA1",
            ),
        }
    }
}

/// How a hash was used to make a password from a secret and a username.
///
/// ```
/// use turn_credentials::diagnose::{Construction, Finding, diagnose_at};
/// use turn_credentials::{Error, SharedSecret, UnixTime};
///
/// let (username, now) = ("1700003600:alice", UnixTime::from_secs(1_700_000_000));
/// let swapped = SharedSecret::new(username)?.password_for("north");
/// let findings = diagnose_at(username, Some(swapped.as_str()), &[b"north"], now);
/// assert_eq!(findings, [Finding::Construction(Construction::Swapped)]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Construction {
    /// The right construction: HMAC with the secret as the key.
    Hmac,
    /// HMAC with the username as the key.
    Swapped,
    /// A plain hash of the secret followed by the username.
    SecretFirst,
    /// A plain hash of the username followed by the secret.
    MessageFirst,
}

impl Construction {
    /// All constructions. The first that matches is reported, so the right one comes first.
    pub(crate) const ALL: [Self; 4] =
        [Self::Hmac, Self::Swapped, Self::SecretFirst, Self::MessageFirst];

    pub(crate) fn of<D: EagerHash + Digest>(self, secret: &[u8], message: &[u8]) -> WipedBytes {
        let hmac = |key, message| {
            // HMAC accepts a key of any length.
            let mac = Hmac::<D>::new_from_slice(key).ok();
            mac.map(|mac| mac.chain_update(message).finalize().as_bytes().to_vec())
        };
        let hash =
            |first, second| D::new().chain_update(first).chain_update(second).finalize().to_vec();
        WipedBytes(match self {
            Self::Hmac => hmac(secret, message).unwrap_or_default(),
            Self::Swapped => hmac(message, secret).unwrap_or_default(),
            Self::SecretFirst => hash(secret, message),
            Self::MessageFirst => hash(message, secret),
        })
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "compute HMAC with the secret as the key and the username as the message";
        match self {
            Self::Hmac => words("construction-hmac", "the password was made with HMAC", ""),
            Self::Swapped => words(
                "construction-swapped",
                "the password was made with the username as the key, and the secret as the message",
                ADVICE,
            ),
            Self::SecretFirst => words(
                "construction-secret-first",
                "the password is a plain hash of secret and username, not an HMAC",
                ADVICE,
            ),
            Self::MessageFirst => words(
                "construction-message-first",
                "the password is a plain hash of username and secret, not an HMAC",
                ADVICE,
            ),
        }
    }
}
