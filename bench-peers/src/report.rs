//! What the measurement says, in Markdown.

use std::fmt;

use crate::candidate::{Candidate, Unit};
use crate::machine::Machine;
use crate::measurement::Measurement;

pub struct Report<'a> {
    pub machine: Machine,
    pub candidates: &'a [Candidate],
    pub measurement: &'a Measurement,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        let nanos = self.measurement.nanos(Unit::Floor.place());
        let rounds = self.measurement.rounds();
        if self.machine.has_sha_ni {
            writeln!(f, "* F is two chained SHA-1 compressions, SHA-NI in registers: {nanos} ns")?;
        } else {
            writeln!(
                f,
                "* **No SHA-NI here**: F is two chained `sha1::block_api::compress`, {nanos} ns, \
                 and not the unit of the targets"
            )?;
        }
        if cfg!(debug_assertions) {
            writeln!(f, "* **A debug build**: the figures mean nothing")?;
        }
        writeln!(
            f,
            "* medians and quartiles of the ratios within each of {rounds} rounds, in which every \
             candidate ran once, for about 150 µs\n"
        )?;
        self.write_ratios(f)?;
        writeln!(f)?;
        self.write_targets(f)
    }
}

impl Report<'_> {
    fn write_ratios(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | x F | x today's one-shot |\n|---|---|---|")?;
        for (place, candidate) in self.candidates.iter().enumerate() {
            let [floor, today] =
                [Unit::Floor, Unit::Today].map(|unit| self.measurement.ratio(place, unit.place()));
            writeln!(f, "| {} | {floor} | {today} |", candidate.what)?;
        }
        Ok(())
    }

    fn write_targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| target | at most | measured | reached |\n|---|---|---|---|")?;
        for (place, candidate) in self.candidates.iter().enumerate() {
            for target in &candidate.targets {
                let median = self.measurement.ratio(place, target.of.place()).median;
                let reached = match median <= target.at_most {
                    _ if !self.machine.has_sha_ni => "not asked of it without SHA-NI",
                    true => "yes",
                    false => "no",
                };
                let (at_most, of) = (target.at_most, target.of);
                writeln!(f, "| {} | {at_most} {of} | {median:.2} | {reached} |", candidate.what)?;
            }
        }
        Ok(())
    }
}
