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
        secrets.push(SharedSecret::from_file_contents(read("the secret file", path)?)?);
    }
    if secrets.is_empty() {
        let text = env::var_os("TURN_SECRET")
            .ok_or("no secret: give --secret-file PATH or TURN_SECRET")?;
        secrets.push(SharedSecret::new(text.as_encoded_bytes())?);
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
    match path {
        Some(path) => secret_text(path),
        None => Ok(variable(name)?
            .ok_or_else(|| format!("no secret: give {flag} PATH or {name}"))?
            .into()),
    }
}

/// The key in a file, without one line end at its end.
pub(crate) fn secret_text(path: &Path) -> Result<ApiKey> {
    let text = String::from_utf8(read("the secret file", path)?)
        .map(ApiKey::from)
        .map_err(|_| format!("the secret file {} is not UTF-8", path.display()))?;
    let text = text.as_str();
    let line = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    if line.is_empty() {
        return Err(format!("the secret file {} is empty", path.display()).into());
    }
    Ok(ApiKey::from(line))
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

/// A duration with or without a sign: `-5s`, `+5s`, `5s`.
pub(crate) fn parse_skew(text: &str) -> result::Result<ClockSkew, humantime::DurationError> {
    if let Some(behind) = text.strip_prefix('-') {
        humantime::parse_duration(behind).map(ClockSkew::server_behind)
    } else {
        let ahead = text.strip_prefix('+').unwrap_or(text);
        humantime::parse_duration(ahead).map(ClockSkew::server_ahead)
    }
}

/// The time in UTC, as defined in RFC 3339.
pub(crate) fn date(time: UnixTime) -> String {
    let since_1970 = Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since_1970).to_string()
}
