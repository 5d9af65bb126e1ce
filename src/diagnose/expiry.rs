//! Expiries that are not Unix seconds in digits.

use crate::diagnose::words::{Words, words};

/// The unit of an expiry that is not in seconds.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, TimeUnit, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let findings = diagnose_at("1700003600000:alice", None, &[], now);
/// assert!(matches!(findings[0], Finding::WrongUnit { unit: TimeUnit::Milliseconds, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeUnit {
    /// The unit of JavaScript's `Date.now()` and Java's `toEpochMilli`.
    Milliseconds,
    /// The unit of Go's `UnixMicro` and Dart's `microsecondsSinceEpoch`.
    Microseconds,
    /// The unit of Go's `UnixNano` and Python's `time_ns`.
    Nanoseconds,
}

impl TimeUnit {
    pub(crate) fn words(self) -> Words {
        match self {
            Self::Milliseconds => words(
                "expiry-milliseconds",
                "the expiry is in milliseconds, which coturn reads modulo 2³²: it works on some \
                 days and fails on others",
                "divide by 1000: servers expect Unix seconds",
            ),
            Self::Microseconds => words(
                "expiry-microseconds",
                "the expiry is in microseconds, which coturn reads modulo 2³²",
                "divide by 1000000: servers expect Unix seconds",
            ),
            Self::Nanoseconds => words(
                "expiry-nanoseconds",
                "the expiry is in nanoseconds, which coturn reads modulo 2³²",
                "divide by 1000000000: servers expect Unix seconds",
            ),
        }
    }
}

/// How an expiry deviates from plain digits.
///
/// ```
/// use turn_credentials::UnixTime;
/// use turn_credentials::diagnose::{Finding, OddExpiry, diagnose_at};
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let findings = diagnose_at("1700003600.5:alice", None, &[], now);
/// assert!(matches!(findings[0], Finding::OddExpiry { how: OddExpiry::Fraction, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OddExpiry {
    /// A sign: `+1700000000` or `-1700000000`.
    Sign,
    /// A fraction: `1700000000.5`.
    Fraction,
    /// Leading zeros: `0001700000000`.
    LeadingZeros,
    /// Text before or after it that fits no layout: `1700000000junk` or `:1700000000`.
    Junk,
}

impl OddExpiry {
    pub(crate) fn words(self) -> Words {
        match self {
            Self::Sign => words(
                "expiry-sign",
                "the expiry has a sign, which some servers accept and others do not",
                "write only its digits",
            ),
            Self::Fraction => words(
                "expiry-fraction",
                "the expiry has a fraction, and servers expect whole seconds",
                "round it down to a whole second",
            ),
            Self::LeadingZeros => words(
                "expiry-leading-zeros",
                "the expiry has leading zeros, which coturn accepts and strict servers do not",
                "write it without them",
            ),
            Self::Junk => words(
                "expiry-junk",
                "the text next to the expiry fits no layout: coturn ignores it, and other servers \
                 do not",
                "make it <expiry>:<name>",
            ),
        }
    }
}
