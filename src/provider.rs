//! Hosted TURN services, asked over HTTP: one call is data, and its answer is read from bytes.
//!
//! Nothing here sends anything: take an [`ApiCall`]'s request to any HTTP client, sync or async, and
//! give the response back to the call. With the feature `http` a request becomes an
//! `http::Request<Vec<u8>>`, which reqwest and ureq take as it is, and hyper with the body mapped into
//! http-body-util's `Full`.
//!
//! A provider that is not here is one more `impl ApiCall`:
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::provider::{
//!     ApiCall, ApiError, HttpRequest, HttpResponse, IceAnswer, Method,
//! };
//! use turn_credentials::{Credential, UnixTime};
//!
//! /// A service of one's own, which answers with the list that browsers take.
//! struct OurService {
//!     key: Credential,
//!     now: UnixTime,
//! }
//!
//! impl ApiCall for OurService {
//!     type Answer = IceAnswer;
//!
//!     fn request(&self) -> HttpRequest {
//!         HttpRequest::new(Method::Get, "https://turn.example.org/ice").with_bearer(&self.key)
//!     }
//!
//!     fn read_answer(&self, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
//!         let hour = Duration::from_secs(3600);
//!         IceAnswer::from_json(response.successful()?.body(), self.now, Some(hour))
//!     }
//! }
//!
//! let now = UnixTime::from_secs(1_700_000_000);
//! let call = OurService { key: Credential::new("hidden"), now };
//! assert!(!format!("{:?}", call.request()).contains("hidden"));
//!
//! let answer = br#"{"iceServers": [{"urls": "stun:turn.example.org"}]}"#;
//! let answer = call.read_answer(&HttpResponse::new(200, answer))?;
//! assert_eq!(answer.servers().len(), 1);
//! assert_eq!(answer.expires_at(), Some(UnixTime::from_secs(1_700_003_600)));
//!
//! let busy = [("Retry-After", "30")];
//! let error = call.read_answer(&HttpResponse::new(503, b"").with_headers(&busy)).unwrap_err();
//! assert!(error.is_retryable());
//! assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(30));
//! # Ok::<(), ApiError>(())
//! ```

pub mod cloudflare;
pub mod metered;
pub mod twilio;
pub mod xirsys;

use core::fmt;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use thiserror::Error;

use crate::{Credential, IceServer, IceServers, IceUri, UnixTime, decimal};

/// One HTTP call to a provider.
pub trait ApiCall {
    /// What the call is made for.
    type Answer;

    /// What to send.
    fn request(&self) -> HttpRequest;

    /// Reads what came back.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] for an answer that is of no use.
    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<Self::Answer, ApiError>;
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
}

impl Method {
    /// The method's name, in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// An HTTP request, as data.
///
/// `Display` shows it without what was marked as secret, and `Debug` without its body too.
#[derive(Clone)]
pub struct HttpRequest {
    method: Method,
    url: String,
    secret_query: Option<Credential>,
    headers: Vec<(&'static str, HeaderValue)>,
    body: Vec<u8>,
}

#[derive(Clone, Debug)]
enum HeaderValue {
    Shown(String),
    Secret(Credential),
}

impl HttpRequest {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self { method, url: url.into(), secret_query: None, headers, body }
    }

    /// The same request with another header. What clients refuse in one, such as a line end, is
    /// refused by them.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, HeaderValue::Shown(value.into())));
        self
    }

    /// The same request with a header that holds a secret.
    #[must_use]
    pub fn with_secret_header(mut self, name: &'static str, value: impl Into<Credential>) -> Self {
        self.headers.push((name, HeaderValue::Secret(value.into())));
        self
    }

    /// The same request with a query that holds a secret: what stands behind the question mark, of a
    /// URL that has none. HTTP clients show URLs in their errors and logs.
    #[must_use]
    pub fn with_secret_query(self, query: impl Into<Credential>) -> Self {
        Self { secret_query: Some(query.into()), ..self }
    }

    /// The same request with a body of this media type.
    #[must_use]
    pub fn with_body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }.with_header("content-type", media_type)
    }

    /// The same request with HTTP Basic authentication (RFC 7617), for a user without a colon.
    #[must_use]
    pub fn with_basic(self, user: &str, password: &Credential) -> Self {
        let pair = Credential::new(alloc::format!("{user}:{}", password.as_str()));
        let encoded = Credential::new(STANDARD.encode(pair.as_str()));
        let value = Credential::new(alloc::format!("Basic {}", encoded.as_str()));
        self.with_secret_header("authorization", value)
    }

    /// The same request with a bearer token (RFC 6750 section 2.1).
    #[must_use]
    pub fn with_bearer(self, token: &Credential) -> Self {
        let value = Credential::new(alloc::format!("Bearer {}", token.as_str()));
        self.with_secret_header("authorization", value)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The whole URL; secret where the query is.
    #[must_use]
    pub fn url(&self) -> Credential {
        match &self.secret_query {
            None => Credential::new(self.url.as_str()),
            Some(query) => Credential::new(alloc::format!("{}?{}", self.url, query.as_str())),
        }
    }

    /// The headers: name, value, and whether the value is a secret.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.headers.iter().map(|(name, value)| match value {
            HeaderValue::Shown(value) => (*name, value.as_str(), false),
            HeaderValue::Secret(value) => (*name, value.as_str(), true),
        })
    }

    /// The body; empty where there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Display for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.secret_query.is_some() { "?(secret)" } else { "" };
        writeln!(f, "{} {}{query}", self.method.as_str(), self.url)?;
        for (name, value, secret) in self.headers() {
            writeln!(f, "{name}: {}", if secret { "(secret)" } else { value })?;
        }
        match self.body() {
            [] => Ok(()),
            body => writeln!(f, "\n{}", String::from_utf8_lossy(body)),
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// An HTTP response, as an HTTP client has read it.
#[derive(Clone, Copy)]
pub struct HttpResponse<'a> {
    status: u16,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

impl<'a> HttpResponse<'a> {
    /// A response without headers.
    #[must_use]
    pub fn new(status: u16, body: &'a [u8]) -> Self {
        Self { status, headers: &[], body }
    }

    /// The same response with its headers, or only `Retry-After`: no other is read.
    #[must_use]
    pub fn with_headers(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How long to wait before the next call: `Retry-After` in seconds (RFC 9110 section 10.2.3). Its
    /// form as a date is passed over.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let is = |name: &str| name.eq_ignore_ascii_case("retry-after");
        let (_, value) = self.headers.iter().find(|(name, _)| is(name))?;
        decimal::parse(value.trim()).map(|secs: u32| Duration::from_secs(secs.into()))
    }

    /// The same response, if its status is 2xx.
    ///
    /// # Errors
    ///
    /// [`ApiError::Status`].
    pub fn successful(self) -> Result<Self, ApiError> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(ApiError::Status { status: self.status, retry_after: self.retry_after() })
        }
    }

    /// The body as JSON.
    fn json(&self) -> Result<Value, ApiError> {
        parse(self.body)
    }
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ApiError::Empty);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::NotJson)
}

