//! One HTTP call to a provider, as data.

use alloc::vec::Vec;

use super::error::{ApiError, CallError};
use super::http_request::HttpRequest;

/// One HTTP call to a provider: what to send, and how to read what comes back.
///
/// Use `dyn ApiCall<Answer = …>` to choose a provider at run time:
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::provider::{ApiCall, CallError, cloudflare, xirsys};
/// use turn_credentials::{IceLease, UnixTime};
///
/// fn call(provider: &str, now: UnixTime) -> Result<Box<dyn ApiCall<Answer = IceLease>>, CallError> {
///     let hour = Duration::from_secs(3600);
///     Ok(match provider {
///         "xirsys" => {
///             let account = xirsys::Account::new("ident", "secret")?;
///             Box::new(xirsys::IceRequest::new(&account, "my/channel", hour, now)?)
///         }
///         _ => {
///             let key = cloudflare::Key::new("key-id", "token")?;
///             Box::new(cloudflare::IceRequest::new(&key, hour, now)?)
///         }
///     })
/// }
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let host = |provider| -> Result<_, CallError> {
///     let request = call(provider, now)?.request()?.into_inner();
///     Ok(request.uri().host().map(str::to_owned))
/// };
/// assert_eq!(host("xirsys")?.as_deref(), Some("global.xirsys.net"));
/// assert_eq!(host("cloudflare")?.as_deref(), Some("rtc.live.cloudflare.com"));
/// # Ok::<(), CallError>(())
/// ```
pub trait ApiCall {
    /// The result of the call.
    type Answer;

    /// The request to send.
    ///
    /// # Errors
    ///
    /// [`CallError::Http`] if the parts of the call do not form an HTTP request. The calls in this
    /// crate check their parts when they are created, so they fail here only if the URL is over
    /// 65,534 bytes.
    fn request(&self) -> Result<HttpRequest, CallError>;

    /// Reads the response.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] for an answer that cannot be used.
    fn read_answer(&self, response: &http::Response<Vec<u8>>) -> Result<Self::Answer, ApiError>;
}
