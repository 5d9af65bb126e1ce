//! The login that a client is given: a username, its password, and how long they last.

use core::time::Duration;

use alloc::string::String;

use crate::clock::ClockSkew;
use crate::error::Error;
use crate::secret::{Password, SharedSecret};
use crate::time::UnixTime;
use crate::username::Username;

/// A time-limited login for a TURN server, as defined in draft-uberti-behave-turn-rest-00.
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
/// assert_eq!(login.valid_until(), UnixTime::from_secs(1_266_890_800));
///
/// let spaced = TurnCredentials::generate_at("a b", &secret, hour, ClockSkew::NONE, now);
/// assert_eq!(spaced.unwrap_err(), Error::ForbiddenCharacter { character: ' ', index: 1 });
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("ephemeral", "time-limited", "use-auth-secret"))]
#[derive(Clone, Debug)]
pub struct TurnCredentials {
    username: String,
    password: Password,
    expires_at: UnixTime,
    issued_at: UnixTime,
    ttl: u64,
}

impl TurnCredentials {
    /// Like [`generate_at`](Self::generate_at), using the system clock.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// let hour = Duration::from_secs(3600);
    /// let login = TurnCredentials::generate("alice", &secret, hour, ClockSkew::NONE)?;
    /// assert_eq!(login.ttl(), hour);
    /// assert!(login.username().ends_with(":alice"));
    ///
    /// let nobody = TurnCredentials::generate("", &secret, hour, ClockSkew::NONE);
    /// assert_eq!(nobody.unwrap_err(), Error::EmptyName);
    /// # Ok::<(), Error>(())
    /// ```
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

    /// Creates a login with the username `<expiry>:<name>`, which lasts for `ttl` from `now`.
    ///
    /// The expiry is `now + ttl + skew`: see [`ClockSkew::expiry`].
    ///
    /// coturn and eturnal (unless `strict_expiry` is set) check the expiry only when a client
    /// allocates a relay; a running session continues. pion, webrtc-rs and STUNner check it on
    /// every request, so the ttl must outlast the call.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// let lasting = |secs| {
    ///     let ttl = Duration::from_secs(secs);
    ///     TurnCredentials::generate_at("alice", &secret, ttl, ClockSkew::from_secs(30), now)
    /// };
    /// assert_eq!(lasting(60)?.username(), "1700000090:alice");
    /// assert_eq!(lasting(60)?.ttl().as_secs(), 60);
    /// assert_eq!(lasting(0).unwrap_err(), Error::TtlTooShort);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * Those of [`ClockSkew::expiry`], for a ttl under one second and for an expiry out of range.
    /// * Those of [`Username::new`], for a name that servers refuse. From any account id,
    ///   [`PseudonymKey`] derives a name that servers accept.
    ///
    /// [`PseudonymKey`]: crate::PseudonymKey
    pub fn generate_at(
        name: &str,
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let ttl = ttl.as_secs();
        let username = Username::expiry_first(name, skew.expiry_after(ttl, now)?)?;
        Ok(Self::mint(username, secret, now, ttl))
    }

