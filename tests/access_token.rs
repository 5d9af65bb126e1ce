//! Access tokens: known answers, every reason to refuse a token, and properties of all tokens.
#![allow(missing_docs)]
#![cfg(feature = "access-token")]

use core::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use turn_credentials::UnixTime;
use turn_credentials::access_token::{
    AccessToken, AccessTokenError, AccessTokenKey, DEFAULT_TTL, store_key,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn key(id: u32) -> AccessTokenKey {
    AccessTokenKey::new(id, [u8::try_from(id).unwrap(); 32]).unwrap()
}

fn issue(subject: &str) -> AccessToken {
    key(1).issue_at(subject, DEFAULT_TTL, [9; 16], NOW).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |place| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn known_answers() {
    let file: Value = serde_json::from_str(include_str!("vectors/access_tokens.json")).unwrap();
    let cases = file["tests"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let [subject, token] = ["subject", "token"].map(|name| case[name].as_str().unwrap());
        let [secret, random] = ["key", "random"].map(|name| unhex(case[name].as_str().unwrap()));
        let id = u32::try_from(case["key_id"].as_u64().unwrap()).unwrap();
        let key = AccessTokenKey::new(id, secret).unwrap();
        let expiry = case["expires_at"].as_u64().unwrap();
        let (now, second) = (UnixTime::from_secs(expiry - 1), Duration::from_secs(1));
        let issued = key.issue_at(subject, second, random.try_into().unwrap(), now).unwrap();
        assert_eq!(issued.as_str(), token);
        let grant = AccessToken::verify_at(token, &[key], now).unwrap();
        assert_eq!((grant.subject(), grant.valid_until().as_secs()), (subject, expiry));
    }
}

#[test]
fn each_reason_to_refuse() {
    let token = issue("alice");
    let verdict = |text: &str, keys: &[AccessTokenKey], secs: u64| {
        AccessToken::verify_at(text, keys, UnixTime::from_secs(secs)).map(|_| ())
    };
    let (now, expiry) = (1_700_000_000, 1_700_003_600);
    assert_eq!(verdict(token.as_str(), &[key(2), key(1)], now), Ok(()));
    assert_eq!(verdict(token.as_str(), &[key(1)], expiry), Ok(()));
    let expired_at = UnixTime::from_secs(expiry);
    let expired = Err(AccessTokenError::Expired { expired_at });
    assert_eq!(verdict(token.as_str(), &[key(1)], expiry + 1), expired);

    assert_eq!(verdict(token.as_str(), &[key(2)], now), Err(AccessTokenError::UnknownKey));
    assert_eq!(verdict(token.as_str(), &[], now), Err(AccessTokenError::UnknownKey));
    let other = AccessTokenKey::new(1, [3; 32]).unwrap();
    assert_eq!(verdict(token.as_str(), &[other.clone(), key(1)], now), Ok(()), "an id used twice");
    assert_eq!(verdict(token.as_str(), &[other], expiry + 1), Err(AccessTokenError::Forged));

    let text = token.as_str();
    let longest = "A".repeat(AccessToken::MAX_LEN);
    for malformed in [
        "",
        "A",
        "!",
        &text[..40],
        &format!("{text}="),
        &format!(" {text}"),
        &format!("B{}", &text[1..]),
        &format!("{longest}A"),
        AccessToken::random([7; 32]).as_str(),
    ] {
        assert_eq!(
            verdict(malformed, &[key(1)], now),
            Err(AccessTokenError::Malformed),
            "{malformed}"
        );
    }
}

#[test]
fn limits() {
    assert_eq!(AccessTokenKey::new(1, [0; 31]).unwrap_err(), AccessTokenError::ShortKey);
    let longest = "s".repeat(255);
    assert_eq!(issue(&longest).as_str().len(), AccessToken::MAX_LEN);
    assert_eq!(AccessToken::MAX_LEN, 422);
    let issue = |subject: &str, ttl| key(1).issue_at(subject, ttl, [9; 16], NOW).map(|_| ());
    assert_eq!(issue(&(longest + "s"), DEFAULT_TTL), Err(AccessTokenError::LongSubject));
    assert_eq!(issue("a", Duration::from_millis(999)), Err(AccessTokenError::Ttl));
    assert_eq!(issue("a", Duration::MAX), Err(AccessTokenError::Ttl));
    let longest = u64::MAX - NOW.as_secs();
    assert_eq!(issue("a", Duration::from_secs(longest)), Ok(()));
    assert_eq!(issue("a", Duration::from_secs(longest + 1)), Err(AccessTokenError::Ttl));
}

/// A token has 64 bits for its expiry, and no TURN server reads the token.
#[test]
fn a_token_may_outlast_2038() {
    let (subject, century) = ("alice", Duration::from_secs(100 * 365 * 86_400));
    let token = key(1).issue_at(subject, century, [9; 16], NOW).unwrap();
    let grant = AccessToken::verify_at(token.as_str(), &[key(1)], NOW).unwrap();
    assert_eq!(grant.valid_until().as_secs(), 1_700_000_000 + 3_153_600_000);
}

#[test]
#[cfg(feature = "std")]
fn by_the_system_clock() {
    let token = key(1).issue("a", DEFAULT_TTL, [9; 16]).unwrap();
    let grant = AccessToken::verify(token.as_str(), &[key(1)]).unwrap();
    let left = grant.valid_until().as_secs() - UnixTime::now().as_secs();
    assert!((3590..=3600).contains(&left), "{left}");
    let expired = AccessToken::verify(issue("a").as_str(), &[key(1)]);
    assert!(matches!(expired, Err(AccessTokenError::Expired { .. })));
}

#[test]
fn nothing_leaks() {
    let key = AccessTokenKey::new(1, b"hidden-key-hidden-key-hidden-key").unwrap();
    let token = key.issue_at("Xavier", DEFAULT_TTL, [9; 16], NOW).unwrap();
    let shown = format!("{key:?} {key:#?} {token:?} {token:#?}");
    assert!(!shown.contains("hidden") && !shown.contains(&token.as_str()[..20]), "{shown}");
    assert_eq!(format!("{key:?}"), "AccessTokenKey { id: 1, .. }");
    assert_ne!(store_key(token.as_str()), token.as_str());
    // NIST's example for SHA-256 (FIPS 180-4).
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(store_key("abc"), abc);
}

proptest! {
    #[test]
    fn what_is_issued_verifies(
        subject in "\\PC{0,60}", random in any::<[u8; 16]>(), ttl in 1..100_000_u64,
    ) {
        let token = key(1).issue_at(&subject, Duration::from_secs(ttl), random, NOW).unwrap();
        prop_assert!(token.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        let grant = AccessToken::verify_at(token.as_str(), &[key(2), key(1)], NOW).unwrap();
        prop_assert_eq!(grant.subject(), subject);
        prop_assert_eq!(grant.valid_until().as_secs(), NOW.as_secs() + ttl);
    }

    #[test]
    fn any_changed_character_fails(
        place in any::<prop::sample::Index>(), character in "[A-Za-z0-9_-]",
    ) {
        let token = issue("alice");
        let place = place.index(token.as_str().len());
        let mut changed = token.as_str().to_owned();
        changed.replace_range(place..=place, &character);
        let verdict = AccessToken::verify_at(&changed, &[key(1)], NOW);
        prop_assert_eq!(verdict.is_ok(), changed == token.as_str());
    }

    #[test]
    fn no_text_panics(text in any::<String>(), bytes in "[A-Za-z0-9_-]{0,430}") {
        prop_assert!(AccessToken::verify_at(&text, &[key(1)], NOW).is_err());
        prop_assert!(AccessToken::verify_at(&bytes, &[key(1)], NOW).is_err());
        prop_assert_eq!(store_key(&text).len(), 64);
    }
}
