//! The address of a STUN or TURN server (RFC 7064, RFC 7065).

use core::fmt;
use core::str::FromStr;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use super::host::{is_ipv4_or_name, is_ipv6};
use super::scheme::{Scheme, Transport};
use crate::decimal;

/// The address of a STUN or TURN server: `turn:turn.example.org:3478?transport=udp`.
///
/// A value follows the grammar of W3C WebRTC section 4.2.4, and native libraries accept it as well.
/// One thing is not checked: whether `xn--` labels are valid IDNA; Firefox rejects invalid ones.
/// Some URIs are for native clients only: see [`browser_refusal`](Self::browser_refusal). A URI
/// displays as written, except that the scheme becomes lower-case and the port loses leading zeros.
///
/// ```
/// use turn_credentials::IceUri;
/// use turn_credentials::ice::{Scheme, Transport, UriError};
///
/// let uri: IceUri = "TURN:turn.example.org?transport=tcp".parse()?;
/// assert_eq!(uri.scheme(), Scheme::Turn);
/// assert_eq!(uri.host(), "turn.example.org");
/// assert_eq!((uri.port(), uri.port_or_default()), (None, 3478));
/// assert_eq!(uri.transport(), Some(Transport::Tcp));
/// assert_eq!(uri.to_string(), "turn:turn.example.org?transport=tcp");
///
/// let built = IceUri::new(Scheme::Turns, "2001:db8::1")?.with_port(443)?;
/// assert_eq!(built.to_string(), "turns:[2001:db8::1]:443");
///
/// assert_eq!("turn://turn.example.org".parse::<IceUri>(), Err(UriError::Slashes));
/// # Ok::<(), UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IceUri {
    scheme: Scheme,
    /// A name or an address. Only an IPv6 address, which has no brackets here, contains a colon.
    host: String,
    port: Option<u16>,
    transport: Option<Transport>,
}

impl IceUri {
    /// Creates a URI from a scheme and a host, which is a name, an IPv4 address, or an IPv6 address
    /// with or without brackets.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{Scheme, UriError};
    ///
    /// let uri = IceUri::new(Scheme::Turn, "turn.example.org")?;
    /// assert_eq!(uri.to_string(), "turn:turn.example.org");
    /// assert_eq!(IceUri::new(Scheme::Turn, "turn.example.org:3478"), Err(UriError::Host));
    /// # Ok::<(), UriError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UriError::NotAscii`] for a host that is not ASCII; [`UriError::Wildcard`] for a host with
    /// `*`; [`UriError::Host`] for anything else that is not a host.
    pub fn new(scheme: Scheme, host: &str) -> Result<Self, UriError> {
        if !host.is_ascii() {
            return Err(UriError::NotAscii);
        }
        if host.contains('*') {
            return Err(UriError::Wildcard);
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let valid = match bare {
            Some(bare) => is_ipv6(bare),
            None => is_ipv6(host) || is_ipv4_or_name(host),
        };
        let host = bare.unwrap_or(host);
        let uri = Self { scheme, host: host.to_owned(), port: None, transport: None };
        valid.then_some(uri).ok_or(UriError::Host)
    }

    /// Sets the port.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{Scheme, UriError};
    ///
    /// let uri = IceUri::new(Scheme::Turns, "turn.example.org")?;
    /// assert_eq!(uri.clone().with_port(443)?.to_string(), "turns:turn.example.org:443");
    /// assert_eq!(uri.with_port(0), Err(UriError::Port));
    /// # Ok::<(), UriError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UriError::Port`] for port 0.
    pub fn with_port(self, port: u16) -> Result<Self, UriError> {
        if port == 0 { Err(UriError::Port) } else { Ok(Self { port: Some(port), ..self }) }
    }

    /// Sets the port to the scheme's default if the URI has none, since clients disagree about the
    /// default for `stuns`.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{Scheme, UriError};
    ///
    /// let uri = IceUri::new(Scheme::Stuns, "turn.example.org")?.with_default_port();
    /// assert_eq!(uri.to_string(), "stuns:turn.example.org:5349");
    /// # Ok::<(), UriError>(())
    /// ```
    #[must_use]
    pub fn with_default_port(self) -> Self {
        Self { port: Some(self.port_or_default()), ..self }
    }

    /// Sets the transport.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{Scheme, Transport, UriError};
    ///
    /// let uri = |scheme| IceUri::new(scheme, "a.example")?.with_transport(Transport::Tcp);
    /// assert_eq!(uri(Scheme::Turn)?.to_string(), "turn:a.example?transport=tcp");
    /// assert_eq!(uri(Scheme::Stun), Err(UriError::StunQuery));
    /// # Ok::<(), UriError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UriError::StunQuery`] for `stun` and `stuns`, which have no transport.
    pub fn with_transport(self, transport: Transport) -> Result<Self, UriError> {
        if self.scheme.is_turn() {
            Ok(Self { transport: Some(transport), ..self })
        } else {
            Err(UriError::StunQuery)
        }
    }

    /// Lists three URIs for each TURN host: UDP and TCP on port 3478, and TLS on port 443, which
    /// passes most firewalls.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    ///
    /// let uris: Vec<_> = IceUri::fan_out(["a.example"])?.iter().map(IceUri::to_string).collect();
    /// assert_eq!(
    ///     uris,
    ///     [
    ///         "turn:a.example:3478?transport=udp",
    ///         "turn:a.example:3478?transport=tcp",
    ///         "turns:a.example:443?transport=tcp",
    ///     ]
    /// );
    /// assert!(IceUri::fan_out(["https://a.example"]).is_err());
    /// # Ok::<(), turn_credentials::ice::UriError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn fan_out(
        hosts: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Self>, UriError> {
        const WAYS: [(Scheme, u16, Transport); 3] = [
            (Scheme::Turn, 3478, Transport::Udp),
            (Scheme::Turn, 3478, Transport::Tcp),
            (Scheme::Turns, 443, Transport::Tcp),
        ];
        let ways = |host: &str| {
            WAYS.map(|(scheme, port, transport)| {
                Self::new(scheme, host)?.with_port(port)?.with_transport(transport)
            })
        };
        hosts.into_iter().flat_map(|host| ways(host.as_ref())).collect()
    }

    /// Writes the host, with brackets around an IPv6 address.
    pub(super) fn write_host(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let (before, after) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(out, "{before}{}{after}", self.host)
    }

    /// Whether this is a TURN server's URI.
    pub(super) fn is_turn(&self) -> bool {
        self.scheme.is_turn()
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host. An IPv6 address has no brackets here.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if given.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, or the [scheme's default](Scheme::default_port).
    ///
    /// ```
    /// use turn_credentials::IceUri;
    ///
    /// let uri: IceUri = "turns:turn.example.org".parse()?;
    /// assert_eq!((uri.port(), uri.port_or_default()), (None, 5349));
    /// # Ok::<(), turn_credentials::ice::UriError>(())
    /// ```
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.scheme.default_port())
    }

    /// The transport, if given.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.transport
    }