/// Without the body, which holds credentials.
impl fmt::Debug for HttpResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body, .. } = self;
        write!(f, "HttpResponse {{ status: {status}, body: {} bytes }}", body.len())
    }
}

/// ICE servers from a provider, and until when they serve.
#[derive(Clone, Debug)]
pub struct IceAnswer {
    servers: IceServers,
    dropped: usize,
    issued_at: UnixTime,
    expires_at: Option<UnixTime>,
}

impl IceAnswer {
    /// The servers; at least one.
    #[must_use]
    pub fn servers(&self) -> &IceServers {
        &self.servers
    }

    /// The servers, for keeping.
    #[must_use]
    pub fn into_servers(self) -> IceServers {
        self.servers
    }

    /// How many URIs were left out: those that no browser takes, and TURN without a login.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The `now` that the call was made with.
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// When the logins expire, by our clock: reckoned from what was asked for, since most providers
    /// do not say. `None` where neither is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// Reads any of the shapes in which providers list their servers: a list, one server, or an
    /// object whose member `iceServers` is one of the two.
    ///
    /// # Errors
    ///
    /// [`ApiError::Empty`], [`ApiError::NotJson`], [`ApiError::NoServers`].
    pub fn from_json(
        json: &[u8],
        issued_at: UnixTime,
        ttl: Option<Duration>,
    ) -> Result<Self, ApiError> {
        Self::read(unwrap_list(parse(json)?), issued_at, ttl)
    }

