//! Minting and verifying, next to what people write today, in one run.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sha1::block_api::compress;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HOUR: Duration = Duration::from_secs(3600);
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// The code of many WebRTC backends.
mod today {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    use sha1::Sha1;

    pub(super) fn keyed(secret: &str) -> Hmac<Sha1> {
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap()
    }

    pub(super) fn mint(mut mac: Hmac<Sha1>, name: &str, now: u64, ttl: u64) -> (String, String) {
        let username = format!("{}:{name}", now + ttl);
        mac.update(username.as_bytes());
        let password = STANDARD.encode(mac.finalize().into_bytes());
        (username, password)
    }

    pub(super) fn verify(secrets: &[&str], username: &str, password: &str, now: u64) -> bool {
        let expiry = username.split_once(':').and_then(|(expiry, _)| expiry.parse().ok());
        let Ok(tag) = STANDARD.decode(password) else { return false };
        expiry.is_some_and(|expiry: u64| now <= expiry)
            && secrets.iter().any(|secret| {
                keyed(secret).chain_update(username.as_bytes()).verify_slice(&tag).is_ok()
            })
    }
}

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).unwrap()
}

fn mint(name: &str, secret: &SharedSecret) -> TurnCredentials {
    TurnCredentials::generate_at(name, secret, HOUR, ClockSkew::NONE, black_box(NOW)).unwrap()
}

/// The least that minting costs: a keyed HMAC is two SHA-1 compressions, one after the other.
fn compressing(criterion: &mut Criterion) {
    let mut state = [0; 5];
    criterion.bench_function("two bare compressions", |bencher| {
        bencher.iter(|| {
            compress(&mut state, black_box(&[[b'n'; 64]]));
            compress(&mut state, black_box(&[[b'n'; 64]]));
            state
        });
    });
}

fn minting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mint");
    for len in [10, 36, 128, 497] {
        let name = "n".repeat(len);
        let (ours, todays) = (secret(SECRET), today::keyed(SECRET));
        let now = NOW.as_secs();

        group.bench_with_input(BenchmarkId::new("keyed", len), &*name, |bencher, name| {
            bencher.iter(|| mint(name, &ours));
        });
        group.bench_with_input(BenchmarkId::new("one-shot", len), &*name, |bencher, name| {
            bencher.iter(|| mint(name, &secret(black_box(SECRET))));
        });
        group.bench_with_input(BenchmarkId::new("today keyed", len), &*name, |bencher, name| {
            bencher.iter(|| today::mint(todays.clone(), name, black_box(now), 3600));
        });
        group.bench_with_input(BenchmarkId::new("today one-shot", len), &*name, |bencher, name| {
            bencher
                .iter(|| today::mint(today::keyed(black_box(SECRET)), name, black_box(now), 3600));
        });
    }
    group.finish();
}

/// The login was made with the oldest secret, which is tried last.
fn verifying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for count in [1, 2, 4, 16] {
        let texts: Vec<_> = (0..count).map(|age| format!("{SECRET}{age}")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let oldest = secret(texts[count - 1]);
        let login = mint(&"n".repeat(36), &oldest);
        let mut ours = Keyring::new(oldest);
        texts.iter().rev().skip(1).for_each(|text| ours.rotate(secret(text)));

        group.bench_with_input(BenchmarkId::new("keyring", count), &login, |bencher, login| {
            bencher.iter(|| {
                let (username, password) = (black_box(login.username()), login.password().as_str());
                assert!(ours.verify_at(username, password, black_box(NOW)).is_ok());
            });
        });
        group.bench_with_input(BenchmarkId::new("today", count), &login, |bencher, login| {
            bencher.iter(|| {
                let (username, password) = (black_box(login.username()), login.password().as_str());
                assert!(today::verify(black_box(&texts), username, password, NOW.as_secs()));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, compressing, minting, verifying);
criterion_main!(benches);
