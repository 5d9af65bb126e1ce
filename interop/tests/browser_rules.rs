//! What makes browsers throw or find no relay, and that our filter removes all of it.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use turn_credentials::{ClockSkew, IceServers, SharedSecret, TurnCredentials};
use turn_credentials_interop::browser::{Call, Case, blank_page};
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::{Browser, Coturn};

/// The bad ports of the WHATWG fetch standard, without 0.
const BAD_PORTS: [u16; 82] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
    512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
    995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080,
];

/// Firefox allows TURN on the port of DNS.
const GOOD_IN_FIREFOX: [u16; 1] = [53];

/// Chromium's own list of bad ports is shorter than the standard's.
const GOOD_IN_CHROMIUM: [u16; 2] = [4190, 6679];

/// ICE servers for which Firefox throws, and what it throws.
fn bad_servers() -> Vec<(Value, &'static str)> {
    let of_type = |credential_type: &str| {
        let mut server = turn("turn:a.example");
        server["credentialType"] = credential_type.into();
        server
    };
    vec![
        (json!({"urls": ["stuns:a.example"]}), "NotSupportedError"),
        (json!({"urls": ["stuns:a.example:443"]}), "NotSupportedError"),
        (turn("turn:*.example"), "SyntaxError"),
        (turn("turns:a*b.example"), "SyntaxError"),
        (turn("turn:%2a.example"), "SyntaxError"),
        (json!({"urls": ["stun:*.example"]}), "SyntaxError"),
        (of_type("oauth"), "TypeError"),
        (of_type("token"), "TypeError"),
        (of_type("hmac-sha1"), "TypeError"),
        (of_type(""), "TypeError"),
    ]
}

/// Firefox throws for this too, but only the IDNA tables say so, which `IceUri` does not have.
const NOT_PUNYCODE: &str = "turn:xn--a.example";

fn turn(url: &str) -> Value {
    json!({"urls": [url], "username": "1700000000:alice", "credential": "c"})
}

fn beside_a_good_one(bad: Value) -> Value {
    json!([turn("turn:good.example"), bad])
}

/// The ICE servers that remain for browsers: the reader drops some, the filter others.
fn for_browsers(servers: Value) -> Value {
    let servers: IceServers = serde_json::from_value(servers).unwrap();
    let servers = servers.for_browsers(|_, _| ()).unwrap();
    serde_json::to_value(servers).unwrap()["iceServers"].take()
}

/// Makes one call in a blank page.
fn call<T: DeserializeOwned>(browser: Browser, name: &'static str, argument: Value) -> T {
    let coturn = Coturn::with_tls(&["north"]);
    let calls = [Call { address: blank_page(), name, argument }];
    browser.call(&calls, &coturn.authority()).remove(0).expect("an answer")
}

#[test]
fn firefox_throws() {
    let (bad, expected): (Vec<_>, Vec<_>) = bad_servers().into_iter().unzip();
    let of_port = |port| json!([turn(&format!("turn:a.example:{port}"))]);
    let lists = bad.into_iter().map(beside_a_good_one).chain((1..=u16::MAX).map(of_port));
    let lists = lists.chain([json!([turn(NOT_PUNYCODE)])]);

    let mut thrown: Vec<Option<String>> = call(Browser::Firefox, "throws", lists.collect());
    assert_eq!(thrown.pop().flatten().as_deref(), Some("SyntaxError"), "{NOT_PUNYCODE}");
    let (of_servers, of_ports) = thrown.split_at(expected.len());
    for (thrown, (server, expected)) in of_servers.iter().zip(bad_servers()) {
        assert_eq!(thrown.as_deref(), Some(expected), "{server}");
    }
    for (port, thrown) in (1..=u16::MAX).zip(of_ports) {
        let bad = BAD_PORTS.contains(&port) && !GOOD_IN_FIREFOX.contains(&port);
        assert_eq!(thrown.as_deref(), bad.then_some("SyntaxError"), "{port}");
    }
}

