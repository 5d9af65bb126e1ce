//! Does the broker's page tell an operator the truth, in Chromium and in Firefox?

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};
use turn_credentials::{ClockSkew, SharedSecret, TurnCredentials};
use turn_credentials_interop::browser::{Accessibility, Call, Row, Verdict};
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::{Broker, Browser, Coturn};

const SECRET: &str = "north-of-the-border";
const ANOTHER_SECRET: &str = "south-of-the-border";
const KEY: &str = "the-key-of-a-client";

fn broker(uris: &[String], more: &[&str]) -> Broker {
    with_secret(SECRET, uris, more)
}

fn with_secret(secret: &str, uris: &[String], more: &[&str]) -> Broker {
    let uris = uris.iter().map(|uri| format!("--turn-uri={uri}"));
    let more = more.iter().map(|&arg| arg.to_owned());
    let args = uris.chain([format!("--secret-file={secret}")]).chain(more);
    Broker::with_args(&args.collect::<Vec<_>>())
}

fn call(broker: &Broker, name: &'static str, argument: Value) -> Call {
    let address = format!("http://localhost:{}/", broker.address().port());
    Call { address, name, argument }
}

fn visit(broker: &Broker, key: Value) -> Call {
    call(broker, "verdict", key)
}

fn end(brokers: impl IntoIterator<Item = Broker>) {
    for broker in brokers {
        let (status, log) = broker.stop();
        assert!(status.success(), "{status}:\n{log}");
    }
}

/// Whether a page has this verdict, with these words, and these rows: each a URI, its transport,
/// verdict and words.
fn says(page: &Verdict, verdict: &str, words: &[&str], rows: &[[&str; 4]]) -> bool {
    let row_says = |(row, [url, transport, verdict, words]): (&Row, &[&str; 4])| {
        [&row.url, &row.transport, &row.verdict] == [url, transport, verdict]
            && row.words.contains(words)
    };
    page.verdict == verdict
        && words.iter().all(|words| page.words.contains(words))
        && page.rows.len() == rows.len()
        && page.rows.iter().zip(rows).all(row_says)
}

#[test]
fn it_says_what_works_in_chromium() {
    it_says_what_works(Browser::Chromium);
}

#[test]
fn it_says_what_works_in_firefox() {
    it_says_what_works(Browser::Firefox);
}

fn it_says_what_works(browser: Browser) {
    let coturn = Coturn::with_tls(&[SECRET]);
    let uris = coturn.uris();
    let [udp, tcp, tls] = &uris;
    let dtls = tls.replace("=tcp", "=udp");
    let closed = format!("turns:localhost:{}?transport=tcp", coturn.tls_port() + 1);
    let good = broker(&uris, &[]);
    let locked = broker(&uris, &[&format!("--client-key-file={KEY}")]);
    let half = broker(&[udp.clone(), closed.clone()], &[]);
    let with_dtls = broker(std::slice::from_ref(&dtls), &["--unfiltered"]);

    let visits = [
        visit(&good, Value::Null),
        visit(&locked, Value::Null),
        visit(&locked, json!("a-guessed-key")),
        visit(&locked, json!(KEY)),
        visit(&half, Value::Null),
        visit(&with_dtls, Value::Null),
    ];
    let pages = browser.call::<Verdict>(&visits, &coturn.authority());
    let [Ok(works), Ok(asks), Ok(refuses), Ok(opens), Ok(partly), Ok(over_tls)] = &pages[..] else {
        panic!("{pages:#?}")
    };
    let rows = [[udp, "udp"], [tcp, "tcp"], [tls, "tls"]]
        .map(|[uri, over]| [uri, over, "works", "ms between two relays"]);
    for page in [works, opens] {
        assert!(says(page, "works", &["UDP", "TCP", "TLS"], &rows) && page.warns, "{page:#?}");
    }
    let rows = [[udp, "udp", "works", "Round trips: "], [&closed, "tls", "fails", "701"]];
    let words = ["works over UDP", "not over TLS", "is the port open"];
    assert!(says(partly, "partly", &words, &rows), "{partly:#?}");
    let rows = [[&*dtls, "dtls", "partly", "works over TLS only"]];
    assert!(says(over_tls, "works", &["over TLS."], &rows), "{over_tls:#?}");
    for (page, words) in [(asks, "requires a client key"), (refuses, "refuses this client key")] {
        assert!(says(page, "fails", &[words], &[]) && page.focus == "key", "{page:#?}");
    }
    let wants_key = [works, asks, refuses, opens].map(|page| page.wants_key);
    assert_eq!(wants_key, [false, true, true, true]);

    let report = &works.report;
    assert_eq!(report["servers"][0]["url"], json!(udp), "{report:#}");
    let trips = report["servers"][0]["betweenRelays"]["trips"].as_array();
    assert!(trips.is_some_and(|trips| trips.len() == 5), "{report:#}");
    let usernames = coturn.usernames();
    let named = report["usernames"][0].as_str().expect("a username");
    assert!(usernames.contains(named), "{named}: {}", coturn.log());
    let secret = SharedSecret::new(SECRET).unwrap();
    for username in &usernames {
        let password = secret.password_for(username);
        for page in pages.iter().flatten() {
            assert!(!page.report.to_string().contains(password.as_str()), "{:#}", page.report);
            let hidden = [username.as_str(), password.as_str()];
            assert!(hidden.iter().all(|hidden| !page.text.contains(hidden)), "{page:#?}");
        }
        for broker in [&good, &locked, &half, &with_dtls] {
            [username, password.as_str()].iter().for_each(|hidden| broker.hide(hidden));
        }
    }
    end([good, locked, half, with_dtls]);
}

