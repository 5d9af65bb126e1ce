//! What is said about a login: no secret, and nothing good that a server would refuse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turn_credentials::UnixTime;
use turn_credentials::diagnose::{Finding, Verdict, diagnose_with};
use turn_credentials_fuzz::{SEPARATOR, coturns_verdict, number, parts, text, username};

fuzz_target!(|data: &[u8]| {
    let [now, name, password, secrets] = parts(data);
    let (name, password) = (text(name), text(password));
    let now = number(now);
    // Whatever made the password is searched for in every form of each secret, which takes its time.
    let secrets: Vec<_> = secrets.split(|&byte| byte == SEPARATOR).take(2).collect();
    let right = username::password(secrets[secrets.len() - 1], name);
    if name.contains('|') {
        check('|', name, Some(&right), &secrets, now);
    }
    check(':', name, None, &secrets, now);
    check(':', name, Some(password), &secrets, now);
    let findings = check(':', name, Some(&right), &secrets, now);
    let decoded = name.replace("%40", "@").replace("%3A", ":");
    check(':', name, Some(&username::password(secrets[0], &decoded)), &secrets, now);
    // coturn accepts no empty username.
    if (1..=1024).contains(&name.len()) && i32::try_from(now).is_ok() {
        let expected = coturns_verdict(name, now).unwrap_or(Verdict::Depends);
        let smallest = findings.iter().map(Finding::verdict).min();
        assert_eq!(smallest, Some(expected), "{findings:?}");
        let first = findings[0].verdict();
        assert!(first == expected || expected == Verdict::Accepted, "{findings:?}");
    }
});

fn check(
    separator: char,
    name: &str,
    password: Option<&str>,
    secrets: &[&[u8]],
    now: u64,
) -> Vec<Finding> {
    let findings = diagnose_with(separator, name, password, secrets, UnixTime::from_secs(now));
    assert!(!findings.is_empty());
    let parsed = username::parse(separator, name);
    for finding in &findings {
        let shown =
            format!("{finding}\n{}\n{}\n{}", finding.advice(), finding.code(), finding.verdict());
        let named = parsed.and_then(|(_, name, _)| name);
        let hidden = secrets.iter().map(|secret| text(secret)).chain(password).chain(named);
        for hidden in hidden.filter(|hidden| is_telling(hidden)) {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    let accepted = findings.iter().find_map(|finding| match *finding {
        Finding::Accepted { secret, expires_at } => Some((secret, expires_at.as_secs())),
        _ => None,
    });
    let made: Vec<_> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    let is_made = password.is_some_and(|password| username::is_made(&made, name, password));
    let expiry = parsed.map(|(_, _, expiry)| expiry).filter(|&expiry| is_made && now <= expiry);
    assert_eq!(accepted.map(|(_, expiry)| expiry), expiry, "{findings:?}");
    if let Some((secret, _)) = accepted {
        assert_eq!(username::password(secrets[secret], name), password.unwrap());
    }
    findings
}

/// Longer than what is told by chance, and unlike the words of a finding.
fn is_telling(text: &str) -> bool {
    text.len() > 5
        && text.bytes().any(|byte| byte.is_ascii_uppercase() || byte > 0x7f)
        && !WORDS.contains(text)
}

const WORDS: &str = concat!(
    include_str!("../../src/diagnose/disguise.rs"),
    include_str!("../../src/diagnose/encoding.rs"),
    include_str!("../../src/diagnose/expiry.rs"),
    include_str!("../../src/diagnose/finding.rs"),
    include_str!("../../src/diagnose/hash.rs"),
    include_str!("../../src/diagnose/secret_form.rs"),
    include_str!("../../src/diagnose/signed.rs"),
    include_str!("../../src/diagnose/verdict.rs"),
    include_str!("../../src/diagnose/words.rs"),
);
