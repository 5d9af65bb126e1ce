//! Rotates a secret without refusing any client: `cargo run --example rotate`. It shows who mints
//! with which secret, and how the TURN server answers each login. Time is simulated.

use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime};

const START: u64 = 1_700_000_000;
const HOUR: Duration = Duration::from_secs(3600);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let (old, next) = (SharedSecret::new("the old secret")?, SharedSecret::new("the next one")?);
    let mut backend = Keyring::new(old.clone());
    let mut turn_server = Keyring::new(old);

    say("After 0s: The backend mints and the TURN server verifies, both with the old secret.")?;
    let mut logins = vec![("alice", mint("alice", &backend, 0)?)];
    tell(&logins, &turn_server, 0)?;

    say("\nAfter 15m: The TURN server accepts the next secret, in addition to the old one.")?;
    turn_server.accept(next.clone());
    logins.push(("bob", mint("bob", &backend, 900)?));
    tell(&logins, &turn_server, 900)?;

    say("\nAfter 30m: The backend mints with the next secret.")?;
    backend.rotate(next.clone());
    turn_server.rotate(next);
    logins.push(("carol", mint("carol", &backend, 1800)?));
    tell(&logins, &turn_server, 1800)?;

    say("\nAfter 1h 30m 1s: One ttl later, every login made with the old secret has expired.")?;
    tell(&logins, &turn_server, 5401)?;

    say("\nAfter 1h 30m 1s: The TURN server and the backend forget the old secret.")?;
    turn_server.retire_previous();
    backend.retire_previous();
    tell(&[("dave", mint("dave", &backend, 5401)?)], &turn_server, 5401)
}

fn mint(name: &str, backend: &Keyring, elapsed: u64) -> Result<TurnCredentials> {
    let now = UnixTime::from_secs(START + elapsed);
    Ok(TurnCredentials::generate_at(name, backend.current(), HOUR, ClockSkew::NONE, now)?)
}

fn tell(logins: &[(&str, TurnCredentials)], turn_server: &Keyring, elapsed: u64) -> Result<()> {
    let now = UnixTime::from_secs(START + elapsed);
    for (name, login) in logins {
        let verdict = turn_server.verify_at(login.username(), login.password().as_str(), now);
        let verdict = match verdict {
            Ok(_) => "accepted".to_owned(),
            Err(reason) => format!("refused, {reason}"),
        };
        say(&format!("  {name}'s login {}: {verdict}", login.username()))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
