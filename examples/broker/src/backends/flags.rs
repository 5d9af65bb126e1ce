//! One backend, as described by the command line and the environment.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::warn;
use turn_credentials::provider::{Gateway, xirsys};
use turn_credentials::{ClockSkew, IceError, SharedSecret};

use super::provider::{Account, PATIENCE, Provider};
use super::{Backend, Backends, Strategy};
use crate::config::Config;
use crate::input;
use crate::program::Result;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "TURN logins")]
pub(crate) struct Options {
    /// TOML file with several servers and providers: see broker.example.toml
    #[arg(long, env = "BROKER_CONFIG", value_name = "PATH")]
    config: Option<PathBuf>,

    /// Source of the logins
    #[arg(
        long,
        env = "BROKER_BACKEND",
        value_enum,
        default_value = "coturn",
        conflicts_with = "config"
    )]
    backend: Kind,

    /// How long a login lasts, such as 90s or 1h; a bare number is in seconds
    #[arg(
        long,
        env = "BROKER_TTL",
        value_name = "TIME",
        default_value = "1h",
        value_parser = input::Ttl::parse,
        conflicts_with = "config"
    )]
    ttl: input::Ttl,

    /// Address of coturn, such as turn:host:port?transport=udp; may be repeated
    #[arg(
        long = "turn-uri",
        env = "BROKER_TURN_URI",
        value_name = "URI",
        value_delimiter = ',',
        conflicts_with = "config"
    )]
    uris: Vec<String>,

    /// File with coturn's secret; without it, TURN_SECRET from the environment
    #[arg(long, env = "BROKER_SECRET_FILE", value_name = "PATH", conflicts_with = "config")]
    secret_file: Option<PathBuf>,

    /// coturn's clock minus this machine's, such as --skew=-5s or --skew=+5s
    #[arg(
        long,
        env = "BROKER_SKEW",
        value_name = "TIME",
        value_parser = input::parse_skew,
        allow_hyphen_values = true,
        conflicts_with = "config"
    )]
    skew: Option<ClockSkew>,

    /// Keep URIs that browsers refuse, for clients that are not browsers
    #[arg(long, env = "BROKER_UNFILTERED")]
    unfiltered: bool,

    /// Ident of the Xirsys account
    #[arg(long, env = "XIRSYS_IDENT", value_name = "IDENT", conflicts_with = "config")]
    xirsys_ident: Option<String>,

    /// File with the secret of the Xirsys account; without it, XIRSYS_SECRET from the environment
    #[arg(long, env = "BROKER_XIRSYS_SECRET_FILE", value_name = "PATH", conflicts_with = "config")]
    xirsys_secret_file: Option<PathBuf>,

    /// Xirsys channel, such as my/channel
    #[arg(long, env = "XIRSYS_CHANNEL", value_name = "CHANNEL", conflicts_with = "config")]
    xirsys_channel: Option<String>,

    /// Xirsys gateway [default: https://global.xirsys.net]
    #[arg(long, env = "XIRSYS_GATEWAY", value_name = "URL", conflicts_with = "config")]
    xirsys_gateway: Option<String>,

    /// How long to wait for Xirsys [default: 5s]
    #[arg(
        long,
        env = "BROKER_XIRSYS_TIMEOUT",
        value_name = "TIME",
        value_parser = input::parse_duration,
        conflicts_with = "config"
    )]
    xirsys_timeout: Option<Duration>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Your own coturn, with its static-auth-secret
    Coturn,
    /// Xirsys, over its API
    Xirsys,
}

impl Options {
    /// Reads the secrets, and the configuration file if there is one.
    pub(crate) fn backends(&self) -> Result<Backends> {
        if let Some(path) = &self.config {
            let Config { strategy, backends } = Config::read(path)?;
            return Ok(Backends::new(strategy, backends, self.unfiltered));
        }
        if let Some(doubt) = self.ttl.doubt() {
            warn!("--ttl {doubt}");
        }
        let idle = match self.backend {
            Kind::Coturn => [
                ("--xirsys-ident", self.xirsys_ident.is_some()),
                ("--xirsys-secret-file", self.xirsys_secret_file.is_some()),
                ("--xirsys-channel", self.xirsys_channel.is_some()),
                ("--xirsys-gateway", self.xirsys_gateway.is_some()),
                ("--xirsys-timeout", self.xirsys_timeout.is_some()),
            ]
            .to_vec(),
            Kind::Xirsys => [
                ("--turn-uri", !self.uris.is_empty()),
                ("--secret-file", self.secret_file.is_some()),
                ("--skew", self.skew.is_some()),
            ]
            .to_vec(),
        };
        if let Some((flag, _)) = idle.into_iter().find(|(_, given)| *given) {
            return Err(format!("{flag} does nothing with this --backend: remove it").into());
        }
        let backend = match self.backend {
            Kind::Coturn => self.coturn()?,
            Kind::Xirsys => self.xirsys()?,
        };
        Ok(Backends::new(Strategy::First, vec![backend], self.unfiltered))
    }

    fn coturn(&self) -> Result<Backend> {
        let uris = input::uris("--turn-uri", &self.uris)?;
        let file = self.secret_file.as_deref();
        let secret = file.map_or_else(input::secret_in_environment, input::secret_in_file)?;
        let secret = SharedSecret::new(secret)?;
        let skew = self.skew.unwrap_or(ClockSkew::NONE);
        match Backend::turn("coturn".into(), uris, secret, self.ttl.duration, skew) {
            Err(IceError::NoUrls | IceError::NoTurn) => {
                Err("no TURN server: give --turn-uri turn:host".into())
            }
            backend => Ok(backend?),
        }
    }

    fn xirsys(&self) -> Result<Backend> {
        let patience = self.xirsys_timeout.unwrap_or(PATIENCE);
        if patience.is_zero() {
            return Err("--xirsys-timeout: must be longer than zero".into());
        }
        let ident = self.xirsys_ident.as_deref();
        let ident = ident.ok_or("no account: give --xirsys-ident or XIRSYS_IDENT")?;
        let file = self.xirsys_secret_file.as_deref();
        let secret = input::secret_text_or(file, "--xirsys-secret-file", "XIRSYS_SECRET")?;
        let channel = self.xirsys_channel.clone();
        let channel = channel.ok_or("no channel: give --xirsys-channel or XIRSYS_CHANNEL")?;
        let gateway = self.xirsys_gateway.as_deref().map(Gateway::new).transpose()?;
        let account = xirsys::Account::new(ident, secret)?;
        let account = Account::Xirsys { account, channel, near_user: false };
        let provider = Provider::new(account, gateway, patience, 1);
        Backend::provider("xirsys".into(), provider, self.ttl.duration, false)
    }
}
