//! Benchmarks of minting, verifying and related operations: `cargo bench`, or
//! `cargo bench --all-features` for all of them.
//!
//! "Today's way" is the code that people write today. In this build, it uses `hmac` and `sha1` with
//! the features that this crate enables, and their wiping slows it. `benches/peers` builds it
//! separately: quote the ratios from there.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sha1::block_api::compress;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, Username};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HOUR: Duration = Duration::from_secs(3600);
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

const NAMES: [(&str, &str); 6] = [
    ("16 bytes, pseudonym", "CPSVlMMTYuuGTuxF"),
    ("36 bytes, uuid", "123e4567-e89b-12d3-a456-426614174000"),
    ("36 bytes, e-mail", "user-0123456789@mail.org.example.net"),
    ("36 bytes, UTF-8", "жанна-ивановна-李雷-é"),
    (
        "128 bytes",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    (
        "128 bytes, with a u",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaau",
    ),
];

/// The code that many WebRTC backends contain.
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

/// The least that minting a login for a short name costs with a keyed MAC: two compressions, of
/// which the second hashes the result of the first.
fn two_compressions() -> [u32; 5] {
    let mut state = [0; 5];
    compress(&mut state, black_box(&[[b'n'; 64]]));
    let mut block = [0; 64];
    block.chunks_mut(4).zip(state).for_each(|(bytes, word)| {
        bytes.copy_from_slice(&word.to_be_bytes());
    });
    compress(&mut state, &[block]);
    state
}

fn minting(criterion: &mut Criterion) {
    let (ours, todays, now) = (secret(SECRET), today::keyed(SECRET), NOW.as_secs());

    let mut group = criterion.benchmark_group("mint, keyed");
    group.bench_function("two compressions", |bencher| bencher.iter(two_compressions));
    for (kind, name) in NAMES {
        group.bench_with_input(BenchmarkId::new("ours", kind), name, |bencher, name| {
            bencher.iter(|| mint(name, &ours));
        });
        group.bench_with_input(BenchmarkId::new("today's way", kind), name, |bencher, name| {
            bencher.iter(|| today::mint(todays.clone(), name, black_box(now), 3600));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("mint, one-shot");
    group.bench_function("two compressions", |bencher| bencher.iter(two_compressions));
    for (kind, name) in NAMES {
        group.bench_with_input(BenchmarkId::new("ours", kind), name, |bencher, name| {
            bencher.iter(|| mint(name, &secret(black_box(SECRET))));
        });
        group.bench_with_input(BenchmarkId::new("today's way", kind), name, |bencher, name| {
            let keyed = || today::keyed(black_box(SECRET));
            bencher.iter(|| today::mint(keyed(), name, black_box(now), 3600));
        });
    }
    group.finish();
}

/// Verifies logins made with the oldest secret, which is tried last.
fn verifying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("two compressions", |bencher| bencher.iter(two_compressions));
    for count in [1, 2, 4, 16] {
        let texts: Vec<_> = (0..count).map(|age| format!("{SECRET}{age}")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let login = mint(NAMES[1].1, &secret(texts[count - 1]));
        let ours = Keyring::from_secrets(texts.iter().map(|text| secret(text))).unwrap();
        let (username, password) = (login.username(), login.password().as_str());

        let id = BenchmarkId::new("ours", format!("{count} secrets"));
        group.bench_with_input(id, &ours, |bencher, ours| {
            bencher.iter(|| {
                let (username, password) = black_box((username, password));
                assert!(ours.verify_at(username, password, black_box(NOW)).is_ok());
            });
        });
        let id = BenchmarkId::new("today's way", format!("{count} secrets"));
        group.bench_with_input(id, &texts, |bencher, texts| {
            bencher.iter(|| {
                let (username, password) = black_box((username, password));
                assert!(today::verify(black_box(texts), username, password, NOW.as_secs()));
            });
        });
    }
    group.bench_function("ours/refused", |bencher| {
        let ours = Keyring::new(secret(SECRET));
        bencher.iter(|| {
            let (username, password) = black_box(("1700003600:a", "3Nlkc1Fv2ZMYVgyGHKYR9BvtZ6w="));
            assert!(ours.verify_at(username, password, black_box(NOW)).is_err());
        });
    });
    group.finish();
}

fn parsing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (kind, name) in NAMES {
        let username = format!("1700003600:{name}");
        group.bench_with_input(BenchmarkId::new("ours", kind), &*username, |bencher, username| {
            bencher.iter(|| Username::parse(black_box(username)).unwrap().expires_at());
        });
    }
    group.bench_function("ours/refused", |bencher| {
        bencher.iter(|| assert!(Username::parse(black_box("1700003600:a name")).is_err()));
    });
    group.finish();
}

#[cfg(feature = "providers")]
fn leases(criterion: &mut Criterion) {
    use turn_credentials::ice::{TurnServer, xep_0215};
    use turn_credentials::provider::{http, xirsys};
    use turn_credentials::{IceLease, IceServers, IceUri, provider::ApiCall as _};

    let uris = IceUri::fan_out(["turn.example.org"]).unwrap();
    let server = [TurnServer::new(uris, secret(SECRET), HOUR).unwrap()];
    let lease = IceLease::generate_at(NAMES[1].1, &server, NOW).unwrap();
    let json = serde_json::to_string(&lease.answer_at(NOW)).unwrap();

    let mut group = criterion.benchmark_group("lease");
    group.bench_function("mint", |bencher| {
        bencher.iter(|| IceLease::generate_at(black_box(NAMES[1].1), &server, NOW).unwrap());
    });
    group.bench_function("to JSON", |bencher| {
        bencher.iter(|| serde_json::to_string(&black_box(&lease).answer_at(NOW)).unwrap());
    });
    group.bench_function("ICE servers from JSON", |bencher| {
        bencher.iter(|| serde_json::from_str::<IceServers>(black_box(&json)).unwrap());
    });
    group.bench_function("to XEP-0215", |bencher| {
        bencher.iter(|| xep_0215::services(black_box(lease.servers())).unwrap());
    });
    group.bench_function("to XEP-0215, by write! alone", |bencher| {
        let login = lease.servers()[0].login().unwrap();
        let (username, password) = (login.username(), login.credential().as_str());
        bencher.iter(|| {
            let mut text = String::with_capacity(1024);
            for uri in black_box(lease.servers()[0].urls()) {
                write_service(&mut text, uri, username, password);
            }
            text
        });
    });
    group.bench_function("from Xirsys", |bencher| {
        let account = xirsys::Account::new("ident", "secret").unwrap();
        let call = xirsys::IceRequest::new(&account, "a", HOUR, NOW).unwrap();
        let body = include_bytes!("../tests/vectors/provider_answers/xirsys-v3-urls.json");
        let answer = http::Response::new(body.to_vec());
        bencher.iter(|| call.read_answer(black_box(&answer)).unwrap());
    });
    group.finish();
}

/// Writes XEP-0215 without escaping, and with a constant as the date.
#[cfg(feature = "providers")]
fn write_service(
    text: &mut String,
    uri: &turn_credentials::IceUri,
    username: &str,
    password: &str,
) {
    use std::fmt::Write as _;

    writeln!(
        text,
        "<service type='{}' host='{}' port='{}' transport='{}' username='{username}' \
         password='{password}' restricted='true' expires='2023-11-14T23:13:20Z'/>",
        uri.scheme().as_str(),
        uri.host(),
        uri.port_or_default(),
        uri.transport_or_default().as_str(),
    )
    .unwrap();
}

#[cfg(not(feature = "providers"))]
fn leases(_: &mut Criterion) {}

#[cfg(feature = "access-token")]
fn access_tokens(criterion: &mut Criterion) {
    use turn_credentials::access_token::{AccessToken, AccessTokenKey};

    let key = AccessTokenKey::new(1, [7; 32]).unwrap();
    let issue = || key.issue_at(black_box(NAMES[0].1), HOUR, [9; 16], NOW).unwrap();
    let (token, keys) = (issue(), [key.clone()]);

    let mut group = criterion.benchmark_group("access token");
    group.bench_function("issue", |bencher| bencher.iter(issue));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| AccessToken::verify_at(black_box(token.as_str()), &keys, NOW).unwrap());
    });
    group.finish();
}

#[cfg(not(feature = "access-token"))]
fn access_tokens(_: &mut Criterion) {}

#[cfg(feature = "diagnose")]
fn diagnosing(criterion: &mut Criterion) {
    use turn_credentials::diagnose::diagnose_at;

    let secrets: Vec<_> = (0..10).map(|n| format!("{SECRET}{n}")).collect();
    let secrets: Vec<_> = secrets.iter().map(String::as_bytes).collect();
    let username = format!("1700003600:{}", NAMES[1].1);
    // No recipe produces this password, so all of them are tried.
    let password = Some("nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    criterion.bench_function("diagnose, ten secrets", |bencher| {
        bencher.iter(|| diagnose_at(black_box(&username), password, &secrets, NOW));
    });
}

#[cfg(not(feature = "diagnose"))]
fn diagnosing(_: &mut Criterion) {}

criterion_group!(benches, minting, verifying, parsing, leases, access_tokens, diagnosing);
criterion_main!(benches);
