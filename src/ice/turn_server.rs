//! Your own TURN server.

use core::time::Duration;

use alloc::vec::Vec;

use super::server::IceServer;
use super::uri::IceUri;
use crate::clock::ClockSkew;
use crate::credentials::TurnCredentials;
use crate::error::IceError;
use crate::secret::SharedSecret;
use crate::time::UnixTime;

/// Your own TURN server: its URIs, its secret, how long its logins last, and its clock.
///
/// Create it once, at startup. [`IceLease::generate_at`](super::IceLease::generate_at) then mints a
/// login on it for each client.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::TurnServer;
/// use turn_credentials::{ClockSkew, IceError, IceUri, SharedSecret};
///
/// let (secret, hour) = (SharedSecret::new("north")?, Duration::from_secs(3600));
/// let uris = IceUri::fan_out(["turn.example.org"])?;
/// let server = TurnServer::new(uris, secret.clone(), hour)?.with_skew(ClockSkew::from_secs(5));
/// assert_eq!((server.urls().len(), server.ttl()), (3, hour));
///
/// let stun = ["stun:turn.example.org".parse()?];
/// assert_eq!(TurnServer::new(stun, secret, hour).unwrap_err(), IceError::NoTurn);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TurnServer {
    urls: Vec<IceUri>,
    secret: SharedSecret,
    ttl: Duration,
    skew: ClockSkew,
}

impl TurnServer {
    /// Creates a server whose clock agrees with ours. A fraction of a second in the ttl is dropped.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{Error, IceError, SharedSecret, TurnServer};
    ///
    /// let uris = ["turn:turn.example.org".parse()?];
    /// let server = |secs| {
    ///     let secret = SharedSecret::new("north")?;
    ///     TurnServer::new(uris.clone(), secret, Duration::from_secs(secs))
    /// };
    /// assert_eq!(server(3600)?.ttl().as_secs(), 3600);
    /// assert_eq!(server(0).unwrap_err(), IceError::Credentials(Error::TtlTooShort));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`IceError::NoUrls`] if there is no URI; [`IceError::NoTurn`] if there are only STUN URIs.
    /// * [`IceError::Credentials`] with [`Error::TtlTooShort`] for a ttl under one second, and with
    ///   [`Error::ExpiryOutOfRange`] for a ttl over 2147483647 seconds.
    ///
    /// [`Error::TtlTooShort`]: crate::Error::TtlTooShort
    /// [`Error::ExpiryOutOfRange`]: crate::Error::ExpiryOutOfRange
    pub fn new(
        urls: impl Into<Vec<IceUri>>,
        secret: SharedSecret,
        ttl: Duration,
    ) -> Result<Self, IceError> {
        const EPOCH: UnixTime = UnixTime::from_secs(0);

        let urls = urls.into();
        if urls.is_empty() {
            return Err(IceError::NoUrls);
        }
        if !urls.iter().any(IceUri::is_turn) {
            return Err(IceError::NoTurn);
        }
        let ttl = Duration::from_secs(ttl.as_secs());
        ClockSkew::NONE.expiry(ttl, EPOCH)?;
        Ok(Self { urls, secret, ttl, skew: ClockSkew::NONE })
    }

    /// Sets the server's clock skew.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, IceLease, SharedSecret, TurnServer, UnixTime};
    ///
    /// let (uris, minute) = (["turn:turn.example.org".parse()?], Duration::from_secs(60));
    /// let server = TurnServer::new(uris, SharedSecret::new("north")?, minute)?;
    /// let ahead = server.with_skew(ClockSkew::from_secs(5));
    /// let lease = IceLease::generate_at("alice", &[ahead], UnixTime::from_secs(1_700_000_000))?;
    /// assert_eq!(lease.servers()[0].username(), Some("1700000065:alice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_skew(self, skew: ClockSkew) -> Self {
        Self { skew, ..self }
    }

    /// The URIs of the server.
    #[must_use]
    pub fn urls(&self) -> &[IceUri] {
        &self.urls
    }

    /// How long its logins last, in whole seconds.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Mints a login for this name, and returns it as an ICE server with this server's URIs.
    pub(super) fn mint_at(&self, name: &str, now: UnixTime) -> Result<IceServer, IceError> {
        let Self { urls, secret, ttl, skew } = self;
        let login = TurnCredentials::generate_at(name, secret, *ttl, *skew, now)?;
        IceServer::new(urls.as_slice(), login)
    }
}
