//! `turn-credentials xirsys my/channel`: asks Xirsys for ICE servers.

use std::error::Error;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use turn_credentials::UnixTime;
use turn_credentials::provider::http::Response;
use turn_credentials::provider::xirsys::{Account, IceRequest};
use turn_credentials::provider::{ApiCall, ApiError, CallError, Gateway};

use crate::ask::{self, AskError, ask};
use crate::browsers::for_browsers;
use crate::input;
use crate::program::{self, Output, Result};

const PATIENCE: Duration = Duration::from_secs(10);

/// Get ICE servers from Xirsys, as JSON for browsers
#[derive(Args)]
pub(crate) struct Options {
    /// An existing channel, such as my/channel
    channel: String,

    /// The account's ident; else $XIRSYS_IDENT
    #[arg(long, value_name = "TEXT")]
    ident: Option<String>,

    /// File with the account's secret, - for stdin; else $XIRSYS_SECRET
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,

    /// URL of the API; else $XIRSYS_GATEWAY, or Xirsys picks the nearest
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,

    /// How long the logins last: 1s to 6h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = input::parse_duration)]
    ttl: Duration,

    /// Ask for servers near this user's IP address
    #[arg(long, value_name = "ADDRESS")]
    user_ip: Option<IpAddr>,

    /// Keep the URIs that browsers refuse
    #[arg(long)]
    unfiltered: bool,

    /// Print the request, without its secret, instead of sending it
    #[arg(long)]
    dry_run: bool,

    /// Read the answer from a file instead of asking Xirsys
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run")]
    answer: Option<PathBuf>,

    /// The HTTP status of the answer in the file
    #[arg(long, default_value = "200", value_name = "CODE", requires = "answer")]
    status: u16,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    let call = call(options)?;
    if options.dry_run {
        write!(output, "{}", call.request()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let lease = match &options.answer {
        Some(path) => {
            let body = input::read("the answer", path)?;
            let response = Response::builder().status(options.status).body(body)?;
            call.read_answer(&response).map_err(AskError::from)
        }
        None => ask(&ask::agent(PATIENCE), &call),
    };
    let lease = for_browsers(lease.map_err(explain)?, options.unfiltered)?;
    if let Some(end) = lease.valid_until() {
        program::complain(&format!("note: the logins last until {}", input::date(end)));
    }
    if lease.dropped() > 0 {
        let dropped = lease.dropped();
        program::complain(&format!(
            "note: URIs left out because they are malformed or have no login: {dropped}"
        ));
    }
    writeln!(output, "{}", serde_json::to_string_pretty(&lease.into_servers())?)?;
    Ok(ExitCode::SUCCESS)
}

fn call(options: &Options) -> Result<IceRequest> {
    let account = match options.answer {
        Some(_) => Account::new("nobody", "nothing")?,
        None => account(options)?,
    };
    let call = IceRequest::new(&account, &options.channel, options.ttl, UnixTime::now());
    let mut call = call.map_err(|error| match error {
        CallError::Ttl { .. } => format!("--ttl: {error}"),
        error => error.to_string(),
    })?;
    if let Some(url) = options.gateway.clone().or(input::variable("XIRSYS_GATEWAY")?) {
        call = call.via(Gateway::new(&url).map_err(|error| format!("--gateway: {error}"))?);
    }
    if let Some(address) = options.user_ip {
        call = call.for_user(address).map_err(|error| format!("--user-ip: {error}"))?;
    }
    Ok(call)
}

fn account(options: &Options) -> Result<Account> {
    let ident = options.ident.clone().or(input::variable("XIRSYS_IDENT")?);
    let ident = ident.ok_or("no account: give --ident TEXT, or set XIRSYS_IDENT")?;
    let file = options.secret_file.as_deref();
    let secret = input::secret_text_or(file, "--secret-file", "XIRSYS_SECRET")?;
    let account = Account::new(&ident, secret).map_err(|error| match error {
        CallError::Argument { .. } => format!("--ident: {error}"),
        error => error.to_string(),
    });
    Ok(account?)
}

/// Adds when to try again, if that may help; the text of `NotJson` already does.
fn explain(error: AskError) -> Box<dyn Error> {
    match error {
        AskError::Api(error) if error.is_retryable() && !matches!(error, ApiError::NotJson) => {
            let wait = error.retry_after().map(humantime::format_duration);
            let wait = wait.map(|wait| format!(" in {wait}")).unwrap_or_default();
            format!("{error}: try again{wait}").into()
        }
        error => error.into(),
    }
}
