//! What `check` tries: each address of each URI.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use turn_credentials::IceUri;
use turn_credentials::ice::{Login, Scheme, Transport};

use super::login::Entry;
use super::transport::Way;

#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) uri: IceUri,
    pub(crate) login: Option<Login>,
    /// The transport and the address, or why the URI cannot be tried.
    pub(crate) at: Result<(Way, SocketAddr), Untried>,
}

#[derive(Clone)]
pub(crate) enum Untried {
    Dtls,
    Unresolved(String),
    Family,
}

impl Target {
    pub(crate) fn label(&self) -> String {
        match &self.at {
            Ok((_, address)) if self.uri.host() != address.ip().to_string() => {
                format!("{} at {}", self.uri, address.ip())
            }
            _ => self.uri.to_string(),
        }
    }
}

/// Parses URIs, and hosts, which stand for UDP, TCP and TLS.
pub(crate) fn uris(texts: &[String]) -> crate::program::Result<Vec<IceUri>> {
    let mut uris = Vec::new();
    for text in texts {
        match text.parse::<IceUri>() {
            Ok(uri) => uris.push(uri),
            Err(error) => match IceUri::fan_out([text]) {
                Ok(ways) => uris.extend(ways),
                Err(_)
                    if !text.contains(['@', '/'])
                        && format!("turn:{text}").parse::<IceUri>().is_ok() =>
                {
                    return Err(format!(
                        "a host with a port needs a scheme: type turn:{text} or turns:{text}"
                    )
                    .into());
                }
                Err(_) => return Err(error.to_string().into()),
            },
        }
    }
    Ok(uris)
}

pub(crate) async fn resolve(
    entry: Entry,
    wanted: impl Fn(&SocketAddr) -> bool,
    patience: Duration,
) -> Vec<Target> {
    let Entry { uri, login } = entry;
    let target = |at| Target { uri: uri.clone(), login: login.clone(), at };
    let way = match (uri.scheme(), uri.transport_or_default()) {
        (Scheme::Stun | Scheme::Turn, Transport::Udp) => Way::Udp,
        (Scheme::Stun | Scheme::Turn, Transport::Tcp) => Way::Tcp,
        (Scheme::Stuns | Scheme::Turns, Transport::Tcp) => Way::Tls,
        _ => return vec![target(Err(Untried::Dtls))],
    };
    let asked = timeout(patience, lookup_host((uri.host(), uri.port_or_default()))).await;
    let mut addresses: Vec<SocketAddr> = match asked {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return vec![target(Err(Untried::Unresolved(error.to_string())))],
        Err(_) => return vec![target(Err(Untried::Unresolved("no answer from DNS".into())))],
    };
    addresses.sort_unstable();
    addresses.dedup();
    addresses.retain(wanted);
    if addresses.is_empty() {
        return vec![target(Err(Untried::Family))];
    }
    addresses.into_iter().map(|address| target(Ok((way, address)))).collect()
}
