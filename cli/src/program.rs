//! How the program starts and ends: output on stdout, and each error on one line of stderr.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::process::ExitCode;
use std::{error, result};

use clap::Parser;
use clap::error::ErrorKind as Parsed;

pub(crate) type Result<T> = result::Result<T, Box<dyn error::Error>>;

/// The exit code if the program could not do its job. 1 is for a bad result, such as a login that a
/// server would refuse.
pub(crate) const COULD_NOT: u8 = 2;

/// The exit code that shells report for a program that SIGPIPE ended.
const READER_IS_GONE: u8 = 128 + 13;

/// Parses the command line and runs the program, which writes its output and decides its exit code,
/// or prints on stderr why it failed.
pub(crate) fn main<Cli: Parser>(
    run: impl FnOnce(Cli, &mut Output) -> Result<ExitCode>,
) -> ExitCode {
    let mut output = Output::new();
    let ended = match Cli::try_parse() {
        Ok(cli) => run(cli, &mut output),
        Err(help) if matches!(help.kind(), Parsed::DisplayHelp | Parsed::DisplayVersion) => {
            output.note(help.print()).map(|()| ExitCode::SUCCESS).map_err(Into::into)
        }
        Err(error) => {
            complain(&on_one_line(&error.to_string()));
            return ExitCode::from(COULD_NOT);
        }
    };
    // After an error too, prints what was written before it.
    let flushed = output.flush();
    match ended.and_then(|code| Ok(flushed.map(|()| code)?)) {
        Ok(code) => code,
        Err(_) if output.reader_is_gone => ExitCode::from(READER_IS_GONE),
        Err(error) => {
            complain(&format!("error: {error}"));
            ExitCode::from(COULD_NOT)
        }
    }
}

/// Prints a line on stderr, unless stderr is closed.
pub(crate) fn complain(message: &str) {
    _ = writeln!(io::stderr(), "{message}");
}

/// A buffered stdout without a lock. Its errors say that the output could not be written.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
    reader_is_gone: bool,
}

impl Output {
    fn new() -> Self {
        const CAPACITY: usize = 64 * 1024;

        Self { stdout: BufWriter::with_capacity(CAPACITY, io::stdout()), reader_is_gone: false }
    }

    fn note<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            kind => {
                self.reader_is_gone |= kind == ErrorKind::BrokenPipe;
                io::Error::new(kind, format!("cannot write the output: {error}"))
            }
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.note(flushed)
    }
}

/// clap's message and tips on one line, with a pointer to `--help` in place of the usage.
fn on_one_line(message: &str) -> String {
    let (message, usage) = message.split_once("\nUsage: ").unwrap_or((message, ""));
    let (message, _) = message.split_once("\nFor more information").unwrap_or((message, ""));
    let mut words: Vec<_> = message.split_whitespace().collect();
    let command: Vec<_> =
        usage.split(' ').take_while(|word| !word.starts_with(['<', '[', '-'])).collect();
    let help = format!("(see {} --help)", command.join(" "));
    if !usage.is_empty() {
        words.push(&help);
    }
    words.join(" ")
}
