//! Twilio's Network Traversal Service: `POST /2010-04-01/Accounts/<sid>/Tokens.json`.

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use serde_json::Value;

use super::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, Method, PercentEncoded,
    check_id, check_lifetime, check_secret,
};
use crate::{Credential, UnixTime};

/// Asks for ICE servers.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::twilio::IceRequest;
/// use turn_credentials::provider::{ApiCall, ApiError, HttpResponse};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let call = IceRequest::new("AC0123", "token", Duration::from_secs(3600), now)?;
/// assert_eq!(call.request().body(), b"Ttl=3600");
///
/// let body = br#"{"ttl": "1800", "ice_servers": [{"url": "stun:a", "urls": "stun:a"}]}"#;
/// let answer = call.read_answer(&HttpResponse::new(201, body))?;
/// assert_eq!(answer.expires_at(), Some(UnixTime::from_secs(1_700_001_800)));
/// let nothing = HttpResponse::new(201, br#"{"ttl": "1800", "ice_servers": []}"#);
/// assert_eq!(call.read_answer(&nothing).unwrap_err(), ApiError::NoServers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    account_sid: String,
    auth_token: Credential,
    ttl: u32,
    now: UnixTime,
}

impl IceRequest {
    /// Servers whose logins last for `ttl` from `now`.
    ///
    /// # Errors
    ///
    /// [`CallError::Id`]; [`CallError::Secret`]; [`CallError::Lifetime`] for a ttl under one second,
    /// or of more seconds than 32 bits hold.
    pub fn new(
        account_sid: &str,
        auth_token: impl Into<Credential>,
        ttl: Duration,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        Ok(Self {
            account_sid: check_id(account_sid)?.to_owned(),
            auth_token: check_secret(auth_token)?,
            ttl: check_lifetime(ttl, 1, u32::MAX)?,
            now,
        })
    }
}

impl ApiCall for IceRequest {
    type Answer = IceAnswer;

    fn request(&self) -> HttpRequest {
        let sid = PercentEncoded(&self.account_sid);
        let url = format!("https://api.twilio.com/2010-04-01/Accounts/{sid}/Tokens.json");
        HttpRequest::new(Method::Post, url)
            .with_body("application/x-www-form-urlencoded", format!("Ttl={}", self.ttl))
            .with_basic(&self.account_sid, &self.auth_token)
    }

    /// The ttl is Twilio's own, where it gives a shorter one.
    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
        let mut answer = response.successful()?.json()?;
        let list = answer.get_mut("ice_servers").ok_or(ApiError::UnknownShape)?.take();
        let secs = |ttl: &Value| ttl.as_u64().or_else(|| ttl.as_str()?.parse().ok());
        let asked = self.ttl.into();
        let ttl = answer.get("ttl").and_then(secs).map_or(asked, |told| told.min(asked));
        IceAnswer::read(list, self.now, Some(Duration::from_secs(ttl)))
    }
}
