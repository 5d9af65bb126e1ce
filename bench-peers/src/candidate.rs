//! One way to do a piece of work.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use turn_credentials::TurnCredentials;

use crate::sample::{PASSWORD, USERNAME};

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

impl Unit {
    /// Where its candidate stands among all.
    pub fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Floor => "x F",
            Self::Today => "x today's one-shot",
        })
    }
}

impl Candidate {
    /// `run` does the work so many times.
    pub fn new(what: &'static str, run: impl FnMut(u32) + 'static) -> Self {
        Self { what, targets: Vec::new(), run: Box::new(run) }
    }

    pub fn repeated<T>(what: &'static str, mut work: impl FnMut() -> T + 'static) -> Self {
        Self::new(what, move |times| {
            for _ in 0..times {
                black_box(work());
            }
        })
    }

    pub fn verifying(what: &'static str, verify: impl Fn() -> bool + 'static) -> Self {
        assert!(verify(), "{what}: the sample is valid");
        Self::repeated(what, verify)
    }

    pub fn minting<L: Login>(what: &'static str, mint: impl Fn() -> L + 'static) -> Self {
        let login = mint();
        assert_eq!((login.username(), login.password()), (USERNAME, PASSWORD), "{what}");
        Self::repeated(what, mint)
    }

    pub fn at_most(mut self, at_most: f64, of: Unit) -> Self {
        self.targets.push(Target { at_most, of });
        self
    }

    pub fn time(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        (self.run)(times);
        start.elapsed()
    }
}

pub trait Login {
    fn username(&self) -> &str;
    fn password(&self) -> &str;
}

impl Login for (String, String) {
    fn username(&self) -> &str {
        &self.0
    }

    fn password(&self) -> &str {
        &self.1
    }
}

impl Login for TurnCredentials {
    fn username(&self) -> &str {
        self.username()
    }

    fn password(&self) -> &str {
        self.password().as_str()
    }
}
