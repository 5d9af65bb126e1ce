//! `diagnose` names each mistake first, and accepts a login if and only if a keyring does.
#![allow(missing_docs)]

use proptest::prelude::*;
use turn_credentials::diagnose::{Finding, SecretForm, Verdict, diagnose_at, diagnose_with};
use turn_credentials::{Keyring, SharedSecret, UnixTime};

mod mistakes;
#[path = "reference/coturn.rs"]
mod reference;

use mistakes::{Answer, SECRETS};

const NOW: u64 = 1_795_651_200;

fn secrets() -> [&'static [u8]; SECRETS.len()] {
    SECRETS.map(str::as_bytes)
}

fn diagnosed(username: &str, password: &str) -> Vec<Finding> {
    diagnose_at(username, Some(password), &secrets(), UnixTime::from_secs(NOW))
}

#[test]
fn mistakes_are_named() {
    let mut missed = Vec::new();
    for mistake in mistakes::all(NOW) {
        let findings = diagnosed(&mistake.username, &mistake.password);
        let codes: Vec<_> = findings.iter().map(Finding::code).collect();
        let answers = match findings[0].verdict() {
            Verdict::Accepted => {
                mistake.answer == Answer::Relay || mistake.answer == Answer::Either
            }
            Verdict::Unauthorized => matches!(mistake.answer, Answer::Code(401) | Answer::Either),
            Verdict::BadRequest => mistake.answer == Answer::Code(400),
            _ => mistake.answer == Answer::Either,
        };
        if codes[0] != mistake.code || !answers {
            missed.push(format!("{}: {codes:?} {:?}", mistake.code, findings[0].verdict()));
        }
        for finding in findings {
            assert!(!finding.to_string().is_empty() && !finding.advice().is_empty());
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// All mistakes in a login are found, not only the first.
#[test]
fn several_mistakes() {
    let codes = |username: &str, password: &str| -> Vec<_> {
        diagnosed(username, password).iter().map(Finding::code).collect()
    };
    let (live, expired) = (format!("{}:alice", NOW + 3600), format!("{}:alice", NOW - 90));
    let line_end = mistakes::password("north\n", &expired);
    assert_eq!(codes(&expired, &line_end), ["expired", "secret-line-end"]);
    let unpadded = mistakes::password("north\n", "alice");
    let unpadded = unpadded.trim_end_matches('=');
    let expected = ["password-unpadded", "secret-line-end", "signed-name"];
    assert_eq!(codes(&live, unpadded), expected);
    // None of the secrets made this password: it is hex, of as many bytes as a SHA-256 has.
    let expected = ["password-hex", "hash-sha256", "secret-other"];
    assert_eq!(codes(&live, &"0123456789abcdef".repeat(4)), expected);
    let matrix = format!("{}:@alice:lab.test", NOW + 3600);
    let password = mistakes::password("north", &matrix);
    assert_eq!(codes(&matrix, &password), ["accepted", "username-separator-in-name"]);
    assert_eq!(codes(&"1".repeat(2000), &password), ["username-too-long"]);
    // The username was quoted after it had been signed, and the login has expired.
    let password = mistakes::password("north", &expired);
    assert_eq!(codes(&format!("\"{expired}\""), &password), ["username-quoted", "expired"]);
    // `diagnose` does not try an empty name as the signed text.
    let nothing = mistakes::password("north", "");
    let expected = ["secret-other", "username-empty-name"];
    assert_eq!(codes(&format!("{}:", NOW + 3600), &nothing), expected);
}

/// All findings for usernames whose password is right. `E` stands for an expiry in one hour.
#[test]
fn everything_told_of_a_username() {
    let e = NOW + 3600;
    for (username, codes) in [
        ("E:a", &["accepted"] as &[_]),
        ("E:E", &["accepted"]),
        ("E:", &["username-empty-name"]),
        ("E", &["accepted", "username-bare-expiry"]),
        ("a:E", &["accepted", "username-name-first"]),
        (".5:E", &["accepted", "username-name-first"]),
        ("a:b:E", &["username-separator-in-first-name"]),
        ("::E", &["username-separator-in-first-name"]),
        ("a:b:E.5", &["username-separator-in-first-name", "expiry-fraction"]),
        ("a:b:Ex", &["username-no-expiry"]),
        ("a:b:17", &["username-no-expiry"]),
        (":E", &["expiry-junk"]),
        ("a:Ex", &["expiry-junk"]),
        ("a:1795651199x", &["expiry-junk", "expired"]),
        ("a:+Ex", &["expiry-junk"]),
        ("a:-Ex", &["expiry-junk"]),
        ("Ea", &["expiry-junk"]),
        ("E%a", &["expiry-junk"]),
        ("+Ea", &["expiry-junk"]),
        ("+2400000000a", &["expiry-junk"]),
        ("+Ea\u{1}", &["username-control-character", "expiry-junk"]),
        ("E|", &["username-other-separator"]),
        ("E_a", &["username-other-separator"]),
        ("a.E", &["username-other-separator"]),
        ("aE", &["username-no-expiry"]),
        ("a%E", &["username-no-expiry"]),
        // A number of nine digits is not read as a time.
        ("a.123456789", &["username-no-expiry"]),
        ("123456789.a", &["username-no-expiry"]),
        ("a:123456789x", &["username-no-expiry"]),
        ("a:123456789", &["expiry-is-ttl", "username-name-first"]),
        ("0123456789:a", &["expiry-is-ttl", "expiry-leading-zeros"]),
        ("0:a", &["expiry-is-ttl"]),
        ("00:a", &["expiry-is-ttl", "expiry-leading-zeros"]),
        ("0E:a", &["expiry-leading-zeros"]),
        ("+E:E", &["expiry-sign"]),
        ("-42:E", &["username-name-first"]),
        ("999999999:E", &["username-number-first"]),
        ("1000000000:E", &["expired"]),
        ("2147483647:E", &["expiry-years-ahead", "accepted"]),
        ("2147483648:E", &["expiry-after-2038"]),
        ("42:1795651199", &["username-number-first", "expired"]),
        ("999999999:a", &["expiry-is-ttl"]),
        ("1000000000:a", &["expired"]),
        ("1795651199:a", &["expired"]),
        ("1795651199|a", &["expired", "username-other-separator"]),
        // coturn does not read this expiry.
        ("1795651199|@a:b.example", &["username-other-separator", "expired"]),
        ("a|1795651199", &["username-other-separator", "expired"]),
        ("1795651199:a\u{1}b", &["expired", "username-control-character"]),
        ("0001795651199:a", &["expired", "expiry-leading-zeros"]),
        ("1795651199.5:a", &["expiry-fraction", "expired"]),
        ("1795651200:a", &["accepted", "expiry-last-second"]),
        ("1795651201:a", &["accepted"]),
        ("1827273600:a", &["accepted"]),
        ("1827273601:a", &["expiry-years-ahead", "accepted"]),
        ("2147483648:a", &["expiry-after-2038"]),
        ("99999999999:a", &["expiry-after-2038"]),
        ("100000000000:a", &["expiry-milliseconds"]),
        ("99999999999999:a", &["expiry-milliseconds"]),
        ("100000000000000:a", &["expiry-microseconds"]),
        ("99999999999999999:a", &["expiry-microseconds"]),
        ("100000000000000000:a", &["expiry-nanoseconds"]),
        ("a b:E", &["username-forbidden-character", "username-name-first"]),
        ("E:a\u{1}b c", &["username-forbidden-character"]),
        ("E:a\u{1}b", &["username-control-character"]),
        ("E:a\0b", &["username-control-character"]),
        ("E:a\0b c", &["username-control-character"]),
        ("E:a b\0c", &["username-forbidden-character", "username-control-character"]),
        ("E%3Aa\0b", &["username-percent-encoded", "username-control-character"]),
        ("E:union\0select", &["username-control-character"]),
        ("E:unionselect", &["username-union-select"]),
        ("E:union\u{1}select", &["username-union-select", "username-control-character"]),
        ("E:union select", &["username-union-select", "username-forbidden-character"]),
        ("\"E:unionselect\"", &["username-union-select", "username-quoted"]),
        ("1795651199:unionselect", &["username-union-select", "expired"]),
        ("\"1795651199:a\"", &["username-quoted", "expired"]),
        ("\"2147483648:a\"", &["username-quoted", "expiry-after-2038"]),
        ("\"a\"", &["username-quoted"]),
        ("E\n", &["username-line-end"]),
        ("E%3Aa", &["username-percent-encoded"]),
        ("E:a%20b", &["accepted"]),
        ("1795651199%3Aa", &["username-percent-encoded", "expired"]),
    ] {
        let username = username.replace('E', &e.to_string());
        let findings = diagnosed(&username, &mistakes::password("north", &username));
        let told: Vec<_> = findings.iter().map(Finding::code).collect();
        assert_eq!(told, codes, "{username:?}");
    }
    // The clock of a machine without a clock battery starts in 1970.
    let early = UnixTime::from_secs(5);
    assert!(diagnose_at("5:a", None, &[], early).contains(&Finding::LastSecond));
    // Of two control characters, the one that matters is named.
    let username = "1795654800:a\u{1}b\0c";
    let findings = diagnosed(username, &mistakes::password("north", username));
    let nul = Finding::ControlCharacter { index: 14, verdict: Verdict::Unauthorized };
    assert_eq!(findings, [nul]);
    // coturn reads the sign with `atol`, and then its comparison overflows.
    let negative = format!("a:-{e}");
    let findings = diagnosed(&negative, &mistakes::password("north", &negative));
    assert_eq!(findings[0].verdict(), Verdict::Depends);
}

#[test]
fn lengths() {
    let username = |len: usize| format!("{}:{}", NOW + 3600, "a".repeat(len - 11));
    let told = |username: &str, password: &str| -> Vec<_> {
        let findings = diagnosed(username, password);
        findings.iter().map(|finding| (finding.code(), finding.verdict())).collect()
    };
    let too_long = |verdict| ("username-too-long", verdict);
    let other = ("secret-other", Verdict::Unauthorized);
    for (len, right, wrong) in [
        (512, &[too_long(Verdict::Depends)], &[other, too_long(Verdict::Depends)] as &[_]),
        (513, &[too_long(Verdict::Unauthorized)], &[too_long(Verdict::Unauthorized), other]),
        // A username over 1024 bytes is not examined.
        (1024, &[too_long(Verdict::Unauthorized)], &[too_long(Verdict::Unauthorized), other]),
        (1025, &[too_long(Verdict::Unauthorized)], &[too_long(Verdict::Unauthorized)]),
    ] {
        let username = username(len);
        assert_eq!(told(&username, &mistakes::password("north", &username)), right, "{len}");
        assert_eq!(told(&username, &mistakes::password("elsewhere", &username)), wrong, "{len}");
    }

    let expired = ("expired", Verdict::Unauthorized);
    for (len, codes) in [
        (1024, &[too_long(Verdict::Unauthorized), expired] as &[_]),
        (1025, &[too_long(Verdict::Unauthorized)]),
    ] {
        let username = format!("{}:{}", NOW - 90, "a".repeat(len - 11));
        assert_eq!(told(&username, &mistakes::password("north", &username)), codes, "{len}");
    }

    // coturn would ignore what follows the digits, but not the length.
    for (len, verdict, encoded) in [
        (512, Verdict::Depends, Verdict::Accepted),
        (513, Verdict::Unauthorized, Verdict::Unauthorized),
    ] {
        let username = format!("{}%3A{}", NOW + 3600, "a".repeat(len - 13));
        let codes = told(&username, &mistakes::password("north", &username));
        assert_eq!(codes, [too_long(verdict), ("username-percent-encoded", encoded)], "{len}");
    }

    let username = username(16);
    let right = mistakes::password("north", &username);
    for (len, code) in [(256, "password-blanks"), (257, "password-not-made")] {
        assert_eq!(told(&username, &format!("{right:<len$}"))[0].0, code, "{len}");
    }
    // Base64 of 5, 6, 17 and 18 bytes.
    for (len, code) in [
        (7, "password-not-made"),
        (8, "password-truncated"),
        (27, "password-unpadded"),
        (24, "password-truncated"),
    ] {
        assert_eq!(told(&username, &right[..len])[0].0, code, "{len}");
    }
}

/// Texts with values in them.
#[test]
fn texts() {
    let expires_at = UnixTime::from_secs(1_700_000_000);
    let after_2038 = |verdict| Finding::After2038 { verdict };
    for (finding, text) in [
        (Finding::Accepted { secret: 0, expires_at }, "until 1700000000 (Unix seconds): secret 1"),
        (Finding::Unproven { expires_at }, "this username until 1700000000 (Unix seconds)"),
        (Finding::EmptySecret { secret: 8 }, "secret 9 is empty"),
        (Finding::ForbiddenCharacter { character: '"', index: 7 }, "U+0022 at byte 7"),
        (
            Finding::ControlCharacter { index: 7, verdict: Verdict::Accepted },
            "control character at byte 7",
        ),
        (Finding::TooLong { len: 600 }, "has 600 bytes"),
        (after_2038(Verdict::Accepted), "an earlier time that is still ahead"),
        (after_2038(Verdict::Depends), "an optimised build"),
        (after_2038(Verdict::Unauthorized), "and treats it as expired"),
        (Finding::YearsAhead { expires_at }, "until 1700000000 (Unix seconds)"),
        (
            Finding::OtherSeparator { separator: '|', verdict: Verdict::Accepted },
            "separated by `|`",
        ),
        (
            Finding::Secret { secret: 1, form: SecretForm::CrLf },
            "secret 2 made this password, but with CR and LF after it",
        ),
        (Finding::OtherSecret, "none of these secrets produces"),
    ] {
        assert!(finding.to_string().contains(text), "{finding}");
        assert!(!finding.advice().is_empty(), "{finding}");
    }
    for (verdict, text) in [
        (Verdict::BadRequest, "coturn refuses it with 400"),
        (Verdict::Unauthorized, "coturn refuses it with 401"),
        (Verdict::Depends, "it depends on coturn's version or build, or on what was not given"),
        (Verdict::Accepted, "coturn accepts it"),
    ] {
        assert_eq!(verdict.to_string(), text);
    }
}

/// The age of an expired login is given in a suitable unit; only a recent one suggests the clocks.
#[test]
fn ages() {
    for (secs_ago, ago, clocks) in [
        (1, "1 second ago", true),
        (119, "119 seconds ago", true),
        (120, "2 minutes ago", true),
        (900, "15 minutes ago", true),
        (901, "15 minutes ago", false),
        (7199, "119 minutes ago", false),
        (7200, "2 hours ago", false),
        (172_799, "47 hours ago", false),
        (172_800, "2 days ago", false),
    ] {
        let expired_at = UnixTime::from_secs(NOW - secs_ago);
        let finding = Finding::Expired { expired_at, secs_ago };
        assert_eq!(
            diagnose_at(&format!("{}:a", NOW - secs_ago), None, &[], UnixTime::from_secs(NOW)),
            [finding]
        );
        assert!(finding.to_string().contains(ago), "{finding}");
        assert_eq!(finding.to_string().contains("clocks may differ"), clocks, "{finding}");
        assert_eq!(finding.advice().contains("compare the clocks"), clocks, "{secs_ago}");
    }
}

fn username() -> impl Strategy<Value = String> {
    let expiry = prop_oneof![NOW - 2..NOW + 3, any::<u64>(), Just(NOW + 3600)];
    let text = "[-+0-9a:|. \"%\u{1}é]{0,12}";
    prop_oneof![
        (expiry.clone(), text).prop_map(|(expiry, text)| format!("{expiry}:{text}")),
        (expiry.clone(), text).prop_map(|(expiry, text)| format!("{text}:{expiry}")),
        (expiry, text).prop_map(|(expiry, text)| format!("{text}{expiry}{text}")),
        text.prop_map(String::from),
    ]
}

proptest! {
    /// `diagnose` accepts a login if and only if a keyring does.
    #[test]
    fn good_is_good(username in username(), at in 0..SECRETS.len(), spoil in any::<bool>()) {
        let now = UnixTime::from_secs(NOW);
        let mut password = mistakes::password(SECRETS[at], &username);
        if spoil {
            password.pop();
        }
        let keyring = SECRETS.map(|secret| SharedSecret::new(secret).unwrap());
        let keyring = Keyring::from_secrets(keyring).unwrap();
        let findings = diagnosed(&username, &password);
        let accepted = findings.iter().find_map(|finding| match *finding {
            Finding::Accepted { secret, expires_at } => Some((secret, expires_at)),
            _ => None,
        });
        let verified = keyring.verify_at(&username, &password, now).ok();
        prop_assert_eq!(accepted, verified.map(|username| (at, username.expires_at())));
        if accepted.is_some() {
            prop_assert_eq!(findings[0].verdict(), Verdict::Accepted);
        }
    }

    /// Any input gives at least one finding, and no finding shows the password or the name.
    #[test]
    fn there_is_an_answer(
        username in "\\PC{0,40}|[0-9]{10}:Xavier",
        password in "\\PC{12,40}",
        secret in any::<Vec<u8>>(),
    ) {
        let secrets: [&[u8]; 1] = [&secret];
        let now = UnixTime::from_secs(NOW);
        for secrets in [&secrets[..], &[]] {
            for password in [None, Some(password.as_str())] {
                let findings = diagnose_at(&username, password, secrets, now);
                prop_assert!(!findings.is_empty());
                for finding in findings {
                    let shown = format!("{finding} {finding:?} {}", finding.advice());
                    prop_assert!(!shown.contains("Xavier"));
                    prop_assert!(password.is_none_or(|password| !shown.contains(password)));
                }
            }
        }
    }
}

/// Logins from public bug reports, which `source` names.
#[test]
fn reported_logins() {
    for (source, username, secret, password, code) in [
        (
            "processone/eturnal#34",
            "1735686000",
            "inventis",
            "6rj3WhfZzhmc8DjnI2aHs8cyd5o=",
            "expired",
        ),
        (
            "mycrl/turn-rs#142",
            "1758043070:user1",
            "test",
            "vwfHd0K5rArXhTVXACrp/KU6Lwo=",
            "expired",
        ),
    ] {
        let now = UnixTime::from_secs(NOW);
        let findings = diagnose_at(username, Some(password), &[secret.as_bytes()], now);
        let codes: Vec<_> = findings.iter().map(Finding::code).collect();
        // The password is right, so no finding is about a secret.
        assert!(!codes.iter().any(|code| code.starts_with("secret")), "{source}: {codes:?}");
        assert_eq!(codes[0], code, "{source}");
    }
    for (source, username, code) in [
        ("coturn/coturn#493", "ninefingers:1582164948", "expired"),
        ("coturn/coturn#888", "1644736502:test", "expired"),
        ("bigbluebutton/bigbluebutton#546", "1423256629586:qrdvj4ucujrb", "expiry-milliseconds"),
        ("coturn/coturn#459", "1882034642:alice", "expiry-years-ahead"),
    ] {
        let findings = diagnose_at(username, None, &[], UnixTime::from_secs(NOW));
        assert_eq!(findings[0].code(), code, "{source}");
    }
}

/// Each form of a secret makes the same password as the bytes that it stands for.
#[test]
fn secret_forms() {
    let made = |form: SecretForm, secret: &str| {
        let secret = form.apply(secret.as_bytes())?;
        Some(secret.password_for("1700000000:alice").as_str().to_owned())
    };
    for (form, secret, other) in [
        (SecretForm::LineEnd, "north", "north\n"),
        (SecretForm::Trimmed, "\u{feff}north \r\n", "north"),
        (SecretForm::Unquoted, "\"north\"", "north"),
        (SecretForm::FromConfigFile, "== \"north\" ", "north"),
        (SecretForm::FromConfigFile, "north\u{b}", "north"),
        (SecretForm::HexDecoded, "6e6F727468", "north"),
        (SecretForm::Base64Decoded, "bm9ydGg=", "north"),
        (SecretForm::Base64Decoded, "bm9ydGg", "north"),
        (SecretForm::HexEncoded, "north", "6e6f727468"),
        (SecretForm::Base64Encoded, "north", "bm9ydGg="),
    ] {
        assert_eq!(
            made(form, secret),
            Some(mistakes::password(other, "1700000000:alice")),
            "{form}"
        );
    }
    for (form, secret) in [
        (SecretForm::Trimmed, "north"),
        (SecretForm::Trimmed, " \n"),
        (SecretForm::Unquoted, "\"\""),
        (SecretForm::Unquoted, "\"north'"),
        (SecretForm::FromConfigFile, "north"),
        (SecretForm::HexDecoded, "6e6"),
        (SecretForm::HexDecoded, "north!"),
        (SecretForm::Base64Decoded, "no/th?"),
        (SecretForm::CutAt256, "north"),
        (SecretForm::HexEncoded, ""),
    ] {
        assert_eq!(made(form, secret), None, "{form}");
    }
}

/// Texts of megabytes are refused by their length.
#[test]
fn huge_texts() {
    let huge = "1".repeat(10_000_000);
    let plain = format!("{}:alice", NOW + 3600);
    for (username, password, code) in [
        (format!("{}:{huge}", NOW + 3600), "hunter2", "username-too-long"),
        (huge.clone(), &*huge, "username-too-long"),
        (plain, &*huge, "password-not-made"),
    ] {
        assert_eq!(diagnosed(&username, password)[0].code(), code);
    }
}

fn odd_username() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[-+]?(0{1,3})?".prop_flat_map(|sign| {
            prop_oneof![NOW - 2..NOW + 3, NOW + 3600..NOW + 3601, any::<u64>(), 0_u64..99]
                .prop_map(move |number| format!("{sign}{number}"))
        }),
        (NOW..NOW + 99).prop_map(|expiry| (expiry + (1 << 32)).to_string()),
        (NOW..NOW + 99_999_999).prop_map(|expiry| (expiry * 1000).to_string()),
        "[0-9]{1,20}|[0-9]{1,3}[.][0-9]{1,3}|[-+.0-9a-e|% ]{0,6}",
        Just(String::from("union")),
        Just(String::from("Select")),
        "[\0\u{1}\t\u{b}\u{c}' \u{85}]",
    ];
    let mark = "[:|:.;,%-]?(3A)?";
    prop_oneof![
        (part.clone(), mark, part.clone()).prop_map(|(a, mark, b)| format!("{a}{mark}{b}")),
        (part.clone(), part.clone(), part).prop_map(|(a, b, c)| format!("{a}:{b}:{c}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// coturn answers with the smallest verdict, which is the verdict of the first finding.
    #[test]
    fn verdicts_are_coturns(username in odd_username()) {
        prop_assume!(!username.is_empty());
        let findings = diagnosed(&username, &mistakes::password("north", &username));
        let smallest = findings.iter().map(Finding::verdict).min().unwrap();
        let expected = reference::verdict(&username, NOW).unwrap_or(Verdict::Depends);
        prop_assert_eq!(smallest, expected, "{:?} {:?}", username, findings);
        let first = findings[0].verdict();
        prop_assert!(first == expected || expected == Verdict::Accepted, "{:?} {:?}", username, findings);
    }
}

/// What was encoded after it was signed is not the login that the secret made.
#[test]
fn encoded_after_it_was_signed() {
    let findings = diagnosed("1795654800:a%40b", &mistakes::password("north", "1795654800:a@b"));
    let codes: Vec<_> = findings.iter().map(Finding::code).collect();
    assert_eq!(codes, ["username-percent-encoded"]);
}

/// After January 2038, no login is good.
#[test]
fn a_clock_after_2038() {
    for now in [1 << 31, 3_000_000_000, NOW * 1000, u64::MAX] {
        for username in ["0:a", "430112251", "2147483647:alice", "x"] {
            let now = UnixTime::from_secs(now);
            let password = mistakes::password("north", username);
            let findings = diagnose_at(username, Some(&password), &secrets(), now);
            assert_eq!(findings[0].verdict(), Verdict::Unauthorized, "{username} {findings:?}");
            assert!(!findings.iter().any(|finding| finding.code() == "accepted"), "{findings:?}");
        }
    }
}

/// coturn accepts any separator; this crate mints with punctuation only.
#[test]
fn a_separator_that_only_coturn_accepts() {
    let now = UnixTime::from_secs(NOW);
    let told = |username: &str, password: Option<&str>| {
        let findings = diagnose_with('x', username, password, &secrets(), now);
        findings.iter().map(Finding::code).collect::<Vec<_>>()
    };
    let right = |username| told(username, Some(&mistakes::password("north", username)));
    assert_eq!(right("1795654800xalice"), ["accepted"]);
    assert_eq!(right("1795654800xalexa"), ["accepted", "username-separator-in-name"]);
    assert_eq!(right("alicex1795654800"), ["accepted", "username-name-first"]);
    // As with `:`, what only coturn accepts is not called right.
    assert_eq!(right("0001795654800xalice"), ["expiry-leading-zeros"]);
    assert_eq!(right("alicex+1795654800"), ["expiry-sign", "username-name-first"]);
    assert_eq!(right("1795654800x"), ["username-empty-name"]);
    assert_eq!(told("1795654800xalice", Some("wrong")), ["password-not-made"]);
    assert_eq!(told("1795654800xalice", None), ["unproven"]);
}

/// Without a password or without a secret, no login is called good.
#[test]
fn unproven() {
    let shaped = mistakes::password("elsewhere", "");
    for username in ["E:alice", "E|alice", "000E:alice", "alice:+E", "E.5", ":E", "E:", "E"] {
        let username = username.replace('E', &(NOW + 3600).to_string());
        for password in [None, Some(&*shaped)] {
            let findings = diagnose_at(&username, password, &[], UnixTime::from_secs(NOW));
            let expires_at = UnixTime::from_secs(NOW + 3600);
            assert!(
                findings.contains(&Finding::Unproven { expires_at }),
                "{username} {findings:?}"
            );
            let verdict = findings.iter().map(Finding::verdict).min();
            assert_eq!(verdict, Some(Verdict::Depends), "{username}");
        }
        let findings = diagnose_at(&username, Some("hunter2"), &[], UnixTime::from_secs(NOW));
        assert_eq!(findings[0], Finding::NotMade, "{username}");
        let is_unproven = |finding: &Finding| matches!(finding, Finding::Unproven { .. });
        assert!(!findings.iter().any(is_unproven), "{username} {findings:?}");
    }
}

/// coturn reads only 1004 bytes of a secret from its config file.
#[test]
fn a_secret_cut_by_the_config_file() {
    let (secret, username) = ("k".repeat(4000), format!("{}:alice", NOW + 3600));
    let password = mistakes::password(&secret[..1004], &username);
    let now = UnixTime::from_secs(NOW);
    let findings = diagnose_at(&username, Some(&password), &[secret.as_bytes()], now);
    assert_eq!(findings, [Finding::Secret { secret: 0, form: SecretForm::CutAt1004 }]);
}

/// HMAC pads a key with zero bytes, so a secret of zero bytes gives the same MACs as an empty one.
#[test]
fn a_secret_like_the_empty_one() {
    let username = format!("{}:alice", NOW + 3600);
    let password = mistakes::password("\0", &username);
    for secrets in [[&b""[..], b"\0"], [b"\0", b""]] {
        let now = UnixTime::from_secs(NOW);
        let findings = diagnose_at(&username, Some(&password), &secrets, now);
        let accepted = |finding: &Finding| matches!(finding, Finding::Accepted { .. });
        assert!(findings.iter().any(accepted), "{findings:?}");
    }
}
