//! What a client needs for Xirsys's signalling: a token and a host.

use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use http::{Request, Response};

use super::account::{Account, GATEWAY};
use super::channel;
use super::envelope::open;
use crate::percent;
use crate::provider::api_call::ApiCall;
use crate::provider::argument;
use crate::provider::error::{ApiError, CallError};
use crate::provider::gateway::{Gateway, is_base};
use crate::provider::http_request::HttpRequest;
use crate::wiped::Wiped;

/// A call for a token for the signalling WebSocket: `PUT /_token/<channel>`. The token is not a
/// TURN credential.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::provider::xirsys::{Account, HostRequest, TokenRequest};
/// use turn_credentials::provider::{ApiCall, http::Response};
///
/// let account = Account::new("ident", "secret")?;
/// let minute = Some(Duration::from_secs(60));
/// let call = TokenRequest::new(&account, "my/channel", Some("alice"), minute)?;
/// assert_eq!(
///     call.request()?.into_inner().uri(),
///     "https://global.xirsys.net/_token/my/channel?k=alice&expire=60"
/// );
/// let token = call.read_answer(&Response::new(br#"{"s": "ok", "v": "a-token"}"#.to_vec()))?;
/// assert_eq!(token.as_str(), "a-token");
///
/// let body = br#"{"s": "ok", "v": "wss://us-api2.xirsys.com:443/ws"}"#.to_vec();
/// let host = HostRequest::new(&account).read_answer(&Response::new(body))?;
/// let url = host.websocket_url(&token);
/// assert_eq!(url.as_str(), "wss://us-api2.xirsys.com:443/ws/v2/a-token");
///
/// assert!(TokenRequest::new(&account, "my/channel", Some("two words"), minute).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest {
    account: Account,
    gateway: Gateway,
    channel: String,
    user: Option<String>,
    ttl: u32,
}

impl TokenRequest {
    /// Asks for a token for this user; if `None`, Xirsys chooses a random name. Without a ttl, the
    /// token never expires.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::xirsys::{Account, TokenRequest};
    ///
    /// let account = Account::new("ident", "secret")?;
    /// let minute = Some(Duration::from_secs(60));
    /// let call = |user| TokenRequest::new(&account, "my/channel", user, minute);
    /// assert!(call(Some("alice")).is_ok());
    /// assert!(call(Some("@alice:lab.test")).is_err());
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for a channel with an empty segment, `.` or `..`, and for a user that
    /// is not 1 to 64 ASCII letters, digits, dots, underscores, tildes or hyphens;
    /// [`CallError::Ttl`] for a ttl under one second or over 4294967295 seconds.
    pub fn new(
        account: &Account,
        channel: &str,
        user: Option<&str>,
        ttl: Option<Duration>,
    ) -> Result<Self, CallError> {
        // With `expire=0`, Xirsys issues a token that never expires.
        const NEVER: u32 = 0;
        const USER: &str = "1 to 64 letters, digits, dots, underscores, tildes or hyphens";

        let letters =
            |user: &str| user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b));
        if user.is_some_and(|user| !(1..=64).contains(&user.len()) || !letters(user)) {
            return Err(CallError::argument("signalling user", USER));
        }
        let ttl = ttl.map(|ttl| argument::ttl(ttl, 1, u32::MAX));
        Ok(Self {
            account: account.clone(),
            gateway: GATEWAY,
            channel: channel::encode(channel)?,
            user: user.map(ToOwned::to_owned),
            ttl: ttl.unwrap_or(Ok(NEVER))?,
        })
    }

    /// Uses another gateway instead of `https://global.xirsys.net`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for TokenRequest {
    type Answer = SignalToken;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let Self { gateway, channel, ttl, .. } = self;
        let user = self.user.as_ref().map(|user| format!("k={user}&")).unwrap_or_default();
        let url = format!("{}/_token/{channel}?{user}expire={ttl}", gateway.as_str());
        let request = HttpRequest::new(Request::put(url).body(Vec::new())?);
        self.account.sign(request.showing_query())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<SignalToken, ApiError> {
        open(response, |json| {
            let token = json.as_str().filter(|token| !token.is_empty());
            let token = token.ok_or(ApiError::UnknownShape)?;
            Ok(SignalToken(Wiped::new(token.to_owned())))
        })
    }
}

/// A token for the signalling WebSocket. `Debug` shows nothing of it, and its memory is wiped when
/// it is dropped.
///
/// ```
/// # use turn_credentials::provider::xirsys::{Account, TokenRequest};
/// # use turn_credentials::provider::{ApiCall, http::Response};
/// let account = Account::new("ident", "secret")?;
/// let call = TokenRequest::new(&account, "my/channel", None, None)?;
/// let token = call.read_answer(&Response::new(br#"{"s": "ok", "v": "a-token"}"#.to_vec()))?;
/// assert_eq!(token.as_str(), "a-token");
/// assert_eq!(format!("{token:?}"), "SignalToken(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SignalToken(Wiped);

