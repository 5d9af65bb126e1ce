//! Error answers. None tells the client more than it needs to know.

use std::time::Duration;

use http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::json;
use thiserror::Error;
use turn_credentials::IceError;
use turn_credentials::access_token::AccessTokenError;
use turn_credentials::provider::{ApiError, CallError, http};

use crate::broker;
use crate::settings::SettingsError;

/// The longest `Retry-After` to pass on: a provider may send any number of seconds, and clients
/// comply.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The messages are for the log, and contain no secret.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("refused")]
    Unauthorized,
    #[error("not a request")]
    BadRequest,
    #[error("no such path")]
    NotFound,
    #[error("no such method here")]
    MethodNotAllowed { allowed: &'static str },
    #[error("too many requests")]
    TooManyRequests,
    #[error("a setting is missing or wrong: {0}")]
    Settings(#[from] SettingsError),
    #[error("no login could be created: {0}")]
    Ice(#[from] IceError),
    #[error("no token could be created: {0}")]
    Token(#[from] AccessTokenError),
    #[error("the request to the provider is invalid: {0}")]
    Call(#[from] CallError),
    #[error("the provider failed: {0}")]
    Provider(#[from] ApiError),
    #[error("the provider did not answer")]
    NoAnswer,
    #[error("the provider's answer exceeds 64 KiB")]
    LongAnswer,
    #[error("the provider's answer has no TURN server with a login")]
    NoTurn,
}

impl Failure {
    /// Whether to log the failure, for the operator.
    pub(crate) fn is_ours(&self) -> bool {
        self.status().is_server_error()
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Settings(_) | Self::Ice(_) | Self::Token(_) | Self::Call(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Provider(_) | Self::NoAnswer | Self::LongAnswer | Self::NoTurn => {
                StatusCode::BAD_GATEWAY
            }
        }
    }

    pub(crate) fn into_response(self) -> Response<String> {
        let error = match self.status() {
            StatusCode::TOO_MANY_REQUESTS => "too many requests",
            StatusCode::INTERNAL_SERVER_ERROR => "internal error: see the log",
            StatusCode::BAD_GATEWAY => "the TURN provider returned no login: try again",
            // The body is empty in the Xirsys Access Token API, too.
            _ => "",
        };
        let mut response = if error.is_empty() {
            Response::default()
        } else {
            broker::json(&json!({ "error": error }))
        };
        *response.status_mut() = self.status();
        let header = match self {
            Self::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::MethodNotAllowed { allowed } => Some((ALLOW, HeaderValue::from_static(allowed))),
            // The period of the limit in `wrangler.toml`.
            Self::TooManyRequests => Some((RETRY_AFTER, HeaderValue::from_static("60"))),
            Self::Provider(error) => error.retry_after().map(|wait| {
                let wait = wait.min(LONGEST_WAIT);
                let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                (RETRY_AFTER, secs.into())
            }),
            _ => None,
        };
        response.headers_mut().extend(header);
        response
    }
}
