//! Interleaved rounds: each runs every candidate once, and ratios are taken within a round.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

const SLICE: Duration = Duration::from_micros(150);

/// One way to do a piece of work.
pub struct Candidate {
    pub what: &'static str,
    pub targets: Vec<Target>,
    run: Box<dyn FnMut(u32)>,
}

/// The greatest ratio that we want.
pub struct Target {
    pub at_most: f64,
    pub of: Unit,
}

/// What the others are divided by.
#[derive(Clone, Copy)]
pub enum Unit {
    Floor,
    Today,
}

impl Candidate {
    /// Work that does what it should: `right` looks at its first result.
    pub fn new<T>(
        what: &'static str,
        mut work: impl FnMut() -> T + 'static,
        right: impl FnOnce(&T) -> bool,
    ) -> Self {
        assert!(right(&work()), "{what}");
        Self::repeating(what, move |times| {
            for _ in 0..times {
                black_box(work());
            }
        })
    }

    /// Work that repeats itself.
    pub fn repeating(what: &'static str, run: impl FnMut(u32) + 'static) -> Self {
        Self { what, targets: Vec::new(), run: Box::new(run) }
    }

    pub fn at_most(mut self, at_most: f64, of: Unit) -> Self {
        self.targets.push(Target { at_most, of });
        self
    }

    fn time(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        (self.run)(times);
        start.elapsed()
    }

    /// How often the work fits into a slice of time, once it is warm.
    fn calibrate(&mut self) -> u32 {
        let mut times = 1;
        loop {
            let took = self.time(times).min(self.time(times)).min(self.time(times));
            if took >= SLICE {
                let fits = u128::from(times) * SLICE.as_nanos() / took.as_nanos();
                return u32::try_from(fits).map_or(times, |fits| fits.max(1));
            }
            times *= 2;
        }
    }
}

pub struct Measurement {
    /// For each candidate, the nanoseconds that its work took in every round.
    nanos: Vec<Vec<f64>>,
}

impl Measurement {
    pub fn take(candidates: &mut [Candidate], rounds: usize) -> Self {
        let times: Vec<u32> = candidates.iter_mut().map(Candidate::calibrate).collect();
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
