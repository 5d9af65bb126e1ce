//! Providers: what is sent, and every recorded answer, errors too.
#![allow(missing_docs)]
#![cfg(feature = "providers")]

use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};
use turn_credentials::provider::xirsys::{Account, Form, Gateway, HostRequest, TokenRequest};
use turn_credentials::provider::{
    ApiCall, ApiError, CallError, HttpRequest, HttpResponse, IceAnswer, cloudflare, metered,
    twilio, xirsys,
};
use turn_credentials::{Credential, IceServer, UnixTime};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/provider_answers");
const CALLS: [&str; 4] = ["xirsys", "cloudflare", "twilio", "metered"];
const SIGNALLING: [&str; 2] = ["xirsys-token", "xirsys-host"];

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

/// The token or the host that a call for signalling reads.
fn read_signalling(call: &str, response: &HttpResponse<'_>) -> Result<String, ApiError> {
    match call {
        "xirsys-token" => {
            let call = TokenRequest::new(&account(), "a", None, Some(HOUR)).unwrap();
            call.read_answer(response).map(|token| token.as_str().to_owned())
        }
        "xirsys-host" => {
            let call = HostRequest::new(&account());
            call.read_answer(response).map(|host| host.as_str().to_owned())
        }
        other => panic!("{other}"),
    }
}

/// A recorded answer, and what is to come of it.
struct Case {
    json: Value,
    status: u16,
    body: Vec<u8>,
}

impl Case {
    fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap()
    }

    fn response(&self) -> HttpResponse<'_> {
        HttpResponse::new(self.status, &self.body)
    }
}

/// A list of the table.
fn cases(list: &str) -> Vec<Case> {
    let table = fs::read(format!("{FOLDER}.json")).unwrap();
    let mut table: Value = serde_json::from_slice(&table).unwrap();
    let Value::Array(cases) = table[list].take() else { panic!("{list}") };
    let case = |json: Value| {
        let status = u16::try_from(json["status"].as_u64().unwrap()).unwrap();
        let body = fs::read(format!("{FOLDER}/{}", json["file"].as_str().unwrap())).unwrap();
        Case { json, status, body }
    };
    cases.into_iter().map(case).collect()
}

/// Reads what may be anything, by every call: none panics, or finds TURN without a login.
fn read_by_every_call(response: &HttpResponse<'_>) {
    let unasked = IceAnswer::from_json(response.body(), NOW, Some(HOUR));
    let answers = CALLS.map(|call| read(call, response)).into_iter().chain([unasked]);
    for answer in answers.flatten() {
        assert!(has_logins(&answer), "{answer:?}");
    }
    for text in SIGNALLING.map(|call| read_signalling(call, response)).into_iter().flatten() {
        assert!(!text.is_empty());
    }
}

fn has_logins(answer: &IceAnswer) -> bool {
    let complete = |server: &IceServer| {
        server.credential().is_some() || server.urls().iter().all(|uri| !uri.scheme().is_turn())
    };
    !answer.servers().is_empty() && answer.servers().iter().all(complete)
}

#[test]
fn every_recorded_answer() {
    for case in cases("tests") {
        let (form, call) = (case.text("form"), case.text("call"));
        let answer = read(call, &case.response()).expect(form);
        let servers = serde_json::to_value(answer.servers()).unwrap();
        assert_eq!(servers, json!({ "iceServers": case.json["iceServers"] }), "{form}");
        assert_eq!(json!(answer.dropped()), case.json["dropped"], "{form}");
        assert!(has_logins(&answer), "{form}");
        assert_eq!(answer.issued_at(), NOW);
        let expiry = UnixTime::from_secs(1_700_003_600);
        assert_eq!(answer.expires_at(), (call != "metered").then_some(expiry), "{form}");
    }
    for case in cases("signalling") {
        let (form, call) = (case.text("form"), case.text("call"));
        assert_eq!(read_signalling(call, &case.response()).expect(form), case.text("text"));
    }
}

#[test]
fn every_recorded_refusal() {
    for case in cases("refused") {
        let (form, call) = (case.text("form"), case.text("call"));
        let headers = [("x", "y"), ("retry-AFTER", " 7 ")];
        let response = case.response().with_headers(&headers);
        let error = if CALLS.contains(&call) {
            read(call, &response).unwrap_err()
        } else {
            read_signalling(call, &response).unwrap_err()
        };
        assert_eq!(error.to_string(), case.text("message"), "{form}");
        assert_eq!(error.is_retryable(), case.json["retryable"], "{form}");
        let answered = matches!(error, ApiError::Refused { .. } | ApiError::Status { .. });
        assert_eq!(error.retry_after(), answered.then_some(Duration::from_secs(7)), "{form}");
    }
    let date = [("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")];
    assert_eq!(HttpResponse::new(503, b"").with_headers(&date).retry_after(), None);
}

#[test]
fn every_file_is_in_the_table_with_its_source() {
    let table = ["tests", "signalling", "refused"].map(cases);
    let named = table.iter().flatten().map(|case| {
        assert!(!case.text("source").is_empty(), "{}", case.json);
        case.text("file").to_owned()
    });
    let files = fs::read_dir(FOLDER).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(named.collect::<BTreeSet<_>>(), files.collect());
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
    let euro = host(r#"{"v": "wss://euro.example:4005/ws/", "s": "ok"}"#).unwrap();
    assert_eq!(euro.as_str(), "wss://euro.example:4005/ws");
    let url = euro.websocket_url(&Credential::new("a+b/c"));
    assert_eq!(url.as_str(), "wss://euro.example:4005/ws/v2/a%2Bb%2Fc");
    for odd in ["https://a", "ws://a", "wss://", "wss://a?b", "wss://u@a", "wss://a/../b"] {
        let body = format!(r#"{{"v": "{odd}", "s": "ok"}}"#);
        assert_eq!(host(&body), Err(ApiError::UnknownShape), "{odd}");
    }
    let token = TokenRequest::new(&account(), "a", None, Some(HOUR)).unwrap();
    let empty = HttpResponse::new(200, br#"{"v":"","s":"ok"}"#);
    assert_eq!(token.read_answer(&empty).unwrap_err(), ApiError::UnknownShape);
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

fn any_json() -> impl Strategy<Value = Value> {
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

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![Just(200), any::<u16>()]
}

proptest! {
    #[test]
    fn any_json_panics_nowhere_and_gives_no_server_without_a_login(
        json in any_json(),
        status in status(),
    ) {
        read_by_every_call(&HttpResponse::new(status, json.to_string().as_bytes()));
    }

    #[test]
    fn neither_do_any_bytes(body in any::<Vec<u8>>(), status in status()) {
        read_by_every_call(&HttpResponse::new(status, &body));
    }
}

#[test]
fn neither_does_any_truncation() {
    for case in ["tests", "signalling", "refused"].into_iter().flat_map(cases) {
        for len in 0..=case.body.len() {
            read_by_every_call(&HttpResponse::new(200, &case.body[..len]));
        }
    }
}
