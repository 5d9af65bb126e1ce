//! What people write today, as a C library: in a build of its own, since cargo would lend it the
//! features that turn-credentials asks of hmac and sha1.
//!
//! Each function does its work `times` times, and returns whether the last result was right.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

#[path = "../../src/sample.rs"]
mod sample;

use sample::{EXPIRY, NAME, NOW, PASSWORD, SECRET, SECRETS, USERNAME};

#[unsafe(no_mangle)]
pub extern "C" fn today_mint(times: u32) -> bool {
    repeat(times, &login(), || mint(keyed(black_box(SECRET))))
}

#[unsafe(no_mangle)]
pub extern "C" fn today_mint_keyed(times: u32) -> bool {
    let mac = keyed(SECRET);
    repeat(times, &login(), || mint(black_box(&mac).clone()))
}

#[unsafe(no_mangle)]
pub extern "C" fn today_verify_1(times: u32) -> bool {
    repeat(times, &true, || verify(black_box(&[SECRET])))
}

#[unsafe(no_mangle)]
pub extern "C" fn today_verify_4(times: u32) -> bool {
    repeat(times, &true, || verify(black_box(&SECRETS)))
}

fn repeat<T: PartialEq>(times: u32, right: &T, work: impl Fn() -> T) -> bool {
    (0..times).map(|_| black_box(work())).last().as_ref() == Some(right)
}

fn login() -> (String, String) {
    (USERNAME.into(), PASSWORD.into())
}

fn mint(mac: Hmac<Sha1>) -> (String, String) {
    let username = format!("{}:{}", black_box(EXPIRY), black_box(NAME));
    let password = password(mac, &username);
    (username, password)
}

fn verify(secrets: &[&str]) -> bool {
    let (username, given) = black_box((USERNAME, PASSWORD));
    let expiry = username.split_once(':').and_then(|(expiry, _)| expiry.parse::<u64>().ok());
    expiry.is_some_and(|expiry| black_box(NOW) <= expiry)
        && secrets.iter().any(|secret| {
            let password = password(keyed(secret), username);
            password.as_bytes().ct_eq(given.as_bytes()).into()
        })
}

fn keyed(secret: &str) -> Hmac<Sha1> {
    Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length")
}

fn password(mut mac: Hmac<Sha1>, username: &str) -> String {
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
