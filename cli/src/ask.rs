//! Sends a provider's call with ureq.

use std::time::Duration;

use thiserror::Error;
use turn_credentials::provider::http::Response;
use turn_credentials::provider::{ApiCall, ApiError, CallError};
use ureq::Agent;

/// Why a call failed. No variant contains a secret.
#[derive(Debug, Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("no answer: {0}")]
    NoAnswer(#[from] ureq::Error),
}

/// An agent that follows no redirects, because they could send a secret to another host.
pub(crate) fn agent(patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(patience));
    config.build().new_agent()
}

pub(crate) fn ask<Call: ApiCall + ?Sized>(
    agent: &Agent,
    call: &Call,
) -> Result<Call::Answer, AskError> {
    const MOST: u64 = 64 * 1024;

    let request = call.request()?.into_inner();
    // Without TLS, a proxy would see the account's secret. `http://` is meant for a gateway on this
    // machine, which needs no proxy.
    let (head, mut body) = if request.uri().scheme_str() == Some("http") {
        agent.run(agent.configure_request(request).proxy(None).build())?.into_parts()
    } else {
        agent.run(request)?.into_parts()
    };
    let body = body.with_config().limit(MOST).read_to_vec()?;
    Ok(call.read_answer(&Response::from_parts(head, body))?)
}
