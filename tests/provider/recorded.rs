//! Every recorded answer, whole and truncated, and random answers.

use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};
use turn_credentials::provider::http::{HeaderValue, Response};
use turn_credentials::provider::{ApiCall, ApiError, read_lease};
use turn_credentials::{IceLease, IceServer, IceServers};

use crate::{Calls, HOUR, KEY, KEY_BASE64, NOW, ReadText, providers, response};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/provider_answers");

/// A recorded answer, and the result that is expected.
struct Case {
    json: Value,
    response: Response<Vec<u8>>,
}

impl Case {
    fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap()
    }
}

/// Reads a list of the table.
fn cases(list: &str) -> Vec<Case> {
    let table = fs::read(format!("{FOLDER}.json")).unwrap();
    let mut table: Value = serde_json::from_slice(&table).unwrap();
    let Value::Array(cases) = table[list].take() else { panic!("{list}") };
    let case = |json: Value| {
        let status = u16::try_from(json["status"].as_u64().unwrap()).unwrap();
        let body = fs::read(format!("{FOLDER}/{}", json["file"].as_str().unwrap())).unwrap();
        Case { json, response: response(status, body) }
    };
    cases.into_iter().map(case).collect()
}

fn ice_call(name: &str) -> Option<Box<dyn ApiCall<Answer = IceLease>>> {
    let calls = providers().into_iter().map(|calls| calls.ice);
    calls.into_iter().find(|(other, _)| *other == name).map(|(_, call)| call)
}

fn other_call(name: &str) -> ReadText {
    let calls = providers().into_iter().flat_map(|calls| calls.others);
    calls.into_iter().find(|(other, _)| *other == name).unwrap().1
}

/// Reads any response with every call: no call panics or returns a TURN server without a login.
fn read_by_every_call(providers: &[Calls], response: &Response<Vec<u8>>) {
    let unasked = read_lease(response.body(), NOW, Some(HOUR));
    let by_serde = serde_json::from_slice::<IceServers>(response.body());
    match (&unasked, by_serde) {
        (Ok(lease), Ok(servers)) => {
            assert_eq!(json!({ "iceServers": lease.servers() }), json!(servers));
            assert_eq!(lease.dropped(), servers.dropped());
        }
        (Err(ApiError::NoServers), Ok(servers)) => assert!(servers.is_empty()),
        (Err(_), Err(_)) => {}
        // Only `read_lease` skips a byte order mark: it is not part of the JSON.
        (Ok(_), Err(_)) => assert!(response.body().starts_with(b"\xef\xbb\xbf")),
        (error, servers) => panic!("{error:?} {servers:?}"),
    }
    let leases = providers.iter().map(|calls| calls.ice.1.read_answer(response)).chain([unasked]);
    for lease in leases.flatten() {
        assert!(has_logins(&lease), "{lease:?}");
    }
    for (_, read) in providers.iter().flat_map(|calls| &calls.others) {
        assert_ne!(read(response), Ok(String::new()));
    }
}

fn has_logins(lease: &IceLease) -> bool {
    let complete = |server: &IceServer| {
        server.credential().is_some() || server.urls().iter().all(|uri| !uri.scheme().is_turn())
    };
    !lease.servers().is_empty() && lease.servers().iter().all(complete)
}

#[test]
fn every_recorded_answer() {
    for case in cases("tests") {
        let form = case.text("form");
        let lease = ice_call(case.text("call")).unwrap().read_answer(&case.response).expect(form);
        let servers = serde_json::to_value(lease.servers()).unwrap();
        assert_eq!(servers, case.json["iceServers"], "{form}");
        assert_eq!(json!(lease.dropped()), case.json["dropped"], "{form}");
        assert!(has_logins(&lease), "{form}");
        let ttl = lease.remaining_at(NOW).map(|ttl| ttl.as_secs());
        assert_eq!(json!(ttl), case.json["ttl"], "{form}");
        let ends = lease.servers().iter().filter_map(IceServer::login);
        assert!(ends.into_iter().all(|login| login.valid_until() == lease.valid_until()), "{form}");
    }
    for case in cases("others") {
        let text = other_call(case.text("call"))(&case.response);
        assert_eq!(text.as_deref(), Ok(case.text("text")));
    }
}

