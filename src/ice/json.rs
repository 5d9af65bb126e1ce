//! The JSON shapes of ICE servers: what is written is today's W3C form, what is read is any of those
//! that clients and providers have had.

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{
    Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value,
};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{IceServer, IceServers, IceUri};
use crate::Credential;

impl Serialize for IceUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(UriVisitor)
    }
}

struct UriVisitor;

impl Visitor<'_> for UriVisitor {
    type Value = IceUri;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STUN or TURN URI")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<IceUri, E> {
        text.parse().map_err(E::custom)
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(CredentialVisitor)
    }
}

struct CredentialVisitor;

impl Visitor<'_> for CredentialVisitor {
    type Value = Credential;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a credential, as text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Credential, E> {
        Ok(Credential::new(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Credential, E> {
        Ok(Credential::new(text))
    }
}

impl Serialize for IceServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.login.is_some() { 3 } else { 1 };
        let mut object = serializer.serialize_struct("IceServer", fields)?;
        object.serialize_field("urls", &self.urls)?;
        if let Some((username, credential)) = &self.login {
            object.serialize_field("username", username)?;
            object.serialize_field("credential", credential)?;
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for IceServer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ServerVisitor)
    }
}

struct ServerVisitor;

impl<'de> Visitor<'de> for ServerVisitor {
    type Value = IceServer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ICE server: an object with urls")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<IceServer, A::Error> {
        let (mut urls, mut url) = (None, None);
        let (mut username, mut credential) = (None, None);
        while let Some(member) = object.next_key()? {
            match member {
                Member::Urls => set(&mut urls, "urls", &mut object)?,
                Member::Url => set(&mut url, "url", &mut object)?,
                Member::Username => set(&mut username, "username", &mut object)?,
                Member::Credential => set(&mut credential, "credential", &mut object)?,
                Member::Other => _ = object.next_value::<IgnoredAny>()?,
            }
        }
        let OneOrMany(urls) = urls.or(url).ok_or_else(|| A::Error::missing_field("urls"))?;
        let login = match (username.flatten(), credential.flatten()) {
            (Some(username), Some(credential)) => Some((username, credential)),
            (None, None) => None,
            _ => return Err(A::Error::custom(crate::Error::NoLogin)),
        };
        IceServer { urls, login }.checked().map_err(A::Error::custom)
    }
}

/// Keeps the value of a member, which may stand there once.
fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    member: &mut Option<T>,
    name: &'static str,
    object: &mut A,
) -> Result<(), A::Error> {
    if member.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *member = Some(object.next_value()?);
    Ok(())
}

enum Member {
    Urls,
    Url,
    Username,
    Credential,
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(MemberVisitor)
    }
}

struct MemberVisitor;

impl Visitor<'_> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Member, E> {
        Ok(match name {
            "urls" => Member::Urls,
            "url" => Member::Url,
            "username" => Member::Username,
            "credential" => Member::Credential,
            _ => Member::Other,
        })
    }
}

/// A list, or one element in its place.
struct OneOrMany(Vec<IceUri>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STUN or TURN URI, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany([UriVisitor.visit_str(text)?].into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany, A::Error> {
        Vec::deserialize(value::SeqAccessDeserializer::new(list)).map(OneOrMany)
    }
}

impl Serialize for IceServers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("IceServers", 1)?;
        object.serialize_field("iceServers", &self.servers)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for IceServers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ServersVisitor)
    }
}

struct ServersVisitor;

impl<'de> Visitor<'de> for ServersVisitor {
    type Value = IceServers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ICE servers: a list, or an object with iceServers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<IceServers, A::Error> {
        let servers = Vec::deserialize(value::SeqAccessDeserializer::new(list))?;
        Ok(IceServers { servers })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<IceServers, A::Error> {
        let mut servers = None;
        while let Some(member) = object.next_key::<String>()? {
            if member == "iceServers" {
                set(&mut servers, "iceServers", &mut object)?;
            } else {
                _ = object.next_value::<IgnoredAny>()?;
            }
        }
        let servers = servers.ok_or_else(|| A::Error::missing_field("iceServers"))?;
        Ok(IceServers { servers })
    }
}