#[test]
fn chromium_throws_for_nothing() {
    let of_port = |port| turn(&format!("turn:a.example:{port}"));
    let bad = bad_servers().into_iter().map(|(server, _)| server).chain(BAD_PORTS.map(of_port));
    let lists = bad.map(beside_a_good_one).collect();
    let thrown: Vec<Option<String>> = call(Browser::Chromium, "throws", lists);
    assert!(thrown.iter().all(Option::is_none), "{thrown:?}");
}

/// Without privileges, leaves out the ports below 1024.
#[test]
fn chromium_gives_no_relay() {
    /// Below 1024, WebRTC has a list of allowed ports, not of blocked ones.
    const OTHER_PORTS: [u16; 6] = [80, 81, 443, 853, 1023, 1024];

    let free = |port: &u16| {
        let address = ("127.0.0.1", *port);
        UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok()
    };
    let ports: Vec<_> = BAD_PORTS.into_iter().chain(OTHER_PORTS).filter(free).collect();
    assert!(ports.iter().any(|port| BAD_PORTS.contains(port)), "no port is free");
    let mut args = secret_args(&["north"]);
    args.extend(ports.iter().map(|port| format!("--aux-server=127.0.0.1:{port}")));
    let coturn = Coturn::with_args(&args);

    let ports = [&ports[..], &[coturn.address().port()]].concat();
    let uris = ["udp", "tcp"].map(|transport| {
        ports
            .iter()
            .map(move |&port| (port, format!("turn:127.0.0.1:{port}?transport={transport}")))
    });
    let uris: Vec<_> = uris.into_iter().flatten().collect();
    let lists = uris.iter().map(|(_, uri)| json!([with_login(&[uri])])).collect();
    let relays: Vec<bool> = call(Browser::Chromium, "relays", lists);
    for ((port, uri), relay) in uris.iter().zip(relays) {
        let bad = BAD_PORTS.contains(port) && !GOOD_IN_CHROMIUM.contains(port);
        let good = [80, 443].contains(port) || *port >= 1024 && !bad;
        assert_eq!(relay, good, "{uri}");
    }
}

#[test]
fn firefox_after_the_filter() {
    after_the_filter(Browser::Firefox);
}

#[test]
fn chromium_after_the_filter() {
    after_the_filter(Browser::Chromium);
}

/// With every bad server in one list, the good one among them relays.
fn after_the_filter(browser: Browser) {
    let coturn = Coturn::with_tls(&["north"]);
    let port = coturn.address().port();
    let good = ["udp", "tcp"].map(|name| format!("turn:127.0.0.1:{port}?transport={name}"));
    let bad_ports = ["turn", "turns", "stun"]
        .map(|scheme| BAD_PORTS.map(|port| format!("{scheme}:127.0.0.1:{port}")));
    let mixed: Vec<_> = bad_ports.iter().flatten().chain(&good).map(|uri| &**uri).collect();
    let bad = bad_servers().into_iter().map(|(server, _)| server);
    let servers: Value = bad.chain([with_login(&mixed)]).collect();

    let servers = for_browsers(servers);
    assert_eq!(servers.as_array().unwrap().len(), 1, "{servers}");
    assert_eq!(servers[0]["urls"], json!(good));
    let configuration = json!({"iceServers": servers, "iceTransportPolicy": "relay"});
    let case = Case { name: "after the filter".into(), configuration };
    let outcome = browser.attempt(&[case], &coturn.authority()).remove(0);
    assert!(outcome.thrown.is_none() && outcome.echoed, "{outcome:#?}");
}

fn with_login(uris: &[&str]) -> Value {
    const HOUR: Duration = Duration::from_secs(3600);

    let north = SharedSecret::new("north").unwrap();
    let login = TurnCredentials::generate("alice", &north, HOUR, ClockSkew::NONE).unwrap();
    let (username, credential) = (login.username(), login.password().as_str());
    json!({"urls": uris, "username": username, "credential": credential})
}
