//! TURN logins, from one's own coturn's secret or from a provider.

use std::path::PathBuf;
use std::slice;
use std::time::Duration;

use clap::{Args, ValueEnum};
use thiserror::Error;
use turn_credentials::ice::TurnServer;
use turn_credentials::ice::rest::Answer;
use turn_credentials::{ClockSkew, Error, IceServer, IceServers, IceUri, UnixTime};

use crate::common;
use crate::xirsys::{self, ProviderError, Xirsys};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Who vouches for the logins
    #[arg(long, env = "BROKER_BACKEND", value_enum, default_value = "coturn")]
    backend: Kind,

    /// How long a login lasts
    #[arg(
        long,
        env = "BROKER_TTL",
        value_name = "TIME",
        default_value = "1h",
        value_parser = humantime::parse_duration
    )]
    ttl: Duration,

    /// Where coturn is, as turn:host:port?transport=udp; may be given again
    #[arg(long = "turn-uri", env = "BROKER_TURN_URI", value_name = "URI", value_delimiter = ',')]
    uris: Vec<String>,

    /// A file with coturn's secret; without it, the environment's TURN_SECRET is the secret
    #[arg(long, env = "BROKER_SECRET_FILE", value_name = "PATH")]
    secret_file: Option<PathBuf>,

    /// coturn's clock minus ours: --skew=-5s, --skew=+5s
    #[arg(
        long,
        env = "BROKER_SKEW",
        value_name = "TIME",
        default_value = "0s",
        value_parser = common::parse_skew,
        allow_hyphen_values = true
    )]
    skew: ClockSkew,

    #[command(flatten)]
    xirsys: xirsys::Options,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A coturn of one's own, by the secret that is shared with it
    Coturn,
    Xirsys,
}

pub(crate) enum Backend {
    Coturn(Box<TurnServer>),
    Xirsys(Xirsys),
}

#[derive(Debug, Error)]
pub(crate) enum TurnError {
    #[error(transparent)]
    Mint(#[from] Error),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Backend {
    pub(crate) fn new(options: Options) -> common::Result<Self> {
        match options.backend {
            Kind::Coturn => coturn(&options).map(Box::new).map(Self::Coturn),
            Kind::Xirsys => Xirsys::new(options.xirsys, options.ttl).map(Self::Xirsys),
        }
    }

    /// A login for this name, which a provider has no use for.
    pub(crate) async fn login(&self, name: &str) -> Result<Login, TurnError> {
        let now = UnixTime::now();
        let (servers, ttl) = match self {
            Self::Coturn(server) => {
                let servers = IceServers::generate_at(name, slice::from_ref(server), now)?;
                (servers, server.ttl())
            }
            Self::Xirsys(xirsys) => (xirsys.servers(now).await?, xirsys.ttl()),
        };
        Ok(Login::new(servers, ttl, now).ok_or(ProviderError::NoTurn)?)
    }
}

fn coturn(options: &Options) -> common::Result<TurnServer> {
    let uris = common::uris("--turn-uri", &options.uris)?;
    if !uris.iter().any(|uri| uri.scheme().is_turn()) {
        return Err("no TURN server: give --turn-uri turn:host".into());
    }
    let secret = common::secret(&[], options.secret_file.as_slice())?;
    let server = TurnServer::new(uris, secret, options.ttl)?.with_skew(options.skew);
    // What is wrong with the time is better known now than with the first client.
    IceServers::generate("somebody", slice::from_ref(&server))?;
    Ok(server)
}

/// What a client is given.
pub(crate) struct Login {
    servers: IceServers,
    together: IceServer,
    ttl: Duration,
    issued_at: UnixTime,
}

impl Login {
    /// None without a TURN server.
    fn new(servers: IceServers, ttl: Duration, issued_at: UnixTime) -> Option<Self> {
        let together = together(&servers)?;
        Some(Self { servers, together, ttl, issued_at })
    }

    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    /// By our clock, as the ttl is.
    pub(crate) fn expires_at(&self) -> UnixTime {
        UnixTime::from_secs(self.issued_at.as_secs().saturating_add(self.ttl.as_secs()))
    }

    /// One server that has all the URIs of the login.
    pub(crate) fn into_server(self) -> IceServer {
        self.together
    }

    pub(crate) fn into_servers(self) -> IceServers {
        self.servers
    }

    pub(crate) fn to_answer(&self) -> Result<Answer, TurnError> {
        Ok(Answer::for_server(&self.together, self.ttl)?)
    }
}

/// The first TURN login, with the URIs of every server that takes it or needs none.
fn together(servers: &IceServers) -> Option<IceServer> {
    let is_turn = |uri: &IceUri| uri.scheme().is_turn();
    let login = |server: &IceServer| {
        let (username, credential) = server.username().zip(server.credential())?;
        Some((username.to_owned(), credential.clone()))
    };
    let first = servers.iter().find(|server| server.urls().iter().any(is_turn))?;
    let (username, credential) = login(first)?;
    let takes_it = |server: &&IceServer| match login(server) {
        None => true,
        Some(other) => other.0 == username && other.1.as_str() == credential.as_str(),
    };
    let urls: Vec<_> = servers.iter().filter(takes_it).flat_map(IceServer::urls).cloned().collect();
    IceServer::new(urls, username, credential).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_server_has_all_uris_of_the_first_turn_login() {
        for (servers, expected) in [
            (json!([]), None),
            (json!([{"urls": "stun:a"}]), None),
            (json!([{"urls": "stun:a", "username": "u", "credential": "c"}]), None),
            (
                json!([
                    {"urls": "stun:a"},
                    {"urls": "turn:b", "username": "u", "credential": "c"},
                    {"urls": ["turns:c", "stun:d"], "username": "u", "credential": "c"},
                    {"urls": "turn:e", "username": "u", "credential": "other"},
                    {"urls": "turn:f", "username": "other", "credential": "c"},
                ]),
                Some(json!({
                    "urls": ["stun:a", "turn:b", "turns:c", "stun:d"],
                    "username": "u",
                    "credential": "c",
                })),
            ),
        ] {
            let servers: IceServers = serde_json::from_value(servers).unwrap();
            let found = together(&servers).map(|server| serde_json::to_value(server).unwrap());
            assert_eq!(found, expected);
        }
    }
}
