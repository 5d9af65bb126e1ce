//! The Worker's environment. If anything is missing or wrong, the Worker answers 500 to everything.

use std::time::Duration;

use sha2::{Digest, Sha256};
use thiserror::Error;
use turn_credentials::provider::xirsys::Account;
use turn_credentials::provider::{ApiKey, Gateway};
use turn_credentials::{AccessTokenKey, IceUri, SharedSecret, TurnServer, UnixTime};

use crate::broker::{Broker, Source, Xirsys};
use crate::visitors::Visitors;

/// What is wrong with a variable. It does not show the value.
#[derive(Debug, Error)]
#[error("{name}: {why}")]
pub(crate) struct SettingsError {
    name: &'static str,
    why: String,
}

impl SettingsError {
    pub(crate) fn new(name: &'static str, why: impl ToString) -> Self {
        Self { name, why: why.to_string() }
    }
}

fn of<E: ToString>(name: &'static str) -> impl Fn(E) -> SettingsError {
    move |error| SettingsError::new(name, error)
}

/// A variable, if it is set; one that is not text is an error.
pub(crate) type Variable = Result<Option<String>, SettingsError>;

/// Reads the variables, whose names are those of the broker under `examples/broker`.
pub(crate) fn broker(optional: impl Fn(&'static str) -> Variable) -> Result<Broker, SettingsError> {
    let required =
        |name| optional(name)?.ok_or_else(|| SettingsError::new(name, "not set: see README.md"));
    let list = |value: &str| value.split(',').map(str::to_owned).collect::<Vec<_>>();
    let secret = |name, value: &str| ApiKey::from_config_value(value).map_err(of(name));

    let origins = optional("BROKER_ORIGIN")?.map(|value| list(&value)).unwrap_or_default();
    let origins: Vec<_> = origins.iter().map(String::as_str).collect();
    let client_key = optional("BROKER_CLIENT_KEY")?;
    let client_key = client_key.map(|value| secret("BROKER_CLIENT_KEY", &value)).transpose()?;
    let visitors = Visitors::new(&origins, client_key)?;

    let keys = list(&required("BROKER_TOKEN_KEY")?);
    let keys = keys.iter().map(|key| token_key(&secret("BROKER_TOKEN_KEY", key)?));
    let keys = keys.collect::<Result<_, _>>()?;

    let ttl = optional("BROKER_TTL")?.map_or(Ok(3600), |value| value.parse());
    let ttl = ttl.map_err(|_| SettingsError::new("BROKER_TTL", "not a number of seconds"))?;
    let ttl = Duration::from_secs(ttl);

    let without = |others: &[&'static str], used| {
        for other in others {
            if optional(other)?.is_some() {
                let why = format!("does nothing with {used}: remove it");
                return Err(SettingsError::new(other, why));
            }
        }
        Ok(())
    };
    let source = match (optional("TURN_SECRET")?, optional("XIRSYS_SECRET")?) {
        (Some(value), None) => {
            without(&["XIRSYS_IDENT", "XIRSYS_CHANNEL", "XIRSYS_GATEWAY"], "TURN_SECRET")?;
            let turn_secret = SharedSecret::from_config_value(value).map_err(of("TURN_SECRET"))?;
            let uris = list(&required("BROKER_TURN_URI")?);
            let uris = uris.iter().map(|uri| uri.parse::<IceUri>()).collect::<Result<Vec<_>, _>>();
            let uris = uris.map_err(of("BROKER_TURN_URI"))?;
            let server = TurnServer::new(uris, turn_secret, ttl);
            Source::Coturn(server.map_err(of("BROKER_TURN_URI or BROKER_TTL"))?.into())
        }
        (None, Some(value)) => {
            without(&["BROKER_TURN_URI"], "XIRSYS_SECRET")?;
            let (ident, channel) = (required("XIRSYS_IDENT")?, required("XIRSYS_CHANNEL")?);
            let account = Account::new(&ident, secret("XIRSYS_SECRET", &value)?);
            let account = account.map_err(of("XIRSYS_IDENT"))?;
            let gateway = optional("XIRSYS_GATEWAY")?.map(|url| Gateway::new(&url)).transpose();
            let gateway = gateway.map_err(of("XIRSYS_GATEWAY"))?;
            let xirsys = Xirsys { account, gateway, channel, ttl };
            xirsys.call(UnixTime::from_secs(0)).map_err(of("XIRSYS_CHANNEL or BROKER_TTL"))?;
            Source::Xirsys(xirsys)
        }
        (secret, _) => {
            let why = if secret.is_some() {
                "set, and XIRSYS_SECRET too"
            } else {
                "not set, nor is XIRSYS_SECRET"
            };
            return Err(SettingsError::new("TURN_SECRET", format!("{why}: set one of the two")));
        }
    };
    Ok(Broker { visitors, keys, source })
}

/// The id of a key is the beginning of its hash, so that it is the same in every instance.
fn token_key(key: &ApiKey) -> Result<AccessTokenKey, SettingsError> {
    let [a, b, c, d, ..] = Sha256::digest(key.as_str()).0;
    let key = AccessTokenKey::new(u32::from_be_bytes([a, b, c, d]), key.as_str());
    key.map_err(of("BROKER_TOKEN_KEY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_without_effect_is_refused() {
        const COMMON: [(&str, &str); 2] = [
            ("BROKER_ORIGIN", "https://app.example.org"),
            ("BROKER_TOKEN_KEY", "0123456789abcdef0123456789abcdef"),
        ];
        const COTURN: [(&str, &str); 2] = [("TURN_SECRET", "north"), ("BROKER_TURN_URI", "turn:a")];
        const XIRSYS: [(&str, &str); 3] = [
            ("XIRSYS_SECRET", "a-secret"),
            ("XIRSYS_IDENT", "ident"),
            ("XIRSYS_CHANNEL", "my/channel"),
        ];
        const GATEWAY: (&str, &str) = ("XIRSYS_GATEWAY", "https://us.xirsys.com");

        for (backend, other, wrong) in [
            (&COTURN[..], None, None),
            (&COTURN, Some(XIRSYS[1]), Some("XIRSYS_IDENT: does nothing with TURN_SECRET")),
            (&COTURN, Some(XIRSYS[2]), Some("XIRSYS_CHANNEL: does nothing with TURN_SECRET")),
            (&COTURN, Some(GATEWAY), Some("XIRSYS_GATEWAY: does nothing with TURN_SECRET")),
            (&XIRSYS, None, None),
            (&XIRSYS, Some(GATEWAY), None),
            (&XIRSYS, Some(COTURN[1]), Some("BROKER_TURN_URI: does nothing with XIRSYS_SECRET")),
        ] {
            let variable = |name| {
                let mut all = COMMON.iter().chain(backend).chain(&other);
                Ok(all.find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
            };
            let said = broker(variable).err().map(|error| error.to_string());
            assert_eq!(said, wrong.map(|wrong| format!("{wrong}: remove it")), "{other:?}");
        }
    }
}
