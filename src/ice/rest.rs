//! The answer of an endpoint as draft-uberti-behave-turn-rest-00 has it, which is Matrix's
//! `turnServer` answer too.

use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use super::{IceServer, IceUri};
use crate::{Credential, Error, TurnCredentials};

/// A login and where it serves: `{"username": ..., "password": ..., "ttl": ..., "uris": [...]}`.
///
/// Janus's `turn_rest_api` reads it, and so do Matrix clients. With the feature `serde` it is written
/// and read as JSON; a ttl in quotes, as some endpoints write it, is read too.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::rest::Answer;
/// use turn_credentials::{ClockSkew, Error, IceUri, SharedSecret, TurnCredentials, UnixTime};
///
/// let secret = SharedSecret::new("north")?;
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let login = TurnCredentials::generate_at("alice", &secret, hour, ClockSkew::NONE, now)?;
///
/// let answer = Answer::new(&login, IceUri::fan_out(["turn.example.org"])?)?;
/// assert_eq!(answer.username(), "1700003600:alice");
/// assert_eq!(answer.ttl(), hour);
/// assert_eq!(answer.into_server()?.urls().len(), 3);
///
/// assert_eq!(Answer::new(&login, []).unwrap_err(), Error::NoUrls);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    username: String,
    password: Credential,
    #[cfg_attr(feature = "serde", serde(with = "ttl"))]
    ttl: Duration,
    uris: Vec<IceUri>,
}

impl Answer {
    /// The answer that gives this login for these servers.
    ///
    /// # Errors
    ///
    /// [`Error::NoUrls`].
    pub fn new(login: &TurnCredentials, uris: impl Into<Vec<IceUri>>) -> Result<Self, Error> {
        let (username, password) = (login.username().into(), login.password().into());
        let uris = uris.into();
        if uris.is_empty() {
            return Err(Error::NoUrls);
        }
        Ok(Self { username, password, ttl: login.ttl(), uris })
    }

    /// What the client sends as STUN USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password that belongs to the username.
    #[must_use]
    pub fn password(&self) -> &Credential {
        &self.password
    }

    /// How long the login lasts from when the answer was made, in whole seconds.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Where the servers are.
    #[must_use]
    pub fn uris(&self) -> &[IceUri] {
        &self.uris
    }

    /// The same as an ICE server, which browsers take.
    ///
    /// # Errors
    ///
    /// Those of [`IceServer::new`], for an answer that was read.
    pub fn into_server(self) -> Result<IceServer, Error> {
        IceServer::new(self.uris, self.username, self.password)
    }
}

#[cfg(feature = "serde")]
mod ttl {
    use core::fmt;
    use core::time::Duration;

    use serde::de::{Deserializer, Error, Unexpected, Visitor};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(
        ttl: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(ttl.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        deserializer.deserialize_any(TtlVisitor)
    }

    struct TtlVisitor;

    impl Visitor<'_> for TtlVisitor {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a ttl in whole seconds")
        }

        fn visit_u64<E: Error>(self, secs: u64) -> Result<Duration, E> {
            Ok(Duration::from_secs(secs))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            let secs = text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
            self.visit_u64(secs)
        }
    }
}
