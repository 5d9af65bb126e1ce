//! Logins from Xirsys.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task;
use tracing::debug;
use turn_credentials::provider::xirsys::{Account, IceRequest};
use turn_credentials::provider::{CallError, Gateway};
use turn_credentials::{IceLease, UnixTime};
use ureq::Agent;

use crate::ask::{self, AskError, ask};
use crate::input;
use crate::program;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Xirsys's account
    #[arg(long, env = "XIRSYS_IDENT", value_name = "IDENT")]
    xirsys_ident: Option<String>,

    /// A file with the account's secret; without it, the environment's XIRSYS_SECRET is the secret
    #[arg(long, env = "BROKER_XIRSYS_SECRET_FILE", value_name = "PATH")]
    xirsys_secret_file: Option<PathBuf>,

    /// The channel, as my/channel
    #[arg(long, env = "XIRSYS_CHANNEL", value_name = "CHANNEL")]
    xirsys_channel: Option<String>,

    /// Another gateway than https://global.xirsys.net
    #[arg(long, env = "XIRSYS_GATEWAY", value_name = "URL")]
    xirsys_gateway: Option<String>,

    /// How long to wait for Xirsys
    #[arg(
        long,
        env = "BROKER_XIRSYS_TIMEOUT",
        value_name = "TIME",
        default_value = "5s",
        value_parser = input::parse_duration
    )]
    xirsys_timeout: Duration,
}

/// Each call takes a thread, of which Tokio has 512: one that waited for it would be late.
const MOST_AT_ONCE: usize = 256;

pub(crate) struct Xirsys {
    account: Account,
    gateway: Option<Gateway>,
    channel: String,
    ttl: Duration,
    agent: Agent,
    places: Arc<Semaphore>,
}

#[derive(Debug, Error)]
pub(crate) enum ProviderError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("too many calls at once: is the provider slow?")]
    Busy,
    #[error("the call ended early: {0}")]
    Ended(#[from] task::JoinError),
    #[error("the answer has no TURN server with a login")]
    NoTurn,
}

impl ProviderError {
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Ask(AskError::Api(error)) => error.retry_after(),
            _ => None,
        }
    }
}

impl Xirsys {
    pub(crate) fn new(options: Options, ttl: Duration) -> program::Result<Self> {
        if options.xirsys_timeout.is_zero() {
            return Err("--xirsys-timeout: no time at all".into());
        }
        let ident =
            options.xirsys_ident.ok_or("no account: give --xirsys-ident or XIRSYS_IDENT")?;
        let file = options.xirsys_secret_file.as_deref();
        let secret = input::secret_text_or(file, "--xirsys-secret-file", "XIRSYS_SECRET")?;
        let channel =
            options.xirsys_channel.ok_or("no channel: give --xirsys-channel or XIRSYS_CHANNEL")?;
        let gateway = options.xirsys_gateway.as_deref();
        let xirsys = Self {
            account: Account::new(&ident, secret)?,
            gateway: gateway.map(Gateway::new).transpose()?,
            channel,
            ttl,
            agent: ask::agent(options.xirsys_timeout),
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        };
        xirsys.call()?;
        Ok(xirsys)
    }

    fn call(&self) -> Result<IceRequest, CallError> {
        let call = IceRequest::new(&self.account, &self.channel, self.ttl, UnixTime::now())?;
        Ok(match self.gateway.clone() {
            Some(gateway) => call.via(gateway),
            None => call,
        })
    }

    /// A lease with a TURN server.
    pub(crate) async fn lease(&self) -> Result<IceLease, ProviderError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| ProviderError::Busy)?;
        let (agent, call) = (self.agent.clone(), self.call()?);
        let asked = task::spawn_blocking(move || {
            let _place = place;
            ask(&agent, &call)
        });
        let lease = asked.await??;
        if lease.dropped() > 0 {
            debug!(count = lease.dropped(), "URIs of the provider's were left out");
        }
        if lease.single_server().is_none() {
            return Err(ProviderError::NoTurn);
        }
        Ok(lease)
    }
}
