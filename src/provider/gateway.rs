//! Where a provider's API is.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;

use http::Uri;

use super::argument::is_segment;
use super::error::CallError;

/// The base URL of a provider's API: the provider's own, a regional one, or a proxy of yours.
///
/// Over `http://` the key is sent in the clear; use it on localhost only.
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
    /// Makes a gateway of a URL; one slash at its end is dropped.
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] unless it is `https://` or `http://` with a host, and perhaps a port and
    /// a path.
    pub fn new(base: &str) -> Result<Self, CallError> {
        let base = base.strip_suffix('/').unwrap_or(base);
        if is_base(base, &["https", "http"]) {
            Ok(Self { base: base.to_owned().into() })
        } else {
            let expected = "https:// or http://, a host, and perhaps a port and a path";
            Err(CallError::argument("gateway", expected))
        }
    }

    /// A provider's own.
    pub(super) const fn known(base: &'static str) -> Self {
        Self { base: Cow::Borrowed(base) }
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }
}

/// Whether a URL has one of the schemes, a host, and perhaps a port and a path, and nothing that another
/// parser reads differently.
pub(super) fn is_base(url: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(a, path)| (a, Some(path)));
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let is_plain = |segment: &str| is_segment(segment) && segment.bytes().all(unreserved);
    schemes.contains(&scheme)
        && is_host_and_port(authority)
        && path.is_none_or(|path| path.split('/').all(is_plain))
}

fn is_host_and_port(authority: &str) -> bool {
    let Ok(uri) = Uri::try_from(authority) else { return false };
    let host = uri.host().unwrap_or_default();
    let port = authority.strip_prefix(host).and_then(|port| port.strip_prefix(':'));
    let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let named = !host.is_empty() && host.bytes().all(of_a_name);
    let is_ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_ipv6 = is_ipv6.is_some_and(|host| host.parse::<core::net::Ipv6Addr>().is_ok());
    (named || is_ipv6) && (authority == host || port.is_some_and(|_| uri.port_u16().is_some()))
}
