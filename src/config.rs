//! What a service reads from its configuration with serde: secrets, and the skew of a server's
//! clock.

use core::fmt;

use alloc::string::String;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

use crate::clock::ClockSkew;
use crate::json::{self, Json};
use crate::secret::SharedSecret;
use crate::wiped::Wiped;

/// Uses [`from_config_value`](Self::from_config_value). This crate's errors never show the value,
/// but the errors of a format's parser may: a `toml` error prints the whole line, so show only its
/// `message()`.
impl<'de> Deserialize<'de> for SharedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_str`: a format that found a number would show it in its error.
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

/// Refuses what is not text, without showing it: a number may be a secret that lacks its quotes.
macro_rules! refuse {
    ($($method:ident($type:ty)),*) => {
        $(fn $method<E: Error>(self, _: $type) -> Result<SharedSecret, E> {
            Err(E::custom(NOT_TEXT))
        })*
    };
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SharedSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret, as text")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<SharedSecret, E> {
        SharedSecret::from_config_value(value).map_err(E::custom)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<SharedSecret, E> {
        self.visit_str(Wiped::new(value).as_str())
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
    refuse!(visit_i128(i128), visit_u128(u128));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SharedSecret, A::Error> {
        Err(match number(map)? {
            Some(_) => A::Error::custom(NOT_TEXT),
            None => A::Error::invalid_type(Unexpected::Map, &self),
        })
    }
}

const NOT_TEXT: &str = "the secret is not text: put quotes around it";

/// Reads the argument of [`from_secs`](Self::from_secs): the server's clock minus ours, in whole
/// seconds.
impl<'de> Deserialize<'de> for ClockSkew {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SkewVisitor)
    }
}

struct SkewVisitor;

impl<'de> Visitor<'de> for SkewVisitor {
    type Value = ClockSkew;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a skew in whole seconds")
    }

    fn visit_i64<E: Error>(self, secs: i64) -> Result<ClockSkew, E> {
        Ok(ClockSkew::from_secs(secs))
    }

    fn visit_u64<E: Error>(self, secs: u64) -> Result<ClockSkew, E> {
        i64::try_from(secs).map_err(|_| E::custom(NOT_A_SKEW)).and_then(|secs| self.visit_i64(secs))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<ClockSkew, E> {
        Err(E::custom(NOT_A_SKEW))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<ClockSkew, E> {
        Err(E::custom(NOT_A_SKEW))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClockSkew, A::Error> {
        let number = number(map)?;
        let number = number.ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
        let secs = number.as_str().and_then(|number| number.parse().ok());
        secs.map(ClockSkew::from_secs).ok_or_else(|| A::Error::custom(NOT_A_SKEW))
    }
}

const NOT_A_SKEW: &str = "the skew is not a number of whole seconds, such as -5";

/// The text of a number that serde_json passes as a map, because of its feature
/// `arbitrary_precision`.
fn number<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Json<'de>>, A::Error> {
    let entry = map.next_entry::<Json<'_>, Json<'_>>()?;
    Ok(entry.filter(|(name, _)| name.as_str() == Some(json::NUMBER)).map(|(_, number)| number))
}
