//! What a client is given: ICE servers, and how long they can be used.

use core::time::Duration;

use alloc::vec::Vec;

use super::browser::BrowserRefusal;
use super::login::Login;
use super::server::IceServer;
use super::servers::IceServers;
use super::turn_server::TurnServer;
use super::uri::IceUri;
use crate::credentials::three_quarters;
use crate::error::IceError;
use crate::time::UnixTime;

/// ICE servers for one client, and how long they can be used.
///
/// Your own servers mint it, and every provider's answer is one. Every format of [`ice`](super) is made
/// from it, or from its servers.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::TurnServer;
/// use turn_credentials::{IceLease, IceServer, IceUri, SharedSecret, UnixTime};
///
/// // Once, at startup:
/// let hour = Duration::from_secs(3600);
/// let server = |host, secret, ttl| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(TurnServer::new(IceUri::fan_out([host])?, SharedSecret::new(secret)?, ttl)?)
/// };
/// let servers =
///     [server("eu.example.org", "north", hour)?, server("us.example.org", "west", 2 * hour)?];
///
/// // For each client:
/// let now = UnixTime::from_secs(1_700_000_000);
/// let lease = IceLease::generate_at("alice", &servers, now)?;
/// assert_eq!(lease.servers()[1].username(), Some("1700007200:alice"));
/// assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
///
/// let later = UnixTime::from_secs(1_700_000_600);
/// assert_eq!(lease.remaining_at(later), Some(Duration::from_secs(3000)));
/// assert_eq!(lease.renew_after_at(later), Some(Duration::from_secs(2250)));
///
/// assert!(IceLease::generate_at("", &servers, now).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It has no JSON of its own: give the client [`answer_at`](Self::answer_at) the time of the answer, so
/// that a lease that was kept for a while does not promise more than what remains.
#[derive(Clone, Debug)]
pub struct IceLease {
    servers: IceServers,
    valid_until: Option<UnixTime>,
}

