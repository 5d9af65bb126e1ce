//! The JSON of the REST answer.

use core::fmt;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Answer;
use crate::decimal;
use crate::error::IceError;
use crate::ice::credential::Credential;
use crate::ice::json::{Expected, Secret, Text, Uris, refuse, set};
use crate::ice::login::Login;

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Answer", 4)?;
        object.serialize_field("username", self.username())?;
        object.serialize_field("password", self.password())?;
        object.serialize_field("ttl", &self.ttl().as_secs())?;
        object.serialize_field("uris", self.uris())?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnswerVisitor)
    }
}

struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with username, password, ttl and uris")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Answer, A::Error> {
        let (mut username, mut password) = (None, None);
        let (mut ttl, mut uris) = (None, None);
        while let Some(member) = object.next_key::<String>()? {
            match member.as_str() {
                "username" => set(&mut username, "username", &mut object)?,
                "password" => set(&mut password, "password", &mut object)?,
                "ttl" => set(&mut ttl, "ttl", &mut object)?,
                "uris" => set(&mut uris, "uris", &mut object)?,
                _ => _ = object.next_value::<IgnoredAny>()?,
            }
        }
        let missing = A::Error::missing_field;
        let Text(username) = username.ok_or_else(|| missing("username"))?;
        let Secret(password) = password.ok_or_else(|| missing("password"))?;
        let Ttl(ttl) = ttl.ok_or_else(|| missing("ttl"))?;
        let Uris(uris) = uris.ok_or_else(|| missing("uris"))?;
        let uris = uris.unwrap_or_else(|| Ok(Vec::new())).map_err(A::Error::custom)?;
        if uris.is_empty() {
            return Err(A::Error::custom(IceError::NoUrls));
        }
        let password = password.unwrap_or_else(|| Credential::new(""));
        let login = Login::new(username.unwrap_or_default(), password).map_err(A::Error::custom)?;
        Ok(Answer { login, ttl, uris })
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

/// Whole seconds, which some endpoints write in quotes.
struct Ttl(Duration);

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TtlVisitor)
    }
}

struct TtlVisitor;

impl TtlVisitor {
    fn of<E: Error>(&self, secs: Option<u64>) -> Result<Ttl, E> {
        let ttl = secs.map(|secs| Ttl(Duration::from_secs(secs)));
        ttl.ok_or_else(|| E::custom(format_args!("invalid value, expected {}", Expected(self))))
    }
}

impl Visitor<'_> for TtlVisitor {
    type Value = Ttl;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ttl in whole seconds")
    }

    fn visit_u64<E: Error>(self, secs: u64) -> Result<Ttl, E> {
        self.of(Some(secs))
    }

    fn visit_i64<E: Error>(self, secs: i64) -> Result<Ttl, E> {
        self.of(secs.try_into().ok())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Ttl, E> {
        self.of(decimal::parse(text))
    }

    refuse!(visit_bool(bool), visit_f64(f64));
}
