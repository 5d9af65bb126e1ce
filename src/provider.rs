//! Hosted TURN services. Each call is a value that builds one HTTP request and reads its response.
//!
//! This crate sends nothing: send the request of an [`ApiCall`] with any HTTP client, sync or
//! async, and pass the response back to the call. Requests and responses are types of the
//! [`http`](https://docs.rs/http) crate, which most Rust HTTP clients use. Do not follow redirects:
//! the key is for the provider's address only.
//!
//! # Xirsys, with any HTTP client
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::UnixTime;
//! use turn_credentials::provider::xirsys::{Account, IceRequest};
//! use turn_credentials::provider::{ApiCall, http};
//!
//! let account = Account::new("ident", "secret")?;
//! let now = UnixTime::from_secs(1_700_000_000);
//! let call = IceRequest::new(&account, "my/channel", Duration::from_secs(3600), now)?;
//! let request = call.request()?.into_inner();
//! assert_eq!(request.uri().path(), "/_turn/my/channel");
//!
//! # let send = |_| http::Response::new(br#"{"s": "ok", "v": {"iceServers":
//! #     [{"urls": "turn:a.example", "username": "u", "credential": "c"}]}}"#.to_vec());
//! let response: http::Response<Vec<u8>> = send(request);
//! let lease = call.read_answer(&response)?;
//! assert_eq!(lease.servers()[0].username(), Some("u"));
//! assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! You write `send`. With ureq, and an agent configured with `http_status_as_error(false)`:
//!
//! ```text
//! let (head, mut body) = agent.run(request)?.into_parts();
//! let response = http::Response::from_parts(head, body.read_to_vec()?);
//! ```
//!
//! With reqwest, and `BodyExt` from http-body-util:
//!
//! ```text
//! let answer = client.execute(request.try_into()?).await?;
//! let (head, body) = http::Response::from(answer).into_parts();
//! let response = http::Response::from_parts(head, body.collect().await?.to_bytes().to_vec());
//! ```
//!
//! With hyper-util's client, and `BodyExt` and `Full` from http-body-util:
//!
//! ```text
//! let answer = client.request(request.map(|body| Full::new(Bytes::from(body)))).await?;
//! let (head, body) = answer.into_parts();
//! let response = http::Response::from_parts(head, body.collect().await?.to_bytes().to_vec());
//! ```
//!
//! # A provider of your own
//!
//! To use a provider that this crate does not have, implement [`ApiCall`]:
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::provider::{
//!     ApiCall, ApiError, ApiKey, CallError, HttpRequest, http, read_lease, successful,
//! };
//! use turn_credentials::{IceLease, UnixTime};
//!
//! /// A service that answers with the list that browsers read.
//! struct OurService {
//!     key: ApiKey,
//!     now: UnixTime,
//! }
//!
//! impl ApiCall for OurService {
//!     type Answer = IceLease;
//!
//!     fn request(&self) -> Result<HttpRequest, CallError> {
//!         let request = http::Request::get("https://turn.example.org/ice").body(Vec::new())?;
//!         HttpRequest::new(request).with_bearer(&self.key)
//!     }
//!
//!     fn read_answer(&self, response: &http::Response<Vec<u8>>) -> Result<IceLease, ApiError> {
//!         let hour = Duration::from_secs(3600);
//!         read_lease(successful(response)?.body(), self.now, Some(hour))
//!     }
//! }
//!
//! let now = UnixTime::from_secs(1_700_000_000);
//! let call = OurService { key: ApiKey::new("hidden"), now };
//! assert!(!format!("{:?}", call.request()?).contains("hidden"));
//!
//! let body = br#"{"iceServers": [{"urls": "stun:turn.example.org"}]}"#;
//! let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
//! assert_eq!(lease.servers().len(), 1);
//! assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
//!
//! let busy = http::Response::builder().status(503).header("retry-after", "30").body(vec![])?;
//! let error = call.read_answer(&busy).unwrap_err();
//! assert!(error.is_retryable());
//! assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod api_call;
mod api_key;
mod argument;
mod error;
mod gateway;
mod http_request;

pub mod cloudflare;
pub mod metered;
pub mod twilio;
pub mod xirsys;

pub use answer::{read_lease, successful};
pub use api_call::ApiCall;
pub use api_key::ApiKey;
pub use error::{ApiError, CallError};
pub use gateway::Gateway;
pub use http;
pub use http_request::HttpRequest;
