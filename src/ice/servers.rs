//! A list of ICE servers.

use core::{mem, slice};

use alloc::vec::{self, Vec};

use super::browser::BrowserRefusal;
use super::scheme::{Scheme, Transport};
use super::server::IceServer;
use super::uri::IceUri;
use crate::error::IceError;
#[cfg(feature = "providers")]
use crate::time::UnixTime;

/// A list of ICE servers.
///
/// With the feature `serde`, it is written as `{"iceServers": [...]}`, which
/// `new RTCPeerConnection()` accepts unchanged. It is read from such an object (also with
/// `ice_servers`), from a bare list, or from one server. Anything that is not a usable
/// [`IceServer`] is left out and [counted](Self::dropped); it is an error if all of them are. An
/// empty list is valid.
///
/// ```
/// use turn_credentials::{IceServer, IceServers};
///
/// let stun = IceServer::without_login(["stun:turn.example.org".parse()?])?;
/// let mut servers = IceServers::default();
/// assert!(servers.is_empty());
/// servers.extend([stun]);
/// assert_eq!(servers.as_slice()[0].urls()[0].host(), "turn.example.org");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "RTCConfiguration")]
#[derive(Clone, Debug, Default)]
pub struct IceServers {
    servers: Vec<IceServer>,
    dropped: usize,
}

impl IceServers {
    /// Creates a list that was read, with the number of its URIs that were left out.
    #[cfg(feature = "serde")]
    pub(super) fn read(servers: Vec<IceServer>, dropped: usize) -> Self {
        Self { servers, dropped }
    }

