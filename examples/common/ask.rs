//! A provider's call, sent by ureq.

use std::time::Duration;

use thiserror::Error;
use turn_credentials::provider::{ApiCall, ApiError, HttpResponse};
use ureq::Agent;
use ureq::http::Request;

/// None holds a secret.
#[derive(Debug, Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the request cannot be sent: {0}")]
    Request(#[from] ureq::http::Error),
    #[error("no answer: {0}")]
    NoAnswer(#[from] ureq::Error),
}

/// What sends calls, and follows no redirect: an account is for its gateway alone.
pub(crate) fn agent(patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(patience));
    config.build().new_agent()
}

pub(crate) fn ask<Call: ApiCall>(agent: &Agent, call: &Call) -> Result<Call::Answer, AskError> {
    const MOST: u64 = 64 * 1024;

    let mut response = agent.run(Request::try_from(call.request())?)?;
    let body = response.body_mut().with_config().limit(MOST).read_to_vec()?;
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
    let headers = wait.map(|wait| ("retry-after", wait));
    let response = HttpResponse::new(response.status().as_u16(), &body);
    Ok(call.read_answer(&response.with_headers(headers.as_slice()))?)
}
