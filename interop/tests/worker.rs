//! Does the Worker, in the real runtime, do what clients of the broker rely on?

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use turn_credentials::access_token::DEFAULT_TTL;
use turn_credentials::provider::xirsys::{Account, IceRequest};
use turn_credentials::provider::{ApiCall, http};
use turn_credentials::{AccessToken, AccessTokenKey, Keyring, SharedSecret, UnixTime};
use turn_credentials_interop::broker::{Answer, members};
use turn_credentials_interop::browser::{Call, Joined, blank_page};
use turn_credentials_interop::fake_xirsys::{self, recorded, response};
use turn_credentials_interop::{Broker, Browser, Coturn, FakeXirsys, Worker, worker};

const SECRET: &str = "north-of-the-border";
const TOKEN_KEY: &str = "0123456789abcdef0123456789abcdef";
/// The first four bytes of the key's SHA-256.
const TOKEN_KEY_ID: u32 = 0x3eb1_bd43;
const CLIENT_KEY: &str = "the-key-of-a-client";
const APP: &str = "https://app.example.org";
const FROM_APP: (&str, &str) = ("origin", APP);
const URI: &str = "turn:turn.example.org?transport=udp";

type Env<'a> = Vec<(&'a str, &'a str)>;

/// What any Worker with a coturn is given.
const COTURN: [(&str, &str); 4] = [
    ("BROKER_ORIGIN", APP),
    ("BROKER_TOKEN_KEY", TOKEN_KEY),
    ("BROKER_TURN_URI", URI),
    ("TURN_SECRET", SECRET),
];

