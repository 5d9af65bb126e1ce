//! The other libraries that people make TURN credentials with, each as its documentation has it.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::sign::Signer;
use turn::auth::generate_long_term_credentials;
use turn_credentials::SharedSecret;

use crate::candidate::Candidate;
use crate::sample::{EXPIRY, NAME, SECRET};

pub fn mint() -> impl Iterator<Item = Candidate> {
    ring().into_iter().chain(aws_lc_rs()).chain(openssl()).chain([webrtc_rs()])
}

fn ring() -> [Candidate; 2] {
    use ring::hmac;

    let key = |secret: &str| hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let keyed = key(SECRET);
    [
        Candidate::minting("mint: ring 0.17, one-shot", move || {
            login(|username| hmac::sign(&key(black_box(SECRET)), username))
        }),
        Candidate::minting("mint: ring 0.17, keyed", move || {
            login(|username| hmac::sign(black_box(&keyed), username))
        }),
    ]
}

fn aws_lc_rs() -> [Candidate; 2] {
    use aws_lc_rs::hmac;

    let key = |secret: &str| hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let keyed = key(SECRET);
    [
        Candidate::minting("mint: aws-lc-rs 1, one-shot", move || {
            login(|username| hmac::sign(&key(black_box(SECRET)), username))
        }),
        Candidate::minting("mint: aws-lc-rs 1, keyed", move || {
            login(|username| hmac::sign(black_box(&keyed), username))
        }),
    ]
}

fn openssl() -> [Candidate; 2] {
    let key = |secret: &str| PKey::hmac(secret.as_bytes()).expect("OpenSSL takes the key");
    let sign = |key: &PKeyRef<Private>, username: &[u8]| {
        Signer::new(MessageDigest::sha1(), key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(username))
            .expect("OpenSSL makes an HMAC")
    };
    let cached = key(SECRET);
    [
        Candidate::minting("mint: openssl 0.10, one-shot", move || {
            login(|username| sign(&key(black_box(SECRET)), username))
        }),
        Candidate::minting("mint: openssl 0.10, cached key", move || {
            login(|username| sign(black_box(&cached), username))
        }),
    ]
}

/// It reads the clock, and its username is the expiry alone.
fn webrtc_rs() -> Candidate {
    let what = "mint: webrtc-rs turn 0.17, one-shot (an expiry by the clock, no name)";
    let mint = || {
        let ttl = black_box(Duration::from_hours(1));
        generate_long_term_credentials(black_box(SECRET), ttl).expect("the clock is after 1970")
    };
    let (username, password) = mint();
    let secret = SharedSecret::new(SECRET).expect("the secret is not empty");
    assert_eq!(secret.password_for(&username).as_str(), password, "{what}");
    Candidate::repeated(what, mint)
}

fn login<T: AsRef<[u8]>>(hmac: impl FnOnce(&[u8]) -> T) -> (String, String) {
    let username = format!("{}:{}", black_box(EXPIRY), black_box(NAME));
    let password = STANDARD.encode(hmac(username.as_bytes()));
    (username, password)
}
