//! ICE servers (W3C `RTCIceServer`), and every format in which clients read them.

#[cfg(feature = "serde")]
mod json;
pub mod link_header;
pub mod rest;
mod uri;
pub mod xep_0215;

use core::slice;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::{self, Vec};

use crate::{ClockSkew, Credential, Error, SharedSecret, TurnCredentials, UnixTime, Username};

pub use uri::{IceUri, Scheme, Transport, UriError};

/// STUN or TURN servers that share a login: the dictionary `RTCIceServer` of W3C WebRTC.
///
/// One that a browser would throw for cannot be built: without a URI, or TURN without a login.
///
/// ```
/// use turn_credentials::{Credential, Error, IceServer, IceUri};
///
/// let uris = IceUri::fan_out(["turn.example.org"])?;
/// let server = IceServer::new(uris.clone(), "1700000000:alice", Credential::new("..."))?;
/// assert_eq!(server.urls().len(), 3);
/// assert_eq!(server.username(), Some("1700000000:alice"));
///
/// assert_eq!(IceServer::without_login(uris).unwrap_err(), Error::NoLogin);
/// assert_eq!(IceServer::without_login([]).unwrap_err(), Error::NoUrls);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `serde` it writes `{"urls": [...], "username": ..., "credential": ...}`, the
/// last two where there is a login. It reads `url` for `urls` too, and a string for a list of one;
/// other members are passed over.
#[derive(Clone, Debug)]
pub struct IceServer {
    urls: Vec<IceUri>,
    login: Option<(String, Credential)>,
}

impl IceServer {
    /// Servers that take this login.
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`]; [`Error::NoLogin`] for an empty username or credential;
    /// [`Error::UsernameTooLong`] for a username over [`Username::MAX_LEN`] bytes, which makes
    /// Chromium leave the server out and others throw.
    pub fn new(
        urls: impl Into<Vec<IceUri>>,
        username: impl Into<String>,
        credential: impl Into<Credential>,
    ) -> Result<Self, Error> {
        Self { urls: urls.into(), login: Some((username.into(), credential.into())) }.checked()
    }

    /// Servers that take these credentials.
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`].
    pub fn for_login(urls: impl Into<Vec<IceUri>>, login: &TurnCredentials) -> Result<Self, Error> {
        Self::new(urls, login.username(), login.password())
    }

    /// STUN servers, which need no login.
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`]; [`Error::NoLogin`] when one of them is a TURN server.
    pub fn without_login(urls: impl Into<Vec<IceUri>>) -> Result<Self, Error> {
        Self { urls: urls.into(), login: None }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        if self.urls.is_empty() {
            return Err(Error::NoUrls);
        }
        match &self.login {
            None if self.urls.iter().any(|uri| uri.scheme().is_turn()) => Err(Error::NoLogin),
            Some((username, credential))
                if username.is_empty() || credential.as_str().is_empty() =>
            {
                Err(Error::NoLogin)
            }
            Some((username, _)) if username.len() > Username::MAX_LEN => {
                Err(Error::UsernameTooLong { len: username.len() })
            }
            _ => Ok(self),
        }
    }

    /// Where the servers are; at least one.
    #[must_use]
    pub fn urls(&self) -> &[IceUri] {
        &self.urls
    }

    /// The username, if the servers take a login.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.login.as_ref().map(|(username, _)| username.as_str())
    }

    /// The credential, if the servers take a login.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.login.as_ref().map(|(_, credential)| credential)
    }
}

/// A TURN server of one's own: where it is, its secret, how long its logins last, and its clock.
///
/// See [`IceServers::generate_at`].
#[derive(Clone, Debug)]
pub struct TurnServer {
    urls: Vec<IceUri>,
    secret: SharedSecret,
    ttl: Duration,
    skew: ClockSkew,
}

impl TurnServer {
    /// A server whose clock agrees with ours.
    #[must_use]
    pub fn new(urls: impl Into<Vec<IceUri>>, secret: SharedSecret, ttl: Duration) -> Self {
        Self { urls: urls.into(), secret, ttl, skew: ClockSkew::NONE }
    }

    /// The same server with another clock.
    #[must_use]
    pub fn with_skew(self, skew: ClockSkew) -> Self {
        Self { skew, ..self }
    }
}

/// All the ICE servers of one client.
///
/// With the feature `serde` it writes `{"iceServers": [...]}`, which `new RTCPeerConnection()` takes
/// as it is, and reads that or the list alone.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::TurnServer;
/// use turn_credentials::{IceServer, IceServers, IceUri, SharedSecret, UnixTime};
///
/// // Once, at the start:
/// let hour = Duration::from_secs(3600);
/// let of = |host, secret| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(TurnServer::new(IceUri::fan_out([host])?, SharedSecret::new(secret)?, hour))
/// };
/// let turn = [of("eu.example.org", "north")?, of("us.example.org", "west")?];
/// let stun = IceServer::without_login(["stun:eu.example.org".parse()?])?;
///
/// // For each client:
/// let now = UnixTime::from_secs(1_700_000_000);
/// let mut servers = IceServers::generate_at("alice", &turn, now)?;
/// servers.extend([stun]);
/// assert_eq!(servers.len(), 3);
/// assert_eq!(servers[0].username(), Some("1700003600:alice"));
///
/// assert!(IceServers::generate_at("", &turn, now).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct IceServers {
    servers: Vec<IceServer>,
}

impl IceServers {
    /// [`generate_at`](Self::generate_at) by this machine's clock.
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn generate(name: &str, servers: &[TurnServer]) -> Result<Self, Error> {
        Self::generate_at(name, servers, UnixTime::now())
    }

    /// One client's login for each of the servers.
    ///
    /// # Errors
    ///
    /// Those of [`TurnCredentials::generate_at`], and [`Error::NoUrls`].
    pub fn generate_at(name: &str, servers: &[TurnServer], now: UnixTime) -> Result<Self, Error> {
        let login = |server: &TurnServer| {
            let TurnServer { urls, secret, ttl, skew } = server;
            let login = TurnCredentials::generate_at(name, secret, *ttl, *skew, now)?;
            IceServer::for_login(urls.as_slice(), &login)
        };
        servers.iter().map(login).collect()
    }

    /// At most `count` URIs, in the order that they had, of as many kinds as there is room for.
    ///
    /// Discovery slows with each, and Firefox warns from the fifth on. The first to stay are, in
    /// this order: a STUN server, TURN over UDP, TURN over TCP, TURN over TLS (on port 443, if there
    /// is one, which passes most firewalls); then a second of each, and so on.
    ///
    /// ```
    /// use turn_credentials::{Credential, IceServer, IceServers, IceUri};
    ///
    /// let uris = IceUri::fan_out(["a.example", "b.example"])?;
    /// let server = IceServer::new(uris, "1700000000:alice", Credential::new("..."))?;
    /// let servers = IceServers::from(vec![server]).limit_urls(4);
    /// let uris: Vec<_> = servers[0].urls().iter().map(IceUri::to_string).collect();
    /// assert_eq!(
    ///     uris,
    ///     [
    ///         "turn:a.example:3478?transport=udp",
    ///         "turn:a.example:3478?transport=tcp",
    ///         "turns:a.example:443?transport=tcp",
    ///         "turn:b.example:3478?transport=udp",
    ///     ]
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limit_urls(self, count: usize) -> Self {
        let urls: Vec<&IceUri> = self.iter().flat_map(IceServer::urls).collect();
        let mut ranks: Vec<_> = (0..urls.len()).map(|place| (rank(&urls, place), place)).collect();
        ranks.sort_unstable();
        let stay: Vec<usize> = ranks.iter().take(count).map(|&(_, place)| place).collect();
        let mut place = 0..;
        self.retain_urls(|_| place.next().is_some_and(|place| stay.contains(&place)))
    }

    /// The servers less every URI of this port: browsers block 53, DNS's, which some providers list.
    #[must_use]
    pub fn without_port(self, port: u16) -> Self {
        self.retain_urls(|uri| uri.port_or_default() != port)
    }

    fn retain_urls(mut self, mut stays: impl FnMut(&IceUri) -> bool) -> Self {
        self.servers.retain_mut(|server| {
            server.urls.retain(&mut stays);
            !server.urls.is_empty()
        });
        self
    }
}

