//! TURN logins, from the secret of your own coturn or from a provider.

use std::path::PathBuf;
use std::slice;
use std::time::Duration;

use clap::{Args, ValueEnum};
use thiserror::Error;
use tracing::warn;
use turn_credentials::ice::TurnServer;
use turn_credentials::{ClockSkew, IceError, IceLease};

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
        value_parser = input::parse_duration
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
        value_parser = input::parse_skew,
        allow_hyphen_values = true
    )]
    skew: ClockSkew,

    #[command(flatten)]
    xirsys: xirsys::Options,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Your own coturn, by the secret that you share with it
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
    Ice(#[from] IceError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Backend {
    pub(crate) fn new(options: Options) -> program::Result<Self> {
        if let Some(doubt) = input::doubt(options.ttl) {
            warn!("--ttl {doubt}");
        }
        match options.backend {
            Kind::Coturn => coturn(&options).map(Box::new).map(Self::Coturn),
            Kind::Xirsys => Xirsys::new(options.xirsys, options.ttl).map(Self::Xirsys),
        }
    }

    /// A lease with a TURN server, for this name, which a provider has no use for.
    pub(crate) async fn lease(&self, name: &str) -> Result<IceLease, TurnError> {
        Ok(match self {
            Self::Coturn(server) => IceLease::generate(name, slice::from_ref(server))?,
            Self::Xirsys(xirsys) => xirsys.lease().await?,
        })
    }
}

fn coturn(options: &Options) -> program::Result<TurnServer> {
    let uris = input::uris("--turn-uri", &options.uris)?;
    let secret = input::secret(&[], options.secret_file.as_slice())?;
    let server = match TurnServer::new(uris, secret, options.ttl) {
        Err(IceError::NoUrls | IceError::NoTurn) => {
            return Err("no TURN server: give --turn-uri turn:host".into());
        }
        server => server?.with_skew(options.skew),
    };
    // What is wrong with the time is better known now than with the first client.
    IceLease::generate("somebody", slice::from_ref(&server))?;
    Ok(server)
}
