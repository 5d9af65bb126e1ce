//! turn-credentials next to everything else that mints TURN credentials: `cargo run --release`.
//!
//! `table.rs` lists the candidates, `measure.rs` times them, `report.rs` prints the ratios.

mod floor;
mod hmac;
mod measure;
mod report;
mod sample;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
mod table;

use std::num::NonZeroUsize;

use clap::Parser;

use crate::measure::Measurement;
use crate::report::Report;
use crate::table::Table;

/// Measures turn-credentials next to its peers, and prints the ratios as Markdown.
///
/// Every round runs every candidate once, in rotating order, for about 150 µs each.
#[derive(Parser)]
struct Args {
    /// How many rounds to run
    #[arg(long, default_value = "1000")]
    rounds: NonZeroUsize,

    /// Run 20 rounds: enough to see that everything works
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
}

fn main() {
    let args = Args::parse();
    let rounds = if args.quick { 20 } else { args.rounds.get() };

    let mut table = Table::new();
    let measurement = Measurement::take(&mut table.rows, rounds);
    print!("{}", Report { table: &table, measurement: &measurement });
}
