//! What Xirsys wraps around every answer.

use alloc::vec::Vec;

use http::Response;
use serde_json::Value;

use crate::provider::answer::{Json, successful};
use crate::provider::error::{ApiError, may_pass};

/// Xirsys's words for why it refuses a call: the `code` of [`ApiError::Refused`].
pub mod code {
    /// A wrong ident or secret, or a deactivated account.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// The channel was never made.
    pub const NO_NAMESPACE: &str = "no_namespace";
    /// What was asked for does not exist.
    pub const NOT_FOUND: &str = "not_found";
    /// What was to be made exists.
    pub const PATH_EXISTS: &str = "path_exists";
    /// `_host` was asked without a type.
    pub const REQUIRE_TYPE_PARAM: &str = "require_type_param";
    /// `_host` was asked for a type that it does not know.
    pub const UNRECOGNIZED_TYPE_PARAM: &str = "unrecognized_type_param";
    /// An error of the service; try again.
    pub const INTERNAL: &str = "internal";
    /// Another client is writing; try again.
    pub const LOCKED: &str = "locked";
    /// Another client has written since.
    pub const VERSION_CONFLICT: &str = "version_conflict";
}

/// What is in the envelope, which decides before the HTTP status: Xirsys sends errors with 200 too.
pub(super) fn open(response: &Response<Vec<u8>>) -> Result<Json, ApiError> {
    let mut envelope =
        Json::read(response.body()).map_err(|error| successful(response).err().unwrap_or(error))?;
    let unknown = || successful(response).err().unwrap_or(ApiError::UnknownShape);
    let data = |data: Option<Json>| data.filter(|it| !it.as_value().is_null()).ok_or_else(unknown);
    let status = envelope.as_value().get("s").cloned();
    match status {
        // v3: {"s": "ok", "v": ...}, {"s": "error", "v": "code"}.
        Some(Value::String(word)) if word.eq_ignore_ascii_case("ok") => data(envelope.take("v")),
        Some(Value::String(_)) => Err(refusal(envelope.take("v"), None, response)),
        // v2: {"s": 200, "d": ..., "e": null}, {"s": 500, "d": null, "e": "message"}.
        Some(Value::Number(status)) => {
            let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
            match envelope.take("e").filter(|error| !error.as_value().is_null()) {
                None if status == Some(200) => data(envelope.take("d")),
                error => Err(refusal(error, status, response)),
            }
        }
        Some(_) => Err(unknown()),
        // Without an envelope: what a proxy, or a broker of Xirsys's, has unpacked.
        None => successful(response).and_then(|_| {
            let json = envelope.as_value();
            let bare = ["iceServers", "urls", "url"].iter().any(|name| json.get(name).is_some());
            if bare || json.is_array() { Ok(envelope) } else { Err(ApiError::UnknownShape) }
        }),
    }
}

/// A refusal with this word; version 2 of the API has a status in its envelope.
fn refusal(word: Option<Json>, status: Option<u16>, response: &Response<Vec<u8>>) -> ApiError {
    let word = word.and_then(Json::into_text).unwrap_or_default();
    let of_the_word = match &*word {
        code::INTERNAL | code::LOCKED => Some(true),
        code::UNAUTHORIZED
        | code::NO_NAMESPACE
        | code::NOT_FOUND
        | code::PATH_EXISTS
        | code::REQUIRE_TYPE_PARAM
        | code::UNRECOGNIZED_TYPE_PARAM
        | code::VERSION_CONFLICT => Some(false),
        _ => status.map(may_pass),
    };
    let make_it = (word == code::NO_NAMESPACE).then_some("make the channel first");
    let mut refusal = ApiError::refused(word, response);
    if let ApiError::Refused { advice, retryable, status: told, .. } = &mut refusal {
        *advice = make_it;
        *retryable = of_the_word.unwrap_or(*retryable);
        *told = status.unwrap_or(*told);
    }
    refusal
}
