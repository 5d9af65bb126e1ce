//! Finds out why a TURN server would refuse a login, without contacting the server.
//!
//! coturn gives the same 401 for an expired login, a wrong secret, a password in hex and a static
//! user. Given the login and the secret, this module tells these mistakes apart: it says what is
//! wrong, what to do, and how coturn would answer.
//!
//! **Findings are for operators: never show them to a client.** They reveal which of your secrets
//! made a login and how your service makes passwords, which helps an attacker.
//!
//! ```
//! use turn_credentials::UnixTime;
//! use turn_credentials::diagnose::{Finding, SecretForm, Verdict, diagnose_at};
//!
//! // The service read its secret from a file, with the line end.
//! let (username, password) = ("1700003600:alice", "DiaFV2JTqNjFVmeD0Icu7H8znh0=");
//! let now = UnixTime::from_secs(1_700_000_000);
//!
//! let findings = diagnose_at(username, Some(password), &[b"south", b"north"], now);
//! assert_eq!(findings, [Finding::Secret { secret: 1, form: SecretForm::LineEnd }]);
//! let [finding] = findings[..] else { unreachable!() };
//! assert_eq!(finding.verdict(), Verdict::Unauthorized);
//! assert_eq!(finding.code(), "secret-line-end");
//! assert_eq!(
//!     finding.to_string(),
//!     "secret 2 made this password, but with a line end after it: \
//!      one side reads the secret differently",
//! );
//! assert_eq!(
//!     finding.advice(),
//!     "make both sides read the same bytes: usually, trim the secret where it is read",
//! );
//! ```
//!
//! # Verdicts
//!
//! A [`Verdict`] says what coturn 4.6.1 to 4.17.1 answers. Other servers differ:
//!
//! | the server | coturn | pion, STUNner | eturnal | ejabberd | webrtc-rs | Kamailio |
//! |---|---|---|---|---|---|---|
//! | accepts an expiry alone | yes | yes, but pion 5.0.0 to 5.0.4 panic | yes | no | yes, and nothing else | yes |
//! | accepts the name first | yes | STUNner only | no | no | no | if configured |
//! | accepts a login during its expiry second | yes | yes | no | no | no | yes |
//! | refuses with | 401 | 400 | 401 | 401 | 400 | (SIP) |
//!
//! ejabberd accepts only logins that it minted.
//!
//! # Limits
//!
//! A username over 1024 bytes is reported as too long, and a password over 256 bytes as one that
//! this scheme cannot produce; neither is examined further. So the cost is limited: at most about
//! 1500 MACs per secret, and three times as many if the password is base64 of 64 hex digits. Ten
//! secrets take a few milliseconds. Whatever is derived from the secrets and the password is wiped
//! from the heap.

mod disguise;
mod encoding;
mod expiry;
mod finding;
mod hash;
mod recipe;
mod secret_form;
mod signed;
mod username;
mod verdict;
mod words;

use alloc::vec::Vec;

use self::recipe::Recipe;
use crate::time::UnixTime;
use crate::username::Username;

pub use self::disguise::Disguise;
pub use self::encoding::Encoding;
pub use self::expiry::{OddExpiry, TimeUnit};
pub use self::finding::Finding;
pub use self::hash::{Construction, Hash};
pub use self::secret_form::SecretForm;
pub use self::signed::Signed;
pub use self::verdict::Verdict;

/// The longest username that is examined, in bytes: twice coturn's 512.
const MAX_USERNAME: usize = 1024;
/// The longest password that is examined, in bytes: more than any encoding of a MAC needs.
const MAX_PASSWORD: usize = 256;

