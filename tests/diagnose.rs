//! Each mistake is named first; what is called good, a keyring accepts.
#![allow(missing_docs)]

use proptest::prelude::*;
use turn_credentials::diagnose::{Finding, SecretForm, Verdict, diagnose_at};
use turn_credentials::{Keyring, SharedSecret, UnixTime};

mod mistakes;

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

/// Everything is told, not only what is first.
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
    // No secret here made it, and it is the hex of as many bytes as SHA-256 has.
    let expected = ["password-hex", "hash-sha256", "secret-other"];
    assert_eq!(codes(&live, &"0123456789abcdef".repeat(4)), expected);
    let matrix = format!("{}:@alice:lab.test", NOW + 3600);
    let password = mistakes::password("north", &matrix);
    assert_eq!(codes(&matrix, &password), ["accepted", "username-separator-in-name"]);
    assert_eq!(codes(&"1".repeat(2000), &password), ["username-too-long"]);
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
    /// What it calls good, a keyring accepts, and the other way round.
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

    /// Whatever is given, there is an answer, and it shows neither the password nor the name.
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

/// Logins of public reports; `source` says which.
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
        // The password is right: nothing else is the matter.
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

/// A secret's forms, by the bytes that they are told to be.
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

/// Texts of megabytes are told from their length.
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

/// How coturn answers a username whose password is right; `None` where its build or version decides.
fn coturn(username: &str, now: u64) -> Option<Verdict> {
    let lower = username.to_ascii_lowercase();
    if username.contains([' ', '\t', '\r', '\n', '\'', '"', '\\'])
        || (lower.contains("union") && lower.contains("select"))
    {
        return Some(Verdict::BadRequest);
    }
    if username.len() > 512 || username.contains('\0') {
        return Some(Verdict::Unauthorized);
    }
    let number = match username.split_once(':') {
        Some((first, _)) if !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()) => first,
        Some((_, rest)) => rest,
        None => username,
    };
    let (is_negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    let most = if is_negative { i128::from(i64::MIN) } else { i128::from(i64::MAX) };
    let value = match digits {
        "" => 0,
        digits if digits.trim_start_matches('0').len() > 30 => most,
        digits => {
            let value: i128 = digits.parse().unwrap_or(i128::MAX);
            if is_negative { (-value).max(most) } else { value.min(most) }
        }
    };
    let expiry = value.rem_euclid(1 << 32);
    let signed = if expiry >= 1 << 31 { expiry - (1 << 32) } else { expiry };
    let difference = (expiry - i128::from(now)).rem_euclid(1 << 32);
    match (signed >= i128::from(now), difference < 1 << 31) {
        (true, true) => Some(Verdict::Accepted),
        (false, false) => Some(Verdict::Unauthorized),
        _ => None,
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
    ];
    let mark = "[:|:.;,%-]?(3A)?";
    prop_oneof![
        (part.clone(), mark, part.clone()).prop_map(|(a, mark, b)| format!("{a}{mark}{b}")),
        (part.clone(), part.clone(), part).prop_map(|(a, b, c)| format!("{a}:{b}:{c}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The smallest verdict, which is the first finding's, is what coturn answers.
    #[test]
    fn verdicts_are_coturns(username in odd_username()) {
        prop_assume!(!username.is_empty() && !username.contains('\0'));
        let findings = diagnosed(&username, &mistakes::password("north", &username));
        let smallest = findings.iter().map(Finding::verdict).min().unwrap();
        let expected = coturn(&username, NOW).unwrap_or(Verdict::Depends);
        prop_assert_eq!(smallest, expected, "{:?} {:?}", username, findings);
        let first = findings[0].verdict();
        prop_assert!(first == expected || expected == Verdict::Accepted, "{:?} {:?}", username, findings);
    }
}

/// A password that nothing was compared with is not called good.
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
    }
}

/// coturn's config file holds 1004 bytes of a secret.
#[test]
fn a_secret_cut_by_the_config_file() {
    let (secret, username) = ("k".repeat(4000), format!("{}:alice", NOW + 3600));
    let password = mistakes::password(&secret[..1004], &username);
    let now = UnixTime::from_secs(NOW);
    let findings = diagnose_at(&username, Some(&password), &[secret.as_bytes()], now);
    assert_eq!(findings, [Finding::Secret { secret: 0, form: SecretForm::CutAt1004 }]);
}
