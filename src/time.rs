//! Points in time, and the difference between two clocks.

use core::time::Duration;

use crate::error::ExpiryHint;
use crate::{Error, Username};

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// ```
/// use turn_credentials::UnixTime;
///
/// assert_eq!(UnixTime::from_secs(1_700_000_000).as_secs(), 1_700_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The point in time `secs` seconds after 1970-01-01T00:00:00Z.
    ///
    /// JavaScript's `Date.now()` and its kind count milliseconds: divide by 1000 first.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// What this machine's clock shows, its fraction of a second dropped.
    ///
    /// A clock set before 1970 counts as 1970.
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    #[must_use]
    pub fn now() -> Self {
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self(since_1970.as_secs())
    }

    /// The same time, if every TURN server takes it for an expiry.
    pub(crate) fn as_expiry(self) -> Option<Self> {
        (Self(1)..=Username::MAX_EXPIRY).contains(&self).then_some(self)
    }
}

/// How far the TURN server's clock is from ours, in whole seconds.
///
/// The server compares a credential's expiry with its own clock and allows for no difference, so a
/// server that runs a minute ahead ends every credential a minute early.
///
/// Where the difference is not known but feared, [`server_ahead`](Self::server_ahead) serves as a
/// margin: the expiry moves, while the ttl that the client is told stays as it was.
///
/// A fraction of a second is rounded towards the later expiry.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::{ClockSkew, UnixTime};
///
/// let ours = UnixTime::from_secs(1_700_000_000);
/// let servers = UnixTime::from_secs(1_700_000_007);
/// let seven = Duration::from_secs(7);
/// assert_eq!(ClockSkew::between(ours, servers), ClockSkew::server_ahead(seven));
/// assert_eq!(ClockSkew::between(servers, ours), ClockSkew::server_behind(seven));
/// assert_eq!(ClockSkew::default(), ClockSkew::NONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClockSkew {
    server_minus_ours: i128,
}

impl ClockSkew {
    /// The two clocks agree.
    pub const NONE: Self = Self { server_minus_ours: 0 };

    /// The server's clock shows a later time than ours: every expiry is later by as much.
    #[must_use]
    pub fn server_ahead(by: Duration) -> Self {
        let started = i128::from(by.subsec_nanos() > 0);
        Self { server_minus_ours: i128::from(by.as_secs()).saturating_add(started) }
    }

    /// The server's clock shows an earlier time than ours: every expiry is earlier by as much.
    #[must_use]
    pub fn server_behind(by: Duration) -> Self {
        Self { server_minus_ours: i128::from(by.as_secs()).saturating_neg() }
    }

    /// The difference between two clocks that were read at the same moment.
    #[must_use]
    pub fn between(ours: UnixTime, servers: UnixTime) -> Self {
        let [ours, servers] = [ours, servers].map(|time| i128::from(time.0));
        Self { server_minus_ours: servers.saturating_sub(ours) }
    }

    /// The expiry, by the TURN server's clock, of what must last for `ttl` from our `now`: now + ttl +
    /// skew.
    ///
    /// A fraction of a second in the ttl is dropped.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, ExpiryHint, UnixTime};
    ///
    /// let skew = ClockSkew::server_behind(Duration::from_secs(5));
    /// let now = UnixTime::from_secs(1_700_000_000);
    /// assert_eq!(skew.expiry(Duration::from_secs(60), now)?, UnixTime::from_secs(1_700_000_055));
    ///
    /// let hint = Some(ExpiryHint::TtlIsTimestamp);
    /// let mistaken = skew.expiry(Duration::from_secs(1_700_000_060), now);
    /// assert_eq!(mistaken, Err(Error::ExpiryOutOfRange { hint }));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`Error::TtlTooShort`] for a ttl under one second.
    /// * [`Error::ExpiryOutOfRange`] for an expiry outside 1..=2147483647 Unix seconds, with a hint
    ///   where the numbers look like milliseconds or a point in time given for the ttl.
    pub fn expiry(self, ttl: Duration, now: UnixTime) -> Result<UnixTime, Error> {
        let ttl = ttl.as_secs();
        if ttl == 0 {
            return Err(Error::TtlTooShort);
        }
        let expiry = self.servers_clock(now).saturating_add(ttl.into());
        u64::try_from(expiry)
            .ok()
            .and_then(|secs| UnixTime(secs).as_expiry())
            .ok_or(Error::ExpiryOutOfRange { hint: ExpiryHint::find(ttl, now.0) })
    }

    /// What the server's clock shows when ours shows `ours`; no sum of these widths overflows.
    pub(crate) fn servers_clock(self, ours: UnixTime) -> i128 {
        i128::from(ours.0).saturating_add(self.server_minus_ours)
    }
}
