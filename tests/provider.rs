//! Providers: what is sent, and every recorded answer, errors too.
#![allow(missing_docs)]
#![cfg(feature = "providers")]

use core::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use turn_credentials::provider::xirsys::{
    Account, ErrorCode, Form, Gateway, HostRequest, TokenRequest,
};
use turn_credentials::provider::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, cloudflare, metered,
    twilio, xirsys,
};
use turn_credentials::{Credential, IceServer, UnixTime};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn account() -> Account {
    Account::new("ident", "hidden-secret").unwrap()
}

fn xirsys_call() -> xirsys::IceRequest {
    xirsys::IceRequest::new(&account(), "my/channel", HOUR, NOW).unwrap()
}

/// Reads an answer as each provider's call does.
fn read(call: &str, response: &HttpResponse<'_>) -> Result<IceAnswer, ApiError> {
    let key = cloudflare::Key::new("key", "hidden-secret").unwrap();
    match call {
        "xirsys" => xirsys_call().read_answer(response),
        "cloudflare" => cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap().read_answer(response),
        "twilio" => {
            let call = twilio::IceRequest::new("AC0", "hidden-secret", HOUR, NOW);
            call.unwrap().read_answer(response)
        }
        "metered" => {
            metered::IceRequest::new("app", "hidden-secret", NOW).unwrap().read_answer(response)
        }
        other => panic!("{other}"),
    }
}

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/provider_answers.json")).unwrap()
}

fn has_logins(answer: &IceAnswer) -> bool {
    let complete = |server: &IceServer| {
        server.credential().is_some() || server.urls().iter().all(|uri| !uri.scheme().is_turn())
    };
    !answer.servers().is_empty() && answer.servers().iter().all(complete)
}

#[test]
fn every_recorded_answer() {
    let file = file();
    let cases = file["tests"].as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let [form, call, body] = ["form", "call", "body"].map(|name| case[name].as_str().unwrap());
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let answer = read(call, &HttpResponse::new(status, body.as_bytes())).expect(form);
        let sizes: Vec<_> = answer.servers().iter().map(|server| server.urls().len()).collect();
        assert_eq!(serde_json::json!(sizes), case["servers"], "{form}");
        assert_eq!(serde_json::json!(answer.dropped()), case["dropped"], "{form}");
        assert!(has_logins(&answer), "{form}");
        assert_eq!(answer.issued_at(), NOW);
        let expiry = UnixTime::from_secs(1_700_003_600);
        assert_eq!(answer.expires_at(), (call != "metered").then_some(expiry), "{form}");
    }
}

#[test]
fn every_recorded_refusal() {
    for case in file()["refused"].as_array().unwrap() {
        let [call, body, message] = [0, 2, 3].map(|part| case[part].as_str().unwrap());
        let status = u16::try_from(case[1].as_u64().unwrap()).unwrap();
        let headers = [("x", "y"), ("retry-AFTER", " 7 ")];
        let response = HttpResponse::new(status, body.as_bytes()).with_headers(&headers);
        let error = read(call, &response).unwrap_err();
        assert_eq!(error.to_string(), message, "{body}");
        assert_eq!(error.is_retryable(), case[4], "{body}");
        let answered = matches!(error, ApiError::Refused { .. } | ApiError::Status { .. });
        assert_eq!(error.retry_after(), answered.then_some(Duration::from_secs(7)), "{body}");
    }
    let date = [("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")];
    assert_eq!(HttpResponse::new(503, b"").with_headers(&date).retry_after(), None);
}

fn lines(request: &HttpRequest) -> (String, String, String) {
    let line = format!("{} {}", request.method().as_str(), request.url().as_str());
    let headers = request.headers().map(|(name, value, _)| format!("{name}: {value}"));
    let body = String::from_utf8(request.body().to_vec()).unwrap();
    (line, headers.collect::<Vec<_>>().join("\n"), body)
}

