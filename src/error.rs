//! One error for each way to react: [`Error`] for what cannot be made, [`VerifyError`] for a
//! credential to refuse.

use thiserror::Error;

use crate::UnixTime;

/// Why a secret, a username or a credential cannot be made.
///
/// Each is something that a TURN server or a client refuses, reads otherwise, or accepts from
/// anybody. None holds a secret or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The secret or key has no bytes: coturn takes an empty secret, and then accepts anybody.
    #[error("the secret or key is empty: look where it comes from, such as an unset variable")]
    EmptySecret,

    /// The name has no bytes: coturn applies no per-user quota to it, and Kamailio refuses it.
    #[error("the name is empty: give a name, or make a username of the expiry only")]
    EmptyName,

    /// A control character, or one of space, `'`, `"` and `\`: see the limits of
    /// [`Username`](crate::Username).
    #[error(
        "the name has the character U+{:04X} at byte {index}, which is not safe in a username: \
         leave it out, or use PseudonymKey::name_for",
        u32::from(*character)
    )]
    ForbiddenCharacter {
        /// The character that is not safe.
        character: char,
        /// Its first byte's place in the name, counted from 0.
        index: usize,
    },

    /// The name has both "union" and "select", in any case, which coturn takes for an SQL
    /// injection and answers with 400.
    #[error(
        "the name has both \"union\" and \"select\" in it, which coturn refuses: \
         use PseudonymKey::name_for"
    )]
    UnionSelect,

    /// The username is over [`Username::MAX_LEN`](crate::Username::MAX_LEN) bytes.
    #[error(
        "the username has {len} bytes, and browsers and TURN servers take 508: \
         shorten the name, or use PseudonymKey::name_for"
    )]
    UsernameTooLong {
        /// The length of the whole username, in bytes.
        len: usize,
    },

    /// The name of a name-first username is a number: servers would take it for the expiry.
    #[error(
        "the name is a number, which servers take for the expiry when it comes first: \
         put the expiry first, or add a letter"
    )]
    DigitsFirst,

    /// The name of a name-first username has the separator in it: servers would look for the
    /// expiry behind the first one.
    #[error(
        "the name has the separator in it, and servers look for the expiry behind the first one: \
         put the expiry first, or choose another separator"
    )]
    SeparatorInName,

    /// The separator is not ASCII punctuation, or is one of `'`, `"` and `\`, which coturn answers
    /// with 400.
    #[error(
        "the separator is not usable: give one character of ASCII punctuation, not a quote or a \
         backslash"
    )]
    BadSeparator,

    /// The ttl is under one second.
    #[error("the ttl is under one second: give the seconds from now that the credential must last")]
    TtlTooShort,

    /// The expiry is outside 1..=2147483647, all that every TURN server takes.
    #[error(
        "the expiry is not within 1..=2147483647 Unix seconds{}",
        .hint.map_or(": give a shorter ttl, and check now and the skew", ExpiryHint::advice)
    )]
    ExpiryOutOfRange {
        /// The mistake that the numbers look like.
        hint: Option<ExpiryHint>,
    },

    /// The expiry is not after the TURN server's now.
    #[error("the credential would be born expired: give an expiry after the TURN server's now")]
    BornExpired,

    /// An ICE server has no URI: a browser would throw for the whole configuration.
    #[error("the ICE server has no URI: give one or more")]
    NoUrls,

    /// A TURN server has no username or no credential: a browser would throw for the whole
    /// configuration.
    #[error("a TURN server needs a username and a credential, neither of them empty")]
    NoLogin,

    /// A username has a character that XML cannot hold, not even escaped.
    #[error(
        "the username has U+FFFE or U+FFFF in it, which XML cannot hold: use PseudonymKey::name_for"
    )]
    NotXml,

    /// The username or the credential of an ICE server has a control character: RFC 8265 section 4.1
    /// has no place for it, and a line end would end a header.
    #[error("the username or the credential has a control character: a line end from a file?")]
    ControlCharacter,
}

/// The mistake that an expiry out of range looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpiryHint {
    /// A time in milliseconds (or finer) was given for one in seconds.
    Milliseconds,
    /// A point in time was given for the ttl.
    TtlIsTimestamp,
}

impl ExpiryHint {
    /// Looks for the mistake in a ttl and a point in time, both in seconds.
    pub(crate) fn find(ttl: u64, time: u64) -> Option<Self> {
        const TEN_YEARS: u64 = 10 * 365 * 86_400;
        const YEAR_5138: u64 = 100_000_000_000;

        if time >= YEAR_5138 {
            Some(Self::Milliseconds)
        } else if ttl <= TEN_YEARS {
            None
        } else if ttl.abs_diff(time) <= TEN_YEARS {
            Some(Self::TtlIsTimestamp)
        } else {
            Some(Self::Milliseconds)
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Milliseconds => ": it looks like milliseconds, divide by 1000",
            Self::TtlIsTimestamp => {
                ": the ttl looks like a point in time, give the seconds from now instead"
            }
        }
    }
}

/// Why a username and password are refused.
///
/// None holds a password or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No secret of ours makes this password of this username.
    #[error(
        "the password does not belong to this username under any secret here: \
         compare the secrets, and that neither text was changed on the way"
    )]
    WrongPassword,

    /// The username is in no layout, or outside the limits that minting keeps to.
    #[error(
        "the username is malformed: it must be expiry and name, name and expiry, or an expiry \
         alone, with this separator and within the limits of minting"
    )]
    MalformedUsername,

    /// We issued this credential, and its time is over.
    #[error("the credential expired at {} (Unix seconds): fetch a new one", .expired_at.as_secs())]
    Expired {
        /// The last second in which it was valid, by the TURN server's clock.
        expired_at: UnixTime,
    },
}
