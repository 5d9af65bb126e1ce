//! What coturn answers.

use core::fmt;

/// How coturn answers a login.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Verdict, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let verdict = |username| diagnose_at(username, None, &[], now)[0].verdict();
/// assert_eq!(verdict("1700003600:o'neil"), Verdict::BadRequest);
/// assert_eq!(verdict("1699999999:alice"), Verdict::Unauthorized);
/// assert_eq!(verdict("1700003600:alice"), Verdict::Depends); // on the password
/// assert!(Verdict::BadRequest < Verdict::Accepted);
/// assert_eq!(Verdict::Unauthorized.to_string(), "coturn refuses it with 401");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// coturn answers 400 Bad Request, whatever the password is.
    BadRequest,
    /// coturn answers 401 Unauthorized.
    Unauthorized,
    /// The answer depends on coturn's version or build, or on what was not given, such as the
    /// password.
    Depends,
    /// coturn accepts it.
    Accepted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "coturn refuses it with 400",
            Self::Unauthorized => "coturn refuses it with 401",
            Self::Depends => "it depends on coturn's version or build, or on what was not given",
            Self::Accepted => "coturn accepts it",
        })
    }
}
