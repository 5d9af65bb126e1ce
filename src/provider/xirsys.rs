//! Xirsys: ICE servers, and what its signalling wants, by its REST API v3.
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::UnixTime;
//! use turn_credentials::provider::xirsys::{Account, IceRequest};
//! use turn_credentials::provider::{ApiCall, CallError, HttpResponse};
//!
//! let account = Account::new("ident", "secret")?;
//! let now = UnixTime::from_secs(1_700_000_000);
//! let call = IceRequest::new(&account, "my/channel", Duration::from_secs(3600), now)?;
//! let request = call.request();
//! assert_eq!(
//!     request.url().as_str(),
//!     "https://global.xirsys.net/_turn/my/channel?webrtc=1&expire=3600"
//! );
//!
//! // Any HTTP client sends it; this is what came back.
//! let body = br#"{"s": "ok", "v": {"iceServers": [{"urls": ["turn:ws-turn1.xirsys.com:80"],
//!     "username": "opaque", "credential": "opaque"}]}}"#;
//! let answer = call.read_answer(&HttpResponse::new(200, body))?;
//! assert_eq!(answer.servers().len(), 1);
//! assert_eq!(answer.expires_at(), Some(UnixTime::from_secs(1_700_003_600)));
//!
//! let refusal = HttpResponse::new(200, br#"{"s": "error", "v": "unauthorized"}"#);
//! let error = call.read_answer(&refusal).unwrap_err();
//! assert_eq!(error.to_string(), "the provider refuses the call: unauthorized");
//!
//! let day = IceRequest::new(&account, "my/channel", Duration::from_secs(86_400), now);
//! assert_eq!(day.unwrap_err(), CallError::Lifetime { least: 1, most: 21_600 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

use serde_json::{Value, json};

use super::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, Method, PercentEncoded,
    append_encoded, check_id, check_lifetime, check_secret, is_dots_or_empty, unwrap_list,
};
use crate::{Credential, IceUri, UnixTime};

/// Who asks: an ident and its secret.
#[derive(Clone, Debug)]
pub struct Account {
    ident: String,
    secret: Credential,
}

impl Account {
    /// An account.
    ///
    /// # Errors
    ///
    /// [`CallError::Id`], [`CallError::Secret`].
    pub fn new(ident: &str, secret: impl Into<Credential>) -> Result<Self, CallError> {
        Ok(Self { ident: check_id(ident)?.to_owned(), secret: check_secret(secret)? })
    }

    /// A sub-account with a secret of its own, which does not begin with `!`: `primary#sub`.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn sub_account(
        primary: &str,
        sub: &str,
        secret: impl Into<Credential>,
    ) -> Result<Self, CallError> {
        if [primary, sub].iter().any(|id| check_id(id).is_err() || id.contains('#')) {
            return Err(CallError::Id);
        }
        Self::new(&format!("{primary}#{sub}"), secret)
    }

    /// A sub-account by the secret of its primary account: `primary#sub`, and `!` before the secret.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn sub_account_by_primary(
        primary: &str,
        sub: &str,
        primary_secret: impl Into<Credential>,
    ) -> Result<Self, CallError> {
        let secret = check_secret(primary_secret)?;
        Self::sub_account(primary, sub, Credential::new(format!("!{}", secret.as_str())))
    }
}

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    base: String,
}

impl Gateway {
    /// The gateway that is nearest to whoever asks: `https://global.xirsys.net`.
    #[must_use]
    pub fn global() -> Self {
        Self { base: "https://global.xirsys.net".to_owned() }
    }

    /// Another: a regional one such as `https://ws.xirsys.com`, or a proxy of one's own. By `http://`
    /// the secret goes in the clear: on this machine only.
    ///
    /// # Errors
    ///
    /// [`CallError::Gateway`] unless it is `https://` or `http://` with a host, and perhaps a port and a
    /// path.
    pub fn new(base: &str) -> Result<Self, CallError> {
        let base = base.strip_suffix('/').unwrap_or(base);
        let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let gateway = Self { base: base.to_owned() };
        rest.filter(|rest| is_host_and_path(rest)).map(|_| gateway).ok_or(CallError::Gateway)
    }
}

impl Default for Gateway {
    fn default() -> Self {
        Self::global()
    }
}

/// What form of answer to ask for; all are read, whichever was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// `webrtc=1`: the list that browsers take, which Xirsys recommends.
    #[default]
    WebRtc,
    /// `format: urls`: one server with all URIs.
    Urls,
    /// Neither: one server for each URI, as old clients have it.
    Plain,
}

