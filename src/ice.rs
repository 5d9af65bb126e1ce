//! ICE servers (W3C `RTCIceServer`), and every format in which clients read them.

#[cfg(feature = "serde")]
mod json;
pub mod link_header;
pub mod rest;
mod uri;
pub mod xep_0215;

use core::time::Duration;
use core::{mem, slice};

use alloc::string::String;
use alloc::vec::{self, Vec};

use crate::{ClockSkew, Credential, Error, SharedSecret, TurnCredentials, UnixTime, Username};

pub use uri::{IceUri, Scheme, Transport, UriError};

/// STUN or TURN servers that share a login: the dictionary `RTCIceServer` of W3C WebRTC.
///
/// One that browsers throw for cannot be built: without a URI, TURN without a login, or a login that
/// RFC 8265 section 4.1 has no place for.
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
    /// [`Error::ControlCharacter`] for one in either; [`Error::UsernameTooLong`] for a username over
    /// [`Username::MAX_LEN`] bytes, which makes Chromium leave the server out and others throw.
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

    /// What somebody else has written: STUN with half a login, or an empty one, is STUN without.
    pub(crate) fn read(
        urls: Vec<IceUri>,
        username: Option<String>,
        credential: Option<Credential>,
    ) -> Result<Self, Error> {
        let login = username.zip(credential).filter(|(username, credential)| {
            !username.is_empty() && !credential.as_str().is_empty()
        });
        Self { urls, login }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        if self.urls.is_empty() {
            return Err(Error::NoUrls);
        }
        match &self.login {
            Some((username, credential)) => check_login(username, credential.as_str())?,
            None if self.urls.iter().any(|uri| uri.scheme().is_turn()) => {
                return Err(Error::NoLogin);
            }
            None => {}
        }
        Ok(self)
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

fn check_login(username: &str, credential: &str) -> Result<(), Error> {
    if username.is_empty() || credential.is_empty() {
        return Err(Error::NoLogin);
    }
    if [username, credential].iter().any(|text| text.contains(char::is_control)) {
        return Err(Error::ControlCharacter);
    }
    let len = username.len();
    if len > Username::MAX_LEN { Err(Error::UsernameTooLong { len }) } else { Ok(()) }
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
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`]; [`Error::TtlTooShort`] for a ttl under one second.
    pub fn new(
        urls: impl Into<Vec<IceUri>>,
        secret: SharedSecret,
        ttl: Duration,
    ) -> Result<Self, Error> {
        let urls = urls.into();
        if urls.is_empty() {
            return Err(Error::NoUrls);
        }
        if ttl.as_secs() == 0 {
            return Err(Error::TtlTooShort);
        }
        Ok(Self { urls, secret, ttl, skew: ClockSkew::NONE })
    }

    /// Where it is.
    #[must_use]
    pub fn urls(&self) -> &[IceUri] {
        &self.urls
    }

    /// How long its logins last: of several servers, the shortest is what to tell the client, which
    /// does well to ask again after three quarters of it.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
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
///     Ok(TurnServer::new(IceUri::fan_out([host])?, SharedSecret::new(secret)?, hour)?)
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
    /// Those of [`TurnCredentials::generate_at`].
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
    /// this order: STUN (before `stuns`, which Firefox does not speak), TURN over UDP, TURN over TCP,
    /// TURN over TLS (on port 443 if there is one, which passes most firewalls); then a second of
    /// each, and so on; and last TURN over DTLS, which few clients speak. Ports that are not wanted
    /// go [first](Self::without_port).
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
        let mut order: Vec<_> = self
            .iter()
            .flat_map(IceServer::urls)
            .enumerate()
            .map(|(place, uri)| (Kind::of(uri), place))
            .collect();
        order.sort_unstable();
        let mut stays = alloc::vec![false; order.len()];
        for place in by_turns(&order).into_iter().take(count) {
            if let Some(stay) = stays.get_mut(place) {
                *stay = true;
            }
        }
        let mut stays = stays.into_iter();
        self.retain_urls(|_| stays.next().unwrap_or_default())
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

/// What a URI is good for, and in a kind the better first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Stun { tls: bool },
    Udp,
    Tcp,
    Tls { blocked: bool },
    Dtls,
}

impl Kind {
    fn of(uri: &IceUri) -> Self {
        const HTTPS: u16 = 443;

        match (uri.scheme(), uri.transport_or_default()) {
            (Scheme::Stun, _) => Self::Stun { tls: false },
            (Scheme::Stuns, _) => Self::Stun { tls: true },
            (Scheme::Turn, Transport::Udp) => Self::Udp,
            (Scheme::Turn, Transport::Tcp) => Self::Tcp,
            (Scheme::Turns, Transport::Tcp) => {
                Self::Tls { blocked: uri.port_or_default() != HTTPS }
            }
            (Scheme::Turns, Transport::Udp) => Self::Dtls,
        }
    }
}

/// The places of the sorted URIs, the first of each kind before the second of any; DTLS last.
fn by_turns(sorted: &[(Kind, usize)]) -> Vec<usize> {
    let same_kind =
        |a: &(Kind, usize), b: &(Kind, usize)| mem::discriminant(&a.0) == mem::discriminant(&b.0);
    let turns = sorted.chunk_by(same_kind).flat_map(|kind| kind.iter().enumerate());
    let mut turns: Vec<_> =
        turns.map(|(turn, &(kind, place))| (kind == Kind::Dtls, turn, kind, place)).collect();
    turns.sort_unstable();
    turns.into_iter().map(|(.., place)| place).collect()
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
