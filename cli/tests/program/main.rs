//! The program, run as its users run it.

mod check;
mod completions;
mod diagnose;
mod generate;
mod names;
mod streams;
mod verify;
mod xirsys;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use turn_credentials::{Keyring, SharedSecret, UnixTime};

fn run(subcommand: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
    program(subcommand, args, environment).output().unwrap()
}

/// Runs the program with this on stdin.
fn run_with(subcommand: &str, args: &[&str], environment: &[(&str, &str)], stdin: &str) -> Output {
    let file = TempFile::new("stdin", stdin);
    let stdin = fs::File::open(&file.0).unwrap();
    program(subcommand, args, environment).stdin(stdin).output().unwrap()
}

fn program(subcommand: &str, args: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turn-credentials"));
    for name in ["TURN_SECRET", "XIRSYS_IDENT", "XIRSYS_SECRET", "XIRSYS_GATEWAY"] {
        command.env_remove(name);
    }
    command.arg(subcommand).args(args).env("RUST_BACKTRACE", "1").env("NO_PROXY", "127.0.0.1");
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(subcommand: &str, args: &[&str]) -> String {
    let output = run(subcommand, args, &[]);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The one line on stderr with exit code 2; 1 is for a bad result, such as a refused login.
fn refusal(subcommand: &str, args: &[&str]) -> String {
    refusal_in(subcommand, args, &[])
}

fn refusal_in(subcommand: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(subcommand, args, environment);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    let message = text(&output.stderr).strip_suffix('\n').unwrap();
    assert!(message.starts_with("error: ") && !message.contains('\n'), "{args:?}: {message}");
    assert!(!message.contains(['`', '\t']), "for an operator, {args:?}: {message}");
    message.to_owned()
}

/// The two lines of a login, which is valid with `secret` and for this many seconds.
fn check_login(printed: &str, secret: &str, separator: char, ttl: u64) -> String {
    let [username, password] = printed.lines().collect::<Vec<_>>()[..] else {
        panic!("not two lines: {printed:?}")
    };
    let keyring = Keyring::new(SharedSecret::new(secret).unwrap());
    let keyring = keyring.with_separator(separator).unwrap();
    let expiry = keyring.authenticate(username, password).unwrap().expires_at().as_secs();
    let now = UnixTime::now().as_secs();
    assert!((now + ttl - 30..=now + ttl).contains(&expiry), "{username} at {now}");
    username.to_owned()
}

struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, contents: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("{name}-{}-{count}", std::process::id()));
        fs::write(&path, contents).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

#[test]
fn help_and_version() {
    for command in ["generate", "verify", "diagnose", "check", "xirsys", "completions", ""] {
        for flag in ["--help", "-h"] {
            let args = if command.is_empty() { &[flag][..] } else { &[command, flag] };
            let output = run(args[0], &args[1..], &[("COLUMNS", "80")]);
            assert!(output.status.success(), "{output:?}");
            let help = text(&output.stdout);
            assert!(help.contains("Usage: turn-credentials") && help.contains("--help"), "{help}");
            assert!(help.lines().count() <= 40, "{help}");
            assert!(!help.contains('`') && !help.contains("::"), "{help}");
        }
    }
    assert_eq!(stdout("--version", &[]), "turn-credentials 0.1.0\n");

    assert!(refusal("--secret", &["x"]).contains("--secret"));
    assert!(
        refusal("verify", &["1:a", "--json", "--secret=x"])
            .ends_with("(see turn-credentials verify --help)")
    );
    assert!(refusal("mint", &[]).contains("mint"));
    let output = Command::new(env!("CARGO_BIN_EXE_turn-credentials")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("generate, verify, ") && message.lines().count() == 1, "{message}");
}
