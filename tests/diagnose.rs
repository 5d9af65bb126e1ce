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
