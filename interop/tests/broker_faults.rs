//! What an attacker or a faulty provider does to the broker.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use turn_credentials_interop::broker::Broker;
use turn_credentials_interop::fake_xirsys::{FakeXirsys, response};
use turn_credentials_interop::{Nginx, http};

const ORIGIN: (&str, &str) = ("origin", "https://app.example.org");

const OWN: [&str; 3] = [
    "--turn-uri=turn:127.0.0.1:3478",
    "--secret-file=the-secret-of-coturn",
    "--origin=https://app.example.org",
];
const LOGIN: &str =
    r#"{"s":"ok","v":{"iceServers":{"urls":["turn:h"],"username":"u","credential":"c"}}}"#;
const WITHOUT_LIMIT: &str = "--requests-per-minute=1000000";

fn with(args: &[&str]) -> Broker {
    Broker::with_args(&[&OWN, args].concat())
}

fn of_xirsys(args: &[String]) -> Vec<String> {
    let more = ["--origin=https://app.example.org", "--xirsys-timeout=1s"].map(str::to_owned);
    args.iter().cloned().chain(more).collect()
}

/// The answer on a new connection.
fn exchange(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
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
    xirsys.sends(&response(200, "", LOGIN));
    let proxy = http::serve(|_, mut stream| {
        _ = stream.write_all(response(418, "", "").as_bytes());
    });
    let proxy = format!("http://{proxy}");
    let broker = Broker::with_env(
        &of_xirsys(&xirsys.args()),
        &[("http_proxy", &proxy), ("ALL_PROXY", &proxy)],
    );
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    assert_eq!(broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]).status, 200);
    assert_eq!(xirsys.calls(), 1);
}

#[test]
fn a_provider_cannot_send_clients_away_for_ever() {
    let xirsys = FakeXirsys::start();
    xirsys.sends(&response(429, "retry-after: 4294967295\r\n", ""));
    let broker = Broker::with_args(&of_xirsys(&xirsys.args()));
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    let answer = broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]);
    assert_eq!((answer.status, answer.header("retry-after")), (502, Some("3600")));
}

#[test]
fn a_provider_that_breaks_costs_neither_time_nor_memory() {
    type Fault = fn(&mut TcpStream) -> io::Result<()>;
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";
    const MOST: u64 = 16 * 1024;

    let faults: [Fault; 9] = [
        |_| Ok(()),
        |stream| stream.write_all(b"HTTP/1.1 20"),
        |stream| {
            stream.write_all(OK)?;
            write!(stream, "content-length: {}\r\n\r\n{}", LOGIN.len(), &LOGIN[..40])
        },
        |stream| {
            stream.write_all(OK)?;
            stream.write_all(b"content-length: 100000000\r\n\r\n")?;
            (0..100).try_for_each(|_| stream.write_all(&[b' '; 1_000_000]))
        },
        |stream| {
            stream.write_all(OK)?;
            stream.write_all(b"transfer-encoding: chunked\r\n\r\n")?;
            (0..100_000).try_for_each(|_| write!(stream, "400\r\n{:1024}\r\n", ""))
        },
        |stream| {
            stream.write_all(OK)?;
            (0..1_000_000).try_for_each(|_| stream.write_all(b"a-header: of many\r\n"))
        },
        // 50 MB, compressed to 48 KB.
        |stream| {
            let made =
                Command::new("sh").args(["-c", "head -c 50000000 /dev/zero | gzip"]).output();
            let bomb = made.expect("gzip must be installed").stdout;
            stream.write_all(OK)?;
            write!(stream, "content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len())?;
            stream.write_all(&bomb)
        },
        |_| {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        },
        |stream| {
            stream.write_all(OK)?;
            stream.write_all(b"content-length: 100\r\n\r\n")?;
            (0..100).try_for_each(|_| {
                thread::sleep(Duration::from_millis(100));
                stream.write_all(b" ")
            })
        },
    ];
    let now = Arc::new(AtomicUsize::new(0));
    let count = faults.len();
    let provider = http::serve({
        let now = Arc::clone(&now);
        move |_, mut stream| match faults.get(now.load(Ordering::Relaxed)) {
            Some(fault) => _ = fault(&mut stream),
            None => _ = stream.write_all(response(200, "", LOGIN).as_bytes()),
        }
    });
    let args = of_xirsys(&FakeXirsys::start().args());
    let args = args.into_iter().map(|arg| match arg.starts_with("--xirsys-gateway=") {
        true => format!("--xirsys-gateway=http://{provider}"),
        false => arg,
    });
    let broker = Broker::with_args(&args.collect::<Vec<_>>());
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    let ask = || broker.ask("GET", "/ice", &[ORIGIN, ("tok", &token)]).status;
    let before = broker.memory();
    for fault in 0..count {
        now.store(fault, Ordering::Relaxed);
        let start = Instant::now();
        assert_eq!(ask(), 502, "fault {fault}");
        assert!(start.elapsed() < Duration::from_secs(3), "fault {fault}: {:?}", start.elapsed());
    }
    now.store(count, Ordering::Relaxed);
    assert_eq!(ask(), 200);
    let after = broker.memory();
    assert!(after < before + MOST, "{before} KiB, then {after} KiB");
    broker.stop();
}

#[test]
fn a_thousand_clients_at_once_and_ten_thousand_in_a_row() {
    const AT_ONCE: usize = 1000;
    const IN_A_ROW: usize = 10_000;
    const MOST: u64 = 8 * 1024;

    let broker = with(&[WITHOUT_LIMIT]);
    let token = broker.ask("GET", "/token", &[ORIGIN]).body;
    let request = format!(
        "PUT /token HTTP/1.1\r\nhost: x\r\norigin: {}\r\ntok: {token}\r\nconnection: close\r\n\r\n",
        ORIGIN.1
    );
    let ask = || exchange(broker.address(), &request).map(|answer| status(&answer).to_owned());
    let start = Barrier::new(AT_ONCE);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                start.wait();
                assert_eq!(ask().expect("an answer"), "200");
            });
        }
    });
    let before = broker.memory();
    for _ in 0..IN_A_ROW {
        assert_eq!(ask().expect("an answer"), "200");
    }
    let after = broker.memory();
    assert!(after < before + MOST, "{before} KiB, then {after} KiB");
    broker.stop();
}

