//! Counts instructions, which do not depend on what else the machine does.

use std::env;
use std::process::Command;

use crate::path::Path;

/// The instructions of one run of the path, without the start and the end of the process.
pub fn count(path: &Path) -> i64 {
    const TIMES: u32 = 1000;

    let [once, twice] = [TIMES, 2 * TIMES].map(|times| count_process(path.name, times));
    (twice - once) / i64::from(TIMES)
}

fn count_process(path: &str, times: u32) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("this program's path"))
        .args([path, &times.to_string()])
        .output()
        .expect("valgrind must be installed: apt-get install valgrind");
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.split_once("Collected : ").and_then(|(_, count)| {
        count.split_whitespace().next().and_then(|count| count.parse().ok())
    });
    count.unwrap_or_else(|| panic!("callgrind gives no count:\n{said}"))
}
