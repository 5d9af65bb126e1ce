//! Logins from Xirsys.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use thiserror::Error;
use tokio::task;
use tracing::debug;
use turn_credentials::provider::xirsys::{Account, Gateway, IceRequest};
use turn_credentials::provider::{ApiCall, ApiError, CallError, HttpResponse, IceAnswer};
use turn_credentials::{Credential, IceServers, UnixTime};
use ureq::Agent;
use ureq::http::Request;

use crate::common;
use crate::key;

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
        value_parser = humantime::parse_duration
    )]
    xirsys_timeout: Duration,
}

pub(crate) struct Xirsys {
    account: Account,
    gateway: Gateway,
    channel: String,
    ttl: Duration,
    agent: Agent,
}

/// None says more of an answer than what it was wrong with.
#[derive(Debug, Error)]
pub(crate) enum ProviderError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the call did not go through: {0}")]
    Http(#[from] ureq::Error),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the call cannot be sent: {0}")]
    Request(#[from] ureq::http::Error),
    #[error("the call ended early: {0}")]
    Ended(#[from] task::JoinError),
    #[error("the answer has no TURN server with a login")]
    NoTurn,
}

impl ProviderError {
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl Xirsys {
    pub(crate) fn new(options: Options, ttl: Duration) -> common::Result<Self> {
        let ident =
            options.xirsys_ident.ok_or("no account: give --xirsys-ident or XIRSYS_IDENT")?;
        let secret = match &options.xirsys_secret_file {
            Some(path) => key::read_secret(path)?,
            None => env::var("XIRSYS_SECRET")
                .map(Credential::new)
                .map_err(|_| "no secret: give --xirsys-secret-file PATH or XIRSYS_SECRET")?,
        };
        let channel =
            options.xirsys_channel.ok_or("no channel: give --xirsys-channel or XIRSYS_CHANNEL")?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(options.xirsys_timeout))
            .build();
        let xirsys = Self {
            account: Account::new(&ident, secret)?,
            gateway: options
                .xirsys_gateway
                .as_deref()
                .map(Gateway::new)
                .transpose()?
                .unwrap_or_default(),
            channel,
            ttl,
            agent: agent.into(),
        };
        xirsys.call(UnixTime::now())?;
        Ok(xirsys)
    }

    pub(crate) fn ttl(&self) -> Duration {
        self.ttl
    }

    fn call(&self, now: UnixTime) -> Result<IceRequest, CallError> {
        let call = IceRequest::new(&self.account, &self.channel, self.ttl, now)?;
        Ok(call.via(self.gateway.clone()))
    }

    pub(crate) async fn servers(&self, now: UnixTime) -> Result<IceServers, ProviderError> {
        let (agent, call) = (self.agent.clone(), self.call(now)?);
        let answer = task::spawn_blocking(move || ask(&agent, &call)).await??;
        if answer.dropped() > 0 {
            debug!(count = answer.dropped(), "URIs of the provider's were left out");
        }
        Ok(answer.into_servers())
    }
}

fn ask(agent: &Agent, call: &IceRequest) -> Result<IceAnswer, ProviderError> {
    const MOST: u64 = 64 * 1024;

    let mut response = agent.run(Request::try_from(call.request())?)?;
    let body = response.body_mut().with_config().limit(MOST).read_to_vec()?;
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
    let headers = wait.map(|wait| ("retry-after", wait));
    let response = HttpResponse::new(response.status().as_u16(), &body);
    Ok(call.read_answer(&response.with_headers(headers.as_slice()))?)
}
