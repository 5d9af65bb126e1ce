//! Reading what a provider answers.

use core::mem;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use http::Response;
use serde_json::Value;

use super::error::ApiError;
use crate::ice::{Credential, IceLease, IceServer, IceServers, IceUri};
use crate::time::UnixTime;
use crate::wiped::Wiped;

/// The same response, if its status is 2xx.
///
/// # Errors
///
/// [`ApiError::Status`], with the time to wait that `Retry-After` asks for.
pub fn successful(response: &Response<Vec<u8>>) -> Result<&Response<Vec<u8>>, ApiError> {
    if response.status().is_success() { Ok(response) } else { Err(ApiError::of_status(response)) }
}

/// JSON that was read, of which no text is left in freed memory.
pub(super) struct Json(Value);

impl Json {
    /// # Errors
    ///
    /// [`ApiError::Empty`], [`ApiError::NotJson`].
    pub(super) fn read(body: &[u8]) -> Result<Self, ApiError> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        if body.trim_ascii().is_empty() {
            return Err(ApiError::Empty);
        }
        serde_json::from_slice(body).map(Self).map_err(|_| ApiError::NotJson)
    }

    pub(super) fn as_value(&self) -> &Value {
        &self.0
    }

    /// Takes a member out of an object.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        self.0.get_mut(name).map(Value::take).map(Self)
    }

    /// Takes the text out, if it is one.
    pub(super) fn into_text(mut self) -> Option<String> {
        match &mut self.0 {
            Value::String(text) => Some(mem::take(text)),
            _ => None,
        }
    }

    /// Takes the elements out, or what is not a list as the only one.
    fn into_elements(mut self) -> Vec<Self> {
        match &mut self.0 {
            Value::Array(elements) => mem::take(elements).into_iter().map(Self).collect(),
            _ => [self].into(),
        }
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        match mem::take(&mut self.0) {
            Value::String(text) => drop(Wiped::new(text)),
            Value::Array(elements) => elements.into_iter().for_each(|element| drop(Self(element))),
            Value::Object(members) => {
                members.into_iter().for_each(|(_, member)| drop(Self(member)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
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
    lease(unwrap_list(Json::read(body)?), now, ttl)
}

/// What is in the member `iceServers`, or all of it if there is none.
pub(super) fn unwrap_list(mut json: Json) -> Json {
    json.take("iceServers").unwrap_or(json)
}

pub(super) fn lease(
    list: Json,
    now: UnixTime,
    ttl: Option<Duration>,
) -> Result<IceLease, ApiError> {
    let mut servers = IceServers::default();
    let mut dropped = 0_usize;
    for entry in list.into_elements() {
        let (server, left_out) = server(entry);
        servers.extend(server);
        dropped = dropped.saturating_add(left_out);
    }
    if servers.is_empty() {
        return Err(ApiError::NoServers);
    }
    let end = |ttl: Duration| UnixTime::from_secs(now.as_secs().saturating_add(ttl.as_secs()));
    Ok(IceLease::of_provider(servers, ttl.map(end), dropped))
}

/// The server in an entry, if there is one, and how many of its URIs were left out.
fn server(mut entry: Json) -> (Option<IceServer>, usize) {
    let mut list = |name: &str| {
        let list = entry.take(name).filter(|list| !list.as_value().is_null())?.into_elements();
        (!list.is_empty()).then_some(list)
    };
    let (new, old) = (list("urls"), list("url"));
    let texts = new.or(old).unwrap_or_default();
    let mut text = |name: &str| entry.take(name).and_then(Json::into_text);
    let (username, credential) = (text("username"), text("credential").map(Credential::new));
    let uris: Vec<IceUri> =
        texts.iter().filter_map(|text| text.as_value().as_str()?.parse().ok()).collect();
    let stun = uris.iter().filter(|uri| !uri.scheme().is_turn()).cloned().collect();
    // A login that no server accepts leaves what needs none.
    let server = IceServer::read(uris, username, credential)
        .or_else(|_| IceServer::read(stun, None, None))
        .ok();
    let kept = server.as_ref().map_or(0, |server| server.urls().len());
    (server, texts.len().saturating_sub(kept))
}
