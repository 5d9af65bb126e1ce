//! Cloudflare Realtime TURN: `POST /v1/turn/keys/<key>/credentials/...`.
//!
//! Cloudflare lists URIs on port 53, which Chromium does not use:
//! [`IceLease::for_browsers`](crate::IceLease::for_browsers) leaves them out.
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::UnixTime;
//! use turn_credentials::provider::cloudflare::{IceRequest, Key};
//! use turn_credentials::provider::{ApiCall, http};
//!
//! let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
//! let call = IceRequest::new(&Key::new("0123", "token")?, hour, now)?;
//! let body = br#"{"iceServers": [{"urls": ["stun:stun.cloudflare.com:3478"]},
//!     {"urls": ["turn:turn.cloudflare.com:3478?transport=udp"], "username": "opaque",
//!      "credential": "opaque"}]}"#;
//! let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
//! assert_eq!(lease.servers()[1].username(), Some("opaque"));
//! assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The reference:
//! [Cloudflare's documentation](https://developers.cloudflare.com/realtime/turn/generate-credentials/).

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde_json::json;

use super::answer::{read_lease, successful};
use super::api_call::ApiCall;
use super::api_key::ApiKey;
use super::argument;
use super::error::{ApiError, CallError};
use super::gateway::Gateway;
use super::http_request::HttpRequest;
use crate::ice::IceLease;
use crate::percent;
use crate::time::UnixTime;

const GATEWAY: Gateway = Gateway::known("https://rtc.live.cloudflare.com");

/// A TURN key: its id and its API token.
///
/// ```
/// use turn_credentials::provider::CallError;
/// use turn_credentials::provider::cloudflare::Key;
///
/// assert!(Key::new("0123", "token").is_ok());
/// assert_eq!(Key::new("0123", "two words").unwrap_err(), CallError::Secret);
/// assert_eq!(
///     Key::new("", "token").unwrap_err().to_string(),
///     "the key's id must be a non-empty string other than . and .., without a colon, a slash \
///      or a control character"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    token: ApiKey,
}

impl Key {
    /// Creates a key.
    ///
    /// ```
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::cloudflare::Key;
    ///
    /// assert!(Key::new("0123", "token").is_ok());
    /// assert_eq!(Key::new("0123", "token\n").unwrap_err(), CallError::Secret);
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for an id that is empty, `.` or `..`, or has a colon, a slash or a
    /// control character; [`CallError::Secret`] for a token that is empty or not visible ASCII.
    pub fn new(id: &str, token: impl Into<ApiKey>) -> Result<Self, CallError> {
        let token = token.into();
        Ok(Self { id: argument::id("key's id", id)?.to_owned(), token: argument::bearer(token)? })
    }

    /// Builds a POST to this path below the key's `credentials`.
    fn post(&self, gateway: &Gateway, path: &str, body: Vec<u8>) -> Result<HttpRequest, CallError> {
        let (base, id) = (gateway.as_str(), percent::Encoded(&self.id));
        let post = Request::post(format!("{base}/v1/turn/keys/{id}/credentials/{path}"));
        let post =
            if body.is_empty() { post } else { post.header(CONTENT_TYPE, "application/json") };
        let request = HttpRequest::new(post.body(body)?).showing_header(&CONTENT_TYPE);
        request.showing_body().with_bearer(&self.token)
    }
}

/// A call for ICE servers: `generate-ice-servers`.
///
/// It also reads the answers of the older call `generate`, which have one server with all URIs.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::cloudflare::{IceRequest, Key};
/// use turn_credentials::provider::{ApiCall, ApiError, CallError, http};
///
/// let key = Key::new("0123", "token")?;
/// let now = UnixTime::from_secs(1_700_000_000);
/// let call = IceRequest::new(&key, Duration::from_secs(3600), now)?;
/// assert_eq!(call.request()?.as_inner().body(), br#"{"ttl":3600}"#);
///
/// let three_days = IceRequest::new(&key, Duration::from_secs(3 * 86_400), now);
/// assert_eq!(three_days.unwrap_err(), CallError::Ttl { least: 1, most: 172_800 });
///
/// let body = br#"{"iceServers": [{"urls": ["stun:stun.cloudflare.com:3478"]}]}"#;
/// let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!(lease.servers().len(), 1);
///
/// let refused = http::Response::builder().status(401).body(vec![])?;
/// let error = call.read_answer(&refused).unwrap_err();
/// assert!(matches!(error, ApiError::Status { status: 401, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    key: Key,
    gateway: Gateway,
    ttl: u32,
    custom_identifier: Option<String>,
    now: UnixTime,
}

