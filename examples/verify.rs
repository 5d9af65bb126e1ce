//! Verifies a TURN credential: `cargo run --example verify -- USERNAME PASSWORD --secret north`.
#![allow(missing_docs)]

mod common;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use turn_credentials::{Keyring, UnixTime, Username, VerifyError};

/// Say whether a TURN login is good, and until when, or for which reason it is not. Exits with 0 or
/// 1, and with 2 where it could not tell.
#[derive(Parser)]
#[command(name = "verify")]
struct Cli {
    /// What the client sends as username
    username: String,

    /// The password that goes with it
    password: String,

    /// A secret shared with the TURN server; may be given again
    #[arg(long = "secret", value_name = "TEXT")]
    secrets: Vec<OsString>,

    /// A file that holds a secret; may be given again. Without any of these, the environment's
    /// TURN_SECRET is the secret
    #[arg(long = "secret-file", value_name = "PATH")]
    secret_files: Vec<PathBuf>,

    /// What stands between expiry and name (coturn's --rest-api-separator)
    #[arg(long, default_value = ":", value_name = "CHARACTER")]
    separator: char,
}

fn main() -> ExitCode {
    common::main(|cli: Cli| run(&cli))
}

fn run(cli: &Cli) -> common::Result<(String, ExitCode)> {
    let mut secrets = common::secrets(&cli.secrets, &cli.secret_files)?.into_iter();
    let mut keyring = Keyring::new(secrets.next().ok_or("no secret")?);
    secrets.for_each(|secret| keyring.rotate(secret));
    let keyring = keyring.with_separator(cli.separator)?;

    let now = UnixTime::now();
    let verdict = keyring.verify_at(&cli.username, &cli.password, now);
    let code = if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    Ok((format!("{}\n", in_words(verdict, now)), code))
}

fn in_words(verdict: Result<Username<'_>, VerifyError>, now: UnixTime) -> String {
    match verdict {
        Ok(username) => {
            let expiry = username.expires_at();
            format!("valid until {}, for {}", common::date(expiry), span(now, expiry))
        }
        Err(VerifyError::Expired { expired_at }) => {
            format!(
                "refused: expired at {}, {} ago",
                common::date(expired_at),
                span(expired_at, now)
            )
        }
        Err(reason) => format!("refused: {reason}"),
    }
}

fn span(from: UnixTime, to: UnixTime) -> String {
    let secs = to.as_secs().saturating_sub(from.as_secs());
    humantime::format_duration(Duration::from_secs(secs)).to_string()
}
