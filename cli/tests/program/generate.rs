use serde_json::Value;
use turn_credentials::Username;

use crate::{TempFile, check_login, refusal, refusal_in, run, run_with, stdout, text};

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
        (&["alice", "--secret", "north", "--ttl", "3600"], ':', 3600),
        (&["alice", "--secret", "north", "--ttl=90", "--skew=-30"], ':', 60),
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

    let output = run("generate", &[&["alice", "--secret", "north"][..], &uris].concat(), &[]);
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
        run("generate", &args, &[])
    };
    let services = print("xep-0215");
    assert_eq!(text(&services.stdout).matches("<service type='").count(), 2);
    let links = print("link");
    assert_eq!(text(&links.stdout).matches("Link: <").count(), 2);

    for format in ["ice", "rest"] {
        let object: Value = serde_json::from_slice(&print(format).stdout).unwrap();
        // The draft's `uris` are TURN URIs, and Janus refuses others.
        let (login, password, list, expected) = match format {
            "ice" => (&object["iceServers"][0], "credential", "urls", &uris[..]),
            _ => (&object, "password", "uris", &uris[1..]),
        };
        assert_eq!(login[list], serde_json::json!(expected));
        let [username, password] =
            ["username", password].map(|field| login[field].as_str().unwrap());
        check_login(&format!("{username}\n{password}\n"), "north", ':', 3600);
        if format == "rest" {
            assert_eq!(object["ttl"], 3600);
        }
    }
    let stun = ["alice", "--secret", "north", "--uri", uris[0], "--format", "rest"];
    assert!(refusal("generate", &stun).contains("TURN"));
    let [username, password] = ["alice%40a.example:", "%3D@a.example:443\n"];
    let args = ["alice@a.example", "--secret", "north", "--uri", uris[1], "--format", "turn-uri"];
    let printed = stdout("generate", &args);
    assert!(printed.starts_with("turns://1") && printed.ends_with(password), "{printed}");
    assert!(
        printed.contains(&format!("%3A{username}")) && printed.lines().count() == 1,
        "{printed}"
    );

    for format in ["ice", "rest", "xep-0215", "link", "turn-uri"] {
        let refused = refusal("generate", &["alice", "--secret", "north", "--format", format]);
        assert!(refused.contains("--uri"), "{refused}");
    }
    let link = ["жанна", "--secret", "north", "--uri", uris[1], "--format", "link"];
    assert!(refusal("generate", &link).contains("use --pseudonym"));
    let hidden = ["alice", "--secret", "north", "--uri", "turn:bob:hidden@a.example"];
    assert!(!refusal("generate", &hidden).contains("hidden"));
}

/// webrtc/samples#1209 (2019-07-27), bigbluebutton/docker#73 (2021-03-27)
#[test]
fn what_browsers_refuse_is_left_out() {
    let [stuns, turn, smtp] = [
        "stuns:turn.example.org:5349",
        "turn:turn.example.org:3478?transport=udp",
        "turns:turn.example.org:465?transport=tcp",
    ];
    let args = ["alice", "--secret", "north", "--format", "ice", "--uri"];
    let urls = |more: &[&str]| {
        let output = run("generate", &[&args[..], more].concat(), &[]);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        (object["iceServers"][0]["urls"].clone(), text(&output.stderr).to_owned())
    };
    let all = [stuns, "--uri", turn, "--uri", smtp];
    let (kept, notes) = urls(&all);
    assert_eq!(kept, serde_json::json!([turn]));
    let notes: Vec<_> = notes.lines().collect();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].starts_with(&format!("note: left out {stuns}: Firefox")), "{notes:?}");
    assert!(notes[1].starts_with(&format!("note: left out {smtp}: Firefox blocks")), "{notes:?}");
    let (kept, notes) = urls(&[&all[..], &["--unfiltered"]].concat());
    assert_eq!((kept, &*notes), (serde_json::json!([stuns, turn, smtp]), ""));

    let output = run("generate", &[&args[..], &[smtp]].concat(), &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    let lines: Vec<_> = text(&output.stderr).lines().collect();
    assert!(lines[0].starts_with("note: ") && lines[1].starts_with("error: browsers"), "{lines:?}");
}

