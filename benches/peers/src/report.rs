//! The machine, the ratios and the targets, as Markdown.

use std::fmt;
use std::fs;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;

use crate::measure::{Measurement, Unit};
use crate::table::Table;

pub struct Report<'a> {
    pub table: &'a Table,
    pub measurement: &'a Measurement,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_machine(f)?;
        writeln!(f)?;
        self.write_ratios(f)?;
        writeln!(f)?;
        self.write_targets(f)
    }
}

impl Report<'_> {
    fn write_machine(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = cpu().unwrap_or_else(|| "unknown CPU".to_owned());
        let (with, unit) = if self.table.has_sha_ni {
            ("with", "SHA-NI in registers")
        } else {
            ("without", "by `sha1::block_api`; the targets hold only with SHA-NI")
        };
        let floor = self.measurement.nanos(self.table.place(Unit::Floor));
        let rounds = self.measurement.rounds();
        writeln!(f, "* {cpu}, {with} SHA-NI")?;
        writeln!(f, "* {}", env!("RUSTC_VERSION"))?;
        writeln!(f, "* {}", openssl::version::version())?;
        writeln!(f, "* {}", format_rfc3339_seconds(SystemTime::now()))?;
        writeln!(f, "* F is the two chained SHA-1 compressions of an HMAC, {unit}: {floor} ns")?;
        if cfg!(debug_assertions) {
            writeln!(f, "* **A debug build**: the figures mean nothing")?;
        }
        writeln!(
            f,
            "* medians and quartiles of the ratios within each of {rounds} rounds, in which every \
             candidate ran once, for about 150 µs"
        )
    }

    fn write_ratios(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | x F | x today's one-shot |\n|---|---|---|")?;
        for (place, candidate) in self.table.rows.iter().enumerate() {
            let [floor, today] = [Unit::Floor, Unit::Today]
                .map(|unit| self.measurement.ratio(place, self.table.place(unit)));
            writeln!(f, "| {} | {floor} | {today} |", candidate.what)?;
        }
        Ok(())
    }

    fn write_targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| target | at most | measured | reached |\n|---|---|---|---|")?;
        for (place, candidate) in self.table.rows.iter().enumerate() {
            for target in &candidate.targets {
                let at_most = target.at_most;
                let unit = match target.of {
                    Unit::Floor => "x F",
                    Unit::Today => "x today's one-shot",
                };
                let median = self.measurement.ratio(place, self.table.place(target.of)).median;
                let reached = match median <= at_most {
                    _ if !self.table.has_sha_ni => "not asked of it without SHA-NI",
                    true => "yes",
                    false => "no",
                };
                writeln!(f, "| {} | {at_most} {unit} | {median:.2} | {reached} |", candidate.what)?;
            }
        }
        Ok(())
    }
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = info.lines().find(|line| line.starts_with("model name"))?.split_once(": ")?;
    Some(model.to_owned())
}