    fn read(list: Value, issued_at: UnixTime, ttl: Option<Duration>) -> Result<Self, ApiError> {
        let mut servers = IceServers::default();
        let mut dropped = 0_usize;
        let entries = match list {
            Value::Array(entries) => entries,
            entry => [entry].into(),
        };
        for entry in entries {
            let (server, left_out) = read_server(entry);
            servers.extend(server);
            dropped = dropped.saturating_add(left_out);
        }
        if servers.is_empty() {
            return Err(ApiError::NoServers);
        }
        let expires_at = ttl
            .and_then(|ttl| issued_at.as_secs().checked_add(ttl.as_secs()))
            .map(UnixTime::from_secs);
        Ok(Self { servers, dropped, issued_at, expires_at })
    }
}

/// What is in the member `iceServers`, or all of it where there is none.
fn unwrap_list(mut json: Value) -> Value {
    json.get_mut("iceServers").map(Value::take).unwrap_or(json)
}

/// A server, if there is one in the entry, and how many of its URIs were left out.
fn read_server(mut entry: Value) -> (Option<IceServer>, usize) {
    let mut take = |name: &str| entry.get_mut(name).map(Value::take);
    let mut list = |name: &str| match take(name) {
        Some(Value::Array(texts)) if !texts.is_empty() => Some(texts),
        None | Some(Value::Null | Value::Array(_)) => None,
        Some(text) => Some([text].into()),
    };
    let (new, old) = (list("urls"), list("url"));
    let texts: Vec<Value> = new.or(old).unwrap_or_default();
    let mut text = |name: &str| match take(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (username, credential) = (text("username"), text("credential").map(Credential::new));
    let uris: Vec<IceUri> = texts.iter().filter_map(|text| text.as_str()?.parse().ok()).collect();
    let stun = uris.iter().filter(|uri| !uri.scheme().is_turn()).cloned().collect();
    // A login that no server takes leaves what needs none.
    let server = IceServer::read(uris, username, credential)
        .or_else(|_| IceServer::read(stun, None, None))
        .ok();
    let kept = server.as_ref().map_or(0, |server| server.urls().len());
    (server, texts.len().saturating_sub(kept))
}

/// Why a provider's answer is of no use.
///
/// None holds a secret, a credential, or more of the answer than a word for the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The provider says in its own words that it refuses.
    #[error("the provider refuses the call: {code}")]
    Refused {
        /// Xirsys's code for the reason.
        code: xirsys::ErrorCode,
        /// The status code: HTTP's, or the envelope's own in the API's version 2.
        status: u16,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },

    /// An HTTP status that is not 2xx, and nothing more precise in the body.
    #[error("the provider answers with HTTP status {status}")]
    Status {
        /// The status code.
        status: u16,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },

    /// The body is empty.
    #[error("the provider's answer is empty: check the path of the call")]
    Empty,

    /// The body is no JSON, but HTML perhaps, or was cut off.
    #[error("the provider's answer is not JSON: check the address, or try again")]
    NotJson,

    /// JSON of a shape that the provider was never seen to answer with.
    #[error("the provider's answer is JSON of an unknown shape")]
    UnknownShape,

    /// No server that a browser takes.
    #[error("the provider's answer has no usable ICE server")]
    NoServers,
}

impl ApiError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { code: xirsys::ErrorCode::Other(_), status, .. }
            | Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Refused { code, .. } => code.is_retryable(),
            Self::NotJson => true,
            Self::Empty | Self::UnknownShape | Self::NoServers => false,
        }
    }

    /// How long the provider asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why a call to a provider cannot be made.
