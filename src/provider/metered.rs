//! Metered's [TURN REST API](https://www.metered.ca/docs/turn-rest-api):
//! `/api/v1/turn/credential` creates an API key, and `/api/v1/turn/credentials` lists its servers.
//!
//! For a login that expires, create a key for each client with [`KeyRequest`], then list its
//! servers with [`IceRequest`].

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde_json::json;

use super::answer::{read_json, read_lease, successful};
use super::api_call::ApiCall;
use super::api_key::ApiKey;
use super::argument;
use super::error::{ApiError, CallError};
use super::gateway::Gateway;
use super::http_request::HttpRequest;
use crate::ice::{IceLease, Login, json as ice_json};
use crate::json::Json;
use crate::percent;
use crate::time::UnixTime;
use crate::wiped::Wiped;

/// A call for the ICE servers of an API key. Their logins expire with the key, but the answer does
/// not say when: see [`with_ttl`](Self::with_ttl).
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
    ttl: Option<Duration>,
}

impl IceRequest {
    /// Asks for the servers of this app, `<app>.metered.live`.
    ///
    /// ```
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::metered::IceRequest;
    ///
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// assert!(IceRequest::new("our-app", "key", now).is_ok());
    /// assert!(IceRequest::new("our.app", "key", now).is_err());
    /// assert_eq!(IceRequest::new("our-app", "", now).unwrap_err(), CallError::Secret);
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] unless the app's name is one label of a host name: 1 to 63 letters,
    /// digits and inner hyphens (RFC 1123 section 2.1); [`CallError::Secret`] for a key that is
    /// empty or has a control character.
    pub fn new(app: &str, api_key: impl Into<ApiKey>, now: UnixTime) -> Result<Self, CallError> {
        let api_key = api_key.into();
        Ok(Self { gateway: gateway(app)?, api_key: argument::key(api_key)?, now, ttl: None })
    }

    /// Says that the key was created at `now` with this ttl, so that the lease has an end.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::metered::IceRequest;
    /// use turn_credentials::provider::{ApiCall, http};
    ///
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let call = IceRequest::new("our-app", "key", now)?.with_ttl(Duration::from_secs(3600));
    /// let body = br#"[{"urls": "turn:a", "username": "u", "credential": "c"}]"#;
    /// let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
    /// assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Uses another gateway instead of the app's.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for IceRequest {
    type Answer = IceLease;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let url = url(&self.gateway, "/api/v1/turn/credentials?apiKey=", &self.api_key);
        Ok(HttpRequest::new(Request::get(url.as_str()).body(Vec::new())?))
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<IceLease, ApiError> {
        read_lease(successful(response)?.body(), self.now, self.ttl)
    }
}

/// A call that creates an API key and its login, both valid for the ttl.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::metered::{IceRequest, KeyRequest};
/// use turn_credentials::provider::{ApiCall, ApiError, http};
///
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let call = KeyRequest::new("our-app", "secret", hour, now)?.with_label("alice");
/// assert_eq!(
///     call.request()?.as_inner().body(),
///     br#"{"expiryInSeconds":3600,"label":"alice"}"#
/// );
/// let body = br#"{"username": "u", "password": "p", "expiryInSeconds": 3600, "apiKey": "k"}"#;
/// let key = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!(key.login().valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
///
/// // Its servers:
/// let call = IceRequest::new("our-app", key.api_key().clone(), now)?.with_ttl(hour);
/// let body = br#"[{"urls": "turn:a", "username": "u", "credential": "p"}]"#;
/// let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRequest {
    gateway: Gateway,
    secret_key: ApiKey,
    ttl: u32,
    label: Option<String>,
    now: UnixTime,
}

