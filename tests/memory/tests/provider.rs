//! Calls to providers leave no key, token or credential in freed memory.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use memory::{assert_found, assert_gone, freed_with};
use turn_credentials::UnixTime;
use turn_credentials::provider::http::{Request, Response};
use turn_credentials::provider::{
    ApiCall, ApiError, ApiKey, Gateway, HttpRequest, cloudflare, metered, read_lease, twilio,
    xirsys,
};

const KEY: &str = "Zq7xWk3vXp5uYt8sVh2rMn6pQd4oLb9n";
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

/// Looks for the key, and for its encodings in HTTP Basic authentication.
#[track_caller]
fn assert_key_gone<T>(work: impl FnOnce() -> T) {
    let encoded = ["ident:", "ident:!", "primary#sub:", "primary#sub:!", "AC0123:"]
        .map(|before| BASE64_STANDARD.encode(format!("{before}{KEY}")));
    // Skip the beginning, which encodes the user.
    let mut wanted: Vec<_> = encoded.iter().map(|text| &text.as_bytes()[20..]).collect();
    wanted.push(KEY.as_bytes());
    assert_gone(&wanted, work);
}

#[test]
fn keys() {
    assert_found(&[KEY.as_bytes()], || drop(ApiKey::new(KEY).as_str().to_owned()));
    assert_key_gone(|| drop(ApiKey::new(KEY).clone()));
    assert_key_gone(|| drop([ApiKey::from(KEY), ApiKey::from(String::from(KEY))]));
    let file = format!("\u{feff}{KEY}\r\n");
    let lines = format!("{KEY}\n{KEY}");
    assert_key_gone(|| {
        drop(ApiKey::from_file_contents(&file).unwrap());
        drop(ApiKey::from_config_value(KEY).unwrap());
        assert!(ApiKey::from_file_contents(&lines).is_err());
        assert!(ApiKey::from_config_value(&file).is_err());
    });
}

#[test]
fn accounts() {
    let with_line_end = format!("{KEY}\n");
    assert_key_gone(|| {
        drop(xirsys::Account::new("ident", KEY).unwrap().clone());
        drop(xirsys::Account::sub_account("primary", "sub", KEY).unwrap());
        drop(xirsys::Account::sub_account_by_primary("primary", "sub", KEY).unwrap());
        drop(cloudflare::Key::new("0123", KEY).unwrap().clone());
        drop(twilio::IceRequest::new("AC0123", KEY, HOUR, NOW).unwrap().clone());
        drop(metered::IceRequest::new("our-app", KEY, NOW).unwrap().clone());
        drop(metered::KeyRequest::new("our-app", KEY, HOUR, NOW).unwrap().clone());
    });
    // A wrong id with a right key, and a wrong key.
    for (id, key) in [(":", KEY), ("id", with_line_end.as_str())] {
        assert_key_gone(|| {
            let owned = || String::from(key);
            assert!(xirsys::Account::new(id, owned()).is_err());
            assert!(xirsys::Account::sub_account(id, "sub", owned()).is_err());
            assert!(xirsys::Account::sub_account_by_primary("primary", id, owned()).is_err());
            assert!(cloudflare::Key::new(id, owned()).is_err());
            assert!(twilio::IceRequest::new(id, owned(), HOUR, NOW).is_err());
            assert!(metered::IceRequest::new(id, owned(), NOW).is_err());
            assert!(metered::KeyRequest::new(id, owned(), HOUR, NOW).is_err());
        });
    }
    assert_key_gone(|| {
        assert!(twilio::IceRequest::new("AC0123", KEY, Duration::ZERO, NOW).is_err());
        assert!(metered::KeyRequest::new("our-app", KEY, Duration::ZERO, NOW).is_err());
    });
}

