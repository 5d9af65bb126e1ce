//! JSON that clients and providers wrote, in any shape.

use core::fmt;
use core::time::Duration;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::decimal;
use crate::wiped::Wiped;

/// Any JSON value. Its text is borrowed from the input, or wiped when it is dropped.
///
/// Every type of value is accepted, because serde's error for an unexpected type shows the value,
/// which may be a credential.
pub(crate) enum Json<'a> {
    Null,
    Whole(u64),
    Text(Text<'a>),
    List(Vec<Self>),
    Object(Vec<(Text<'a>, Self)>),
    /// A boolean, bytes, or a number that is not whole or does not fit into a `u64`.
    Other,
}

pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Owned(Wiped),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text.as_str(),
        }
    }
}

impl Json<'_> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The value as a whole number, which may be in quotes.
    pub(crate) fn as_whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => decimal::parse(self.as_str()?),
        }
    }

    /// An object's members with this name: more than one if the object repeats the name.
    fn members(&self, name: &str) -> impl Iterator<Item = &Self> {
        let members = if let Self::Object(members) = self { &**members } else { &[] };
        members.iter().filter(move |(other, _)| other.as_str() == name).map(|(_, member)| member)
    }

    /// An object's first member with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members(name).next()
    }

    /// The first of these names that occurs more than once.
    pub(crate) fn duplicate<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.members(name).nth(1).is_some())
    }

    /// Like [`get`](Self::get), but `None` for a member that is null.
    pub(crate) fn get_some(&self, name: &str) -> Option<&Self> {
        self.get(name).filter(|member| !matches!(member, Self::Null))
    }

    /// The elements of a list. Null counts as an empty list, any other value as a list of one.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            Self::Null => &[],
            element => core::slice::from_ref(element),
        }
    }

    fn of_fraction(number: f64) -> Self {
        // The duration is rounded to nanoseconds: it may be whole although the number is not.
        let is_same = |whole: &Duration| whole.as_secs_f64() - number == 0.0;
        let whole = Duration::try_from_secs_f64(number).ok();
        let whole = whole.filter(|whole| whole.subsec_nanos() == 0 && is_same(whole));
        whole.map_or(Self::Other, |whole| Self::Whole(whole.as_secs()))
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        Json::deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Whole(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(u64::try_from(number).map_or(Json::Other, Json::Whole))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Json<'de>, E> {
        Ok(u64::try_from(number).map_or(Json::Other, Json::Whole))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Json<'de>, E> {
        Ok(u64::try_from(number).map_or(Json::Other, Json::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::of_fraction(number))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Text::Borrowed(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json<'de>, E> {
        Ok(Json::Text(Text::Owned(Wiped::new(text))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, member)) = object.next_entry::<Json<'_>, Json<'_>>()? {
            if let Json::Text(name) = name {
                members.push((name, member));
            }
        }
        Ok(as_number(&members).unwrap_or(Json::Object(members)))
    }
}

/// The only key of the map that serde_json passes in place of a number if its feature
/// `arbitrary_precision` is on. Any crate in a build can turn it on.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

fn as_number<'a>(members: &[(Text<'_>, Json<'_>)]) -> Option<Json<'a>> {
    match members {
        [(name, number)] if name.as_str() == NUMBER => {
            number.as_str()?.parse().ok().map(Json::of_fraction)
        }
        _ => None,
    }
}
