//! `turn-credentials check --why` finds out by experiment why a real coturn refuses a login.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::task::spawn_blocking;
use turn::auth::LongTermAuthHandler;
use turn::relay::relay_static::RelayAddressGeneratorStatic;
use turn::server::Server;
use turn::server::config::{ConnConfig, ServerConfig};
use turn_credentials_interop::check::{self, Checked, check};
use turn_credentials_interop::coturn::{Coturn, REALM, secret_args};
use webrtc_util::vnet::net::Net;

const SECRET: &str = "north-secret";

fn udp(coturn: &Coturn) -> String {
    format!("turn:{}", coturn.address())
}

/// Checks over UDP with these arguments. Nothing may be left allocated, and coturn may see at most
/// `most` logins.
fn check_at(coturn: &Coturn, most: usize, args: &[&str]) -> Checked {
    let uri = udp(coturn);
    let checked = check(&[args, &[&uri]].concat());
    let logins = logins(coturn);
    println!("{args:?}: {logins} logins; {}", checked.message(0));
    println!(
        "    why: {} clock: {}",
        checked.json["servers"][0]["why"], checked.json["servers"][0]["clock"]
    );
    println!("    {}", checked.json["servers"][0]["notes"]);
    assert!(logins <= most, "{logins} logins, more than {most}: {checked:?}\n{}", coturn.log());
    assert_eq!(coturn.allocations_at_last(), BTreeSet::new(), "{}", coturn.log());
    let shown = format!("{}{}", checked.json, checked.stderr);
    let is_password = |word: &str| word.len() == 28 && word.ends_with('=');
    assert!(!shown.split([' ', '"', '\n']).any(is_password), "{shown}");
    checked
}

fn why(coturn: &Coturn, args: &[&str]) -> Checked {
    check_at(coturn, 60, &[&["--why"], args].concat())
}

/// How many Allocate requests had a username, refused or not.
fn logins(coturn: &Coturn) -> usize {
    const ENDS: [&str; 2] =
        ["incoming packet message processed, error", "packet ALLOCATE processed"];

    let log = coturn.log();
    let answers = log.lines().filter(|line| ENDS.iter().any(|end| line.contains(end)));
    answers.filter(|line| !line.contains("user <>")).count()
}

fn assert_found(checked: &Checked, code: &str, words: &str) {
    assert_eq!(checked.code, 1, "{checked:?}");
    assert_eq!(checked.problems(0), [code], "{checked:?}");
    assert!(checked.message(0).contains(words), "{checked:?}");
    assert_eq!(checked.json["servers"][0]["why"]["finding"], code, "{checked:?}");
}

fn assert_ahead(found: &Value, ahead: i64) {
    let measured = found["server_ahead_secs"].as_i64().expect("a measured clock");
    assert!((measured - ahead).abs() <= 1, "{found}");
    assert!(found["within_secs"].as_u64().is_some_and(|within| within <= 1), "{found}");
}

#[test]
fn a_plain_check_offers_why() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let checked = check_at(&coturn, 1, &["--secret", SECRET]);
    assert!(checked.message(0).contains("--why"), "{checked:?}");
}

#[test]
fn the_servers_clock_is_ahead() {
    for (ahead, ttl) in [(95, "60s"), (86_400, "10m")] {
        let coturn = Coturn::with_clock_ahead(ahead, &[SECRET]);
        let ttl = format!("--ttl={ttl}");
        let checked = check_at(&coturn, 25, &["--why", "--secret", SECRET, &ttl]);
        assert_found(&checked, "clock", "ahead of yours");
        let why = &checked.json["servers"][0]["why"];
        assert_ahead(why, ahead);
        // With the advice, the server accepts the login.
        let skew = format!("--skew={}s", why["server_ahead_secs"]);
        let checked = check(&["--secret", SECRET, &ttl, &skew, &udp(&coturn)]);
        assert_eq!(checked.code, 0, "{checked:?}");
    }
}

#[test]
fn a_skew_that_the_server_does_not_need() {
    let coturn = Coturn::with_secrets(&[SECRET]);
    assert_found(&why(&coturn, &["--secret", SECRET, "--skew=-1h"]), "ttl", "check --skew, or");
}

#[test]
fn the_clock_of_a_server_that_works() {
    for (ahead, most) in [(-3, 20), (0, 20), (95, 25), (-86_400, 30)] {
        let coturn = Coturn::with_clock_ahead(ahead, &[SECRET]);
        let checked = check_at(&coturn, most, &["--measure-clock", "--secret", SECRET]);
        assert_eq!(checked.code, 0, "{checked:?}");
        assert_ahead(&checked.json["servers"][0]["clock"], ahead);
    }
}