#[test]
fn slow_heads_and_bodies_hold_up_nobody() {
    const EACH: usize = 100;

    let broker = with(&[WITHOUT_LIMIT]);
    let head = "PUT /token HTTP/1.1\r\nhost: x\r\n";
    let body = format!("{head}content-length: 1000000\r\n\r\n");
    let start = Instant::now();
    let mut slow: Vec<_> = [head, &body]
        .repeat(EACH)
        .into_iter()
        .map(|sent| {
            let mut stream = TcpStream::connect(broker.address()).expect("a connection");
            stream.write_all(sent.as_bytes()).expect("what is sent");
            stream
        })
        .collect();
    let mut slowest = Duration::ZERO;
    while !slow.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "{} are still there", slow.len());
        slow.retain_mut(|stream| stream.write_all(b"a").is_ok());
        let asked = Instant::now();
        assert_eq!(broker.ask("GET", "/token", &[ORIGIN]).status, 200);
        slowest = slowest.max(asked.elapsed());
        thread::sleep(Duration::from_millis(100));
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    broker.stop();
}

#[test]
fn without_descriptors_a_client_is_told_at_once() {
    let broker = Broker::with_descriptors(&OWN, 128);
    let held: Vec<_> = (0..200).map(|_| TcpStream::connect(broker.address())).collect();
    for _ in 0..5 {
        let start = Instant::now();
        let mut answer = String::new();
        let mut stream = TcpStream::connect(broker.address()).expect("a connection");
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(status(&answer), "503");
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
    drop(held);
    let start = Instant::now();
    let request = "GET /token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    while exchange(broker.address(), request).map(|answer| status(&answer) != "401").unwrap_or(true)
    {
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(20));
    }
    let (_, log) = broker.stop();
    assert_eq!(log.matches("too many connections").count(), 1, "{log}");
    assert_eq!(log.matches("few file descriptors").count(), 1, "{log}");
}

#[test]
fn each_key_has_its_own_limit() {
    let broker = with(&[
        WITHOUT_LIMIT,
        "--key-requests-per-minute=2",
        "--client-key-file=the-key-of-a-client",
        "--api-key-file=the-key-of-janus",
        "--matrix-key-file=the-key-of-matrix",
    ]);
    let matrix = [("authorization", "Bearer the-key-of-matrix")];
    let rest = "/turn?service=turn&username=alice&key=the-key-of-janus";
    for (path, headers) in [(rest, &[][..]), ("/_matrix/client/v3/voip/turnServer", &matrix)] {
        let statuses = [(); 3].map(|()| broker.ask("GET", path, headers).status);
        assert_eq!(statuses, [200, 200, 429], "{path}");
    }
    let key = ("authorization", "Bearer the-key-of-a-client");
    let answer = broker.ask("GET", "/token", &[ORIGIN, key]);
    let token = ("tok", &*answer.body);
    assert_eq!(answer.status, 200);
    assert_eq!(broker.ask("GET", "/ice", &[key, token]).status, 200);
    for (method, path) in [("PUT", "/token"), ("GET", "/ice"), ("GET", "/token")] {
        assert_eq!(broker.ask(method, path, &[key, token]).status, 429, "{method} {path}");
    }
    // A page needs the key only to get a token.
    assert_eq!(broker.ask("GET", "/ice", &[ORIGIN, token]).status, 200);
    broker.stop();
}

#[test]
fn nginx_before_it_as_in_the_readme() {
    let broker = with(&["--requests-per-minute=3", "--trusted-proxy=127.0.0.1"]);
    let readme = include_str!("../../examples/broker/README.md");
    let location = readme.split("```nginx\n").nth(1).and_then(|rest| rest.split("```").next());
    let location = location.expect("a location in the README");
    let location = location.replace("127.0.0.1:8080", &broker.address().to_string());
    let nginx = Nginx::with_location(&location);
    let ask = |path: &str, headers: &str| {
        let address = nginx.address();
        let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{headers}\r\n\r\n");
        exchange(address, &request).expect("an answer")
    };
    let page = ask("/turn-broker/", "accept: text/html");
    assert!(status(&page) == "200" && page.contains("<html"), "{page}");
    assert_eq!(status(&ask("/turn-broker/check.js", "accept: */*")), "200");

    let from_page = format!("origin: http://{}\r\nsec-fetch-site: same-origin", nginx.address());
    let token = ask("/turn-broker/token", &from_page);
    assert_eq!(status(&token), "200", "{token}");
    let token = token.lines().last().expect("a token");
    broker.hide(token);
    let ice = ask("/turn-broker/ice", &format!("{from_page}\r\ntok: {token}"));
    assert!(status(&ice) == "200" && ice.contains("iceServers"), "{ice}");

    let foreign = "origin: https://elsewhere.example.org";
    assert_eq!(status(&ask("/turn-broker/token", foreign)), "401");
    broker.stop();
}
