//! What `diagnose` finds in a login, and how coturn answers it.

use core::fmt;

use crate::diagnose::disguise::Disguise;
use crate::diagnose::encoding::Encoding;
use crate::diagnose::expiry::{OddExpiry, TimeUnit};
use crate::diagnose::hash::{Construction, Hash};
use crate::diagnose::secret_form::SecretForm;
use crate::diagnose::signed::Signed;
use crate::diagnose::verdict::Verdict;
use crate::time::UnixTime;

/// One thing to say about a login, for the operator of the service or of the TURN server.
///
/// [`Display`](fmt::Display) says in one sentence what is wrong, [`advice`](Self::advice) says what
/// to do, and [`verdict`](Self::verdict) says how coturn answers. None of them shows a secret, a
/// password or a name.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, Verdict};
///
/// let expired_at = UnixTime::from_secs(1_700_000_000);
/// let finding = Finding::Expired { expired_at, secs_ago: 90 };
/// assert_eq!(finding.code(), "expired");
/// assert_eq!(finding.verdict(), Verdict::Unauthorized);
/// assert!(finding.to_string().starts_with("the login expired 90 seconds ago"));
/// assert!(finding.advice().contains("clock"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The login is right.
    Accepted {
        /// The index of the secret that made the password: 0 for the one that `Display` calls
        /// "secret 1".
        secret: usize,
        /// The last second in which coturn accepts the login, on coturn's clock.
        expires_at: UnixTime,
    },
    /// coturn accepts the username. The password was not checked, because the password or the
    /// secrets were not given.
    Unproven {
        /// The last second in which coturn accepts the username, on coturn's clock.
        expires_at: UnixTime,
    },
    /// One of the secrets is empty. coturn accepts an empty secret, and then anyone can log in.
    EmptySecret {
        /// The index of the secret: 0 for the one that `Display` calls "secret 1".
        secret: usize,
    },

    /// A shell, a file or a URL has put quotes or white space around the username, or has encoded
    /// it.
    Disguised {
        /// What was done to it.
        how: Disguise,
        /// How coturn answers it, which depends on the text that was signed.
        verdict: Verdict,
    },
    /// The username has a character that coturn answers with 400.
    ForbiddenCharacter {
        /// The character.
        character: char,
        /// The position of its first byte in the username, counted from 0.
        index: usize,
    },
    /// The username has a control character other than tab, CR and LF. coturn accepts it unless it
    /// is NUL, which ends coturn's strings.
    ControlCharacter {
        /// The position of its first byte in the username, counted from 0.
        index: usize,
        /// How coturn answers it.
        verdict: Verdict,
    },
    /// The username has both "union" and "select" in it, which coturn answers with 400.
    UnionSelect,
    /// The username has more than 508 bytes.
    TooLong {
        /// The length of the username, in bytes.
        len: usize,
    },
    /// There is no expiry in the username.
    NoExpiry,
    /// The login has expired.
    Expired {
        /// The expiry.
        expired_at: UnixTime,
        /// How many seconds ago that was.
        secs_ago: u64,
    },
    /// The expiry is a number of seconds from now, or 0, not a point in time.
    TtlForExpiry,
    /// The expiry is in a unit other than seconds.
    WrongUnit {
        /// The unit, judging by the size of the number.
        unit: TimeUnit,
        /// How coturn, which reads the number modulo 2³², answers it.
        verdict: Verdict,
    },
    /// The expiry is not plain digits: it has a sign, a fraction or leading zeros, or other text
    /// next to it.
    OddExpiry {
        /// How it deviates from plain digits.
        how: OddExpiry,
        /// How coturn answers it.
        verdict: Verdict,
    },
    /// The expiry is after 2147483647, in January 2038: beyond coturn's signed 32-bit numbers.
    After2038 {
        /// How coturn answers it.
        verdict: Verdict,
    },
    /// The expiry is more than a year ahead.
    YearsAhead {
        /// The expiry.
        expires_at: UnixTime,
    },
    /// The login expires in this second.
    LastSecond,
    /// The name comes first and is a number, which servers read as the expiry.
    NumberFirst,
    /// The name comes first and has the separator in it.
    SeparatorInFirstName,
    /// The separator between the expiry and the name is not the server's separator.
    OtherSeparator {
        /// The separator in the username.
        separator: char,
        /// How coturn answers it.
        verdict: Verdict,
    },
    /// The username has a separator, but no name.
    EmptyName,
    /// The username is an expiry alone.
    BareExpiry,
    /// The name comes before the expiry.
    NameFirst,
    /// The name has the separator in it, as Matrix ids do.
    SeparatorInName,

    /// This scheme cannot produce such a password, even with a known mistake.
    NotMade,
    /// A shell, a file or a URL has put quotes or white space around the password, or has encoded
    /// it.
    PasswordDisguised(Disguise),
    /// The password does not encode the MAC as base64 with the standard alphabet and padding.
    Encoding(Encoding),
    /// The hash is not SHA-1.
    Hash(Hash),
    /// The password was not made as an HMAC with the secret as its key.
    Construction(Construction),
    /// Something other than the whole username was signed.
    Signed(Signed),
    /// The password was made with another form of the secret.
    Secret {
        /// The index of the secret: 0 for the one that `Display` calls "secret 1".
        secret: usize,
        /// The form.
        form: SecretForm,
    },
    /// None of the secrets produces this password for this username, even with a known mistake.
    OtherSecret,
}

