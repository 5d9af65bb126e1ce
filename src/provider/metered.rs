//! Metered: `GET /api/v1/turn/credentials`, whose key is in the query.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use super::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, Method, append_encoded,
    check_id, check_secret,
};
use crate::{Credential, UnixTime};

/// Asks for the ICE servers of an API key. When their logins expire was settled when the key was made,
/// and is not told.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::metered::IceRequest;
/// use turn_credentials::provider::{ApiCall, ApiError, HttpResponse};
///
/// let call = IceRequest::new("our-app", "key", UnixTime::from_secs(1_700_000_000))?;
/// assert_eq!(
///     call.request().url().as_str(),
///     "https://our-app.metered.live/api/v1/turn/credentials?apiKey=key"
/// );
/// let body = br#"[{"urls": "turn:a", "username": "u", "credential": "c"}]"#;
/// let answer = call.read_answer(&HttpResponse::new(200, body))?;
/// assert_eq!((answer.servers().len(), answer.expires_at()), (1, None));
///
/// let refused = HttpResponse::new(401, br#"{"error": "Invalid API Key"}"#);
/// assert!(matches!(call.read_answer(&refused), Err(ApiError::Status { status: 401, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    app: String,
    api_key: Credential,
    now: UnixTime,
}

impl IceRequest {
    /// The servers of this app, `<app>.metered.live`.
    ///
    /// # Errors
    ///
    /// [`CallError::Id`] unless the app's name is one label of a host name; [`CallError::Secret`].
    pub fn new(
        app: &str,
        api_key: impl Into<Credential>,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        let app = check_id(app)?;
        if !app.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(CallError::Id);
        }
        Ok(Self { app: app.to_owned(), api_key: check_secret(api_key)?, now })
    }
}

impl ApiCall for IceRequest {
    type Answer = IceAnswer;

    fn request(&self) -> HttpRequest {
        let url = format!("https://{}.metered.live/api/v1/turn/credentials", self.app);
        let query = append_encoded("apiKey=", self.api_key.as_str());
        HttpRequest::new(Method::Get, url).with_secret_query(query)
    }

    fn read_answer(&self, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
        let answer = response.successful()?.json()?;
        if !answer.is_array() {
            return Err(ApiError::UnknownShape);
        }
        IceAnswer::read(answer, self.now, None)
    }
}
