//! Cloudflare Realtime TURN: `POST /v1/turn/keys/<key>/credentials/...`.
//!
//! Chromium and Firefox block the URIs on port 53 that it lists:
//! [`IceServers::without_port`](crate::IceServers::without_port) leaves them out.

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

use serde_json::json;

use super::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, Method, PercentEncoded,
    check_id, check_lifetime, check_secret, is_dots_or_empty,
};
use crate::{Credential, UnixTime};

/// A TURN key: its id and its API token.
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    token: Credential,
}

impl Key {
    /// A key.
    ///
    /// # Errors
    ///
    /// [`CallError::Id`], [`CallError::Secret`].
    pub fn new(id: &str, token: impl Into<Credential>) -> Result<Self, CallError> {
        let token = check_secret(token)?;
        if !token.as_str().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CallError::Secret);
        }
        Ok(Self { id: check_id(id)?.to_owned(), token })
    }

    fn post(&self, call: &str) -> HttpRequest {
        let id = PercentEncoded(&self.id);
        let url = format!("https://rtc.live.cloudflare.com/v1/turn/keys/{id}/credentials/{call}");
        HttpRequest::new(Method::Post, url).with_bearer(&self.token)
    }
}

/// Asks for ICE servers: `generate-ice-servers`.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::cloudflare::{IceRequest, Key};
/// use turn_credentials::provider::{ApiCall, ApiError, HttpResponse};
///
/// let key = Key::new("0123", "token")?;
/// let now = UnixTime::from_secs(1_700_000_000);
/// let call = IceRequest::new(&key, Duration::from_secs(3600), now)?;
/// assert_eq!(call.request().body(), br#"{"ttl":3600}"#);
///
/// let body = br#"{"iceServers": [{"urls": ["stun:stun.cloudflare.com:3478"]}]}"#;
/// assert_eq!(call.read_answer(&HttpResponse::new(201, body))?.servers().len(), 1);
/// let refused = call.read_answer(&HttpResponse::new(401, b""));
/// assert!(matches!(refused, Err(ApiError::Status { status: 401, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    key: Key,
    ttl: u32,
    call: &'static str,
    now: UnixTime,
}

impl IceRequest {
    /// Servers whose logins last for `ttl` from `now`.
    ///
    /// # Errors
    ///
    /// [`CallError::Lifetime`] for a ttl under one second, or of more seconds than 32 bits hold.
    pub fn new(key: &Key, ttl: Duration, now: UnixTime) -> Result<Self, CallError> {
        let ttl = check_lifetime(ttl, 1, u32::MAX)?;
        Ok(Self { key: key.clone(), ttl, call: "generate-ice-servers", now })
    }

    /// The same by the older call, `generate`, which answers with one server of all URIs.
    #[must_use]
    pub fn by_generate(self) -> Self {
        Self { call: "generate", ..self }
    }
}

impl ApiCall for IceRequest {
    type Answer = IceAnswer;

    fn request(&self) -> HttpRequest {
        let body = json!({ "ttl": self.ttl }).to_string();
        self.key.post(self.call).with_body("application/json", body)
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
        let mut answer = response.successful()?.json()?;
        let list = answer.get_mut("iceServers").ok_or(ApiError::UnknownShape)?.take();
        IceAnswer::read(list, self.now, Some(Duration::from_secs(self.ttl.into())))
    }
}

/// Ends a login before its time: `<username>/revoke`.
#[derive(Clone, Debug)]
pub struct RevokeRequest {
    key: Key,
    username: String,
}

impl RevokeRequest {
    /// The login with this username.
    ///
    /// # Errors
    ///
    /// [`CallError::Id`] for a username that is empty or of dots only, which is no segment of a path.
    pub fn new(key: &Key, username: &str) -> Result<Self, CallError> {
        if is_dots_or_empty(username) {
            return Err(CallError::Id);
        }
        Ok(Self { key: key.clone(), username: username.to_owned() })
    }
}

impl ApiCall for RevokeRequest {
    type Answer = ();

    fn request(&self) -> HttpRequest {
        self.key.post(&format!("{}/revoke", PercentEncoded(&self.username)))
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<(), ApiError> {
        response.successful().map(drop)
    }
}
