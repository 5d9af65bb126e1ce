//! Full disks, readers that leave, and streams that are closed.

use std::fs::File;
use std::process::{Command, Output};

use crate::{TempFile, program, text};

const SECRET: [(&str, &str); 1] = [("TURN_SECRET", "north")];

/// The program in a shell that redirects its streams.
fn shell(script: &str) -> Output {
    let mut command = Command::new("bash");
    let script = format!("set -o pipefail; program() {{ \"$0\" \"$@\"; }}; {script}");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_turn-credentials")]);
    command.envs(SECRET).env_remove("XIRSYS_IDENT").output().unwrap()
}

#[test]
fn a_full_disk_gets_one_line() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["help"],
        &["generate", "--help"],
        &["completions", "bash"],
        &["generate", "alice"],
        &["generate", "--names", "/dev/stdin"],
        &["verify", "2000000000:a", "x"],
        &["xirsys", "a", "--ident", "b", "--secret-file", "/proc/self/comm", "--dry-run"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let names = TempFile::new("names", "alice\n");
        let mut command = program(args[0], &args[1..], &SECRET);
        let output = command.stdout(full).stdin(File::open(&names.0).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let message = text(&output.stderr);
        assert!(message.starts_with("error: cannot write the output: No space left"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let output = shell("yes alice | program generate --names - | head -n 1");
    assert_eq!((text(&output.stdout).lines().count(), text(&output.stderr)), (1, ""));
    assert_eq!(output.status.code(), Some(141));
    for command in ["--help", "generate alice", "completions bash", "verify 2000000000:a x"] {
        let output = shell(&format!("{{ sleep 0.1; program {command}; }} | true"));
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(141), ""), "{command}");
    }
}

#[test]
fn closed_streams() {
    for (script, code) in [
        ("program generate alice <&-", 0),
        ("program generate --names - <&-", 0),
        ("program generate alice --secret-file - <&-", 2),
        ("program generate alice 2>&-", 0),
        ("program generate 'a b' 2>&-", 2),
        ("program generate 'a b' 2>/dev/full", 2),
        ("program nothing 2>&-", 2),
        ("program generate alice >&-", 0),
        ("program verify 2000000000:a x >&-", 1),
        ("program --help >&- 2>&- <&-", 0),
    ] {
        let output = shell(script);
        assert_eq!(output.status.code(), Some(code), "{script}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{script}");
    }
}

/// 100,000 logins are 45 MB.
#[test]
fn memory_does_not_grow_with_the_names() {
    let name = "x".repeat(400);
    let script = format!(
        "yes {name} | head -n 100000 | (ulimit -v 40000; program generate --names -) | wc -l"
    );
    let output = shell(&script);
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("100000\n", ""));
}
