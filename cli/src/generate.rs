//! `turn-credentials generate alice`: mints TURN logins.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::result;

use clap::{Args, ValueEnum};
use serde::Serialize;
use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{link_header, turn_uri, xep_0215};
use turn_credentials::{
    Error, IceError, IceLease, IceServer, IceUri, PseudonymKey, SharedSecret, TurnCredentials,
    UnixTime,
};

use crate::browsers::for_browsers;
use crate::input::{self, Ttl};
use crate::layout::{self, Layout};
use crate::names::Names;
use crate::program::{self, Output, Result};
use crate::{json, secrets, words};

const FORMATS: &str = "\
Formats:
  text      username and password on two lines; with --names, TAB between
  json      one object: username, password, ttl, expires_at, and any uris
  ice       for RTCPeerConnection: {\"iceServers\": [...], \"ttl\": 3600}
  rest      the response of the TURN REST draft, also Matrix's turnServer
  xep-0215  service elements for XMPP
  link      Link headers for WHIP and WHEP
  turn-uri  turn://user:password@host, for GStreamer and libdatachannel";

/// Mint a TURN login, or one for each name in a file
#[derive(Args)]
#[command(after_help = FORMATS)]
pub(crate) struct Options {
    /// Who the login is for
    name: Option<String>,

    /// File with one name per line, - for stdin
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    names: Option<PathBuf>,

    /// Replace each name with a stable pseudonym
    #[arg(long)]
    pseudonym: bool,

    #[command(flatten)]
    secrets: secrets::Options,

    /// How long the login lasts: 90s, 1h, 1d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = Ttl::parse)]
    ttl: Ttl,

    #[command(flatten)]
    layout: layout::Options,

    /// How to print the login: see below
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    format: Format,

    /// A server: turn:host:port?transport=udp; repeat for more
    #[arg(long = "uri", value_name = "URI")]
    uris: Vec<String>,

    /// With --format ice, keep the URIs that browsers refuse
    #[arg(long)]
    unfiltered: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Ice,
    Rest,
    #[value(name = "xep-0215")]
    Xep0215,
    Link,
    TurnUri,
}

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    check(options)?;
    // Opened first, so that the names get stdin, and not the secret.
    let names = options.names.as_deref().map(Names::open).transpose()?;
    let secret = options.secrets.read_one()?.shared;
    let now = UnixTime::now();
    let minter = Minter::new(options, secret, now)?;
    if let Some(doubt) = options.ttl.doubt() {
        program::complain(&format!("note: --ttl {doubt}"));
    }
    if let Some(names) = names {
        return minter.print_all(names, output);
    }
    let login = minter.login(options.name.as_deref(), now).map_err(words::of)?;
    minter.print(None, &login, now, output)?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses options that contradict each other.
fn check(options: &Options) -> Result<()> {
    let Options { name, names, layout, format, .. } = options;
    let (has_name, bare) = (name.is_some() || names.is_some(), layout.layout == Layout::ExpiryOnly);
    if bare && (has_name || options.pseudonym) {
        return Err(
            "--layout expiry-only has no place for a name: omit the name and --pseudonym".into()
        );
    }
    if !bare && !has_name {
        return Err("no name: give one, as in turn-credentials generate alice".into());
    }
    if names.is_some() && matches!(format, Format::Xep0215 | Format::Link | Format::TurnUri) {
        return Err(
            "--names prints one line per login: use --format text, json, ice or rest".into()
        );
    }
    Ok(())
}

struct Minter<'a> {
    options: &'a Options,
    secret: SharedSecret,
    pseudonyms: PseudonymKey,
    uris: Vec<IceUri>,
}

impl<'a> Minter<'a> {
    /// Fails if every login would fail, so that the reason is reported only once.
    fn new(options: &'a Options, secret: SharedSecret, now: UnixTime) -> Result<Self> {
        let pseudonyms = PseudonymKey::new(&secret);
        let uris = input::uris("--uri", &options.uris)?;
        let mut minter = Self { options, secret, pseudonyms, uris };
        let ttl = options.ttl;
        let login = TurnCredentials::generate_expiry_only_at(
            &minter.secret,
            ttl.duration,
            options.layout.skew,
            now,
        );
        let login = login.map_err(|error| words::of(ttl.explain(error)))?;
        match options.format {
            Format::Text if !minter.uris.is_empty() => {
                program::complain(
                    "note: --format text prints no URIs: use another format to get them",
                );
            }
            Format::Text | Format::Json => {}
            _ if minter.uris.is_empty() => {
                return Err(
                    "this format needs the address of the server: add --uri turn:HOST".into()
                );
            }
            Format::Ice => {
                let lease = minter.lease(&login).map_err(words::of_ice)?;
                let lease = for_browsers(lease, options.unfiltered)?;
                let kept = lease.servers().iter().flat_map(IceServer::urls).cloned();
                minter.uris = kept.collect();
            }
            _ => {}
        }
        minter.print(None, &login, now, &mut io::sink())?;
        Ok(minter)
    }

