//! URIs that browsers refuse, although other clients use them.

use alloc::format;
use alloc::string::String;

use thiserror::Error;

use super::scheme::Scheme;
use super::uri::IceUri;

/// Why a browser refuses a URI that other clients use.
///
/// For some of these URIs, Firefox rejects the whole configuration, even if the other URIs are
/// good. Chromium silently ignores most of the URIs that are refused.
/// [`IceLease::for_browsers`](super::IceLease::for_browsers) leaves such URIs out.
///
/// ```
/// use turn_credentials::IceUri;
/// use turn_credentials::ice::{BrowserRefusal, UriError};
///
/// let refusal = |uri: &str| Ok::<_, UriError>(uri.parse::<IceUri>()?.browser_refusal());
/// assert_eq!(refusal("turns:turn.example.org:443")?, None);
/// assert_eq!(refusal("stuns:turn.example.org")?, Some(BrowserRefusal::Stuns));
///
/// let blocked = BrowserRefusal::BlockedPort { port: 465 };
/// assert_eq!(refusal("turns:turn.example.org:465")?, Some(blocked));
/// assert_eq!(
///     blocked.to_string(),
///     "Firefox blocks port 465, and rejects the whole configuration"
/// );
/// # Ok::<(), UriError>(())
/// ```
///
/// Tested with Firefox 153 and Chromium 156.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BrowserRefusal {
    /// The scheme is `stuns`: Firefox throws `NotSupportedError`.
    #[error("Firefox does not support stuns, and rejects the whole configuration")]
    Stuns,

    /// The port is one of the [bad ports] of the Fetch standard.
    ///
    /// Firefox throws `SyntaxError`, except for port 53. Chromium ignores the URI, except on ports
    /// 4190 and 6679.
    ///
    /// [bad ports]: https://fetch.spec.whatwg.org/#bad-port
    #[error("{}", blocked(*port))]
    BlockedPort {
        /// The port.
        port: u16,
    },

    /// The URI is a TURN server's, on a port below 1024 other than 80 and 443: Chromium ignores it.
    #[error("Chromium ignores TURN servers on port {port}: below 1024, it uses only 80 and 443")]
    LowPort {
        /// The port.
        port: u16,
    },
}

fn blocked(port: u16) -> String {
    if port == DNS {
        format!("Chromium blocks port {port}, and ignores the URI")
    } else {
        format!("Firefox blocks port {port}, and rejects the whole configuration")
    }
}

/// DNS's port: the only bad port that Firefox accepts.
const DNS: u16 = 53;

/// The bad ports of the Fetch standard in November 2026: <https://fetch.spec.whatwg.org/#bad-port>.
const BAD_PORTS: [u16; 82] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
    512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
    995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080,
];

impl IceUri {
    /// Why Firefox or Chromium refuses this URI; `None` if both accept it.
    ///
    /// ```
    /// use turn_credentials::IceUri;
    /// use turn_credentials::ice::{BrowserRefusal, UriError};
    ///
    /// let uri: IceUri = "turn:turn.example.org:1023".parse()?;
    /// assert_eq!(uri.browser_refusal(), Some(BrowserRefusal::LowPort { port: 1023 }));
    /// let uri: IceUri = "turn:turn.example.org:80".parse()?;
    /// assert_eq!(uri.browser_refusal(), None);
    /// # Ok::<(), UriError>(())
    /// ```
    #[must_use]
    pub fn browser_refusal(&self) -> Option<BrowserRefusal> {
        let port = self.port_or_default();
        if self.scheme() == Scheme::Stuns {
            Some(BrowserRefusal::Stuns)
        } else if BAD_PORTS.contains(&port) {
            Some(BrowserRefusal::BlockedPort { port })
        } else if self.is_turn() && port < 1024 && ![80, 443].contains(&port) {
            Some(BrowserRefusal::LowPort { port })
        } else {
            None
        }
    }
}
