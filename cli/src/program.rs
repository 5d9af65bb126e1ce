//! How a program starts and ends: output on stdout, and each error on one line of stderr.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::{error, result};

use clap::Parser;
use clap::error::ErrorKind;

pub(crate) type Result<T> = result::Result<T, Box<dyn error::Error>>;

/// The program could not do its job; 1 is for a login that `verify` refuses.
const COULD_NOT: u8 = 2;

/// Parses the command line, runs the program, and prints its output or, on stderr, why it failed.
pub(crate) fn main<Cli: Parser>(run: impl FnOnce(Cli) -> Result<(String, ExitCode)>) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            help.exit()
        }
        Err(error) => {
            complain(&on_one_line(&error.to_string()));
            return ExitCode::from(COULD_NOT);
        }
    };
    let printed = run(cli).and_then(|(output, code)| {
        io::stdout().write_all(output.as_bytes())?;
        Ok(code)
    });
    printed.unwrap_or_else(|error| {
        complain(&format!("error: {error}"));
        ExitCode::from(COULD_NOT)
    })
}

/// Prints a line on stderr, unless stderr is closed.
pub(crate) fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

/// clap's message and tips without its usage, on one line.
fn on_one_line(message: &str) -> String {
    let (message, _) = message.split_once("\nUsage: ").unwrap_or((message, ""));
    let (message, _) = message.split_once("\nFor more information").unwrap_or((message, ""));
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
