//! Error answers. None tells the client more than it needs to know.

use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::{debug, error, warn};

use crate::backends::TurnError;
use crate::tokens::TokenError;

pub(crate) enum Failure {
    /// The body is empty, as in the Xirsys Access Token API; the reason is for the log.
    Unauthorized(&'static str),
    /// In the format of Matrix's client-server API.
    MatrixToken {
        missing: bool,
    },
    BadRequest(&'static str),
    NotFound,
    TooManyRequests {
        wait: Duration,
    },
    Provider {
        retry_after: Option<Duration>,
    },
    Store,
    Internal,
}

/// The longest `Retry-After` to pass on: a provider may send any number of seconds, and clients
/// comply.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

const BEARER: (HeaderName, &str) = (WWW_AUTHENTICATE, "Bearer");

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized(reason) => {
                debug!(reason, "refused");
                (StatusCode::UNAUTHORIZED, [BEARER]).into_response()
            }
            Self::MatrixToken { missing } => {
                let (errcode, error) = if missing {
                    ("M_MISSING_TOKEN", "missing access token")
                } else {
                    ("M_UNKNOWN_TOKEN", "wrong access token")
                };
                let error = json!({ "errcode": errcode, "error": error });
                (StatusCode::UNAUTHORIZED, [BEARER], Json(error)).into_response()
            }
            Self::BadRequest(error) => answer(StatusCode::BAD_REQUEST, error, None),
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::TooManyRequests { wait } => {
                answer(StatusCode::TOO_MANY_REQUESTS, "too many requests", Some(wait))
            }
            Self::Provider { retry_after } => {
                let error = "the TURN provider returned no login: try again";
                answer(StatusCode::BAD_GATEWAY, error, retry_after)
            }
            Self::Store => {
                let error = "the token store does not answer";
                answer(StatusCode::SERVICE_UNAVAILABLE, error, None)
            }
            Self::Internal => {
                answer(StatusCode::INTERNAL_SERVER_ERROR, "internal error: see the log", None)
            }
        }
    }
}

fn answer(status: StatusCode, error: &str, retry_after: Option<Duration>) -> Response {
    let mut response = (status, Json(json!({ "error": error }))).into_response();
    if let Some(wait) = retry_after {
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}

impl From<TurnError> for Failure {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Ice(error) => {
                error!(%error, "no login could be created");
                Self::Internal
            }
            TurnError::Provider(error) => {
                warn!(%error, "the provider failed");
                Self::Provider {
                    retry_after: error.retry_after().map(|wait| wait.min(LONGEST_WAIT)),
                }
            }
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Redis(_) => {
                warn!(%error, "the token store failed");
                Self::Store
            }
            _ => {
                error!(%error, "no token could be created");
                Self::Internal
            }
        }
    }
}