#[test]
fn the_secret_in_another_form() {
    let forms = [
        ("north-secret\n", "secret-line-end", "with a line end after it"),
        ("\"north-secret\"", "secret-double-quoted", "in double quotes"),
        ("bm9ydGgtc2VjcmV0", "secret-base64-encoded", "encoded as base64"),
        ("6e6f7274682d736563726574", "secret-hex-encoded", "encoded as hex"),
    ];
    for (theirs, code, words) in forms {
        let coturn = Coturn::with_secrets(&[theirs]);
        assert_found(&why(&coturn, &["--secret", SECRET]), code, words);
    }
}

#[test]
fn a_line_end_and_a_clock() {
    let coturn = Coturn::with_clock_ahead(3600, &["north-secret\n"]);
    let checked = why(&coturn, &["--secret", SECRET]);
    assert_eq!(checked.problems(0), ["secret-line-end", "clock"], "{checked:?}");
    assert_ahead(&checked.json["servers"][0]["why"], 3600);
}

#[test]
fn one_of_two_secrets() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let checked = why(&coturn, &["--secret", SECRET, "--secret", "south-secret"]);
    assert_found(
        &checked,
        "other-of-secrets",
        "the server has the secret of --secret 2, not that of",
    );
}

#[test]
fn another_secret() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let checked = why(&coturn, &["--secret", SECRET]);
    assert_found(&checked, "other-secret", "another secret");
    // Every login but that of the plain check.
    assert_eq!(checked.json["servers"][0]["why"]["probes"], logins(&coturn) - 1, "{checked:?}");
}

#[test]
fn only_an_empty_secret() {
    let coturn = Coturn::with_secrets(&[""]);
    let checked = why(&coturn, &["--secret", SECRET]);
    assert_eq!(checked.problems(0), ["empty-secret", "other-secret"], "{checked:?}");
}

#[test]
fn static_users() {
    let coturn = Coturn::with_args(&["--lt-cred-mech", "--user=bob:bobs-password"]);
    assert_found(&why(&coturn, &["--secret", SECRET]), "other-secret", "lt-cred-mech");
}

#[test]
fn another_separator() {
    let mut args = secret_args(&[SECRET]);
    args.push("--rest-api-separator=|".into());
    let coturn = Coturn::with_args(&args);
    let checked = why(&coturn, &["--secret", SECRET, "--layout=name-first"]);
    assert_found(&checked, "separator", "--separator='|'");
}

#[test]
fn no_more_logins_than_promised() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let secrets = ["north", "east", "west", "up", "down"].map(|secret| ["--secret", secret]);
    let words = "50 logins did not reveal the reason";
    assert_found(&why(&coturn, &secrets.concat()), "gave-up", words);
}

#[test]
fn interrupted_in_the_middle() {
    let coturn = Coturn::with_clock_ahead(86_400, &[SECRET]);
    let child = check::start(&["--why", "--secret", SECRET, &udp(&coturn)]);
    thread::sleep(Duration::from_secs(4));
    check::interrupt(&child);
    let output = child.wait_with_output().expect("the output of check");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(logins(&coturn) > 1, "{}", coturn.log());
    assert_eq!(coturn.allocations_at_last(), BTreeSet::new(), "{}", coturn.log());
}

