//! `turn-credentials diagnose USERNAME [PASSWORD]`: explains why a TURN server refuses a login.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use turn_credentials::UnixTime;
use turn_credentials::diagnose::{Finding, Verdict, diagnose_with};

use crate::layout::Separator;
use crate::program::{self, Output, Result};
use crate::secrets::{self, Secret};
use crate::{input, json};

/// Say why a TURN server refuses a login, without asking the server
#[derive(Args)]
#[command(after_help = "\
Show the output to operators only: it reveals how your service makes passwords.
Exits with 0 if coturn accepts the login, 1 if not, and 2 if that is uncertain.")]
pub(crate) struct Options {
    /// The username that the client sends
    #[arg(allow_hyphen_values = true)]
    username: String,

    /// The password, or - to read it from stdin, hidden from other users
    #[arg(allow_hyphen_values = true)]
    password: Option<String>,

    #[command(flatten)]
    secrets: secrets::Options,

    #[command(flatten)]
    separator: Separator,

    /// Print one JSON object: verdict, findings, secrets
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    let password = options.password.as_deref().map(input::password).transpose()?;
    let secrets = options.secrets.read_any()?;
    let bytes: Vec<_> = secrets.iter().map(|secret| &*secret.bytes).collect();
    let Options { username, separator: Separator { separator }, .. } = options;
    let findings =
        diagnose_with(*separator, username, password.as_deref(), &bytes, UnixTime::now());
    let verdict = findings.iter().map(Finding::verdict).min().unwrap_or(Verdict::Depends);
    let found = Json::new(verdict, &findings, &secrets);
    if options.json {
        json::print(&found, output)?;
    } else {
        print(&found, verdict, output)?;
    }
    Ok(match verdict {
        Verdict::Accepted => ExitCode::SUCCESS,
        Verdict::BadRequest | Verdict::Unauthorized => ExitCode::FAILURE,
        _ => {
            program::complain("note: too little is known to tell how the server answers");
            ExitCode::from(program::COULD_NOT)
        }
    })
}

fn print(found: &Json<'_>, verdict: Verdict, output: &mut Output) -> Result<()> {
    writeln!(output, "{verdict}:")?;
    for finding in &found.findings {
        writeln!(output, "* {}\n  {}", finding.message, finding.advice)?;
    }
    // Findings refer to secrets by number.
    for (number, source) in (1..).zip(&found.secrets) {
        let called = format!("secret {number}");
        let is_digit = |c: char| c.is_ascii_digit();
        let tells =
            |message: &str| message.split(&called).skip(1).any(|s| !s.starts_with(is_digit));
        let is_told = found.findings.iter().any(|finding| tells(&finding.message));
        if is_told && !source.ends_with(&called) {
            writeln!(output, "({called} is {source})")?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Json<'a> {
    verdict: &'static str,
    findings: Vec<JsonFinding>,
    /// The sources of what the messages call secret 1, secret 2 and so on.
    secrets: Vec<&'a str>,
}

#[derive(Serialize)]
struct JsonFinding {
    code: &'static str,
    message: String,
    advice: &'static str,
    verdict: &'static str,
}

impl<'a> Json<'a> {
    fn new(verdict: Verdict, findings: &[Finding], secrets: &'a [Secret]) -> Self {
        let findings = findings.iter().map(|finding| JsonFinding {
            code: finding.code(),
            message: finding.to_string(),
            advice: finding.advice(),
            verdict: code(finding.verdict()),
        });
        let secrets = secrets.iter().map(|secret| &*secret.source);
        Self { verdict: code(verdict), findings: findings.collect(), secrets: secrets.collect() }
    }
}

fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::BadRequest => "bad-request",
        Verdict::Unauthorized => "unauthorized",
        _ => "depends",
    }
}