    /// The transport, or the scheme's default: UDP, or TCP for TLS (RFC 7065 section 3.2).
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{Transport, UriError};
    ///
    /// let transport = |uri: &str| Ok::<_, UriError>(uri.parse::<IceUri>()?.transport_or_default());
    /// assert_eq!(transport("turn:turn.example.org")?, Transport::Udp);
    /// assert_eq!(transport("turns:turn.example.org")?, Transport::Tcp);
    /// # Ok::<(), UriError>(())
    /// ```
    #[must_use]
    pub fn transport_or_default(&self) -> Transport {
        self.transport.unwrap_or(match self.scheme {
            Scheme::Stun | Scheme::Turn => Transport::Udp,
            Scheme::Stuns | Scheme::Turns => Transport::Tcp,
        })
    }
}

impl fmt::Display for IceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.as_str())?;
        self.write_host(f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if let Some(transport) = self.transport {
            write!(f, "?transport={}", transport.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for IceUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.is_empty() {
            return Err(UriError::Empty);
        }
        if let Some(index) = text.find(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UriError::Blank { index });
        }
        if text.starts_with('\'') || text.contains(['"', '“', '”']) {
            return Err(UriError::Quoted);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let scheme = match parse_scheme(scheme) {
            Err(UriError::Scheme) if rest.contains('@') => return Err(UriError::UserInfo),
            scheme => scheme?,
        };
        if rest.starts_with("http://") || rest.starts_with("https://") {
            return Err(UriError::Https);
        }
        if rest.starts_with("//") {
            return Err(UriError::Slashes);
        }
        if rest.contains('@') {
            return Err(UriError::UserInfo);
        }
        if rest.contains('#') {
            return Err(UriError::Fragment);
        }
        let (address, query) = match rest.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (rest, None),
        };
        if address.contains('/') {
            return Err(UriError::Path);
        }
        let (host, port) = split_port(address)?;
        let mut uri = Self::new(scheme, host)?;
        if let Some(port) = port {
            uri = uri.with_port(decimal::parse(port).ok_or(UriError::Port)?)?;
        }
        match query {
            None => Ok(uri),
            Some("transport=udp") => uri.with_transport(Transport::Udp),
            Some("transport=tcp") => uri.with_transport(Transport::Tcp),
            Some(_) if !scheme.is_turn() => Err(UriError::StunQuery),
            Some(_) => Err(UriError::Query),
        }
    }
}