impl IceRequest {
    /// Asks for servers whose logins last for `ttl` from `now`: at least 1 second, at most 48
    /// hours.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::cloudflare::{IceRequest, Key};
    ///
    /// let (key, now) = (Key::new("0123", "token")?, UnixTime::from_secs(1_700_000_000));
    /// let call = |secs| IceRequest::new(&key, Duration::from_secs(secs), now);
    /// assert!(call(172_800).is_ok());
    /// assert_eq!(call(172_801).unwrap_err(), CallError::Ttl { least: 1, most: 172_800 });
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Ttl`] for any other ttl.
    pub fn new(key: &Key, ttl: Duration, now: UnixTime) -> Result<Self, CallError> {
        // 48 hours, according to the reference.
        let ttl = argument::ttl(ttl, 1, 172_800)?;
        Ok(Self { key: key.clone(), gateway: GATEWAY, ttl, custom_identifier: None, now })
    }

    /// Sets the `customIdentifier`, such as an account id, under which Cloudflare's analytics count
    /// the login.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use turn_credentials::UnixTime;
    /// # use turn_credentials::provider::{ApiCall, CallError};
    /// # use turn_credentials::provider::cloudflare::{IceRequest, Key};
    /// # let (key, now) = (Key::new("0123", "token")?, UnixTime::from_secs(1_700_000_000));
    /// let call = IceRequest::new(&key, Duration::from_secs(60), now)?;
    /// let call = call.with_custom_identifier("alice");
    /// let request = call.request()?.into_inner();
    /// assert_eq!(request.body(), br#"{"customIdentifier":"alice","ttl":60}"#);
    /// # Ok::<(), CallError>(())
    /// ```
    #[must_use]
    pub fn with_custom_identifier(self, identifier: &str) -> Self {
        Self { custom_identifier: Some(identifier.to_owned()), ..self }
    }

    /// Uses another gateway instead of `https://rtc.live.cloudflare.com`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for IceRequest {
    type Answer = IceLease;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let body = match &self.custom_identifier {
            None => json!({ "ttl": self.ttl }),
            Some(identifier) => json!({ "ttl": self.ttl, "customIdentifier": identifier }),
        };
        self.key.post(&self.gateway, "generate-ice-servers", body.to_string().into_bytes())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<IceLease, ApiError> {
        let ttl = Duration::from_secs(self.ttl.into());
        read_lease(successful(response)?.body(), self.now, Some(ttl))
    }
}

/// A call that revokes a login before it expires: `<username>/revoke`.
///
/// ```
/// use turn_credentials::provider::cloudflare::{Key, RevokeRequest};
/// use turn_credentials::provider::{ApiCall, http};
///
/// let key = Key::new("0123", "token")?;
/// let call = RevokeRequest::new(&key, "opaque")?;
/// assert_eq!(
///     call.request()?.into_inner().uri().path(),
///     "/v1/turn/keys/0123/credentials/opaque/revoke"
/// );
/// call.read_answer(&http::Response::new(vec![]))?;
///
/// let not_found = http::Response::builder().status(404).body(vec![])?;
/// assert!(call.read_answer(&not_found).is_err());
/// assert!(RevokeRequest::new(&key, "..").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RevokeRequest {
    key: Key,
    gateway: Gateway,
    username: String,
}

impl RevokeRequest {
    /// Revokes the login with this username.
    ///
    /// ```
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::cloudflare::{Key, RevokeRequest};
    ///
    /// let key = Key::new("0123", "token")?;
    /// assert!(RevokeRequest::new(&key, "opaque").is_ok());
    /// assert!(RevokeRequest::new(&key, "").is_err());
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for a username that is empty, `.` or `..`, which cannot be a path
    /// segment.
    pub fn new(key: &Key, username: &str) -> Result<Self, CallError> {
        if !argument::is_segment(username) {
            return Err(CallError::argument("username", "a non-empty string other than . and .."));
        }
        Ok(Self { key: key.clone(), gateway: GATEWAY, username: username.to_owned() })
    }

    /// Uses another gateway instead of `https://rtc.live.cloudflare.com`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for RevokeRequest {
    type Answer = ();

    fn request(&self) -> Result<HttpRequest, CallError> {
        let path = format!("{}/revoke", percent::Encoded(&self.username));
        self.key.post(&self.gateway, &path, Vec::new())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<(), ApiError> {
        successful(response).map(drop)
    }
}
