//! Sends a provider's call with ureq.

use std::time::Duration;

use thiserror::Error;
use turn_credentials::provider::http::{Request, Response};
use turn_credentials::provider::{ApiCall, ApiError, CallError};
use ureq::{Agent, AsSendBody, Body};

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

/// Sends a request. Without TLS, it ignores the environment's proxy, which would see the secrets:
/// `http://` is meant for a server on this machine.
pub(crate) fn run(
    agent: &Agent,
    request: Request<impl AsSendBody>,
) -> Result<Response<Body>, ureq::Error> {
    if request.uri().scheme_str() == Some("http") {
        agent.run(agent.configure_request(request).proxy(None).build())
    } else {
        agent.run(request)
    }
}

pub(crate) fn ask<Call: ApiCall + ?Sized>(
    agent: &Agent,
    call: &Call,
) -> Result<Call::Answer, AskError> {
    const MOST: u64 = 64 * 1024;

    let (head, mut body) = run(agent, call.request()?.into_inner())?.into_parts();
    let body = body.with_config().limit(MOST).read_to_vec()?;
    Ok(call.read_answer(&Response::from_parts(head, body))?)
}
