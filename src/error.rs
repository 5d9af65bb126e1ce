//! The errors of minting and verifying logins, and of building ICE servers.

use thiserror::Error;

use crate::time::UnixTime;

/// Why a secret, a username or a login is refused.
///
/// Most variants stand for a value that a TURN server or a client would reject or misread. No
/// message contains a secret or a name.
///
/// ```
/// use turn_credentials::{Error, UnixTime, Username};
///
/// let error = Username::new("o'neil", UnixTime::from_secs(1_700_000_000)).unwrap_err();
/// assert_eq!(error, Error::ForbiddenCharacter { character: '\'', index: 1 });
/// assert_eq!(
///     error.to_string(),
///     "the name has the character U+0027 at byte 1, which is not safe in a username: \
///      leave it out, or use PseudonymKey::name_for"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The secret or key is empty, or its file or configuration value contains only white space:
    /// coturn accepts an empty secret, and then accepts anyone.
    #[error(
        "the secret or key is empty: check where it comes from, such as an unset variable or a blank \
         file"
    )]
    EmptySecret,

    /// The secret or key from a configuration begins or ends with a blank or a line end, or begins
    /// with a byte order mark. Some programs strip these characters, and others keep them.
    #[error(
        "the secret or key has a blank, a line end or a byte order mark at its beginning or end: \
         remove it where the secret is set"
    )]
    SecretNotTrimmed,

    /// The secret or key has a line end inside.
    #[error("the secret or key has a line end inside: give one secret, on one line")]
    SecretOnManyLines,

    /// The secret or key has a control character inside, as in a file that is binary or UTF-16.
    #[error(
        "the secret or key has a control character inside: save its file as plain text, in UTF-8"
    )]
    ControlCharacterInSecret,

    /// A keyring was given no secret.
    #[error("the keyring has no secret: give at least one, starting with the one to mint with")]
    NoSecret,

    /// The name is empty: coturn applies no per-user quota to it, and Kamailio refuses it.
    #[error("the name is empty: give a name, or use the expiry-only layout")]
    EmptyName,

    /// The name contains a control character, a space, `'`, `"` or `\`: see the limits of
    /// [`Username`](crate::Username).
    #[error(
        "the name has the character U+{:04X} at byte {index}, which is not safe in a username: \
         leave it out, or use PseudonymKey::name_for",
        u32::from(*character)
    )]
    ForbiddenCharacter {
        /// The character that is not safe.
        character: char,
        /// The position of its first byte in the name, counted from 0.
        index: usize,
    },

    /// The name contains both "union" and "select", in upper or lower case, which coturn mistakes
    /// for an SQL injection and answers with 400.
    #[error(
        "the name has both \"union\" and \"select\" in it, which coturn refuses: \
         use PseudonymKey::name_for"
    )]
    UnionSelect,

    /// The username is longer than [`Username::MAX_LEN`](crate::Username::MAX_LEN) bytes.
    #[error(
        "the username has {len} bytes, and browsers and TURN servers accept at most 508: \
         shorten the name, or use PseudonymKey::name_for"
    )]
    UsernameTooLong {
        /// The length of the whole username, in bytes.
        len: usize,
    },

    /// The name of a name-first username is a number, which servers mistake for the expiry.
    #[error(
        "the name is a number, which servers mistake for the expiry when it comes first: \
         put the expiry first, or add a letter"
    )]
    DigitsFirst,

    /// The name of a name-first username contains the separator: servers look for the expiry after
    /// the first separator.
    #[error(
        "the name contains the separator, and servers look for the expiry after the first \
         separator: put the expiry first, or choose another separator"
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
    #[error("the ttl is under one second: give the login's lifetime, at least one second")]
    TtlTooShort,

    /// The expiry is outside 1..=2147483647, the range that every TURN server accepts.
    #[error(
        "the expiry is not within 1..=2147483647 Unix seconds, which end in January 2038{}",
        .hint.map_or(
            ": give a shorter ttl, and check that the ttl, now and the skew are in seconds",
            ExpiryHint::advice
        )
    )]
    ExpiryOutOfRange {
        /// The likely mistake, judging by the numbers; `None` if they suggest none.
        hint: Option<ExpiryHint>,
    },

    /// The expiry is not after the time on the TURN server's clock.
    #[error(
        "the login would already be expired: give an expiry after the time on the TURN server's clock"
    )]
    BornExpired,
}

/// The likely mistake when an expiry is out of range.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::{ClockSkew, Error, ExpiryHint, UnixTime};
///
/// let now = UnixTime::from_secs(1_700_000_000_000); // JavaScript's Date.now()
/// let error = ClockSkew::NONE.expiry(Duration::from_secs(3600), now).unwrap_err();
/// assert_eq!(error, Error::ExpiryOutOfRange { hint: Some(ExpiryHint::Milliseconds) });
/// assert!(error.to_string().ends_with(": it looks like milliseconds, divide by 1000"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpiryHint {
    /// A point in time or a ttl was given in milliseconds, or a finer unit, instead of seconds.
    Milliseconds,
    /// A point in time was given as the ttl.
    TtlIsTimestamp,
}

