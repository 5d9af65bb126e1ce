//! Twilio's [Network Traversal Service](https://www.twilio.com/docs/stun-turn/api):
//! `POST /2010-04-01/Accounts/<sid>/Tokens.json`.

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use http::header::CONTENT_TYPE;
use http::{Request, Response};

use super::answer::{lease, read_json, successful};
use super::api_call::ApiCall;
use super::api_key::ApiKey;
use super::argument;
use super::error::{ApiError, CallError};
use super::gateway::Gateway;
use super::http_request::HttpRequest;
use crate::ice::IceLease;
use crate::json::Json;
use crate::percent;
use crate::time::UnixTime;

/// A call for ICE servers. If Twilio grants a shorter ttl than requested, the lease has the shorter
/// one.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::twilio::IceRequest;
/// use turn_credentials::provider::{ApiCall, ApiError, http};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let call = IceRequest::new("AC0123", "token", Duration::from_secs(3600), now)?;
/// assert_eq!(call.request()?.as_inner().body(), b"Ttl=3600");
///
/// let body = br#"{"ttl": "1800", "ice_servers": [{"url": "stun:a", "urls": "stun:a"}]}"#;
/// let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_001_800)));
///
/// let nothing = http::Response::new(br#"{"ttl": "1800", "ice_servers": []}"#.to_vec());
/// assert_eq!(call.read_answer(&nothing).unwrap_err(), ApiError::NoServers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    account_sid: String,
    auth_token: ApiKey,
    gateway: Gateway,
    ttl: u32,
    now: UnixTime,
}

impl IceRequest {
    /// Asks for servers whose logins last for `ttl` from `now`. Twilio may grant a shorter ttl.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::twilio::IceRequest;
    ///
    /// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
    /// assert!(IceRequest::new("AC0123", "token", hour, now).is_ok());
    /// assert_eq!(IceRequest::new("AC0123", "", hour, now).unwrap_err(), CallError::Secret);
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for an account that is empty, `.` or `..`, or has a colon, a slash or
    /// a control character; [`CallError::Secret`] for a token that is empty or has a control
    /// character; [`CallError::Ttl`] for a ttl under one second or over 4294967295 seconds.
    pub fn new(
        account_sid: &str,
        auth_token: impl Into<ApiKey>,
        ttl: Duration,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        let auth_token = auth_token.into();
        Ok(Self {
            account_sid: argument::id("account", account_sid)?.to_owned(),
            auth_token: argument::key(auth_token)?,
            gateway: Gateway::known("https://api.twilio.com"),
            ttl: argument::ttl(ttl, 1, u32::MAX)?,
            now,
        })
    }

    /// Uses another gateway instead of `https://api.twilio.com`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for IceRequest {
    type Answer = IceLease;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let (base, sid) = (self.gateway.as_str(), percent::Encoded(&self.account_sid));
        let request = Request::post(format!("{base}/2010-04-01/Accounts/{sid}/Tokens.json"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("Ttl={}", self.ttl).into_bytes())?;
        let request = HttpRequest::new(request).showing_header(&CONTENT_TYPE).showing_body();
        request.with_basic(&self.account_sid, &self.auth_token)
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<IceLease, ApiError> {
        let answer = read_json(successful(response)?.body())?;
        let (asked, told) = (self.ttl.into(), answer.get("ttl").and_then(Json::as_whole));
        let ttl = told.map_or(asked, |told| told.min(asked));
        lease(&answer, self.now, Some(Duration::from_secs(ttl)))
    }
}
