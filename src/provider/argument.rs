//! Checks of the arguments of a call.

use core::time::Duration;

use super::api_key::ApiKey;
use super::error::CallError;

/// Checks that a key can be sent in a header.
pub(super) fn key(key: ApiKey) -> Result<ApiKey, CallError> {
    if key.as_str().is_empty() || key.as_str().contains(char::is_control) {
        return Err(CallError::Secret);
    }
    Ok(key)
}

/// Checks that a key can be sent as a bearer token.
pub(super) fn bearer(token: ApiKey) -> Result<ApiKey, CallError> {
    let token = key(token)?;
    let is_graphic = token.as_str().bytes().all(|byte| byte.is_ascii_graphic());
    if is_graphic { Ok(token) } else { Err(CallError::Secret) }
}

/// Checks that an id can be sent in a path, and before the colon of HTTP Basic authentication.
pub(super) fn id<'a>(name: &'static str, id: &'a str) -> Result<&'a str, CallError> {
    let stray = |c: char| c.is_control() || matches!(c, ':' | '/');
    if is_segment(id) && !id.contains(stray) {
        Ok(id)
    } else {
        Err(CallError::argument(
            name,
            "a non-empty string other than . and .., without a colon, a slash or a control character",
        ))
    }
}

/// Checks that a ttl is in the range, and returns its whole seconds.
pub(super) fn ttl(ttl: Duration, least: u32, most: u32) -> Result<u32, CallError> {
    let secs = u32::try_from(ttl.as_secs()).ok();
    secs.filter(|secs| (least..=most).contains(secs)).ok_or(CallError::Ttl { least, most })
}

/// Whether a text without `/` can be a path segment: it is not empty, and not `.` or `..`, which
/// URL parsers remove (WHATWG URL section 4.4).
pub(super) fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
}