#[test]
fn it_says_why_nothing_passes_in_chromium() {
    it_says_why_nothing_passes(Browser::Chromium);
}

#[test]
fn it_says_why_nothing_passes_in_firefox() {
    it_says_why_nothing_passes(Browser::Firefox);
}

fn it_says_why_nothing_passes(browser: Browser) {
    const NAMELESS: [&str; 2] =
        ["turn:turn.invalid:3478?transport=udp", "turn:turn.invalid:3478?transport=tcp"];

    let good = Coturn::with_tls(&[SECRET]);
    let with = |arg: &str| {
        let args = secret_args(&[SECRET]).into_iter().chain([arg.to_owned()]);
        Coturn::with_args(&args.collect::<Vec<_>>())
    };
    let misplaced = with("--external-ip=203.0.113.9");
    let denying = with("--denied-peer-ip=0.0.0.0-255.255.255.255");
    let stingy = with("--user-quota=1");
    let udp = |port| vec![format!("turn:127.0.0.1:{port}?transport=udp")];
    let closed = format!("turn:127.0.0.1:{}?transport=tcp", good.tls_port() + 1);
    let brokers = [
        broker(&udp(misplaced.address().port()), &[]),
        broker(&udp(denying.address().port()), &[]),
        with_secret(ANOTHER_SECRET, &udp(good.address().port()), &[]),
        broker(&udp(good.tls_port() + 1), &[]),
        broker(&NAMELESS.map(Into::into), &[]),
        broker(&[NAMELESS[1].into(), closed], &[]),
        broker(&udp(stingy.address().port()), &[]),
    ];
    let visits: Vec<_> = brokers.iter().map(|broker| visit(broker, Value::Null)).collect();
    let pages = browser.call::<Verdict>(&visits, &good.authority());
    let passes = "the server gives a relay";
    let expected: [&[&str]; 7] = [
        &[
            passes,
            "203.0.113.9",
            "nothing passes through it",
            "another address: is external-ip right?",
        ],
        &[passes, "nothing passes through it", "denied-peer-ip"],
        &["refuses the login (401", "same secret"],
        &["no answer within 1", "firewall let UDP through"],
        &["the name turn.invalid does not resolve"],
        &[],
        &["in part: the server gives no second relay", "486", "user-quota"],
    ];
    for (page, words) in pages.iter().zip(expected) {
        let page = page.as_ref().expect("a page");
        assert_ne!(page.verdict, "works", "{page:#?}");
        assert!(words.iter().all(|words| page.words.contains(words)), "{page:#?}");
    }
    let [.., Ok(nameless), Ok(two), Ok(_)] = &pages[..] else { panic!("{pages:#?}") };
    for row in &nameless.rows {
        assert!(row.words.contains("does not resolve"), "{row:?}");
        assert!(!row.words.contains("firewall") && !row.words.contains("Firefox"), "{row:?}");
    }
    let names_setting = two.words.contains("media.peerconnection.ice.loopback");
    assert_eq!(names_setting, matches!(browser, Browser::Firefox), "{two:#?}");
    end(brokers);
}

