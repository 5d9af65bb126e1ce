use serde_json::{Value, json};
use turn_credentials::SharedSecret;

use crate::{TempFile, refusal, run, run_with, stdout, text};

#[test]
fn bad_input_gets_one_line() {
    refusal("verify", &["1:a", "x"]);
    refusal("verify", &["1:a"]);
    refusal("verify", &["1:a", "x", "--secret", "s", "--separator", "é"]);
}

#[test]
fn verify_says_why() {
    let minted = stdout("generate", &["alice", "--secret", "new"]);
    let [username, password] = minted.lines().collect::<Vec<_>>()[..] else { panic!("{minted}") };
    let verdict = |args: &[&str]| {
        let output = run("verify", args, &[]);
        assert_eq!(text(&output.stderr), "");
        (text(&output.stdout).to_owned(), output.status.code().unwrap())
    };

    for secrets in [["new", "b", "c"], ["a", "new", "c"], ["a", "b", "new"]] {
        let [first, second, third] = secrets.map(|secret| format!("--secret={secret}"));
        let (valid, code) = verdict(&[username, password, &first, &second, &third]);
        assert!(valid.starts_with("valid until 2") && code == 0, "{valid}");
        assert!(valid.contains("for 1h;") || valid.contains("for 59m "), "{valid}");
        let position = secrets.iter().position(|secret| *secret == "new").unwrap() + 1;
        assert!(valid.ends_with(&format!("; made with --secret {position}\n")), "{valid}");
    }
    let (wrong, code) = verdict(&[username, password, "--secret", "old"]);
    assert!(wrong.starts_with("refused: ") && wrong.contains("password") && code == 1, "{wrong}");

    let of =
        |username| SharedSecret::new("new").unwrap().password_for(username).as_str().to_owned();
    let expired = verdict(&["1000000000:a", &of("1000000000:a"), "--secret", "new"]);
    assert!(expired.0.starts_with("refused: expired at 2001-09-09T01:46:40Z, "), "{}", expired.0);
    assert!(
        expired.0.ends_with(" ago; made with --secret\n") && expired.0.contains("years"),
        "{}",
        expired.0
    );
    assert_eq!(expired.1, 1);
    // bigbluebutton/bigbluebutton#507, 2015-02-06.
    for username in ["1423256629586:qrdvj4ucujrb", "qrdvj4ucujrb:1423256629586", "1423256629586"] {
        let (milliseconds, code) = verdict(&[username, &of(username), "--secret", "new"]);
        assert!(milliseconds.contains("milliseconds") && code == 1, "{milliseconds}");
        let (wrong, _) = verdict(&[username, &of(username), "--secret", "old"]);
        assert!(!wrong.contains("milliseconds"), "{wrong}");
    }
    let long = ["4000s", "4000"]
        .map(|max| verdict(&[username, password, "--secret=new", "--max-ttl", max]));
    assert!(long.iter().all(|(text, code)| text.starts_with("valid") && *code == 0), "{long:?}");
    let long = verdict(&[username, password, "--secret=new", "--max-ttl=1800"]);
    assert!(
        long.0.contains("longer than --max-ttl; made with --secret\n") && long.1 == 1,
        "{long:?}"
    );
    let far = verdict(&["2400000000:alice", &of("2400000000:alice"), "--secret", "new"]);
    assert!(far.0.contains("limits") && far.1 == 1, "{}", far.0);
    // A phone number as the name.
    let far = verdict(&["2200000000:491511234567", &of("2200000000:491511234567"), "--secret=new"]);
    assert!(far.0.contains("limits") && far.1 == 1, "{}", far.0);
    let (malformed, code) = verdict(&["alice", &of("alice"), "--secret", "new"]);
    assert!(malformed.contains("malformed") && code == 1, "{malformed}");
}

#[test]
fn the_matching_secret_is_named_and_not_shown() {
    let file = TempFile::new("verify-secret", "hidden in a file\n");
    let path = file.0.to_str().unwrap();
    let password = |secret: &str| {
        SharedSecret::new(secret).unwrap().password_for("2000000000:alice").as_str().to_owned()
    };
    let secrets = ["--secret=hidden one", "--secret=hidden two", "--secret-file", path];
    for (secret, source) in
        [("hidden one", "--secret 1"), ("hidden two", "--secret 2"), ("hidden in a file", path)]
    {
        let password = password(secret);
        let args = [&["2000000000:alice", &password, "--json"][..], &secrets].concat();
        let printed = stdout("verify", &args);
        assert!(!printed.contains("hidden") && !printed.contains(&password), "{printed}");
        let object: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((&object["valid"], &object["secret"]), (&json!(true), &json!(source)));
        assert_eq!(object["expires_at"], 2_000_000_000);
        assert!(object["ttl"].as_u64().unwrap() < 300_000_000, "{printed}");
    }

    let environment = [("TURN_SECRET", "hidden")];
    let output = run("verify", &["2000000000:alice", &password("hidden")], &environment);
    assert!(text(&output.stdout).ends_with("; made with TURN_SECRET\n"));
    let output = run_with("verify", &["2000000000:alice", "-"], &environment, "x\n");
    assert!(text(&output.stdout).contains("diagnose") && output.status.code() == Some(1));
    for end in ["", "\n", "\r\n"] {
        let typed = password("hidden") + end;
        let output = run_with("verify", &["2000000000:alice", "-"], &environment, &typed);
        assert_eq!(output.status.code(), Some(0), "{end:?}");
    }

    for (username, code) in [
        ("2000000000:alice", "wrong-password"),
        ("1000000000:alice", "expired"),
        ("2000000000000:alice", "milliseconds"),
        ("alice", "malformed"),
    ] {
        let right = SharedSecret::new("hidden").unwrap().password_for(username);
        let password = if code == "wrong-password" { "wrong" } else { right.as_str() };
        let output = run("verify", &[username, password, "--json"], &environment);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{object}");
        assert_eq!((&object["valid"], &object["code"]), (&json!(false), &json!(code)));
    }
}

/// A username with a sign is a username, as for `diagnose`.
#[test]
fn a_username_with_a_hyphen() {
    let output = run("verify", &["-5:alice", "hunter2", "--json", "--secret", "north"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("wrong-password"));
}
