//! Why a call to a provider cannot be made, and why its answer cannot be used.

use core::time::Duration;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use http::Response;
use http::header::RETRY_AFTER;
use thiserror::Error;

use crate::decimal;
use crate::wiped::Wiped;

/// Why a call to a provider cannot be made.
///
/// No message contains a secret or a name.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::xirsys::{Account, IceRequest};
///
/// let account = Account::new("ident", "secret")?;
/// let (day, now) = (Duration::from_secs(86_400), UnixTime::from_secs(1_700_000_000));
/// assert_eq!(
///     IceRequest::new(&account, "my/channel", day, now).unwrap_err().to_string(),
///     "the ttl is outside what the provider grants: 1 to 21600 seconds"
/// );
/// # Ok::<(), turn_credentials::provider::CallError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// An argument that the provider does not accept.
    #[error("the {name} must be {expected}")]
    Argument {
        /// The name of the argument.
        name: &'static str,
        /// What the provider accepts.
        expected: &'static str,
    },

    /// A secret or key is empty, or has a character that cannot be sent in a header.
    #[error(
        "the secret or key is empty, or has a character that cannot be sent in a header, such as a \
         line end from a file"
    )]
    Secret,

    /// The ttl is outside the provider's range.
    #[error("the ttl is outside what the provider grants: {least} to {most} seconds")]
    Ttl {
        /// The shortest ttl, in seconds.
        least: u32,
        /// The longest ttl, in seconds.
        most: u32,
    },

    /// The parts of the call do not form an HTTP request.
    #[error("the parts of the call do not form an HTTP request: check its address and its headers")]
    Http,
}

impl CallError {
    /// Creates an error for an argument that the provider does not accept.
    ///
    /// ```
    /// use turn_credentials::provider::CallError;
    ///
    /// let error = CallError::argument("region", "eu or us");
    /// assert_eq!(error.to_string(), "the region must be eu or us");
    /// ```
    #[must_use]
    pub const fn argument(name: &'static str, expected: &'static str) -> Self {
        Self::Argument { name, expected }
    }
}

impl From<http::Error> for CallError {
    fn from(_: http::Error) -> Self {
        Self::Http
    }
}

/// Why a provider's answer cannot be used.
///
/// No message contains a secret or a credential. A message quotes at most one word of the answer:
/// the provider's reason.
///
/// ```
/// use turn_credentials::provider::{ApiError, http::Response, successful};
///
/// let refused = successful(&Response::builder().status(403).body(vec![])?).unwrap_err();
/// assert!(matches!(refused, ApiError::Status { status: 403, .. }));
/// assert!(!refused.is_retryable());
/// assert!(ApiError::NotJson.is_retryable());
/// # Ok::<(), turn_credentials::provider::http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The provider refuses the call, and says why: see [`refused`](Self::refused).
    #[error(
        "the provider refuses the call: {}{}",
        if code.is_empty() { "no code" } else { code },
        advice.map(|advice| alloc::format!(", {advice}")).unwrap_or_default()
    )]
    #[non_exhaustive]
    Refused {
        /// The provider's own word for the reason, such as a constant of
        /// [`xirsys::code`](super::xirsys::code). Empty if the provider gives no word, or gives one
        /// that [`refused`](Self::refused) does not keep.
        code: Cow<'static, str>,
        /// What to do, if it is known.
        advice: Option<&'static str>,
        /// Whether the same call may succeed later.
        retryable: bool,
        /// The status code: HTTP's, or the provider's own.
        status: u16,
        /// How long the provider asks you to wait: `Retry-After`, if it is a number of seconds.
        retry_after: Option<Duration>,
    },

    /// An HTTP status other than 2xx. The call does not look for a reason in the body, or
    /// finds none.
    #[error("the provider answers with HTTP status {status}")]
    Status {
        /// The status code.
        status: u16,
        /// How long the provider asks you to wait: `Retry-After`, if it is a number of seconds.
        retry_after: Option<Duration>,
    },

    /// The body is empty.
    #[error("the provider's answer is empty: check the path of the call")]
    Empty,

    /// The body is not JSON: perhaps HTML, or truncated.
    #[error("the provider's answer is not JSON: check the address, or try again")]
    NotJson,

    /// The body is JSON in a shape that is not known for this provider.
    #[error("the provider's answer is JSON of an unknown shape")]
    UnknownShape,

    /// The answer has no usable server.
    #[error("the provider's answer has no usable ICE server")]
    NoServers,
}

impl ApiError {
    /// Creates a refusal with this code. It is retryable if the HTTP status means a temporary
    /// failure.
    ///
    /// A code is kept only if it consists of lower-case letters, digits and underscores, and has at
    /// most 32 characters, or at most 15 if one is a digit: any other text might be a secret.
    ///
    /// ```
    /// use turn_credentials::provider::{ApiError, http::Response};
    ///
    /// let busy = Response::builder().status(429).header("retry-after", "7").body(vec![])?;
    /// let error = ApiError::refused("quota_exceeded", &busy);
    /// assert_eq!(error.to_string(), "the provider refuses the call: quota_exceeded");
    /// assert!(error.is_retryable());
    /// assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(7));
    ///
    /// let error = ApiError::refused("Who knows what?", &busy).with_retryable(false);
    /// assert_eq!(error.to_string(), "the provider refuses the call: no code");
    /// assert!(!error.is_retryable());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn refused(code: impl Into<Cow<'static, str>>, response: &Response<Vec<u8>>) -> Self {
        let code = code.into();
        let of_a_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let most = if code.bytes().any(|b| b.is_ascii_digit()) { 15 } else { 32 };
        let is_word = code.len() <= most && code.bytes().all(of_a_word);
        let code = if is_word {
            code
        } else {
            drop(Wiped::new(code.into_owned()));
            Cow::Borrowed("")
        };
        let status = response.status().as_u16();
        Self::Refused {
            code,
            advice: None,
            retryable: may_pass(status),
            status,
            retry_after: retry_after(response),
        }
    }

    /// Sets whether a refusal is retryable, if the provider's code tells this better than the HTTP
    /// status does.
    #[must_use]
    pub fn with_retryable(mut self, may_pass: bool) -> Self {
        if let Self::Refused { retryable, .. } = &mut self {
            *retryable = may_pass;
        }
        self
    }

    /// Creates an error from the status of this response and its `Retry-After`.
    pub(super) fn of_status(response: &Response<Vec<u8>>) -> Self {
        let (status, retry_after) = (response.status().as_u16(), retry_after(response));
        Self::Status { status, retry_after }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { retryable, .. } => *retryable,
            Self::Status { status, .. } => may_pass(*status),
            Self::NotJson => true,
            Self::Empty | Self::UnknownShape | Self::NoServers => false,
        }
    }

    /// How long the provider asks you to wait: `Retry-After`, if it is a number of seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Whether an HTTP status means a temporary failure (RFC 9110 section 15, RFC 6585 section 4).
pub(super) fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// How long to wait before the next call: `Retry-After` in seconds (RFC 9110 section 10.2.3). The
/// HTTP-date form is ignored.
fn retry_after(response: &Response<Vec<u8>>) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    decimal::parse(value.trim()).map(|secs: u32| Duration::from_secs(secs.into()))
}
