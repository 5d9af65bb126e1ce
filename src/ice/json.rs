//! ICE servers as JSON, written in today's W3C form, and read in every form that clients and
//! providers have used.

use core::slice;

use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use thiserror::Error;

use super::credential::Credential;
use super::lease::LeaseAnswer;
use super::login::Login;
use super::server::IceServer;
use super::servers::IceServers;
use super::uri::{IceUri, UriError};
use crate::error::IceError;
use crate::json::Json;

/// Why JSON, or a part of it, cannot be read as ICE servers.
#[derive(Clone, Copy, Debug, Error)]
pub(crate) enum Flaw {
    #[error("invalid type, expected ICE servers: a list, or an object with iceServers")]
    NotServers,
    #[error("missing field `iceServers`")]
    NoServers,
    #[error("duplicate field `{0}`")]
    Duplicate(&'static str),
    #[error("invalid type, expected an ICE server: an object with urls")]
    NotServer,
    #[error("missing field `urls`")]
    NoUrls,
    #[error("invalid type, expected a STUN or TURN URI, or a list of them")]
    NotUri,
    /// With the type `hmac-sha1`, the credential is the secret that is shared with the TURN server.
    #[error("the credential is not a password: its credentialType must be password, or left out")]
    NotPassword,
    #[error(transparent)]
    Uri(#[from] UriError),
    #[error(transparent)]
    Ice(#[from] IceError),
}

/// Reads the usable servers from a list, from one server, or from an object whose member
/// `iceServers` or `ice_servers` is a list or one server.
pub(crate) fn servers(json: &Json<'_>) -> Result<Reading, Flaw> {
    const NAMES: [&str; 2] = ["iceServers", "ice_servers"];

    if let Some(name) = json.duplicate(&NAMES) {
        return Err(Flaw::Duplicate(name));
    }
    let entries = match json {
        Json::List(entries) => entries,
        Json::Object(_) => match NAMES.iter().find_map(|name| json.get(name)) {
            Some(list) => list.elements(),
            None if URIS.iter().any(|name| json.get(name).is_some()) => slice::from_ref(json),
            None => return Err(Flaw::NoServers),
        },
        _ => return Err(Flaw::NotServers),
    };
    Ok(Reading::of(entries))
}

/// The servers that were read, and what was wrong with the first URI that was left out.
pub(crate) struct Reading {
    pub(crate) servers: IceServers,
    flaw: Option<Flaw>,
}

impl Reading {
    fn of(entries: &[Json<'_>]) -> Self {
        let (mut servers, mut dropped, mut flaw) = (Vec::with_capacity(entries.len()), 0, None);
        for entry in entries {
            let mut uris = Uris::of(entry, &URIS);
            servers.extend(server(entry, &mut uris));
            dropped = uris.dropped.saturating_add(dropped);
            flaw = flaw.or(uris.flaw);
        }
        Self { servers: IceServers::read(servers, dropped), flaw }
    }

    /// The servers, unless all of them were left out.
    fn usable(self) -> Result<IceServers, Flaw> {
        match self.flaw {
            Some(flaw) if self.servers.is_empty() => Err(flaw),
            _ => Ok(self.servers),
        }
    }
}

/// The usable part of an entry. An invalid login does not matter to STUN, which needs none.
fn server(entry: &Json<'_>, uris: &mut Uris) -> Option<IceServer> {
    if let Some(flaw) = flaw_of(entry) {
        uris.leave_out(|_| true, flaw);
    }
    match login(entry, &CREDENTIAL) {
        Ok(login) => IceServer::new(uris.take(), login),
        Err(error) => {
            uris.leave_out(IceUri::is_turn, error.into());
            IceServer::without_login(uris.take())
        }
    }
    .ok()
}

/// Why an entry cannot be trusted: it repeats a member that we read, or its credential is not a
/// password.
pub(crate) fn flaw_of(entry: &Json<'_>) -> Option<Flaw> {
    let mut kinds = TYPES.iter().filter_map(|name| entry.get_some(name));
    let duplicate = [&URIS[..], &LOGIN, &TYPES].iter().find_map(|names| entry.duplicate(names));
    let other_kind = kinds.any(|kind| kind.as_str() != Some("password"));
    duplicate.map(Flaw::Duplicate).or(other_kind.then_some(Flaw::NotPassword))
}

/// The login in an entry, whose credential has the first of these names that the entry has.
pub(crate) fn login(entry: &Json<'_>, credential: &[&str]) -> Result<Login, IceError> {
    let text = |name: &str| entry.get(name).and_then(Json::as_str);
    let credential = credential.iter().copied().find_map(text).unwrap_or_default();
    Login::new(text("username").unwrap_or_default(), credential)
}

/// The names that W3C, its old drafts, providers and the TURN REST draft use. If an entry has URIs
/// under several names, only the first of these names counts.
const URIS: [&str; 3] = ["urls", "url", "uris"];
pub(crate) const CREDENTIAL: [&str; 2] = ["credential", "password"];
const LOGIN: [&str; 3] = ["username", "credential", "password"];
const TYPES: [&str; 2] = ["credentialType", "credential_type"];

/// The usable URIs of an entry, how many were left out, and what was wrong with the first of those.
pub(super) struct Uris {
    pub(super) kept: Vec<IceUri>,
    pub(super) dropped: usize,
    pub(super) flaw: Option<Flaw>,
}

impl Uris {
    /// Reads the URIs of an entry, from the first of these names that has any. An entry without
    /// URIs counts as one URI that was left out.
    pub(super) fn of(entry: &Json<'_>, names: &[&str]) -> Self {
        let lists = || names.iter().filter_map(|name| entry.get(name));
        let uris = lists().map(Json::elements).find(|uris| !uris.is_empty()).unwrap_or_default();
        let (mut kept, mut flaw) = (Vec::with_capacity(uris.len()), None);
        for uri in uris {
            match read_uri(uri) {
                Ok(uri) => kept.push(uri),
                Err(error) => flaw = flaw.or(Some(error)),
            }
        }
        if uris.is_empty() {
            flaw = Some(match (entry, lists().next()) {
                (_, Some(_)) => IceError::NoUrls.into(),
                (Json::Object(_), None) => Flaw::NoUrls,
                (_, None) => Flaw::NotServer,
            });
        }
        let dropped = uris.len().max(1).saturating_sub(kept.len());
        Self { kept, dropped, flaw }
    }

    fn leave_out(&mut self, out: impl Fn(&IceUri) -> bool, flaw: Flaw) {
        self.kept.retain(|uri| {
            let out = out(uri);
            self.dropped = self.dropped.saturating_add(out.into());
            self.flaw = self.flaw.or(out.then_some(flaw));
            !out
        });
    }

    fn take(&mut self) -> Vec<IceUri> {
        core::mem::take(&mut self.kept)
    }
}

fn read_uri(json: &Json<'_>) -> Result<IceUri, Flaw> {
    Ok(json.as_str().ok_or(Flaw::NotUri)?.parse()?)
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let text = json.as_str().ok_or_else(|| D::Error::custom("invalid type, expected text"))?;
        Ok(Self::new(text))
    }
}

impl Serialize for IceUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_uri(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for IceServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.login().is_some() { 3 } else { 1 };
        let mut object = serializer.serialize_struct("IceServer", fields)?;
        object.serialize_field("urls", self.urls())?;
        if let Some(login) = self.login() {
            object.serialize_field("username", login.username())?;
            object.serialize_field("credential", login.credential())?;
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for IceServer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entry = Json::deserialize(deserializer)?;
        let servers = Reading::of(slice::from_ref(&entry)).usable().map_err(D::Error::custom)?;
        servers.into_iter().next().ok_or_else(|| D::Error::custom(Flaw::NotServer))
    }
}

impl Serialize for IceServers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("IceServers", 1)?;
        object.serialize_field("iceServers", self.as_slice())?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for IceServers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        servers(&json).and_then(Reading::usable).map_err(D::Error::custom)
    }
}

impl Serialize for LeaseAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.ttl().is_some() { 2 } else { 1 };
        let mut object = serializer.serialize_struct("LeaseAnswer", fields)?;
        object.serialize_field("iceServers", self.servers())?;
        if let Some(ttl) = self.ttl() {
            object.serialize_field("ttl", &ttl.as_secs())?;
        }
        object.end()
    }
}
