//! The example programs, run as their users run them.
#![allow(missing_docs)]
#![cfg(feature = "std")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs};

use serde_json::Value;
use turn_credentials::{Keyring, SharedSecret, UnixTime, Username};

/// Runs a program that `cargo test` built beside this test.
fn run(program: &str, args: &[&str], environment: Option<&str>) -> Output {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.set_file_name("examples");
    path.push(program);
    let mut command = Command::new(path.with_extension(env::consts::EXE_EXTENSION));
    command.args(args).env_remove("TURN_SECRET").env("RUST_BACKTRACE", "1");
    if let Some(secret) = environment {
        command.env("TURN_SECRET", secret);
    }
    command.output().expect("`cargo test` without a test's name builds the examples")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(program: &str, args: &[&str]) -> String {
    let output = run(program, args, None);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The one line on stderr of a program that refuses its arguments; 1 is for a login that is refused.
fn refusal(program: &str, args: &[&str]) -> String {
    let output = run(program, args, None);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    let message = text(&output.stderr).strip_suffix('\n').unwrap();
    assert!(message.starts_with("error: ") && !message.contains('\n'), "{args:?}: {message}");
    message.to_owned()
}

/// The two lines of a login, which is good with `secret` and has these seconds left.
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
        let path = env::temp_dir().join(format!("{name}-{}", std::process::id()));
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
fn generate_as_text() {
    for (args, separator, ttl) in [
        (&["alice", "--secret", "north"][..], ':', 3600),
        (&["@alice:lab.test", "--secret=north", "--ttl", "600s"], ':', 600),
        (&["жанна", "--secret", "north", "--ttl", "1d", "--skew=-5s"], ':', 86_395),
        (&["alice", "--secret", "north", "--skew", "+5s"], ':', 3605),
        (&["alice", "--secret", "north", "--skew", "0s", "--separator", "|"], '|', 3600),
        (&["alice", "--secret", "north", "--layout", "name-first"], ':', 3600),
        (&["a:b", "--secret", "north", "--layout", "name-first", "--separator=-"], '-', 3600),
        (&["--secret", "north", "--layout", "expiry-only"], ':', 3600),
    ] {
        check_login(&stdout("generate", args), "north", separator, ttl);
    }
    let name_first = stdout("generate", &["bob", "--secret", "x", "--layout", "name-first"]);
    assert!(name_first.starts_with("bob:"));
    let bare = stdout("generate", &["--secret", "x", "--layout", "expiry-only"]);
    assert_eq!(Username::parse(bare.lines().next().unwrap()).unwrap().name(), None);
}

#[test]
fn generate_as_json() {
    let uris = ["--uri", "turn:turn.example.org?transport=udp", "--uri", "turns:turn.example.org"];
    let args = ["alice", "--secret", "north", "--format", "json", "--ttl=2h"];
    let object: Value = serde_json::from_str(&stdout("generate", &args)).unwrap();
    let fields: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["expires_at", "password", "ttl", "username"]);
    assert_eq!(object["ttl"], 7200);
    let [username, password] =
        ["username", "password"].map(|field| object[field].as_str().unwrap());
    check_login(&format!("{username}\n{password}\n"), "north", ':', 7200);
    let expiry = object["expires_at"].as_u64().unwrap();
    assert_eq!(username, format!("{expiry}:alice"));

    let with_uris = stdout("generate", &[&args[..], &uris].concat());
    let object: Value = serde_json::from_str(&with_uris).unwrap();
    assert_eq!(object["uris"], serde_json::json!([uris[1], uris[3]]));

    let output = run("generate", &[&["alice", "--secret", "north"][..], &uris].concat(), None);
    assert_eq!(text(&output.stdout).lines().count(), 2);
    assert!(text(&output.stderr).starts_with("note: "));
}

#[test]
fn generate_in_every_format() {
    let uris = ["stun:a.example", "turns:a.example:443?transport=tcp"];
    let print = |format: &str| {
        let [stun, turns] = uris;
        let args =
            ["alice", "--secret", "north", "--uri", stun, "--uri", turns, "--format", format];
        run("generate", &args, None)
    };
    let services = print("xep-0215");
    assert_eq!(text(&services.stdout).matches("<service type='").count(), 2);
    let links = print("link");
    assert_eq!(text(&links.stdout).matches("Link: <").count(), 2);

    for format in ["ice", "rest"] {
        let printed = print(format);
        assert_eq!(printed.status.success(), cfg!(feature = "serde"), "{format}");
        if !printed.status.success() {
            assert!(text(&printed.stderr).contains("--features serde"));
            continue;
        }
        let object: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let (login, password, list) = match format {
            "ice" => (&object["iceServers"][0], "credential", "urls"),
            _ => (&object, "password", "uris"),
        };
        assert_eq!(login[list], serde_json::json!(uris));
        let [username, password] =
            ["username", password].map(|field| login[field].as_str().unwrap());
        check_login(&format!("{username}\n{password}\n"), "north", ':', 3600);
    }
    for format in ["ice", "rest", "xep-0215", "link"] {
        let refused = refusal("generate", &["alice", "--secret", "north", "--format", format]);
        assert!(refused.contains("--uri"), "{refused}");
    }
    let hidden = ["alice", "--secret", "north", "--uri", "turn:bob:hidden@a.example"];
    assert!(!refusal("generate", &hidden).contains("hidden"));
}

#[test]
fn the_secret_comes_from_three_places() {
    let file = TempFile::new("turn-secret", "from the file\r\n");
    let path = file.0.to_str().unwrap();
    let login = |args: &[&str], environment| {
        let output = run("generate", &[&["alice"], args].concat(), environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    check_login(&login(&[], Some("from outside")), "from outside", ':', 3600);
    let from_file = login(&["--secret-file", path], Some("from outside"));
    check_login(&from_file, "from the file", ':', 3600);
    check_login(&login(&["--secret", "given"], Some("from outside")), "given", ':', 3600);

    assert!(refusal("generate", &["alice"]).contains("TURN_SECRET"));
    refusal("generate", &["alice", "--secret", "x", "--secret-file", path]);
    let missing = refusal("generate", &["alice", "--secret-file", "no-such-file"]);
    assert!(missing.contains("no-such-file"));
    let empty = TempFile::new("turn-secret-empty", "\n");
    let empty = refusal("generate", &["alice", "--secret-file", empty.0.to_str().unwrap()]);
    assert!(empty.contains("empty"));
}

#[test]
fn bad_input_gets_one_line() {
    for args in [
        &[][..],
        &["alice", "--secret", ""],
        &["", "--secret", "x"],
        &["a b", "--secret", "x"],
        &["union select", "--secret", "x"],
        &["12345", "--secret", "x", "--layout", "name-first"],
        &["alice", "--secret", "x", "--ttl", "0s"],
        &["alice", "--secret", "x", "--ttl", "soon"],
        &["alice", "--secret", "x", "--ttl", "1700000000s"],
        &["alice", "--secret", "x", "--ttl", "999999999999999999999y"],
        &["alice", "--secret", "x", "--skew", "--5s"],
        &["alice", "--secret", "x", "--separator", "--"],
        &["alice", "--secret", "x", "--separator", "7"],
        &["alice", "--secret", "x", "--format", "xml"],
        &["alice", "--secret", "x", "--no-such-option"],
    ] {
        refusal("generate", args);
    }
    refusal("verify", &["1:a", "x"]);
    refusal("verify", &["1:a"]);
    refusal("verify", &["1:a", "x", "--secret", "s", "--separator", "é"]);
    refusal("rotate", &["--ttl", "0s"]);
    refusal("rotate", &["--ttl", "100years"]);
    refusal("rotate", &["now"]);
    assert!(refusal("generate", &["-abc", "--secret", "x"]).contains("use '-- -a'"));
    check_login(&stdout("generate", &["--secret", "x", "--", "-abc"]), "x", ':', 3600);
    refusal("generate", &["a", "b\n\nc"]);
}

#[test]
fn verify_says_why() {
    let minted = stdout("generate", &["alice", "--secret", "new"]);
    let [username, password] = minted.lines().collect::<Vec<_>>()[..] else { panic!("{minted}") };
    let verdict = |args: &[&str]| {
        let output = run("verify", args, None);
        assert_eq!(text(&output.stderr), "");
        (text(&output.stdout).to_owned(), output.status.code().unwrap())
    };

    for secrets in [["new", "b", "c"], ["a", "new", "c"], ["a", "b", "new"]] {
        let [first, second, third] = secrets.map(|secret| format!("--secret={secret}"));
        let (valid, code) = verdict(&[username, password, &first, &second, &third]);
        assert!(valid.starts_with("valid until 2") && code == 0, "{valid}");
        assert!(valid.contains("for 1h\n") || valid.contains("for 59m "), "{valid}");
    }
    let (wrong, code) = verdict(&[username, password, "--secret", "old"]);
    assert!(wrong.starts_with("refused: ") && wrong.contains("password") && code == 1, "{wrong}");

    let of =
        |username| SharedSecret::new("new").unwrap().password_for(username).as_str().to_owned();
    let expired = verdict(&["1000000000:a", &of("1000000000:a"), "--secret", "new"]);
    assert!(expired.0.starts_with("refused: expired at 2001-09-09T01:46:40Z, "), "{}", expired.0);
    assert!(expired.0.ends_with(" ago\n") && expired.0.contains("years"), "{}", expired.0);
    assert_eq!(expired.1, 1);
    let (malformed, code) = verdict(&["alice", &of("alice"), "--secret", "new"]);
    assert!(malformed.contains("malformed") && code == 1, "{malformed}");
}

#[test]
fn rotate_tells_the_whole_story() {
    let story = stdout("rotate", &["--ttl", "2h"]);
    let count = |what| story.matches(what).count();
    assert_eq!((count("After "), count(": accepted"), count("expired at")), (5, 7, 3), "{story}");
}

#[test]
fn every_example_has_help() {
    for program in ["generate", "verify", "rotate"] {
        let help = stdout(program, &["--help"]);
        assert!(help.contains("Usage: ") && help.contains("--help"), "{help}");
    }
}
