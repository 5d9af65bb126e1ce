//! What an attacker, or a provider that has gone wrong, does to the broker.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use turn_credentials_interop::broker::Broker;
use turn_credentials_interop::fake_xirsys::{FakeXirsys, response};
use turn_credentials_interop::http;

const ORIGIN: (&str, &str) = ("origin", "https://app.example.org");

fn with(args: &[&str]) -> Broker {
    let own = [
        "--turn-uri=turn:127.0.0.1:3478",
        "--secret-file=the-secret-of-coturn",
        "--origin=https://app.example.org",
    ];
    Broker::with_args(&own.iter().chain(args).copied().collect::<Vec<_>>())
}

#[test]
fn head_uses_up_no_token() {
    let broker = with(&["--token-store=memory", "--single-use"]);
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    for path in ["/token", "/ice"] {
        let answer = broker.ask("HEAD", path, &[ORIGIN, ("tok", &token)]);
        assert_eq!(answer.status, 405, "{answer:?}");
        let allowed = answer.header("allow").expect("Allow");
        assert!(!allowed.contains("HEAD"), "{answer:?}");
    }
    assert_eq!(broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]).status, 200);
    broker.stop();
}

#[test]
fn the_log_names_no_method_that_a_client_made_up() {
    let broker = with(&[]);
    let mut stream = TcpStream::connect(broker.address()).expect("a connection");
    stream
        .write_all(b"EVIL /ice HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    let (_, log) = broker.stop();
    assert!(!log.contains("EVIL") && log.contains(r#""method":"another""#), "{log}");
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let broker = with(&[]);
    let mut stream = TcpStream::connect(broker.address()).expect("a connection");
    stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let request = "GET /check.js HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let start = Instant::now();
    let cut_off = loop {
        match stream.write_all(request.as_bytes()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break true,
        }
        if start.elapsed() > Duration::from_secs(20) {
            break false;
        }
    };
    assert!(cut_off);
}

#[test]
fn a_proxy_of_the_environment_does_not_see_the_secret_for_a_gateway_here() {
    let xirsys = FakeXirsys::start();
    xirsys.sends(&response(
        200,
        "",
        r#"{"s":"ok","v":{"iceServers":{"urls":["turn:h"],"username":"u","credential":"c"}}}"#,
    ));
    let proxy = http::serve(|_, mut stream| {
        _ = stream.write_all(response(418, "", "").as_bytes());
    });
    let mut args = xirsys.args();
    args.push("--origin=https://app.example.org".into());
    let proxy = format!("http://{proxy}");
    let broker = Broker::with_env(&args, &[("http_proxy", &proxy), ("ALL_PROXY", &proxy)]);
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    assert_eq!(broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]).status, 200);
    assert_eq!(xirsys.calls(), 1);
}

#[test]
fn a_provider_cannot_send_clients_away_for_ever() {
    let xirsys = FakeXirsys::start();
    xirsys.sends(&response(429, "retry-after: 4294967295\r\n", ""));
    let mut args = xirsys.args();
    args.push("--origin=https://app.example.org".into());
    let broker = Broker::with_args(&args);
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    let answer = broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]);
    assert_eq!((answer.status, answer.header("retry-after")), (502, Some("3600")));
}
