//! The example programs, run as their users run them.
#![allow(missing_docs)]
#![cfg(feature = "std")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs};

use serde_json::Value;
use turn_credentials::{Keyring, SharedSecret, UnixTime, Username};

/// Runs a program that `cargo test` built beside this test.
fn run(program: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.set_file_name("examples");
    path.push(program);
    let mut command = Command::new(path.with_extension(env::consts::EXE_EXTENSION));
    for name in ["TURN_SECRET", "XIRSYS_IDENT", "XIRSYS_SECRET", "XIRSYS_GATEWAY"] {
        command.env_remove(name);
    }
    command.args(args).env("RUST_BACKTRACE", "1").env("NO_PROXY", "127.0.0.1");
    command.envs(environment.iter().copied());
    command.output().expect("`cargo test` without a test's name builds the examples")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(program: &str, args: &[&str]) -> String {
    let output = run(program, args, &[]);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The one line on stderr of a program that refuses its arguments; 1 is for a login that is refused.
fn refusal(program: &str, args: &[&str]) -> String {
    refusal_in(program, args, &[])
}

fn refusal_in(program: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(program, args, environment);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    let message = text(&output.stderr).strip_suffix('\n').unwrap();
    assert!(message.starts_with("error: ") && !message.contains('\n'), "{args:?}: {message}");
    message.to_owned()
}

/// The two lines of a login, which is good with `secret` and has these seconds left.
fn check_login(printed: &str, secret: &str, separator: char, ttl: u64) -> String {
    let [username, password] = printed.lines().collect::<Vec<_>>()[..] else {
        panic!("not two lines: {printed:?}")
    };
    let keyring = Keyring::new(SharedSecret::new(secret).unwrap());
    let keyring = keyring.with_separator(separator).unwrap();
    let expiry = keyring.authenticate(username, password).unwrap().expires_at().as_secs();
    let now = UnixTime::now().as_secs();
    assert!((now + ttl - 30..=now + ttl).contains(&expiry), "{username} at {now}");
    username.to_owned()
}

struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, contents: &str) -> Self {
        let path = env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::write(&path, contents).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

#[test]
fn generate_as_text() {
    for (args, separator, ttl) in [
        (&["alice", "--secret", "north"][..], ':', 3600),
        (&["@alice:lab.test", "--secret=north", "--ttl", "600s"], ':', 600),
        (&["жанна", "--secret", "north", "--ttl", "1d", "--skew=-5s"], ':', 86_395),
        (&["alice", "--secret", "north", "--skew", "+5s"], ':', 3605),
        (&["alice", "--secret", "north", "--skew", "0s", "--separator", "|"], '|', 3600),
        (&["alice", "--secret", "north", "--layout", "name-first"], ':', 3600),
        (&["a:b", "--secret", "north", "--layout", "name-first", "--separator=-"], '-', 3600),
        (&["--secret", "north", "--layout", "expiry-only"], ':', 3600),
    ] {
        check_login(&stdout("generate", args), "north", separator, ttl);
    }
    let name_first = stdout("generate", &["bob", "--secret", "x", "--layout", "name-first"]);
    assert!(name_first.starts_with("bob:"));
    let bare = stdout("generate", &["--secret", "x", "--layout", "expiry-only"]);
    assert_eq!(Username::parse(bare.lines().next().unwrap()).unwrap().name(), None);
}

#[test]
fn generate_as_json() {
    let uris = ["--uri", "turn:turn.example.org?transport=udp", "--uri", "turns:turn.example.org"];
    let args = ["alice", "--secret", "north", "--format", "json", "--ttl=2h"];
    let object: Value = serde_json::from_str(&stdout("generate", &args)).unwrap();
    let fields: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["expires_at", "password", "ttl", "username"]);
    assert_eq!(object["ttl"], 7200);
    let [username, password] =
        ["username", "password"].map(|field| object[field].as_str().unwrap());
    check_login(&format!("{username}\n{password}\n"), "north", ':', 7200);
    let expiry = object["expires_at"].as_u64().unwrap();
    assert_eq!(username, format!("{expiry}:alice"));

    let with_uris = stdout("generate", &[&args[..], &uris].concat());
    let object: Value = serde_json::from_str(&with_uris).unwrap();
    assert_eq!(object["uris"], serde_json::json!([uris[1], uris[3]]));

    let output = run("generate", &[&["alice", "--secret", "north"][..], &uris].concat(), &[]);
    assert_eq!(text(&output.stdout).lines().count(), 2);
    assert!(text(&output.stderr).starts_with("note: "));
}

#[test]
fn generate_in_every_format() {
    let uris = ["stun:a.example", "turns:a.example:443?transport=tcp"];
    let print = |format: &str| {
        let [stun, turns] = uris;
        let args =
            ["alice", "--secret", "north", "--uri", stun, "--uri", turns, "--format", format];
        run("generate", &args, &[])
    };
    let services = print("xep-0215");
    assert_eq!(text(&services.stdout).matches("<service type='").count(), 2);
    let links = print("link");
    assert_eq!(text(&links.stdout).matches("Link: <").count(), 2);

    for format in ["ice", "rest"] {
        let printed = print(format);
        assert_eq!(printed.status.success(), cfg!(feature = "serde"), "{format}");
        if !printed.status.success() {
            assert!(text(&printed.stderr).contains("--features serde"));
            continue;
        }
        let object: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let (login, password, list) = match format {
            "ice" => (&object["iceServers"][0], "credential", "urls"),
            _ => (&object, "password", "uris"),
        };
        assert_eq!(login[list], serde_json::json!(uris));
        let [username, password] =
            ["username", password].map(|field| login[field].as_str().unwrap());
        check_login(&format!("{username}\n{password}\n"), "north", ':', 3600);
    }
    for format in ["ice", "rest", "xep-0215", "link"] {
        let refused = refusal("generate", &["alice", "--secret", "north", "--format", format]);
        assert!(refused.contains("--uri"), "{refused}");
    }
    let hidden = ["alice", "--secret", "north", "--uri", "turn:bob:hidden@a.example"];
    assert!(!refusal("generate", &hidden).contains("hidden"));
}

#[test]
fn the_secret_comes_from_three_places() {
    let file = TempFile::new("turn-secret", "from the file\r\n");
    let path = file.0.to_str().unwrap();
    let login = |args: &[&str]| {
        let environment = [("TURN_SECRET", "from outside")];
        let output = run("generate", &[&["alice"], args].concat(), &environment);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    check_login(&login(&[]), "from outside", ':', 3600);
    check_login(&login(&["--secret-file", path]), "from the file", ':', 3600);
    check_login(&login(&["--secret", "given"]), "given", ':', 3600);

    assert!(refusal("generate", &["alice"]).contains("TURN_SECRET"));
    refusal("generate", &["alice", "--secret", "x", "--secret-file", path]);
    let missing = refusal("generate", &["alice", "--secret-file", "no-such-file"]);
    assert!(missing.contains("no-such-file"));
    let empty = TempFile::new("turn-secret-empty", "\n");
    let empty = refusal("generate", &["alice", "--secret-file", empty.0.to_str().unwrap()]);
    assert!(empty.contains("empty"));
}

#[test]
fn bad_input_gets_one_line() {
    for args in [
        &[][..],
        &["alice", "--secret", ""],
        &["", "--secret", "x"],
        &["a b", "--secret", "x"],
        &["union select", "--secret", "x"],
        &["12345", "--secret", "x", "--layout", "name-first"],
        &["alice", "--secret", "x", "--ttl", "0s"],
        &["alice", "--secret", "x", "--ttl", "soon"],
        &["alice", "--secret", "x", "--ttl", "1700000000s"],
        &["alice", "--secret", "x", "--ttl", "999999999999999999999y"],
        &["alice", "--secret", "x", "--skew", "--5s"],
        &["alice", "--secret", "x", "--separator", "--"],
        &["alice", "--secret", "x", "--separator", "7"],
        &["alice", "--secret", "x", "--format", "xml"],
        &["alice", "--secret", "x", "--no-such-option"],
    ] {
        refusal("generate", args);
    }
    refusal("verify", &["1:a", "x"]);
    refusal("verify", &["1:a"]);
    refusal("verify", &["1:a", "x", "--secret", "s", "--separator", "é"]);
    refusal("rotate", &["--ttl", "0s"]);
    refusal("rotate", &["--ttl", "100years"]);
    refusal("rotate", &["now"]);
    assert!(refusal("generate", &["-abc", "--secret", "x"]).contains("use '-- -a'"));
    check_login(&stdout("generate", &["--secret", "x", "--", "-abc"]), "x", ':', 3600);
    refusal("generate", &["a", "b\n\nc"]);
}

#[test]
fn verify_says_why() {
    let minted = stdout("generate", &["alice", "--secret", "new"]);
    let [username, password] = minted.lines().collect::<Vec<_>>()[..] else { panic!("{minted}") };
    let verdict = |args: &[&str]| {
        let output = run("verify", args, &[]);
        assert_eq!(text(&output.stderr), "");
        (text(&output.stdout).to_owned(), output.status.code().unwrap())
    };

    for secrets in [["new", "b", "c"], ["a", "new", "c"], ["a", "b", "new"]] {
        let [first, second, third] = secrets.map(|secret| format!("--secret={secret}"));
        let (valid, code) = verdict(&[username, password, &first, &second, &third]);
        assert!(valid.starts_with("valid until 2") && code == 0, "{valid}");
        assert!(valid.contains("for 1h\n") || valid.contains("for 59m "), "{valid}");
    }
    let (wrong, code) = verdict(&[username, password, "--secret", "old"]);
    assert!(wrong.starts_with("refused: ") && wrong.contains("password") && code == 1, "{wrong}");

    let of =
        |username| SharedSecret::new("new").unwrap().password_for(username).as_str().to_owned();
    let expired = verdict(&["1000000000:a", &of("1000000000:a"), "--secret", "new"]);
    assert!(expired.0.starts_with("refused: expired at 2001-09-09T01:46:40Z, "), "{}", expired.0);
    assert!(expired.0.ends_with(" ago\n") && expired.0.contains("years"), "{}", expired.0);
    assert_eq!(expired.1, 1);
    let (malformed, code) = verdict(&["alice", &of("alice"), "--secret", "new"]);
    assert!(malformed.contains("malformed") && code == 1, "{malformed}");
}

#[test]
fn rotate_tells_the_whole_story() {
    let story = stdout("rotate", &["--ttl", "2h"]);
    let count = |what| story.matches(what).count();
    assert_eq!((count("After "), count(": accepted"), count("expired at")), (5, 7, 3), "{story}");
}

#[test]
fn every_example_has_help() {
    let xirsys = cfg!(feature = "http").then_some("xirsys");
    for program in ["generate", "verify", "rotate"].into_iter().chain(xirsys) {
        let help = stdout(program, &["--help"]);
        assert!(help.contains("Usage: ") && help.contains("--help"), "{help}");
    }
}

#[cfg(feature = "http")]
mod xirsys {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::{Duration, SystemTime};

    use serde_json::{Value, json};

    use super::{TempFile, fs, refusal, refusal_in, run, text};

    const IDENT: (&str, &str) = ("XIRSYS_IDENT", "an-ident");
    const SECRET: (&str, &str) = ("XIRSYS_SECRET", "hidden-secret");
    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/provider_answers");

    fn fixture(name: &str) -> String {
        fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
    }

    /// The JSON on stdout, and what is on stderr after the note of an expiry in an hour.
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
        for (args, expected) in [
            (
                &["--ident", "an-ident", "--secret-file", path][..],
                format!("PUT {base}?webrtc=1&expire=3600\nauthorization: (secret)\n"),
            ),
            (
                &["--form", "plain", "--ttl", "6h", "--gateway", "http://[::1]:8080/proxy"],
                "PUT http://[::1]:8080/proxy/_turn/my/channel?expire=21600\n\
                 authorization: (secret)\n"
                    .into(),
            ),
            (
                &["--form=urls", "--ttl=1s"],
                format!(
                    "PUT {base}\ncontent-type: application/json\nauthorization: (secret)\n\n\
                     {{\"expire\":\"1\",\"format\":\"urls\"}}\n"
                ),
            ),
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
            (&["a", "--ttl", "1d"][..], "1 to 21600 seconds"),
            (&["a", "--ttl", "0s"], "1 to 21600 seconds"),
            (&["a", "--user-ip", "192.168.0.1"], "not a public one"),
            (&["a", "--user-ip", "8.8.8.8", "--form", "urls"], "--form"),
            (&["a", "--gateway", "ftp://a.example"], "https://"),
            (&["a", "--ident", "a:b"], "colon"),
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
        let (servers, notes) =
            printed(&["a", "--answer", &path("xirsys-v3-odd-entries.json")], &[]);
        assert_eq!(servers, json!({ "iceServers": [{ "urls": ["stun:b.example"] }] }));
        assert_eq!(notes, "note: left out 4 of the URIs, which browsers refuse\n");

        let refuses = "the provider refuses the call:";
        for (name, status, expected) in [
            ("xirsys-error-unauthorized.json", "200", format!("{refuses} unauthorized")),
            ("xirsys-error-unauthorized-2026.json", "401", format!("{refuses} unauthorized")),
            ("xirsys-error-locked.json", "200", format!("{refuses} locked, try again")),
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

    /// A gateway on loopback that sends this to whoever asks first, and what it was asked.
    fn gateway(response: String) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, receiver) = mpsc::channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            asked.send(request(&stream)).unwrap();
            // Who asked may have hung up.
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
        let (url, asked) = gateway(response("200 OK", &fixture("xirsys-v3-urls.json")));
        let environment = [IDENT, SECRET, ("XIRSYS_GATEWAY", &*url)];
        let (servers, notes) = printed(&["my/channel", "--form", "urls"], &environment);
        let asked = asked.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(asked.starts_with("PUT /_turn/my/channel HTTP/1.1\r\n"), "{asked}");
        let basic = "\r\nauthorization: Basic YW4taWRlbnQ6aGlkZGVuLXNlY3JldA==\r\n";
        assert!(asked.contains(basic), "{asked}");
        assert!(asked.ends_with("\r\n\r\n{\"expire\":\"3600\",\"format\":\"urls\"}"), "{asked}");

        let server = &servers["iceServers"][0];
        assert_eq!(server["urls"].as_array().unwrap().len(), 7);
        assert_eq!(server["credential"], "04afc000-833b-11ee-8000-00005e005301");
        assert_eq!(notes, "");
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
            (
                response("503 Busy\r\nretry-after: 90", ""),
                format!("{status} 503, try again in 1m 30s"),
            ),
            (response("500 Error", "<html>"), format!("{status} 500, try again")),
        ] {
            let (url, asked) = gateway(response.clone());
            let message = error(&["a", "--gateway", &url]);
            asked.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(message.starts_with(&expected), "{response:?}: {message}");
        }
        assert!(redirected.try_recv().is_err());
    }
}
