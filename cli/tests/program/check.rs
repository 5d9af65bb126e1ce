//! What `check` refuses before it contacts a server, and what a hostile server cannot do.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::{TempFile, refusal, run, run_with, text};

#[test]
fn times_to_wait_that_make_no_sense() {
    for time in ["0", "1ns", "2h", "18446744073709551615"] {
        let message =
            refusal("check", &["--secret", "north", "--timeout", time, "stun:127.0.0.1:9"]);
        assert!(message.contains("not between 1ms and 1h"), "{message}");
    }
}

#[test]
fn an_empty_list_of_servers() {
    for json in ["[]", r#"{"iceServers": []}"#, r#"{"iceServers": null}"#] {
        let output = run_with("check", &["--ice-servers", "-"], &[], json);
        assert_eq!(output.status.code(), Some(2), "{json}");
        assert_eq!(
            text(&output.stderr),
            "error: --ice-servers: the list of ICE servers is empty\n"
        );
    }
}

/// Starts a broker without TLS that answers once, and returns its address.
fn broker() -> SocketAddr {
    const SERVERS: &str = r#"{"iceServers": [{
        "urls": "turns:a.example?transport=udp", "username": "u", "credential": "c"
    }]}"#;

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for body in ["a-token", SERVERS] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
            assert!(lines.any(|line| line == "authorization: Bearer a-client-key"));
            assert!(lines.any(|line| line.is_empty()));
            let head = format!("connection: close\r\ncontent-length: {}", body.len());
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes())
                .unwrap();
        }
    });
    address
}

#[test]
fn a_proxy_does_not_see_the_client_key_for_a_broker_without_tls() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let key = TempFile::new("client-key", "a-client-key");
    let url = format!("http://{}/token", broker());
    let output = run(
        "check",
        &["--broker", &url, "--client-key-file", key.0.to_str().unwrap(), "--timeout", "1s"],
        &[("ALL_PROXY", &proxy_url), ("HTTP_PROXY", &proxy_url), ("NO_PROXY", "")],
    );
    proxy.set_nonblocking(true).unwrap();
    let asked = proxy.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock), "{output:?}");
    // The broker lists only a server over DTLS, which is not tried.
    assert!(text(&output.stdout).contains("not tried: TURN over DTLS"), "{output:?}");
}

/// Starts a server that answers each request, unless the answer is empty, and returns its address.
fn server(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut request = [0; 2048];
        while let Ok((length, client)) = socket.recv_from(&mut request) {
            let answer = answer(&request[..length]);
            if !answer.is_empty() {
                socket.send_to(&answer, client).unwrap();
            }
        }
    });
    address
}

/// A STUN answer to the request, of this class and with these attributes.
fn answer(request: &[u8], class: u16, attributes: &[u8]) -> Vec<u8> {
    let kind = u16::from_be_bytes([request[0], request[1]]) | class;
    let length = u16::try_from(attributes.len()).unwrap();
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), &request[4..20], attributes].concat()
}

/// An attribute of STUN (RFC 8489 section 14).
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let mut bytes = [&kind.to_be_bytes(), &length.to_be_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// XOR-MAPPED-ADDRESS 127.0.0.1:9 (RFC 8489 section 14.2).
const MAPPED: [u8; 12] = [0x00, 0x20, 0, 8, 0, 1, 0x21, 0x1b, 0x5e, 0x12, 0xa4, 0x43];

/// The attributes of a 401.
fn challenge() -> Vec<u8> {
    [attribute(0x0009, &[0, 0, 4, 1]), attribute(0x0014, b"a-realm"), attribute(0x0015, b"a-nonce")]
        .concat()
}

/// Where the expiry ends in a request with a login.
fn end_of_expiry(request: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b":turn-credentials-check";

    request.windows(NAME.len()).position(|part| part == NAME)
}

fn is_binding(request: &[u8]) -> bool {
    request.starts_with(&[0, 1])
}

/// Starts a server that ignores every request except Binding.
fn stun_server() -> SocketAddr {
    server(|request| {
        let answer = is_binding(request).then(|| answer(request, 0x0100, &MAPPED));
        answer.unwrap_or_default()
    })
}

#[test]
fn an_audit_without_a_relay_could_test_nothing() {
    let uri = format!("stun:{}", stun_server());
    let (works, audited) = (run("check", &[&uri], &[]), run("check", &["--audit", &uri], &[]));
    assert_eq!(works.status.code(), Some(0), "{works:?}");
    assert_eq!(audited.status.code(), Some(2), "{audited:?}");
    let told = text(&audited.stderr);
    assert!(told.contains("error: --audit could not test any range"), "{told}");
    let json = run("check", &["--audit", "--json", &uri], &[]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&json["result"], &json["servers"][0]["result"]),
        (&"not-tried".into(), &"works".into())
    );
}

