//! Points in time.

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, not counting leap seconds.
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
    /// JavaScript's `Date.now()` and its like count milliseconds: divide by 1000 first.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The system clock's time, rounded down to a whole second.
    ///
    /// A clock set before 1970 counts as 1970.
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    #[must_use]
    pub fn now() -> Self {
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self(since_1970.as_secs())
    }
}