    fn login(&self, name: Option<&str>, now: UnixTime) -> result::Result<TurnCredentials, Error> {
        let Options { ttl, pseudonym, layout, .. } = self.options;
        let layout::Options { skew, layout, ref separator } = *layout;
        let expiry = skew.expiry(ttl.duration, now)?;
        let name = name.unwrap_or_default();
        let name = if *pseudonym && !name.is_empty() {
            Cow::Owned(self.pseudonyms.name_for(name))
        } else {
            Cow::Borrowed(name)
        };
        let username = layout.username(&name, separator.separator, expiry)?;
        TurnCredentials::for_username_at(username, &self.secret, skew, now)
    }

    /// Prints a login as soon as its name arrives; reports each invalid name on stderr.
    fn print_all(&self, mut names: Names, output: &mut Output) -> Result<ExitCode> {
        let mut refused = 0_u64;
        loop {
            if names.would_wait() {
                output.flush()?;
            }
            let count = names.count() + 1;
            let Some(name) =
                names.next().map_err(|error| format!("cannot read --names: {error}"))?
            else {
                break;
            };
            // Only now: the name may have arrived late.
            let now = UnixTime::now();
            let login = name.map_err(Into::into).and_then(|name| {
                let login = self.login(Some(name), now).map_err(words::of)?;
                Ok::<_, String>((name, login))
            });
            match login {
                Ok((name, login)) => self.print(Some(name), &login, now, output)?,
                Err(why) => {
                    refused += 1;
                    program::complain(&format!("error: --names, line {count}: {why}"));
                }
            }
        }
        if refused == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        let count = names.count();
        program::complain(&format!("error: {refused} of {count} names have no login"));
        Ok(ExitCode::FAILURE)
    }

    /// Prints one login. With a `name`, it is one of many, and gets one line.
    fn print(
        &self,
        name: Option<&str>,
        login: &TurnCredentials,
        now: UnixTime,
        output: &mut dyn Write,
    ) -> Result<()> {
        let lease = || self.lease(login).map_err(words::of_ice);
        match self.options.format {
            Format::Text => {
                let between = if name.is_some() { '\t' } else { '\n' };
                writeln!(output, "{}{between}{}", login.username(), login.password().as_str())?;
            }
            Format::Json => json::print(&Json::new(name, login, &self.uris), output)?,
            Format::Ice => json::print(&lease()?.answer_at(now), output)?,
            Format::Rest => {
                let answer = Answer::for_lease_at(&lease()?, now).map_err(words::of_ice)?;
                json::print(&answer, output)?;
            }
            Format::Xep0215 => {
                let services = xep_0215::services(lease()?.servers()).map_err(words::of_ice)?;
                output.write_all(services.as_bytes())?;
            }
            Format::Link => {
                for value in link_header::values(lease()?.servers()).map_err(words::of_ice)? {
                    writeln!(output, "Link: {value}")?;
                }
            }
            Format::TurnUri => {
                let values = turn_uri::values(lease()?.servers());
                if values.is_empty() {
                    return Err(
                        "--format turn-uri lists only TURN over UDP, TCP or TLS: add --uri \
                         turn:HOST"
                            .into(),
                    );
                }
                for value in values {
                    writeln!(output, "{value}")?;
                }
            }
        }
        Ok(())
    }

    fn lease(&self, login: &TurnCredentials) -> result::Result<IceLease, IceError> {
        Ok(IceLease::new([IceServer::new(self.uris.as_slice(), login)?]))
    }
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    username: &'a str,
    password: &'a str,
    ttl: u64,
    expires_at: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uris: Vec<String>,
}

impl<'a> Json<'a> {
    fn new(name: Option<&'a str>, login: &'a TurnCredentials, uris: &[IceUri]) -> Self {
        Self {
            name,
            username: login.username(),
            password: login.password().as_str(),
            ttl: login.ttl().as_secs(),
            expires_at: login.expires_at().as_secs(),
            uris: uris.iter().map(IceUri::to_string).collect(),
        }
    }
}
