//! Reading what a provider answers.

use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use http::Response;
use serde_json::Value;

use super::error::ApiError;
use crate::ice::{Credential, IceLease, IceServer, IceServers, IceUri};
use crate::time::UnixTime;

/// The same response, if its status is 2xx.
///
/// # Errors
///
/// [`ApiError::Status`], with the time to wait that `Retry-After` asks for.
pub fn successful(response: &Response<Vec<u8>>) -> Result<&Response<Vec<u8>>, ApiError> {
    if response.status().is_success() { Ok(response) } else { Err(ApiError::of_status(response)) }
}

/// The body as JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, ApiError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ApiError::Empty);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::NotJson)
}

/// Reads any of the shapes in which providers list their servers: a list, one server, or an object whose
/// member `iceServers` is one of the two.
///
/// The logins are valid for `ttl` from `now`.
///
/// # Errors
///
/// [`ApiError::Empty`], [`ApiError::NotJson`], [`ApiError::NoServers`].
pub fn read_lease(body: &[u8], now: UnixTime, ttl: Option<Duration>) -> Result<IceLease, ApiError> {
    lease(unwrap_list(json(body)?), now, ttl)
}

/// What is in the member `iceServers`, or all of it if there is none.
pub(super) fn unwrap_list(mut json: Value) -> Value {
    json.get_mut("iceServers").map(Value::take).unwrap_or(json)
}

pub(super) fn lease(
    list: Value,
    now: UnixTime,
    ttl: Option<Duration>,
) -> Result<IceLease, ApiError> {
    let mut servers = IceServers::default();
    let mut dropped = 0_usize;
    let entries = match list {
        Value::Array(entries) => entries,
        entry => [entry].into(),
    };
    for entry in entries {
        let (server, left_out) = server(entry);
        servers.extend(server);
        dropped = dropped.saturating_add(left_out);
    }
    if servers.is_empty() {
        return Err(ApiError::NoServers);
    }
    let valid_until =
        ttl.and_then(|ttl| now.as_secs().checked_add(ttl.as_secs())).map(UnixTime::from_secs);
    Ok(IceLease::of_provider(servers, valid_until, dropped))
}

/// The server in an entry, if there is one, and how many of its URIs were left out.
fn server(mut entry: Value) -> (Option<IceServer>, usize) {
    let mut take = |name: &str| entry.get_mut(name).map(Value::take);
    let mut list = |name: &str| match take(name) {
        Some(Value::Array(texts)) if !texts.is_empty() => Some(texts),
        None | Some(Value::Null | Value::Array(_)) => None,
        Some(text) => Some([text].into()),
    };
    let (new, old) = (list("urls"), list("url"));
    let texts: Vec<Value> = new.or(old).unwrap_or_default();
    let mut text = |name: &str| match take(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (username, credential): (_, Option<String>) = (text("username"), text("credential"));
    let uris: Vec<IceUri> = texts.iter().filter_map(|text| text.as_str()?.parse().ok()).collect();
    let stun = uris.iter().filter(|uri| !uri.scheme().is_turn()).cloned().collect();
    // A login that no server accepts leaves what needs none.
    let server = IceServer::read(uris, username, credential.map(Credential::new))
        .or_else(|_| IceServer::read(stun, None, None))
        .ok();
    let kept = server.as_ref().map_or(0, |server| server.urls().len());
    (server, texts.len().saturating_sub(kept))
}