/// coturn with `secure-stun` answers 401.
#[test]
fn a_stun_server_that_refuses_binding() {
    for code in [[0, 0, 4, 1], [0, 0, 5, 0]] {
        let refusal = attribute(0x0009, &code);
        let address = server(move |request| answer(request, 0x0110, &refusal));
        let output = run("check", &["--json", &format!("stun:{address}")], &[]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{json}");
        assert_eq!(json["servers"][0]["problems"][0]["code"], "binding-refused", "{json}");
    }
}

/// A STUN server ignores every Allocate, and coturn with `no-stun` every Binding.
#[test]
fn a_server_that_does_not_answer_a_login() {
    let challenge = challenge();
    let no_stun = server(move |request| {
        if is_binding(request) || end_of_expiry(request).is_some() {
            return Vec::new();
        }
        answer(request, 0x0110, &challenge)
    });
    let uris = [stun_server(), no_stun].map(|address| format!("turn:{address}"));
    let output =
        run("check", &["--secret", "north", "--timeout", "1s", "--json", &uris[0], &uris[1]], &[]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for server in json["servers"].as_array().unwrap() {
        assert_eq!(server["problems"][0]["code"], "no-answer-to-allocate", "{server}");
        let message = server["message"].as_str().unwrap();
        assert!(
            message.starts_with("the server does not answer Allocate with a login"),
            "{server}"
        );
    }
}

/// The server before it takes so long that its connection is replaced.
#[test]
fn a_server_that_names_itself_only_in_binding() {
    let named = server(|request| {
        if is_binding(request) {
            thread::sleep(Duration::from_millis(300));
            answer(request, 0x0100, &[&MAPPED[..], &attribute(0x8022, b"a-server")].concat())
        } else {
            answer(request, 0x0110, &attribute(0x0009, &[0, 0, 5, 0]))
        }
    });
    let uris = [stun_server(), named].map(|address| format!("turn:{address}"));
    let output =
        run("check", &["--secret", "north", "--timeout", "11s", "--json", &uris[0], &uris[1]], &[]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["servers"][1]["software"], "a-server", "{json}");
}

/// pion's CreatePermission for a forbidden peer fails without ERROR-CODE.
#[test]
fn a_server_that_forbids_peers_without_a_code() {
    const CREATE_PERMISSION: u8 = 8;

    let challenge = challenge();
    // XOR-RELAYED-ADDRESS as XOR-MAPPED-ADDRESS, and LIFETIME (RFC 8656 section 18).
    let relayed = [attribute(0x0016, &MAPPED[4..]), attribute(0x000d, &[0, 0, 2, 88])].concat();
    let pion = server(move |request| {
        if is_binding(request) {
            answer(request, 0x0100, &MAPPED)
        } else if end_of_expiry(request).is_none() {
            answer(request, 0x0110, &challenge)
        } else if request[1] == CREATE_PERMISSION {
            answer(request, 0x0110, &[])
        } else {
            answer(request, 0x0100, &relayed)
        }
    });
    let uri = format!("turn:{pion}");
    let output = run("check", &["--secret", "north", "--audit", "--json", &uri], &[]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let server = &json["servers"][0];
    let codes = server["problems"].as_array().unwrap().iter().map(|problem| &problem["code"]);
    assert!(codes.into_iter().any(|code| code == "peer-denied"), "{server}");
    let results = server["audit"].as_array().unwrap().iter().map(|range| &range["result"]);
    assert!(results.into_iter().all(|result| result == "denied"), "{server}");
}

#[test]
fn experiments_need_a_secret_and_a_turn_server() {
    let login = ["turn:127.0.0.1:9", "--username=a", "--password=b"];
    for flag in ["--why", "--measure-clock"] {
        let message = refusal("check", &[&[flag][..], &login].concat());
        assert!(message.contains("need the secret, not a login"), "{message}");
        let message = refusal("check", &[flag, "--secret=north", "stun:127.0.0.1:9"]);
        assert!(message.contains("need a TURN server"), "{message}");
    }
}

#[test]
fn a_server_that_has_to_wait_gets_a_login_that_lasts_as_long() {
    let (sender, expiries) = mpsc::channel();
    // Each server refuses every request with 401; a login, only after a while.
    let uri = || {
        let sender = sender.clone();
        let challenge = challenge();
        let refuse = move |request: &[u8]| {
            if let Some(end) = end_of_expiry(request) {
                let expiry: u64 = text(&request[end - 10..end]).parse().unwrap();
                sender.send(expiry).unwrap();
                thread::sleep(Duration::from_secs(2));
            }
            answer(request, 0x0110, &challenge)
        };
        format!("turn:{}", server(refuse))
    };
    run("check", &["--secret", "north", &uri(), &uri()], &[]);
    let first = expiries.recv().unwrap();
    let last = expiries.try_iter().max().unwrap();
    assert!(last >= first + 2, "{first}, then {last}");
}

#[test]
fn a_server_cannot_write_to_the_terminal() {
    // 500, with a reason and a SOFTWARE that colour the terminal and reverse its text.
    let hostile = "\u{1b}[31mred\r\n\u{9b}2J\u{202e}";
    let attributes = [
        attribute(0x0009, &[&[0, 0, 5, 0], hostile.as_bytes()].concat()),
        attribute(0x8022, hostile.as_bytes()),
    ]
    .concat();
    let uri = format!("turn:{}", server(move |request| answer(request, 0x0110, &attributes)));
    for flags in [&[][..], &["--json"]] {
        let args = [&["--secret", "north", &uri], flags].concat();
        let output = run("check", &args, &[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let shown = text(&output.stdout);
        assert!(shown.contains("500 [31mred2J"), "{shown}");
        let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!shown.contains(harmful) && !shown.contains("\\u"), "{shown:?}");
    }
}
