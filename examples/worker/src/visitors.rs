//! Who may ask: the pages of permitted origins, and whoever has the client key.

use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};
use subtle::ConstantTimeEq;
use turn_credentials::provider::{ApiKey, http};

use crate::failure::Failure;
use crate::settings::SettingsError;

pub(crate) struct Visitors {
    origins: Vec<HeaderValue>,
    client_key: Option<ApiKey>,
}

impl Visitors {
    /// Fails if nobody could ask.
    pub(crate) fn new(origins: &[&str], client_key: Option<ApiKey>) -> Result<Self, SettingsError> {
        const ORIGIN: &str = "BROKER_ORIGIN";
        const KEY: &str = "BROKER_CLIENT_KEY";

        if origins.is_empty() && client_key.is_none() {
            let why = "not set, nor is BROKER_CLIENT_KEY: nobody could get a token";
            return Err(SettingsError::new(ORIGIN, why));
        }
        let origins = origins.iter().map(|text| origin(text)).collect::<Option<_>>();
        let wrong = "not https://host or https://host:port, as browsers write it";
        let origins = origins.ok_or(SettingsError::new(ORIGIN, wrong))?;
        let good = |key: &ApiKey| {
            key.as_str().len() >= 16 && key.as_str().bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !client_key.as_ref().is_none_or(good) {
            let why =
                "not 16 or more ASCII characters without blanks: `openssl rand -hex 32` makes one";
            return Err(SettingsError::new(KEY, why));
        }
        Ok(Self { origins, client_key })
    }

    /// The page's origin, if it is permitted.
    pub(crate) fn permitted<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        headers.get(ORIGIN).filter(|origin| self.origins.contains(origin))
    }

    /// Refuses pages that are not permitted, even if they send the client key.
    pub(crate) fn refuse_foreign(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let foreign = headers.contains_key(ORIGIN) && self.permitted(headers).is_none();
        if foreign { Err(Failure::Unauthorized) } else { Ok(()) }
    }

    /// Admits permitted pages, and clients that are not a page but have the client key.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let admitted = self.permitted(headers).is_some()
            || (!headers.contains_key(ORIGIN) && self.has_client_key(headers));
        if admitted { Ok(()) } else { Err(Failure::Unauthorized) }
    }

    /// Like `admit`, but if a client key is set, admits only requests with that key.
    pub(crate) fn admit_to_token(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if self.client_key.is_some() && !self.has_client_key(headers) {
            return Err(Failure::Unauthorized);
        }
        self.admit(headers)
    }

    fn has_client_key(&self, headers: &HeaderMap) -> bool {
        let shown = self.client_key.as_ref().zip(bearer(headers));
        shown.is_some_and(|(key, shown)| key.as_str().as_bytes().ct_eq(shown.as_bytes()).into())
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// An origin, if it is as browsers write it: in lower case, and without the port that the scheme
/// implies (RFC 6454 section 6.2).
fn origin(text: &str) -> Option<HeaderValue> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, host) = uri.scheme_str().zip(uri.host())?;
    let implied = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let whole = text == format!("{scheme}://{host}{port}").to_lowercase();
    let plain = !host.contains('*') && uri.port_u16().is_none_or(|port| Some(port) != implied);
    (whole && plain).then(|| HeaderValue::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for good in [
            "https://app.example.org",
            "http://localhost:3000",
            "https://[2001:db8::1]:8443",
            "capacitor://localhost",
        ] {
            assert_eq!(origin(good).unwrap(), good);
        }
        for bad in [
            "https://App.example.org",
            "https://app.example.org/",
            "https://app.example.org:443",
            "https://app.example.org:99999",
            "https://user@app.example.org",
            "https://*.example.org",
            "app.example.org",
            "null",
            "*",
            "",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