#[test]
fn the_secret_comes_from_three_places() {
    let file = TempFile::new("turn-secret", "from the file\r\n");
    let path = file.0.to_str().unwrap();
    let login = |args: &[&str]| {
        let environment = [("TURN_SECRET", "from outside")];
        let output = run("generate", &[&["alice"], args].concat(), &environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    check_login(&login(&[]), "from outside", ':', 3600);
    check_login(&login(&["--secret-file", path]), "from the file", ':', 3600);
    check_login(&login(&["--secret", "given"]), "given", ':', 3600);

    let environment = |secret| refusal_in("generate", &["alice"], &[("TURN_SECRET", secret)]);
    for (secret, why) in [
        ("", "empty"),
        ("north\n", "at its beginning or end"),
        (" north", "at its beginning or end"),
        ("no\nrth", "on one line"),
    ] {
        let refused = environment(secret);
        assert!(refused.contains("TURN_SECRET: ") && refused.contains(why), "{refused}");
    }
    let spaced = TempFile::new("turn-secret-spaced", "\u{feff}north \n");
    let spaced = login(&["--secret-file", spaced.0.to_str().unwrap()]);
    check_login(&spaced, "north", ':', 3600);
    let two = TempFile::new("turn-secret-two", "old\nnew\n");
    let two = refusal("generate", &["alice", "--secret-file", two.0.to_str().unwrap()]);
    assert!(two.contains("turn-secret-two") && two.contains("on one line"), "{two}");

    for (contents, character) in [
        ("\u{a0}north", "U+00A0"),
        ("north\u{a0}\n", "U+00A0"),
        ("\u{feff}\u{feff}north", "U+FEFF"),
        ("north\u{200b}", "U+200B"),
    ] {
        let odd = TempFile::new("turn-secret-odd", contents);
        let in_file = refusal("generate", &["alice", "--secret-file", odd.0.to_str().unwrap()]);
        assert!(in_file.contains(character) && in_file.contains("turn-secret-odd"), "{in_file}");
    }
    assert!(
        environment("north\u{a0}")
            .contains("TURN_SECRET: the secret has the invisible character U+00A0")
    );
    let output = run("generate", &["alice", "--secret", "north\u{a0}"], &[]);
    check_login(text(&output.stdout), "north\u{a0}", ':', 3600);
    assert!(text(&output.stderr).starts_with("note: --secret begins or ends with"));

    let output = run_with("generate", &["alice", "--secret-file", "-"], &[], "from stdin\n");
    check_login(text(&output.stdout), "from stdin", ':', 3600);
    let twice = run_with("generate", &["--names", "-", "--secret-file", "-"], &[], "north\n");
    assert_eq!((twice.status.code(), text(&twice.stdout)), (Some(2), ""));
    assert!(text(&twice.stderr).contains("stdin is already read"), "{}", text(&twice.stderr));

    assert!(refusal("generate", &["alice"]).contains("TURN_SECRET"));
    refusal("generate", &["alice", "--secret", "x", "--secret-file", path]);
    let missing = refusal("generate", &["alice", "--secret-file", "no-such-file"]);
    assert!(missing.contains("no-such-file"));
    let empty = TempFile::new("turn-secret-empty", "\n\n");
    let empty = refusal("generate", &["alice", "--secret-file", empty.0.to_str().unwrap()]);
    assert!(empty.contains("empty"));
}

/// element-hq/element-web#32141, coturn/coturn#459 and matrix-org/synapse#7726: milliseconds.
#[test]
fn a_long_ttl_is_doubted() {
    for (ttl, doubt) in [
        ("86400000s", "note: --ttl 86400000s is 1000 days: did you mean 86400s?\n"),
        ("3600000", "note: --ttl 3600000s is over 41 days: did you mean 3600s?\n"),
        ("2678401s", "note: --ttl 2678401s is over 31 days: did you mean 2678s?\n"),
        ("31d", ""),
        ("60d", ""),
        ("2y", ""),
    ] {
        let output = run("generate", &["alice", "--secret", "north", "--ttl", ttl], &[]);
        assert_eq!((text(&output.stderr), output.status.code()), (doubt, Some(0)));
        assert_eq!(text(&output.stdout).lines().count(), 2);
    }
    for ttl in ["12y", "20y", "55y", "70y", "700y"] {
        let refused = refusal("generate", &["alice", "--secret", "north", "--ttl", ttl]);
        assert!(
            refused.contains("January 2038")
                && !refused.contains("milli")
                && !refused.contains("point"),
            "{refused}"
        );
    }
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
        &["alice", "--secret", "x", "--ttl", "0"],
        &["alice", "--secret", "x", "--ttl", "+5"],
        &["alice", "--secret", "x", "--ttl", "99999999999999999999"],
        &["alice", "--secret", "x", "--ttl", "soon"],
        &["alice", "--secret", "x", "--ttl", "1700000000s"],
        &["alice", "--secret", "x", "--ttl", "999999999999999999999y"],
        &["alice", "--secret", "x", "--skew", "--5s"],
        &["alice", "--secret", "x", "--separator", "--"],
        &["alice", "--secret", "x", "--separator", "7"],
        &["alice", "--secret", "x", "--format", "xml"],
        &["alice", "--secret", "x", "--format", "turn-uri", "--uri", "stun:a"],
        &["alice", "--secret", "x", "--no-such-option"],
        &["alice", "--secret", "x", "--names", "-"],
        &["--names", "no-such-file", "--secret", "x"],
        &["--names", "-", "--secret", "x", "--format", "link"],
    ] {
        let message = refusal("generate", args);
        assert!(!message.contains("::") && !message.contains('`'), "{message}");
    }
    for (args, advice) in [
        (&["a b", "--secret", "x"][..], "U+0020 at byte 1"),
        (&["a b", "--secret", "x"], "use --pseudonym"),
        (&["union select", "--secret", "x"], "use --pseudonym"),
        (&[&*"a".repeat(600), "--secret", "x"], "use --pseudonym"),
        (&["alice", "--secret", "x", "--ttl", "soon"], "--ttl <TIME>': not a time: type 90s"),
        (&["alice", "--secret", "x", "--ttl", "0"], "under one second"),
        (&["alice", "--secret", "x", "--ttl", "3600000000"], "milliseconds"),
        (&["alice", "--secret", "x", "--ttl", "1700000000"], "point in time"),
        (&["alice", "--secret", "x", "--separator", "7"], "--separator <CHAR>': give one ASCII"),
        (&["alice", "--secret", "x", "--layout", "expiry-only"], "omit the name"),
        (&["007", "--secret", "x", "--layout", "name-first"], "omit --layout name-first"),
        (&["a:b", "--secret", "x", "--layout", "name-first"], "another --separator"),
        (&["", "--secret", "x"], "--layout expiry-only"),
        (&[], "turn-credentials generate alice"),
        (&["a", "b"], "(see turn-credentials generate --help)"),
        (&["a", "--secret", "x", "--secret", "y"], "more than one secret"),
    ] {
        let message = refusal("generate", args);
        assert!(message.contains(advice), "{args:?}: {message}");
    }
    let pseudonym = stdout("generate", &["@o'neil:lab.test", "--secret", "north", "--pseudonym"]);
    assert!(check_login(&pseudonym, "north", ':', 3600).ends_with(":EI2CXv9xrigI8otF"));
    assert!(refusal("generate", &["-abc", "--secret", "x"]).contains("use '-- -a'"));
    check_login(&stdout("generate", &["--secret", "x", "--", "-abc"]), "x", ':', 3600);
    refusal("generate", &["a", "b\n\nc"]);
}
