//! A whole rotation of the secret, told with a pretended clock: `cargo run --example rotate`.
#![allow(missing_docs)]

mod common;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime};

/// Tell how a secret is rotated without refusing a single client: who mints with which secret, and
/// what the TURN server says of each login, from the first step to the last.
#[derive(Parser)]
#[command(name = "rotate")]
struct Cli {
    /// How long each login lasts: 90s, 1h, 1d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

/// Each login that was handed out, and to whom.
type Logins = Vec<(&'static str, TurnCredentials)>;

fn main() -> ExitCode {
    common::main(|cli: Cli| Ok((tell(cli.ttl)?, ExitCode::SUCCESS)))
}

fn tell(ttl: Duration) -> common::Result<String> {
    let (old, next) = (SharedSecret::new("the old secret")?, SharedSecret::new("the next one")?);
    let start = UnixTime::from_secs(1_700_000_000);
    let mut backend = Keyring::new(old.clone());
    let mut turn_server = Keyring::new(old);
    let mut logins = Logins::new();
    let mut story = Story { start, text: String::new() };

    story
        .step(start, "The backend mints and the TURN server verifies, both with the old secret.")?;
    logins.push(("alice", mint("alice", &backend, ttl, start)?));
    story.verdicts(&logins, &turn_server, start)?;

    let now = later(start, ttl / 4)?;
    story.step(now, "The TURN server is given the next secret beside the old one.")?;
    turn_server.rotate(next.clone());
    logins.push(("bob", mint("bob", &backend, ttl, now)?));
    story.verdicts(&logins, &turn_server, now)?;

    let now = later(start, ttl / 2)?;
    story.step(now, "The backend mints with the next secret.")?;
    backend.rotate(next);
    logins.push(("carol", mint("carol", &backend, ttl, now)?));
    story.verdicts(&logins, &turn_server, now)?;

    let last = logins.iter().map(|(_, login)| login.expires_at()).max().ok_or("no login")?;
    let now = later(last, Duration::from_secs(1))?;
    story.step(now, "A ttl later every login of the old secret is over.")?;
    story.verdicts(&logins, &turn_server, now)?;

    story.step(now, "The TURN server and the backend forget the old secret.")?;
    turn_server.retire_previous();
    backend.retire_previous();
    let logins = vec![("dave", mint("dave", &backend, ttl, now)?)];
    story.verdicts(&logins, &turn_server, now)?;

    Ok(story.text)
}

fn mint(
    name: &str,
    backend: &Keyring,
    ttl: Duration,
    now: UnixTime,
) -> common::Result<TurnCredentials> {
    Ok(TurnCredentials::generate_at(name, backend.current(), ttl, ClockSkew::NONE, now)?)
}

fn later(time: UnixTime, by: Duration) -> common::Result<UnixTime> {
    let secs = time.as_secs().checked_add(by.as_secs()).ok_or("the ttl is too long")?;
    Ok(UnixTime::from_secs(secs))
}

struct Story {
    start: UnixTime,
    text: String,
}

impl Story {
    fn step(&mut self, now: UnixTime, what: &str) -> common::Result<()> {
        let elapsed = Duration::from_secs(now.as_secs() - self.start.as_secs());
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let elapsed = humantime::format_duration(elapsed);
        writeln!(self.text, "{gap}After {elapsed}: {what}")?;
        Ok(())
    }

    fn verdicts(
        &mut self,
        logins: &Logins,
        turn_server: &Keyring,
        now: UnixTime,
    ) -> common::Result<()> {
        for (name, login) in logins {
            let verdict = turn_server.verify_at(login.username(), login.password().as_str(), now);
            let verdict = match verdict {
                Ok(_) => "accepted".to_owned(),
                Err(reason) => format!("refused, {reason}"),
            };
            writeln!(self.text, "  {name}'s login {}: {verdict}", login.username())?;
        }
        Ok(())
    }
}
