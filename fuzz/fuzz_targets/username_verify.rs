//! A keyring's answers, against another HMAC and another base64.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turn_credentials::{CandidateError, Keyring, SharedSecret, UnixTime, VerifyError};
use turn_credentials_fuzz::{SEPARATOR, number, parts, text, username};

fuzz_target!(|data: &[u8]| {
    let [username, password, now, change, secrets] = parts(data);
    let (username, now) = (text(username), number(now));
    let secrets: Vec<&[u8]> =
        secrets.split(|&byte| byte == SEPARATOR).filter(|secret| !secret.is_empty()).collect();
    let made = secrets.iter().map(|secret| SharedSecret::new(secret).unwrap());
    let Ok(keyring) = Keyring::from_secrets(made) else { return };

    let right = username::password(secrets[secrets.len() / 2], username);
    let mut changed = right.clone().into_bytes();
    if let [place, by, ..] = *change {
        changed[usize::from(place) % right.len()] ^= by & 0x7f;
    }
    let changed = String::from_utf8(changed).unwrap();
    let bare = right.trim_end_matches('=');
    for separator in [':', '|'] {
        let keyring = keyring.clone().with_separator(separator).unwrap();
        for password in [&right, &changed, bare, text(password)] {
            check(&keyring, &secrets, username, password, now);
        }
        let parsed = username::parse(separator, username);
        for now in [now, parsed.map_or(0, |(_, _, expiry)| expiry)] {
            let given = keyring.candidates_at(username, UnixTime::from_secs(now));
            let given = given.map(|(read, passwords)| {
                assert_eq!(read.to_string(), username);
                passwords.map(|password| password.as_str().to_owned()).collect()
            });
            assert_eq!(given, candidates(&secrets, username, parsed, now));
        }
    }
});

fn check(keyring: &Keyring, secrets: &[&[u8]], text: &str, password: &str, now: u64) {
    let made = username::is_made(secrets, text, password);
    let single = secrets.iter().map(|secret| SharedSecret::new(secret).unwrap());
    assert_eq!(single.into_iter().any(|secret| secret.accepts(text, password)), made);
    let expected = match username::parse(keyring.separator(), text) {
        _ if !made => Err(VerifyError::WrongPassword),
        None => Err(VerifyError::MalformedUsername),
        Some(parsed) => Ok(parsed),
    };
    let read = keyring.authenticate(text, password);
    let parts = read.map(|read| (read.layout(), read.name(), read.expires_at().as_secs()));
    assert_eq!(parts, expected);
    for now in [now, expected.map_or(0, |(_, _, expiry)| expiry)] {
        let verified = keyring.verify_at(text, password, UnixTime::from_secs(now));
        assert_eq!(
            verified,
            match expected {
                Ok((_, _, expiry)) if now > expiry => {
                    Err(VerifyError::Expired { expired_at: UnixTime::from_secs(expiry) })
                }
                _ => read,
            }
        );
    }
}

/// The passwords of the secrets, each secret once.
fn candidates(
    secrets: &[&[u8]],
    text: &str,
    parsed: Option<username::Parsed<'_>>,
    now: u64,
) -> Result<Vec<String>, CandidateError> {
    let (_, _, expiry) = parsed.ok_or(CandidateError::MalformedUsername)?;
    if now > expiry {
        return Err(CandidateError::Expired { expired_at: UnixTime::from_secs(expiry) });
    }
    let mut passwords = Vec::new();
    for secret in secrets {
        let password = username::password(secret, text);
        if !passwords.contains(&password) {
            passwords.push(password);
        }
    }
    Ok(passwords)
}
