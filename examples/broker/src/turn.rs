//! TURN logins, from the secret of your own coturn or from a provider.

use std::collections::HashSet;
use std::path::PathBuf;
use std::slice;
use std::sync::{Mutex, PoisonError};

use clap::{Args, ValueEnum};
use thiserror::Error;
use tracing::warn;
use turn_credentials::ice::{BrowserRefusal, TurnServer};
use turn_credentials::{ClockSkew, IceError, IceLease, IceUri, SharedSecret};

use crate::input;
use crate::program;
use crate::xirsys::{self, ProviderError, Xirsys};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Who vouches for the logins
    #[arg(long, env = "BROKER_BACKEND", value_enum, default_value = "coturn")]
    backend: Kind,

    /// How long a login lasts: 90s, 1h; digits alone are seconds
    #[arg(
        long,
        env = "BROKER_TTL",
        value_name = "TIME",
        default_value = "1h",
        value_parser = input::Ttl::parse
    )]
    ttl: input::Ttl,

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
        value_parser = input::parse_skew,
        allow_hyphen_values = true
    )]
    skew: ClockSkew,

    /// Have /ice and /token give the URIs that browsers refuse too: for clients that are not browsers
    #[arg(long, env = "BROKER_UNFILTERED")]
    unfiltered: bool,

    #[command(flatten)]
    xirsys: xirsys::Options,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Your own coturn, by the secret that you share with it
    Coturn,
    Xirsys,
}

pub(crate) struct Backend {
    source: Source,
    unfiltered: bool,
    /// Why URIs were left out for browsers, as far as the log says so.
    told: Mutex<HashSet<BrowserRefusal>>,
}

enum Source {
    Coturn(Box<TurnServer>),
    Xirsys(Xirsys),
}

#[derive(Debug, Error)]
pub(crate) enum TurnError {
    #[error(transparent)]
    Ice(#[from] IceError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Backend {
    pub(crate) fn new(options: Options) -> program::Result<Self> {
        if let Some(doubt) = options.ttl.doubt() {
            warn!("--ttl {doubt}");
        }
        let unfiltered = options.unfiltered;
        let source = match options.backend {
            Kind::Coturn => Source::Coturn(coturn(&options)?.into()),
            Kind::Xirsys => Source::Xirsys(Xirsys::new(options.xirsys, options.ttl.duration)?),
        };
        let backend = Self { source, unfiltered, told: Mutex::default() };
        if let Source::Coturn(server) = &backend.source {
            // What is wrong with the time or a URI is better known now than with the first client.
            let lease = IceLease::generate("somebody", slice::from_ref(server))?;
            if let Err(error) = backend.for_browsers(lease) {
                warn!(%error, "nothing to give at /ice and /token");
            }
        }
        Ok(backend)
    }

    /// A lease with a TURN server, for this name, which a provider has no use for.
    pub(crate) async fn lease(&self, name: &str) -> Result<IceLease, TurnError> {
        Ok(match &self.source {
            Source::Coturn(server) => IceLease::generate(name, slice::from_ref(server))?,
            Source::Xirsys(xirsys) => xirsys.lease().await?,
        })
    }

    /// The same without the URIs that browsers refuse.
    pub(crate) async fn lease_for_browsers(&self, name: &str) -> Result<IceLease, TurnError> {
        Ok(self.for_browsers(self.lease(name).await?)?)
    }

    fn for_browsers(&self, lease: IceLease) -> Result<IceLease, IceError> {
        if self.unfiltered {
            return Ok(lease);
        }
        lease.for_browsers(|uri, why| self.tell(uri, why))
    }

    /// Logs the first URI that is left out for this reason.
    fn tell(&self, uri: &IceUri, why: BrowserRefusal) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(why) {
            warn!(%uri, %why, "left out for browsers");
        }
    }
}

fn coturn(options: &Options) -> program::Result<TurnServer> {
    let uris = input::uris("--turn-uri", &options.uris)?;
    let file = options.secret_file.as_deref();
    let secret = file.map_or_else(input::secret_in_environment, input::secret_in_file)?;
    let secret = SharedSecret::new(secret)?;
    match TurnServer::new(uris, secret, options.ttl.duration) {
        Err(IceError::NoUrls | IceError::NoTurn) => {
            Err("no TURN server: give --turn-uri turn:host".into())
        }
        server => Ok(server?.with_skew(options.skew)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use turn_credentials::IceServer;

    use super::*;

    fn backend(texts: &[&str], unfiltered: bool) -> Backend {
        let uris: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let (secret, ttl) = (SharedSecret::new("north").unwrap(), Duration::from_secs(3600));
        let server = TurnServer::new(uris, secret, ttl).unwrap();
        Backend { source: Source::Coturn(server.into()), unfiltered, told: Mutex::default() }
    }

    fn uris(lease: &IceLease) -> Vec<String> {
        lease.servers().iter().flat_map(IceServer::urls).map(IceUri::to_string).collect()
    }

    #[tokio::test]
    async fn what_browsers_refuse_is_left_out_and_told_once() {
        let all = ["stuns:a", "stuns:b", "turn:a", "turns:a:465", "turn:a:465"];
        let broker = backend(&all, false);
        for _ in 0..3 {
            let lease = broker.lease_for_browsers("alice").await.unwrap();
            assert_eq!(uris(&lease), ["turn:a"]);
        }
        let told = [BrowserRefusal::Stuns, BrowserRefusal::BlockedPort { port: 465 }];
        assert_eq!(*broker.told.lock().unwrap(), HashSet::from(told));
        assert_eq!(uris(&broker.lease("alice").await.unwrap()), all, "for Janus and Matrix");

        let unfiltered = backend(&all, true);
        assert_eq!(uris(&unfiltered.lease_for_browsers("alice").await.unwrap()), all);
        assert!(unfiltered.told.lock().unwrap().is_empty());

        let none = backend(&["stun:a", "turns:a:465"], false);
        let error = none.lease_for_browsers("alice").await.unwrap_err();
        assert!(matches!(error, TurnError::Ice(IceError::NoneForBrowsers)));
    }
}