#[test]
fn what_is_sent() {
    let basic = "authorization: Basic aWRlbnQ6aGlkZGVuLXNlY3JldA==";
    let json = "content-type: application/json";
    let cases = [
        (
            lines(&xirsys_call().request()),
            (
                "PUT https://global.xirsys.net/_turn/my/channel?webrtc=1&expire=3600",
                basic.into(),
                "",
            ),
        ),
        (
            lines(&xirsys_call().with_form(Form::Urls).request()),
            (
                "PUT https://global.xirsys.net/_turn/my/channel",
                format!("{json}\n{basic}"),
                r#"{"expire":"3600","format":"urls"}"#,
            ),
        ),
        (
            lines(&xirsys_call().with_form(Form::Plain).request()),
            ("PUT https://global.xirsys.net/_turn/my/channel?expire=3600", basic.into(), ""),
        ),
        (
            lines(&xirsys_call().for_user("8.8.8.8".parse().unwrap()).unwrap().request()),
            (
                "PUT https://global.xirsys.net/_turn/my/channel?webrtc=1&expire=3600&geo=1",
                format!("{json}\n{basic}"),
                r#"{"user_ip":"8.8.8.8"}"#,
            ),
        ),
        (
            lines(
                &TokenRequest::new(&account(), "a b/ü", Some("alice"), None)
                    .unwrap()
                    .via(Gateway::new("https://ws.xirsys.com/").unwrap())
                    .request(),
            ),
            ("PUT https://ws.xirsys.com/_token/a%20b/%C3%BC?k=alice&expire=0", basic.into(), ""),
        ),
        (
            lines(&TokenRequest::new(&account(), "a", None, Some(HOUR)).unwrap().request()),
            ("PUT https://global.xirsys.net/_token/a?expire=3600", basic.into(), ""),
        ),
        (
            lines(&HostRequest::new(&account()).request()),
            ("GET https://global.xirsys.net/_host?type=signal", basic.into(), ""),
        ),
    ];
    for ((line, headers, body), expected) in cases {
        assert_eq!((line.as_str(), headers, body.as_str()), expected);
    }

    let key = cloudflare::Key::new("0123", "hidden-secret").unwrap();
    let (line, headers, body) =
        lines(&cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap().by_generate().request());
    let base = "https://rtc.live.cloudflare.com/v1/turn/keys/0123/credentials";
    assert_eq!(line, format!("POST {base}/generate"));
    assert_eq!(headers, format!("authorization: Bearer hidden-secret\n{json}"));
    assert_eq!(body, r#"{"ttl":3600}"#);
    for dots in ["", ".", ".."] {
        assert!(cloudflare::RevokeRequest::new(&key, dots).is_err());
        assert!(cloudflare::Key::new(dots, "t").is_err());
    }
    assert_eq!(cloudflare::Key::new("0123", "t k").unwrap_err(), CallError::Secret);
    let revoke = cloudflare::RevokeRequest::new(&key, "a/b").unwrap();
    assert_eq!(lines(&revoke.request()).0, format!("POST {base}/a%2Fb/revoke"));
    assert_eq!(revoke.read_answer(&HttpResponse::new(204, b"")), Ok(()));
    assert!(revoke.read_answer(&HttpResponse::new(404, b"")).is_err());

    let (line, headers, body) =
        lines(&twilio::IceRequest::new("AC0", "pw", HOUR, NOW).unwrap().request());
    assert_eq!(line, "POST https://api.twilio.com/2010-04-01/Accounts/AC0/Tokens.json");
    assert_eq!(
        headers,
        "content-type: application/x-www-form-urlencoded\nauthorization: Basic QUMwOnB3"
    );
    assert_eq!(body, "Ttl=3600");
}

#[test]
fn sub_accounts() {
    let header = |account: Account| {
        let request = HostRequest::new(&account).request();
        lines(&request).1.strip_prefix("authorization: Basic ").unwrap().to_owned()
    };
    // primary#sub:theirs and primary#sub:!ours
    let own = Account::sub_account("primary", "sub", "theirs").unwrap();
    assert_eq!(header(own), "cHJpbWFyeSNzdWI6dGhlaXJz");
    let primary = Account::sub_account_by_primary("primary", "sub", "ours").unwrap();
    assert_eq!(header(primary), "cHJpbWFyeSNzdWI6IW91cnM=");
}

#[test]
fn signalling() {
    let host = |body: &str| {
        HostRequest::new(&account()).read_answer(&HttpResponse::new(200, body.as_bytes()))
    };
    let euro = host(r#"{"v": "wss://euro3.xirsys.com:4005/ws/","s": "ok"}"#).unwrap();
    assert_eq!(euro.as_str(), "wss://euro3.xirsys.com:4005/ws");
    let url = euro.websocket_url(&Credential::new("a+b/c"));
    assert_eq!(url.as_str(), "wss://euro3.xirsys.com:4005/ws/v2/a%2Bb%2Fc");
    assert_eq!(host(r#"{"v": "https://a", "s": "ok"}"#), Err(ApiError::UnknownShape));
    assert_eq!(
        host(r#"{"v": "require_type_param", "s": "error"}"#),
        Err(ApiError::Refused { code: ErrorCode::TypeParameter, status: 200, retry_after: None })
    );

    for odd in ["ws://a", "wss://", "wss://a?b", "wss://u@a", "wss://a/../b"] {
        let body = format!(r#"{{"v": "{odd}", "s": "ok"}}"#);
        assert_eq!(host(&body), Err(ApiError::UnknownShape), "{odd}");
    }
    let token = TokenRequest::new(&account(), "a", None, Some(HOUR)).unwrap();
    let read = |body: &[u8]| token.read_answer(&HttpResponse::new(200, body));
    assert_eq!(read(br#"{"v":"ZG1l_n-o","s":"ok"}"#).unwrap().as_str(), "ZG1l_n-o");
    assert_eq!(read(br#"{"v":"","s":"ok"}"#).unwrap_err(), ApiError::UnknownShape);
}

#[test]
fn what_cannot_be_asked() {
    let ice = |channel: &str, lifetime: u64| {
        let lifetime = Duration::from_secs(lifetime);
        xirsys::IceRequest::new(&account(), channel, lifetime, NOW).map(drop)
    };
    let lifetime = Err(CallError::Lifetime { least: 1, most: 21_600 });
    assert_eq!(ice("a", 0), lifetime);
    assert_eq!(ice("a", 1), Ok(()));
    assert_eq!(ice("a", 21_600), Ok(()));
    assert_eq!(ice("a", 21_601), lifetime);
    assert_eq!(ice("a", u64::MAX), lifetime);
    for channel in ["", "/", "a/", "/a", "a//b", ".", "a/..", "../a"] {
        assert_eq!(ice(channel, 60), Err(CallError::Channel), "{channel}");
    }
    for (ident, secret, error) in [
        ("", "s", CallError::Id),
        ("a:b", "s", CallError::Id),
        ("a\n", "s", CallError::Id),
        ("a", "", CallError::Secret),
        ("a", "s\r\n", CallError::Secret),
    ] {
        assert_eq!(Account::new(ident, secret).unwrap_err(), error);
    }
    for gateway in [
        "",
        "global.xirsys.net",
        "https://",
        "https:///a",
        "https://a@b",
        "ftp://a",
        "https://a?b",
        "https://a#b",
        "https://a b",
        "https://:443",
        "https://a:b:c",
        "https://a\\b",
        "https://a/../b",
        "https://a/%2e%2e",
        "https://a//",
    ] {
        assert_eq!(Gateway::new(gateway), Err(CallError::Gateway), "{gateway}");
    }
    for gateway in ["http://127.0.0.1:8080/proxy/", "https://[::1]:8443", "https://a/b/c"] {
        assert!(Gateway::new(gateway).is_ok(), "{gateway}");
    }
    for user in ["", "a b", "é", &"a".repeat(65)] {
        let token = TokenRequest::new(&account(), "a", Some(user), Some(HOUR)).map(drop);
        assert_eq!(token, Err(CallError::User), "{user}");
    }
    let moment = Some(Duration::from_millis(900));
    let token = TokenRequest::new(&account(), "a", None, moment).map(drop);
    assert_eq!(token, Err(CallError::Lifetime { least: 1, most: u32::MAX }));
    assert_eq!(Account::sub_account("p", "a#b", "s").unwrap_err(), CallError::Id);
    assert_eq!(metered::IceRequest::new("a.b", "k", NOW).unwrap_err(), CallError::Id);

    for (address, public) in [
        ("8.8.8.8", true),
        ("9.255.255.255", true),
        ("10.0.0.0", false),
        ("10.255.255.255", false),
        ("11.0.0.0", true),
        ("100.63.255.255", true),
        ("100.64.0.0", false),
        ("100.128.0.0", true),
        ("127.0.0.1", false),
        ("172.15.0.1", true),
        ("172.31.255.255", false),
        ("172.32.0.0", true),
        ("192.168.1.1", false),
        ("192.169.0.0", true),
        ("198.19.0.0", false),
        ("198.20.0.0", true),
        ("203.0.113.9", false),
        ("223.255.255.255", true),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("0.0.0.0", false),
        ("2001:4860::8888", true),
        ("::", false),
        ("::1", false),
        ("::2", true),
        ("::ffff:8.8.8.8", true),
        ("::ffff:10.0.0.1", false),
        ("2001:db8::1", false),
        ("2001:db9::1", true),
        ("fd00::1", false),
        ("fe80::1", false),
        ("fec0::1", true),
        ("ff02::1", false),
        ("100::1", false),
    ] {
        let call = xirsys_call().for_user(address.parse().unwrap());
        assert_eq!(call.is_ok(), public, "{address}");
    }
}

#[test]
fn nothing_leaks() {
    let key = cloudflare::Key::new("key", "hidden-secret").unwrap();
    let calls: [&dyn core::fmt::Debug; 5] = [
        &xirsys_call(),
        &TokenRequest::new(&account(), "a", None, Some(HOUR)).unwrap(),
        &cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap(),
        &twilio::IceRequest::new("AC0", "hidden-secret", HOUR, NOW).unwrap(),
        &metered::IceRequest::new("app", "hidden-secret", NOW).unwrap(),
    ];
    let requests = [
        xirsys_call().request(),
        cloudflare::IceRequest::new(&key, HOUR, NOW).unwrap().request(),
        twilio::IceRequest::new("AC0", "hidden-secret", HOUR, NOW).unwrap().request(),
        metered::IceRequest::new("app", "hidden-secret", NOW).unwrap().request(),
    ];
    let shown = calls.iter().map(|call| format!("{call:?} {call:#?}"));
    let shown = shown.chain(requests.iter().map(|request| format!("{request:?} {request}")));
    for shown in shown {
        for hidden in ["hidden-secret", "aGlkZGVu", "hidden"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
    let body = r#"[{"urls": "turn:a", "username": "u", "credential": "hidden-credential"}]"#;
    let response = HttpResponse::new(200, body.as_bytes());
    let answer = read("metered", &response).unwrap();
    assert!(!format!("{response:?} {answer:#?}").contains("hidden"));
}

#[test]
#[cfg(feature = "http")]
fn as_http() {
    let request = http::Request::try_from(xirsys_call().request()).unwrap();
    assert_eq!(request.method(), http::Method::PUT);
    assert_eq!(request.uri().path(), "/_turn/my/channel");
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(request.body().is_empty());
    let bad = HttpRequest::new(turn_credentials::provider::Method::Get, "https://a")
        .with_header("x", "a\nb");
    assert!(http::Request::try_from(bad).is_err());
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop_oneof![
            "turns?:[a-z]{1,5}",
            "stun:[a-z]{1,5}",
            Just("ok".into()),
            Just("error".into())
        ]
        .prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("s"),
        Just("v"),
        Just("d"),
        Just("e"),
        Just("iceServers"),
        Just("ice_servers"),
        Just("urls"),
        Just("url"),
        Just("username"),
        Just("credential"),
        Just("ttl"),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let name = name.clone().prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const CALLS: [&str; 4] = ["xirsys", "cloudflare", "twilio", "metered"];

proptest! {
    #[test]
    fn any_json_panics_nowhere_and_gives_no_server_without_a_login(
        json in json(),
        status in prop_oneof![Just(200_u16), any::<u16>()],
    ) {
        for call in CALLS {
            if let Ok(answer) = read(call, &HttpResponse::new(status, json.to_string().as_bytes())) {
                prop_assert!(has_logins(&answer));
            }
        }
    }

    #[test]
    fn neither_do_any_bytes(body in any::<Vec<u8>>(), status in any::<u16>()) {
        for call in CALLS {
            _ = read(call, &HttpResponse::new(status, &body));
        }
    }
}

#[test]
fn neither_does_any_truncation() {
    for case in file()["tests"].as_array().unwrap() {
        let body = case["body"].as_str().unwrap().as_bytes();
        for len in 0..body.len() {
            for call in CALLS {
                if let Ok(answer) = read(call, &HttpResponse::new(200, &body[..len])) {
                    assert!(has_logins(&answer));
                }
            }
        }
    }
}
