use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::{TempFile, check_login, program, refusal, run, run_with, stdout, text};

const SECRET: [(&str, &str); 1] = [("TURN_SECRET", "north")];

fn generate(args: &[&str], names: &str) -> Output {
    run_with("generate", &[&["--names", "-"], args].concat(), &SECRET, names)
}

/// The names in the usernames of `username TAB password`.
fn names(output: &Output) -> Vec<String> {
    let lines = text(&output.stdout).lines();
    let name = |line: &str| {
        let (username, password) = line.split_once('\t').unwrap();
        let username = check_login(&format!("{username}\n{password}\n"), "north", ':', 3600);
        username.split_once(':').unwrap().1.to_owned()
    };
    lines.map(name).collect()
}

#[test]
fn a_line_for_each_name() {
    for (lines, expected) in [
        ("alice\nbob\n", &["alice", "bob"][..]),
        ("alice\nbob", &["alice", "bob"]),
        ("\u{feff}alice\r\n@bob:lab.test\r\n", &["alice", "@bob:lab.test"]),
        ("жанна\nalice\nalice\n", &["жанна", "alice", "alice"]),
        ("", &[]),
    ] {
        let output = generate(&[], lines);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{lines:?}");
        assert_eq!(names(&output), expected, "{lines:?}");
    }
    let file = TempFile::new("names", "alice\nbob\n");
    let path = file.0.to_str().unwrap();
    assert_eq!(names(&run("generate", &["--names", path], &SECRET)), ["alice", "bob"]);
    assert!(refusal("generate", &["--names", "/", "--secret", "x"]).contains("--names"));
}

#[test]
fn json_lines() {
    let output = generate(&["--format", "json", "--ttl", "2h"], "alice\n\"\n\\\nbob\n");
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for (line, name) in lines.iter().zip(["alice", "bob"]) {
        assert_eq!(line["name"], name);
        let [username, password] = ["username", "password"].map(|key| line[key].as_str().unwrap());
        check_login(&format!("{username}\n{password}\n"), "north", ':', 7200);
        assert_eq!(*username, format!("{}:{name}", line["expires_at"]));
        assert_eq!(line["ttl"], 7200);
    }
    let uri = ["--uri", "turn:a.example", "--uri", "turns:a.example:465"];
    for (format, list) in [("ice", "/iceServers/0/urls"), ("rest", "/uris")] {
        let output = generate(&[&["--format", format][..], &uri].concat(), "alice\nbob\n");
        let lines = text(&output.stdout).lines();
        let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].pointer(list).unwrap()[0], "turn:a.example");
        // What is left out is reported once, not for each name.
        assert_eq!(text(&output.stderr).lines().count(), usize::from(format == "ice"));
    }
}

#[test]
fn a_name_without_a_login_is_told_and_the_others_go_on() {
    let long = "x".repeat(100_000);
    let output = generate(&[], &format!("alice\nhid den\n\n{long}\nbob\n"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(&output), ["alice", "bob"]);
    let told: Vec<_> = text(&output.stderr).lines().collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].starts_with("error: --names, line 2: the name has the character U+0020"));
    assert!(told[0].contains("use --pseudonym") && !told[0].contains("hid"), "{told:?}");
    assert!(told[1].starts_with("error: --names, line 3: the name is empty"), "{told:?}");
    assert!(told[2].starts_with("error: --names, line 4: the line is over 64 KiB"), "{told:?}");
    assert_eq!(told[3], "error: 3 of 5 names have no login");

    let output = generate(&["--pseudonym"], "alice\nhid den\n");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert_eq!(names(&output)[0], "CPSVlMMTYuuGTuxF");
    let alone = stdout("generate", &["hid den", "--secret", "north", "--pseudonym"]);
    assert!(alone.lines().next().unwrap().ends_with(&names(&output)[1]));
}

#[test]
fn what_is_wrong_with_every_name_is_told_once() {
    for args in [
        &["--ttl", "70y"][..],
        &["--format", "ice"],
        &["--format", "rest", "--uri", "stun:a.example"],
        &["--layout", "expiry-only"],
    ] {
        let output = generate(args, "alice\nbob\n");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{args:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
    }
}

#[test]
fn a_login_appears_before_the_next_name_comes() {
    let mut command = program("generate", &["--names", "-"], &SECRET);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for name in ["alice", "bob"] {
        // The name arrives in two parts, the second with half of the next name.
        stdin.write_all(format!("{name}\nhal").as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains(name), "{line}");
        stdin.write_all(b"f\n").unwrap();
        line.clear();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains(":half\t"), "{line}");
    }
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.is_empty() && child.wait().unwrap().success());
}

#[test]
fn a_login_lasts_from_when_its_name_came() {
    let mut command = program("generate", &["--names", "-"], &SECRET);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut expiry_of = |name: &str| -> u64 {
        stdin.write_all(format!("{name}\n").as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line.split_once(':').unwrap().0.parse().unwrap()
    };
    let alice = expiry_of("alice");
    thread::sleep(Duration::from_secs(2));
    let bob = expiry_of("bob");
    assert!(bob >= alice + 2, "{alice}, then {bob}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
