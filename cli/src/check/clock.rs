//! The difference between a TURN server's clock and ours, measured by the expiries that it accepts.

/// Bounds of the server's clock minus ours, in seconds.
///
/// They assume that a server accepts a login until the end of the second of its expiry, as coturn
/// and pion do. eturnal, ejabberd and webrtc-rs refuse it during that second, so that the bounds
/// are one second too high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// Known from an expiry that was refused.
    pub(crate) least: f64,
    /// Known from an expiry that was accepted.
    pub(crate) most: f64,
}

/// The next expiry to try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Try {
    pub(crate) expiry: u32,
    /// When to send it, in Unix seconds on our clock.
    pub(crate) at: f64,
}

/// The answers contradict each other, whatever the server's clock is.
#[derive(Debug, PartialEq)]
pub(crate) struct Contradiction;

/// The latest expiry that every TURN server accepts.
pub(crate) const LAST: u32 = i32::MAX.unsigned_abs();

impl Bounds {
    /// The widest possible bounds, at the time `now`.
    pub(crate) fn at(now: f64) -> Self {
        Self { least: -now, most: f64::from(LAST) + 1.0 - now }
    }

    pub(crate) fn width(self) -> f64 {
        self.most - self.least
    }

    /// The server's clock minus ours, to the nearest second.
    pub(crate) fn ahead(self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "both are 32-bit times")]
        let ahead = self.least.midpoint(self.most).round() as i64;
        ahead
    }

    /// Halves the bounds, on a scale that is logarithmic for long times and linear for short ones,
    /// since most clocks are nearly right.
    pub(crate) fn next(self, now: f64, latency: f64) -> Try {
        /// The width, in seconds, below which the moment of sending matters.
        const FINE: f64 = 4.0;

        let middle = self.least.asinh().midpoint(self.most.asinh()).sinh();
        let arrival = now + latency;
        if self.width() > FINE {
            return Try { expiry: whole((arrival + middle - 1.0).round()), at: now };
        }
        // The server's next second begins at `expiry + 1`.
        let expiry = (arrival + middle - 1.0).ceil();
        Try { expiry: whole(expiry), at: expiry + 1.0 - middle - latency }
    }

    /// Narrows the bounds by the answer to a login: `sent` and `received` are the times of the
    /// request and of the answer.
    pub(crate) fn learn(
        &mut self,
        expiry: u32,
        sent: f64,
        received: f64,
        accepted: bool,
    ) -> Result<(), Contradiction> {
        /// How far `time()` may lag, in seconds.
        const TICK: f64 = 0.1;
        const ODD: f64 = 1.5;

        let next_second = f64::from(expiry) + 1.0;
        if accepted {
            self.most = self.most.min(next_second - sent);
        } else {
            self.least = self.least.max(next_second - received);
        }
        let crossed = self.least - self.most;
        if crossed > ODD {
            return Err(Contradiction);
        }
        if crossed >= 0.0 {
            *self = Self { least: self.most - TICK, most: self.least + TICK };
        }
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
fn whole(expiry: f64) -> u32 {
    expiry.clamp(1.0, f64::from(LAST)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_795_000_000.37;

    /// The number of logins needed, and the result.
    fn search(ahead: f64, mut bounds: Bounds, latency: f64) -> (usize, Bounds) {
        let mut now = NOW;
        for count in 0.. {
            if bounds.width() <= 0.4 + 2.0 * latency {
                return (count, bounds);
            }
            let Try { expiry, at } = bounds.next(now, latency / 2.0);
            assert!((now..now + 1.01).contains(&at), "{bounds:?} {at}");
            let handled = at + latency / 2.0;
            let accepted = f64::from(expiry) >= (handled + ahead).floor();
            now = at + latency;
            bounds.learn(expiry, at, now, accepted).unwrap();
        }
        unreachable!()
    }

    #[test]
    fn any_clock_is_found_in_few_logins() {
        for ahead in [0.0, -3.0, 3.2, 94.95, 86_400.0, -86_400.0, -1.7e9, 3e8, 0.49, -7200.6] {
            for latency in [0.001, 0.03, 0.2] {
                let (count, bounds) = search(ahead, Bounds::at(NOW), latency);
                assert!((bounds.least..=bounds.most).contains(&ahead), "{ahead}: {bounds:?}");
                assert!(count <= 45, "{ahead}: {count}");
            }
        }
    }

    #[test]
    fn usual_clocks_are_found_in_very_few() {
        let most = |ahead, bounds| search(ahead, bounds, 0.01).0;
        let refused = Bounds { least: 600.0, ..Bounds::at(NOW) };
        let accepted = Bounds { most: 600.0, ..Bounds::at(NOW) };
        assert!(most(86_400.0, refused) <= 22, "{}", most(86_400.0, refused));
        assert!(most(95.0, accepted) <= 15, "{}", most(95.0, accepted));
        assert!(most(-3.0, accepted) <= 15, "{}", most(-3.0, accepted));
        assert!(most(0.0, accepted) <= 12, "{}", most(0.0, accepted));
    }

    #[test]
    fn nonsense_is_noticed() {
        let mut bounds = Bounds::at(NOW);
        bounds.learn(1_795_000_100, NOW, NOW, true).unwrap();
        assert_eq!(bounds.learn(1_795_000_200, NOW, NOW, false), Err(Contradiction));
    }
}
