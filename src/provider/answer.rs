//! Reading what a provider answers.

use core::time::Duration;

use alloc::vec::Vec;

use http::Response;

use super::error::ApiError;
use crate::ice::{IceLease, json};
use crate::json::Json;
use crate::secret_text::BYTE_ORDER_MARK;
use crate::time::UnixTime;

/// Returns the response if its status is 2xx.
///
/// ```
/// use turn_credentials::provider::{http::Response, successful};
///
/// assert!(successful(&Response::new(vec![])).is_ok());
///
/// let busy = Response::builder().status(503).header("retry-after", "30").body(vec![])?;
/// let error = successful(&busy).unwrap_err();
/// assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(30));
/// # Ok::<(), turn_credentials::provider::http::Error>(())
/// ```
///
/// # Errors
///
/// [`ApiError::Status`] for any other status, with the wait if `Retry-After` is a number of seconds.
pub fn successful(response: &Response<Vec<u8>>) -> Result<&Response<Vec<u8>>, ApiError> {
    if response.status().is_success() { Ok(response) } else { Err(ApiError::of_status(response)) }
}

/// Parses a body as JSON, and ignores a byte order mark before it.
///
/// # Errors
///
/// [`ApiError::Empty`], [`ApiError::NotJson`].
pub(super) fn read_json(body: &[u8]) -> Result<Json<'_>, ApiError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ApiError::Empty);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::NotJson)
}

/// Reads ICE servers in any of the shapes that providers use: a list, one server, or an object
/// whose member `iceServers` or `ice_servers` is a list or one server.
///
/// The logins are valid for `ttl` from `now`, without its fraction of a second. Without a ttl, the
/// end of the lease is unknown.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::{ApiError, read_lease};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let lease = read_lease(br#"[{"urls": "stun:a.example"}]"#, now, None)?;
/// assert_eq!(lease.servers()[0].urls()[0].host(), "a.example");
///
/// assert_eq!(read_lease(b"<html>", now, None).unwrap_err(), ApiError::NotJson);
/// assert_eq!(read_lease(b"[]", now, None).unwrap_err(), ApiError::NoServers);
/// # Ok::<(), ApiError>(())
/// ```
///
/// # Errors
///
/// [`ApiError::Empty`] for an empty body; [`ApiError::NotJson`] for a body that is not JSON;
/// [`ApiError::UnknownShape`] for any other shape; [`ApiError::NoServers`] if none of the servers is
/// usable.
pub fn read_lease(body: &[u8], now: UnixTime, ttl: Option<Duration>) -> Result<IceLease, ApiError> {
    lease(&read_json(body)?, now, ttl)
}

pub(super) fn lease(
    json: &Json<'_>,
    now: UnixTime,
    ttl: Option<Duration>,
) -> Result<IceLease, ApiError> {
    let servers = json::servers(json).map_err(|_| ApiError::UnknownShape)?.servers;
    if servers.is_empty() {
        return Err(ApiError::NoServers);
    }
    let end = ttl.map(|ttl| now.later_by(ttl.as_secs()));
    Ok(IceLease::of_provider(servers, end))
}
