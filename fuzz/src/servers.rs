//! What is read of JSON, by a reader that knows only `serde_json::Value`.

use std::slice;

use serde_json::Value;
use turn_credentials::{Credential, IceServer, IceUri};

use crate::normal_uri;

/// The URIs of each server with its username and credential.
pub type Servers = Vec<(Vec<String>, Option<(String, String)>)>;

/// The servers and how many URIs were left out, if it is a shape that is known.
#[must_use]
pub fn read(json: &Value) -> Option<(Servers, usize)> {
    let (mut servers, mut dropped) = (Servers::new(), 0);
    for entry in entries(json)? {
        let (mut uris, left_out) = uris(entry, &["urls", "url", "uris"]);
        let all = uris.len() + left_out;
        let login = login(entry, &["credential", "password"]);
        if !is_password(entry) {
            uris.clear();
        } else if login.is_none() {
            uris.retain(|uri| uri.starts_with("stun"));
        }
        dropped += all - uris.len();
        if !uris.is_empty() {
            servers.push((uris, login));
        }
    }
    Some((servers, dropped))
}

fn entries(json: &Value) -> Option<&[Value]> {
    let has = |name: &&str| json.get(name).is_some();
    match json {
        Value::Array(entries) => Some(entries),
        Value::Object(_) => match ["iceServers", "ice_servers"].iter().find(|name| has(name)) {
            Some(name) => Some(elements(&json[*name])),
            None if ["urls", "url", "uris"].iter().any(has) => Some(slice::from_ref(json)),
            None => None,
        },
        _ => None,
    }
}

/// A list, or what stands for a list of one.
fn elements(json: &Value) -> &[Value] {
    match json {
        Value::Null => &[],
        Value::Array(elements) => elements,
        element => slice::from_ref(element),
    }
}

/// Whether the credential is a password.
#[must_use]
pub fn is_password(entry: &Value) -> bool {
    let kinds = [&entry["credentialType"], &entry["credential_type"]];
    kinds.iter().all(|kind| kind.is_null() || **kind == "password")
}

/// A login that browsers accept, whose credential has the first of these names.
#[must_use]
pub fn login(entry: &Value, credential: &[&str]) -> Option<(String, String)> {
    let username = entry["username"].as_str()?;
    let credential = credential.iter().find_map(|name| entry[*name].as_str())?;
    let fits = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    let fit = fits(username) && fits(credential) && username.len() <= 508;
    fit.then(|| (username.to_owned(), credential.to_owned()))
}

/// The URIs with the first of these names that has any, and how many were left out.
#[must_use]
pub fn uris(entry: &Value, names: &[&str]) -> (Vec<String>, usize) {
    let all = names.iter().map(|name| elements(&entry[*name]));
    let all = all.into_iter().find(|uris| !uris.is_empty()).unwrap_or_default();
    let uris: Vec<_> = all.iter().filter_map(Value::as_str).filter_map(normal_uri).collect();
    let dropped = all.len().max(1) - uris.len();
    (uris, dropped)
}

/// What the library read, in the same form.
#[must_use]
pub fn of_library(servers: &[IceServer]) -> Servers {
    let of_one = |server: &IceServer| {
        let credential = server.credential().map(Credential::as_str);
        let login = server.username().zip(credential);
        let login =
            login.map(|(username, credential)| (username.to_owned(), credential.to_owned()));
        (server.urls().iter().map(IceUri::to_string).collect(), login)
    };
    servers.iter().map(of_one).collect()
}
