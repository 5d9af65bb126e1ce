//! Points in time.

#[cfg(feature = "std")]
use core::time::Duration;
#[cfg(feature = "std")]
use std::time::SystemTime;

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
    /// Creates the point in time `secs` seconds after 1970-01-01T00:00:00Z.
    ///
    /// JavaScript's `Date.now()` and Java's `currentTimeMillis` count milliseconds: divide by 1000
    /// first.
    ///
    /// ```
    /// use turn_credentials::UnixTime;
    ///
    /// let date_now = 1_700_000_000_123; // milliseconds
    /// assert_eq!(UnixTime::from_secs(date_now / 1000).as_secs(), 1_700_000_000);
    /// ```
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The time that is this many seconds later; saturates.
    pub(crate) const fn later_by(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs))
    }

    /// The seconds until `end`; 0 if it has passed.
    pub(crate) const fn secs_until(self, end: Self) -> u64 {
        end.0.saturating_sub(self.0)
    }

    /// The system clock's time, rounded down to a whole second.
    ///
    /// A clock set before 1970 counts as 1970.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use turn_credentials::UnixTime;
    ///
    /// let before = UnixTime::from(SystemTime::now());
    /// assert!(UnixTime::now() >= before);
    /// ```
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Converts to the standard library's type; `None` if that type cannot represent the time.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use turn_credentials::UnixTime;
    ///
    /// let time = UnixTime::from_secs(1_700_000_000);
    /// let system = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// assert_eq!(time.to_system_time(), Some(system));
    /// assert_eq!(UnixTime::from(system), time);
    ///
    /// assert_eq!(UnixTime::from_secs(u64::MAX).to_system_time(), None);
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.0))
    }
}

/// Rounded down to a whole second; a time before 1970 counts as 1970.
#[cfg(feature = "std")]
impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}