/// The webrtc-rs server, which accepts only an expiry as the username.
async fn webrtc_rs(secret: &str) -> (Server, SocketAddr) {
    let conn = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let address = conn.local_addr().expect("an address");
    let relays = RelayAddressGeneratorStatic {
        relay_address: Ipv4Addr::LOCALHOST.into(),
        address: "127.0.0.1".into(),
        net: Arc::new(Net::new(None)),
    };
    let server = Server::new(ServerConfig {
        conn_configs: vec![ConnConfig {
            conn: Arc::new(conn),
            relay_addr_generator: Box::new(relays),
        }],
        realm: REALM.into(),
        auth_handler: Arc::new(LongTermAuthHandler::new(secret.into())),
        channel_bind_timeout: Duration::ZERO,
        alloc_close_notify: None,
    });
    (server.await.expect("a server"), address)
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtc_rs_accepts_only_expiries() {
    for (theirs, codes) in [
        (SECRET, ["expiry-only"].as_slice()),
        ("north-secret\n", &["secret-line-end", "expiry-only"]),
    ] {
        let (server, address) = webrtc_rs(theirs).await;
        let uri = format!("turn:{address}");
        let checked = spawn_blocking(move || check(&["--why", "--secret", SECRET, &uri])).await;
        let checked = checked.expect("a check");
        println!("{} {}", checked.message(0), checked.json["servers"][0]["why"]);
        assert_eq!(checked.problems(0), codes, "{checked:?}");
        let left = server.get_allocations_info(None).await.expect("the allocations");
        assert!(left.is_empty(), "{} are left", left.len());
        server.close().await.expect("the server ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtc_rs_is_measured_to_the_second() {
    let (server, address) = webrtc_rs(SECRET).await;
    let uri = format!("turn:{address}");
    let args = ["--measure-clock", "--layout=expiry-only", "--secret", SECRET];
    let checked = spawn_blocking(move || check(&[args.as_slice(), &[&uri]].concat())).await;
    let checked = checked.expect("a check");
    println!("{} {}", checked.message(0), checked.json["servers"][0]);
    assert_ahead(&checked.json["servers"][0]["clock"], 0);
    let left = server.get_allocations_info(None).await.expect("the allocations");
    assert!(left.is_empty(), "{} are left", left.len());
    server.close().await.expect("the server ends");
}

#[test]
fn one_server_by_two_ways_is_asked_once() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let tcp = format!("{}?transport=tcp", udp(&coturn));
    let checked = check(&["--why", "--secret", SECRET, &udp(&coturn), &tcp]);
    assert_eq!(checked.problems(0), ["other-secret"], "{checked:?}");
    assert_eq!(checked.problems(1), ["other-secret"], "{checked:?}");
    assert!(logins(&coturn) <= 60, "{}", coturn.log());
}

#[test]
fn why_needs_the_secret() {
    let uri = "turn:127.0.0.1:9";
    let checked = check(&["--why", "--username=bob", "--password=bobs-password", uri]);
    assert_eq!((checked.code, checked.json), (2, json!(null)));
    assert!(checked.stderr.contains("--secret-file"), "{}", checked.stderr);
}

/// A proxy to a server for each client, chosen by the client's number. It drops some refusals, as
/// coturn's `unauthorized-ratelimit` does.
fn between(
    server: impl Fn(usize) -> SocketAddr + Send + 'static,
    passes: impl Fn(u32, Instant) -> bool + Send + 'static,
) -> SocketAddr {
    const PATIENCE: Duration = Duration::from_secs(30);

    let front = Arc::new(std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket"));
    let address = front.local_addr().expect("an address");
    let passes = Arc::new(Mutex::new((0, passes)));
    thread::spawn(move || {
        let mut ways: HashMap<SocketAddr, Arc<std::net::UdpSocket>> = HashMap::new();
        let mut bytes = [0; 2048];
        while let Ok((length, client)) = front.recv_from(&mut bytes) {
            let server = server(ways.len());
            let way = ways.entry(client).or_insert_with(|| {
                let back = Arc::new(
                    std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket"),
                );
                back.connect(server).expect("a server");
                back.set_read_timeout(Some(PATIENCE)).expect("a time");
                let (back, way) = (back.clone(), back);
                let (front, passes) = (front.clone(), passes.clone());
                thread::spawn(move || {
                    let mut bytes = [0; 2048];
                    while let Ok(length) = back.recv(&mut bytes) {
                        // An Allocate error response (RFC 8656 section 17).
                        let refused = bytes.starts_with(&[0x01, 0x13]);
                        let mut passes = passes.lock().expect("the limit");
                        passes.0 += u32::from(refused);
                        if !refused || (passes.1)(passes.0, Instant::now()) {
                            _ = front.send_to(&bytes[..length], client);
                        }
                    }
                });
                way
            });
            _ = way.send(&bytes[..length]);
        }
    });
    address
}

#[test]
fn a_server_that_falls_silent() {
    let coturn = Coturn::with_secrets(&["south-secret"]);
    let server = coturn.address();
    let limited = between(move |_| server, |count, _| count <= 12);
    let checked = check(&["--why", "--secret", SECRET, &format!("turn:{limited}")]);
    println!("{}", checked.message(0));
    assert_found(&checked, "silent", "stopped answering after");
}

#[test]
fn a_server_that_limits_refusals_per_second() {
    let coturn = Coturn::with_clock_ahead(86_400, &[SECRET]);
    let recent = Mutex::new(Vec::new());
    let server = coturn.address();
    let limited = between(
        move |_| server,
        move |_, now| {
            let mut recent = recent.lock().expect("the limit");
            recent.retain(|at: &Instant| now.duration_since(*at) < Duration::from_secs(1));
            recent.push(now);
            recent.len() <= 10
        },
    );
    let checked = check(&["--why", "--secret", SECRET, &format!("turn:{limited}")]);
    println!("{} {}", checked.message(0), checked.json["servers"][0]["why"]);
    assert_found(&checked, "clock", "ahead of yours");
    assert_ahead(&checked.json["servers"][0]["why"], 86_400);
    assert!(logins(&coturn) <= 60, "{}", coturn.log());
}

#[test]
fn two_servers_at_one_address() {
    let [north, south] =
        [SECRET, "south-secret"].map(|secret| Coturn::with_clock_ahead(86_400, &[secret]));
    let servers = [north.address(), south.address()];
    let address = between(move |clients| servers[usize::from(clients > 6)], |_, _| true);
    let checked = check(&["--why", "--secret", SECRET, &format!("turn:{address}")]);
    println!("{} {}", checked.message(0), checked.json["servers"][0]["why"]);
    assert_found(&checked, "contradiction", "several servers");
    assert_eq!(north.allocations_at_last(), BTreeSet::new(), "{}", north.log());
}
