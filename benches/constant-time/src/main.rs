//! Does the time of a verification depend on a secret? `cargo run --release` times each case with one of
//! two inputs, in random order, and compares the two by Welch's t-test (Reparaz, Balasch and Verbauwhede,
//! "Dude, is my code constant time?", 2017). `case.rs` lists the cases, `measure.rs` times them.

mod case;
mod measure;
mod welch;

use std::process::ExitCode;

use clap::Parser;

use crate::case::{CASES, Expected};

/// Times each case with two inputs, and fails if the time tells which it was.
#[derive(Parser)]
struct Args {
    /// How many samples to take for each case; the controls need a hundredth of them
    #[arg(long, default_value = "10000000", value_parser = clap::value_parser!(u64).range(1_000_000..))]
    samples: u64,

    /// Only the cases with this text in their name
    #[arg(long, default_value = "")]
    only: String,
}

/// Beyond it the two times differ.
const LIMIT: f64 = 4.5;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut failures = 0;
    println!(
        "| case | the two inputs | median | largest \\|t\\| | verdict |\n|---|---|---|---|---|"
    );
    for case in CASES.iter().filter(|case| case.name.contains(&args.only)) {
        let samples = match case.expected {
            Expected::Same => args.samples,
            Expected::Different => args.samples / 100,
        };
        let figures = measure::take(case, samples);
        let seen = if figures.t.abs() > LIMIT { Expected::Different } else { Expected::Same };
        let verdict = match (case.expected, seen) {
            (Expected::Same, Expected::Same) => "same",
            (Expected::Different, Expected::Different) => "different, as it must be",
            (Expected::Same, Expected::Different) => "DIFFERENT",
            (Expected::Different, Expected::Same) => "NOT SEEN: too few samples, or too much noise",
        };
        failures += u32::from(case.expected != seen);
        let (median, t) = (figures.median, figures.t.abs());
        println!("| {} | {} | {median} ns | {t:.2} | {verdict} |", case.name, case.inputs);
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