///
/// None holds a secret or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// An id is empty, or has a character that its place in a header or path has no room for.
    #[error("the id is empty, or has a character that it cannot have, such as a colon or a slash")]
    Id,

    /// A secret is empty, or has a control character.
    #[error("the secret is empty, or has a control character: a line end from a file?")]
    Secret,

    /// The lifetime is outside what the provider gives.
    #[error("the lifetime is outside what the provider gives: {least} to {most} seconds")]
    Lifetime {
        /// The shortest, in seconds.
        least: u32,
        /// The longest, in seconds.
        most: u32,
    },

    /// A channel is empty, or a segment of it is, or is a dot or two.
    #[error("the channel has an empty segment, or one of dots: write my/channel")]
    Channel,

    /// A gateway that is no plain web address.
    #[error("the gateway is not https:// or http://, a host, and perhaps a port and a path")]
    Gateway,

    /// An address that is not a public one.
    #[error("the user's address is not a public one: leave it out")]
    PrivateAddress,

    /// A signalling user that Xirsys does not take.
    #[error(
        "the signalling user is not 1 to 64 letters, digits, dots, underscores, tildes or hyphens"
    )]
    User,
}

/// A secret that can stand in a header.
fn check_secret(secret: impl Into<Credential>) -> Result<Credential, CallError> {
    let secret = secret.into();
    if secret.as_str().is_empty() || secret.as_str().contains(char::is_control) {
        return Err(CallError::Secret);
    }
    Ok(secret)
}

/// An id that can stand in a path, and before the colon of HTTP Basic authentication.
fn check_id(id: &str) -> Result<&str, CallError> {
    let stray = |c: char| c.is_control() || matches!(c, ':' | '/');
    if is_dots_or_empty(id) || id.contains(stray) { Err(CallError::Id) } else { Ok(id) }
}

/// Whether a URL's parser takes a segment for a step in the path (WHATWG URL section 4.4), or none.
fn is_dots_or_empty(segment: &str) -> bool {
    matches!(segment, "" | "." | "..")
}

/// `text` and then the value, in memory that does not move: a text that grew would leave a secret
/// value's beginning in freed memory.
fn append_encoded(text: &str, value: &str) -> Credential {
    let capacity = value.len().saturating_mul(3).saturating_add(text.len());
    let mut whole = String::with_capacity(capacity);
    // A String takes whatever is written to it.
    _ = fmt::Write::write_fmt(&mut whole, format_args!("{text}{}", PercentEncoded(value)));
    Credential::new(whole)
}

/// A lifetime in whole seconds.
fn check_lifetime(lifetime: Duration, least: u32, most: u32) -> Result<u32, CallError> {
    let secs = u32::try_from(lifetime.as_secs()).ok();
    secs.filter(|secs| (least..=most).contains(secs)).ok_or(CallError::Lifetime { least, most })
}

/// Text as a segment of a path, or a value of a query (RFC 3986 section 2.1).
struct PercentEncoded<'a>(&'a str);

impl fmt::Display for PercentEncoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                fmt::Write::write_char(f, byte.into())
            }
            byte => write!(f, "%{byte:02X}"),
        })
    }
}

#[cfg(feature = "http")]
mod http_types {
    use alloc::vec::Vec;

    use super::{HttpRequest, Method};

    impl From<Method> for http::Method {
        fn from(method: Method) -> Self {
            match method {
                Method::Get => Self::GET,
                Method::Post => Self::POST,
                Method::Put => Self::PUT,
            }
        }
    }

    /// Secret headers are marked as such, so that clients leave them out of logs and HTTP/2's table. A
    /// secret query cannot be marked: `Debug` of the converted request shows it.
    impl TryFrom<HttpRequest> for http::Request<Vec<u8>> {
        type Error = http::Error;

        fn try_from(request: HttpRequest) -> Result<Self, http::Error> {
            let mut builder =
                http::Request::builder().method(request.method).uri(request.url().as_str());
            for (name, value, secret) in request.headers() {
                let mut value = http::HeaderValue::from_str(value)?;
                value.set_sensitive(secret);
                builder = builder.header(name, value);
            }
            builder.body(request.body)
        }
    }
}