#[test]
fn calls() {
    let account = xirsys::Account::new("ident", KEY).unwrap();
    let key = cloudflare::Key::new("0123", KEY).unwrap();
    let gateway = || Gateway::new("https://a.example").unwrap();
    assert_key_gone(|| {
        let ice = || xirsys::IceRequest::new(&account, "c", HOUR, NOW).unwrap();
        drop(ice().via(gateway()).for_user("8.8.8.8".parse().unwrap()).unwrap());
        assert!(ice().for_user("127.0.0.1".parse().unwrap()).is_err());
        drop(xirsys::TokenRequest::new(&account, "c", None, None).unwrap().via(gateway()));
        drop(xirsys::HostRequest::new(&account).via(gateway()));
        let ice = cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap();
        drop(ice.with_custom_identifier("alice").via(gateway()));
        drop(cloudflare::RevokeRequest::new(&key, "alice").unwrap().via(gateway()));
        drop(twilio::IceRequest::new("AC0123", KEY, HOUR, NOW).unwrap().via(gateway()));
        let ice = metered::IceRequest::new("our-app", KEY, NOW).unwrap();
        drop(ice.with_ttl(HOUR).via(gateway()));
        let call = metered::KeyRequest::new("our-app", KEY, HOUR, NOW).unwrap();
        drop(call.with_label("alice").via(gateway()));
    });
    assert_key_gone(|| {
        assert!(xirsys::IceRequest::new(&account, "..", HOUR, NOW).is_err());
        assert!(xirsys::IceRequest::new(&account, "c", Duration::ZERO, NOW).is_err());
        assert!(xirsys::TokenRequest::new(&account, "..", None, None).is_err());
        assert!(xirsys::TokenRequest::new(&account, "c", Some("@"), None).is_err());
        assert!(xirsys::TokenRequest::new(&account, "c", None, Some(Duration::ZERO)).is_err());
        assert!(cloudflare::IceRequest::new(&key, Duration::ZERO, NOW).is_err());
        assert!(cloudflare::RevokeRequest::new(&key, "..").is_err());
    });
}

/// Except for the request itself, which is the caller's, nothing is left of the key.
#[test]
fn requests() {
    let account = xirsys::Account::new("ident", KEY).unwrap();
    let sub = xirsys::Account::sub_account_by_primary("primary", "sub", KEY).unwrap();
    let key = cloudflare::Key::new("0123", KEY).unwrap();
    for account in [&account, &sub] {
        assert_key_gone(|| xirsys::IceRequest::new(account, "c", HOUR, NOW).unwrap().request());
        assert_key_gone(|| xirsys::TokenRequest::new(account, "c", None, None).unwrap().request());
        assert_key_gone(|| xirsys::HostRequest::new(account).request());
    }
    assert_key_gone(|| cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap().request());
    assert_key_gone(|| cloudflare::RevokeRequest::new(&key, "alice").unwrap().request());
    assert_key_gone(|| twilio::IceRequest::new("AC0123", KEY, HOUR, NOW).unwrap().request());
    assert_key_gone(|| metered::IceRequest::new("our-app", KEY, NOW).unwrap().request());
    assert_key_gone(|| metered::KeyRequest::new("our-app", KEY, HOUR, NOW).unwrap().request());
}

#[test]
fn requests_of_your_own() {
    let request = || HttpRequest::new(Request::get("https://a.example").body(vec![]).unwrap());
    let key = ApiKey::new(KEY);
    let with_line_end = ApiKey::new(format!("{KEY}\n"));
    assert_key_gone(|| request().with_bearer(&key));
    assert_key_gone(|| request().with_basic("ident", &key));
    assert_key_gone(|| {
        assert!(request().with_bearer(&with_line_end).is_err());
        assert!(request().with_basic("ident", &with_line_end).is_err());
        assert!(request().with_basic("i:dent", &key).is_err());
    });
}

/// The library cannot wipe what the `http` crate holds: see SECURITY.md.
#[test]
fn what_http_holds_stays() {
    let call = metered::IceRequest::new("our-app", KEY, NOW).unwrap();
    assert!(!freed_with(&[KEY.as_bytes()], || drop(call.request())).is_empty());
}

fn answer(body: &str) -> Response<Vec<u8>> {
    Response::new(body.as_bytes().to_vec())
}

