use turn_credentials::provider::Gateway;
use turn_credentials::provider::metered::IceRequest;

use crate::request::{refused, sent};
use crate::{Calls, KEY, NOW};

pub(crate) fn calls() -> Calls {
    Calls { ice: ("metered", Box::new(IceRequest::new("app", KEY, NOW).unwrap())), others: vec![] }
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
}

#[test]
fn an_app_is_one_label_of_a_host_name() {
    for app in ["", "-", "a-", "-a", "a.b", "a/b", "a b", "é", "a@b", &"a".repeat(64)] {
        assert_eq!(refused(IceRequest::new(app, "k", NOW)), "app", "{app}");
    }
    assert!(IceRequest::new(&"a".repeat(63), "k", NOW).is_ok());
    assert_eq!(refused(IceRequest::new("app", "k\n", NOW)), "secret");
}
