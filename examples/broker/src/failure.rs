//! Every answer that is not what was asked for. None tells the client more than it needs.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::{debug, warn};

use crate::tokens::StoreError;
use crate::turn::TurnError;

pub(crate) enum Failure {
    /// With an empty body, as the Xirsys Access Token API has it; the reason is for the log.
    Unauthorized(&'static str),
    BadRequest(String),
    NotFound,
    TooManyRequests {
        wait: Duration,
    },
    Provider {
        retry_after: Option<Duration>,
    },
    Store,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized(reason) => {
                debug!(reason, "refused");
                StatusCode::UNAUTHORIZED.into_response()
            }
            Self::BadRequest(error) => answer(StatusCode::BAD_REQUEST, &error, None),
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::TooManyRequests { wait } => {
                answer(StatusCode::TOO_MANY_REQUESTS, "too many requests: wait", Some(wait))
            }
            Self::Provider { retry_after } => {
                let error = "the TURN provider gives no login: try again";
                answer(StatusCode::BAD_GATEWAY, error, retry_after)
            }
            Self::Store => {
                let error = "the token store does not answer: try again";
                answer(StatusCode::SERVICE_UNAVAILABLE, error, None)
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
            TurnError::Name(error) => Self::BadRequest(error.to_string()),
            TurnError::Provider(error) => {
                warn!(%error, "the provider fails");
                Self::Provider { retry_after: error.retry_after() }
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        warn!(%error, "the token store fails");
        Self::Store
    }
}