/// Says what is wrong with a login. The most likely reason for a refusal comes first.
///
/// There is at least one finding, and the smallest (worst) [verdict](Finding::verdict) is the
/// verdict on the login. `secrets` are the raw bytes of the secrets that the TURN server has, or
/// once had, in any order. Without a password, only the username is checked, and whether a secret
/// is empty. `now` is the time on the TURN server's clock.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, TimeUnit, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let of_username = |username| diagnose_at(username, None, &[], now)[0];
///
/// assert_eq!(of_username("alice"), Finding::NoExpiry);
/// let expired_at = UnixTime::from_secs(1_699_999_910);
/// assert_eq!(of_username("1699999910:alice"), Finding::Expired { expired_at, secs_ago: 90 });
/// assert!(matches!(
///     of_username("1700003600000:alice"),
///     Finding::WrongUnit { unit: TimeUnit::Milliseconds, .. }
/// ));
/// let expires_at = UnixTime::from_secs(1_700_003_600);
/// assert_eq!(of_username("1700003600:alice"), Finding::Unproven { expires_at });
/// ```
#[must_use]
pub fn diagnose_at(
    username: &str,
    password: Option<&str>,
    secrets: &[&[u8]],
    now: UnixTime,
) -> Vec<Finding> {
    diagnose_with(Username::DEFAULT_SEPARATOR, username, password, secrets, now)
}

/// Like [`diagnose_at`], using the system clock.
///
/// ```
/// use turn_credentials::diagnose::{Finding, diagnose};
///
/// let findings = diagnose("1266890800:mbzrxpgjys", None, &[]);
/// assert!(matches!(findings[0], Finding::Expired { .. }));
/// ```
#[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
#[must_use]
pub fn diagnose(username: &str, password: Option<&str>, secrets: &[&[u8]]) -> Vec<Finding> {
    diagnose_at(username, password, secrets, UnixTime::now())
}

/// Like [`diagnose_at`], for a server whose separator is not `:`.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, Verdict, diagnose_at, diagnose_with};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let expires_at = UnixTime::from_secs(1_700_003_600);
/// let username = "1700003600|alice";
/// assert_eq!(diagnose_with('|', username, None, &[], now), [Finding::Unproven { expires_at }]);
///
/// let (separator, verdict) = ('|', Verdict::Accepted);
/// let finding = Finding::OtherSeparator { separator, verdict };
/// assert_eq!(diagnose_at(username, None, &[], now)[0], finding);
/// ```
#[must_use]
pub fn diagnose_with(
    separator: char,
    username: &str,
    password: Option<&str>,
    secrets: &[&[u8]],
    now: UnixTime,
) -> Vec<Finding> {
    let mut findings = username::findings(username, separator, now);
    let empty = secrets.iter().enumerate().filter(|(_, secret)| secret.is_empty());
    findings.extend(empty.map(|(secret, _)| Finding::EmptySecret { secret }));

    let is_good = !findings.iter().any(Finding::refuses);
    let unproven = is_good.then(|| username::coturns_expiry(username, separator));
    let unproven = unproven.map(|expires_at| Finding::Unproven { expires_at });
    match password.map(|password| recipe(username, separator, password, secrets)) {
        Some(Ok(recipe)) => {
            findings = recipe.correct(findings);
            findings.extend(recipe.findings());
            let secret = recipe.secret;
            let is_right = !findings.iter().any(Finding::refuses)
                && secrets.get(secret) != Some(&b"".as_slice());
            let expires_at = username::strict_expiry(username, separator).filter(|_| is_right);
            findings.extend(expires_at.map(|expires_at| Finding::Accepted { secret, expires_at }));
        }
        Some(Err(guesses)) => {
            let searched = username.len() <= MAX_USERNAME && guesses != [Finding::NotMade];
            let none_made = searched && !secrets.is_empty();
            findings.extend(guesses);
            findings.extend(none_made.then_some(Finding::OtherSecret));
            if !findings.iter().any(Finding::refuses) {
                findings.extend(unproven);
            }
        }
        None => findings.extend(unproven),
    }
    findings.sort_by_key(Finding::rank);
    findings
}

fn recipe(
    username: &str,
    separator: char,
    password: &str,
    secrets: &[&[u8]],
) -> Result<Recipe, Vec<Finding>> {
    if password.len() > MAX_PASSWORD {
        Err(Vec::from([Finding::NotMade]))
    } else if username.len() > MAX_USERNAME {
        Err(Vec::new())
    } else {
        Recipe::find(username, separator, password, secrets)
    }
}
