//! The JSON of the REST answer.

use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Answer;
use crate::error::IceError;
use crate::ice::json::{Uris, flaw_of, login};
use crate::json::Json;

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
        const NAMES: [&str; 4] = ["username", "password", "ttl", "uris"];

        let json = Json::deserialize(deserializer)?;
        match &json {
            Json::Object(members) if members.is_empty() => {
                return Err(D::Error::custom(
                    "the object is empty: a Matrix homeserver sends {} \
                     if it has no TURN server configured",
                ));
            }
            Json::Object(_) => {}
            _ => {
                return Err(D::Error::custom(
                    "invalid type, expected an object with username, password, ttl and uris",
                ));
            }
        }
        let member = |name| json.get(name).ok_or_else(|| D::Error::missing_field(name));
        if let Some(name) = json.duplicate(&NAMES) {
            return Err(D::Error::duplicate_field(name));
        }
        for name in NAMES {
            member(name)?;
        }
        if let Some(flaw) = flaw_of(&json) {
            return Err(D::Error::custom(flaw));
        }
        let secs = member("ttl")?.as_whole();
        let secs =
            secs.ok_or_else(|| D::Error::custom("invalid value, expected a ttl in whole seconds"))?;
        let Uris { kept: uris, dropped, flaw } = Uris::of(&json, &["uris"]);
        if uris.is_empty() {
            return Err(flaw.map_or_else(|| D::Error::custom(IceError::NoUrls), D::Error::custom));
        }
        let login = login(&json, &["password"]).map_err(D::Error::custom)?;
        Ok(Self { login, ttl: Duration::from_secs(secs), uris, dropped })
    }
}
