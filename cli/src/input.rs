//! Secrets, URIs and times from the command line, the environment and files.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use std::{env, result};

use turn_credentials::ice::UriError;
use turn_credentials::provider::ApiKey;
use turn_credentials::{ClockSkew, Error, IceUri, SharedSecret, UnixTime, Username};

use crate::program::Result;

/// The bytes of the secret in a file, without the white space at its ends.
pub(crate) fn secret_in_file(path: &Path) -> Result<Vec<u8>> {
    let contents = read("the secret file", path)?;
    SharedSecret::from_file_contents(&contents).map_err(in_file(path))?;
    let text = contents.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&contents).trim_ascii();
    let odd = odd_end(text);
    odd.map_or_else(|| Ok(text.to_vec()), |odd| Err(format!("{}: {odd}", named(path)).into()))
}

/// The bytes of the secret in the environment's `TURN_SECRET`.
pub(crate) fn secret_in_environment() -> Result<Vec<u8>> {
    let text = env::var_os("TURN_SECRET")
        .ok_or("no secret: give --secret-file PATH, or set TURN_SECRET")?
        .into_encoded_bytes();
    SharedSecret::from_config_value(&text).map_err(|error| format!("TURN_SECRET: {error}"))?;
    odd_end(&text).map_or_else(|| Ok(text), |odd| Err(format!("TURN_SECRET: {odd}").into()))
}

/// The error for a secret with a blank or an invisible character at an end, which a TURN server
/// would keep; `None` for any other secret.
pub(crate) fn odd_end(secret: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(secret).ok()?;
    let is_odd = |c: &char| {
        c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let odd = text.chars().next().filter(is_odd).or(text.chars().next_back().filter(is_odd))?;
    Some(format!(
        "the secret has the invisible character U+{:04X} at its beginning or end: remove it where \
         the secret is set",
        u32::from(odd)
    ))
}

/// The key in the file or, without a file, in the environment variable `name`.
pub(crate) fn secret_text_or(path: Option<&Path>, flag: &str, name: &str) -> Result<ApiKey> {
    if let Some(path) = path {
        return secret_text(path);
    }
    let text = variable(name)?.map(ApiKey::from);
    let text = text.ok_or_else(|| format!("no secret: give {flag} PATH, or set {name}"))?;
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

fn in_file(path: &Path) -> impl Fn(Error) -> String {
    move |error| format!("{}: {error}", named(path))
}

fn named(path: &Path) -> String {
    if is_stdin(path) {
        "the secret on stdin".into()
    } else {
        format!("the secret file {}", path.display())
    }
}

/// The contents of a file or, for `-`, of stdin; the error names the file.
pub(crate) fn read(what: &str, path: &Path) -> Result<Vec<u8>> {
    const MOST: u64 = 1024 * 1024;

    let mut contents = Vec::new();
    let file = open(what, path)?;
    file.take(MOST + 1).read_to_end(&mut contents).map_err(unreadable(what, path))?;
    if contents.len() as u64 > MOST {
        return Err(
            format!("{what} {} is over 1 MiB: is it the right file?", path.display()).into()
        );
    }
    Ok(contents)
}

/// Opens a file or, for `-`, stdin, which only one option can read; the errors name the file.
pub(crate) fn open(what: &str, path: &Path) -> Result<Box<dyn Read>> {
    static STDIN_IS_TAKEN: AtomicBool = AtomicBool::new(false);

    if !is_stdin(path) {
        return Ok(Box::new(File::open(path).map_err(unreadable(what, path))?));
    }
    if STDIN_IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(format!("{what}: stdin is already read by another option: give a file").into());
    }
    Ok(Box::new(io::stdin()))
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn unreadable(what: &str, path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("cannot read {what} {}: {error}", path.display())
}

/// The value of an environment variable, if it is set; the error does not show the value.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    let text = env::var_os(name).map(OsString::into_string).transpose();
    text.map_err(|_| format!("{name} is not UTF-8").into())
}

/// Parses URIs. The error does not repeat the URI, which may contain a password by mistake.
pub(crate) fn uris(flag: &str, texts: &[String]) -> Result<Vec<IceUri>> {
    let uris = texts.iter().map(|text| text.parse());
    uris.collect::<result::Result<_, UriError>>().map_err(|error| format!("{flag}: {error}").into())
}

const NOT_A_TIME: &str = "not a time: type 90s, 1h or 1d; digits alone are seconds";

/// A duration: `90s`, `1h`; digits alone are seconds.
pub(crate) fn parse_duration(text: &str) -> result::Result<Duration, &'static str> {
    match text.parse() {
        Ok(secs) if is_digits(text) => Ok(Duration::from_secs(secs)),
        _ => humantime::parse_duration(text).map_err(|_| NOT_A_TIME),
    }
}