/// Asks for ICE servers: `PUT /_turn/<channel>`.
#[derive(Clone, Debug)]
pub struct IceRequest {
    account: Account,
    gateway: Gateway,
    channel: String,
    form: Form,
    lifetime: u32,
    user_ip: Option<IpAddr>,
    now: UnixTime,
}

impl IceRequest {
    /// Servers whose logins last for `lifetime`, of 1 second to 6 hours, from `now`.
    ///
    /// The lifetime is always sent: without it Xirsys gives 30 or 60 seconds, and never says so.
    ///
    /// # Errors
    ///
    /// [`CallError::Channel`], [`CallError::Lifetime`].
    pub fn new(
        account: &Account,
        channel: &str,
        lifetime: Duration,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        Ok(Self {
            account: account.clone(),
            gateway: Gateway::default(),
            channel: encode_channel(channel)?,
            form: Form::default(),
            lifetime: check_lifetime(lifetime, 1, 21_600)?,
            user_ip: None,
            now,
        })
    }

    /// The same by another gateway.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }

    /// The same in another form, but for a user's address, which [`Form::WebRtc`] alone knows.
    #[must_use]
    pub fn with_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same with servers near to the user at this address (`geo=1`), in the form
    /// [`Form::WebRtc`], which alone knows it. An IPv4 address in IPv6's clothes is taken as IPv4.
    ///
    /// # Errors
    ///
    /// [`CallError::PrivateAddress`] for one that is not public, which Xirsys has no use for.
    pub fn for_user(self, address: IpAddr) -> Result<Self, CallError> {
        let address = address.to_canonical();
        if !is_public(address) {
            return Err(CallError::PrivateAddress);
        }
        Ok(Self { user_ip: Some(address), ..self })
    }
}

impl ApiCall for IceRequest {
    type Answer = IceAnswer;

    fn request(&self) -> HttpRequest {
        let Self { lifetime, .. } = self;
        let base = format!("{}/_turn/{}", self.gateway.base, self.channel);
        let put = |query: &str| HttpRequest::new(Method::Put, format!("{base}{query}"));
        let json = |request: HttpRequest, body: Value| {
            request.with_body("application/json", body.to_string())
        };
        let request = match (self.form, self.user_ip) {
            (_, Some(address)) => {
                let request = put(&format!("?webrtc=1&expire={lifetime}&geo=1"));
                json(request, json!({ "user_ip": address.to_string() }))
            }
            (Form::WebRtc, None) => put(&format!("?webrtc=1&expire={lifetime}")),
            // Clients were seen to write the number as text, and as a number; most as text.
            (Form::Urls, None) => {
                json(put(""), json!({ "format": "urls", "expire": lifetime.to_string() }))
            }
            (Form::Plain, None) => put(&format!("?expire={lifetime}")),
        };
        request.with_basic(&self.account.ident, &self.account.secret)
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
        let list = unwrap_list(open_envelope(response)?);
        let lifetime = Duration::from_secs(self.lifetime.into());
        IceAnswer::read(list, self.now, Some(lifetime))
    }
}

/// Asks for a token of the signalling WebSocket: `PUT /_token/<channel>`. It is no TURN credential.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    account: Account,
    gateway: Gateway,
    channel: String,
    user: Option<String>,
    lifetime: u32,
}

impl TokenRequest {
    /// A token for this user, or for one that Xirsys names at random; without a lifetime it never
    /// expires.
    ///
    /// # Errors
    ///
    /// [`CallError::Channel`], [`CallError::User`], and [`CallError::Lifetime`] for one under a second,
    /// or of more seconds than 32 bits hold.
    pub fn new(
        account: &Account,
        channel: &str,
        user: Option<&str>,
        lifetime: Option<Duration>,
    ) -> Result<Self, CallError> {
        const NEVER: u32 = 0;

        let letters =
            |user: &str| user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b));
        if user.is_some_and(|user| !(1..=64).contains(&user.len()) || !letters(user)) {
            return Err(CallError::User);
        }
        Ok(Self {
            account: account.clone(),
            gateway: Gateway::default(),
            channel: encode_channel(channel)?,
            user: user.map(ToOwned::to_owned),
            lifetime: lifetime.map_or(Ok(NEVER), |time| check_lifetime(time, 1, u32::MAX))?,
        })
    }

    /// The same by another gateway.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for TokenRequest {
    type Answer = Credential;

    fn request(&self) -> HttpRequest {
        let Self { gateway, channel, lifetime, .. } = self;
        let user = self.user.as_ref().map(|user| format!("k={user}&")).unwrap_or_default();
        let url = format!("{}/_token/{channel}?{user}expire={lifetime}", gateway.base);
        let request = HttpRequest::new(Method::Put, url);
        request.with_basic(&self.account.ident, &self.account.secret)
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<Credential, ApiError> {
        match open_envelope(response)? {
            Value::String(token) if !token.is_empty() => Ok(Credential::new(token)),
            _ => Err(ApiError::UnknownShape),
        }
    }
}

