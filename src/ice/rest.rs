//! The answer of an endpoint as draft-uberti-behave-turn-rest-00 has it, which is Matrix's
//! `turnServer` answer too.

use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use super::{IceServer, IceUri};
use crate::{Credential, Error, TurnCredentials};

/// A login and where it serves: `{"username": ..., "password": ..., "ttl": ..., "uris": [...]}`.
///
/// Janus's `turn_rest_api` reads it, and so do Matrix clients. With the feature `serde` it is written
/// and read as JSON; a ttl in quotes, as some endpoints write it, is read too.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::rest::Answer;
/// use turn_credentials::{
///     ClockSkew, Error, IceServer, IceUri, SharedSecret, TurnCredentials, UnixTime,
/// };
///
/// let secret = SharedSecret::new("north")?;
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let login = TurnCredentials::generate_at("alice", &secret, hour, ClockSkew::NONE, now)?;
///
/// let answer = Answer::new(&login, IceUri::fan_out(["turn.example.org"])?)?;
/// assert_eq!(answer.username(), "1700003600:alice");
/// assert_eq!(answer.ttl(), hour);
/// let server = answer.into_server()?;
/// assert_eq!(server.urls().len(), 3);
/// assert_eq!(Answer::for_server(&server, hour)?.username(), "1700003600:alice");
///
/// assert_eq!(Answer::new(&login, []).unwrap_err(), Error::NoUrls);
/// let stun = IceServer::without_login(["stun:turn.example.org".parse()?])?;
/// assert_eq!(Answer::for_server(&stun, hour).unwrap_err(), Error::NoLogin);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    username: String,
    password: Credential,
    ttl: Duration,
    uris: Vec<IceUri>,
}

impl Answer {
    /// The answer that gives this login for these servers.
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`].
    pub fn new(login: &TurnCredentials, uris: impl Into<Vec<IceUri>>) -> Result<Self, Error> {
        Self::read(login.username().into(), login.password().into(), login.ttl(), uris.into())
    }

    /// The answer that gives a provider's login, which lasts for `ttl`, for its TURN servers.
    ///
    /// The STUN servers beside them are left out: Janus takes no URI of any other scheme.
    ///
    /// # Errors
    ///
    /// [`Error::NoLogin`] for servers that take none; [`Error::NoUrls`] where none is a TURN server.
    pub fn for_server(server: &IceServer, ttl: Duration) -> Result<Self, Error> {
        let (username, password) =
            server.username().zip(server.credential()).ok_or(Error::NoLogin)?;
        let turn = server.urls().iter().filter(|uri| uri.scheme().is_turn());
        Self::read(username.into(), password.clone(), ttl, turn.cloned().collect())
    }

    /// An answer that browsers can make use of.
    pub(super) fn read(
        username: String,
        password: Credential,
        ttl: Duration,
        uris: Vec<IceUri>,
    ) -> Result<Self, Error> {
        if uris.is_empty() {
            return Err(Error::NoUrls);
        }
        if username.is_empty() || password.as_str().is_empty() {
            return Err(Error::NoLogin);
        }
        Ok(Self { username, password, ttl, uris })
    }

    /// What the client sends as STUN USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password that belongs to the username.
    #[must_use]
    pub fn password(&self) -> &Credential {
        &self.password
    }

    /// How long the login lasts from when the answer was made, in whole seconds.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Where the servers are.
    #[must_use]
    pub fn uris(&self) -> &[IceUri] {
        &self.uris
    }

    /// The same as an ICE server, which browsers take.
    ///
    /// # Errors
    ///
    /// Those of [`IceServer::new`], for an answer that was read.
    pub fn into_server(self) -> Result<IceServer, Error> {
        IceServer::new(self.uris, self.username, self.password)
    }
}
