//! Does GStreamer get a relay with a URI that contains our login?

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use turn_credentials::ice::{Login, turn_uri};
use turn_credentials::{ClockSkew, IceServer, SharedSecret, TurnCredentials};
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
            let said = gather(&with_login(uri, &login));
            let candidate = said.lines().next().unwrap_or_default();
            assert!(candidate.contains(" typ relay "), "{name} {uri} {said:?}");
        }
    }

    let login = TurnCredentials::generate("alice", &north, HOUR, ClockSkew::NONE).unwrap();
    let wrong = Login::new(login.username(), "d3Jvbmc=").unwrap();
    assert_eq!(gather(&with_login(&uris[0], &wrong)), "");
    let (username, password) = (login.username(), login.password().as_str());
    let raw = format!("turn://{username}:{password}@{}", coturn.address());
    assert!(!gather(&raw).contains(" typ relay "), "not percent-encoded");
}

/// The TURN URI that contains the login.
fn with_login(uri: &str, login: &Login) -> String {
    let server = IceServer::new([uri.parse().unwrap()], login.clone()).unwrap();
    turn_uri::values(&[server]).remove(0)
}

/// The relay candidates that GStreamer gathers, one per line, or `malformed`.
fn gather(uri: &str) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("gstreamer/gather.py");
    // Debian's Python: only that has the bindings that Debian packages.
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
