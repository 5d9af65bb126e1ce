//! Does GStreamer get a relay with a URI that has our login inside?

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use turn_credentials::ice::Login;
use turn_credentials::{ClockSkew, SharedSecret, TurnCredentials};
use turn_credentials_interop::Coturn;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn turn_uris() {
    let coturn = Coturn::with_secrets(&["north"]);
    let north = SharedSecret::new("north").unwrap();
    let uris = ["udp", "tcp"].map(|name| format!("turn:{}?transport={name}", coturn.address()));

    for name in ["alice", "@alice:lab.test", "a/b+c=d?e#f%20&g@h", "жанна"] {
        let login =
            Login::from(TurnCredentials::generate(name, &north, HOUR, ClockSkew::NONE).unwrap());
        for uri in &uris {
            let said = gather(&turn_uri(uri, &login));
            let candidate = said.lines().next().unwrap_or_default();
            assert!(candidate.contains(" typ relay "), "{name} {uri} {said:?}");
        }
    }

    let login = TurnCredentials::generate("alice", &north, HOUR, ClockSkew::NONE).unwrap();
    let wrong = Login::new(login.username(), "d3Jvbmc=").unwrap();
    assert_eq!(gather(&turn_uri(&uris[0], &wrong)), "");
    let (username, password) = (login.username(), login.password().as_str());
    let raw = format!("turn://{username}:{password}@{}", coturn.address());
    assert!(!gather(&raw).contains(" typ relay "), "not percent-encoded");
}

/// A TURN URI with the login inside, percent-encoded.
fn turn_uri(uri: &str, login: &Login) -> String {
    let encode = |text: &str| -> String {
        let encode = |byte: u8| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(encode).collect()
    };
    let (scheme, rest) = uri.split_once(':').unwrap();
    let (username, credential) = (login.username(), login.credential().as_str());
    format!("{scheme}://{}:{}@{rest}", encode(username), encode(credential))
}

/// The relay candidates that GStreamer gathers, a line for each, or `malformed`.
fn gather(uri: &str) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("gstreamer/gather.py");
    // Debian's own Python: no other has the bindings that Debian packages.
    let mut process = Command::new("/usr/bin/python3")
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python must be installed: apt-get install python3-gi");
    writeln!(process.stdin.take().unwrap(), "{uri}").expect("a URI to the program");
    let output = process.wait_with_output().expect("the end of the program");
    assert!(
        output.status.success(),
        "apt-get install gir1.2-gst-plugins-bad-1.0 gstreamer1.0-nice"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}
