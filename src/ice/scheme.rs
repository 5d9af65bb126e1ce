//! How a URI begins, and how it may end: the protocol, and what carries it.

/// What a URI begins with: the protocol, and whether TLS (or DTLS) carries it.
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

    /// Whether it is TURN, which needs a login.
    #[must_use]
    pub fn is_turn(self) -> bool {
        matches!(self, Self::Turn | Self::Turns)
    }

    /// 3478, and 5349 over TLS (RFC 7064 section 3.2, RFC 7065 section 3.2).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Stun | Self::Turn => 3478,
            Self::Stuns | Self::Turns => 5349,
        }
    }
}

/// How a client reaches a TURN server; relayed traffic to peers is UDP either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// UDP; with `turns` that is DTLS, which few clients speak.
    Udp,
    /// TCP; with `turns` that is TLS.
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
