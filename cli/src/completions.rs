//! `turn-credentials completions bash`: a shell's completion script.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::program::{Output, Result};

/// Print a shell's completion script: source <(turn-credentials completions bash)
#[derive(Args)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

pub(crate) fn run<Cli: CommandFactory>(options: &Options, output: &mut Output) -> Result<ExitCode> {
    // It panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "turn-credentials", &mut script);
    // clap-rs/clap#6421: in bash nothing is completed after the subcommand of a name with a hyphen.
    let script =
        String::from_utf8(script)?.replace("turn__subcmd__credentials", "turn__credentials");
    output.write_all(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
