//! What `check` refuses before it asks a server, and what a hostile server cannot do to a terminal.

use std::net::UdpSocket;
use std::thread;

use crate::{refusal, run, run_with, text};

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

#[test]
fn a_server_cannot_write_to_the_terminal() {
    // 500, with a reason and a SOFTWARE that colour the terminal and turn its text around.
    let hostile = "\u{1b}[31mred\r\n\u{9b}2J\u{202e}";
    let attribute = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len()).unwrap();
        let mut bytes = [kind.to_be_bytes(), length.to_be_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let attributes = [
        attribute(0x0009, &[&[0, 0, 5, 0], hostile.as_bytes()].concat()),
        attribute(0x8022, hostile.as_bytes()),
    ]
    .concat();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("turn:{}", socket.local_addr().unwrap());
    thread::spawn(move || {
        let mut request = [0; 2048];
        while let Ok((_, client)) = socket.recv_from(&mut request) {
            let kind = u16::from_be_bytes([request[0], request[1]]) | 0x0110;
            let length = u16::try_from(attributes.len()).unwrap();
            let head = [kind.to_be_bytes(), length.to_be_bytes()].concat();
            let answer = [&head, &request[4..20], &attributes].concat();
            socket.send_to(&answer, client).unwrap();
        }
    });
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
