//! Mints one TURN login: `cargo run --example generate -- alice --secret north`.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use turn_credentials::{ClockSkew, SharedSecret, TurnCredentials};

const USAGE: &str = "usage: generate NAME --secret SECRET";
const HOUR: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let [name, flag, secret] = &args[..] else { return Err(USAGE.into()) };
    if flag != "--secret" {
        return Err(USAGE.into());
    }
    let name = name.to_str().ok_or("the name is not UTF-8")?;
    let secret = SharedSecret::new(secret.as_encoded_bytes())?;
    let login = TurnCredentials::generate(name, &secret, HOUR, ClockSkew::NONE)?;
    writeln!(io::stdout(), "{}\n{}", login.username(), login.password().as_str())?;
    Ok(())
}
