use core::time::Duration;

use turn_credentials::provider::xirsys::{
    Account, HostRequest, IceRequest, SignalToken, TokenRequest, code,
};
use turn_credentials::provider::{ApiCall as _, ApiError, CallError, Gateway};

use crate::request::{refused, sent};
use crate::{Calls, HOUR, KEY, NOW, response};

fn account() -> Account {
    Account::new("ident", KEY).unwrap()
}

fn call() -> IceRequest {
    IceRequest::new(&account(), "my/channel", HOUR, NOW).unwrap()
}

fn token_call(channel: &str) -> TokenRequest {
    TokenRequest::new(&account(), channel, None, Some(HOUR)).unwrap()
}

pub(crate) fn calls() -> Calls {
    let (token, host) = (token_call("a"), HostRequest::new(&account()));
    let token_text = move |answer: &_| token.read_answer(answer).map(|t| t.as_str().to_owned());
    let host_text = move |answer: &_| host.read_answer(answer).map(|h| h.as_str().to_owned());
    Calls {
        ice: ("xirsys", Box::new(call())),
        others: vec![("xirsys-token", Box::new(token_text)), ("xirsys-host", Box::new(host_text))],
    }
}

#[test]
fn what_is_sent() {
    let basic = "authorization: Basic aWRlbnQ6aGlkZGVuLXNlY3JldA==";
    let empty = format!("content-length: 0\n{basic}");
    let json = format!("content-type: application/json\n{basic}");
    let euro = || Gateway::new("https://ws.xirsys.com/").unwrap();
    let user = call().for_user("8.8.8.8".parse().unwrap()).unwrap();
    let named = TokenRequest::new(&account(), "a b/ü", Some("alice"), None).unwrap();
    let channel = "https://global.xirsys.net/_turn/my/channel";
    for ((line, headers, body), expected) in [
        (sent(&call()), (format!("PUT {channel}?webrtc=1&expire=3600"), &empty, "")),
        (
            sent(&call().via(euro())),
            (
                "PUT https://ws.xirsys.com/_turn/my/channel?webrtc=1&expire=3600".into(),
                &empty,
                "",
            ),
        ),
        (
            sent(&user),
            (
                format!("PUT {channel}?webrtc=1&expire=3600&geo=1"),
                &json,
                r#"{"user_ip":"8.8.8.8"}"#,
            ),
        ),
        (
            sent(&named.via(euro())),
            (
                "PUT https://ws.xirsys.com/_token/a%20b/%C3%BC?k=alice&expire=0".into(),
                &empty,
                "",
            ),
        ),
        (
            sent(&token_call("a")),
            ("PUT https://global.xirsys.net/_token/a?expire=3600".into(), &empty, ""),
        ),
        (
            sent(&HostRequest::new(&account())),
            ("GET https://global.xirsys.net/_host?type=signal".into(), &basic.to_owned(), ""),
        ),
        (
            sent(&HostRequest::new(&account()).via(euro())),
            ("GET https://ws.xirsys.com/_host?type=signal".into(), &basic.to_owned(), ""),
        ),
    ] {
        assert_eq!((line, &headers, body.as_str()), expected);
    }
}

#[test]
fn sub_accounts() {
    let header = |account: Account| {
        let (_, headers, _) = sent(&HostRequest::new(&account));
        headers.strip_prefix("authorization: Basic ").unwrap().to_owned()
    };
    // primary#sub:theirs and primary#sub:!ours
    let own = Account::sub_account("primary", "sub", "theirs").unwrap();
    assert_eq!(header(own), "cHJpbWFyeSNzdWI6dGhlaXJz");
    let primary = Account::sub_account_by_primary("primary", "sub", "ours").unwrap();
    assert_eq!(header(primary), "cHJpbWFyeSNzdWI6IW91cnM=");
    assert_eq!(refused(Account::sub_account("p", "a#b", "s")), "ident");
    assert_eq!(refused(Account::sub_account_by_primary("p", "a", "")), "secret");
}

