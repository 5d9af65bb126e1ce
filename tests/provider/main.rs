//! Providers: the requests, and every recorded answer, including errors.
//!
//! Each provider has a file here with its calls. `tests/vectors/provider_answers.json` lists the
//! recorded answers, and names the call that reads each of them.
#![allow(missing_docs)]
#![cfg(feature = "providers")]

mod recorded;
mod request;

use core::time::Duration;

use turn_credentials::provider::http::Response;
use turn_credentials::provider::{ApiCall, ApiError};
use turn_credentials::{IceLease, UnixTime};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);
/// The key in every call. No `Debug`, dry run or error shows it, or the beginning of its base64.
const KEY: &str = "hidden-secret";
const KEY_BASE64: &str = "aGlkZGVu";

/// The calls to one provider, by name.
struct Calls {
    ice: (&'static str, Box<dyn ApiCall<Answer = IceLease>>),
    /// Calls for something other than ICE servers, each with a function that reads a text from the
    /// answer.
    others: Vec<(&'static str, ReadText)>,
}

type ReadText = Box<dyn Fn(&Response<Vec<u8>>) -> Result<String, ApiError>>;

macro_rules! providers {
    ($($name:ident)*) => {
        $(mod $name;)*

        fn providers() -> Vec<Calls> {
            vec![$($name::calls()),*]
        }
    };
}

providers! {
    cloudflare
    metered
    twilio
    xirsys
}

fn response(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body.into()).unwrap()
}
