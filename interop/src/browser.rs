//! Browsers, started by a Node program under `browser/`, and what its functions report about a page.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Value, json};
use tempfile::TempDir;

use crate::http::serve;

#[derive(Clone, Copy, Debug)]
pub enum Browser {
    Chromium,
    Firefox,
}

/// A function of `browser/functions.js`, called in the page at this address.
#[derive(Debug, Serialize)]
pub struct Call {
    pub address: String,
    pub name: &'static str,
    pub argument: Value,
}

/// Two peers that should connect, both with this `RTCConfiguration`.
#[derive(Debug, Serialize)]
pub struct Case {
    pub name: String,
    pub configuration: Value,
}

/// The result of a case, for both peers together.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    pub name: String,
    /// A message went from one peer to the other and back.
    pub echoed: bool,
    pub candidates: Vec<Candidate>,
    pub errors: Vec<CandidateError>,
    pub thrown: Option<String>,
}

/// What a client of Xirsys's broker got and did.
#[derive(Debug, Deserialize)]
pub struct Joined {
    pub token: String,
    /// The `iceServers` that it got.
    pub server: Value,
    pub outcome: Outcome,
}

/// What the broker's page says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub verdict: String,
    pub words: String,
    pub rows: Vec<Row>,
    /// Whether it first asked for a key.
    pub wants_key: bool,
    /// All of its text.
    pub text: String,
    /// Whether it says that no server is offered over TLS on port 443.
    pub warns: bool,
    /// The id of the element with the focus.
    pub focus: String,
    /// What "Copy report" copies.
    pub report: Value,
    /// What the page says immediately after servers are typed in.
    #[serde(default)]
    pub progress: String,
    /// How many web requests the page makes for those servers.
    #[serde(default)]
    pub sent: usize,
}

/// What axe says about the page, in one colour scheme and at one width.
#[derive(Debug, Deserialize)]
pub struct Accessibility {
    pub name: String,
    pub contrast: bool,
    pub violations: Vec<String>,
    pub overflows: bool,
}

#[derive(Debug, Deserialize)]
pub struct Row {
    pub url: String,
    pub transport: String,
    pub verdict: String,
    pub words: String,
}

/// An `RTCIceCandidate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub r#type: String,
    pub address: String,
    pub protocol: String,
    /// Only from Chromium, and not for UDP.
    pub relay_protocol: Option<String>,
    /// Only from Chromium.
    pub url: Option<String>,
}

/// An `RTCPeerConnectionIceErrorEvent`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateError {
    pub error_code: u16,
    pub error_text: String,
    pub url: String,
}

impl Browser {
    /// Tries each case in one run of the browser, which trusts this authority.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call) does.
    pub fn attempt(self, cases: &[Case], authority: &Path) -> Vec<Outcome> {
        let origin = blank_page();
        let call = |case| Call { address: origin.clone(), name: "attempt", argument: json!(case) };
        let calls: Vec<_> = cases.iter().map(call).collect();
        let outcomes = self.call(&calls, authority).into_iter();
        outcomes.map(|outcome| outcome.expect("an outcome")).collect()
    }

    /// Makes each call in one run of the browser, which trusts this authority. Returns each result or
    /// thrown error.
    ///
    /// # Panics
    ///
    /// If something is not installed, or the browser ends early.
    pub fn call<T: DeserializeOwned>(
        self,
        calls: &[Call],
        authority: &Path,
    ) -> Vec<Result<T, String>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        let installed = folder.join("node_modules").exists();
        assert!(installed, "node_modules is missing: npm ci --prefix {}", folder.display());
        let (name, program, package, certificates) = match self {
            Self::Chromium => ("chromium", "/usr/bin/chromium", "chromium", ".pki/nssdb"),
            Self::Firefox => ("firefox", "/usr/bin/firefox-esr", "firefox-esr", PROFILE),
        };
        assert!(Path::new(program).exists(), "{program} is missing: apt-get install {package}");

        let home = TempDir::new().expect("a temporary folder");
        trust(authority, &home.path().join(certificates));
        let mut driver = Command::new("node")
            .arg(folder.join("run.mjs"))
            .args([name, program])
            .arg(home.path().join(PROFILE))
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map(Driver)
            .expect("node must be installed: apt-get install nodejs npm");
        driver.send(calls);
        let answers = driver.answers();
        assert_eq!(answers.len(), calls.len(), "{name} ended early");
        answers
    }
}

/// Serves an empty page from a new origin.
pub fn blank_page() -> String {
    let address = serve(|_, mut stream| {
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n";
        // The client may be gone.
        _ = stream.write_all(page.as_bytes());
    });
    format!("http://localhost:{}", address.port())
}

const PROFILE: &str = "profile";

/// Makes a browser's certificate store that contains this authority.
fn trust(authority: &Path, store: &Path) {
    fs::create_dir_all(store).expect("the folder of the certificates");
    let database = format!("sql:{}", store.display());
    let certutil = |args: &[&str]| {
        let status = Command::new("certutil")
            .args(["-d", &database])
            .args(args)
            .status()
            .expect("certutil must be installed: apt-get install libnss3-tools");
        assert!(status.success(), "certutil {args:?}: {status}");
    };
    let authority = authority.to_str().expect("a path of UTF-8");
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-n", "authority", "-t", "C,,", "-i", authority]);
}

/// The Node program. It ends when its standard input ends, and the browser ends with it.
struct Driver(Child);

impl Driver {
    fn send(&mut self, calls: &[Call]) {
        let mut stdin = self.0.stdin.as_ref().expect("a pipe to the driver");
        serde_json::to_writer(stdin, calls).expect("calls to the driver");
        stdin.write_all(b"\n").expect("the end of the calls");
    }

    fn answers<T: DeserializeOwned>(&mut self) -> Vec<T> {
        let stdout = self.0.stdout.take().expect("a pipe from the driver");
        let answers = Deserializer::from_reader(stdout).into_iter();
        answers.collect::<Result<_, _>>().expect("answers from the driver")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        _ = self.0.wait();
    }
}
