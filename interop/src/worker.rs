//! The Worker under `examples/worker`, in Cloudflare's runtime.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use crate::broker::Answer;
use crate::patience::{PATIENCE, patiently};

/// A running `workerd` on a free port. Dropping it ends the process.
pub struct Worker {
    process: Child,
    address: SocketAddr,
    start: Duration,
    origins: Vec<String>,
    secrets: Vec<String>,
    agent: Agent,
    folder: TempDir,
}

impl Worker {
    /// Starts the Worker with these variables, as its users do.
    pub fn with_env(env: &[(&str, &str)]) -> Self {
        Self::start(&folder().join("workerd.capnp"), env)
    }

    /// Starts the Worker with a rate limit of two requests per client; the limiter throws for
    /// 192.0.2.255.
    pub fn limited(env: &[(&str, &str)]) -> Self {
        Self::start(&interop().join("worker/limited.capnp"), env)
    }

    /// Starts the Worker with this binding, in JSON, instead of the variable of the same name.
    pub fn with_binding(env: &[(&str, &str)], name: &str, json: &str) -> Self {
        let copy = TempDir::new().expect("a temporary folder");
        let config = fs::read_to_string(folder().join("workerd.capnp")).expect("the config");
        let from_env = format!("(name = \"{name}\", fromEnvironment = \"{name}\"),");
        let binding = format!("bindings = [(name = \"{name}\", json = {json:?}),");
        let config = config.replace(&from_env, "").replace("bindings = [", &binding);
        let path = copy.path().join("workerd.capnp");
        fs::write(&path, config).expect("a config");
        for part in ["worker.mjs", "pkg"] {
            symlink(folder().join(part), copy.path().join(part)).expect("a link");
        }
        Self::start(&path, env)
    }

    fn start(config: &Path, env: &[(&str, &str)]) -> Self {
        module();
        let program = folder().join("node_modules/.bin/workerd");
        let missing = format!("workerd is missing: npm ci --prefix {}", folder().display());
        assert!(program.exists(), "{missing}");
        let folder = TempDir::new().expect("a temporary folder");
        let file = |name| File::create(folder.path().join(name)).expect("a log file");
        let start = Instant::now();
        let mut process = Command::new(program)
            .arg("serve")
            .arg(config)
            .args(["--socket-addr=http=127.0.0.1:0", "--control-fd=1"])
            .env_clear()
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(file("control"))
            .stderr(file("log"))
            .spawn()
            .expect("workerd starts");
        let read = |name| fs::read_to_string(folder.path().join(name)).expect("a log");
        let port = patiently(|| {
            let ended = process.try_wait().expect("the state of workerd");
            assert!(ended.is_none(), "workerd ended at once:\n{}", read("log"));
            let event: Value = serde_json::from_str(&read("control")).ok()?;
            u16::try_from(event["port"].as_u64()?).ok()
        });
        let port = port.unwrap_or_else(|| panic!("workerd does not listen:\n{}", read("log")));
        let is_secret = |name: &str| name.ends_with("_SECRET") || name.ends_with("_KEY");
        let values = |wanted: &dyn Fn(&str) -> bool| {
            let values = env.iter().filter(|(name, _)| wanted(name));
            values
                .flat_map(|(_, value)| value.split(','))
                .map(|value| value.trim().into())
                .collect()
        };
        Self {
            process,
            address: ([127, 0, 0, 1], port).into(),
            start: start.elapsed(),
            origins: values(&|name| name == "BROKER_ORIGIN"),
            secrets: values(&is_secret),
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .proxy(None)
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
            folder,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The time from the start of the process until it listened.
    pub fn start_up(&self) -> Duration {
        self.start
    }

    /// Sends a request, and checks what every answer must have.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = self.ask_unchecked(method, path, headers);
        let mut origins = headers.iter().filter(|(name, _)| *name == "origin");
        let origin = origins.next().map(|(_, origin)| *origin).filter(|_| origins.next().is_none());
        let permitted = origin.filter(|origin| self.origins.iter().any(|other| other == origin));
        assert_eq!(answer.header("access-control-allow-origin"), permitted, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer:?}");
        if answer.status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{answer:?}");
            assert_eq!(answer.body, "", "{answer:?}");
        }
        answer
    }

    /// Sends a request to a Worker that may have no origins.
    pub fn ask_unchecked(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = Answer::to(&self.agent, method, &self.url(path), headers);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("vary"), Some("origin"), "{answer:?}");
        answer
    }

    /// Terminates it, and returns its whole output, which contains no secret.
    pub fn end(mut self) -> String {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).expect("a signal to workerd");
        let ended = patiently(|| self.process.try_wait().expect("the state of workerd"));
        assert!(ended.is_some(), "workerd does not end");
        let log = fs::read_to_string(self.folder.path().join("log")).expect("the log");
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        }
        log
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn interop() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    interop().join("../examples/worker")
}

/// The Worker's WebAssembly module, built once, by the minimum Rust.
pub fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        let rust = interop().join("../.ci/rust-1.85");
        let build = Command::new(folder().join("build"))
            .env("CARGO_WASM", format!("{} -Z build-std=std,panic_abort", rust.display()))
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
        folder().join("pkg/worker_bg.wasm")
    })
}
