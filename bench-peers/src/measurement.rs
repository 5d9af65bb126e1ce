//! Interleaved rounds: each runs every candidate once, and its ratios are its own.

use std::fmt;
use std::time::Duration;

use crate::candidate::Candidate;

const SLICE: Duration = Duration::from_micros(150);

pub struct Measurement {
    /// For each candidate, nanoseconds for its work in every round.
    nanos: Vec<Vec<f64>>,
}

impl Measurement {
    pub fn take(candidates: &mut [Candidate], rounds: usize) -> Self {
        let times: Vec<u32> = candidates.iter_mut().map(calibrate).collect();
        let mut nanos = vec![Vec::with_capacity(rounds); candidates.len()];
        for round in 0..rounds {
            for turn in 0..candidates.len() {
                let place = (round + turn) % candidates.len();
                let took = candidates[place].time(times[place]);
                nanos[place].push(took.as_secs_f64() * 1e9 / f64::from(times[place]));
            }
        }
        Self { nanos }
    }

    pub fn rounds(&self) -> usize {
        self.nanos[0].len()
    }

    pub fn nanos(&self, place: usize) -> Spread {
        Spread::of(self.nanos[place].clone())
    }

    pub fn ratio(&self, place: usize, unit: usize) -> Spread {
        let rounds = self.nanos[place].iter().zip(&self.nanos[unit]);
        Spread::of(rounds.map(|(nanos, unit)| nanos / unit).collect())
    }
}

/// How often the work is done in a slice of time, once it is warm.
fn calibrate(candidate: &mut Candidate) -> u32 {
    let mut times = 1;
    loop {
        let took = candidate.time(times).min(candidate.time(times)).min(candidate.time(times));
        if took >= SLICE {
            let fits = u128::from(times) * SLICE.as_nanos() / took.as_nanos();
            return u32::try_from(fits).map_or(times, |fits| fits.max(1));
        }
        times *= 2;
    }
}

pub struct Spread {
    pub median: f64,
    quartiles: [f64; 2],
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |quarters| values[(values.len() - 1) * quarters / 4];
        Self { median: at(2), quartiles: [at(1), at(3)] }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, quartiles: [low, high] } = self;
        write!(f, "{median:.2} ({low:.2}–{high:.2})")
    }
}
