//! The credential that a client is given: a username, its password, and how long they last.

use core::time::Duration;

use alloc::string::String;

use crate::{ClockSkew, Error, Password, SharedSecret, UnixTime, Username};

/// A time-limited login for a TURN server, as draft-uberti-behave-turn-rest-00 has it.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
///
/// let secret = SharedSecret::new("north")?;
/// let hour = Duration::from_secs(3600);
/// let now = UnixTime::from_secs(1_266_887_200);
///
/// let login = TurnCredentials::generate_at("mbzrxpgjys", &secret, hour, ClockSkew::NONE, now)?;
/// assert_eq!(login.username(), "1266890800:mbzrxpgjys");
/// assert_eq!(login.password().as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
/// assert_eq!(login.ttl(), hour);
///
/// let spaced = TurnCredentials::generate_at("a b", &secret, hour, ClockSkew::NONE, now);
/// assert_eq!(spaced.unwrap_err(), Error::ForbiddenCharacter { character: ' ', index: 1 });
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TurnCredentials {
    username: String,
    password: Password,
    expires_at: UnixTime,
    ttl: Duration,
}

impl TurnCredentials {
    /// [`generate_at`](Self::generate_at) by this machine's clock.
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn generate(
        name: &str,
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
    ) -> Result<Self, Error> {
        Self::generate_at(name, secret, ttl, skew, UnixTime::now())
    }

    /// A login `<expiry>:<name>` that lasts for `ttl` from `now`.
    ///
    /// The expiry is now + ttl + skew, as [`ClockSkew::expiry`] has it.
    ///
    /// coturn and eturnal (but for its `strict_expiry`) look at the expiry when a client allocates,
    /// and let a running session live on. pion, webrtc-rs and STUNner look at every refresh: there
    /// the ttl must outlast the call.
    ///
    /// # Errors
    ///
    /// * Those of [`ClockSkew::expiry`] for a ttl under one second, and for an expiry that servers
    ///   take for past.
    /// * Those of [`Username::new`] for a name that servers refuse. [`PseudonymKey`] makes one that
    ///   they take out of any account id.
    ///
    /// [`PseudonymKey`]: crate::PseudonymKey
    pub fn generate_at(
        name: &str,
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let username = Username::new(name, skew.expiry(ttl, now)?)?;
        Ok(Self::mint(username, secret, ttl.as_secs()))
    }

    /// [`regenerate_at`](Self::regenerate_at) by this machine's clock.
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn regenerate(
        &mut self,
        name: &str,
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
    ) -> Result<(), Error> {
        self.regenerate_at(name, secret, ttl, skew, UnixTime::now())
    }

    /// [`generate_at`](Self::generate_at) into this value: no allocation is made when the name is no
    /// longer than the one before.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    /// # let secret = SharedSecret::new("north")?;
    /// # let (ttl, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
    /// let mut login = TurnCredentials::generate_at("alice", &secret, ttl, ClockSkew::NONE, now)?;
    /// login.regenerate_at("bob", &secret, ttl, ClockSkew::NONE, now)?;
    /// assert_eq!(login.username(), "1700003600:bob");
    ///
    /// let refused = login.regenerate_at("", &secret, ttl, ClockSkew::NONE, now);
    /// assert_eq!(refused, Err(Error::EmptyName));
    /// assert_eq!(login.username(), "1700003600:bob");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`generate_at`](Self::generate_at); the value is then as it was.
    pub fn regenerate_at(
        &mut self,
        name: &str,
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<(), Error> {
        let username = Username::new(name, skew.expiry(ttl, now)?)?;
        username.write_over(&mut self.username);
        self.password = secret.password_for(&self.username);
        self.expires_at = username.expires_at();
        self.ttl = Duration::from_secs(ttl.as_secs());
        Ok(())
    }

    /// [`for_username_at`](Self::for_username_at) by this machine's clock.
    ///
    /// # Errors
    ///
    /// Those of [`for_username_at`](Self::for_username_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn for_username(
        username: Username<'_>,
        secret: &SharedSecret,
        skew: ClockSkew,
    ) -> Result<Self, Error> {
        Self::for_username_at(username, secret, skew, UnixTime::now())
    }

    /// A login of any layout and separator, which lasts until the username's expiry.
    ///
    /// Its ttl is expiry - (now + skew); [`ClockSkew::expiry`] works out the expiry of a ttl.
    ///
    /// ```
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime, Username};
    ///
    /// let secret = SharedSecret::new("foobar")?;
    /// let username = Username::expiry_only(UnixTime::from_secs(1_599_491_771))?;
    /// let at = |secs| {
    ///     let now = UnixTime::from_secs(secs);
    ///     TurnCredentials::for_username_at(username, &secret, ClockSkew::NONE, now)
    /// };
    ///
    /// let login = at(1_599_491_711)?;
    /// assert_eq!(login.username(), "1599491771");
    /// assert_eq!(login.password().as_str(), "Tpz/nKkyvX/vMSLKvL4sbtBt8Vs=");
    /// assert_eq!(login.ttl().as_secs(), 60);
    ///
    /// assert_eq!(at(1_599_491_771).unwrap_err(), Error::BornExpired);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BornExpired`] unless the expiry is after now + skew.
    pub fn for_username_at(
        username: Username<'_>,
        secret: &SharedSecret,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let expiry = i128::from(username.expires_at().as_secs());
        match expiry.saturating_sub(skew.servers_clock(now)) {
            ..=0 => Err(Error::BornExpired),
            ttl => Ok(Self::mint(username, secret, u64::try_from(ttl).unwrap_or(u64::MAX))),
        }
    }

    fn mint(username: Username<'_>, secret: &SharedSecret, ttl_secs: u64) -> Self {
        let mut wire = String::new();
        username.write_over(&mut wire);
        Self {
            password: secret.password_for(&wire),
            username: wire,
            expires_at: username.expires_at(),
            ttl: Duration::from_secs(ttl_secs),
        }
    }

    /// What the client sends as STUN USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password that belongs to the username.
    #[must_use]
    pub fn password(&self) -> &Password {
        &self.password
    }

    /// The expiry in the username, by the TURN server's clock.
    ///
    /// Count on the login while that clock is before it: in the very second of the expiry coturn and
    /// pion still take it, eturnal and webrtc-rs do not.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// How long the login lasts from the `now` that it was made with, in whole seconds: what to
    /// tell the client.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// When to fetch the next login, counted from the same `now`: at three quarters of the ttl, which
    /// leaves time to try again.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    /// # let secret = SharedSecret::new("north")?;
    /// # let (ttl, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
    /// let login = TurnCredentials::generate_at("alice", &secret, ttl, ClockSkew::NONE, now)?;
    /// assert_eq!(login.renew_after(), Duration::from_secs(2700));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn renew_after(&self) -> Duration {
        self.ttl.saturating_sub(self.ttl.checked_div(4).unwrap_or_default())
    }
}
