//! Access tokens and their keys leave no copy in freed memory.

use std::mem::ManuallyDrop;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use memory::{assert_found, assert_gone, hmac_sha256_states};
use turn_credentials::UnixTime;
use turn_credentials::access_token::{self, AccessToken, AccessTokenError, AccessTokenKey};

const KEY: &[u8; 32] = b"Zq7-the-key-of-exactly-32-bytes.";
const RANDOM: [u8; 32] = *b"Wk3-what-the-generator-gave-us..";
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn key() -> AccessTokenKey {
    AccessTokenKey::new(7, KEY).unwrap()
}

#[test]
fn keys() {
    let states = hmac_sha256_states(KEY);
    for state in &states {
        assert_found(&[state], || drop(Box::new(ManuallyDrop::new(key()))));
    }
    let [inner, outer] = &states;
    assert_gone(&[KEY, inner, outer], || {
        drop(Box::new(key()).clone());
        assert!(AccessTokenKey::new(7, &KEY[..31]).is_err());
    });
}

#[test]
fn random_tokens() {
    let token = AccessToken::random(RANDOM);
    let wanted = [RANDOM.as_slice(), token.as_str().as_bytes()];
    assert_found(&wanted, || drop(token.as_str().to_owned()));
    assert_gone(&wanted, || {
        drop(AccessToken::random(RANDOM).clone());
        access_token::store_key(token.as_str())
    });
}

#[test]
fn issued_tokens() {
    let key = key();
    let issue = || key.issue_at("alice", HOUR, [9; 16], NOW).unwrap();
    let token = issue();
    let text = token.as_str();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let (_, mac) = bytes.split_last_chunk::<32>().unwrap();
    let wanted: [&[u8]; 2] = [text.as_bytes(), mac];
    let keys = [key.clone(), AccessTokenKey::new(7, [1; 32]).unwrap()];
    let verify = |text: &str, now| AccessToken::verify_at(text, &keys, now);

    assert_gone(&wanted, || {
        drop(issue().clone());
        assert!(key.issue_at(&"a".repeat(256), HOUR, [9; 16], NOW).is_err());
        assert!(key.issue_at("alice", Duration::ZERO, [9; 16], NOW).is_err());
        assert_eq!(verify(text, NOW).unwrap().subject(), "alice");
    });

    // A text that is refused may still be someone's token.
    let hour_later = UnixTime::from_secs(1_700_003_601);
    assert_gone(&wanted, || assert!(verify(text, hour_later).is_err()));
    let refused = |text: &str, keys: &[AccessTokenKey], error| {
        assert_gone(&wanted, || {
            assert_eq!(AccessToken::verify_at(text, keys, NOW).unwrap_err(), error);
        });
    };
    refused(text, &keys[1..], AccessTokenError::Forged);
    refused(text, &[], AccessTokenError::UnknownKey);
    let with = |end: &str| format!("{text}{end}");
    for malformed in [&with("\n"), &with("="), &with("AAAA"), &text[1..], &text[..text.len() - 1]] {
        assert_gone(&wanted, || assert!(verify(malformed, NOW).is_err()));
    }
}
