//! Secrets, URIs and times, as a command line, the environment and files give them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, fs, result};

use turn_credentials::ice::UriError;
use turn_credentials::provider::ApiKey;
use turn_credentials::{ClockSkew, IceUri, SharedSecret, UnixTime};

use crate::program::Result;

/// The secrets of `--secret` and `--secret-file` or, without any, the environment's `TURN_SECRET`.
pub(crate) fn secrets(texts: &[OsString], files: &[PathBuf]) -> Result<Vec<SharedSecret>> {
    let mut secrets = Vec::new();
    for text in texts {
        secrets.push(SharedSecret::new(text.as_encoded_bytes())?);
    }
    for path in files {
        let secret = SharedSecret::from_file_contents(read("the secret file", path)?);
        secrets.push(secret.map_err(in_file(path))?);
    }
    if secrets.is_empty() {
        let text = env::var_os("TURN_SECRET")
            .ok_or("no secret: give --secret-file PATH or TURN_SECRET")?;
        let secret = SharedSecret::from_config_value(text.as_encoded_bytes());
        secrets.push(secret.map_err(|error| format!("TURN_SECRET: {error}"))?);
    }
    Ok(secrets)
}

/// The only one of [`secrets`].
pub(crate) fn secret(texts: &[OsString], files: &[PathBuf]) -> Result<SharedSecret> {
    let [secret] = secrets(texts, files)?.try_into().map_err(|_| "more than one secret")?;
    Ok(secret)
}

/// The key in a file or, without one, in the environment.
pub(crate) fn secret_text_or(path: Option<&Path>, flag: &str, name: &str) -> Result<ApiKey> {
    if let Some(path) = path {
        return secret_text(path);
    }
    let text = variable(name)?.map(ApiKey::from);
    let text = text.ok_or_else(|| format!("no secret: give {flag} PATH or {name}"))?;
    let key = ApiKey::from_config_value(text.as_str());
    Ok(key.map_err(|error| format!("{name}: {error}"))?)
}

/// The key in a file.
pub(crate) fn secret_text(path: &Path) -> Result<ApiKey> {
    let text = String::from_utf8(read("the secret file", path)?)
        .map(ApiKey::from)
        .map_err(|_| format!("the secret file {} is not UTF-8", path.display()))?;
    Ok(ApiKey::from_file_contents(text.as_str()).map_err(in_file(path))?)
}

fn in_file(path: &Path) -> impl Fn(turn_credentials::Error) -> String {
    move |error| format!("the secret file {}: {error}", path.display())
}

/// A file's contents; the error names the file.
pub(crate) fn read(what: &str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("cannot read {what} {}: {error}", path.display()).into())
}

/// What the environment holds, if anything; the error does not show it.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    let text = env::var_os(name).map(OsString::into_string).transpose();
    text.map_err(|_| format!("{name} is not UTF-8").into())
}

/// The error does not repeat the URI, which may hold a password where none belongs.
pub(crate) fn uris(flag: &str, texts: &[String]) -> Result<Vec<IceUri>> {
    let uris = texts.iter().map(|text| text.parse());
    uris.collect::<result::Result<_, UriError>>().map_err(|error| format!("{flag}: {error}").into())
}

/// A duration: `90s`, `1h`; digits alone are seconds.
pub(crate) fn parse_duration(text: &str) -> result::Result<Duration, humantime::DurationError> {
    match text.parse() {
        Ok(secs) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Duration::from_secs(secs)),
        _ => humantime::parse_duration(text),
    }
}

/// A duration with or without a sign: `-5s`, `+5s`, `5`.
pub(crate) fn parse_skew(text: &str) -> result::Result<ClockSkew, humantime::DurationError> {
    if let Some(behind) = text.strip_prefix('-') {
        parse_duration(behind).map(ClockSkew::server_behind)
    } else {
        parse_duration(text.strip_prefix('+').unwrap_or(text)).map(ClockSkew::server_ahead)
    }
}

/// What a ttl above 31 days may be instead: milliseconds, typed for seconds.
pub(crate) fn doubt(ttl: Duration) -> Option<String> {
    const DAY: u64 = 86_400;

    let secs = ttl.as_secs();
    let days = secs / DAY;
    let over = if secs > days * DAY { "over " } else { "" };
    (secs > 31 * DAY)
        .then(|| format!("{secs}s is {over}{days} days: did you mean {}s?", secs / 1000))
}

/// The time in UTC, as defined in RFC 3339.
pub(crate) fn date(time: UnixTime) -> String {
    let since_1970 = Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since_1970).to_string()
}