impl IceLease {
    /// Creates a lease of servers, valid until the first of their logins ends.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer, UnixTime};
    ///
    /// let end = UnixTime::from_secs(1_700_000_000);
    /// let login = Login::new("alice", "the-password")?;
    /// let server = |login| IceServer::new(["turn:turn.example.org".parse().unwrap()], login);
    /// let [unknown, known] = [server(login.clone())?, server(login.with_valid_until(end))?];
    /// assert_eq!(IceLease::new([unknown.clone()]).valid_until(), None);
    /// assert_eq!(IceLease::new([unknown, known]).valid_until(), Some(end));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(servers: impl Into<IceServers>) -> Self {
        let servers = servers.into();
        Self { valid_until: earliest_end(&servers), servers }
    }

    /// Like [`generate_at`](Self::generate_at), using the system clock.
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn generate(name: &str, servers: &[TurnServer]) -> Result<Self, IceError> {
        Self::generate_at(name, servers, UnixTime::now())
    }

    /// Mints a login for this name on each of your servers.
    ///
    /// # Errors
    ///
    /// [`IceError::NoTurn`] for an empty list; those of
    /// [`TurnCredentials::generate_at`](crate::TurnCredentials::generate_at).
    pub fn generate_at(
        name: &str,
        servers: &[TurnServer],
        now: UnixTime,
    ) -> Result<Self, IceError> {
        if servers.is_empty() {
            return Err(IceError::NoTurn);
        }
        let minted: Result<IceServers, _> =
            servers.iter().map(|server| server.mint_at(name, now)).collect();
        minted.map(Self::new)
    }

    /// A provider's answer, whose logins all end at the same time.
    #[cfg(feature = "providers")]
    pub(crate) fn of_provider(servers: IceServers, valid_until: Option<UnixTime>) -> Self {
        let servers = valid_until.into_iter().fold(servers, IceServers::with_valid_until);
        Self { servers, valid_until }
    }

    /// Adds a server, such as a STUN server or one with a login of its own.
    #[must_use]
    pub fn with_server(mut self, server: IceServer) -> Self {
        let end = server.login().and_then(Login::valid_until);
        self.valid_until = self.valid_until.into_iter().chain(end).min();
        self.servers.extend([server]);
        self
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &[IceServer] {
        self.servers.as_slice()
    }

    /// The servers as a list, which serde writes as `{"iceServers": [...]}`.
    #[must_use]
    pub fn into_servers(self) -> IceServers {
        self.servers
    }

    /// The time until which all of it can be used, by our clock; `None` if unknown.
    ///
    /// For a provider this is computed from the ttl that was asked for, since most of them do not say.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixTime> {
        self.valid_until
    }

    /// How long it can still be used: what to tell the client. `None` if unknown.
    #[must_use]
    pub fn remaining_at(&self, now: UnixTime) -> Option<Duration> {
        self.valid_until.map(|end| Duration::from_secs(now.secs_until(end)))
    }

    /// When to fetch the next lease, counted from `now`: after three quarters of what remains.
    #[must_use]
    pub fn renew_after_at(&self, now: UnixTime) -> Option<Duration> {
        self.remaining_at(now).map(three_quarters)
    }

    /// How much of a provider's answer was left out: see [`IceServers::dropped`].
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.servers.dropped()
    }

    /// Leaves out the URIs that a browser refuses, and tells of each: see
    /// [`IceServers::for_browsers`].
    ///
    /// # Errors
    ///
    /// [`IceError::NoneForBrowsers`].
    pub fn for_browsers(
        self,
        left_out: impl FnMut(&IceUri, BrowserRefusal),
    ) -> Result<Self, IceError> {
        let servers = self.servers.for_browsers(left_out)?;
        Ok(Self { servers, ..self }.until_first_end())
    }

    /// Limits the URIs: see [`IceServers::limit_urls`].
    #[must_use]
    pub fn limit_urls(self, count: usize) -> Self {
        Self { servers: self.servers.limit_urls(count), ..self }.until_first_end()
    }

    /// Removes every URI with this port: see [`IceServers::without_port`].
    #[must_use]
    pub fn without_port(self, port: u16) -> Self {
        Self { servers: self.servers.without_port(port), ..self }.until_first_end()
    }

    /// A login that was left out no longer ends the lease.
    fn until_first_end(self) -> Self {
        Self { valid_until: earliest_end(&self.servers).or(self.valid_until), ..self }
    }

    /// One server with the first TURN login and all URIs that share it or need none, for clients that
    /// read a single server. `None` if there is no TURN server.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer};
    ///
    /// let login = Login::new("alice", "the-password")?;
    /// let turn = |uri: &str| IceServer::new([uri.parse().unwrap()], login.clone());
    /// let stun = IceServer::without_login(["stun:a.example".parse()?])?;
    /// let lease = IceLease::new([stun.clone(), turn("turn:a.example")?, turn("turns:b.example")?]);
    /// assert_eq!(lease.single_server().map(|server| server.urls().len()), Some(3));
    /// assert!(IceLease::new([stun]).single_server().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn single_server(&self) -> Option<IceServer> {
        let login = self.servers.iter().find(|server| server.has_turn())?.login()?;
        let fits = |server: &&IceServer| server.login().is_none_or(|other| other.is(login));
        let servers: Vec<_> = self.servers.iter().filter(fits).collect();
        let end = earliest_end(servers.iter().copied());
        let login = end.into_iter().fold(login.clone(), Login::with_valid_until);
        let urls: Vec<_> = servers.into_iter().flat_map(IceServer::urls).cloned().collect();
        IceServer::new(urls, login).ok()
    }

    /// What to answer a client at this time.
    #[must_use]
    pub fn answer_at(&self, now: UnixTime) -> LeaseAnswer<'_> {
        LeaseAnswer { servers: &self.servers, ttl: self.remaining_at(now) }
    }
}

fn earliest_end<'a>(servers: impl IntoIterator<Item = &'a IceServer>) -> Option<UnixTime> {
    servers.into_iter().filter_map(IceServer::login).filter_map(Login::valid_until).min()
}

/// A lease as a client is told of it: the servers, and for how long they can be used.
///
/// With the feature `serde` it is written as `{"iceServers": [...], "ttl": 3600}`, the ttl in whole
/// seconds, and only if it is known. Times by our clock stay out of it, since the client's clock is
/// another one.
#[cfg_attr(feature = "serde", doc = "```")]
#[cfg_attr(not(feature = "serde"), doc = "```ignore")]
/// use turn_credentials::ice::Login;
/// use turn_credentials::{IceLease, IceServer, UnixTime};
///
/// let login = Login::new("alice", "the-password")?;
/// let login = login.with_valid_until(UnixTime::from_secs(1_700_003_600));
/// let lease = IceLease::new([IceServer::new(["turn:a.example".parse()?], login)?]);
///
/// let ten_minutes_later = UnixTime::from_secs(1_700_000_600);
/// assert_eq!(
///     serde_json::to_string(&lease.answer_at(ten_minutes_later))?,
///     r#"{"iceServers":[{"urls":["turn:a.example"],"username":"alice","credential":"the-password"}],"ttl":3000}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias("RTCConfiguration", "iceServers"))]
#[derive(Clone, Copy, Debug)]
pub struct LeaseAnswer<'a> {
    servers: &'a IceServers,
    ttl: Option<Duration>,
}

impl<'a> LeaseAnswer<'a> {
    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &'a [IceServer] {
        self.servers.as_slice()
    }

    /// How long they can be used, in whole seconds; `None` if unknown.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }
}
