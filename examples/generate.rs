//! Mints one TURN credential: `cargo run --example generate -- alice --secret north`.
#![allow(missing_docs)]

mod common;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde_json::json;
use turn_credentials::ice::{link_header, xep_0215};
use turn_credentials::{
    ClockSkew, IceServer, IceUri, SharedSecret, TurnCredentials, UnixTime, Username,
};

/// Mint a TURN login that coturn accepts: the username on the first line, the password on the
/// second.
#[derive(Parser)]
#[command(name = "generate")]
struct Cli {
    /// Who the login is for (needed unless the layout is expiry-only, which has no name in it)
    #[arg(required_unless_present_any = ["layout"])]
    name: Option<String>,

    /// The secret shared with the TURN server; others on this machine can see a command line
    #[arg(long, value_name = "TEXT")]
    secret: Option<OsString>,

    /// A file that holds the secret; one line end at its end is not part of it. Without this and
    /// --secret, the environment's TURN_SECRET is the secret
    #[arg(long, value_name = "PATH", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,

    /// How long the login lasts: 90s, 1h, 1d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,

    /// The TURN server's clock minus ours: --skew=-5s, --skew=+5s
    #[arg(long, default_value = "0s", value_parser = common::parse_skew, allow_hyphen_values = true)]
    skew: ClockSkew,

    /// Where the expiry stands in the username
    #[arg(long, value_enum, default_value = "expiry-first")]
    layout: Layout,

    /// What stands between expiry and name (coturn's --rest-api-separator)
    #[arg(long, default_value = ":", value_name = "CHARACTER")]
    separator: char,

    /// How to print the login
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// Where the TURN server is, as turn:host:port?transport=udp, for all formats but text; may be
    /// given again
    #[arg(long = "uri", value_name = "URI")]
    uris: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Layout {
    /// 1700000000:alice
    ExpiryFirst,
    /// alice:1700000000
    NameFirst,
    /// 1700000000
    ExpiryOnly,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Two lines: username, password
    Text,
    /// One object: username, password, ttl, `expires_at`, and uris if there are any
    Json,
    /// What a browser's `RTCPeerConnection` takes: {"iceServers": [...]}
    Ice,
    /// The TURN REST draft's answer, which is Matrix's `turnServer` too
    Rest,
    /// XMPP's service elements
    #[value(name = "xep-0215")]
    Xep0215,
    /// The Link headers of WHIP and WHEP
    Link,
}

fn main() -> ExitCode {
    common::main(|cli: Cli| Ok((run(&cli)?, ExitCode::SUCCESS)))
}

fn run(cli: &Cli) -> common::Result<String> {
    let secret = common::secret(cli.secret.as_slice(), cli.secret_file.as_slice())?;
    let now = UnixTime::now();
    let login = mint(cli, &secret, now)?;
    let uris = common::uris("--uri", &cli.uris)?;
    if uris.is_empty() && !matches!(cli.format, Format::Text | Format::Json) {
        return Err("this format says where the server is: add --uri turn:HOST".into());
    }
    match cli.format {
        Format::Text => {
            if !uris.is_empty() {
                common::complain("note: --format text prints no URIs, the others do");
            }
            Ok(format!("{}\n{}\n", login.username(), login.password().as_str()))
        }
        Format::Json => Ok(json(&login, &uris)),
        Format::Ice => needs_serde::ice(&login, &uris),
        Format::Rest => needs_serde::rest(&login, &uris),
        Format::Xep0215 => Ok(xep_0215::services(&login, &uris, now)?),
        Format::Link => {
            let server = IceServer::for_login(uris, &login)?;
            let values = link_header::values(&server);
            Ok(values.iter().map(|value| format!("Link: {value}\n")).collect::<Vec<_>>().concat())
        }
    }
}

fn json(login: &TurnCredentials, uris: &[IceUri]) -> String {
    let mut object = json!({
        "username": login.username(),
        "password": login.password().as_str(),
        "ttl": login.ttl().as_secs(),
        "expires_at": login.expires_at().as_secs(),
    });
    if !uris.is_empty() {
        object["uris"] = uris.iter().map(IceUri::to_string).collect();
    }
    format!("{object}\n")
}

#[cfg(feature = "serde")]
mod needs_serde {
    use turn_credentials::ice::rest::Answer;
    use turn_credentials::{IceServer, IceServers, IceUri, TurnCredentials};

    use crate::common::Result;

    pub(crate) fn ice(login: &TurnCredentials, uris: &[IceUri]) -> Result<String> {
        let servers = IceServers::from(vec![IceServer::for_login(uris, login)?]);
        Ok(format!("{}\n", serde_json::to_string(&servers)?))
    }

    pub(crate) fn rest(login: &TurnCredentials, uris: &[IceUri]) -> Result<String> {
        Ok(format!("{}\n", serde_json::to_string(&Answer::new(login, uris)?)?))
    }
}

#[cfg(not(feature = "serde"))]
mod needs_serde {
    use turn_credentials::{IceUri, TurnCredentials};

    use crate::common::Result;

    pub(crate) fn ice(_: &TurnCredentials, _: &[IceUri]) -> Result<String> {
        Err("this format needs a feature: cargo run --features serde --example generate".into())
    }

    pub(crate) use self::ice as rest;
}

fn mint(cli: &Cli, secret: &SharedSecret, now: UnixTime) -> common::Result<TurnCredentials> {
    let expiry = cli.skew.expiry(cli.ttl, now)?;
    let name = cli.name.as_deref().unwrap_or_default();
    let username = match cli.layout {
        Layout::ExpiryFirst => Username::new(name, expiry)?.with_separator(cli.separator)?,
        Layout::NameFirst => Username::name_first_with(cli.separator, name, expiry)?,
        Layout::ExpiryOnly => Username::expiry_only(expiry)?.with_separator(cli.separator)?,
    };
    Ok(TurnCredentials::for_username_at(username, secret, cli.skew, now)?)
}
