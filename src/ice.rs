//! ICE servers (W3C `RTCIceServer`): what a client is given, in the formats that clients read.
//!
//! The central type is [`IceLease`]. You get a lease from your own [`TurnServer`]s or from a
//! provider, and make every format from it.
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::{IceLease, IceUri, SharedSecret, TurnServer, UnixTime};
//!
//! let (secret, hour) = (SharedSecret::new("north")?, Duration::from_secs(3600));
//! let servers = [TurnServer::new(IceUri::fan_out(["turn.example.org"])?, secret, hour)?];
//!
//! let now = UnixTime::from_secs(1_700_000_000);
//! let lease = IceLease::generate_at("alice", &servers, now)?.for_browsers(|_, _| ())?;
//! let answer = lease.answer_at(now); // with the feature `serde`, it serializes
//! assert_eq!(answer.servers()[0].username(), Some("1700003600:alice"));
//! assert_eq!(answer.ttl(), Some(hour));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | client | format |
//! |---|---|
//! | browsers | [`IceLease::for_browsers`], then [`IceLease::answer_at`] as JSON |
//! | clients that read a bare `RTCIceServer` | [`IceLease::single_server`] as JSON |
//! | Matrix, Janus, draft-uberti-behave-turn-rest-00 | [`rest::Answer`] as JSON |
//! | XMPP (XEP-0215) | [`xep_0215::services`] |
//! | WHIP (RFC 9725) and WHEP | [`link_header::values`] |
//! | GStreamer, libdatachannel | [`turn_uri::values`] |
//!
//! In every format, clients in browsers need a lease from `for_browsers`.

mod browser;
mod credential;
pub(crate) mod host;
#[cfg(feature = "serde")]
pub(crate) mod json;
mod lease;
pub mod link_header;
mod login;
pub mod rest;
mod scheme;
mod server;
mod servers;
mod turn_server;
pub mod turn_uri;
mod uri;
pub mod xep_0215;

pub use browser::BrowserRefusal;
pub use credential::Credential;
pub use lease::{IceLease, LeaseAnswer};
pub use login::Login;
pub use scheme::{Scheme, Transport};
pub use server::IceServer;
pub use servers::IceServers;
pub use turn_server::TurnServer;
pub use uri::{IceUri, UriError};
