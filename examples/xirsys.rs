//! Asks Xirsys for ICE servers: `cargo run --features http --example xirsys -- my/channel`.
#![allow(missing_docs)]

#[path = "common/ask.rs"]
mod ask;
mod common;

use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use turn_credentials::UnixTime;
use turn_credentials::provider::xirsys::{self, Account, Gateway, IceRequest};
use turn_credentials::provider::{ApiCall, ApiError, HttpResponse};

use crate::ask::{AskError, ask};

const PATIENCE: Duration = Duration::from_secs(10);

/// Ask Xirsys for ICE servers, and print them as browsers take them: {"iceServers": [...]}. The
/// secret is the environment's `XIRSYS_SECRET`, unless it is in a file.
#[derive(Parser)]
#[command(name = "xirsys")]
struct Cli {
    /// The channel, which was made before: my/channel
    channel: String,

    /// The account; without it, the environment's `XIRSYS_IDENT`
    #[arg(long, value_name = "TEXT")]
    ident: Option<String>,

    /// A file that holds the account's secret; one line end at its end is not part of it
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,

    /// Where the API is; without it, the environment's `XIRSYS_GATEWAY`, or the gateway that is
    /// nearest
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,

    /// How long the logins last, of 1s to 6h
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,

    /// The form of answer to ask for
    #[arg(long, value_enum, default_value = "webrtc")]
    form: Form,

    /// Ask for servers near to the user at this address, which the form webrtc alone can
    #[arg(long, value_name = "ADDRESS", conflicts_with = "form")]
    user_ip: Option<IpAddr>,

    /// Print the request without its secret, and send nothing
    #[arg(long)]
    dry_run: bool,

    /// Read the answer from a file, as if it came now, and ask nobody; this needs no account
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run")]
    answer: Option<PathBuf>,

    /// The HTTP status that the answer in the file came with
    #[arg(long, default_value = "200", value_name = "CODE", requires = "answer")]
    status: u16,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// A list of servers
    Webrtc,
    /// One server with all URIs
    Urls,
    /// A server for each URI
    Plain,
}

fn main() -> ExitCode {
    common::main(|cli: Cli| Ok((run(&cli)?, ExitCode::SUCCESS)))
}

fn run(cli: &Cli) -> common::Result<String> {
    let call = call(cli)?;
    if cli.dry_run {
        return Ok(call.request().to_string());
    }
    let answer = match &cli.answer {
        Some(path) => {
            let body = common::read("the answer", path)?;
            call.read_answer(&HttpResponse::new(cli.status, &body)).map_err(AskError::from)
        }
        None => ask(&ask::agent(PATIENCE), &call),
    };
    let answer = answer.map_err(explain)?;
    if let Some(expiry) = answer.expires_at() {
        common::complain(&format!("note: the logins last until {}", common::date(expiry)));
    }
    if answer.dropped() > 0 {
        let dropped = answer.dropped();
        common::complain(&format!("note: left out {dropped} of the URIs, which browsers refuse"));
    }
    Ok(format!("{}\n", serde_json::to_string_pretty(answer.servers())?))
}

fn call(cli: &Cli) -> common::Result<IceRequest> {
    let account = match cli.answer {
        Some(_) => Account::new("nobody", "nothing")?,
        None => account(cli)?,
    };
    let call = IceRequest::new(&account, &cli.channel, cli.ttl, UnixTime::now())?;
    let call = call.with_form(match cli.form {
        Form::Webrtc => xirsys::Form::WebRtc,
        Form::Urls => xirsys::Form::Urls,
        Form::Plain => xirsys::Form::Plain,
    });
    let call = match cli.gateway.clone().or(common::variable("XIRSYS_GATEWAY")?) {
        Some(url) => call.via(Gateway::new(&url)?),
        None => call,
    };
    Ok(match cli.user_ip {
        Some(address) => call.for_user(address)?,
        None => call,
    })
}

fn account(cli: &Cli) -> common::Result<Account> {
    let ident = cli.ident.clone().or(common::variable("XIRSYS_IDENT")?);
    let ident = ident.ok_or("no account: give --ident TEXT or XIRSYS_IDENT")?;
    let file = cli.secret_file.as_deref();
    let secret = common::secret_text_or(file, "--secret-file", "XIRSYS_SECRET")?;
    Ok(Account::new(&ident, secret)?)
}

/// Says when to try again, where that may help.
fn explain(error: AskError) -> Box<dyn Error> {
    match error {
        AskError::Api(error) if error.is_retryable() && error != ApiError::NotJson => {
            let wait = error.retry_after().map(humantime::format_duration);
            let wait = wait.map(|wait| format!(" in {wait}")).unwrap_or_default();
            format!("{error}, try again{wait}").into()
        }
        error => error.into(),
    }
}
