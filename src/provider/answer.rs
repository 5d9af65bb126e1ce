//! Reading what a provider answers.

use core::time::Duration;

use alloc::vec::Vec;

use http::Response;

use super::error::ApiError;
use crate::ice::{IceLease, json};
use crate::json::Json;
use crate::time::UnixTime;

/// The same response, if its status is 2xx.
///
/// # Errors
///
/// [`ApiError::Status`], with the time to wait that `Retry-After` asks for.
pub fn successful(response: &Response<Vec<u8>>) -> Result<&Response<Vec<u8>>, ApiError> {
    if response.status().is_success() { Ok(response) } else { Err(ApiError::of_status(response)) }
}

/// # Errors
///
/// [`ApiError::Empty`], [`ApiError::NotJson`].
pub(super) fn read_json(body: &[u8]) -> Result<Json<'_>, ApiError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ApiError::Empty);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::NotJson)
}

/// Reads any of the shapes in which providers list their servers: a list, one server, or an object whose
/// member `iceServers` or `ice_servers` is one of the two. [`IceServers`](crate::IceServers) are read
/// alike with the feature `serde`.
///
/// The logins are valid for `ttl` from `now`.
///
/// # Errors
///
/// [`ApiError::Empty`], [`ApiError::NotJson`]; [`ApiError::UnknownShape`] for any other shape;
/// [`ApiError::NoServers`] for one of these without a server that browsers accept.
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
