//! Xirsys: ICE servers, and the token and host of its signalling service, through its
//! [REST API v3](https://docs.xirsys.com/?pg=api-intro).
//!
//! ```
//! use core::time::Duration;
//! use turn_credentials::UnixTime;
//! use turn_credentials::provider::xirsys::{Account, IceRequest, code};
//! use turn_credentials::provider::{ApiCall, ApiError, CallError, http};
//!
//! let account = Account::new("ident", "secret")?;
//! let now = UnixTime::from_secs(1_700_000_000);
//! let call = IceRequest::new(&account, "my/channel", Duration::from_secs(3600), now)?;
//! assert_eq!(
//!     call.request()?.to_string(),
//!     "PUT https://global.xirsys.net/_turn/my/channel?webrtc=1&expire=3600\n\
//!      content-length: 0\nauthorization: (secret)\n"
//! );
//!
//! // Send it with any HTTP client. This is an answer:
//! let body = br#"{"s": "ok", "v": {"iceServers": [{"urls": ["turn:ws-turn1.xirsys.com:80"],
//!     "username": "opaque", "credential": "opaque"}]}}"#;
//! let lease = call.read_answer(&http::Response::new(body.to_vec()))?;
//! assert_eq!(lease.servers().len(), 1);
//! assert_eq!(lease.valid_until(), Some(UnixTime::from_secs(1_700_003_600)));
//!
//! let refusal = br#"{"s": "error", "v": "unauthorized"}"#;
//! let error = call.read_answer(&http::Response::new(refusal.to_vec())).unwrap_err();
//! assert!(matches!(&error, ApiError::Refused { code, .. } if code == code::UNAUTHORIZED));
//! assert_eq!(error.to_string(), "the provider refuses the call: unauthorized");
//!
//! let day = IceRequest::new(&account, "my/channel", Duration::from_secs(86_400), now);
//! assert_eq!(day.unwrap_err(), CallError::Ttl { least: 1, most: 21_600 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod channel;
mod envelope;
mod ice;
mod public_address;
mod signal;

pub use account::Account;
pub use envelope::code;
pub use ice::IceRequest;
pub use signal::{HostRequest, SignalHost, SignalToken, SignalUrl, TokenRequest};
