//! The example programs, run as their users run them.
#![allow(missing_docs)]
#![cfg(feature = "std")]

use std::env;
use std::process::{Command, Output};

use turn_credentials::{Keyring, SharedSecret, UnixTime};

/// Runs a program that `cargo test` built next to this test.
fn run(program: &str, args: &[&str]) -> Output {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.set_file_name("examples");
    path.push(program);
    let mut command = Command::new(path.with_extension(env::consts::EXE_EXTENSION));
    command.args(args).env("RUST_BACKTRACE", "1");
    command.output().expect("`cargo test` without a test's name builds the examples")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(program: &str, args: &[&str]) -> String {
    let output = run(program, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

#[test]
fn generate_prints_a_login_of_an_hour() {
    for name in ["alice", "@alice:lab.test", "жанна"] {
        let printed = stdout("generate", &[name, "--secret", "north"]);
        let [username, password] = printed.lines().collect::<Vec<_>>()[..] else {
            panic!("not two lines: {printed:?}")
        };
        let keyring = Keyring::new(SharedSecret::new("north").unwrap());
        let username = keyring.authenticate(username, password).unwrap();
        assert_eq!(username.name(), Some(name));
        let now = UnixTime::now().as_secs();
        assert!((now + 3570..=now + 3600).contains(&username.expires_at().as_secs()), "{now}");
    }
}

#[test]
fn verify_says_why() {
    let minted = stdout("generate", &["alice", "--secret", "new"]);
    let [username, password] = minted.lines().collect::<Vec<_>>()[..] else { panic!("{minted}") };
    let verdict = |username: &str, password: &str, secrets: &[&str]| {
        let secrets = secrets.iter().flat_map(|secret| ["--secret", secret]);
        let args: Vec<_> = [username, password].into_iter().chain(secrets).collect();
        let output = run("verify", &args);
        assert_eq!(text(&output.stderr), "");
        (text(&output.stdout).to_owned(), output.status.code().unwrap())
    };

    for secrets in [["new", "b", "c"], ["a", "new", "c"], ["a", "b", "new"]] {
        let (valid, code) = verdict(username, password, &secrets);
        assert!(valid.starts_with("valid until 2") && code == 0, "{valid}");
        assert!(valid.contains("for 1h\n") || valid.contains("for 59m "), "{valid}");
    }
    let (wrong, code) = verdict(username, password, &["old"]);
    assert!(wrong.starts_with("refused: ") && wrong.contains("password") && code == 1, "{wrong}");

    let of =
        |username| SharedSecret::new("new").unwrap().password_for(username).as_str().to_owned();
    let (expired, code) = verdict("1000000000:a", &of("1000000000:a"), &["new"]);
    assert!(expired.starts_with("refused: expired at 2001-09-09T01:46:40Z, "), "{expired}");
    assert!(expired.ends_with(" ago\n") && expired.contains("years") && code == 1, "{expired}");
    let (malformed, code) = verdict("alice", &of("alice"), &["new"]);
    assert!(malformed.contains("malformed") && code == 1, "{malformed}");
}

#[test]
fn rotate_tells_the_whole_story() {
    let story = stdout("rotate", &[]);
    let count = |what| story.matches(what).count();
    assert_eq!((count("After "), count(": accepted"), count("expired at")), (5, 7, 3), "{story}");
}

#[test]
fn wrong_usage_gets_one_line() {
    for (program, args) in [
        ("generate", &[][..]),
        ("generate", &["alice"]),
        ("generate", &["alice", "--secret", ""]),
        ("generate", &["a b", "--secret", "x"]),
        ("generate", &["alice", "--key", "x"]),
        ("verify", &["1:a"]),
        ("verify", &["1:a", "x"]),
        ("verify", &["1:a", "x", "--secret"]),
        ("verify", &["1:a", "x", "--key", "s"]),
    ] {
        let output = run(program, args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{args:?}");
        let message = text(&output.stderr);
        assert!(message.starts_with("error: ") && message.lines().count() == 1, "{message}");
    }
}