fn parse_scheme(text: &str) -> Result<Scheme, UriError> {
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    let scheme = Scheme::ALL.into_iter().find(|scheme| is(scheme.as_str()));
    scheme.ok_or(if is("https") || is("http") { UriError::Https } else { UriError::Scheme })
}

/// The host, with its brackets if there are any, and the text of the port.
fn split_port(address: &str) -> Result<(&str, Option<&str>), UriError> {
    if address.starts_with('[') {
        let end = address.find(']').ok_or(UriError::Host)?.saturating_add(1);
        let (host, after) = address.split_at_checked(end).ok_or(UriError::Host)?;
        return match after.strip_prefix(':') {
            None if after.is_empty() => Ok((host, None)),
            Some(port) => Ok((host, Some(port))),
            None => Err(UriError::Port),
        };
    }
    let before_port = address.rsplit_once(':').map_or(address, |(host, _)| host);
    if is_ipv6(address) || is_ipv6(before_port) {
        return Err(UriError::NoBrackets);
    }
    match address.split_once(':') {
        None => Ok((address, None)),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

/// Which part of a STUN or TURN URI is wrong.
///
/// No message shows the URI, which may contain a misplaced password.
///
/// ```
/// use turn_credentials::IceUri;
/// use turn_credentials::ice::UriError;
///
/// let refused = |text: &str| text.parse::<IceUri>().unwrap_err();
/// assert_eq!(refused("turn:*.example.org"), UriError::Wildcard);
/// assert_eq!(refused("turn:[::1]:0"), UriError::Port);
/// assert_eq!(
///     refused("turn://turn.example.org").to_string(),
///     "the scheme is followed by slashes: write turn:host, without them"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UriError {
    /// The text is empty.
    #[error("the URI is empty: look for an unset variable or an extra comma")]
    Empty,

    /// The URI has quotation marks, usually around it: some tools do not remove them from a value
    /// in a configuration file.
    #[error("the URI has quotation marks around it: leave them out")]
    Quoted,

    /// The URI contains a blank or control character. Browsers silently strip some of these.
    #[error("the URI has a blank or control character at byte {index}: leave it out")]
    Blank {
        /// The position of its first byte in the text, counted from 0.
        index: usize,
    },

    /// The URI is a web address, such as that of a provider's API, instead of a STUN or TURN
    /// server's.
    #[error(
        "the URI is a web address, not a STUN or TURN server's: give the URIs that a provider's \
         API returns, not the API's own"
    )]
    Https,

    /// The scheme is not one of stun, stuns, turn and turns.
    #[error("the scheme is not stun, stuns, turn or turns")]
    Scheme,

    /// The scheme is followed by slashes, as in `turn://host`.
    #[error("the scheme is followed by slashes: write turn:host, without them")]
    Slashes,

    /// A user precedes the host, as in `turn:user@host` or `turn:user:password@host`.
    #[error("the URI has a user before the host: give the username and the credential separately")]
    UserInfo,

    /// The URI has a path, as in `turn:host/path`.
    #[error("the URI has a path: leave it out")]
    Path,

    /// The host is empty, or is neither a name nor an address, or includes a scheme or port.
    #[error("the host is not a name or an address: write it alone, with brackets around IPv6")]
    Host,

    /// The host is an IPv6 address without brackets, as in `turn:2001:db8::1` or
    /// `turn:2001:db8::1:3478`.
    #[error(
        "the host is an IPv6 address without brackets: put them around it, as in turn:[::1]:3478"
    )]
    NoBrackets,

    /// The host is not ASCII: it is an internationalized name, or has full-width dots. Browsers
    /// convert such a host; other clients do not.
    #[error(
        "the host is not ASCII: write an international name as xn--... (punycode), with plain dots"
    )]
    NotAscii,

    /// The host has a wildcard, as in `turn:*.example.org`, which Firefox rejects.
    #[error("the host has a wildcard, which no client can resolve: name one server")]
    Wildcard,

    /// The port is not a number within 1..=65535.
    #[error("the port is not a number within 1..=65535")]
    Port,

    /// The query of `turn` or `turns` is neither `transport=udp` nor `transport=tcp`.
    #[error("the query is not ?transport=udp or ?transport=tcp, in lower case")]
    Query,

    /// A `stun` or `stuns` URI has a query or a transport, which RFC 7064 does not allow.
    #[error("a stun URI cannot have a query: leave out the question mark and what follows it")]
    StunQuery,

    /// The URI has a fragment, as in `turn:host#fragment`.
    #[error("the URI has a fragment: leave out the # and what follows it")]
    Fragment,
}