/// Asks for the host of the signalling WebSocket: `GET /_host?type=signal`.
#[derive(Clone, Debug)]
pub struct HostRequest {
    account: Account,
    gateway: Gateway,
}

impl HostRequest {
    /// The host that this account is to use.
    #[must_use]
    pub fn new(account: &Account) -> Self {
        Self { account: account.clone(), gateway: Gateway::default() }
    }

    /// The same by another gateway.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }
}

impl ApiCall for HostRequest {
    type Answer = SignalHost;

    fn request(&self) -> HttpRequest {
        let url = format!("{}/_host?type=signal", self.gateway.base);
        let request = HttpRequest::new(Method::Get, url);
        request.with_basic(&self.account.ident, &self.account.secret)
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<SignalHost, ApiError> {
        let value = open_envelope(response)?;
        let host = value.as_str().map(|host| host.strip_suffix('/').unwrap_or(host));
        let is_host = |host: &&str| host.strip_prefix("wss://").is_some_and(is_host_and_path);
        let host = host.filter(is_host).ok_or(ApiError::UnknownShape)?;
        Ok(SignalHost { host: host.to_owned() })
    }
}

/// The host of the signalling WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalHost {
    host: String,
}

impl SignalHost {
    /// The host's own address, such as `wss://us-api2.xirsys.com:443/ws`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.host
    }

    /// The address to connect to with this token, which is a part of it.
    #[must_use]
    pub fn websocket_url(&self, token: &Credential) -> Credential {
        append_encoded(&format!("{}/v2/", self.host), token.as_str())
    }
}

/// What Xirsys says when it refuses, in the member `v`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `unauthorized`: a wrong ident or secret, or a deactivated account.
    Unauthorized,
    /// `no_namespace`: the channel was never made.
    NoNamespace,
    /// `not_found`.
    NotFound,
    /// `path_exists`.
    PathExists,
    /// `require_type_param`, `unrecognized_type_param`: of `_host`.
    TypeParameter,
    /// `internal`: an error of the service.
    Internal,
    /// `locked`: somebody else writes just now.
    Locked,
    /// `version_conflict`: somebody else has written meanwhile.
    VersionConflict,
    /// Any other; empty where it was not a word of at most 32 small letters, digits and underscores.
    Other(String),
}

impl ErrorCode {
    fn read(text: &str) -> Self {
        let word = |text: &str| {
            let of_a_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            text.len() <= 32 && text.bytes().all(of_a_word)
        };
        match text {
            "unauthorized" => Self::Unauthorized,
            "no_namespace" => Self::NoNamespace,
            "not_found" => Self::NotFound,
            "path_exists" => Self::PathExists,
            "require_type_param" | "unrecognized_type_param" => Self::TypeParameter,
            "internal" => Self::Internal,
            "locked" => Self::Locked,
            "version_conflict" => Self::VersionConflict,
            other if word(other) => Self::Other(other.to_owned()),
            _ => Self::Other(String::new()),
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Internal | Self::Locked)
    }
}

/// Xirsys's word for it, with what to do where there is something.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "unauthorized",
            Self::NoNamespace => "no_namespace, make the channel first",
            Self::NotFound => "not_found",
            Self::PathExists => "path_exists",
            Self::TypeParameter => "a wrong type parameter",
            Self::Internal => "internal",
            Self::Locked => "locked",
            Self::VersionConflict => "version_conflict",
            Self::Other(word) if word.is_empty() => "no code",
            Self::Other(word) => word,
        })
    }
}

