//! `turn-credentials completions bash`: prints a completion script.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::program::{Output, Result};

/// Print a completion script for a shell
#[derive(Args)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

pub(crate) fn run<Cli: CommandFactory>(options: &Options, output: &mut Output) -> Result<ExitCode> {
    // `clap_complete::generate` panics if it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "turn-credentials", &mut script);
    // clap-rs/clap#6421: in bash, subcommands of a program with a hyphen in its name are not
    // completed.
    let script =
        String::from_utf8(script)?.replace("turn__subcmd__credentials", "turn__credentials");
    output.write_all(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