#[test]
fn signalling() {
    let token = |body: &str| token_call("a").read_answer(&response(200, body));
    let given: SignalToken = token(r#"{"v": "a+b/c", "s": "ok"}"#).unwrap();
    assert_eq!(token(r#"{"v":"","s":"ok"}"#).map(drop), Err(ApiError::UnknownShape));

    let host =
        |body: &str| HostRequest::new(&account()).read_answer(&response(200, body));
    let euro = host(r#"{"v": "wss://euro.example:4005/ws/", "s": "ok"}"#).unwrap();
    assert_eq!(euro.as_str(), "wss://euro.example:4005/ws");
    let url = euro.websocket_url(&given);
    assert_eq!(url.as_str(), "wss://euro.example:4005/ws/v2/a%2Bb%2Fc");
    assert_eq!(format!("{given:?} {url:?}"), "SignalToken(..) SignalUrl(..)");
    for odd in ["https://a", "ws://a", "wss://", "wss://a?b", "wss://u@a", "wss://a/../b"] {
        let body = format!(r#"{{"v": "{odd}", "s": "ok"}}"#);
        assert_eq!(host(&body), Err(ApiError::UnknownShape), "{odd}");
    }
}

#[test]
fn no_call_shows_its_secret() {
    let host = HostRequest::new(&account());
    let shown = format!("{:?} {:#?} {:?} {host:?}", call(), call(), token_call("a"));
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn what_cannot_be_asked() {
    let ice = |channel: &str, ttl: u64| {
        IceRequest::new(&account(), channel, Duration::from_secs(ttl), NOW).map(drop)
    };
    let ttl = Err(CallError::Ttl { least: 1, most: 21_600 });
    assert_eq!(ice("a", 0), ttl);
    assert_eq!(ice("a", 1), Ok(()));
    assert_eq!(ice("a", 21_600), Ok(()));
    assert_eq!(ice("a", 21_601), ttl);
    assert_eq!(ice("a", u64::MAX), ttl);
    for channel in ["", "/", "a/", "/a", "a//b", ".", "a/..", "../a"] {
        assert_eq!(refused(ice(channel, 60)), "channel", "{channel}");
        let token = TokenRequest::new(&account(), channel, None, Some(HOUR));
        assert_eq!(refused(token), "channel", "{channel}");
    }
    for (ident, secret, what) in [
        ("", "s", "ident"),
        ("a:b", "s", "ident"),
        ("a\n", "s", "ident"),
        ("a", "", "secret"),
        ("a", "s\r\n", "secret"),
    ] {
        assert_eq!(refused(Account::new(ident, secret)), what);
    }
    for user in ["", "a b", "é", &"a".repeat(65)] {
        let token = TokenRequest::new(&account(), "a", Some(user), Some(HOUR));
        assert_eq!(refused(token), "signalling user", "{user}");
    }
    let moment = Some(Duration::from_millis(900));
    let token = TokenRequest::new(&account(), "a", None, moment).map(drop);
    assert_eq!(token, Err(CallError::Ttl { least: 1, most: u32::MAX }));
}

/// A known word decides whether a refusal is retryable; for any other word, the status does.
#[test]
fn the_word_decides_before_the_status() {
    for (word, retryable) in [
        (code::UNAUTHORIZED, Some(false)),
        (code::NO_NAMESPACE, Some(false)),
        (code::NOT_FOUND, Some(false)),
        (code::PATH_EXISTS, Some(false)),
        (code::REQUIRE_TYPE_PARAM, Some(false)),
        (code::UNRECOGNIZED_TYPE_PARAM, Some(false)),
        (code::VERSION_CONFLICT, Some(false)),
        (code::INTERNAL, Some(true)),
        (code::LOCKED, Some(true)),
        ("another", None),
    ] {
        for (status, by_status) in [(200, false), (404, false), (429, true), (503, true)] {
            let v3 = response(status, format!(r#"{{"s":"error","v":"{word}"}}"#));
            let v2 = response(200, format!(r#"{{"s":{status},"d":null,"e":"{word}"}}"#));
            for response in [v3, v2] {
                let error = call().read_answer(&response).unwrap_err();
                let ApiError::Refused { code, status: told, .. } = &error else { panic!("{error}") };
                assert_eq!((&**code, *told), (word, status));
                assert_eq!(error.is_retryable(), retryable.unwrap_or(by_status), "{word} {status}");
            }
        }
    }
}

#[test]
fn only_public_addresses() {
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
        let call = call().for_user(address.parse().unwrap());
        assert_eq!(call.is_ok(), public, "{address}");
    }
}