/// The same variables, with this one replaced.
fn coturn_with<'a>(name: &'a str, value: &'a str) -> Env<'a> {
    let others = COTURN.into_iter().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

fn token_key() -> AccessTokenKey {
    AccessTokenKey::new(TOKEN_KEY_ID, TOKEN_KEY).unwrap()
}

fn put(worker: &Worker, token: &str) -> Answer {
    worker.ask("PUT", "/token", &[FROM_APP, ("tok", token)])
}

fn new_token(worker: &Worker) -> String {
    let answer = worker.ask("GET", "/token", &[FROM_APP]);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_default()
}

#[test]
fn a_browser_relays_with_its_login() {
    let coturn = Coturn::with_tls(&[SECRET]);
    let (port, tls_port) = (coturn.address().port(), coturn.tls_port());
    let uris = [
        format!("turn:127.0.0.1:{port}?transport=udp"),
        format!("turn:127.0.0.1:{port}?transport=tcp"),
        format!("turns:localhost:{tls_port}?transport=tcp"),
    ];
    let (app, elsewhere, listed) = (blank_page(), blank_page(), uris.join(","));
    let worker = Worker::with_env(&[
        ("BROKER_ORIGIN", &app),
        ("BROKER_TOKEN_KEY", TOKEN_KEY),
        ("BROKER_TURN_URI", &listed),
        ("TURN_SECRET", SECRET),
    ]);
    let join = |origin: &String, token: Option<&str>| Call {
        address: origin.clone(),
        name: "join",
        argument: json!({ "broker": worker.url("/token"), "token": token }),
    };
    let calls = [join(&app, None), join(&app, Some("guessed")), join(&elsewhere, None)];
    let answers = Browser::Chromium.call::<Joined>(&calls, &coturn.authority());
    let [Ok(joined), Err(unauthorized), Err(unheard)] = &answers[..] else {
        panic!("{answers:#?}")
    };
    let Joined { server, outcome, .. } = joined;
    assert!(outcome.echoed && outcome.thrown.is_none(), "{outcome:#?}");
    assert!(outcome.candidates.iter().all(|candidate| candidate.r#type == "relay"), "{outcome:#?}");
    assert_eq!(server["urls"], json!(uris));
    assert!(coturn.usernames().contains(text(&server["username"])), "{}", coturn.log());
    assert!(unauthorized.contains("status 401"), "{unauthorized}");
    assert!(unheard.contains("no answer"), "{unheard}");
    worker.end();
}

#[test]
fn the_contract() {
    let worker = Worker::with_env(&COTURN);
    let token = new_token(&worker);
    let tok = ("tok", &*token);
    let client_key = ("authorization", "Bearer the-key-of-a-client");
    let elsewhere = ("origin", "https://elsewhere.example.org");
    for (method, path, headers, status) in [
        ("GET", "/token", &[FROM_APP][..], 200),
        ("PUT", "/token", &[FROM_APP, tok], 200),
        ("GET", "/ice", &[FROM_APP, tok], 200),
        ("GET", "/ice?any=query", &[FROM_APP, tok], 200),
        ("OPTIONS", "/token", &[FROM_APP], 204),
        ("OPTIONS", "/ice", &[FROM_APP], 204),
        ("PUT", "/token", &[FROM_APP], 401),
        ("PUT", "/token", &[FROM_APP, ("tok", "")], 401),
        ("GET", "/ice", &[FROM_APP, ("tok", "guessed")], 401),
        ("GET", "/token", &[], 401),
        ("PUT", "/token", &[tok], 401),
        ("GET", "/ice", &[tok], 401),
        ("GET", "/token", &[client_key], 401),
        ("GET", "/token", &[("sec-fetch-site", "same-origin")], 401),
        ("GET", "/token", &[FROM_APP, elsewhere], 401),
        ("GET", "/token", &[elsewhere, FROM_APP], 401),
        ("GET", "/token", &[elsewhere], 401),
        ("PUT", "/token", &[elsewhere, tok], 401),
        ("OPTIONS", "/token", &[elsewhere], 401),
        ("GET", "/nowhere", &[elsewhere], 401),
        ("GET", "/token", &[("origin", "https://app.example.org/")], 401),
        ("GET", "/token", &[("origin", "http://app.example.org")], 401),
        ("GET", "/token", &[("origin", "null")], 401),
        ("GET", "/", &[FROM_APP], 404),
        ("GET", "/token/", &[FROM_APP], 404),
        ("POST", "/token", &[FROM_APP], 405),
        ("PUT", "/ice", &[FROM_APP, tok], 405),
    ] {
        let answer = worker.ask(method, path, headers);
        assert_eq!(answer.status, status, "{method} {path} {headers:?}: {answer:?}");
    }
    let server = put(&worker, &token).json();
    assert_eq!(members(&server).len(), 3, "{server}");
    let ice = worker.ask("GET", "/ice", &[FROM_APP, tok]).json();
    assert_eq!(ice["iceServers"], json!([server]));
    assert!(ice["ttl"].as_u64().is_some_and(|ttl| (3590..=3600).contains(&ttl)), "{ice}");
    assert_eq!(worker.end(), "");
}

#[test]
fn the_client_key() {
    let with_both = Worker::with_env(&coturn_with("BROKER_CLIENT_KEY", CLIENT_KEY));
    let key_alone = [("BROKER_CLIENT_KEY", CLIENT_KEY), COTURN[1], COTURN[2], COTURN[3]];
    let key_alone = Worker::with_env(&key_alone);
    let key = ("authorization", "bearer the-key-of-a-client");
    let guess = ("authorization", "Bearer the-key-of-another");
    let token = with_both.ask("GET", "/token", &[FROM_APP, key]).body;
    let tok = ("tok", &*token);
    for worker in [&with_both, &key_alone] {
        assert_eq!(worker.ask("GET", "/token", &[key]).status, 200);
        assert_eq!(worker.ask("PUT", "/token", &[key, tok]).status, 200);
        for headers in [&[][..], &[guess], &[guess, FROM_APP], &[FROM_APP]] {
            assert_eq!(worker.ask("GET", "/token", headers).status, 401, "{headers:?}");
        }
        assert_eq!(worker.ask("PUT", "/token", &[guess, tok]).status, 401);
    }
    assert_eq!(with_both.ask("PUT", "/token", &[FROM_APP, tok]).status, 200);
    assert_eq!(key_alone.ask("GET", "/token", &[FROM_APP, key]).status, 401);
    with_both.end();
    key_alone.end();
}

/// WebAssembly gives the same as this build and as third parties' vectors.
#[test]
fn tokens_and_logins_are_those_of_the_native_build() {
    for secret in ["north", "foobar", "crypt1c", "\u{20ac}\u{1f511}"] {
        let worker = Worker::with_env(&coturn_with("TURN_SECRET", secret));
        let secret = SharedSecret::new(secret).unwrap();
        for name in ["alice", "mbzrxpgjys", "@alice:lab.test", "\u{e4}\u{1f600}", &"n".repeat(255)]
        {
            let now = UnixTime::now();
            let token = token_key().issue_at(name, DEFAULT_TTL, [7; 16], now).unwrap();
            let server = put(&worker, token.as_str()).json();
            let username = text(&server["username"]);
            let password = text(&server["credential"]);
            let keyring = Keyring::new(secret.clone());
            let login = keyring.verify_at(username, password, now).unwrap();
            assert_eq!(login.name(), Some(name));
            let ttl = login.expires_at().as_secs() - now.as_secs();
            assert!((3600..3610).contains(&ttl), "{ttl}");
            assert_eq!(password, secret.password_for(username).as_str());
        }
        let grant = AccessToken::verify(&new_token(&worker), &[token_key()]).unwrap();
        assert_eq!(grant.subject().len(), 16);
        let ttl = grant.valid_until().as_secs() - UnixTime::now().as_secs();
        assert!((3590..=3600).contains(&ttl), "{ttl}");
        worker.end();
    }
}

#[test]
fn it_and_a_broker_take_each_others_tokens() {
    let worker = Worker::with_env(&COTURN);
    let broker = Broker::with_args(&[
        format!("--origin={APP}"),
        format!("--turn-uri={URI}"),
        format!("--secret-file={SECRET}"),
        format!("--token-key-file={TOKEN_KEY}"),
    ]);
    let of_broker = broker.ask("GET", "/token", &[FROM_APP]).body;
    assert_eq!(put(&worker, &of_broker).status, 200);
    let of_worker = new_token(&worker);
    let answer = broker.ask("PUT", "/token", &[FROM_APP, ("tok", &of_worker)]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(broker.stop().0.success());
    assert_eq!(worker.end(), "");
}

#[test]
fn tokens_that_are_refused() {
    let worker = Worker::with_env(&COTURN);
    let now = UnixTime::now().as_secs();
    let issued_at = |secs, key: &AccessTokenKey| {
        let now = UnixTime::from_secs(secs);
        key.issue_at("alice", DEFAULT_TTL, [7; 16], now).unwrap().as_str().to_owned()
    };
    let good = issued_at(now, &token_key());
    assert_eq!(put(&worker, &good).status, 200);
    assert_eq!(put(&worker, &issued_at(now - 3590, &token_key())).status, 200);
    assert_eq!(put(&worker, &issued_at(now - 3601, &token_key())).status, 401, "expired");
    let other = AccessTokenKey::new(TOKEN_KEY_ID, "another key, of 32 bytes or more").unwrap();
    assert_eq!(put(&worker, &issued_at(now, &other)).status, 401, "forged");
    let unknown = AccessTokenKey::new(7, TOKEN_KEY).unwrap();
    assert_eq!(put(&worker, &issued_at(now, &unknown)).status, 401, "of no such key");
    for index in 0..good.len() {
        let mut forged = good.clone();
        let other = if good.as_bytes()[index] == b'A' { "B" } else { "A" };
        forged.replace_range(index..=index, other);
        assert_eq!(put(&worker, &forged).status, 401, "{forged}");
    }
    for token in ["A".repeat(10_000), format!("{good}="), good[1..].into()] {
        assert_eq!(put(&worker, &token).status, 401, "{token}");
    }
    let next = "fedcba9876543210fedcba9876543210";
    let both = format!("{next},{TOKEN_KEY}");
    let rotated = Worker::with_env(&coturn_with("BROKER_TOKEN_KEY", &both));
    let retired = Worker::with_env(&coturn_with("BROKER_TOKEN_KEY", next));
    assert_eq!([&rotated, &retired].map(|worker| put(worker, &good).status), [200, 401]);
    assert_eq!(put(&retired, &new_token(&rotated)).status, 200);
    [worker, rotated, retired].into_iter().for_each(|worker| assert_eq!(worker.end(), ""));
}

#[test]
fn logins_of_xirsys() {
    let xirsys = FakeXirsys::start();
    let url = xirsys.url();
    let worker = Worker::with_env(&[
        ("BROKER_ORIGIN", APP),
        ("BROKER_TOKEN_KEY", TOKEN_KEY),
        ("XIRSYS_GATEWAY", &url),
        ("XIRSYS_IDENT", fake_xirsys::IDENT),
        ("XIRSYS_SECRET", fake_xirsys::SECRET),
        ("XIRSYS_CHANNEL", fake_xirsys::CHANNEL),
    ]);
    let token = new_token(&worker);
    let now = UnixTime::now();
    let account = Account::new(fake_xirsys::IDENT, fake_xirsys::SECRET).unwrap();
    let native = IceRequest::new(&account, fake_xirsys::CHANNEL, DEFAULT_TTL, now).unwrap();
    let recorded = recorded();
    for (status, body) in &recorded {
        xirsys.sends(&response(*status, "", body));
        let answer = put(&worker, &token);
        let mut recorded = http::Response::new(body.clone().into_bytes());
        *recorded.status_mut() = http::StatusCode::from_u16(*status).unwrap();
        let lease = native.read_answer(&recorded).ok();
        let lease = lease.and_then(|lease| lease.for_browsers(|_, _| ()).ok());
        match lease.and_then(|lease| lease.single_server()) {
            Some(server) => assert_eq!(answer.json(), json!(server), "{answer:?}"),
            None => assert_eq!(answer.status, 502, "{body}: {answer:?}"),
        }
    }
    assert_eq!(xirsys.calls(), recorded.len());

    for (wait, told) in [("7", "7"), ("86400", "3600")] {
        xirsys.sends(&response(503, &format!("retry-after: {wait}\r\n"), ""));
        let answer = put(&worker, &token);
        assert_eq!((answer.status, answer.header("retry-after")), (502, Some(told)));
    }
    for (len, status) in [(64 * 1024, 200), (64 * 1024 + 1, 502), (10_000_000, 502)] {
        let blanks = " ".repeat(len - recorded[0].1.len());
        xirsys.sends(&response(200, "", &(blanks + &recorded[0].1)));
        assert_eq!(put(&worker, &token).status, status, "{len} bytes");
    }
    let elsewhere = response(302, &format!("location: {url}/elsewhere\r\n"), "");
    for bad in [&recorded[0].1[..9], "", "SSH-2.0-OpenSSH\r\n", &elsewhere] {
        xirsys.sends(bad);
        assert_eq!(put(&worker, &token).status, 502, "{bad}");
    }
    assert_eq!(xirsys.calls(), recorded.len() + 9, "no redirect is followed");
    xirsys.hangs();
    let start = Instant::now();
    assert_eq!(put(&worker, &token).status, 502);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());

    xirsys.sends(&response(200, "", &recorded[0].1));
    let ice = worker.ask("GET", "/ice", &[FROM_APP, ("tok", &token)]).json();
    assert!(ice["ttl"].as_u64().is_some_and(|ttl| (3590..=3600).contains(&ttl)), "{ice}");
    let log = worker.end();
    assert!(log.contains("the provider did not answer"), "{log}");
    assert!(log.contains("the provider's answer exceeds 64 KiB"), "{log}");
}

#[test]
fn it_refuses_to_serve_without_what_it_needs() {
    let line = format!("{TOKEN_KEY}\n");
    let without = |names: &[&str]| -> Env {
        COTURN.into_iter().filter(|(name, _)| !names.contains(name)).collect()
    };
    for (env, why) in [
        (without(&["BROKER_ORIGIN"]), "BROKER_ORIGIN: not set"),
        (coturn_with("BROKER_ORIGIN", ""), "BROKER_ORIGIN: not https://host"),
        (coturn_with("BROKER_ORIGIN", "*"), "BROKER_ORIGIN: not https://host"),
        (coturn_with("BROKER_CLIENT_KEY", "too-short"), "BROKER_CLIENT_KEY: not 16"),
        (coturn_with("BROKER_CLIENT_KEY", ""), "BROKER_CLIENT_KEY: the secret or key is empty"),
        (without(&["BROKER_TOKEN_KEY"]), "BROKER_TOKEN_KEY: not set"),
        (coturn_with("BROKER_TOKEN_KEY", "too-short"), "BROKER_TOKEN_KEY: the key is under 32"),
        (coturn_with("BROKER_TOKEN_KEY", &line), "BROKER_TOKEN_KEY: the secret or key has a blank"),
        (without(&["BROKER_TURN_URI"]), "BROKER_TURN_URI: not set"),
        (coturn_with("BROKER_TURN_URI", "stun:a.example"), "BROKER_TURN_URI or BROKER_TTL: "),
        (coturn_with("BROKER_TTL", "1h"), "BROKER_TTL: not a number of seconds"),
        (coturn_with("BROKER_TTL", "0"), "BROKER_TURN_URI or BROKER_TTL: the ttl is under"),
        (coturn_with("TURN_SECRET", "north-of-it\n"), "TURN_SECRET: "),
        (without(&["TURN_SECRET"]), "TURN_SECRET: not set, nor is XIRSYS_SECRET"),
        (coturn_with("XIRSYS_SECRET", "the-secret"), "TURN_SECRET: set, and XIRSYS_SECRET too"),
    ] {
        let worker = Worker::with_env(&env);
        for (method, path) in [("GET", "/token"), ("PUT", "/token"), ("GET", "/ice"), ("GET", "/")]
        {
            let answer = worker.ask_unchecked(method, path, &[FROM_APP]);
            assert_eq!(answer.status, 500, "{why}: {answer:?}");
            let error = json!({ "error": "internal error: see the log" });
            assert_eq!(answer.json(), error);
        }
        let log = worker.end();
        assert!(log.contains(&format!("a setting is missing or wrong: {why}")), "{why}: {log}");
    }
}

/// In `wrangler.toml`, numbers may be without quotes, and bindings to a store of secrets are objects.
#[test]
fn what_is_not_text_does_not_pass_for_unset() {
    for (name, json) in [("BROKER_TTL", "600"), ("BROKER_CLIENT_KEY", "{}")] {
        let worker = Worker::with_binding(&COTURN, name, json);
        assert_eq!(worker.ask_unchecked("GET", "/token", &[FROM_APP]).status, 500);
        let why = format!("a setting is missing or wrong: {name}: not text");
        let log = worker.end();
        assert!(log.contains(&why), "{log}");
    }
    let worker = Worker::with_binding(&COTURN, "RATE_LIMITER", "{}");
    for _ in 0..2 {
        assert_eq!(worker.ask("GET", "/token", &[FROM_APP]).status, 429);
    }
    assert!(worker.end().contains("RATE_LIMITER: no answer"));
}

#[test]
fn the_rate_limit() {
    let worker = Worker::limited(&COTURN);
    let ask = |address, origin| {
        worker.ask("GET", "/token", &[("origin", origin), ("cf-connecting-ip", address)])
    };
    for addresses in [
        ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
        ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"],
    ] {
        assert_eq!(addresses.map(|address| ask(address, APP).status), [200, 200, 429]);
    }
    let answer = ask("192.0.2.1", APP);
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(ask("2001:db8:0:1::1", APP).status, 200);
    assert_eq!(ask("192.0.2.2", "https://elsewhere.example.org").status, 401);
    assert_eq!([ask("192.0.2.2", APP).status, ask("192.0.2.2", APP).status], [200, 200]);
    assert_eq!(ask("192.0.2.255", APP).status, 429);
    assert!(worker.end().contains("RATE_LIMITER: no answer"));
}

/// Cloudflare accepts a module of up to 3 MB compressed, and one second of processor time to start.
#[test]
fn it_is_small_and_starts_at_once() {
    let size = fs::metadata(worker::module()).expect("the module").len();
    let worker = Worker::with_env(&COTURN);
    let first = Instant::now();
    let token = new_token(&worker);
    let first = first.elapsed();
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(1) {
        assert_eq!(put(&worker, &token).status, 200);
        count += 1;
    }
    println!("{size} bytes; {:?} to listen, {first:?} for the first answer", worker.start_up());
    println!("{count} logins per second, one after the other");
    assert!(size < 400_000, "{size}");
    assert!(first < Duration::from_secs(1), "{first:?}");
    assert_eq!(worker.end(), "");
}
