//! What shells, JSON and URLs put around or into a username and a password.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use base64::engine::general_purpose::STANDARD;

use crate::diagnose::words::{Words, words};
use crate::wiped::{Wiped, WipedBytes};

/// What was done to a username or a password in transit.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Disguise, Finding, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let findings = diagnose_at("\"1700003600:alice\"", None, &[], now);
/// assert!(matches!(findings[0], Finding::Disguised { how: Disguise::Quotes, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disguise {
    /// Quotes were added around it.
    Quotes,
    /// A line end was added after it.
    LineEnd,
    /// Blanks were added around it.
    Blanks,
    /// It was percent-encoded, as in a URL: `%3A` for `:`.
    PercentEncoding,
    /// It was encoded as base64.
    Base64,
}

impl Disguise {
    /// All disguises. Only the first that fits is reported, so `LineEnd` comes before `Blanks`,
    /// which strips line ends too.
    pub(crate) const ALL: [Self; 5] =
        [Self::Quotes, Self::LineEnd, Self::Blanks, Self::PercentEncoding, Self::Base64];

    /// Removes this disguise from a text; `None` if the text does not have it.
    pub(crate) fn undo(self, text: &str) -> Option<Wiped> {
        let decoded;
        let below = match self {
            Self::Quotes => unquoted(text.as_bytes())?,
            Self::LineEnd => text.trim_end_matches(['\r', '\n']).as_bytes(),
            Self::Blanks => text.trim_matches([' ', '\t', '\r', '\n']).as_bytes(),
            Self::PercentEncoding => {
                decoded = percent_decoded(text)?;
                &decoded.0
            }
            Self::Base64 => {
                decoded = WipedBytes::from_base64(&STANDARD, text)?;
                &decoded.0
            }
        };
        let below = core::str::from_utf8(below).ok().filter(|below| *below != text)?;
        Some(Wiped::new(below.to_owned()))
    }

    pub(crate) fn words_of_username(self) -> Words {
        match self {
            Self::Quotes => words(
                "username-quoted",
                "the username has quotes around it, which coturn answers with 400",
                "remove them: a shell, a YAML file or an environment file may have kept them",
            ),
            Self::LineEnd => words(
                "username-line-end",
                "the username has a line end after it, which coturn answers with 400",
                "strip it: the output of a command or a file may have added it",
            ),
            Self::Blanks => words(
                "username-blanks",
                "the username has blanks around it, which coturn answers with 400",
                "strip them",
            ),
            Self::PercentEncoding => words(
                "username-percent-encoded",
                "the username is percent-encoded, and servers do not decode it",
                "decode it once before it goes to the client",
            ),
            Self::Base64 => words(
                "username-base64",
                "the username is encoded as base64, and servers do not decode it",
                "send it unencoded",
            ),
        }
    }

    pub(crate) fn words_of_password(self) -> Words {
        match self {
            Self::Quotes => {
                words("password-quoted", "the password has quotes around it", "remove them")
            }
            Self::LineEnd => words(
                "password-line-end",
                "the password has a line end after it",
                "strip it: the output of a command or a file may have added it",
            ),
            Self::Blanks => {
                words("password-blanks", "the password has blanks around it", "strip them")
            }
            Self::PercentEncoding => words(
                "password-percent-encoded",
                "the password is percent-encoded",
                "decode it once before it goes to the client",
            ),
            Self::Base64 => words(
                "password-base64-twice",
                "the password is encoded as base64 twice",
                "encode the MAC's bytes once",
            ),
        }
    }
}

/// The text between two quotes of the same kind.
pub(crate) fn unquoted(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => Some(inner),
        _ => None,
    }
}

/// Decodes pairs of hex digits.
pub(crate) fn unhex(text: &[u8]) -> Option<WipedBytes> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let mut bytes = WipedBytes(Vec::with_capacity(pairs.len()));
    for pair in pairs {
        let &[high, low] = pair else { return None };
        bytes.0.push(digit(high)? << 4 | digit(low)?);
    }
    Some(bytes)
}

fn percent_decoded(text: &str) -> Option<WipedBytes> {
    let mut parts = text.split('%');
    // A vector that grew would leave a copy of its contents in freed memory.
    let mut bytes = WipedBytes(Vec::with_capacity(text.len()));
    bytes.0.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.0.extend_from_slice(&unhex(digits.as_bytes())?.0);
        bytes.0.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}
