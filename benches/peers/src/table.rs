//! Every candidate, in the order of the printed table: each library as its documentation shows it.

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::hmac as aws_lc;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use ring::hmac as ring;
use turn::auth::generate_long_term_credentials;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, Username};

use crate::floor;
use crate::measure::Candidate;
use crate::measure::Unit::{self, Floor, Today};
use crate::sample::{EXPIRY, NAME, NOW, PASSWORD, SECRET, SECRETS, USERNAME};

pub struct Table {
    pub rows: Vec<Candidate>,
    pub has_sha_ni: bool,
}

impl Table {
    pub fn new() -> Self {
        let in_registers = floor::in_registers();
        let has_sha_ni = in_registers.is_some();
        let rows = in_registers.into_iter().chain(rows()).collect();
        Self { rows, has_sha_ni }
    }

    /// The floors are the first rows, then comes today's one-shot.
    pub fn place(&self, unit: Unit) -> usize {
        match unit {
            Floor => 0,
            Today => 1 + usize::from(self.has_sha_ni),
        }
    }
}

fn rows() -> [Candidate; 17] {
    [
        floor::by_block_api(),
        today("mint: today's way, one-shot (hmac 0.13, sha1 0.11, base64 0.23)", today_mint),
        today("mint: today's way, keyed once and cloned", today_mint_keyed),
        ours("mint: turn-credentials, keyed", our_keyed()).at_most(2.0, Floor).at_most(0.48, Today),
        ours("mint: turn-credentials, from a raw secret", our_one_shot).at_most(0.74, Today),
        peer("mint: ring 0.17, one-shot", one_shot(ring_key, ring::sign)),
        peer("mint: ring 0.17, keyed", keyed(ring_key, ring::sign)),
        peer("mint: aws-lc-rs 1, one-shot", one_shot(aws_lc_key, aws_lc::sign)),
        peer("mint: aws-lc-rs 1, keyed", keyed(aws_lc_key, aws_lc::sign)),
        peer("mint: openssl 0.10, one-shot", one_shot(openssl_key, openssl_sign)),
        peer("mint: openssl 0.10, cached key", keyed(openssl_key, openssl_sign)),
        Candidate::new(
            "mint: webrtc-rs turn 0.17, one-shot (an expiry by the clock, no name)",
            webrtc_rs,
            |(username, password)| secret(SECRET).accepts(username, password),
        ),
        today("verify: today's way, 1 raw secret", today_verify_1),
        today("verify: today's way, 4 raw secrets", today_verify_4),
        Candidate::new("verify: turn-credentials, 1 secret", our_verify(&[SECRET]), |valid| *valid)
            .at_most(1.8, Floor),
        Candidate::new("verify: turn-credentials, 4 secrets", our_verify(&SECRETS), |valid| *valid)
            .at_most(5.8, Floor),
        Candidate::new(
            "parse: turn-credentials, the username and its expiry",
            our_parse,
            |expiry| expiry.as_secs() == EXPIRY,
        )
        .at_most(0.28, Floor),
    ]
}

// SAFETY: today/src/lib.rs has the same signatures, and its functions accept any number.
unsafe extern "C" {
    safe fn today_mint(times: u32) -> bool;
    safe fn today_mint_keyed(times: u32) -> bool;
    safe fn today_verify_1(times: u32) -> bool;
    safe fn today_verify_4(times: u32) -> bool;
}

/// What people write today.
fn today(what: &'static str, work: extern "C" fn(u32) -> bool) -> Candidate {
    assert!(work(1), "{what}");
    Candidate::repeating(what, move |times| {
        work(times);
    })
}

fn ours(what: &'static str, mint: impl Fn() -> TurnCredentials + 'static) -> Candidate {
    Candidate::new(what, mint, |login| {
        (login.username(), login.password().as_str()) == (USERNAME, PASSWORD)
    })
}

fn our_keyed() -> impl Fn() -> TurnCredentials {
    let secret = secret(SECRET);
    move || our_login(black_box(&secret))
}

fn our_one_shot() -> TurnCredentials {
    our_login(&secret(black_box(SECRET)))
}

fn our_login(secret: &SharedSecret) -> TurnCredentials {
    const TTL: Duration = Duration::from_secs(EXPIRY - NOW);

    let (name, ttl, now) = black_box((NAME, TTL, UnixTime::from_secs(NOW)));
    TurnCredentials::generate_at(name, secret, ttl, black_box(ClockSkew::NONE), now)
        .expect("the sample is within limits")
}

fn our_verify(newest_first: &[&str]) -> impl Fn() -> bool + use<> {
    let (oldest, newer) = newest_first.split_last().expect("a secret or more");
    let mut keyring = Keyring::new(secret(oldest));
    for text in newer.iter().rev() {
        keyring.rotate(secret(text));
    }
    move || {
        let (username, password, now) = black_box((USERNAME, PASSWORD, UnixTime::from_secs(NOW)));
        black_box(&keyring).verify_at(username, password, now).is_ok()
    }
}

fn our_parse() -> UnixTime {
    Username::parse(black_box(USERNAME)).expect("the sample is well-formed").expires_at()
}

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).expect("the secret is not empty")
}

fn peer(what: &'static str, mint: impl Fn() -> (String, String) + 'static) -> Candidate {
    Candidate::new(what, mint, |(username, password)| {
        (&**username, &**password) == (USERNAME, PASSWORD)
    })
}

fn one_shot<K, M: AsRef<[u8]>>(
    key: impl Fn(&str) -> K,
    sign: impl Fn(&K, &[u8]) -> M,
) -> impl Fn() -> (String, String) {
    move || login(|username| sign(&key(black_box(SECRET)), username))
}

fn keyed<K, M: AsRef<[u8]>>(
    key: impl Fn(&str) -> K,
    sign: impl Fn(&K, &[u8]) -> M,
) -> impl Fn() -> (String, String) {
    let key = key(SECRET);
    move || login(|username| sign(black_box(&key), username))
}

fn login<M: AsRef<[u8]>>(hmac: impl FnOnce(&[u8]) -> M) -> (String, String) {
    let username = format!("{}:{}", black_box(EXPIRY), black_box(NAME));
    let password = STANDARD.encode(hmac(username.as_bytes()));
    (username, password)
}

fn ring_key(secret: &str) -> ring::Key {
    ring::Key::new(ring::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes())
}

fn aws_lc_key(secret: &str) -> aws_lc::Key {
    aws_lc::Key::new(aws_lc::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes())
}

fn openssl_key(secret: &str) -> PKey<Private> {
    PKey::hmac(secret.as_bytes()).expect("OpenSSL accepts the key")
}

fn openssl_sign(key: &PKey<Private>, username: &[u8]) -> Vec<u8> {
    Signer::new(MessageDigest::sha1(), key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(username))
        .expect("OpenSSL makes an HMAC")
}

fn webrtc_rs() -> (String, String) {
    let ttl = black_box(Duration::from_hours(1));
    generate_long_term_credentials(black_box(SECRET), ttl).expect("the clock is after 1970")
}