#[test]
fn answers_with_servers() {
    let account = xirsys::Account::new("ident", "secret").unwrap();
    let key = cloudflare::Key::new("0123", "token").unwrap();
    let calls: [Box<dyn ApiCall<Answer = turn_credentials::IceLease>>; 4] = [
        Box::new(xirsys::IceRequest::new(&account, "c", HOUR, NOW).unwrap()),
        Box::new(cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap()),
        Box::new(twilio::IceRequest::new("AC0123", "token", HOUR, NOW).unwrap()),
        Box::new(metered::IceRequest::new("our-app", "key", NOW).unwrap().with_ttl(HOUR)),
    ];
    let server = format!(r#"{{"urls": "turn:a", "username": "u", "credential": "{KEY}"}}"#);
    for body in [
        format!("[{server}]"),
        format!(r#"{{"iceServers": {server}}}"#),
        format!(r#"{{"ttl": 60, "ice_servers": [{server}, {server}]}}"#),
        format!(r#"{{"s": "ok", "v": {{"iceServers": [{server}]}}}}"#),
        format!(r#"{{"s": 200, "e": null, "d": {{"iceServers": [{server}]}}}}"#),
        // Refusals, an unknown shape, truncated JSON, and text that is not JSON.
        format!(r#"{{"s": "error", "v": "{KEY}"}}"#),
        format!(r#"{{"s": "error", "v": {server}}}"#),
        format!(r#"{{"iceServers": "{KEY}"}}"#),
        format!(r#"{{"iceServers": [{server}"#),
        KEY.to_owned(),
        // Answers with the key in a place where no credential belongs.
        format!(r#"{{"ice_servers": [{{"urls": "stun:a"}}], "password": "{KEY}"}}"#),
        format!(r#"[{{"urls": ["turn:a", "{KEY}"], "username": "u", "credential": "c"}}]"#),
        format!(r#"[{{"urls": "turn:a", "credential": {{"macKey": ["{KEY}"]}}}}, 7]"#),
        format!(r#"["{KEY}", {{"urls": "stun:a"}}"#),
    ] {
        let body = answer(&body);
        for call in &calls {
            assert_gone(&[KEY.as_bytes()], || drop(call.read_answer(&body)));
        }
        assert_gone(&[KEY.as_bytes()], || drop(read_lease(body.body(), NOW, None)));
    }
    let refused = Response::builder().status(401).body(KEY.into()).unwrap();
    assert_gone(&[KEY.as_bytes()], || {
        assert!(calls.iter().all(|call| call.read_answer(&refused).is_err()));
        drop(ApiError::refused(String::from(KEY), &refused));
    });
}

#[test]
fn answers_with_keys_and_tokens() {
    let call = metered::KeyRequest::new("our-app", "secret", HOUR, NOW).unwrap();
    let whole = format!(r#"{{"username": "u", "password": "{KEY}", "apiKey": "{KEY}"}}"#);
    let half = format!(r#"{{"username": "u", "apiKey": "{KEY}"}}"#);
    let [whole, half] = [whole, half].map(|body| answer(&body));
    assert_key_gone(|| {
        drop(call.read_answer(&whole).unwrap().clone());
        assert!(call.read_answer(&half).is_err());
    });

    let account = xirsys::Account::new("ident", "secret").unwrap();
    let call = xirsys::TokenRequest::new(&account, "c", None, None).unwrap();
    let token = answer(&format!(r#"{{"s": "ok", "v": "{KEY}"}}"#));
    let host = answer(r#"{"s": "ok", "v": "wss://a.example/ws"}"#);
    let host = xirsys::HostRequest::new(&account).read_answer(&host).unwrap();
    assert_key_gone(|| {
        let token = call.read_answer(&token).unwrap();
        let url = host.websocket_url(&token);
        assert!(url.as_str().ends_with(KEY));
        drop((token.clone(), url.clone()));
        assert!(xirsys::HostRequest::new(&account).read_answer(&answer(r#""x""#)).is_err());
    });
}
