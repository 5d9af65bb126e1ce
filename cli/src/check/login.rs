//! Where `check` gets its logins.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use turn_credentials::ice::{Credential, Login};
use turn_credentials::{ClockSkew, Error, IceServers, IceUri, UnixTime};
use ureq::http::header::{AUTHORIZATION, ORIGIN};
use ureq::http::{Method, Request};

use crate::input::{self, Ttl};
use crate::layout::{self, Layout};
use crate::program::Result;
use crate::secrets::Secret;
use crate::{ask, secrets, words};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) secrets: secrets::Options,

    /// The name to log in with
    #[arg(long, default_value = "turn-credentials-check")]
    name: String,

    /// How long the login lasts
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = Ttl::parse)]
    ttl: Ttl,

    #[command(flatten)]
    layout: layout::Options,

    /// Log in with this username and --password
    #[arg(long, value_name = "TEXT", requires = "password")]
    username: Option<String>,

    /// The password of --username, - for stdin
    #[arg(long, value_name = "TEXT", requires = "username", allow_hyphen_values = true)]
    password: Option<String>,

    /// JSON file: {"iceServers": [...]}, - for stdin
    #[arg(long, value_name = "PATH", conflicts_with_all = ["username", "broker"])]
    ice_servers: Option<PathBuf>,

    /// Get servers and logins from a token broker
    #[arg(long, value_name = "URL", conflicts_with = "username")]
    broker: Option<String>,

    /// File with the client key for the broker
    #[arg(long, value_name = "PATH", requires = "broker")]
    client_key_file: Option<PathBuf>,

    /// Web origin to send; the broker must allow it
    #[arg(long, value_name = "ORIGIN", requires = "broker")]
    origin: Option<String>,
}

/// A server's URI and login; STUN needs no login.
pub(crate) struct Entry {
    pub(crate) uri: IceUri,
    pub(crate) login: Option<Login>,
}

pub(crate) struct Entries {
    pub(crate) entries: Vec<Entry>,
    /// How the login was minted; `None` if it was given.
    pub(crate) recipe: Option<Recipe>,
}

/// How to mint logins.
pub(crate) struct Recipe {
    pub(crate) secrets: Vec<Secret>,
    pub(crate) name: String,
    pub(crate) layout: Layout,
    pub(crate) separator: char,
    pub(crate) skew: ClockSkew,
    ttl: Ttl,
}

impl Recipe {
    /// The username with this expiry.
    pub(crate) fn username(
        &self,
        layout: Layout,
        separator: char,
        expiry: UnixTime,
    ) -> std::result::Result<String, Error> {
        Ok(layout.username(&self.name, separator, expiry)?.to_string())
    }

    /// When a login that is minted now expires.
    pub(crate) fn expiry(&self, now: UnixTime) -> std::result::Result<UnixTime, Error> {
        self.skew.expiry(self.ttl.duration, now)
    }

    pub(crate) fn login(&self, now: UnixTime) -> Result<Login> {
        let username = self
            .expiry(now)
            .and_then(|expiry| self.username(self.layout, self.separator, expiry))
            .map_err(|error| words::of_name(self.ttl.explain(error), "give another --name"))?;
        let secret = self.secrets.first().ok_or("no secret")?;
        let password = Credential::new(secret.shared.password_for(&username).as_str());
        Ok(Login::new(username, password).map_err(words::of_login)?)
    }
}

