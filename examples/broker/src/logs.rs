//! Logs on stderr. They contain no query, which may hold a key, and no header.

use std::io::{IsTerminal, stderr};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Log")]
pub(crate) struct Options {
    /// Lowest level to log: error, warn, info, debug, trace, or off
    #[arg(long, env = "BROKER_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,

    /// Format of the log
    #[arg(long, env = "BROKER_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One line of text per event
    Text,
    /// One JSON object per line
    Json,
}

/// Logs only this program's events: its libraries would log headers.
pub(crate) fn start(options: &Options) {
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), options.log_level);
    let in_colour = stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(in_colour);
    let lines = match options.log_format {
        Format::Text => lines.boxed(),
        Format::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn the_readme_explains_every_warning_and_error() {
        let readme = include_str!("../README.md");
        let mut paths = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into()];
        let mut count = 0;
        while let Some(path) = paths.pop() {
            if let Ok(folder) = fs::read_dir(&path) {
                paths.extend(folder.map(|entry| entry.unwrap().path()));
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let logged = ["warn", "error"].map(|level| format!("{level}!("));
            for rest in logged.iter().flat_map(|call| source.split(call).skip(1)) {
                let Some((_, message)) =
                    rest.split_once("\")").and_then(|(call, _)| call.rsplit_once('"'))
                else {
                    continue;
                };
                let message = message.split(['{', '`']).next().unwrap().trim();
                let shown = format!("`{}", message.split([':', ',']).next().unwrap());
                assert!(readme.contains(&shown), "{message}");
                count += 1;
            }
        }
        assert!(count > 10, "{count}");
    }
}
