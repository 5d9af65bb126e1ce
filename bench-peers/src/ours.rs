//! This crate.

use std::hint::black_box;
use std::time::Duration;

use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, Username};

use crate::candidate::Candidate;
use crate::candidate::Unit::{Floor, Today};
use crate::sample::{EXPIRY, NAME, NOW, PASSWORD, SECRET, SECRETS, USERNAME};

const NOW_TIME: UnixTime = UnixTime::from_secs(NOW);
const TTL: Duration = Duration::from_secs(EXPIRY - NOW);

pub fn mint() -> [Candidate; 3] {
    let keyed = secret(SECRET);
    let again = secret(SECRET);
    let mut reused = login(&again);
    [
        Candidate::minting("mint: turn-credentials, keyed", move || login(black_box(&keyed)))
            .at_most(2.2, Floor)
            .at_most(0.45, Today),
        Candidate::repeated("mint: turn-credentials, into a reused value", move || {
            let (name, ttl, skew, now) = black_box((NAME, TTL, ClockSkew::NONE, NOW_TIME));
            reused
                .regenerate_at(name, black_box(&again), ttl, skew, now)
                .expect("the sample is within limits");
            black_box(&reused);
        })
        .at_most(1.9, Floor),
        Candidate::minting("mint: turn-credentials, from a raw secret", || {
            login(&secret(black_box(SECRET)))
        })
        .at_most(0.75, Today),
    ]
}

pub fn verify() -> [Candidate; 2] {
    [
        verifying("verify: turn-credentials, 1 secret", &[SECRET]).at_most(2.2, Floor),
        verifying("verify: turn-credentials, 4 secrets", &SECRETS).at_most(7.5, Floor),
    ]
}

pub fn parse() -> Candidate {
    Candidate::repeated("parse: turn-credentials, the username and its expiry", || {
        Username::parse(black_box(USERNAME)).expect("the sample is well-formed").expires_at()
    })
    .at_most(0.2, Floor)
}

fn verifying(what: &'static str, newest_first: &[&str]) -> Candidate {
    let (oldest, newer) = newest_first.split_last().expect("a secret or more");
    let mut keyring = Keyring::new(secret(oldest));
    for text in newer.iter().rev() {
        keyring.rotate(secret(text));
    }
    Candidate::verifying(what, move || {
        let (username, password) = black_box((USERNAME, PASSWORD));
        black_box(&keyring).verify_at(username, password, black_box(NOW_TIME)).is_ok()
    })
}

fn login(secret: &SharedSecret) -> TurnCredentials {
    let (name, ttl, skew, now) = black_box((NAME, TTL, ClockSkew::NONE, NOW_TIME));
    TurnCredentials::generate_at(name, secret, ttl, skew, now).expect("the sample is within limits")
}

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).expect("the secret is not empty")
}
