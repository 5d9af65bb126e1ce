//! What any provider answers: every call reads every answer.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use turn_credentials::provider::http::Response;
use turn_credentials::provider::{
    ApiCall, ApiError, cloudflare, metered, read_lease, twilio, xirsys,
};
use turn_credentials::{IceLease, UnixTime};
use turn_credentials_fuzz::servers::{self, of_library};
use turn_credentials_fuzz::{number, parts, text};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

fuzz_target!(|data: &[u8]| {
    let [status, retry_after, body] = parts(data);
    let status = u16::try_from(number(status)).unwrap_or_default();
    let response = |body: &[u8]| {
        let answer = Response::builder().status(status).header("retry-after", retry_after);
        answer.body(body.to_vec()).ok()
    };
    let Some(answer) = response(body) else { return };
    read(&answer);

    // Each name once: the reference cannot see that there are two.
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return };
    let answer = response(json.to_string().as_bytes()).unwrap();
    read(&answer);
    let is_good = answer.status().is_success();
    let asked = Some(HOUR.as_secs());
    let told = match &json["ttl"] {
        Value::Number(ttl) => ttl.as_u64(),
        Value::String(ttl) if ttl.bytes().all(|byte| byte.is_ascii_digit()) => ttl.parse().ok(),
        _ => None,
    };
    for (call, json, ttl) in [
        (cloudflare().read_answer(&answer), is_good.then_some(&json), asked),
        (metered().read_answer(&answer), is_good.then_some(&json), None),
        (twilio().read_answer(&answer), is_good.then_some(&json), asked.min(told.or(asked))),
        (xirsys().read_answer(&answer), opened(&json, is_good), asked),
    ] {
        if json.is_some_and(|json| json["ttl"].is_f64()) {
            continue;
        }
        let expected = json.and_then(servers::read).filter(|(servers, _)| !servers.is_empty());
        let lease = call.ok();
        let read = lease.as_ref().map(|lease| (of_library(lease.servers()), lease.dropped()));
        assert_eq!(read, expected);
        let Some(lease) = lease else { continue };
        let end = ttl.map(|ttl| UnixTime::from_secs(NOW.as_secs().saturating_add(ttl)));
        assert_eq!(lease.valid_until(), end);
        let logins = lease.servers().iter().filter_map(|server| server.login());
        assert!(logins.into_iter().all(|login| login.valid_until() == end));
    }
});

/// What is in Xirsys's envelope.
fn opened(json: &Value, is_good: bool) -> Option<&Value> {
    match &json["s"] {
        Value::String(word) if word.eq_ignore_ascii_case("ok") => Some(&json["v"]),
        Value::Number(status) if status.as_f64() == Some(200.0) && json["e"].is_null() => {
            Some(&json["d"])
        }
        Value::Null if is_good => Some(json),
        _ => None,
    }
    .filter(|inner| !inner.is_null())
}

/// No answer panics or makes a lease that is not one, and no error shows what was read.
fn read(answer: &Response<Vec<u8>>) {
    let unasked = read_lease(answer.body(), NOW, Some(HOUR));
    let leases = [
        cloudflare().read_answer(answer),
        metered().read_answer(answer),
        twilio().read_answer(answer),
        xirsys().read_answer(answer),
        unasked,
    ];
    for lease in &leases {
        match lease {
            Ok(lease) => assert!(is_lease(lease), "{lease:?}"),
            Err(error) => check(error, answer),
        }
    }
    let account = xirsys::Account::new("ident", "secret").unwrap();
    let token = xirsys::TokenRequest::new(&account, "channel", None, None).unwrap();
    let host = xirsys::HostRequest::new(&account);
    match (token.read_answer(answer), host.read_answer(answer)) {
        (Ok(token), Ok(host)) => {
            assert!(host.websocket_url(&token).as_str().starts_with("wss://"));
        }
        (token, host) => {
            assert!(token.as_ref().is_ok_and(|token| !token.as_str().is_empty()) || token.is_err());
            assert!(host.as_ref().is_ok_and(|host| host.as_str().len() > 6) || host.is_err());
            token.err().iter().chain(&host.err()).for_each(|error| check(error, answer));
        }
    }
    let key = metered::KeyRequest::new("app", "secret", HOUR, NOW).unwrap();
    match key.read_answer(answer) {
        Ok(key) => {
            assert!(!key.api_key().as_str().is_empty() && key.login().valid_until().is_some());
        }
        Err(error) => check(&error, answer),
    }
    let key = cloudflare::Key::new("id", "secret").unwrap();
    let revoked = cloudflare::RevokeRequest::new(&key, "name").unwrap().read_answer(answer);
    assert_eq!(revoked.is_ok(), answer.status().is_success());
}

fn is_lease(lease: &IceLease) -> bool {
    let complete = |(uris, login): &(Vec<String>, _)| {
        !uris.is_empty()
            && (Option::is_some(login) || uris.iter().all(|uri| uri.starts_with("stun")))
    };
    let servers = of_library(lease.servers());
    !servers.is_empty() && servers.iter().all(complete)
}

fn check(error: &ApiError, answer: &Response<Vec<u8>>) {
    let shown = error.to_string();
    assert!(shown.starts_with("the provider") && shown.len() < 120);
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
    if let ApiError::Refused { .. } | ApiError::Status { .. } = error {
        let header = answer.headers()["retry-after"].as_bytes().trim_ascii();
        let digits = !header.is_empty() && header.iter().all(u8::is_ascii_digit);
        let wait = text(header).parse::<u32>().ok().filter(|_| digits);
        let wait = wait.map(|secs| Duration::from_secs(secs.into()));
        assert_eq!(error.retry_after(), wait);
    }
}

fn cloudflare() -> cloudflare::IceRequest {
    let key = cloudflare::Key::new("id", "secret").unwrap();
    cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap()
}

fn metered() -> metered::IceRequest {
    metered::IceRequest::new("app", "secret", NOW).unwrap()
}

fn twilio() -> twilio::IceRequest {
    twilio::IceRequest::new("account", "secret", HOUR, NOW).unwrap()
}

fn xirsys() -> xirsys::IceRequest {
    let account = xirsys::Account::new("ident", "secret").unwrap();
    xirsys::IceRequest::new(&account, "channel", HOUR, NOW).unwrap()
}
