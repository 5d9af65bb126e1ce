//! Expiries that are not Unix seconds in digits.

use crate::diagnose::words::{Words, words};

/// A unit of time that is not the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeUnit {
    /// As JavaScript's `Date.now()` and Java's `toEpochMilli` count.
    Milliseconds,
    /// As `PostgreSQL` and `gettimeofday` count.
    Microseconds,
    /// As Go's `UnixNano` and Python's `time_ns` count.
    Nanoseconds,
}

impl TimeUnit {
    pub(crate) fn words(self) -> Words {
        match self {
            Self::Milliseconds => words(
                "expiry-milliseconds",
                "the expiry is in milliseconds, which coturn reads modulo 2³², so that it works \
                 on some days and fails on others",
                "divide by 1000: the expiry is in Unix seconds",
            ),
            Self::Microseconds => words(
                "expiry-microseconds",
                "the expiry is in microseconds, which coturn reads modulo 2³²",
                "divide by 1000000: the expiry is in Unix seconds",
            ),
            Self::Nanoseconds => words(
                "expiry-nanoseconds",
                "the expiry is in nanoseconds, which coturn reads modulo 2³²",
                "divide by 1000000000: the expiry is in Unix seconds",
            ),
        }
    }
}

/// How an expiry is written that is not plain digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OddExpiry {
    /// `+1700000000` or `-1700000000`.
    Sign,
    /// `1700000000.5`.
    Fraction,
    /// `0001700000000`.
    LeadingZeros,
    /// `1700000000junk`, or `:1700000000`: something before or after it that belongs to nothing.
    Junk,
}

impl OddExpiry {
    pub(crate) fn words(self) -> Words {
        match self {
            Self::Sign => words(
                "expiry-sign",
                "the expiry has a sign, which some servers read and others do not",
                "write it as digits alone",
            ),
            Self::Fraction => words(
                "expiry-fraction",
                "the expiry has a fraction, so that servers do not see a number",
                "round it down to a whole second",
            ),
            Self::LeadingZeros => words(
                "expiry-leading-zeros",
                "the expiry has leading zeros, which coturn accepts and strict servers do not",
                "write it without them",
            ),
            Self::Junk => words(
                "expiry-junk",
                "there is more beside the expiry than a separator and a name, which coturn \
                 ignores and other servers do not",
                "make it <expiry>:<name>",
            ),
        }
    }
}
