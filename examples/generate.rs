//! Mints one TURN login: `cargo run --example generate -- alice --secret north`.

use std::env;
use std::error::Error;
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
    let args: Vec<String> = env::args().skip(1).collect();
    let [name, flag, secret] = &args[..] else { return Err(USAGE.into()) };
    if flag != "--secret" {
        return Err(USAGE.into());
    }
    let secret = SharedSecret::new(secret)?;
    let login = TurnCredentials::generate(name, &secret, HOUR, ClockSkew::NONE)?;
    println!("{}\n{}", login.username(), login.password().as_str());
    Ok(())
}