/// How many of its kind go before the URI at this place, and which kind that is.
fn rank(urls: &[&IceUri], place: usize) -> Option<(usize, usize)> {
    /// STUN, then TURN over UDP, over TCP, and over TLS.
    fn kind(uri: &IceUri) -> usize {
        match (uri.scheme(), uri.transport_or_default()) {
            (Scheme::Stun | Scheme::Stuns, _) => 0,
            (Scheme::Turn, Transport::Udp) => 1,
            (Scheme::Turn, Transport::Tcp) => 2,
            (Scheme::Turns, Transport::Tcp) => 3,
            (Scheme::Turns, Transport::Udp) => 4,
        }
    }
    const HTTPS: u16 = 443;

    let uri = urls.get(place)?;
    let on_443 = |uri: &IceUri| uri.port_or_default() == HTTPS;
    let goes_before = |&(other_place, other): &(usize, &&IceUri)| {
        let turns = uri.scheme() == Scheme::Turns && on_443(uri) != on_443(other);
        kind(other) == kind(uri) && if turns { on_443(other) } else { other_place < place }
    };
    Some((urls.iter().enumerate().filter(goes_before).count(), kind(uri)))
}

impl core::ops::Deref for IceServers {
    type Target = [IceServer];

    fn deref(&self) -> &[IceServer] {
        &self.servers
    }
}

impl From<Vec<IceServer>> for IceServers {
    fn from(servers: Vec<IceServer>) -> Self {
        Self { servers }
    }
}

impl FromIterator<IceServer> for IceServers {
    fn from_iter<I: IntoIterator<Item = IceServer>>(servers: I) -> Self {
        Self { servers: servers.into_iter().collect() }
    }
}

impl Extend<IceServer> for IceServers {
    fn extend<I: IntoIterator<Item = IceServer>>(&mut self, servers: I) {
        self.servers.extend(servers);
    }
}

impl IntoIterator for IceServers {
    type Item = IceServer;
    type IntoIter = vec::IntoIter<IceServer>;

    fn into_iter(self) -> Self::IntoIter {
        self.servers.into_iter()
    }
}

impl<'a> IntoIterator for &'a IceServers {
    type Item = &'a IceServer;
    type IntoIter = slice::Iter<'a, IceServer>;

    fn into_iter(self) -> Self::IntoIter {
        self.servers.iter()
    }
}