#[test]
fn it_checks_servers_that_are_typed_in_chromium() {
    it_checks_servers_that_are_typed_in(Browser::Chromium);
}

#[test]
fn it_checks_servers_that_are_typed_in_firefox() {
    it_checks_servers_that_are_typed_in(Browser::Firefox);
}

/// The page is at localhost, and then over plain HTTP at another address.
fn it_checks_servers_that_are_typed_in(browser: Browser) {
    let coturn = Coturn::with_secrets(&[SECRET]);
    let authority = Coturn::with_tls(&[SECRET]);
    let port = coturn.address().port();
    let broker = broker(&["turn:turn.invalid".into()], &["--listen=0.0.0.0:0"]);
    let secret = SharedSecret::new(SECRET).unwrap();
    let login =
        TurnCredentials::generate("typed", &secret, Duration::from_secs(600), ClockSkew::NONE)
            .unwrap();
    let own = json!({
        "urls": [format!("stun:127.0.0.1:{port}"), format!("turn:127.0.0.1:{port}")],
        "username": login.username(),
        "credential": login.password().as_str(),
    });
    let elsewhere = format!("http://{}:{}/", another_address(), broker.address().port());
    let calls = [
        call(&broker, "checkOwn", own.clone()),
        Call { address: elsewhere.clone(), name: "checkOwn", argument: own },
        Call { address: elsewhere, name: "verdict", argument: Value::Null },
    ];
    let pages = browser.call::<Verdict>(&calls, &authority.authority());
    let [Ok(here), Ok(there), Ok(locked)] = &pages[..] else { panic!("{pages:#?}") };
    for page in [here, there] {
        assert!(page.verdict == "works" && page.rows.len() == 2, "{page:#?}");
        assert!(page.rows.iter().all(|row| row.verdict == "works"), "{page:#?}");
        assert!(page.rows[0].words.contains("STUN over UDP"), "{page:#?}");
        assert!(page.progress.contains("Sending data through each relay"), "{page:#?}");
        assert_eq!(page.sent, 0);
    }
    assert!(matches!(browser, Browser::Firefox) || locked.words.contains("at localhost"));
    end([broker]);
}

#[test]
fn it_says_what_is_wrong_with_an_address_in_chromium() {
    it_says_what_is_wrong_with_an_address(Browser::Chromium);
}

#[test]
fn it_says_what_is_wrong_with_an_address_in_firefox() {
    it_says_what_is_wrong_with_an_address(Browser::Firefox);
}

fn it_says_what_is_wrong_with_an_address(browser: Browser) {
    let authority = Coturn::with_tls(&[SECRET]);
    let broker = broker(&["turn:turn.invalid".into()], &[]);
    let login = |urls: &[&str], username| {
        let own = json!({ "urls": urls, "username": username, "credential": "any" });
        call(&broker, "checkOwn", own)
    };
    let markup = "turn:<img/src=x/onerror=document.body.remove()>";
    let calls = [
        login(&["turn.example.org:3478", markup], "any"),
        login(&["turn:127.0.0.1", "turns:[::1]:443"], ""),
    ];
    let pages = browser.call::<Verdict>(&calls, &authority.authority());
    let [Ok(odd), Ok(nameless)] = &pages[..] else { panic!("{pages:#?}") };
    assert!(odd.words.contains("must start with turn:") && odd.text.contains(markup), "{odd:#?}");
    assert!(odd.rows[1].words.contains("does not accept this server"), "{odd:#?}");
    assert!(!odd.text.contains("PeerConnection"), "{odd:#?}");
    for row in &nameless.rows {
        assert!(row.words.contains("a username and a password"), "{nameless:#?}");
    }
    assert!(!nameless.warns, "{nameless:#?}");
    end([broker]);
}

#[test]
fn it_says_how_the_broker_fails_in_chromium() {
    it_says_how_the_broker_fails(Browser::Chromium);
}

