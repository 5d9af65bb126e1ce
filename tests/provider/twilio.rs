use turn_credentials::UnixTime;
use turn_credentials::provider::twilio::IceRequest;
use turn_credentials::provider::{ApiCall as _, Gateway};

use crate::request::{refused, sent};
use crate::{Calls, HOUR, KEY, NOW, response};

pub(crate) fn calls() -> Calls {
    Calls { ice: ("twilio", Box::new(IceRequest::new("AC0", KEY, HOUR, NOW).unwrap())), others: vec![] }
}

#[test]
fn what_is_sent() {
    let call = IceRequest::new("AC0", "pw", HOUR, NOW).unwrap();
    let (line, headers, body) = sent(&call);
    assert_eq!(line, "POST https://api.twilio.com/2010-04-01/Accounts/AC0/Tokens.json");
    assert_eq!(
        headers,
        "content-type: application/x-www-form-urlencoded\nauthorization: Basic QUMwOnB3"
    );
    assert_eq!(body, "Ttl=3600");
    let call = call.via(Gateway::new("http://127.0.0.1:8080").unwrap());
    assert_eq!(sent(&call).0, "POST http://127.0.0.1:8080/2010-04-01/Accounts/AC0/Tokens.json");
}

#[test]
fn what_cannot_be_asked() {
    assert_eq!(refused(IceRequest::new("A:C", "pw", HOUR, NOW)), "account");
    assert_eq!(refused(IceRequest::new("AC0", "", HOUR, NOW)), "secret");
    assert_eq!(refused(IceRequest::new("AC0", "pw", HOUR / 3601, NOW)), "ttl");
}

#[test]
fn the_shorter_ttl_counts() {
    let call = IceRequest::new("AC0", "pw", HOUR, NOW).unwrap();
    for (ttl, granted) in [
        ("\"60\"", 60),
        ("60", 60),
        ("60.0", 60),
        ("\"86400\"", 3600),
        ("\"+60\"", 3600),
        ("\"1e3\"", 3600),
        ("-60", 3600),
        ("null", 3600),
    ] {
        let body = format!(r#"{{"ttl": {ttl}, "ice_servers": [{{"url": "stun:a"}}]}}"#);
        let lease = call.read_answer(&response(201, body)).unwrap();
        let end = UnixTime::from_secs(1_700_000_000 + granted);
        assert_eq!(lease.valid_until(), Some(end), "{ttl}");
    }
}