/// What is in the envelope, which decides before the HTTP status: Xirsys sends errors with 200 too.
fn open_envelope(response: &HttpResponse<'_>) -> Result<Value, ApiError> {
    let mut envelope = match response.json() {
        Ok(json) => json,
        Err(error) => return Err(response.successful().err().unwrap_or(error)),
    };
    let refused = |word: Option<Value>, status: u16| ApiError::Refused {
        code: ErrorCode::read(word.as_ref().and_then(Value::as_str).unwrap_or_default()),
        status,
        retry_after: response.retry_after(),
    };
    let unknown = || response.successful().err().unwrap_or(ApiError::UnknownShape);
    let data = |value: Option<Value>| value.filter(|value| !value.is_null()).ok_or_else(unknown);
    let mut take = |name: &str| envelope.get_mut(name).map(Value::take);
    match take("s") {
        // v3: {"s": "ok", "v": ...}, {"s": "error", "v": "code"}.
        Some(Value::String(word)) if word.eq_ignore_ascii_case("ok") => data(take("v")),
        Some(Value::String(_)) => Err(refused(take("v"), response.status())),
        // v2: {"s": 200, "d": ..., "e": null}, {"s": 500, "d": null, "e": "message"}.
        Some(Value::Number(status)) => {
            let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
            let status = status.unwrap_or_else(|| response.status());
            match take("e") {
                None | Some(Value::Null) if status == 200 => data(take("d")),
                word => Err(refused(word, status)),
            }
        }
        Some(_) => Err(unknown()),
        // Without an envelope: what a proxy or a broker of Xirsys's has unpacked.
        None => response.successful().and_then(|_| {
            let bare =
                ["iceServers", "urls", "url"].iter().any(|name| envelope.get(name).is_some());
            if bare || envelope.is_array() { Ok(envelope) } else { Err(ApiError::UnknownShape) }
        }),
    }
}

/// Whether this is what follows `https://`: a host, and perhaps a port and a path, and nothing that a
/// URL's parser reads otherwise.
fn is_host_and_path(text: &str) -> bool {
    let (authority, path) = match text.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (text, None),
    };
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let is_path = |path: &str| path.bytes().all(unreserved) && encode_channel(path).is_ok();
    format!("stun:{authority}").parse::<IceUri>().is_ok() && path.is_none_or(is_path)
}

/// The channel's path, each of its segments encoded.
fn encode_channel(channel: &str) -> Result<String, CallError> {
    let mut encoded = String::new();
    for segment in channel.split('/') {
        if is_dots_or_empty(segment) {
            return Err(CallError::Channel);
        }
        let slash = if encoded.is_empty() { "" } else { "/" };
        encoded = format!("{encoded}{slash}{}", PercentEncoded(segment));
    }
    Ok(encoded)
}

/// Whether an address is none of those that Xirsys's own clients leave out: private, reserved, for
/// documentation or for many.
fn is_public(address: IpAddr) -> bool {
    const V4: [(u32, u32); 15] = [
        (0x0000_0000, 8),
        (0x0a00_0000, 8),
        (0x6440_0000, 10),
        (0x7f00_0000, 8),
        (0xa9fe_0000, 16),
        (0xac10_0000, 12),
        (0xc000_0000, 24),
        (0xc000_0200, 24),
        (0xc058_6300, 24),
        (0xc0a8_0000, 16),
        (0xc612_0000, 15),
        (0xc633_6400, 24),
        (0xcb00_7100, 24),
        (0xe000_0000, 4),
        (0xf000_0000, 4),
    ];
    const V6: [(u128, u32); 8] = [
        (0, 128),
        (1, 128),
        (0x0000_0000_0000_0000_0000_ffff_0000_0000, 96),
        (0x0100_0000_0000_0000_0000_0000_0000_0000, 64),
        (0x2001_0db8_0000_0000_0000_0000_0000_0000, 32),
        (0xfc00_0000_0000_0000_0000_0000_0000_0000, 7),
        (0xfe80_0000_0000_0000_0000_0000_0000_0000, 10),
        (0xff00_0000_0000_0000_0000_0000_0000_0000, 8),
    ];

    match address {
        IpAddr::V4(address) => {
            let same = |base: u32, bits: u32| (address.to_bits() ^ base).leading_zeros() >= bits;
            !V4.iter().any(|&(base, bits)| same(base, bits))
        }
        IpAddr::V6(address) => {
            let same = |base: u128, bits: u32| (address.to_bits() ^ base).leading_zeros() >= bits;
            !V6.iter().any(|&(base, bits)| same(base, bits))
        }
    }
}
