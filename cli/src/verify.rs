//! `turn-credentials verify USERNAME PASSWORD`: says whether a TURN login is valid.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::result;
use std::time::Duration;

use clap::Args;
use turn_credentials::{Keyring, UnixTime, Username, VerifyError};

use crate::input;
use crate::program::{Output, Result};

/// Say whether a TURN login is valid and until when, or why it is not
///
/// Exits with 0 if it is valid, with 1 if it is not, and with 2 if the program could not tell.
#[derive(Args)]
pub(crate) struct Options {
    /// The username that the client sends
    username: String,

    /// The password that goes with it
    password: String,

    /// A secret shared with the TURN server; can be repeated
    #[arg(long = "secret", value_name = "TEXT", allow_hyphen_values = true)]
    secrets: Vec<OsString>,

    /// A file that holds a secret; can be repeated. Without any of these, the secret is the
    /// environment's TURN_SECRET
    #[arg(long = "secret-file", value_name = "PATH")]
    secret_files: Vec<PathBuf>,

    /// The character between expiry and name (coturn's --rest-api-separator)
    #[arg(long, default_value = ":", value_name = "CHARACTER")]
    separator: char,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    let secrets = input::secrets(&options.secrets, &options.secret_files)?;
    let keyring = Keyring::from_secrets(secrets)?.with_separator(options.separator)?;

    let now = UnixTime::now();
    let verdict = keyring.verify_at(&options.username, &options.password, now);
    let code = if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let Options { username, separator, .. } = options;
    writeln!(output, "{}", in_words(verdict, username, *separator, now))?;
    Ok(code)
}

fn in_words(
    verdict: result::Result<Username<'_>, VerifyError>,
    username: &str,
    separator: char,
    now: UnixTime,
) -> String {
    match verdict {
        Ok(username) => {
            let expiry = username.expires_at();
            format!("valid until {}, for {}", input::date(expiry), span(now, expiry))
        }
        Err(VerifyError::Expired { expired_at }) => {
            let (date, ago) = (input::date(expired_at), span(expired_at, now));
            format!("refused: expired at {date}, {ago} ago")
        }
        Err(VerifyError::MalformedUsername) if has_milliseconds(username, separator) => {
            "refused: the password is right, but the expiry looks like milliseconds: mint it with \
             Unix seconds"
                .into()
        }
        Err(reason) => format!("refused: {reason}"),
    }
}

/// Whether the expiry of a username is after the year 5138.
fn has_milliseconds(username: &str, separator: char) -> bool {
    const YEAR_5138: u64 = 100_000_000_000;

    let (first, last) = username.split_once(separator).unwrap_or((username, ""));
    [first, last].iter().any(|part| part.parse().is_ok_and(|expiry: u64| expiry >= YEAR_5138))
}

fn span(from: UnixTime, to: UnixTime) -> String {
    let secs = to.as_secs().saturating_sub(from.as_secs());
    humantime::format_duration(Duration::from_secs(secs)).to_string()
}
