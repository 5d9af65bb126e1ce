//! Where the figures come from.

use std::fmt;
use std::fs;
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;

pub struct Machine {
    pub has_sha_ni: bool,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = cpu().unwrap_or_else(|| "unknown CPU".to_owned());
        writeln!(f, "* {cpu}, {} SHA-NI", if self.has_sha_ni { "with" } else { "without" })?;
        writeln!(f, "* {}", env!("RUSTC_VERSION"))?;
        writeln!(f, "* {}", openssl::version::version())?;
        write!(f, "* {}", format_rfc3339_seconds(SystemTime::now()))
    }
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = info.lines().find(|line| line.starts_with("model name"))?.split_once(": ")?;
    Some(model.to_owned())
}
