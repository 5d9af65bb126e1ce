//! The envelope in which Xirsys sends every answer.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use http::Response;

use crate::json::Json;
use crate::provider::answer::{read_json, successful};
use crate::provider::error::{ApiError, may_pass};

/// The reasons that Xirsys gives when it refuses a call: the `code` of [`ApiError::Refused`].
///
/// ```
/// use turn_credentials::provider::xirsys::{Account, HostRequest, code};
/// use turn_credentials::provider::{ApiCall, ApiError, http};
///
/// let call = HostRequest::new(&Account::new("ident", "secret")?);
/// let body = br#"{"s": "error", "v": "locked"}"#;
/// let error = call.read_answer(&http::Response::new(body.to_vec())).unwrap_err();
/// assert!(matches!(&error, ApiError::Refused { code, .. } if code == code::LOCKED));
/// assert!(error.is_retryable());
/// # Ok::<(), turn_credentials::provider::CallError>(())
/// ```
pub mod code {
    /// A wrong ident or secret, or a deactivated account.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// The channel does not exist: create it first.
    pub const NO_NAMESPACE: &str = "no_namespace";
    /// What was asked for does not exist.
    pub const NOT_FOUND: &str = "not_found";
    /// What the call would create exists already.
    pub const PATH_EXISTS: &str = "path_exists";
    /// A call to `_host` had no type.
    pub const REQUIRE_TYPE_PARAM: &str = "require_type_param";
    /// A call to `_host` had an unknown type.
    pub const UNRECOGNIZED_TYPE_PARAM: &str = "unrecognized_type_param";
    /// An internal error of Xirsys; try again.
    pub const INTERNAL: &str = "internal";
    /// Another client is writing; try again.
    pub const LOCKED: &str = "locked";
    /// Another client has written in the meantime.
    pub const VERSION_CONFLICT: &str = "version_conflict";
}

/// Reads the content of the envelope. The envelope takes precedence over the HTTP status, because
/// Xirsys also sends errors with status 200.
pub(super) fn open<T>(
    response: &Response<Vec<u8>>,
    read: impl FnOnce(&Json<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let envelope =
        read_json(response.body()).map_err(|error| successful(response).err().unwrap_or(error))?;
    let member = |name| envelope.get_some(name);
    let unknown = || successful(response).err().unwrap_or(ApiError::UnknownShape);
    match member("s") {
        // v3: {"s": "ok", "v": ...}, {"s": "error", "v": "code"}.
        Some(Json::Text(word)) if word.as_str().eq_ignore_ascii_case("ok") => {
            read(member("v").ok_or_else(unknown)?)
        }
        Some(Json::Text(_)) => Err(refusal(member("v"), None, response)),
        // v2: {"s": 200, "d": ..., "e": null}, {"s": 500, "d": null, "e": "message"}.
        Some(Json::Whole(200)) if member("e").is_none() => read(member("d").ok_or_else(unknown)?),
        Some(Json::Whole(status)) => {
            Err(refusal(member("e"), u16::try_from(*status).ok(), response))
        }
        Some(_) => Err(unknown()),
        // No envelope: a proxy, or a broker for Xirsys, has removed it.
        None => match successful(response).map(|_| &envelope)? {
            json @ (Json::List(_) | Json::Object(_)) => read(json),
            _ => Err(ApiError::UnknownShape),
        },
    }
}

/// Creates a refusal from the word and the status in the envelope. Only version 2 of the API has
/// the status.
fn refusal(word: Option<&Json<'_>>, status: Option<u16>, response: &Response<Vec<u8>>) -> ApiError {
    let word = word.and_then(Json::as_str).unwrap_or_default();
    let of_the_word = match word {
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
    let make_it = (word == code::NO_NAMESPACE).then_some("create the channel first");
    let mut refusal = ApiError::refused(word.to_owned(), response);
    if let ApiError::Refused { advice, retryable, status: told, .. } = &mut refusal {
        *advice = make_it;
        *retryable = of_the_word.unwrap_or(*retryable);
        *told = status.unwrap_or(*told);
    }
    refusal
}
