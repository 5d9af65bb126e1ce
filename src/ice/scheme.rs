//! The scheme and the transport of a URI.

/// The scheme of a URI: the protocol, and whether it runs over TLS (or DTLS).
///
/// ```
/// use turn_credentials::ice::Scheme;
///
/// assert_eq!(Scheme::Turns.as_str(), "turns");
/// assert_eq!(Scheme::Turns.default_port(), 5349);
/// assert!(Scheme::Turns.is_turn() && !Scheme::Stun.is_turn());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// STUN.
    Stun,
    /// STUN over TLS.
    Stuns,
    /// TURN.
    Turn,
    /// TURN over TLS.
    Turns,
}

impl Scheme {
    pub(super) const ALL: [Self; 4] = [Self::Stun, Self::Stuns, Self::Turn, Self::Turns];

    /// The text before the first colon, in lower case: libwebrtc compares it case-sensitively.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stun => "stun",
            Self::Stuns => "stuns",
            Self::Turn => "turn",
            Self::Turns => "turns",
        }
    }

    /// Whether the protocol is TURN, which needs a login.
    #[must_use]
    pub fn is_turn(self) -> bool {
        matches!(self, Self::Turn | Self::Turns)
    }

    /// The port of a URI without one: 3478, or 5349 over TLS (RFC 7064 section 3.2, RFC 7065
    /// section 3.2).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Stun | Self::Turn => 3478,
            Self::Stuns | Self::Turns => 5349,
        }
    }
}

/// How a client reaches a TURN server. The relayed traffic to peers is UDP either way.
///
/// ```
/// use turn_credentials::IceUri;
/// use turn_credentials::ice::{Transport, UriError};
///
/// let uri: IceUri = "turn:turn.example.org?transport=tcp".parse()?;
/// assert_eq!(uri.transport(), Some(Transport::Tcp));
/// assert_eq!(Transport::Tcp.as_str(), "tcp");
/// # Ok::<(), UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// UDP. With `turns`, this is DTLS, which few clients speak.
    Udp,
    /// TCP. With `turns`, this is TLS.
    Tcp,
}

impl Transport {
    /// The value of `?transport=`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}