    /// The servers, in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[IceServer] {
        &self.servers
    }

    /// Iterates over the servers, in their order.
    pub fn iter(&self) -> slice::Iter<'_, IceServer> {
        self.servers.iter()
    }

    /// How many servers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Whether there is no server.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// How many URIs were left out when the list was read: invalid URIs, TURN URIs without a valid
    /// login, and all URIs of an entry that repeats a member, or whose credential is not a
    /// password. An entry without URIs counts as one URI.
    ///
    /// ```
    /// use turn_credentials::IceServers;
    ///
    /// # #[cfg(feature = "serde")] {
    /// let json = r#"[{"urls": ["stun:a.example", "stun:a.example:0"]}, {"urls": "turn:a.example"}]"#;
    /// let servers: IceServers = serde_json::from_str(json)?;
    /// assert_eq!((servers.len(), servers.dropped()), (1, 2));
    /// # }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Sets the time until which the logins are accepted, on our clock.
    #[cfg(feature = "providers")]
    pub(super) fn with_valid_until(mut self, valid_until: UnixTime) -> Self {
        let servers = self.servers.into_iter();
        self.servers = servers.map(|server| server.with_valid_until(valid_until)).collect();
        self
    }

    /// Keeps at most `count` URIs, in their original order, covering as many kinds as possible.
    ///
    /// Each URI slows down ICE gathering, and Firefox warns if there are five or more. One of each
    /// kind is chosen first, with this priority: STUN (`stun` before `stuns`, which Firefox does
    /// not support), TURN over UDP, TURN over TCP, and TURN over TLS (preferably on port 443, which
    /// passes most firewalls). Then comes a second of each kind, and so on. TURN over DTLS, which
    /// few clients support, comes last. Call [`for_browsers`](Self::for_browsers) before this.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceServer, IceServers, IceUri};
    ///
    /// let uris = IceUri::fan_out(["a.example", "b.example"])?;
    /// let server = IceServer::new(uris, Login::new("1700000000:alice", "the-password")?)?;
    /// let servers = IceServers::from(vec![server]).limit_urls(4);
    /// let uris: Vec<_> = servers.as_slice()[0].urls().iter().map(IceUri::to_string).collect();
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

    /// Leaves out the URIs that Firefox or Chromium refuses, and reports each to `left_out`, with
    /// the reason.
    ///
    /// ```
    /// use turn_credentials::ice::Login;
    /// use turn_credentials::{IceError, IceServer, IceServers, IceUri};
    ///
    /// let servers = |texts: &[&str]| -> Result<IceServers, Box<dyn std::error::Error>> {
    ///     let uris: Result<Vec<IceUri>, _> = texts.iter().map(|text| text.parse()).collect();
    ///     Ok([IceServer::new(uris?, Login::new("1700000000:alice", "the-password")?)?].into())
    /// };
    ///
    /// let mut left_out = Vec::new();
    /// let servers_for_browsers = servers(&["stuns:a.example", "turn:a.example"])?
    ///     .for_browsers(|uri, why| left_out.push(format!("{uri}: {why}")))?
    ///     .limit_urls(4);
    /// assert_eq!(servers_for_browsers.as_slice()[0].urls().len(), 1);
    /// assert_eq!(
    ///     left_out,
    ///     ["stuns:a.example: Firefox does not support stuns, and rejects the whole configuration"]
    /// );
    ///
    /// let none = servers(&["stun:a.example", "turns:a.example:465"])?.for_browsers(|_, _| ());
    /// assert_eq!(none.unwrap_err(), IceError::NoneForBrowsers);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`IceError::NoneForBrowsers`] if no server is left, or if there were TURN servers and none
    /// of them is left.
    pub fn for_browsers(
        self,
        mut left_out: impl FnMut(&IceUri, BrowserRefusal),
    ) -> Result<Self, IceError> {
        let with_turn = |servers: &Self| servers.iter().any(IceServer::has_turn);
        let before = with_turn(&self);
        let servers = self.retain_urls(|uri| match uri.browser_refusal() {
            Some(why) => {
                left_out(uri, why);
                false
            }
            None => true,
        });
        if servers.is_empty() || before != with_turn(&servers) {
            return Err(IceError::NoneForBrowsers);
        }
        Ok(servers)
    }

    /// Removes every URI with this port, whether it is written in the URI or is the default.
    ///
    /// ```
    /// use turn_credentials::{IceServer, IceServers};
    ///
    /// let stun = IceServer::without_login(["stun:a.example:53".parse()?, "stun:a.example".parse()?])?;
    /// let servers = IceServers::from([stun]).without_port(53);
    /// assert_eq!(servers.as_slice()[0].urls(), ["stun:a.example".parse()?]);
    /// assert!(servers.without_port(3478).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_port(self, port: u16) -> Self {
        self.retain_urls(|uri| uri.port_or_default() != port)
    }

    fn retain_urls(mut self, mut stays: impl FnMut(&IceUri) -> bool) -> Self {
        let servers = self.servers.into_iter();
        self.servers = servers.filter_map(|server| server.retain_urls(&mut stays)).collect();
        self
    }
}

/// The kind of a URI: STUN, or TURN over one transport. Within a kind, the better URI comes first.
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

/// Reorders the places of URIs that are sorted by kind: the first of each kind, then the second of
/// each, and so on; DTLS last.
fn by_turns(sorted: &[(Kind, usize)]) -> Vec<usize> {
    let same_kind =
        |a: &(Kind, usize), b: &(Kind, usize)| mem::discriminant(&a.0) == mem::discriminant(&b.0);
    let turns = sorted.chunk_by(same_kind).flat_map(|kind| kind.iter().enumerate());
    let mut turns: Vec<_> =
        turns.map(|(turn, &(kind, place))| (kind == Kind::Dtls, turn, kind, place)).collect();
    turns.sort_unstable();
    turns.into_iter().map(|(.., place)| place).collect()
}

impl AsRef<[IceServer]> for IceServers {
    fn as_ref(&self) -> &[IceServer] {
        &self.servers
    }
}

impl<const N: usize> From<[IceServer; N]> for IceServers {
    fn from(servers: [IceServer; N]) -> Self {
        Vec::from(servers).into()
    }
}

impl From<Vec<IceServer>> for IceServers {
    fn from(servers: Vec<IceServer>) -> Self {
        Self { servers, dropped: 0 }
    }
}

impl FromIterator<IceServer> for IceServers {
    fn from_iter<I: IntoIterator<Item = IceServer>>(servers: I) -> Self {
        Vec::from_iter(servers).into()
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
