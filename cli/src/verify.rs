//! `turn-credentials verify USERNAME PASSWORD`: checks a TURN login.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use turn_credentials::{Keyring, UnixTime, VerifyError};

use crate::layout::Separator;
use crate::program::{Output, Result};
use crate::secrets::{self, Secret};
use crate::{input, json};

/// Say whether a login is valid, until when, and which secret made it
#[derive(Args)]
#[command(
    after_help = "Exits with 0 if the login is valid, 1 if not, and 2 if it could not be checked."
)]
pub(crate) struct Options {
    /// The username that the client sends
    #[arg(allow_hyphen_values = true)]
    username: String,

    /// The password, or - to read it from stdin, hidden from other users
    #[arg(allow_hyphen_values = true)]
    password: String,

    #[command(flatten)]
    secrets: secrets::Options,

    #[command(flatten)]
    separator: Separator,

    /// Refuse a login that is valid for longer than this
    #[arg(long, value_name = "TIME", value_parser = input::parse_duration)]
    max_ttl: Option<Duration>,

    /// Print one JSON object: valid, code, message, secret, expires_at, ttl
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    let password = input::password(&options.password)?;
    let secrets = options.secrets.read()?;
    let verdict = verify(options, &password, &secrets, UnixTime::now())?;
    if options.json {
        json::print(&verdict, output)?;
    } else {
        writeln!(output, "{}", verdict.text())?;
    }
    Ok(if verdict.valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Serialize)]
struct Verdict<'a> {
    valid: bool,
    code: &'static str,
    message: String,
    /// The source of the secret that made the password.
    secret: Option<&'a str>,
    expires_at: Option<u64>,
    ttl: u64,
}

fn verify<'a>(
    options: &Options,
    password: &str,
    secrets: &'a [Secret],
    now: UnixTime,
) -> Result<Verdict<'a>> {
    let Options { username, max_ttl, .. } = options;
    let separator = options.separator.separator;
    let maker = secrets.iter().find(|secret| secret.shared.accepts(username, password));
    let verified = match maker {
        None => Err(VerifyError::WrongPassword),
        Some(secret) => Keyring::new(secret.shared.clone())
            .with_separator(separator)?
            .verify_at(username, password, now),
    };
    let expiry = match verified {
        Ok(username) => Some(username.expires_at()),
        Err(VerifyError::Expired { expired_at }) => Some(expired_at),
        Err(_) => None,
    };
    let left = expiry.map_or(0, |expiry| expiry.as_secs().saturating_sub(now.as_secs()));
    let (code, message) = match verified {
        Ok(username) => {
            let (date, span) = (input::date(username.expires_at()), input::span(left));
            match max_ttl {
                Some(max) if left > max.as_secs() => (
                    "too-long",
                    format!("valid until {date}, for {span}, which is longer than --max-ttl"),
                ),
                _ => ("valid", format!("valid until {date}, for {span}")),
            }
        }
        Err(VerifyError::Expired { expired_at }) => {
            let ago = now.as_secs().saturating_sub(expired_at.as_secs());
            let (date, ago) = (input::date(expired_at), input::span(ago));
            ("expired", format!("expired at {date}, {ago} ago"))
        }
        Err(VerifyError::MalformedUsername) if has_milliseconds(username, separator) => (
            "milliseconds",
            "the password is right, but the expiry looks like milliseconds: mint it with Unix \
             seconds"
                .into(),
        ),
        Err(VerifyError::MalformedUsername) => (
            "malformed",
            "the password is right, but the username is malformed or beyond the limits of TURN \
             servers: make it <expiry>:<name> with an expiry before 2038, or give its --separator"
                .into(),
        ),
        Err(_) => (
            "wrong-password",
            "the password does not match this username with any of these \
             secrets: run turn-credentials diagnose to find the mistake"
                .into(),
        ),
    };
    let secret = maker.map(|secret| &*secret.source);
    let expires_at = expiry.map(UnixTime::as_secs);
    Ok(Verdict { valid: code == "valid", code, message, secret, expires_at, ttl: left })
}

impl Verdict<'_> {
    fn text(&self) -> String {
        let refused = if self.valid { "" } else { "refused: " };
        let made = self.secret.map(|source| format!("; made with {source}")).unwrap_or_default();
        format!("{refused}{}{made}", self.message)
    }
}

/// Whether an expiry is from the year 5138 or later if read as seconds, so that it must be in
/// milliseconds.
fn has_milliseconds(username: &str, separator: char) -> bool {
    const YEAR_5138: u64 = 100_000_000_000;

    let (first, last) = username.split_once(separator).unwrap_or((username, ""));
    let expiry = first.parse().or_else(|_| last.parse());
    expiry.is_ok_and(|expiry: u64| expiry >= YEAR_5138)
}
