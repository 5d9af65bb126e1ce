//! Where a provider's API is.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;

use http::uri::Authority;

use super::argument::is_segment;
use super::error::CallError;
use crate::ice::host::{is_ipv4_or_name, is_ipv6};

/// The base URL of a provider's API: the default one, a regional one, or your own proxy.
///
/// With `http://`, the key is sent in the clear: use it only with localhost.
///
/// ```
/// use turn_credentials::provider::{CallError, Gateway};
///
/// let gateway = Gateway::new("https://ws.xirsys.com/")?;
/// assert_eq!(gateway.as_str(), "https://ws.xirsys.com");
/// assert!(Gateway::new("https://ws.xirsys.com?key=1").is_err());
/// # Ok::<(), CallError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    base: Cow<'static, str>,
}

impl Gateway {
    /// Creates a gateway from a URL. One slash at its end is dropped.
    ///
    /// ```
    /// use turn_credentials::provider::{CallError, Gateway};
    ///
    /// assert_eq!(Gateway::new("http://localhost:8080/turn/")?.as_str(), "http://localhost:8080/turn");
    /// assert!(Gateway::new("https://user@turn.example.org").is_err());
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] unless the URL is `https://` or `http://`, a host, and perhaps a port
    /// and a path.
    pub fn new(base: &str) -> Result<Self, CallError> {
        let base = base.strip_suffix('/').unwrap_or(base);
        if is_base(base, &["https", "http"]) {
            Ok(Self { base: base.to_owned().into() })
        } else {
            let expected = "https:// or http://, a host, and perhaps a port and a path";
            Err(CallError::argument("gateway", expected))
        }
    }

    /// A provider's default gateway.
    pub(super) const fn known(base: &'static str) -> Self {
        Self { base: Cow::Borrowed(base) }
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }
}

/// Whether a URL has one of the schemes, a host, and perhaps a port and a path, and has nothing on
/// which URL parsers disagree.
pub(super) fn is_base(url: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(a, path)| (a, Some(path)));
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_plain = |segment: &str| is_segment(segment) && segment.bytes().all(unreserved);
    schemes.contains(&scheme)
        && is_host_and_port(authority)
        && path.is_none_or(|path| path.split('/').all(is_plain))
}

/// Whether the text is a host, perhaps with a port. It is compared with its parsed host and port,
/// which excludes a user, and a port such as `+80` or `080`.
fn is_host_and_port(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let (host, port) = (authority.host(), authority.port_u16());
    let port_text = port.map(|port| format!(":{port}")).unwrap_or_default();
    let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let is_name = host.bytes().all(of_a_name) && is_ipv4_or_name(host) && !host.contains("..");
    let ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    text == format!("{host}{port_text}")
        && port != Some(0)
        && !host.starts_with('.')
        && (is_name || ipv6.is_some_and(is_ipv6))
}
