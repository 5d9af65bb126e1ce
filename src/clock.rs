//! The TURN server's clock: how far it is from ours, and the expiry of a login on it.

use core::time::Duration;

use crate::error::{Error, ExpiryHint};
use crate::time::UnixTime;

/// How far the TURN server's clock is from ours, in whole seconds.
///
/// The server compares a login's expiry with its own clock, with no tolerance: a server that
/// runs a minute ahead ends every login a minute early.
///
/// If the clocks may differ by an unknown amount, use [`server_ahead`](Self::server_ahead) as a
/// safety margin: the expiry moves later, and the client is still told the same ttl.
///
/// A skew is rounded up to whole seconds, so that no login ends early: 1.5 seconds become 2, and
/// -1.5 seconds become -1.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::{ClockSkew, UnixTime};
///
/// const MARGIN: ClockSkew = ClockSkew::server_ahead(Duration::from_secs(30));
/// assert_eq!(MARGIN, ClockSkew::from_secs(30));
///
/// let ours = UnixTime::from_secs(1_700_000_000);
/// let servers = UnixTime::from_secs(1_700_000_007);
/// assert_eq!(ClockSkew::between(ours, servers), ClockSkew::from_secs(7));
/// assert_eq!(ClockSkew::between(servers, ours), ClockSkew::from_secs(-7));
/// assert_eq!(ClockSkew::server_behind(Duration::from_secs(7)), ClockSkew::from_secs(-7));
/// assert_eq!(ClockSkew::default(), ClockSkew::NONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClockSkew {
    /// In seconds, as an `i128`, so that no sum below overflows.
    server_minus_ours: i128,
}

impl ClockSkew {
    /// The two clocks agree.
    pub const NONE: Self = Self::from_secs(0);

    /// Creates a skew from the server's clock minus ours, in seconds.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::{ClockSkew, Error, UnixTime};
    ///
    /// let (minute, now) = (Duration::from_secs(60), UnixTime::from_secs(1_700_000_000));
    /// assert_eq!(ClockSkew::from_secs(-5).expiry(minute, now)?, UnixTime::from_secs(1_700_000_055));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn from_secs(server_minus_ours: i64) -> Self {
        Self { server_minus_ours: server_minus_ours as i128 }
    }

    /// The server's clock is ahead of ours by this much: every expiry moves later by this amount,
    /// rounded up to whole seconds.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::ClockSkew;
    ///
    /// assert_eq!(ClockSkew::server_ahead(Duration::from_millis(1500)), ClockSkew::from_secs(2));
    /// ```
    #[must_use]
    pub const fn server_ahead(by: Duration) -> Self {
        let started = (by.subsec_nanos() > 0) as i128;
        Self { server_minus_ours: (by.as_secs() as i128).saturating_add(started) }
    }

    /// The server's clock is behind ours by this much: every expiry moves earlier by this amount,
    /// rounded down to whole seconds.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::ClockSkew;
    ///
    /// assert_eq!(ClockSkew::server_behind(Duration::from_millis(1500)), ClockSkew::from_secs(-1));
    /// ```
    #[must_use]
    pub const fn server_behind(by: Duration) -> Self {
        Self { server_minus_ours: (by.as_secs() as i128).saturating_neg() }
    }

    /// The difference between two clocks that were read at the same moment.
    ///
    /// ```
    /// use turn_credentials::{ClockSkew, UnixTime};
    ///
    /// let [ours, servers] = [1_700_000_000, 1_700_000_007].map(UnixTime::from_secs);
    /// assert_eq!(ClockSkew::between(ours, servers), ClockSkew::from_secs(7));
    /// assert_eq!(ClockSkew::between(servers, ours), ClockSkew::from_secs(-7));
    /// ```
    #[must_use]
    pub const fn between(ours: UnixTime, servers: UnixTime) -> Self {
        let (ours, servers) = (ours.as_secs() as i128, servers.as_secs() as i128);
        Self { server_minus_ours: servers.saturating_sub(ours) }
    }

    /// The expiry, on the TURN server's clock, of a login that lasts for `ttl` from our `now`:
    /// `now + ttl + skew`.
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
    ///   if the numbers look like milliseconds, or like a point in time given as the ttl.
    pub fn expiry(self, ttl: Duration, now: UnixTime) -> Result<UnixTime, Error> {
        self.expiry_after(ttl.as_secs(), now).map(Expiry::time)
    }

    /// Like [`expiry`](Self::expiry), with the ttl in seconds.
    pub(crate) fn expiry_after(self, ttl: u64, now: UnixTime) -> Result<Expiry, Error> {
        if ttl == 0 {
            return Err(Error::TtlTooShort);
        }
        let expiry = self.servers_clock(now).saturating_add(ttl.into());
        Expiry::new(expiry, || ExpiryHint::find(ttl, now.as_secs()))
    }

    /// The seconds from our `now` until the server's clock reaches the expiry. Fails if it
    /// already has.
    pub(crate) fn ttl_until(self, expiry: Expiry, now: UnixTime) -> Result<u64, Error> {
        let ttl = i128::from(expiry.secs()).saturating_sub(self.servers_clock(now));
        if ttl <= 0 {
            return Err(Error::BornExpired);
        }
        Ok(u64::try_from(ttl).unwrap_or(u64::MAX))
    }

    /// What the server's clock shows when ours shows `ours`.
    fn servers_clock(self, ours: UnixTime) -> i128 {
        i128::from(ours.as_secs()).saturating_add(self.server_minus_ours)
    }
}

/// The expiry in a username, in Unix seconds on the TURN server's clock: within 1..=2147483647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Expiry(u32);

impl Expiry {
    /// The last expiry that coturn is sure to accept: it compares expiries as signed 32-bit
    /// numbers.
    pub(crate) const MAX: Self = Self(2_147_483_647);

    /// Checks the expiry of a username that is built.
    pub(crate) fn at(time: UnixTime) -> Result<Self, Error> {
        Self::new(time.as_secs().into(), || ExpiryHint::find(0, time.as_secs()))
    }

    /// Checks the expiry of a username that is parsed.
    pub(crate) fn read(secs: u64) -> Option<Self> {
        u32::try_from(secs).ok().and_then(Self::in_range)
    }

    fn new(secs: i128, hint: impl FnOnce() -> Option<ExpiryHint>) -> Result<Self, Error> {
        let expiry = u32::try_from(secs).ok().and_then(Self::in_range);
        expiry.ok_or_else(|| Error::ExpiryOutOfRange { hint: hint() })
    }

    fn in_range(secs: u32) -> Option<Self> {
        (1..=Self::MAX.0).contains(&secs).then_some(Self(secs))
    }

    pub(crate) const fn secs(self) -> u32 {
        self.0
    }

    pub(crate) const fn time(self) -> UnixTime {
        UnixTime::from_secs(self.0 as u64)
    }
}
