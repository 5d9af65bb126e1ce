//! What coturn answers.

use core::fmt;

/// What coturn answers to a login of which only this is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// coturn answers 400 Bad Request, whatever the password is.
    BadRequest,
    /// coturn answers 401 Unauthorized.
    Unauthorized,
    /// It depends on coturn's version or on how it was built, or cannot be known from what was given.
    Depends,
    /// coturn accepts it.
    Accepted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "coturn refuses it with 400",
            Self::Unauthorized => "coturn refuses it with 401",
            Self::Depends => "it depends on the server",
            Self::Accepted => "coturn accepts it",
        })
    }
}