#[test]
fn it_says_how_the_broker_fails_in_firefox() {
    it_says_how_the_broker_fails(Browser::Firefox);
}

fn it_says_how_the_broker_fails(browser: Browser) {
    let authority = Coturn::with_tls(&[SECRET]);
    let broker = broker(&["turn:turn.invalid".into()], &[]);
    let error = r#"{"error":"too many requests"}"#;
    let no_list = "the broker’s answer is not a list of ICE servers.";
    let cases = [
        (429, error, "too many requests from your address (429). Try again in 7 s."),
        (503, error, "the token store does not answer (503). Try again in 7 s."),
        (500, "<html>", "the broker, or a proxy in front of it, failed (500). Try again in 7 s."),
        (401, "", "the broker requires a client key (401)."),
        (200, "<html>", no_list),
        (200, "null", no_list),
        (200, r#"{"iceServers":"any"}"#, no_list),
        (200, r#"{"iceServers":[null]}"#, no_list),
        (200, r#"{"iceServers":[{"urls":["turn:127.0.0.1",7]}]}"#, no_list),
    ];
    let answers = cases.map(|(status, body, _)| json!({ "status": status, "body": body }));
    let calls = [call(&broker, "answered", json!(answers))];
    let said = browser.call::<Vec<String>>(&calls, &authority.authority());
    let [Ok(said)] = &said[..] else { panic!("{said:#?}") };
    for (said, (.., expected)) in said.iter().zip(cases) {
        assert!(said.ends_with(&format!("No TURN login: {expected}")), "{said}");
    }
    assert_eq!(said.len(), cases.len());
    end([broker]);
}

/// An address of this machine other than loopback; finding it sends no packet.
fn another_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect("192.0.2.1:9").expect("a route");
    socket.local_addr().expect("an address").ip()
}

#[test]
fn everybody_can_read_it_in_chromium() {
    everybody_can_read_it(Browser::Chromium);
}

#[test]
fn everybody_can_read_it_in_firefox() {
    everybody_can_read_it(Browser::Firefox);
}

/// WCAG level AA, in each state.
fn everybody_can_read_it(browser: Browser) {
    let coturn = Coturn::with_tls(&[SECRET]);
    let uris = coturn.uris();
    let closed = format!("turns:localhost:{}?transport=tcp", coturn.tls_port() + 1);
    let brokers = [
        broker(&uris, &[]),
        with_secret(ANOTHER_SECRET, &uris, &[]),
        broker(&[uris[0].clone(), closed], &[]),
        broker(&uris, &[&format!("--client-key-file={KEY}")]),
    ];
    let looks: &[_] = match browser {
        Browser::Chromium => &["light 900", "dark 900", "light 360", "dark 360"],
        Browser::Firefox => &["light 900", "light 360"],
    };
    let calls: Vec<_> = brokers
        .iter()
        .flat_map(|broker| looks.iter().map(move |look| call(broker, "accessibility", json!(look))))
        .collect();
    for found in browser.call::<Accessibility>(&calls, &coturn.authority()) {
        let found = found.expect("what axe found");
        assert!(found.contrast && found.violations.is_empty() && !found.overflows, "{found:#?}");
    }
    end(brokers);
}

#[test]
fn its_files_come_to_anybody() {
    let broker = broker(&["turn:turn.example.org".into()], &[]);
    for (path, kind) in [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/check.js", "text/javascript"),
        ("/broker.js", "text/javascript"),
        ("/findings.js", "text/javascript"),
        ("/peers.js", "text/javascript"),
        ("/report.js", "text/javascript"),
        ("/row.js", "text/javascript"),
        ("/servers.js", "text/javascript"),
    ] {
        for origin in [None, Some("http://192.0.2.1:8080")] {
            let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
            let answer = broker.ask("GET", path, &headers);
            assert_eq!(answer.status, 200, "{path}");
            let given = answer.header("content-type").expect("a type");
            assert!(given.starts_with(kind), "{answer:?}");
            let policy = answer.header("content-security-policy").expect("a policy");
            for directive in ["default-src 'none'", "form-action 'none'", "base-uri 'none'"] {
                assert!(policy.contains(directive), "{policy}");
            }
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        }
    }
    end([broker]);
}
