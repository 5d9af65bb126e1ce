//! Keys that clients send in full.

use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;
use turn_credentials::provider::ApiKey;

use crate::input;
use crate::program::Result;

pub(crate) struct Key(ApiKey);

impl Key {
    const MIN_LEN: usize = 16;

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let key = input::secret_text(path)?;
        let text = key.as_str();
        if text.len() < Self::MIN_LEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let advice =
                "must be 16 or more ASCII characters without blanks: `openssl rand -hex 32`";
            return Err(format!("the key in {} {advice} makes one", path.display()).into());
        }
        Ok(Self(key))
    }

    pub(crate) fn opens(&self, shown: &str) -> bool {
        self.0.as_str().as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
