//! Access tokens: any text, any bytes under the right MAC, and what we issue.
#![no_main]

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use libfuzzer_sys::fuzz_target;
use ring::{digest, hmac};
use turn_credentials::UnixTime;
use turn_credentials::access_token::{AccessToken, AccessTokenError, AccessTokenKey, store_key};
use turn_credentials_fuzz::{number, parts, text};

/// Under the first id there are two keys.
const KEYS: [(u32, &[u8]); 3] = [(1, &[7; 32]), (0x4141_4141, &[8; 100]), (1, &[9; 64])];

fuzz_target!(|data: &[u8]| {
    let [now, ttl, token, subject] = parts(data);
    let (now, ttl, token, subject) = (number(now), number(ttl), text(token), text(subject));
    let keys = KEYS.map(|(id, key)| AccessTokenKey::new(id, key).unwrap());
    let verify = |token: &str| {
        for now in [now, now.saturating_sub(1), end(token), end(token).saturating_add(1)] {
            let read = AccessToken::verify_at(token, &keys, UnixTime::from_secs(now));
            let read = read.map(|grant| (grant.subject().to_owned(), grant.valid_until()));
            assert_eq!(read, expected(token, now));
        }
    };
    verify(token);
    verify(&BASE64URL_NOPAD.encode(token.as_bytes()));
    for (id, key) in KEYS {
        let signed = [&[1], &id.to_be_bytes()[..], token.as_bytes()].concat();
        let whole = [signed.as_slice(), mac(key, &signed).as_ref()].concat();
        verify(&BASE64URL_NOPAD.encode(&whole));
    }

    let (random, (id, key)) = ([token.len().to_le_bytes()[0]; 16], KEYS[subject.len() % 3]);
    let issuer = AccessTokenKey::new(id, key).unwrap();
    let issued =
        issuer.issue_at(subject, Duration::from_secs(ttl), random, UnixTime::from_secs(now));
    let end = now.checked_add(ttl).filter(|_| ttl > 0);
    match (issued, end) {
        (Err(AccessTokenError::LongSubject), _) => assert!(subject.len() > 255),
        (Err(error), None) => assert_eq!(error, AccessTokenError::Ttl),
        (Err(error), Some(_)) => panic!("{error}"),
        (Ok(_), None) => panic!("it has no end"),
        (Ok(token), Some(end)) => {
            let head = [&[1], &id.to_be_bytes()[..], &end.to_be_bytes(), &random].concat();
            let signed = [&head, subject.as_bytes()].concat();
            let whole = [signed.as_slice(), mac(key, &signed).as_ref()].concat();
            assert_eq!(token.as_str(), BASE64URL_NOPAD.encode(&whole));
            verify(token.as_str());
            let mut changed = token.as_str().to_owned().into_bytes();
            let place = random[0] as usize % changed.len();
            changed[place] ^= 1 + (random[0] & 3);
            verify(&String::from_utf8(changed).unwrap());
            let hash = digest::digest(&digest::SHA256, token.as_str().as_bytes());
            assert_eq!(store_key(token.as_str()), HEXLOWER.encode(hash.as_ref()));
        }
    }
});

fn mac(key: &[u8], signed: &[u8]) -> hmac::Tag {
    let message = [b"turn-credentials access token\0", signed].concat();
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &message)
}

/// When a token ends, whoever made it.
fn end(token: &str) -> u64 {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default();
    bytes.get(5..13).map_or(0, |end| u64::from_be_bytes(end.try_into().unwrap()))
}

fn expected(token: &str, now: u64) -> Result<(String, UnixTime), AccessTokenError> {
    let malformed = Err(AccessTokenError::Malformed);
    let Ok(bytes) = BASE64URL_NOPAD.decode(token.as_bytes()) else { return malformed };
    if token.len() > 422 || bytes.len() < 61 || bytes[0] != 1 {
        return malformed;
    }
    let (signed, tag) = bytes.split_at(bytes.len() - 32);
    let named: Vec<_> = KEYS.iter().filter(|(id, _)| id.to_be_bytes() == signed[1..5]).collect();
    if named.is_empty() {
        return Err(AccessTokenError::UnknownKey);
    }
    if !named.iter().any(|(_, key)| mac(key, signed).as_ref() == tag) {
        return Err(AccessTokenError::Forged);
    }
    let end = UnixTime::from_secs(end(token));
    match String::from_utf8(signed[29..].to_vec()) {
        Err(_) => malformed,
        Ok(_) if UnixTime::from_secs(now) > end => {
            Err(AccessTokenError::Expired { expired_at: end })
        }
        Ok(subject) => Ok((subject, end)),
    }
}
