//! How a password encodes a MAC.

use core::iter;

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::diagnose::disguise::{Disguise, unhex};
use crate::diagnose::finding::Finding;
use crate::diagnose::hash::Hash;
use crate::diagnose::words::{Words, words};
use crate::wiped::{Wiped, WipedBytes};

/// How a password encodes the MAC.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Encoding, Finding, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let unpadded = "nbRcrnq5h6xXhyNhlwk+lDLvVVo";
/// let findings = diagnose_at("1266890800:mbzrxpgjys", Some(unpadded), &[b"north"], now);
/// assert!(findings.contains(&Finding::Encoding(Encoding::Unpadded)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// The right encoding: base64 with the standard alphabet, padded.
    Base64,
    /// Base64 that does not end in exactly one `=`.
    Unpadded,
    /// Base64 with the URL-safe alphabet, padded or not.
    UrlSafe,
    /// Hex digits.
    Hex,
    /// Base64 of the hex digits.
    Base64OfHex,
    /// Base64 with spaces instead of `+`: decoding a form turns each `+` into a space.
    BlankForPlus,
    /// Base64 that was cut short.
    Truncated,
}

impl Encoding {
    pub(crate) const ALL: [Self; 7] = [
        // Hex first: a SHA-256 in hex is also valid base64, which decodes to as many bytes as a
        // SHA-384 has.
        Self::Hex,
        Self::Base64OfHex,
        Self::Base64,
        Self::Unpadded,
        Self::UrlSafe,
        Self::BlankForPlus,
        Self::Truncated,
    ];

    /// Decodes a MAC, or the beginning of a MAC if the text is truncated.
    pub(crate) fn decode(self, text: &str) -> Option<WipedBytes> {
        let mac = match self {
            Self::Base64 => WipedBytes::from_base64(&STANDARD, text)?,
            Self::Unpadded => {
                WipedBytes::from_base64(&STANDARD_NO_PAD, text.trim_end_matches('='))?
            }
            Self::UrlSafe => WipedBytes::from_base64(&URL_SAFE_NO_PAD, text.trim_end_matches('='))?,
            Self::Hex => printed_hex(text.as_bytes())?,
            Self::Base64OfHex => printed_hex(&WipedBytes::from_base64(&STANDARD, text)?.0)?,
            Self::BlankForPlus => {
                let plus = |byte| if byte == b' ' { b'+' } else { byte };
                WipedBytes::from_base64(&STANDARD, &WipedBytes(text.bytes().map(plus).collect()).0)?
            }
            Self::Truncated => {
                let whole = text.len() & !3;
                let mac = WipedBytes::from_base64(&STANDARD_NO_PAD, text.get(..whole)?)?;
                let sha1 = Hash::Sha1.len();
                return (SHORTEST..sha1).contains(&mac.0.len()).then_some(mac);
            }
        };
        Some(mac).filter(is_whole)
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "encode the MAC's 20 bytes as base64, standard alphabet, padded: 28 characters";
        match self {
            Self::Base64 => words("password-base64", "the password is base64", ""),
            Self::Unpadded => {
                words("password-unpadded", "the password does not end in exactly one `=`", ADVICE)
            }
            Self::UrlSafe => words(
                "password-url-safe",
                "the password is base64 with the URL-safe alphabet",
                ADVICE,
            ),
            Self::Hex => words("password-hex", "the password is hex", ADVICE),
            Self::Base64OfHex => {
                words("password-base64-of-hex", "the password is base64 of hex digits", ADVICE)
            }
            Self::BlankForPlus => words(
                "password-blank-for-plus",
                "the password has a space instead of `+`",
                "percent-encode `+` as %2B in URLs and forms",
            ),
            Self::Truncated => {
                words("password-truncated", "the password is cut short", "give all 28 characters")
            }
        }
    }
}

/// Decodes hex as `openssl dgst` and `sha1sum` print it: `SHA1(stdin)= 6e6f`, `6e6f *stdin`.
fn printed_hex(text: &[u8]) -> Option<WipedBytes> {
    text.split(u8::is_ascii_whitespace).filter_map(unhex).find(is_whole)
}

/// Whether a MAC has the full length that one of the hashes gives.
fn is_whole(mac: &WipedBytes) -> bool {
    Hash::ALL.iter().any(|hash| hash.len() == mac.0.len())
}

/// The fewest bytes of a truncated MAC to compare. With under 48 bits, a wrong MAC could match
/// by chance, since about 1500 MACs are tried for each secret.
const SHORTEST: usize = 6;

/// A MAC that the password may encode, and how it would be encoded.
pub(crate) struct Candidate {
    disguise: Option<Disguise>,
    encoding: Encoding,
    mac: WipedBytes,
}

impl Candidate {
    pub(crate) fn all(password: &str) -> Vec<Self> {
        let below = |how: Disguise| Some((Some(how), how.undo(password)?));
        let texts = iter::once((None, Wiped::new(password.to_owned())))
            .chain(Disguise::ALL.into_iter().filter_map(below));
        let decoded = |(disguise, text): (Option<Disguise>, Wiped)| {
            Encoding::ALL.into_iter().filter_map(move |encoding| {
                Some(Self { disguise, encoding, mac: encoding.decode(text.as_str())? })
            })
        };
        texts.flat_map(decoded).collect()
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.encoding == Encoding::Truncated
    }

    pub(crate) fn hash(&self) -> Hash {
        let len = |hash: &Hash| hash.len() == self.mac.0.len();
        Hash::ALL.into_iter().find(len).unwrap_or(Hash::Sha1)
    }

    pub(crate) fn shows(&self, hash: Hash, made: &WipedBytes) -> bool {
        let shown = &self.mac.0;
        self.hash() == hash && shown.len() <= made.0.len() && differing_bits(shown, &made.0) == 0
    }

    pub(crate) fn findings(&self) -> impl Iterator<Item = Finding> {
        let encoding =
            (self.encoding != Encoding::Base64).then_some(Finding::Encoding(self.encoding));
        let disguise = self.disguise.map(Finding::PasswordDisguised);
        let hash = (self.hash() != Hash::Sha1).then_some(Finding::Hash(self.hash()));
        encoding.into_iter().chain(disguise).chain(hash)
    }
}

/// The bits that differ in any byte, found in constant time.
fn differing_bits(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b))
}
