//! Logins from a provider, one call each.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::{task, time};
use tracing::debug;
use turn_credentials::provider::{ApiCall, ApiKey, CallError, Gateway};
use turn_credentials::provider::{cloudflare, metered, twilio, xirsys};
use turn_credentials::{IceLease, UnixTime};
use ureq::Agent;

use crate::ask::{self, AskError, ask};
use crate::metrics;

/// How long to wait for a provider by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The most calls at once. Each occupies one of Tokio's 512 blocking threads; calls without a
/// thread would wait and time out.
const MOST_AT_ONCE: usize = 256;

pub(crate) enum Account {
    Xirsys { account: xirsys::Account, channel: String, near_user: bool },
    Cloudflare { key: cloudflare::Key, custom_identifier: bool },
    Twilio { sid: String, token: ApiKey },
    Metered { app: String, key: ApiKey },
}

/// Everything that differs between two calls of an account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Parameters {
    pub(crate) ttl: Duration,
    pub(crate) user_address: Option<IpAddr>,
    pub(crate) custom_identifier: Option<String>,
}

pub(crate) struct Provider {
    name: String,
    account: Account,
    gateway: Option<Gateway>,
    agent: Agent,
    patience: Duration,
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
    #[error("no answer in time")]
    Late(#[from] time::error::Elapsed),
    #[error("the call was aborted: {0}")]
    Ended(#[from] task::JoinError),
    #[error("the answer has no TURN server with a login")]
    NoTurn,
}

impl ProviderError {
    /// Whether other calls are likely to fail too, because the provider is at fault.
    pub(crate) fn may_last(&self) -> bool {
        match self {
            Self::Ask(AskError::Api(error)) => error.is_retryable(),
            Self::Ask(AskError::NoAnswer(_)) | Self::Busy | Self::Late(_) => true,
            _ => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Ask(AskError::Api(error)) => error.retry_after(),
            _ => None,
        }
    }
}

impl Provider {
    /// Creates a provider that may use its part of the threads, which `of` backends share.
    pub(crate) fn new(
        account: Account,
        gateway: Option<Gateway>,
        patience: Duration,
        of: usize,
    ) -> Self {
        Self {
            name: String::new(),
            account,
            gateway,
            agent: ask::agent(patience),
            patience,
            places: Arc::new(Semaphore::new((MOST_AT_ONCE / of.max(1)).max(1))),
        }
    }

    /// Sets the name for metrics and the log.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// The parameters of a call for this client.
    pub(crate) fn parameters(
        &self,
        ttl: Duration,
        name: &str,
        client: Option<IpAddr>,
    ) -> Parameters {
        let simple = Parameters { ttl, user_address: None, custom_identifier: None };
        match &self.account {
            Account::Xirsys { near_user: true, .. } => {
                let near = Parameters { user_address: client, ..simple.clone() };
                // Xirsys accepts only public addresses.
                if self.call(&near).is_ok() { near } else { simple }
            }
            Account::Cloudflare { custom_identifier: true, .. } => {
                Parameters { custom_identifier: Some(name.to_owned()), ..simple }
            }
            _ => simple,
        }
    }

    pub(crate) fn call(
        &self,
        parameters: &Parameters,
    ) -> Result<Box<dyn ApiCall<Answer = IceLease> + Send>, CallError> {
        let Parameters { ttl, user_address, custom_identifier } = parameters;
        let (ttl, now, gateway) = (*ttl, UnixTime::now(), self.gateway.iter().cloned());
        Ok(match &self.account {
            Account::Xirsys { account, channel, .. } => {
                let call = xirsys::IceRequest::new(account, channel, ttl, now)?;
                let call = gateway.fold(call, xirsys::IceRequest::via);
                Box::new(user_address.iter().try_fold(call, |call, user| call.for_user(*user))?)
            }
            Account::Cloudflare { key, .. } => {
                let call = cloudflare::IceRequest::new(key, ttl, now)?;
                let call = gateway.fold(call, cloudflare::IceRequest::via);
                let identifier = custom_identifier.iter();
                Box::new(identifier.fold(call, |call, text| call.with_custom_identifier(text)))
            }
            Account::Twilio { sid, token } => {
                let call = twilio::IceRequest::new(sid, token.clone(), ttl, now)?;
                Box::new(gateway.fold(call, twilio::IceRequest::via))
            }
            Account::Metered { app, key } => {
                let call = metered::IceRequest::new(app, key.clone(), now)?.with_ttl(ttl);
                Box::new(gateway.fold(call, metered::IceRequest::via))
            }
        })
    }

    /// A lease with a TURN server.
    pub(crate) async fn lease(&self, parameters: &Parameters) -> Result<IceLease, ProviderError> {
        let start = Instant::now();
        let lease = self.ask(parameters).await;
        metrics::called(&self.name, lease.is_ok(), start.elapsed());
        lease
    }

    async fn ask(&self, parameters: &Parameters) -> Result<IceLease, ProviderError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| ProviderError::Busy)?;
        let (agent, call) = (self.agent.clone(), self.call(parameters)?);
        let asked = task::spawn_blocking(move || {
            let _place = place;
            ask(&agent, &*call)
        });
        let lease = time::timeout(self.patience, asked).await???;
        if lease.dropped() > 0 {
            debug!(count = lease.dropped(), "unusable URIs of the provider were ignored");
        }
        if lease.single_server().is_none() {
            return Err(ProviderError::NoTurn);
        }
        Ok(lease)
    }
}