impl Finding {
    /// How coturn answers a login if nothing else is wrong with it.
    ///
    /// [`diagnose_at`](crate::diagnose::diagnose_at) puts refusals first. The smallest verdict of its
    /// findings is the verdict on the login.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match *self {
            Self::Disguised { verdict, .. }
            | Self::ControlCharacter { verdict, .. }
            | Self::WrongUnit { verdict, .. }
            | Self::OddExpiry { verdict, .. }
            | Self::After2038 { verdict }
            | Self::OtherSeparator { verdict, .. } => verdict,
            Self::ForbiddenCharacter { .. } | Self::UnionSelect => Verdict::BadRequest,
            Self::Unproven { .. } => Verdict::Depends,
            Self::TooLong { len } if len <= COTURN_MAX_LEN => Verdict::Depends,
            Self::Accepted { .. }
            | Self::EmptySecret { .. }
            | Self::YearsAhead { .. }
            | Self::LastSecond
            | Self::EmptyName
            | Self::BareExpiry
            | Self::NameFirst
            | Self::SeparatorInName => Verdict::Accepted,
            Self::TooLong { .. }
            | Self::NoExpiry
            | Self::Expired { .. }
            | Self::TtlForExpiry
            | Self::NumberFirst
            | Self::SeparatorInFirstName
            | Self::NotMade
            | Self::PasswordDisguised(_)
            | Self::Encoding(_)
            | Self::Hash(_)
            | Self::Construction(_)
            | Self::Signed(_)
            | Self::Secret { .. }
            | Self::OtherSecret => Verdict::Unauthorized,
        }
    }

    /// A stable name for programs, such as `password-hex`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.words().code
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match *self {
            Self::Expired { secs_ago, .. } if secs_ago > MINUTES => {
                "fetch a new login; clients must renew theirs before it expires"
            }
            _ => self.words().advice,
        }
    }

    /// Whether coturn refuses a login with this finding, or may refuse it.
    pub(crate) fn refuses(&self) -> bool {
        self.verdict() != Verdict::Accepted
    }

    /// The place of a finding: refusals come first, then oddities that are rarely the reason for a
    /// refusal, then possible refusals, then warnings about an accepted login, then its acceptance,
    /// then remarks.
    pub(crate) fn rank(&self) -> u8 {
        match (self.verdict(), self) {
            (Verdict::BadRequest, _) => 0,
            (
                Verdict::Unauthorized,
                Self::ControlCharacter { .. }
                | Self::OddExpiry { how: OddExpiry::LeadingZeros, .. },
            ) => 2,
            (Verdict::Unauthorized, _) => 1,
            (_, Self::Accepted { .. } | Self::Unproven { .. }) => 5,
            (_, Self::LastSecond | Self::BareExpiry | Self::NameFirst | Self::SeparatorInName) => 6,
            (Verdict::Depends, _) => 3,
            (Verdict::Accepted, _) => 4,
        }
    }
}