impl ExpiryHint {
    /// Looks for the mistake in a ttl and a point in time, both meant to be in seconds.
    pub(crate) fn find(ttl: u64, time: u64) -> Option<Self> {
        /// No ttl is that long, and no two clocks differ by that much.
        const TEN_YEARS: u64 = 10 * 365 * 86_400;
        /// The longest ttl that fits, at time 0 and without a skew: 2³¹ - 1 seconds.
        const SIXTY_EIGHT_YEARS: u64 = 2_147_483_647;
        /// In milliseconds, this is March 1973: any clock that has been set shows a later time.
        const YEAR_5138: u64 = 100_000_000_000;

        if time >= YEAR_5138 {
            Some(Self::Milliseconds)
        } else if ttl > TEN_YEARS && ttl.abs_diff(time) <= TEN_YEARS {
            Some(Self::TtlIsTimestamp)
        } else if ttl > SIXTY_EIGHT_YEARS {
            Some(Self::Milliseconds)
        } else {
            None
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

/// Why an ICE server, a login or a lease cannot be built, or a lease cannot be written in a format.
///
/// No message contains a credential or a name.
///
/// ```
/// use turn_credentials::{IceError, IceServer};
///
/// let error = IceServer::without_login(["turn:turn.example.org".parse()?]).unwrap_err();
/// assert_eq!(error, IceError::NoLogin);
/// assert_eq!(
///     error.to_string(),
///     "a TURN server needs a username and a credential, neither of them empty"
/// );
/// # Ok::<(), turn_credentials::ice::UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IceError {
    /// A login cannot be minted, or a username is too long.
    #[error(transparent)]
    Credentials(#[from] Error),

    /// An ICE server has no URI, which makes browsers reject the whole configuration.
    #[error("the ICE server has no URI: give one or more")]
    NoUrls,

    /// A TURN server has no username or no credential, which makes browsers reject the whole
    /// configuration.
    #[error("a TURN server needs a username and a credential, neither of them empty")]
    NoLogin,

    /// The username or the credential has a control character: RFC 8265 section 4.1 forbids it, and
    /// a line end would end a header.
    #[error(
        "the username or the credential has a control character: remove it, such as a line end \
         from a file"
    )]
    ControlCharacter,

    /// There is no TURN server, so a login is useless.
    #[error("there is no TURN server among the URIs: give one such as turn:turn.example.org")]
    NoTurn,

    /// Browsers refuse all of the URIs, or all those of TURN servers: see
    /// [`BrowserRefusal`](crate::ice::BrowserRefusal).
    #[error(
        "browsers refuse all of the URIs, or all those of TURN servers: add one on a usual port, \
         such as turn:turn.example.org:3478"
    )]
    NoneForBrowsers,

    /// The format needs a ttl, and the login's ttl is unknown.
    #[error("the ttl of the login is unknown, and this format needs one")]
    NoTtl,

    /// A username or a credential has a character that XML cannot contain, not even escaped.
    #[error(
        "the username or the credential has U+FFFE or U+FFFF in it, which XML cannot contain: use \
         PseudonymKey::name_for"
    )]
    NotXml,

    /// A username or a credential has a `;` or a character that is not ASCII, which WHIP and WHEP
    /// clients misread in a header: they would send a different login.
    #[error(
        "the username or the credential has a `;` or a character that is not ASCII, which clients \
         misread in a Link header: use PseudonymKey::name_for"
    )]
    NotInHeader,
}

const MALFORMED: &str = "the username is malformed: it must be expiry and name, name and expiry, \
     or an expiry alone, with the separator in use and within the limits of Username";

/// Why a [`Keyring`](crate::Keyring) refuses a username and password, or a username does not parse.
///
/// No message contains a password or a name.
///
/// ```
/// use turn_credentials::{Error, Keyring, SharedSecret, VerifyError};
///
/// let keyring = Keyring::new(SharedSecret::new("north")?);
/// let error = keyring.authenticate("1700000000:alice", "guessed").unwrap_err();
/// assert_eq!(error, VerifyError::WrongPassword);
/// assert_eq!(
///     error.to_string(),
///     "the password does not match this username with any of the secrets: compare the secrets \
///      with the issuer's, and check that neither the username nor the password was altered"
/// );
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// None of our secrets produces this password for this username.
    #[error(
        "the password does not match this username with any of the secrets: compare the secrets \
         with the issuer's, and check that neither the username nor the password was altered"
    )]
    WrongPassword,

    /// The username has no known layout, or is outside the limits of [`Username`](crate::Username).
    #[error("{}", MALFORMED)]
    MalformedUsername,

    /// We issued this login, and it has expired.
    #[error("the login expired at {} (Unix seconds): fetch a new one", .expired_at.as_secs())]
    Expired {
        /// The expiry in the username.
        expired_at: UnixTime,
    },
}

/// Why a TURN server refuses a username before it tries any password.
///
/// The username is not authenticated yet: unlike [`VerifyError::Expired`],
/// [`CandidateError::Expired`] does not mean that we issued it. No message contains a name.
///
/// ```
/// use turn_credentials::{CandidateError, Error, Keyring, SharedSecret, UnixTime};
///
/// let keyring = Keyring::new(SharedSecret::new("north")?);
/// let refused = keyring.candidates_at("alice", UnixTime::from_secs(1_700_000_000)).err();
/// assert_eq!(refused, Some(CandidateError::MalformedUsername));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CandidateError {
    /// The username has no known layout, or is outside the limits of [`Username`](crate::Username).
    #[error("{}", MALFORMED)]
    MalformedUsername,

    /// The username has expired.
    #[error("the username expired at {} (Unix seconds): refuse it", .expired_at.as_secs())]
    Expired {
        /// The expiry in the username.
        expired_at: UnixTime,
    },
}
