use turn_credentials::provider::cloudflare::{IceRequest, Key, RevokeRequest};
use turn_credentials::provider::{ApiCall as _, CallError, Gateway};

use crate::request::{refused, sent};
use crate::{Calls, HOUR, KEY, NOW, response};

fn key() -> Key {
    Key::new("0123", KEY).unwrap()
}

fn call() -> IceRequest {
    IceRequest::new(&key(), HOUR, NOW).unwrap()
}

pub(crate) fn calls() -> Calls {
    Calls { ice: ("cloudflare", Box::new(call())), others: vec![] }
}

#[test]
fn what_is_sent() {
    let base = "https://rtc.live.cloudflare.com/v1/turn/keys/0123/credentials";
    let bearer = "authorization: Bearer hidden-secret";
    let (line, headers, body) = sent(&call());
    assert_eq!(line, format!("POST {base}/generate-ice-servers"));
    assert_eq!(headers, format!("content-type: application/json\n{bearer}"));
    assert_eq!(body, r#"{"ttl":3600}"#);

    let (_, _, body) = sent(&call().with_custom_identifier("a \"user\""));
    assert_eq!(body, r#"{"customIdentifier":"a \"user\"","ttl":3600}"#);

    let revoke = RevokeRequest::new(&key(), "a/b").unwrap();
    let (line, headers, body) = sent(&revoke);
    assert_eq!(line, format!("POST {base}/a%2Fb/revoke"));
    assert_eq!((headers, body), (format!("content-length: 0\n{bearer}"), String::new()));
    assert_eq!(revoke.read_answer(&response(204, "")), Ok(()));
    assert!(revoke.read_answer(&response(404, "")).is_err());

    let gateway = || Gateway::new("http://127.0.0.1:8080/a").unwrap();
    let path = "http://127.0.0.1:8080/a/v1/turn/keys/0123/credentials";
    assert_eq!(sent(&call().via(gateway())).0, format!("POST {path}/generate-ice-servers"));
    assert_eq!(sent(&revoke.via(gateway())).0, format!("POST {path}/a%2Fb/revoke"));
}

#[test]
fn what_cannot_be_asked() {
    for dots in ["", ".", ".."] {
        assert_eq!(refused(RevokeRequest::new(&key(), dots)), "username");
        assert_eq!(refused(Key::new(dots, "t")), "key's id");
    }
    assert_eq!(refused(Key::new("0123", "t k")), "secret");
    // 48 hours: cloudflare/cloudflare-docs#22955 and its faq.mdx, 2025-06.
    assert!(IceRequest::new(&key(), 48 * HOUR, NOW).is_ok());
    for ttl in [HOUR / 3601, 48 * HOUR + HOUR / 3600] {
        let refused = IceRequest::new(&key(), ttl, NOW).map(drop);
        assert_eq!(refused, Err(CallError::Ttl { least: 1, most: 172_800 }));
    }
}
