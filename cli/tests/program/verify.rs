use turn_credentials::SharedSecret;

use crate::{refusal, run, stdout, text};

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
    // bigbluebutton/bigbluebutton#507, 2015-02-06.
    for username in ["1423256629586:qrdvj4ucujrb", "qrdvj4ucujrb:1423256629586", "1423256629586"] {
        let (milliseconds, code) = verdict(&[username, &of(username), "--secret", "new"]);
        assert!(milliseconds.contains("milliseconds") && code == 1, "{milliseconds}");
        let (wrong, _) = verdict(&[username, &of(username), "--secret", "old"]);
        assert!(!wrong.contains("milliseconds"), "{wrong}");
    }
    let far = verdict(&["2400000000:alice", &of("2400000000:alice"), "--secret", "new"]);
    assert!(far.0.contains("limits") && far.1 == 1, "{}", far.0);
    let (malformed, code) = verdict(&["alice", &of("alice"), "--secret", "new"]);
    assert!(malformed.contains("malformed") && code == 1, "{malformed}");
}
