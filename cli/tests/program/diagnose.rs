use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use turn_credentials::UnixTime;

use crate::{TempFile, refusal, run, run_with, stdout, text};

fn username() -> String {
    format!("{}:alice", UnixTime::now().as_secs() + 3600)
}

/// The HMAC of the username, made by another program.
fn openssl(username: &str, options: &str) -> String {
    let script = format!("openssl dgst {options}");
    let mut child = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(username.as_bytes()).unwrap();
    text(&child.wait_with_output().unwrap().stdout).trim_end().to_owned()
}

/// The verdict, the codes of the findings, and the exit code.
fn found(output: &Output) -> (String, Vec<String>, i32) {
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes = object["findings"].as_array().unwrap().iter();
    let codes = codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    (object["verdict"].as_str().unwrap().to_owned(), codes, output.status.code().unwrap())
}

#[test]
fn passwords_of_another_program() {
    for (options, verdict, first, code) in [
        ("-sha1 -hmac north -binary | base64", "accepted", "accepted", 0),
        ("-sha1 -hmac north -r | cut -d' ' -f1", "unauthorized", "password-hex", 1),
        ("-sha256 -hmac north -binary | base64", "unauthorized", "hash-sha256", 1),
        ("-sha1 -hmac $'north\\n' -binary | base64", "unauthorized", "secret-line-end", 1),
        ("-sha1 -hmac other -binary | base64", "unauthorized", "secret-other", 1),
    ] {
        let username = username();
        let password = openssl(&username, options);
        let args = [&*username, &password, "--json", "--secret", "north"];
        let (said, codes, exit) = found(&run("diagnose", &args, &[]));
        assert_eq!((&*said, &*codes[0], exit), (verdict, first, code), "{options}");
        let output =
            run_with("diagnose", &[&username, "-", "--json", "--secret=north"], &[], &password);
        assert_eq!(found(&output), (said, codes, exit), "{options}");
    }
}

#[test]
fn usernames() {
    for (username, verdict, code) in [
        ("alice", "unauthorized", 1),
        ("1000000000:alice", "unauthorized", 1),
        ("2000000000:o'neil", "bad-request", 1),
        ("2000000000:alice", "depends", 2),
        (&username(), "depends", 2),
        ("-5:alice", "unauthorized", 1),
        // coturn accepts these usernames; nobody knows the password.
        ("2000000000|alice", "depends", 2),
        ("6294967296:alice", "depends", 2),
    ] {
        let output = run("diagnose", &[username, "--json"], &[]);
        let (said, _, exit) = found(&output);
        assert_eq!((&*said, exit), (verdict, code), "{username}");
        let words = run("diagnose", &[username], &[]);
        assert_eq!(words.status.code(), Some(code), "{username}");
        assert!(text(&words.stdout).lines().count() >= 3, "{username}");
    }
    let other = stdout(
        "diagnose",
        &["2000000000|a", &of("2000000000|a", "x"), "--secret=x", "--separator=|"],
    );
    assert!(other.starts_with("coturn accepts it:\n"), "{other}");
}

fn of(username: &str, secret: &str) -> String {
    turn_credentials::SharedSecret::new(secret).unwrap().password_for(username).as_str().to_owned()
}

#[test]
fn it_says_which_secret_and_shows_none() {
    let file = TempFile::new("diagnose-secret", "hidden two\n");
    let path = file.0.to_str().unwrap();
    let username = username();
    let password = of(&username, "hidden two\n");
    let args = [&*username, &password, "--secret=hidden one", "--secret-file", path];
    let output = run("diagnose", &args, &[("TURN_SECRET", "hidden three")]);
    let words = text(&output.stdout);
    assert!(words.starts_with("coturn refuses it with 401:\n* "), "{words}");
    assert!(words.contains("secret 2 made this password, but with a line end"), "{words}");
    assert!(words.ends_with(&format!("(secret 2 is {path})\n")), "{words}");
    assert!(!words.contains("hidden") && !words.contains(&password), "{words}");

    let output = run("diagnose", &[&args[..], &["--json"]].concat(), &[]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["secrets"], serde_json::json!(["--secret", path]));
    assert!(!object.to_string().contains("hidden"));

    let names: Vec<_> = (1..=10).map(|number| format!("diagnose-secret-{number}")).collect();
    let files: Vec<_> = names.iter().map(|name| TempFile::new(name, name)).collect();
    let password = of(&username, "diagnose-secret-10");
    let mut args = vec![&*username, &password];
    args.extend(files.iter().flat_map(|file| ["--secret-file", file.0.to_str().unwrap()]));
    let words = stdout("diagnose", &args);
    assert!(words.contains("secret 10 made it"), "{words}");
    assert_eq!(words.matches("\n(secret 1").count(), 1, "{words}");

    assert!(refusal("diagnose", &[]).contains("<USERNAME>"));
    assert!(refusal("diagnose", &["a", "b", "--secret", ""]).contains("--secret: "));
}
