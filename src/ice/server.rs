//! One ICE server.

use alloc::vec::Vec;

use super::credential::Credential;
use super::login::Login;
use super::uri::IceUri;
use crate::error::IceError;
#[cfg(feature = "providers")]
use crate::time::UnixTime;

/// STUN or TURN servers that share a login: `RTCIceServer` of the W3C WebRTC API.
///
/// It has at least one URI, and a login if one of the URIs is a TURN server's. Browsers would
/// reject anything else.
///
/// ```
/// use turn_credentials::ice::Login;
/// use turn_credentials::{IceError, IceServer, IceUri};
///
/// let uris = IceUri::fan_out(["turn.example.org"])?;
/// let server = IceServer::new(uris.clone(), Login::new("1700000000:alice", "the-password")?)?;
/// assert_eq!(server.urls().len(), 3);
/// assert_eq!(server.username(), Some("1700000000:alice"));
///
/// assert_eq!(IceServer::without_login(uris).unwrap_err(), IceError::NoLogin);
/// assert_eq!(IceServer::without_login([]).unwrap_err(), IceError::NoUrls);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `serde`, it is written as
/// `{"urls": [...], "username": ..., "credential": ...}`, the last two only with a login. When it
/// is read, `url` and `uris` count as `urls`, `password` as `credential`, and a string as a
/// one-element list. Invalid URIs are left out, and so are TURN URIs without a valid login. It is
/// an error if nothing is left, if one of these members is repeated, or if there is a
/// `credentialType` other than `password`. Any other members are ignored.
#[doc(alias = "RTCIceServer")]
#[derive(Clone, Debug)]
pub struct IceServer {
    urls: Vec<IceUri>,
    login: Option<Login>,
}

impl IceServer {
    /// Creates an ICE server with this login: [`TurnCredentials`](crate::TurnCredentials), or any
    /// [`Login`].
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceError, IceServer};
    ///
    /// let login = Login::new("1700000000:alice", "the-password")?;
    /// let server = IceServer::new(["turn:turn.example.org".parse()?], login.clone())?;
    /// assert_eq!(server.credential().map(|it| it.as_str()), Some("the-password"));
    /// assert_eq!(IceServer::new([], login).unwrap_err(), IceError::NoUrls);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoUrls`] if there is no URI.
    pub fn new(urls: impl Into<Vec<IceUri>>, login: impl Into<Login>) -> Result<Self, IceError> {
        Self { urls: urls.into(), login: Some(login.into()) }.checked()
    }

    /// Creates an ICE server with only STUN URIs, which need no login.
    ///
    /// ```
    /// use turn_credentials::{IceError, IceServer};
    ///
    /// let server = IceServer::without_login(["stun:turn.example.org".parse()?])?;
    /// assert!(server.login().is_none());
    ///
    /// let turn = IceServer::without_login(["turn:turn.example.org".parse()?]);
    /// assert_eq!(turn.unwrap_err(), IceError::NoLogin);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoUrls`] if there is no URI; [`IceError::NoLogin`] if one of the URIs is a TURN
    /// server's.
    pub fn without_login(urls: impl Into<Vec<IceUri>>) -> Result<Self, IceError> {
        Self { urls: urls.into(), login: None }.checked()
    }

    fn checked(self) -> Result<Self, IceError> {
        if self.urls.is_empty() {
            return Err(IceError::NoUrls);
        }
        if self.login.is_none() && self.has_turn() {
            return Err(IceError::NoLogin);
        }
        Ok(self)
    }

    /// The URIs of the servers; at least one.
    #[must_use]
    pub fn urls(&self) -> &[IceUri] {
        &self.urls
    }

    /// The login, if there is one.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// The login's username, if there is a login.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.login().map(Login::username)
    }

    /// The login's credential, if there is a login.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.login().map(Login::credential)
    }

    /// Sets the time until which the login is accepted, on our clock.
    #[cfg(feature = "providers")]
    pub(crate) fn with_valid_until(self, valid_until: UnixTime) -> Self {
        Self { login: self.login.map(|login| login.with_valid_until(valid_until)), ..self }
    }

    pub(super) fn has_turn(&self) -> bool {
        self.urls.iter().any(IceUri::is_turn)
    }

    /// Keeps only the URIs for which `stays` returns true; `None` if none is left.
    pub(super) fn retain_urls(mut self, stays: impl FnMut(&IceUri) -> bool) -> Option<Self> {
        self.urls.retain(stays);
        (!self.urls.is_empty()).then_some(self)
    }
}
