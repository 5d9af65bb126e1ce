use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{TempFile, refusal, refusal_in, run, text};

const IDENT: (&str, &str) = ("XIRSYS_IDENT", "an-ident");
const SECRET: (&str, &str) = ("XIRSYS_SECRET", "hidden-secret");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/provider_answers");

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

/// The JSON on stdout, and what follows on stderr after the note that the logins last an hour.
fn printed(args: &[&str], environment: &[(&str, &str)]) -> (Value, String) {
    let output = run("xirsys", args, environment);
    let notes = text(&output.stderr);
    assert!(output.status.success(), "{notes}");
    let notes = notes.strip_prefix("note: the logins last until ").unwrap();
    let (expiry, notes) = notes.split_once('\n').unwrap();
    let left = humantime::parse_rfc3339(expiry).unwrap().duration_since(SystemTime::now());
    assert!((3570..=3600).contains(&left.unwrap().as_secs()), "{expiry}");
    (serde_json::from_slice(&output.stdout).unwrap(), notes.to_owned())
}

fn error(args: &[&str]) -> String {
    let message = refusal_in("xirsys", args, &[IDENT, SECRET]);
    for hidden in ["hidden", "aGlkZGVu"] {
        assert!(!message.contains(hidden), "{message}");
    }
    message.strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn a_dry_run_shows_no_secret() {
    let file = TempFile::new("xirsys-secret", "hidden-secret\r\n");
    let path = file.0.to_str().unwrap();
    let gateway = ("XIRSYS_GATEWAY", "https://ws.xirsys.com");
    let base = "https://ws.xirsys.com/_turn/my/channel";
    let headers = "content-length: 0\nauthorization: (secret)\n";
    for (args, expected) in [
        (
            &["--ident", "an-ident", "--secret-file", path][..],
            format!("PUT {base}?webrtc=1&expire=3600\n{headers}"),
        ),
        (
            &["--ttl", "6h", "--gateway", "http://[::1]:8080/proxy"],
            format!(
                "PUT http://[::1]:8080/proxy/_turn/my/channel?webrtc=1&expire=21600\n{headers}"
            ),
        ),
        (&["--ttl=1s"], format!("PUT {base}?webrtc=1&expire=1\n{headers}")),
        (
            &["--user-ip=8.8.8.8"],
            format!(
                "PUT {base}?webrtc=1&expire=3600&geo=1\ncontent-type: application/json\n\
                 authorization: (secret)\n\n{{\"user_ip\":\"8.8.8.8\"}}\n"
            ),
        ),
    ] {
        let args = [&["--dry-run", "my/channel"], args].concat();
        let output = run("xirsys", &args, &[IDENT, SECRET, gateway]);
        assert_eq!((text(&output.stdout), text(&output.stderr)), (&*expected, ""), "{args:?}");
    }
}

#[test]
fn bad_input_gets_one_line() {
    assert!(refusal("xirsys", &["--dry-run", "a"]).contains("XIRSYS_IDENT"));
    assert!(refusal_in("xirsys", &["--dry-run", "a"], &[IDENT]).contains("XIRSYS_SECRET"));
    assert!(refusal_in("xirsys", &["a"], &[IDENT, ("XIRSYS_SECRET", "")]).contains("empty"));
    for (args, part) in [
        (
            &["a", "--ttl", "1d"][..],
            "--ttl: the ttl is outside what the provider grants: 1 to 21600 seconds",
        ),
        (
            &["a", "--ttl", "0s"],
            "--ttl: the ttl is outside what the provider grants: 1 to 21600 seconds",
        ),
        (&["a", "--user-ip", "192.168.0.1"], "--user-ip: the user's address must be a public one"),
        (&["a", "--form", "urls"], "--form"),
        (&["a", "--gateway", "ftp://a.example"], "--gateway: the gateway must be https://"),
        (&["a", "--ident", "a:b"], "--ident: the ident must be"),
        (&["a", "--secret-file", "no-such-file"], "the secret file no-such-file"),
        (&["a", "--answer", "no-such-file"], "the answer no-such-file"),
        (&["a", "--status", "401"], "--answer"),
        (&["/a"], "my/channel"),
        (&[], "<CHANNEL>"),
    ] {
        let message = error(args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}

#[test]
fn a_saved_answer() {
    let path = |name: &str| format!("{FOLDER}/{name}");
    let (servers, notes) = printed(&["a", "--answer", &path("xirsys-v3-odd-entries.json")], &[]);
    assert_eq!(servers, json!({ "iceServers": [{ "urls": ["stun:b.example"] }] }));
    assert_eq!(notes, "note: URIs left out because they are malformed or have no login: 7\n");

    let refuses = "the provider refuses the call:";
    for (name, status, expected) in [
        ("xirsys-error-unauthorized.json", "200", format!("{refuses} unauthorized")),
        ("xirsys-error-unauthorized-2026.json", "401", format!("{refuses} unauthorized")),
        ("xirsys-error-locked.json", "200", format!("{refuses} locked: try again")),
        (
            "xirsys-error-html.html",
            "200",
            "the provider's answer is not JSON: check the address, or try again".into(),
        ),
        (
            "xirsys-empty.txt",
            "200",
            "the provider's answer is empty: check the path of the call".into(),
        ),
    ] {
        let message = refusal("xirsys", &["a", "--status", status, "--answer", &path(name)]);
        assert_eq!(message, format!("error: {expected}"), "{name}");
    }
}

#[test]
fn what_browsers_refuse_is_left_out() {
    let entry = |urls: Value| json!({ "urls": urls, "username": "u", "credential": "c" });
    let answer = |urls: Value| {
        let answer = json!({ "v": { "iceServers": [entry(urls)] }, "s": "ok" });
        TempFile::new("xirsys-answer", &answer.to_string())
    };
    let all = json!(["turn:a.example:53?transport=udp", "turn:a.example:80?transport=udp"]);
    let file = answer(all.clone());
    let args = ["a", "--answer", file.0.to_str().unwrap()];
    let output = run("xirsys", &args, &[]);
    let servers: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(servers["iceServers"][0]["urls"], json!([all[1]]));
    let note = "note: left out turn:a.example:53?transport=udp: Chromium blocks port 53";
    assert!(text(&output.stderr).starts_with(note), "{}", text(&output.stderr));

    let (servers, notes) = printed(&[&args[..], &["--unfiltered"]].concat(), &[]);
    assert_eq!((&servers["iceServers"][0]["urls"], &*notes), (&all, ""));
}

/// Starts a gateway on loopback, which sends its first client this answer and returns the request.
fn gateway(response: String) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        asked.send(request(&stream)).unwrap();
        // The client may have hung up.
        _ = stream.write_all(response.as_bytes());
    });
    (url, receiver)
}

fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut request).unwrap(), 0, "{request}");
    }
    let len = request.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; len.unwrap_or("0").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    request + text(&body)
}

fn response(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_real_exchange() {
    let basic = "\r\nauthorization: Basic YW4taWRlbnQ6aGlkZGVuLXNlY3JldA==\r\n";
    for (args, path, end) in [
        (&["my/channel"][..], "/_turn/my/channel?webrtc=1&expire=3600", "\r\n\r\n"),
        (
            &["my/channel", "--user-ip", "8.8.8.8"],
            "/_turn/my/channel?webrtc=1&expire=3600&geo=1",
            "\r\n\r\n{\"user_ip\":\"8.8.8.8\"}",
        ),
    ] {
        let (url, asked) = gateway(response("200 OK", &fixture("xirsys-v3-urls.json")));
        let environment = [IDENT, SECRET, ("XIRSYS_GATEWAY", &*url)];
        let (servers, notes) = printed(args, &environment);
        let asked = asked.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(asked.starts_with(&format!("PUT {path} HTTP/1.1\r\n")), "{asked}");
        assert!(asked.contains(basic), "{asked}");
        assert_eq!(asked.matches("content-length: ").count(), 1, "{asked}");
        assert!(asked.ends_with(end), "{asked}");

        let server = &servers["iceServers"][0];
        assert_eq!(server["urls"].as_array().unwrap().len(), 7);
        assert_eq!(server["credential"], "04afc000-833b-11ee-8000-00005e005301");
        assert_eq!(notes, "");
    }
}

#[test]
fn what_goes_wrong_on_the_way_gets_one_line() {
    let (elsewhere, redirected) = gateway(response("200 OK", &fixture("xirsys-v3-urls.json")));
    let status = "the provider answers with HTTP status";
    for (response, expected) in [
        (String::new(), "no answer: ".to_owned()),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".into(), "no answer: ".into()),
        (response("200 OK", &" ".repeat(100_000)), "no answer: ".into()),
        (
            response(&format!("302 Found\r\nlocation: {elsewhere}/_turn/a"), ""),
            format!("{status} 302"),
        ),
        (response("503 Busy\r\nretry-after: 90", ""), format!("{status} 503: try again in 1m 30s")),
        (response("500 Error", "<html>"), format!("{status} 500: try again")),
    ] {
        let (url, asked) = gateway(response.clone());
        let message = error(&["a", "--gateway", &url]);
        asked.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(message.starts_with(&expected), "{response:?}: {message}");
    }
    assert!(redirected.try_recv().is_err());
}
