//! Verifies a TURN login: `cargo run --example verify -- USERNAME PASSWORD --secret north`.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use turn_credentials::{Keyring, SharedSecret, UnixTime, VerifyError};

const USAGE: &str = "usage: verify USERNAME PASSWORD --secret SECRET [--secret SECRET]...";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let [username, password, options @ ..] = &args[..] else { return Err(USAGE.into()) };
    let secrets = options.chunks(2).map(|option| match option {
        [flag, secret] if flag == "--secret" => Ok(SharedSecret::new(secret.as_encoded_bytes())?),
        _ => Err(USAGE.into()),
    });
    let keyring = Keyring::from_secrets(secrets.collect::<Result<Vec<_>, Box<dyn Error>>>()?)?;

    let text = |arg: &OsString| arg.to_string_lossy().into_owned();
    let (username, password, now) = (text(username), text(password), UnixTime::now());
    let (verdict, code) = match keyring.verify_at(&username, &password, now) {
        Ok(username) => {
            let end = username.expires_at();
            (format!("valid until {}, for {}", date(end), span(now, end)), ExitCode::SUCCESS)
        }
        Err(VerifyError::Expired { expired_at: end }) => {
            let verdict = format!("refused: expired at {}, {} ago", date(end), span(end, now));
            (verdict, ExitCode::FAILURE)
        }
        Err(reason) => (format!("refused: {reason}"), ExitCode::FAILURE),
    };
    writeln!(io::stdout(), "{verdict}")?;
    Ok(code)
}

fn date(time: UnixTime) -> humantime::Rfc3339Timestamp {
    let since_1970 = Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since_1970)
}

fn span(from: UnixTime, to: UnixTime) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(to.as_secs().saturating_sub(from.as_secs())))
}
