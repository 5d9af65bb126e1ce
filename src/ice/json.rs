//! The JSON shapes of ICE servers: it writes today's W3C form, and reads every form that clients and
//! providers have used.
//!
//! Everything is read by `deserialize_any`: asked for one type, serde_json shows the text or number
//! that it finds instead, which may be a credential.

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::credential::Credential;
use super::lease::LeaseAnswer;
use super::server::IceServer;
use super::servers::IceServers;
use super::uri::{IceUri, UriError};

/// Methods of a visitor that refuse a value without showing it.
macro_rules! refuse {
    ($($method:ident($type:ty)),*) => {
        $(fn $method<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(E::custom(format_args!("invalid type, expected {}", $crate::ice::json::Expected(&self))))
        })*
    };
}

pub(super) use refuse;

/// What a visitor expects.
pub(super) struct Expected<'a, V>(pub(super) &'a V);

impl<'de, V: Visitor<'de>> fmt::Display for Expected<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

/// Keeps the value of a member, which may be there once.
pub(super) fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
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

/// Text, or null.
pub(super) struct Text(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.into())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text(Some(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
}

/// A credential, or null: wiped whatever becomes of what is around it.
pub(super) struct Secret(pub(super) Option<Credential>);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        Ok(Self(text.map(Credential::new)))
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        text.map(Self::new).ok_or_else(|| D::Error::custom("invalid type, expected text"))
    }
}

impl Serialize for IceUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UriText::deserialize(deserializer)?.0.map_err(D::Error::custom)
    }
}

/// A text, as a URI.
struct UriText(Result<IceUri, UriError>);

impl<'de> Deserialize<'de> for UriText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UriVisitor)
    }
}

struct UriVisitor;

impl Visitor<'_> for UriVisitor {
    type Value = UriText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STUN or TURN URI")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<UriText, E> {
        Ok(UriText(text.parse()))
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
}

/// URIs in a list, or one without a list, or null.
pub(super) struct Uris(pub(super) Option<Result<Vec<IceUri>, UriError>>);

impl<'de> Deserialize<'de> for Uris {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UrisVisitor)
    }
}

struct UrisVisitor;

impl<'de> Visitor<'de> for UrisVisitor {
    type Value = Uris;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a STUN or TURN URI, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Uris, E> {
        Ok(Uris(Some(text.parse().map(|uri| [uri].into()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Uris, A::Error> {
        let mut uris = Ok(Vec::new());
        while let Some(UriText(uri)) = list.next_element()? {
            uris = uris.and_then(|mut uris: Vec<_>| {
                uris.push(uri?);
                Ok(uris)
            });
        }
        Ok(Uris(Some(uris)))
    }

    fn visit_unit<E: Error>(self) -> Result<Uris, E> {
        Ok(Uris(None))
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
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
        deserializer.deserialize_any(ServerVisitor)
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
        while let Some(member) = object.next_key::<String>()? {
            match member.as_str() {
                "urls" => set(&mut urls, "urls", &mut object)?,
                "url" => set(&mut url, "url", &mut object)?,
                "username" => set(&mut username, "username", &mut object)?,
                "credential" => set(&mut credential, "credential", &mut object)?,
                _ => _ = object.next_value::<IgnoredAny>()?,
            }
        }
        let listed = |uris: Option<Uris>| uris.and_then(|Uris(uris)| uris);
        let urls = listed(urls).or_else(|| listed(url));
        let urls = urls.ok_or_else(|| A::Error::missing_field("urls"))?;
        let username = username.and_then(|Text(text)| text);
        let credential = credential.and_then(|Secret(credential)| credential);
        let urls = urls.map_err(A::Error::custom)?;
        IceServer::read(urls, username, credential).map_err(A::Error::custom)
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

/// Servers in a list, or one without a list.
struct List(Vec<IceServer>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ICE servers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List, A::Error> {
        let mut servers = Vec::new();
        while let Some(server) = list.next_element()? {
            servers.push(server);
        }
        Ok(List(servers))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<List, A::Error> {
        Ok(List([ServerVisitor.visit_map(object)?].into()))
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

impl Serialize for IceServers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("IceServers", 1)?;
        object.serialize_field("iceServers", &**self)?;
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
        let List(servers) = ListVisitor.visit_seq(list)?;
        Ok(servers.into())
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
        let List(servers) = servers.ok_or_else(|| A::Error::missing_field("iceServers"))?;
        Ok(servers.into())
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

impl Serialize for LeaseAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.ttl().is_some() { 2 } else { 1 };
        let mut object = serializer.serialize_struct("LeaseAnswer", fields)?;
        object.serialize_field("iceServers", &**self.servers())?;
        if let Some(ttl) = self.ttl() {
            object.serialize_field("ttl", &ttl.as_secs())?;
        }
        object.end()
    }
}
