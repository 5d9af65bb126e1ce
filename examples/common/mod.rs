//! What the examples share: the command line's errors on one line, and secrets from three places.
#![allow(dead_code)]

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use std::{env, error, fs, io};

use clap::Parser;
use clap::error::ErrorKind;
use turn_credentials::ice::UriError;
use turn_credentials::{ClockSkew, Credential, IceUri, SharedSecret, UnixTime};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

/// The program could not do what it is for; `verify` has 1 for a login that it refuses.
const COULD_NOT: u8 = 2;

/// Reads the command line, runs the program, and prints what it says or, on stderr, why it failed.
pub(crate) fn main<Cli: Parser>(run: impl FnOnce(Cli) -> Result<(String, ExitCode)>) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            help.exit()
        }
        Err(error) => {
            complain(&on_one_line(&error.to_string()));
            return ExitCode::from(COULD_NOT);
        }
    };
    let printed = run(cli).and_then(|(output, code)| {
        io::stdout().write_all(output.as_bytes())?;
        Ok(code)
    });
    printed.unwrap_or_else(|error| {
        complain(&format!("error: {error}"));
        ExitCode::from(COULD_NOT)
    })
}

/// Says it on stderr, if that can still be written to.
pub(crate) fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

/// clap's message and tips without its usage, on one line.
fn on_one_line(message: &str) -> String {
    let (message, _) = message.split_once("\nUsage: ").unwrap_or((message, ""));
    let (message, _) = message.split_once("\nFor more information").unwrap_or((message, ""));
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The secret of a `--secret`, a `--secret-file` or the environment's `TURN_SECRET`.
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

/// The secret in a file or, without one, in the environment.
pub(crate) fn secret_text_or(path: Option<&Path>, flag: &str, name: &str) -> Result<Credential> {
    match path {
        Some(path) => secret_text(path),
        None => Ok(variable(name)?
            .ok_or_else(|| format!("no secret: give {flag} PATH or {name}"))?
            .into()),
    }
}

/// The secret in a file, without one line end at its end.
pub(crate) fn secret_text(path: &Path) -> Result<Credential> {
    let text = String::from_utf8(read("the secret file", path)?)
        .map(Credential::new)
        .map_err(|_| format!("the secret file {} is not UTF-8", path.display()))?;
    let text = text.as_str();
    let line = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    if line.is_empty() {
        return Err(format!("the secret file {} is empty", path.display()).into());
    }
    Ok(Credential::new(line))
}

/// A file's contents; the error names the file.
pub(crate) fn read(what: &str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("cannot read {what} {}: {error}", path.display()).into())
}

/// The error does not repeat the URI, which may hold a password where none belongs.
pub(crate) fn uris(flag: &str, texts: &[String]) -> Result<Vec<IceUri>> {
    let uris = texts.iter().map(|text| text.parse());
    uris.collect::<std::result::Result<_, UriError>>()
        .map_err(|error| format!("{flag}: {error}").into())
}

/// The time as RFC 3339 has it, in UTC.
pub(crate) fn date(time: UnixTime) -> String {
    let since_1970 = Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since_1970).to_string()
}

/// A span of time with a sign, or none: `-5s`, `+5s`, `5s`.
pub(crate) fn parse_skew(text: &str) -> std::result::Result<ClockSkew, humantime::DurationError> {
    if let Some(behind) = text.strip_prefix('-') {
        humantime::parse_duration(behind).map(ClockSkew::server_behind)
    } else {
        let ahead = text.strip_prefix('+').unwrap_or(text);
        humantime::parse_duration(ahead).map(ClockSkew::server_ahead)
    }
}

/// What the environment holds, if anything; the error does not show it.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    let text = env::var_os(name).map(OsString::into_string).transpose();
    text.map_err(|_| format!("{name} is not UTF-8").into())
}
