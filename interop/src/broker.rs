//! The broker under `examples/broker`, as a process, and checks that hold for every answer and every log line.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock};

use aho_corasick::AhoCorasick;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use crate::build;
use crate::patience::{PATIENCE, patiently};

/// A running broker on a free port. Dropping it ends the process.
///
/// It remembers each token, login, key and secret that it receives or sends.
pub struct Broker {
    process: Process,
    address: SocketAddr,
    origins: Vec<String>,
    agent: Agent,
    hidden: Mutex<BTreeSet<String>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Broker {
    /// Starts a broker that logs everything. In `--…-file=<text>`, the text is the content of the file.
    pub fn with_args<Arg: AsRef<str>>(args: &[Arg]) -> Self {
        Self::with_env(args, &[])
    }

    /// Starts a broker with only these environment variables.
    pub fn with_env<Arg: AsRef<str>>(args: &[Arg], env: &[(&str, &str)]) -> Self {
        Self::started(args, env, None)
    }

    /// Starts a broker with a limit on its file descriptors.
    pub fn with_descriptors<Arg: AsRef<str>>(args: &[Arg], most: u32) -> Self {
        Self::started(args, &[], Some(most))
    }

    fn started<Arg: AsRef<str>>(args: &[Arg], env: &[(&str, &str)], most: Option<u32>) -> Self {
        let log = ["--log-format=json", "--log-level=trace"];
        let given = args.iter().map(AsRef::as_ref);
        let mut all: Vec<_> = log.into_iter().chain(given).collect();
        if !all.iter().any(|arg| arg.starts_with("--listen=")) {
            all.push("--listen=127.0.0.1:0");
        }
        let mut process = Process::start(&all, env, most);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .max_idle_connections(1000)
            .max_idle_connections_per_host(1000)
            .timeout_global(Some(PATIENCE))
            .build();
        Self {
            address: process.wait_until_it_listens(),
            hidden: process.secrets.iter().cloned().collect::<BTreeSet<_>>().into(),
            process,
            origins: origins(args, env),
            agent: agent.into(),
        }
    }

    /// The exit status and log of a broker that refuses these arguments.
    pub fn refuses(args: &[&str]) -> (ExitStatus, String) {
        let mut process = Process::start(args, &[], None);
        (process.wait(), process.log())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The status and the body of the answer at `--admin-listen`.
    pub fn tell_operator(&self, path: &str) -> (u16, String) {
        let operator = listening(&self.log(), "listening for the operator");
        let operator = operator.expect("--admin-listen");
        let answer = self.agent.get(format!("http://{operator}{path}")).call();
        let mut answer = answer.expect("an answer for the operator");
        let body = answer.body_mut().read_to_string().expect("a body of UTF-8");
        (answer.status().as_u16(), body)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The broker's resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.child.id());
        let status = fs::read_to_string(path).expect("the broker's state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        kib.expect("the broker's memory")
    }

    /// Sends a request, and checks what every answer must have.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        for &(name, value) in headers {
            if let ("tok", secret) | ("authorization", secret) = (name, value) {
                self.hide(secret.trim_start_matches("Bearer "));
            }
        }
        for (name, value) in path.split(['?', '&']).filter_map(|member| member.split_once('=')) {
            if let "key" | "api" = name {
                self.hide(value);
            }
        }
        let answer = Answer::to(&self.agent, method, &self.url(path), headers);
        let origin = headers.iter().find(|(name, _)| *name == "origin").map(|(_, origin)| *origin);
        self.check(&answer, origin.unwrap_or(""), path.starts_with("/_matrix"));
        match (answer.status, method, path) {
            (200, "GET", "/token") => self.hide(&answer.body),
            (200, ..) => self.hide_logins(&serde_json::from_str(&answer.body).unwrap_or_default()),
            _ => {}
        }
        answer
    }

    fn check(&self, answer: &Answer, origin: &str, matrix: bool) {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        let vary = answer.header("vary").expect("Vary").to_ascii_lowercase();
        assert!(vary.split(',').any(|name| name.trim() == "origin"), "{answer:?}");
        let permitted = self.origins.iter().any(|permitted| permits(permitted, origin));
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, permitted.then_some(origin), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:?}");
        if answer.status == 429 {
            let wait = answer.header("retry-after").and_then(|wait| wait.parse().ok());
            assert!(wait.is_some_and(|secs: u32| (1..=60).contains(&secs)), "{answer:?}");
        }
        if answer.status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{answer:?}");
        }
        match answer.status {
            401 if !matrix => assert_eq!(answer.body, "", "{answer:?}"),
            400 | 429 | 502 | 503 => {
                let error = answer.json();
                let [(name, Value::String(words))] = &members(&error)[..] else {
                    panic!("{answer:?}")
                };
                assert!(*name == "error" && (1..200).contains(&words.len()), "{answer:?}");
            }
            _ => {}
        }
    }

    /// Remembers that no log may contain this.
    pub fn hide(&self, secret: &str) {
        self.hidden.lock().expect("what is hidden").insert(secret.to_owned());
    }

    /// Remembers that no log may contain the logins in the JSON.
    pub fn hide_logins(&self, json: &Value) {
        match json {
            Value::Array(values) => values.iter().for_each(|value| self.hide_logins(value)),
            Value::Object(members) => {
                for (name, value) in members {
                    match (&**name, value) {
                        ("username" | "credential" | "password", Value::String(text)) => {
                            self.hide(text);
                        }
                        _ => self.hide_logins(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGHUP, and returns the line of the log that says that the files were reread, or why
    /// not.
    pub fn reload(&self) -> String {
        let lines = || {
            let log = self.log();
            let of_reload = log.lines().filter(|line| line.contains("reloaded"));
            of_reload.map(str::to_owned).collect::<Vec<_>>()
        };
        let before = lines().len();
        self.signal(Signal::HUP);
        patiently(|| lines().into_iter().nth(before)).expect("a word of the reload")
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.process.child);
        kill_process(pid, signal).expect("a signal to the broker");
    }

    /// Terminates the broker, and returns the same as [`ended`](Self::ended).
    pub fn stop(self) -> (ExitStatus, String) {
        self.terminate();
        self.ended()
    }

    /// Waits until the broker ends, and returns its exit status and its log, which contains nothing
    /// hidden.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.process.wait();
        let log = self.log();
        self.check_log(&log);
        (status, log)
    }

    /// Checks that each line is JSON, and contains nothing hidden.
    fn check_log(&self, log: &str) {
        /// The shortest secret to look for, in bytes: a shorter one may occur in any text.
        const LEAST: usize = 8;
        /// The length of a word that must be a token: even a SHA-256 in hex has only 64 characters.
        const TOKEN: usize = 65;

        for line in log.lines() {
            let json = serde_json::from_str(line).unwrap_or(Value::Null);
            assert!(json.is_object(), "a line of the log is not JSON: {line}");
        }
        let hidden = self.hidden.lock().expect("what is hidden");
        let hidden: Vec<_> = hidden.iter().filter(|secret| secret.len() >= LEAST).collect();
        let search = AhoCorasick::new(&hidden).expect("a search");
        if let Some(found) = search.find(log) {
            panic!("{} is in the log:\n{log}", hidden[found.pattern()]);
        }
        let of_a_word = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
        let long = log.split(|char| !of_a_word(char)).find(|word| word.len() >= TOKEN);
        assert_eq!(long, None, "this looks like a token in the log");
    }
}

impl Answer {
    /// Sends the request.
    pub(crate) fn to(agent: &Agent, method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = Request::builder().method(method).uri(url);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(()).expect("a request");
        let mut response = agent.run(request).expect("an answer");
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().expect("a body of UTF-8"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of ASCII"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// The members of an object, or nothing if it is not an object.
pub fn members(json: &Value) -> Vec<(&str, &Value)> {
    let members = json.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value)).collect()
}

/// The broker's process, its log, and its files.
struct Process {
    child: Child,
    folder: TempDir,
    secrets: Vec<String>,
}

impl Process {
    fn start(args: &[&str], env: &[(&str, &str)], descriptors: Option<u32>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut secrets = Vec::new();
        let mut command = match descriptors {
            None => Command::new(program()),
            Some(most) => {
                let mut command = Command::new("/usr/bin/prlimit");
                command.arg(format!("--nofile={most}")).arg(program());
                command
            }
        };
        for (number, arg) in args.iter().enumerate() {
            match arg.split_once("-file=") {
                None => command.arg(arg),
                Some((name, secret)) => {
                    let path = folder.path().join(number.to_string());
                    fs::write(&path, format!("{secret}\n")).expect("a file with a secret");
                    secrets.push(secret.to_owned());
                    command.arg(format!("{name}-file={}", path.display()))
                }
            };
        }
        let log = File::create(folder.path().join("log")).expect("a log file");
        let child = command
            .env_clear()
            .envs(env.iter().copied())
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .spawn()
            .expect("the broker starts");
        Self { child, folder, secrets }
    }

    fn wait_until_it_listens(&mut self) -> SocketAddr {
        let address = patiently(|| {
            let address = listening(&self.log(), "listening");
            let ended = self.child.try_wait().expect("the state of the broker");
            assert!(ended.is_none(), "the broker ended at once:\n{}", self.log());
            address
        });
        address.unwrap_or_else(|| panic!("the broker does not listen:\n{}", self.log()))
    }

    fn wait(&mut self) -> ExitStatus {
        let status = patiently(|| self.child.try_wait().expect("the state of the broker"));
        status.unwrap_or_else(|| panic!("the broker does not end:\n{}", self.log()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("the broker's log")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The address in the log line with this message.
fn listening(log: &str, message: &str) -> Option<SocketAddr> {
    log.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let fields = &line["fields"];
        (fields["message"] == message).then(|| fields["address"].as_str()?.parse().ok())?
    })
}

/// The web origins that its options permit.
fn origins<Arg: AsRef<str>>(args: &[Arg], env: &[(&str, &str)]) -> Vec<String> {
    let by_args = args.iter().filter_map(|arg| arg.as_ref().strip_prefix("--origin="));
    let by_env = env.iter().filter(|(name, _)| *name == "BROKER_ORIGIN");
    let by_env = by_env.flat_map(|(_, origins)| origins.split(','));
    by_args.chain(by_env).map(Into::into).collect()
}

/// Whether this origin is permitted; a star matches one label.
fn permits(permitted: &str, origin: &str) -> bool {
    let Some((scheme, parent)) = permitted.split_once("*.") else { return permitted == origin };
    let of_the_star = origin.strip_prefix(scheme).and_then(|host| host.split_once('.'));
    of_the_star.is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
}

/// The broker's program, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build::program("examples/broker"))
}