    /// Like [`generate_expiry_only_at`](Self::generate_expiry_only_at), using the system clock.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// let hour = Duration::from_secs(3600);
    /// let login = TurnCredentials::generate_expiry_only(&secret, hour, ClockSkew::NONE)?;
    /// assert_eq!(login.username(), login.expires_at().as_secs().to_string());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`generate_expiry_only_at`](Self::generate_expiry_only_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn generate_expiry_only(
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
    ) -> Result<Self, Error> {
        Self::generate_expiry_only_at(secret, ttl, skew, UnixTime::now())
    }

    /// Creates a login with the username `<expiry>`, which lasts for `ttl` from `now`: see
    /// [`Username::expiry_only`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    ///
    /// let secret = SharedSecret::new("foobar")?;
    /// let now = UnixTime::from_secs(1_599_491_711);
    /// let lasting = |secs| {
    ///     let ttl = Duration::from_secs(secs);
    ///     TurnCredentials::generate_expiry_only_at(&secret, ttl, ClockSkew::NONE, now)
    /// };
    /// assert_eq!(lasting(60)?.username(), "1599491771");
    /// assert_eq!(lasting(60)?.password().as_str(), "Tpz/nKkyvX/vMSLKvL4sbtBt8Vs=");
    /// assert_eq!(lasting(0).unwrap_err(), Error::TtlTooShort);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ClockSkew::expiry`].
    pub fn generate_expiry_only_at(
        secret: &SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let ttl = ttl.as_secs();
        let username = Username::of_expiry(skew.expiry_after(ttl, now)?)?;
        Ok(Self::mint(username, secret, now, ttl))
    }

    /// Like [`for_username_at`](Self::for_username_at), using the system clock.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime, Username};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// let expiry = ClockSkew::NONE.expiry(Duration::from_secs(3600), UnixTime::now())?;
    /// let username = Username::name_first("alice", expiry)?;
    /// let login = TurnCredentials::for_username(username, &secret, ClockSkew::NONE)?;
    /// assert!(login.username().starts_with("alice:"));
    ///
    /// let over = Username::new("alice", UnixTime::from_secs(1_700_000_000))?;
    /// let late = TurnCredentials::for_username(over, &secret, ClockSkew::NONE);
    /// assert_eq!(late.unwrap_err(), Error::BornExpired);
    /// # Ok::<(), Error>(())
    /// ```
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

    /// Creates a login with this username, in any layout and with any separator. It lasts until the
    /// username's expiry.
    ///
    /// Its ttl is `expiry - (now + skew)`. [`ClockSkew::expiry`] computes the expiry from a ttl.
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
    /// [`Error::BornExpired`] unless the expiry is after `now + skew`.
    pub fn for_username_at(
        username: Username<'_>,
        secret: &SharedSecret,
        skew: ClockSkew,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let ttl = skew.ttl_until(username.expiry(), now)?;
        Ok(Self::mint(username, secret, now, ttl))
    }

    fn mint(username: Username<'_>, secret: &SharedSecret, issued_at: UnixTime, ttl: u64) -> Self {
        let expires_at = username.expires_at();
        let username = username.to_wire();
        let password = secret.password_for(&username);
        Self { username, password, expires_at, issued_at, ttl }
    }

    /// The username, as the client sends it in the STUN attribute USERNAME.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password that belongs to the username.
    #[must_use]
    pub fn password(&self) -> &Password {
        &self.password
    }

    /// Splits the login into its username and its password, without copying them.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    /// # let secret = SharedSecret::new("north")?;
    /// # let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_266_887_200));
    /// let login =
    ///     TurnCredentials::generate_at("mbzrxpgjys", &secret, hour, ClockSkew::NONE, now)?;
    /// let (username, password) = login.into_parts();
    /// assert_eq!(username, "1266890800:mbzrxpgjys");
    /// assert_eq!(password.as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (String, Password) {
        (self.username, self.password)
    }

    /// The expiry in the username, on the TURN server's clock.
    ///
    /// The login is certain to work while that clock is before the expiry. During the expiry second
    /// itself, coturn and pion still accept it; eturnal and webrtc-rs do not.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// The end of the ttl on our clock: the `now` that the login was made with, plus the ttl.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
    /// # let secret = SharedSecret::new("north")?;
    /// # let (ttl, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
    /// let skew = ClockSkew::from_secs(30); // the server's clock is ahead
    /// let login = TurnCredentials::generate_at("alice", &secret, ttl, skew, now)?;
    /// assert_eq!(login.valid_until(), UnixTime::from_secs(1_700_003_600));
    /// assert_eq!(login.expires_at(), UnixTime::from_secs(1_700_003_630));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.issued_at.later_by(self.ttl)
    }

    /// The ttl in whole seconds, counted from the `now` that the login was made with. Send it to
    /// the client.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl)
    }

    /// How long after minting to fetch the next login: three quarters of the ttl, which leaves time
    /// to retry.
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
    #[doc(alias = "refresh")]
    #[must_use]
    pub fn renew_after(&self) -> Duration {
        three_quarters(self.ttl())
    }
}

/// How long to wait before renewing what lasts for `ttl`. The last quarter is for retries.
pub(crate) fn three_quarters(ttl: Duration) -> Duration {
    ttl.saturating_sub(ttl.checked_div(4).unwrap_or_default())
}
