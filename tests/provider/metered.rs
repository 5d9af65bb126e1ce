use turn_credentials::UnixTime;
use turn_credentials::provider::Gateway;
use turn_credentials::provider::metered::{IceRequest, KeyRequest};
use turn_credentials::provider::{ApiCall as _, ApiError};

use crate::request::{refused, sent};
use crate::{Calls, HOUR, KEY, NOW, response};

fn key_call() -> KeyRequest {
    KeyRequest::new("app", KEY, HOUR, NOW).unwrap()
}

pub(crate) fn calls() -> Calls {
    let ice = IceRequest::new("app", KEY, NOW).unwrap();
    let key = |answer: &_| {
        key_call().read_answer(answer).map(|key| {
            let (login, key) = (key.login(), key.api_key());
            format!("{} {} {}", login.username(), login.credential().as_str(), key.as_str())
        })
    };
    Calls { ice: ("metered", Box::new(ice)), others: vec![("metered-key", Box::new(key))] }
}

#[test]
fn what_is_sent() {
    let call = IceRequest::new("our-app2", "k&y", NOW).unwrap();
    let (line, headers, body) = sent(&call);
    let path = "/api/v1/turn/credentials?apiKey=k%26y";
    assert_eq!(line, format!("GET https://our-app2.metered.live{path}"));
    assert_eq!((headers, body), (String::new(), String::new()));
    let call = call.via(Gateway::new("http://127.0.0.1:8080").unwrap());
    assert_eq!(sent(&call).0, format!("GET http://127.0.0.1:8080{path}"));

    let call = KeyRequest::new("our-app2", "k&y", HOUR, NOW).unwrap();
    let (line, headers, body) = sent(&call);
    let path = "/api/v1/turn/credential?secretKey=k%26y";
    assert_eq!(line, format!("POST https://our-app2.metered.live{path}"));
    assert_eq!(headers, "content-type: application/json");
    assert_eq!(body, r#"{"expiryInSeconds":3600}"#);
    let call = call.with_label("a \"user\"").via(Gateway::new("http://127.0.0.1:8080").unwrap());
    let (line, _, body) = sent(&call);
    assert_eq!(line, format!("POST http://127.0.0.1:8080{path}"));
    assert_eq!(body, r#"{"expiryInSeconds":3600,"label":"a \"user\""}"#);
    let (call, request) = (key_call(), key_call().request().unwrap());
    assert!(!format!("{call:?} {request:?} {request}").contains(KEY), "{call:?}");
}

#[test]
fn a_key_lasts_for_its_ttl() {
    let end = UnixTime::from_secs(NOW.as_secs() + 3600);
    let whole = r#"{"username": "u", "password": "p", "apiKey": "k"}"#;
    let key = key_call().read_answer(&response(200, whole)).unwrap();
    assert_eq!(key.login().valid_until(), Some(end));
    assert!(!format!("{key:?}").contains("\"p\"") && !format!("{key:?}").contains("\"k\""));
    for part in [
        r#"{"username": "u", "password": "p"}"#,
        r#"{"username": "u", "password": "p", "apiKey": ""}"#,
        r#"{"username": "u", "apiKey": "k"}"#,
        r#"{"password": "p", "apiKey": "k"}"#,
        r#"{"username": "u", "password": "p", "apiKey": "k", "username": "v"}"#,
        r#"{"username": "u", "password": "p", "apiKey": "k", "apiKey": "j"}"#,
        "[]",
    ] {
        let error = key_call().read_answer(&response(200, part)).map(drop);
        assert_eq!(error, Err(ApiError::UnknownShape), "{part}");
    }
    let call = IceRequest::new("app", KEY, NOW).unwrap().with_ttl(HOUR);
    let list = r#"[{"urls": "turn:a", "username": "u", "credential": "p"}]"#;
    let lease = call.read_answer(&response(200, list)).unwrap();
    assert_eq!(lease.valid_until(), Some(end));
}

#[test]
fn an_app_is_one_label_of_a_host_name() {
    for app in ["", "-", "a-", "-a", "a.b", "a/b", "a b", "é", "a@b", &"a".repeat(64)] {
        assert_eq!(refused(IceRequest::new(app, "k", NOW)), "app", "{app}");
    }
    assert!(IceRequest::new(&"a".repeat(63), "k", NOW).is_ok());
    assert_eq!(refused(IceRequest::new("app", "k\n", NOW)), "secret");
    assert_eq!(refused(KeyRequest::new("a.b", "k", HOUR, NOW)), "app");
    assert_eq!(refused(KeyRequest::new("app", "k\n", HOUR, NOW)), "secret");
    assert_eq!(refused(KeyRequest::new("app", "k", HOUR / 3601, NOW)), "ttl");
}