/// `read_lease` reads what serde reads: the same table.
#[test]
fn every_recorded_list() {
    let table: Value = serde_json::from_str(include_str!("../vectors/ice_servers.json")).unwrap();
    for case in table["tests"].as_array().unwrap() {
        let (from, body) = (&case["from"], case["json"].as_str().unwrap());
        match read_lease(body.as_bytes(), NOW, None) {
            Ok(lease) => assert_eq!(json!(lease.dropped()), case["dropped"], "{from}"),
            Err(error) => {
                assert_eq!(error, ApiError::NoServers, "{from}");
                assert_eq!(case["servers"], json!([]), "{from}");
            }
        }
        read_by_every_call(&providers(), &response(200, body));
    }
    for case in table["refused"].as_array().unwrap() {
        let [text, why] = [0, 1].map(|part| case[part].as_str().unwrap());
        let known = !["missing field `iceServers`", "duplicate field `ice", "ICE servers: "]
            .iter()
            .any(|shape| why.contains(shape));
        let expected = if known { ApiError::NoServers } else { ApiError::UnknownShape };
        let error = read_lease(text.as_bytes(), NOW, None).unwrap_err();
        assert_eq!(error, expected, "{text}");
    }
}

#[test]
fn every_recorded_refusal() {
    for mut case in cases("refused") {
        case.response.headers_mut().insert("retry-after", HeaderValue::from_static(" 7 "));
        let (form, call) = (case.text("form"), case.text("call"));
        let error = match ice_call(call) {
            Some(call) => call.read_answer(&case.response).unwrap_err(),
            None => other_call(call)(&case.response).unwrap_err(),
        };
        assert_eq!(error.to_string(), case.text("message"), "{form}");
        assert_eq!(error.is_retryable(), case.json["retryable"], "{form}");
        let answered = matches!(error, ApiError::Refused { .. } | ApiError::Status { .. });
        assert_eq!(error.retry_after(), answered.then_some(Duration::from_secs(7)), "{form}");
    }
}

#[test]
fn every_file_is_in_the_table_with_its_source() {
    let table = ["tests", "others", "refused"].map(cases);
    let named = table.iter().flatten().map(|case| {
        assert!(!case.text("source").is_empty(), "{}", case.json);
        case.text("file").to_owned()
    });
    let files = fs::read_dir(FOLDER).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(named.collect::<BTreeSet<_>>(), files.collect());
}

#[test]
fn no_request_shows_its_key() {
    for Calls { ice: (name, call), .. } in providers() {
        let request = call.request().unwrap();
        let shown = format!("{request:?} {request:#?} {request}");
        for hidden in [KEY, KEY_BASE64] {
            assert!(!shown.contains(hidden), "{name}: {shown}");
        }
        let headers: Vec<_> = request.as_inner().headers().iter().collect();
        let sent = format!("{} {headers:?}", request.as_inner().uri());
        assert!(shown.contains("(secret)") && !sent.contains(KEY_BASE64), "{name}: {sent}");
    }
    let body = r#"[{"urls": "turn:a", "username": "u", "credential": "hidden-credential"}]"#;
    let lease = read_lease(body.as_bytes(), NOW, None).unwrap();
    assert!(!format!("{lease:?} {lease:#?}").contains("hidden"));
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
        Just("uris"),
        Just("password"),
        Just("credentialType"),
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
    prop_oneof![Just(200), 100..1000_u16]
}

proptest! {
    #[test]
    fn any_json_panics_nowhere_and_gives_no_server_without_a_login(
        json in any_json(),
        status in status(),
    ) {
        read_by_every_call(&providers(), &response(status, json.to_string()));
    }

    #[test]
    fn neither_do_any_bytes(body in any::<Vec<u8>>(), status in status()) {
        read_by_every_call(&providers(), &response(status, body));
    }
}

#[test]
fn neither_does_any_truncation() {
    let providers = providers();
    for case in ["tests", "others", "refused"].into_iter().flat_map(cases) {
        let body = case.response.body();
        for len in 0..=body.len() {
            read_by_every_call(&providers, &response(200, &body[..len]));
        }
    }
}
