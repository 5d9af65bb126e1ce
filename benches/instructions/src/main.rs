//! `cargo run --release` counts the instructions of the hot paths, prints them next to those in
//! `counts.txt`, and fails if the same compiler produced more than 5 % more of them.
//! `cargo run --release -- record` rewrites the file.

mod callgrind;
mod path;

use std::process::ExitCode;
use std::{env, fs};

use crate::path::PATHS;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");
const COMPILER: &str = env!("RUSTC_VERSION");

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(&counts()),
        ["record"] => record(&counts()),
        [name, times] => repeat(name, times.parse().expect("a number")),
        _ => {
            eprintln!("usage: instructions [record]");
            ExitCode::from(2)
        }
    }
}

/// The process that callgrind watches.
fn repeat(name: &str, times: u32) -> ExitCode {
    let path = PATHS.iter().find(|path| path.name == name).expect("a path of that name");
    path.repeat(times);
    ExitCode::SUCCESS
}

/// Each path's instructions beyond those of its compressions.
fn counts() -> Vec<(&'static str, i64)> {
    let [compressions, paths @ ..] = &PATHS;
    let two = callgrind::count(compressions);
    let own = |path: &path::Path| callgrind::count(path) - path.pairs_of_compressions * two;
    paths.iter().map(|path| (path.name, own(path))).collect()
}

fn record(counts: &[(&str, i64)]) -> ExitCode {
    let lines = counts.iter().map(|(name, count)| format!("{count} {name}\n"));
    let text: Vec<_> = [format!("{COMPILER}\n")].into_iter().chain(lines).collect();
    fs::write(FILE, text.concat()).expect("counts.txt can be written");
    ExitCode::SUCCESS
}

fn compare(counts: &[(&str, i64)]) -> ExitCode {
    let recorded = fs::read_to_string(FILE).expect("counts.txt can be read");
    let mut lines = recorded.lines();
    let same_compiler = lines.next() == Some(COMPILER);
    let recorded: Vec<(i64, &str)> = lines
        .map(|line| line.split_once(' ').expect("a count and a name"))
        .map(|(count, name)| (count.parse().expect("a number"), name))
        .collect();

    println!("Instructions beyond those of SHA-1's compressions, {COMPILER}\n");
    println!("| path | recorded | now | change |\n|---|---|---|---|");
    let mut risen = false;
    for &(name, now) in counts {
        let (before, _) = recorded.iter().find(|(_, recorded)| *recorded == name).expect(name);
        let percent = 100 * (now - before) / before;
        risen |= 100 * now > 105 * before;
        println!("| {name} | {before} | {now} | {percent} % |");
    }
    match (risen, same_compiler) {
        (false, _) => ExitCode::SUCCESS,
        (true, false) => {
            println!("\ncounts.txt was recorded with another compiler: a rise is not a failure");
            ExitCode::SUCCESS
        }
        (true, true) => {
            eprintln!("\nmore than 5 % more instructions: fix it, or record the new counts");
            ExitCode::FAILURE
        }
    }
}
