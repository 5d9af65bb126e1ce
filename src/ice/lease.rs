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
/// You get a lease from your own servers, or from a provider's answer. Every format in
/// [`ice`](super) is made from a lease or from its servers.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::TurnServer;
/// use turn_credentials::{IceLease, IceUri, SharedSecret, UnixTime};
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
/// A lease does not serialize. Send the client [`answer_at`](Self::answer_at), whose ttl is the
/// time that remains, even if you have kept the lease for a while.
#[derive(Clone, Debug)]
pub struct IceLease {
    servers: IceServers,
    valid_until: Option<UnixTime>,
}

impl IceLease {
    /// Creates a lease of these servers. It ends when the first of their logins does: at the
    /// earliest known [`valid_until`](crate::ice::Login::valid_until).
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
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{IceError, IceLease, IceUri, SharedSecret, TurnServer};
    ///
    /// let (secret, hour) = (SharedSecret::new("north")?, Duration::from_secs(3600));
    /// let servers = [TurnServer::new(IceUri::fan_out(["a.example"])?, secret, hour)?];
    /// let lease = IceLease::generate("alice", &servers)?;
    /// assert_eq!(lease.servers()[0].urls().len(), 3);
    /// assert_eq!(IceLease::generate("alice", &[]).unwrap_err(), IceError::NoTurn);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn generate(name: &str, servers: &[TurnServer]) -> Result<Self, IceError> {
        Self::generate_at(name, servers, UnixTime::now())
    }

    /// Mints a login for this name on each of your servers. The lease lists the servers in the same
    /// order as `servers`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{IceError, IceLease, IceUri, SharedSecret, TurnServer, UnixTime};
    ///
    /// let (secret, hour) = (SharedSecret::new("north")?, Duration::from_secs(3600));
    /// let servers = [TurnServer::new(IceUri::fan_out(["a.example"])?, secret, hour)?];
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let lease = IceLease::generate_at("alice", &servers, now)?;
    /// assert_eq!(lease.servers()[0].username(), Some("1700003600:alice"));
    /// assert_eq!(IceLease::generate_at("alice", &[], now).unwrap_err(), IceError::NoTurn);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoTurn`] for an empty list, and [`IceError::Credentials`] with the errors of
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

    /// Creates the lease of a provider's answer, whose logins all expire at the same time.
    #[cfg(feature = "providers")]
    pub(crate) fn of_provider(servers: IceServers, valid_until: Option<UnixTime>) -> Self {
        let servers = valid_until.into_iter().fold(servers, IceServers::with_valid_until);
        Self { servers, valid_until }
    }

    /// Adds a server, such as a STUN server, or one with another login.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer};
    ///
    /// let turn = IceServer::new(["turn:a.example".parse()?], Login::new("alice", "the-password")?)?;
    /// let stun = IceServer::without_login(["stun:a.example".parse()?])?;
    /// let lease = IceLease::new([turn]).with_server(stun);
    /// assert_eq!(lease.servers()[1].urls()[0].to_string(), "stun:a.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Returns the list of servers, which serializes as `{"iceServers": [...]}`, without a ttl.
    #[must_use]
    pub fn into_servers(self) -> IceServers {
        self.servers
    }

    /// The earliest known `valid_until` of the logins, on our clock. `None` if none is known.
    ///
    /// For a provider's lease, it is computed from the ttl that you gave, or from a shorter ttl
    /// that Twilio granted, because most providers do not report an expiry.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixTime> {
        self.valid_until
    }

    /// The time left until [`valid_until`](Self::valid_until), or zero after it. Send this to the
    /// client as the ttl. `None` if no login's `valid_until` is known.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer, UnixTime};
    ///
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let login = Login::new("alice", "the-password")?;
    /// let uris = ["turn:a.example".parse()?];
    /// let lease = IceLease::new([IceServer::new(uris.clone(), login.clone())?]);
    /// assert_eq!(lease.remaining_at(now), None);
    ///
    /// let login = login.with_valid_until(UnixTime::from_secs(1_700_003_600));
    /// let lease = IceLease::new([IceServer::new(uris, login)?]);
    /// assert_eq!(lease.remaining_at(now), Some(Duration::from_secs(3600)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn remaining_at(&self, now: UnixTime) -> Option<Duration> {
        self.valid_until.map(|end| Duration::from_secs(now.secs_until(end)))
    }

    /// When to fetch the next lease, counted from `now`: after three quarters of the time that
    /// remains. `None` if no login's `valid_until` is known.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer, UnixTime};
    ///
    /// let [now, end] = [1_700_000_000, 1_700_003_600].map(UnixTime::from_secs);
    /// let login = Login::new("alice", "the-password")?.with_valid_until(end);
    /// let lease = IceLease::new([IceServer::new(["turn:a.example".parse()?], login)?]);
    /// assert_eq!(lease.renew_after_at(now), Some(Duration::from_secs(2700)));
    /// assert_eq!(lease.renew_after_at(end), Some(Duration::ZERO));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn renew_after_at(&self, now: UnixTime) -> Option<Duration> {
        self.remaining_at(now).map(three_quarters)
    }

    /// How many URIs were left out when the servers were read: see [`IceServers::dropped`].
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.servers.dropped()
    }

    /// Leaves out the URIs that Firefox or Chromium refuses, and reports each to `left_out`: see
    /// [`IceServers::for_browsers`].
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceError, IceLease, IceServer};
    ///
    /// let login = Login::new("alice", "the-password")?;
    /// let turn = IceServer::new(["turn:a.example".parse()?, "turn:a.example:53".parse()?], login)?;
    /// let mut left_out = Vec::new();
    /// let lease = IceLease::new([turn]).for_browsers(|uri, _| left_out.push(uri.to_string()))?;
    /// assert_eq!(lease.servers()[0].urls().len(), 1);
    /// assert_eq!(left_out, ["turn:a.example:53"]);
    ///
    /// let none = lease.without_port(3478).for_browsers(|_, _| ());
    /// assert_eq!(none.unwrap_err(), IceError::NoneForBrowsers);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoneForBrowsers`], as in [`IceServers::for_browsers`].
    pub fn for_browsers(
        self,
        left_out: impl FnMut(&IceUri, BrowserRefusal),
    ) -> Result<Self, IceError> {
        let of_logins = earliest_end(&self.servers);
        let servers = self.servers.for_browsers(left_out)?;
        Ok(Self { servers, ..self }.until_first_end(of_logins))
    }

    /// Keeps at most `count` URIs: see [`IceServers::limit_urls`].
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer};
    ///
    /// let urls = ["turn:a.example".parse()?, "turn:b.example".parse()?];
    /// let lease = IceLease::new([IceServer::new(urls, Login::new("alice", "the-password")?)?]);
    /// assert_eq!(lease.limit_urls(1).servers()[0].urls()[0].host(), "a.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limit_urls(self, count: usize) -> Self {
        let of_logins = earliest_end(&self.servers);
        Self { servers: self.servers.limit_urls(count), ..self }.until_first_end(of_logins)
    }

    /// Removes every URI with this port: see [`IceServers::without_port`].
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer};
    ///
    /// let urls = ["turn:a.example".parse()?, "turn:a.example:53".parse()?];
    /// let lease = IceLease::new([IceServer::new(urls, Login::new("alice", "the-password")?)?]);
    /// assert_eq!(lease.without_port(53).servers()[0].urls().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_port(self, port: u16) -> Self {
        let of_logins = earliest_end(&self.servers);
        Self { servers: self.servers.without_port(port), ..self }.until_first_end(of_logins)
    }

    /// Computes the lease's end again, if it was `of_logins`: a login that was left out no longer
    /// limits it. A provider's lease may have an end that none of its logins has.
    fn until_first_end(self, of_logins: Option<UnixTime>) -> Self {
        let valid_until = of_logins.map_or(self.valid_until, |_| earliest_end(&self.servers));
        Self { valid_until, ..self }
    }

    /// Merges the lease into one server, for clients that read only one. The result has the first
    /// TURN login, and the URIs of every server that has this login or none. `None` if there is no
    /// TURN server.
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

    /// The answer to send to a client at this time.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceLease, IceServer, UnixTime};
    ///
    /// let end = UnixTime::from_secs(1_700_003_600);
    /// let login = Login::new("alice", "the-password")?.with_valid_until(end);
    /// let lease = IceLease::new([IceServer::new(["turn:a.example".parse()?], login)?]);
    /// let answer = lease.answer_at(UnixTime::from_secs(1_700_000_600));
    /// assert_eq!(answer.ttl(), Some(Duration::from_secs(3000)));
    /// assert_eq!(lease.answer_at(end).ttl(), Some(Duration::ZERO));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn answer_at(&self, now: UnixTime) -> LeaseAnswer<'_> {
        LeaseAnswer { servers: &self.servers, ttl: self.remaining_at(now) }
    }
}

fn earliest_end<'a>(servers: impl IntoIterator<Item = &'a IceServer>) -> Option<UnixTime> {
    servers.into_iter().filter_map(IceServer::login).filter_map(Login::valid_until).min()
}

/// A lease as it is sent to a client: the servers, and how long they can be used.
///
/// With the feature `serde`, it serializes as `{"iceServers": [...], "ttl": 3600}`. The ttl is in
/// whole seconds, and is left out if it is unknown. The answer gives no end time, because the
/// client's clock may be wrong.
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

    /// How long the servers can be used, in whole seconds; `None` if unknown.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }
}
