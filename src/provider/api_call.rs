//! One HTTP call to a provider, as data.

use alloc::vec::Vec;

use super::error::{ApiError, CallError};
use super::http_request::HttpRequest;

/// One HTTP call to a provider: what to send, and how to read what comes back.
///
/// It can be used as `dyn ApiCall<Answer = …>`, so that a service can choose its provider at run time.
pub trait ApiCall {
    /// The result of the call.
    type Answer;

    /// The request to send.
    ///
    /// # Errors
    ///
    /// [`CallError::Http`] if the parts of the call do not make an HTTP request. The calls in this crate
    /// check their parts when they are made; only a URL over 65,534 bytes gets this far.
    fn request(&self) -> Result<HttpRequest, CallError>;

    /// Reads the response.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] for an answer that cannot be used.
    fn read_answer(&self, response: &http::Response<Vec<u8>>) -> Result<Self::Answer, ApiError>;
}
