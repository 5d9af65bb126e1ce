//! A request that does not show its secrets.

use core::fmt;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method, Request};

use super::api_key::ApiKey;
use super::error::CallError;
use crate::wiped::Wiped;

/// An `http::Request` that does not show its secrets.
///
/// `Debug` never shows the query or the body. `Display` is for a dry run: it shows the request,
/// with `(secret)` in place of the query, the body and the header values that you do not let it
/// show. Secret header values are marked with `HeaderValue::set_sensitive`: clients that respect
/// the mark keep them out of their logs. The memory of the `http::Request` is not wiped.
///
/// A POST, PUT or PATCH without a body gets `content-length: 0`: some clients omit it, and some
/// proxies then answer 411.
///
/// ```
/// use turn_credentials::provider::{ApiKey, HttpRequest, http};
///
/// let request = http::Request::put("https://turn.example.org/ice?ttl=60").body(Vec::new())?;
/// let request = HttpRequest::new(request).with_bearer(&ApiKey::new("hidden"))?.showing_query();
/// assert_eq!(
///     request.to_string(),
///     "PUT https://turn.example.org/ice?ttl=60\ncontent-length: 0\nauthorization: (secret)\n"
/// );
/// assert_eq!(request.into_inner().headers()["authorization"], "Bearer hidden");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HttpRequest {
    request: Request<Vec<u8>>,
    query_shown: bool,
    body_shown: bool,
}

impl HttpRequest {
    /// Wraps a request. Only the method, the address and the header names are shown.
    ///
    /// ```
    /// use turn_credentials::provider::{CallError, HttpRequest, http};
    ///
    /// let request = http::Request::get("https://a.example/ice?key=hidden").body(Vec::new())?;
    /// let request = HttpRequest::new(request);
    /// assert_eq!(request.to_string(), "GET https://a.example/ice?(secret)\n");
    /// # Ok::<(), CallError>(())
    /// ```
    #[must_use]
    pub fn new(mut request: Request<Vec<u8>>) -> Self {
        let may_have_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
        let has_body = !request.body().is_empty();
        let headers = request.headers_mut();
        headers.values_mut().for_each(|value| value.set_sensitive(true));
        if may_have_body && !has_body && !headers.contains_key(TRANSFER_ENCODING) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Self { request, query_shown: false, body_shown: false }
    }

    /// Adds HTTP Basic authentication (RFC 7617). The user must not contain a colon.
    ///
    /// ```
    /// use turn_credentials::provider::{ApiKey, CallError, HttpRequest, http};
    ///
    /// let request = HttpRequest::new(http::Request::get("https://a.example/").body(Vec::new())?);
    /// let key = ApiKey::new("open sesame");
    /// assert!(request.clone().with_basic("Ali:Baba", &key).is_err());
    /// let request = request.with_basic("Aladdin", &key)?.into_inner();
    /// assert_eq!(request.headers()["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for a user with a colon or a control character;
    /// [`CallError::Secret`] for a key with a control character.
    pub fn with_basic(self, user: &str, key: &ApiKey) -> Result<Self, CallError> {
        if user.contains(|c: char| c == ':' || c.is_control()) {
            return Err(CallError::argument(
                "user",
                "a string without a colon or a control character",
            ));
        }
        if key.as_str().contains(char::is_control) {
            return Err(CallError::Secret);
        }
        let len = user.len().saturating_add(key.as_str().len()).saturating_add(1);
        let pair = Wiped::written(len, format_args!("{user}:{}", key.as_str()));
        let encoded = Wiped::new(STANDARD.encode(pair.as_str()));
        self.with_authorization("Basic", encoded.as_str())
    }