impl Options {
    /// Accepts several secrets only if the caller `compares` them.
    pub(crate) fn read(
        &self,
        uris: Vec<IceUri>,
        patience: Duration,
        compares: bool,
    ) -> Result<Entries> {
        let others = [self.username.is_some(), self.ice_servers.is_some(), self.broker.is_some()];
        if self.secrets.given() && others.contains(&true) {
            return Err("both a secret and another source of logins: give only one of them".into());
        }
        if let Some(path) = &self.ice_servers {
            let json = input::read("the ICE servers", path)?;
            return listed(&uris, &json, "--ice-servers");
        }
        if let Some(url) = &self.broker {
            return listed(&uris, &self.ask_broker(url, patience)?, "--broker");
        }
        if uris.is_empty() {
            return Err(
                "no server: give a host or a URI, as in turn-credentials check turn.example.org"
                    .into(),
            );
        }
        let mut recipe = None;
        let login = match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                let password = Credential::new(input::password(password)?);
                Some(Login::new(username, password).map_err(words::of_login)?)
            }
            _ if uris.iter().all(|uri| !uri.scheme().is_turn()) => None,
            _ => {
                let secrets =
                    if compares { self.secrets.read()? } else { vec![self.secrets.read_one()?] };
                let minted = self.recipe(secrets);
                let login = minted.login(UnixTime::now())?;
                recipe = Some(minted);
                Some(login)
            }
        };
        let entries = uris.into_iter().map(|uri| Entry { uri, login: login.clone() }).collect();
        Ok(Entries { entries, recipe })
    }

    fn recipe(&self, secrets: Vec<Secret>) -> Recipe {
        let layout::Options { skew, layout, ref separator } = self.layout;
        let (name, separator, ttl) = (self.name.clone(), separator.separator, self.ttl);
        Recipe { secrets, name, layout, separator, skew, ttl }
    }

    fn ask_broker(&self, url: &str, patience: Duration) -> Result<Vec<u8>> {
        let agent = ask::agent(patience);
        let key = self.client_key_file.as_deref().map(input::secret_text).transpose()?;
        let bearer = key.as_ref().map(|key| format!("Bearer {}", key.as_str()));
        let failed = |what: &str, why: &str| format!("the broker gave no {what}: {why}");

        let request = |method: Method| {
            let mut request = Request::builder().method(method).uri(url);
            if let Some(bearer) = &bearer {
                request = request.header(AUTHORIZATION, bearer);
            }
            if let Some(origin) = &self.origin {
                request = request.header(ORIGIN, origin);
            }
            request
        };
        let get = request(Method::GET).body(()).map_err(ureq::Error::from);
        let answer = get.and_then(|get| ask::run(&agent, get));
        let mut answer = answer.map_err(|error| failed("token", &error.to_string()))?;
        if !answer.status().is_success() {
            return Err(failed("token", &status(answer.status().as_u16())).into());
        }
        let token = answer.body_mut().with_config().limit(64 * 1024).read_to_string();
        let token = token.map_err(|error| failed("token", &error.to_string()))?;
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(failed("token", "the answer to GET is not a token").into());
        }
        let put = request(Method::PUT).header("tok", token).body(&[][..]);
        let answer = put.map_err(ureq::Error::from).and_then(|put| ask::run(&agent, put));
        let mut answer = answer.map_err(|_| failed("login", "no answer to PUT with tok"))?;
        if !answer.status().is_success() {
            return Err(failed("login", &status(answer.status().as_u16())).into());
        }
        let json = answer.body_mut().with_config().limit(1024 * 1024).read_to_vec();
        Ok(json.map_err(|error| failed("login", &error.to_string()))?)
    }
}

fn status(code: u16) -> String {
    let hint = match code {
        300..=399 => ", a redirect: give the address that it leads to",
        401 | 403 => ": give --origin or --client-key-file",
        404 => ": give the full address, such as https://turn.example.org/token",
        429 => ": too many requests, try again in a minute",
        _ => "",
    };
    format!("HTTP status {code}{hint}")
}

fn listed(uris: &[IceUri], json: &[u8], flag: &str) -> Result<Entries> {
    if !uris.is_empty() {
        return Err(format!("{flag} lists the servers: omit the URIs").into());
    }
    // serde_json's error would quote the text, which may be a password.
    let servers: IceServers = serde_json::from_slice(json).map_err(|_| {
        format!("{flag}: not a list of ICE servers: expected {{\"iceServers\": [...]}}")
    })?;
    if servers.iter().next().is_none() {
        return Err(format!("{flag}: the list of ICE servers is empty").into());
    }
    let entries = servers.iter().flat_map(|server| {
        let login = server.login().cloned();
        server.urls().iter().map(move |uri| Entry { uri: uri.clone(), login: login.clone() })
    });
    Ok(Entries { entries: entries.collect(), recipe: None })
}