/// Parses how long to wait for an answer.
pub(crate) fn parse_patience(text: &str) -> result::Result<Duration, &'static str> {
    const POSSIBLE: RangeInclusive<Duration> =
        Duration::from_millis(1)..=Duration::from_secs(60 * 60);

    let patience = parse_duration(text)?;
    let possible = POSSIBLE.contains(&patience).then_some(patience);
    possible.ok_or("not between 1ms and 1h: type how long to wait, such as 5s")
}

/// A duration with or without a sign: `-5s`, `+5s`, `5`.
pub(crate) fn parse_skew(text: &str) -> result::Result<ClockSkew, &'static str> {
    if let Some(behind) = text.strip_prefix('-') {
        parse_duration(behind).map(ClockSkew::server_behind)
    } else {
        parse_duration(text.strip_prefix('+').unwrap_or(text)).map(ClockSkew::server_ahead)
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How long a login lasts, and whether it was typed as a number of seconds.
#[derive(Clone, Copy)]
pub(crate) struct Ttl {
    pub(crate) duration: Duration,
    in_seconds: bool,
}

impl Ttl {
    pub(crate) fn parse(text: &str) -> result::Result<Self, &'static str> {
        let duration = parse_duration(text)?;
        if duration < Duration::from_secs(1) {
            return Err("under one second: type how long a login lasts, such as 1h");
        }
        let in_seconds = is_digits(text.strip_suffix('s').unwrap_or(text));
        Ok(Self { duration, in_seconds })
    }

    /// A question if the ttl is a number of seconds above 31 days: was it meant in milliseconds?
    pub(crate) fn doubt(self) -> Option<String> {
        const DAY: u64 = 86_400;

        let secs = self.duration.as_secs();
        let days = secs / DAY;
        let over = if secs > days * DAY { "over " } else { "" };
        (self.in_seconds && secs > 31 * DAY)
            .then(|| format!("{secs}s is {over}{days} days: did you mean {}s?", secs / 1000))
    }

    /// Removes the hint at milliseconds or a timestamp, unless the ttl was typed in seconds.
    pub(crate) fn explain(self, error: Error) -> Error {
        match error {
            Error::ExpiryOutOfRange { .. } if !self.in_seconds => {
                Error::ExpiryOutOfRange { hint: None }
            }
            error => error,
        }
    }
}

/// The time in UTC, as defined in RFC 3339.
pub(crate) fn date(time: UnixTime) -> String {
    let since_1970 = Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since_1970).to_string()
}

/// The character between expiry and name.
pub(crate) fn parse_separator(text: &str) -> result::Result<char, &'static str> {
    const WHY_NOT: &str = "give one ASCII punctuation character other than a quote or a backslash";

    let separator: char = text.parse().map_err(|_| WHY_NOT)?;
    let expiry = Username::expiry_only(Username::MAX_EXPIRY);
    let expiry = expiry.and_then(|username| username.with_separator(separator));
    expiry.map(|_| separator).map_err(|_| WHY_NOT)
}

/// A password as typed or, for `-`, the line on stdin.
pub(crate) fn password(text: &str) -> Result<String> {
    if text != "-" {
        return Ok(text.into());
    }
    let mut line = String::from_utf8(read("the password", Path::new("-"))?)
        .map_err(|_| "the password on stdin is not UTF-8")?;
    for end in ['\n', '\r'] {
        line.truncate(line.strip_suffix(end).unwrap_or(&line).len());
    }
    Ok(line)
}

/// Formats seconds as `1h 5s`.
pub(crate) fn span(secs: u64) -> String {
    humantime::format_duration(Duration::from_secs(secs)).to_string()
}