    /// Adds a bearer token (RFC 6750 section 2.1).
    ///
    /// ```
    /// use turn_credentials::provider::{ApiKey, CallError, HttpRequest, http};
    ///
    /// let request = HttpRequest::new(http::Request::get("https://a.example/").body(Vec::new())?);
    /// assert_eq!(
    ///     request.clone().with_bearer(&ApiKey::new("two\nlines")).unwrap_err(),
    ///     CallError::Http
    /// );
    /// let request = request.with_bearer(&ApiKey::new("token"))?.into_inner();
    /// assert_eq!(request.headers()["authorization"], "Bearer token");
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Http`], not [`CallError::Secret`], for a token that a header cannot carry, such as
    /// one with a line end. An empty token is not refused.
    pub fn with_bearer(self, token: &ApiKey) -> Result<Self, CallError> {
        self.with_authorization("Bearer", token.as_str())
    }

    fn with_authorization(mut self, scheme: &str, text: &str) -> Result<Self, CallError> {
        let len = scheme.len().saturating_add(text.len()).saturating_add(1);
        let value = Wiped::written(len, format_args!("{scheme} {text}"));
        let mut value = HeaderValue::from_str(value.as_str()).map_err(http::Error::from)?;
        value.set_sensitive(true);
        self.request.headers_mut().insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Lets `Display` show the query.
    #[must_use]
    pub fn showing_query(self) -> Self {
        Self { query_shown: true, ..self }
    }

    /// Lets `Display` show the body.
    ///
    /// ```
    /// use turn_credentials::provider::{CallError, HttpRequest, http};
    ///
    /// let request = http::Request::get("https://a.example/?ttl=60").body(b"geo=1".to_vec())?;
    /// let request = HttpRequest::new(request).showing_query().showing_body();
    /// assert_eq!(request.to_string(), "GET https://a.example/?ttl=60\n\ngeo=1\n");
    /// # Ok::<(), CallError>(())
    /// ```
    #[must_use]
    pub fn showing_body(self) -> Self {
        Self { body_shown: true, ..self }
    }

    /// Lets `Display` and `Debug` show the values of a header.
    ///
    /// ```
    /// use turn_credentials::provider::{CallError, HttpRequest, http};
    ///
    /// let request = http::Request::get("https://a.example/").header("accept", "*/*");
    /// let request = HttpRequest::new(request.body(Vec::new())?);
    /// assert_eq!(request.to_string(), "GET https://a.example/\naccept: (secret)\n");
    /// let request = request.showing_header(&http::header::ACCEPT);
    /// assert_eq!(request.to_string(), "GET https://a.example/\naccept: */*\n");
    /// # Ok::<(), CallError>(())
    /// ```
    #[must_use]
    pub fn showing_header(mut self, name: &HeaderName) -> Self {
        if let http::header::Entry::Occupied(mut entry) = self.request.headers_mut().entry(name) {
            entry.iter_mut().for_each(|value| value.set_sensitive(false));
        }
        self
    }

    /// The request, with its secrets.
    #[must_use]
    pub fn as_inner(&self) -> &Request<Vec<u8>> {
        &self.request
    }

    /// The request, with its secrets, for an HTTP client.
    #[must_use]
    pub fn into_inner(self) -> Request<Vec<u8>> {
        self.request
    }

    /// The URL without its user and its query.
    fn address(&self) -> String {
        let uri = self.request.uri();
        let scheme = uri.scheme().map(|scheme| format!("{scheme}://")).unwrap_or_default();
        // The part of the authority before `@` may contain a password.
        let host = uri.authority().map(|authority| {
            authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host)
        });
        format!("{scheme}{}{}", host.unwrap_or_default(), uri.path())
    }
}

const SECRET: &str = "(secret)";

impl fmt::Display for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.request.method(), self.address())?;
        if let Some(query) = self.request.uri().query() {
            write!(f, "?{}", if self.query_shown { query } else { SECRET })?;
        }
        writeln!(f)?;
        for (name, value) in self.request.headers() {
            let shown = value.to_str().ok().filter(|_| !value.is_sensitive());
            writeln!(f, "{name}: {}", shown.unwrap_or(SECRET))?;
        }
        match &self.request.body()[..] {
            [] => Ok(()),
            body if self.body_shown => writeln!(f, "\n{}", String::from_utf8_lossy(body)),
            _ => writeln!(f, "\n{SECRET}"),
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", self.request.method())
            .field("address", &self.address())
            .field("headers", self.request.headers())
            .finish_non_exhaustive()
    }
}
