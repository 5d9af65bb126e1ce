//! Metered: `GET /api/v1/turn/credentials`, with the key in the query.

use alloc::format;
use alloc::vec::Vec;

use http::{Request, Response};

use super::answer::{Json, lease, successful};
use super::api_call::ApiCall;
use super::api_key::ApiKey;
use super::argument;
use super::error::{ApiError, CallError};
use super::gateway::Gateway;
use super::http_request::HttpRequest;
use crate::ice::IceLease;
use crate::percent;
use crate::time::UnixTime;
use crate::wiped::Wiped;

/// Asks for the ICE servers of an API key. Their expiry was fixed when the key was created, and is not
/// reported.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::metered::IceRequest;
/// use turn_credentials::provider::{ApiCall, ApiError, http};
///
/// let call = IceRequest::new("our-app", "key", UnixTime::from_secs(1_700_000_000))?;
/// assert_eq!(
///     call.request()?.as_inner().uri(),
///     "https://our-app.metered.live/api/v1/turn/credentials?apiKey=key"
/// );
/// let body = br#"[{"urls": "turn:a", "username": "u", "credential": "c"}]"#;
/// let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!((lease.servers().len(), lease.valid_until()), (1, None));
///
/// let body = br#"{"error": "Invalid API Key"}"#.to_vec();
/// let refused = http::Response::builder().status(401).body(body)?;
/// let error = call.read_answer(&refused).unwrap_err();
/// assert!(matches!(error, ApiError::Status { status: 401, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    gateway: Gateway,
    api_key: ApiKey,
    now: UnixTime,
}

impl IceRequest {
    /// Asks for the servers of this app, `<app>.metered.live`.
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] unless the app's name is one label of a host name: 1 to 63 letters,
    /// digits and inner hyphens (RFC 1123 section 2.1); [`CallError::Secret`].
    pub fn new(app: &str, api_key: impl Into<ApiKey>, now: UnixTime) -> Result<Self, CallError> {
        let of_a_label = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let is_label = (1..=63).contains(&app.len())
            && app.bytes().all(of_a_label)
            && !app.starts_with('-')
            && !app.ends_with('-');
        if !is_label {
            let expected = "one label of a host name, such as our-app";
            return Err(CallError::argument("app", expected));
        }
        let gateway = Gateway::new(&format!("https://{app}.metered.live"))?;
        Ok(Self { gateway, api_key: argument::key(api_key)?, now })
    }

    /// Uses another gateway than the app's.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for IceRequest {
    type Answer = IceLease;

    fn request(&self) -> Result<HttpRequest, CallError> {
        const PATH: &str = "/api/v1/turn/credentials?apiKey=";

        let (base, key) = (self.gateway.as_str(), percent::Encoded(self.api_key.as_str()));
        let len = base.len().saturating_add(PATH.len()).saturating_add(key.max_len());
        let url = Wiped::written(len, format_args!("{base}{PATH}{key}"));
        Ok(HttpRequest::new(Request::get(url.as_str()).body(Vec::new())?))
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<IceLease, ApiError> {
        let answer = Json::read(successful(response)?.body())?;
        if !answer.as_value().is_array() {
            return Err(ApiError::UnknownShape);
        }
        lease(answer, self.now, None)
    }
}