impl SignalToken {
    /// The text of the token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A call for the host of the signalling WebSocket: `GET /_host?type=signal`.
///
/// ```
/// use turn_credentials::provider::xirsys::{Account, HostRequest};
/// use turn_credentials::provider::{ApiCall, ApiError, http::Response};
///
/// let call = HostRequest::new(&Account::new("ident", "secret")?);
/// assert_eq!(call.request()?.into_inner().uri(), "https://global.xirsys.net/_host?type=signal");
///
/// let answer = |body: &str| call.read_answer(&Response::new(body.into()));
/// let host = answer(r#"{"s": "ok", "v": "wss://us-api2.xirsys.com:443/ws/"}"#)?;
/// assert_eq!(host.as_str(), "wss://us-api2.xirsys.com:443/ws");
/// assert_eq!(answer(r#"{"s": "ok", "v": "ws:"}"#).unwrap_err(), ApiError::UnknownShape);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostRequest {
    account: Account,
    gateway: Gateway,
}

impl HostRequest {
    /// Asks for the host that this account uses.
    ///
    /// ```
    /// use turn_credentials::provider::xirsys::{Account, HostRequest};
    /// use turn_credentials::provider::{ApiCall, CallError};
    ///
    /// let request = HostRequest::new(&Account::new("ident", "secret")?).request()?.into_inner();
    /// assert_eq!(request.uri().query(), Some("type=signal"));
    /// # Ok::<(), CallError>(())
    /// ```
    #[must_use]
    pub fn new(account: &Account) -> Self {
        Self { account: account.clone(), gateway: GATEWAY }
    }

    /// Uses another gateway instead of `https://global.xirsys.net`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for HostRequest {
    type Answer = SignalHost;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let url = format!("{}/_host?type=signal", self.gateway.as_str());
        let request = HttpRequest::new(Request::get(url).body(Vec::new())?);
        self.account.sign(request.showing_query())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<SignalHost, ApiError> {
        open(response, |json| {
            let host = json.as_str().map(|host| host.strip_suffix('/').unwrap_or(host));
            let host = host.filter(|host| is_base(host, &["wss"])).ok_or(ApiError::UnknownShape)?;
            Ok(SignalHost { host: host.to_owned() })
        })
    }
}

/// The host of the signalling WebSocket: the answer to a [`HostRequest`].
///
/// ```
/// # use turn_credentials::provider::xirsys::{Account, HostRequest};
/// # use turn_credentials::provider::{ApiCall, http::Response};
/// # let account = Account::new("ident", "secret")?;
/// let body = br#"{"s": "ok", "v": "wss://us-api2.xirsys.com:443/ws"}"#.to_vec();
/// let host = HostRequest::new(&account).read_answer(&Response::new(body))?;
/// assert_eq!(host.as_str(), "wss://us-api2.xirsys.com:443/ws");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalHost {
    host: String,
}

impl SignalHost {
    /// The address of the host, such as `wss://us-api2.xirsys.com:443/ws`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.host
    }

    /// The URL to connect to. It contains the token.
    #[must_use]
    pub fn websocket_url(&self, token: &SignalToken) -> SignalUrl {
        const PATH: &str = "/v2/";

        let (host, token) = (&self.host, percent::Encoded(token.as_str()));
        let len = host.len().saturating_add(PATH.len()).saturating_add(token.max_len());
        SignalUrl(Wiped::written(len, format_args!("{host}{PATH}{token}")))
    }
}

/// The URL of the signalling WebSocket, with a token in it. `Debug` shows nothing of it, and its
/// memory is wiped when it is dropped.
///
/// ```
/// # use turn_credentials::provider::xirsys::{Account, HostRequest, TokenRequest};
/// # use turn_credentials::provider::{ApiCall, http::Response};
/// # let account = Account::new("ident", "secret")?;
/// # let call = TokenRequest::new(&account, "my/channel", None, None)?;
/// # let token = call.read_answer(&Response::new(br#"{"s": "ok", "v": "a-token"}"#.to_vec()))?;
/// let body = br#"{"s": "ok", "v": "wss://us-api2.xirsys.com:443/ws"}"#.to_vec();
/// let host = HostRequest::new(&account).read_answer(&Response::new(body))?;
/// let url = host.websocket_url(&token);
/// assert_eq!(url.as_str(), "wss://us-api2.xirsys.com:443/ws/v2/a-token");
/// assert_eq!(format!("{url:?}"), "SignalUrl(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SignalUrl(Wiped);

impl SignalUrl {
    /// The text of the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