/// A login that expired at most this many seconds ago may have done so only because the clocks
/// differ.
const MINUTES: u64 = 15 * 60;

/// coturn up to 4.17.1 accepts usernames of at most this length; later versions accept at most 508
/// bytes.
pub(crate) const COTURN_MAX_LEN: usize = 512;

/// One sentence, in lower case and without a full stop, like an error.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Accepted { secret, expires_at } => write!(
                f,
                "coturn accepts this login until {} (Unix seconds): secret {} made it",
                expires_at.as_secs(),
                Counted(secret)
            ),
            Self::Unproven { expires_at } => write!(
                f,
                "coturn accepts this username until {} (Unix seconds); the password was not \
                 checked",
                expires_at.as_secs()
            ),
            Self::EmptySecret { secret } => {
                write!(
                    f,
                    "secret {} is empty: coturn accepts an empty secret, and then anyone can log in",
                    Counted(secret)
                )
            }
            Self::ForbiddenCharacter { character, index } => write!(
                f,
                "the username has the character U+{:04X} at byte {index}, which coturn answers \
                 with 400",
                u32::from(character)
            ),
            Self::ControlCharacter { index, .. } => {
                write!(
                    f,
                    "the username has a control character at byte {index}, which some servers, \
                     logs and headers do not accept"
                )
            }
            Self::After2038 { verdict } => {
                f.write_str("the expiry is after 2147483647, in January 2038: ")?;
                f.write_str(match verdict {
                    Verdict::Accepted => {
                        "coturn reads it modulo 2³², as an earlier time that is still ahead"
                    }
                    Verdict::Depends => "an optimised build of coturn treats it as expired",
                    _ => "coturn reads it modulo 2³², and treats it as expired",
                })
            }
            Self::TooLong { len } => write!(
                f,
                "the username has {len} bytes: browsers and coturn after 4.17.1 accept at most 508, \
                 and coturn up to 4.17.1 at most 512"
            ),
            Self::Expired { expired_at, secs_ago } => {
                let (count, unit) = ago(secs_ago);
                let s = if count == 1 { "" } else { "s" };
                let at = expired_at.as_secs();
                write!(f, "the login expired {count} {unit}{s} ago, at {at} (Unix seconds)")?;
                if secs_ago <= MINUTES {
                    f.write_str(": the clocks may differ by that much")?;
                }
                Ok(())
            }
            Self::YearsAhead { expires_at } => write!(
                f,
                "the login is valid for more than a year, until {} (Unix seconds)",
                expires_at.as_secs()
            ),
            Self::OtherSeparator { separator, .. } => write!(
                f,
                "expiry and name are separated by `{separator}`, which is not the server's separator"
            ),
            Self::Secret { secret, form } => write!(
                f,
                "secret {} made this password, but {form}: one side reads the secret differently",
                Counted(secret)
            ),
            _ => f.write_str(self.words().text),
        }
    }
}

/// Displays an index, counted from 1.
struct Counted(usize);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.saturating_add(1).fmt(f)
    }
}

/// Converts seconds to the largest unit that gives at least 2, or leaves them as seconds.
fn ago(secs: u64) -> (u64, &'static str) {
    match secs {
        0..120 => (secs, "second"),
        120..7200 => (secs / 60, "minute"),
        7200..172_800 => (secs / 3600, "hour"),
        _ => (secs / 86_400, "day"),
    }
}
