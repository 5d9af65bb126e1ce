//! The response format of draft-uberti-behave-turn-rest-00, also used by Matrix.

#[cfg(feature = "serde")]
mod json;

use core::time::Duration;

use alloc::vec::Vec;

use super::credential::Credential;
use super::lease::IceLease;
use super::login::Login;
use super::server::IceServer;
use super::uri::IceUri;
use crate::error::IceError;
use crate::time::UnixTime;

/// A login and the servers that accept it:
/// `{"username": ..., "password": ..., "ttl": ..., "uris": [...]}`.
///
/// Janus's `turn_rest_api` and Matrix clients read it. With the feature `serde`, it is written and
/// read as JSON. When it is read, the ttl may also be in quotes or written as `86400.0`, because
/// some endpoints send it that way.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::rest::Answer;
/// use turn_credentials::ice::{Login, TurnServer};
/// use turn_credentials::{IceError, IceLease, IceServer, IceUri, SharedSecret, UnixTime};
///
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let uris = IceUri::fan_out(["turn.example.org"])?;
/// let server = TurnServer::new(uris, SharedSecret::new("north")?, hour)?;
/// let lease = IceLease::generate_at("alice", &[server], now)?;
///
/// let answer = Answer::for_lease_at(&lease, now)?;
/// assert_eq!(answer.username(), "1700003600:alice");
/// assert_eq!((answer.ttl(), answer.uris().len()), (hour, 3));
/// assert_eq!(answer.into_server()?.username(), Some("1700003600:alice"));
///
/// let endless = IceServer::new(["turn:a.example".parse()?], Login::new("u", "c")?)?;
/// let refused = Answer::for_lease_at(&IceLease::new([endless]), now);
/// assert_eq!(refused.unwrap_err(), IceError::NoTtl);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    login: Login,
    ttl: Duration,
    uris: Vec<IceUri>,
    dropped: usize,
}

impl Answer {
    /// Creates an answer with the lease's first TURN login and all TURN URIs that use this login.
    ///
    /// STUN URIs are left out: the draft has only TURN URIs, and Janus refuses others.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::ice::rest::Answer;
    /// use turn_credentials::{IceError, IceLease, IceServer, UnixTime};
    ///
    /// let (now, end) = (UnixTime::from_secs(1_700_000_000), UnixTime::from_secs(1_700_003_600));
    /// let uris = ["stun:a.example".parse()?, "turn:a.example".parse()?];
    /// let login = Login::new("alice", "the-password")?.with_valid_until(end);
    /// let lease = IceLease::new([IceServer::new(uris, login)?]);
    /// let answer = Answer::for_lease_at(&lease, now)?;
    /// assert_eq!(answer.uris(), ["turn:a.example".parse()?]);
    /// assert_eq!(answer.ttl().as_secs(), 3600);
    ///
    /// let refused = Answer::for_lease_at(&IceLease::new([]), now);
    /// assert_eq!(refused.unwrap_err(), IceError::NoTurn);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoTurn`] if the lease has no TURN server; [`IceError::NoTtl`] if the login's
    /// `valid_until` is unknown.
    pub fn for_lease_at(lease: &IceLease, now: UnixTime) -> Result<Self, IceError> {
        let server = lease.single_server().ok_or(IceError::NoTurn)?;
        let login = server.login().ok_or(IceError::NoTurn)?.clone();
        let end = login.valid_until().ok_or(IceError::NoTtl)?;
        let ttl = Duration::from_secs(now.secs_until(end));
        let uris = server.urls().iter().filter(|uri| uri.is_turn()).cloned().collect();
        Ok(Self { login, ttl, uris, dropped: 0 })
    }

    /// The username, as the client sends it in STUN USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        self.login.username()
    }

    /// The password that belongs to the username.
    #[must_use]
    pub fn password(&self) -> &Credential {
        self.login.credential()
    }

    /// How long the login lasts, in whole seconds, counted from when the answer was made.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The URIs of the servers.
    #[must_use]
    pub fn uris(&self) -> &[IceUri] {
        &self.uris
    }

    /// How many invalid URIs were left out when the answer was read.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Converts the answer into an ICE server.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::ice::rest::Answer;
    /// use turn_credentials::{IceLease, IceServer, UnixTime};
    ///
    /// let (now, end) = (UnixTime::from_secs(1_700_000_000), UnixTime::from_secs(1_700_003_600));
    /// let uris = ["turn:a.example".parse()?];
    /// let login = Login::new("alice", "the-password")?.with_valid_until(end);
    /// let lease = IceLease::new([IceServer::new(uris, login)?]);
    /// let server = Answer::for_lease_at(&lease, now)?.into_server()?;
    /// assert_eq!(server.username(), Some("alice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`IceServer::new`].
    pub fn into_server(self) -> Result<IceServer, IceError> {
        IceServer::new(self.uris, self.login)
    }
}