impl KeyRequest {
    /// Asks for a key that lasts for `ttl` from `now`, for this app, `<app>.metered.live`.
    /// `secret_key` is your account's secret key.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::metered::KeyRequest;
    ///
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let key = |secs| KeyRequest::new("our-app", "secret", Duration::from_secs(secs), now);
    /// assert!(key(3600).is_ok());
    /// assert_eq!(key(0).unwrap_err(), CallError::Ttl { least: 1, most: u32::MAX });
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`IceRequest::new`]; [`CallError::Ttl`] for a ttl under one second or over
    /// 4294967295 seconds.
    pub fn new(
        app: &str,
        secret_key: impl Into<ApiKey>,
        ttl: Duration,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        let secret_key = secret_key.into();
        Ok(Self {
            gateway: gateway(app)?,
            secret_key: argument::key(secret_key)?,
            ttl: argument::ttl(ttl, 1, u32::MAX)?,
            label: None,
            now,
        })
    }

    /// Sets the label, such as an account id, under which the dashboard lists the key.
    #[must_use]
    pub fn with_label(self, label: &str) -> Self {
        Self { label: Some(label.to_owned()), ..self }
    }

    /// Uses another gateway instead of the app's.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for KeyRequest {
    type Answer = Key;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let url = url(&self.gateway, "/api/v1/turn/credential?secretKey=", &self.secret_key);
        let body = match &self.label {
            None => json!({ "expiryInSeconds": self.ttl }),
            Some(label) => json!({ "expiryInSeconds": self.ttl, "label": label }),
        };
        let post = Request::post(url.as_str()).header(CONTENT_TYPE, "application/json");
        let request = HttpRequest::new(post.body(body.to_string().into_bytes())?);
        Ok(request.showing_header(&CONTENT_TYPE).showing_body())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<Key, ApiError> {
        let answer = read_json(successful(response)?.body())?;
        if ice_json::flaw_of(&answer).is_some() || answer.duplicate(&["apiKey"]).is_some() {
            return Err(ApiError::UnknownShape);
        }
        let api_key = answer.get("apiKey").and_then(Json::as_str).filter(|key| !key.is_empty());
        let (login, api_key) = ice_json::login(&answer, &ice_json::CREDENTIAL)
            .ok()
            .zip(api_key)
            .ok_or(ApiError::UnknownShape)?;
        let login = login.with_valid_until(self.now.later_by(self.ttl.into()));
        Ok(Key { login, api_key: ApiKey::new(api_key) })
    }
}

/// An API key and its login, created by a [`KeyRequest`].
///
/// ```
/// # use core::time::Duration;
/// # use turn_credentials::UnixTime;
/// # use turn_credentials::provider::metered::KeyRequest;
/// # use turn_credentials::provider::{ApiCall, http};
/// # let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let call = KeyRequest::new("our-app", "secret", hour, now)?;
/// let body = br#"{"username": "u", "password": "p", "expiryInSeconds": 3600, "apiKey": "k"}"#;
/// let key = call.read_answer(&http::Response::new(body.to_vec()))?;
/// assert_eq!((key.login().username(), key.api_key().as_str()), ("u", "k"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Key {
    login: Login,
    api_key: ApiKey,
}

impl Key {
    /// The login, for servers whose addresses you know.
    #[must_use]
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The key, for an [`IceRequest`].
    #[must_use]
    pub fn api_key(&self) -> &ApiKey {
        &self.api_key
    }
}

/// The gateway of an app.
fn gateway(app: &str) -> Result<Gateway, CallError> {
    let of_a_label = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_label = (1..=63).contains(&app.len())
        && app.bytes().all(of_a_label)
        && !app.starts_with('-')
        && !app.ends_with('-');
    if !is_label {
        return Err(CallError::argument("app", "one label of a host name, such as our-app"));
    }
    Gateway::new(&format!("https://{app}.metered.live"))
}

fn url(gateway: &Gateway, path: &str, key: &ApiKey) -> Wiped {
    let (base, key) = (gateway.as_str(), percent::Encoded(key.as_str()));
    let len = base.len().saturating_add(path.len()).saturating_add(key.max_len());
    Wiped::written(len, format_args!("{base}{path}{key}"))
}
