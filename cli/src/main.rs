//! TURN logins on the command line: see `turn-credentials --help`.

mod ask;
mod browsers;
mod check;
mod completions;
mod diagnose;
mod generate;
mod input;
mod json;
mod layout;
mod names;
mod program;
mod secrets;
mod verify;
mod words;
mod xirsys;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Mint, verify and diagnose time-limited TURN logins, and test TURN servers
#[derive(Parser)]
#[command(name = "turn-credentials", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Options),
    Verify(verify::Options),
    Diagnose(diagnose::Options),
    Check(check::Options),
    Xirsys(xirsys::Options),
    Completions(completions::Options),
}

fn main() -> ExitCode {
    program::main(|cli: Cli, output| match cli.command {
        Command::Generate(options) => generate::run(&options, output),
        Command::Verify(options) => verify::run(&options, output),
        Command::Diagnose(options) => diagnose::run(&options, output),
        Command::Check(options) => check::run(&options, output),
        Command::Xirsys(options) => xirsys::run(&options, output),
        Command::Completions(options) => completions::run::<Cli>(&options, output),
    })
}
