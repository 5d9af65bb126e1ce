//! turn-credentials beside everything else that mints TURN credentials: `cargo run --release`.

mod candidate;
mod floor;
mod machine;
mod measurement;
mod ours;
mod peers;
mod report;
mod sample;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
mod today;

use std::num::NonZeroUsize;

use clap::Parser;

use crate::machine::Machine;
use crate::measurement::Measurement;
use crate::report::Report;

/// Measures turn-credentials beside its peers, and prints the ratios as Markdown.
///
/// Every round runs every candidate once, in rotating order, for about 150 µs each.
#[derive(Parser)]
struct Args {
    /// How many rounds to run
    #[arg(long, default_value = "1000")]
    rounds: NonZeroUsize,

    /// Run 20 rounds: enough to see that all of it works
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
}

fn main() {
    let args = Args::parse();
    let rounds = if args.quick { 20 } else { args.rounds.get() };

    let in_registers = floor::in_registers();
    let has_sha_ni = in_registers.is_some();
    // The two units come first, as in `Unit`.
    let mut candidates = vec![in_registers.unwrap_or_else(floor::by_block_api), today::mint()];
    candidates.extend(has_sha_ni.then(floor::by_block_api));
    candidates.push(today::mint_keyed());
    candidates.extend(ours::mint());
    candidates.extend(peers::mint());
    candidates.extend(today::verify());
    candidates.extend(ours::verify());
    candidates.push(ours::parse());

    let measurement = Measurement::take(&mut candidates, rounds);
    let machine = Machine { has_sha_ni };
    let report = Report { machine, candidates: &candidates, measurement: &measurement };
    print!("{report}");
}
