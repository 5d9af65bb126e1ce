//! `turn-credentials generate alice`: mints one TURN login.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;
use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{link_header, turn_uri, xep_0215};
use turn_credentials::{
    ClockSkew, IceLease, IceServer, IceUri, SharedSecret, TurnCredentials, UnixTime, Username,
};

use crate::browsers::for_browsers;
use crate::input;
use crate::program::{self, Output, Result};

/// Mint a TURN login that coturn accepts
///
/// Prints the username on the first line and the password on the second, unless another format is
/// asked for.
#[derive(Args)]
pub(crate) struct Options {
    /// Who the login is for (required, except in the layout expiry-only, which has no name)
    #[arg(required_unless_present_any = ["layout"])]
    name: Option<String>,

    /// The secret shared with the TURN server; other users of this machine can see a command line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    secret: Option<OsString>,

    /// A file that holds the secret, and perhaps white space around it. Without this and --secret, the
    /// secret is the environment's TURN_SECRET
    #[arg(long, value_name = "PATH", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,

    /// How long the login lasts: 90s, 1h, 1d; digits alone are seconds
    #[arg(long, default_value = "1h", value_parser = input::parse_duration)]
    ttl: Duration,

    /// The TURN server's clock minus ours: --skew=-5s, --skew=+5s
    #[arg(long, default_value = "0s", value_parser = input::parse_skew, allow_hyphen_values = true)]
    skew: ClockSkew,

    /// Where the expiry is in the username
    #[arg(long, value_enum, default_value = "expiry-first")]
    layout: Layout,

    /// The character between expiry and name (coturn's --rest-api-separator)
    #[arg(long, default_value = ":", value_name = "CHARACTER")]
    separator: char,

    /// How to print the login
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// Where the TURN server is, as turn:host:port?transport=udp, for every format but text; can be
    /// repeated
    #[arg(long = "uri", value_name = "URI")]
    uris: Vec<String>,

    /// In the format ice, keep the URIs that browsers refuse: for other clients
    #[arg(long)]
    unfiltered: bool,
}

#[derive(Clone, Copy, ValueEnum)]
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
    /// What a browser's `RTCPeerConnection` accepts: {"iceServers": [...], "ttl": 3600}; without the
    /// URIs that browsers refuse
    Ice,
    /// The TURN REST draft's answer, which is also Matrix's `turnServer`; TURN URIs only
    Rest,
    /// XMPP's service elements
    #[value(name = "xep-0215")]
    Xep0215,
    /// The Link headers of WHIP and WHEP
    Link,
    /// `turn://user:password@host`, for GStreamer and libdatachannel; TURN URIs only
    TurnUri,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    output.write_all(print(options)?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn print(options: &Options) -> Result<String> {
    let secret = input::secret(options.secret.as_slice(), options.secret_file.as_slice())?;
    let now = UnixTime::now();
    let login = mint(options, &secret, now)?;
    if let Some(doubt) = input::doubt(options.ttl) {
        program::complain(&format!("note: --ttl {doubt}"));
    }
    let uris = input::uris("--uri", &options.uris)?;
    match options.format {
        Format::Text => {
            if !uris.is_empty() {
                program::complain("note: --format text prints no URIs, the others do");
            }
            Ok(format!("{}\n{}\n", login.username(), login.password().as_str()))
        }
        Format::Json => Ok(json(&login, &uris)),
        _ if uris.is_empty() => {
            Err("this format says where the server is: add --uri turn:HOST".into())
        }
        Format::Ice => {
            let lease = for_browsers(lease(uris, &login)?, options.unfiltered)?;
            Ok(format!("{}\n", serde_json::to_string(&lease.answer_at(now))?))
        }
        Format::Rest => {
            let answer = Answer::for_lease_at(&lease(uris, &login)?, now)?;
            Ok(format!("{}\n", serde_json::to_string(&answer)?))
        }
        Format::Xep0215 => Ok(xep_0215::services(lease(uris, &login)?.servers())?),
        Format::Link => {
            let values = link_header::values(lease(uris, &login)?.servers())?;
            Ok(values.iter().map(|value| format!("Link: {value}\n")).collect::<Vec<_>>().concat())
        }
        Format::TurnUri => {
            let values = turn_uri::values(lease(uris, &login)?.servers());
            if values.is_empty() {
                return Err("this format has TURN URIs only, over UDP, TCP or TLS: add one".into());
            }
            Ok(values.iter().map(|value| format!("{value}\n")).collect::<Vec<_>>().concat())
        }
    }
}

fn mint(options: &Options, secret: &SharedSecret, now: UnixTime) -> Result<TurnCredentials> {
    let Options { skew, separator, .. } = *options;
    let expiry = skew.expiry(options.ttl, now)?;
    let name = options.name.as_deref().unwrap_or_default();
    let username = match options.layout {
        Layout::ExpiryFirst => Username::new(name, expiry)?.with_separator(separator)?,
        Layout::NameFirst => Username::name_first_with(separator, name, expiry)?,
        Layout::ExpiryOnly => Username::expiry_only(expiry)?.with_separator(separator)?,
    };
    Ok(TurnCredentials::for_username_at(username, secret, skew, now)?)
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

fn lease(uris: Vec<IceUri>, login: &TurnCredentials) -> Result<IceLease> {
    Ok(IceLease::new([IceServer::new(uris, login)?]))
}
