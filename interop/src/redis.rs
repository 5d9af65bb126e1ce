//! One Redis process.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::coturn::{AUTHORITY, certify, free_ports};
use crate::patience::patiently;

pub const PASSWORD: &str = "the-password-of-redis";

/// A running `redis-server` that keeps nothing on disk, ended when it is dropped.
pub struct Redis {
    process: Child,
    port: u16,
    folder: TempDir,
    tls: bool,
}

impl Redis {
    pub fn start() -> Self {
        Self::launched(false)
    }

    /// Starts a Redis that speaks only TLS, as `localhost` and 127.0.0.1.
    pub fn with_tls() -> Self {
        Self::launched(true)
    }

    fn launched(tls: bool) -> Self {
        let (port, folder) = (free_ports(), TempDir::new().expect("a temporary folder"));
        if tls {
            certify(folder.path(), |_| {});
        }
        let mut redis = Self { process: launch(port, &folder, tls), port, folder, tls };
        redis.wait_until_it_listens();
        redis
    }

    /// Ends it, so that nothing listens at its port.
    pub fn stop(&mut self) {
        self.process.kill().expect("an end of redis-server");
        self.process.wait().expect("the end of redis-server");
    }

    /// Freezes the process: it still listens, but does not answer.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("a signal to redis-server");
    }

    /// Starts it again at the same port, empty.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, &self.folder, self.tls);
        self.wait_until_it_listens();
    }

    fn wait_until_it_listens(&mut self) {
        let connection = patiently(|| {
            let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok();
            let ended = self.process.try_wait().expect("the state of redis-server");
            assert!(ended.is_none(), "redis-server ended at once");
            connection
        });
        assert!(connection.is_some(), "redis-server does not listen");
    }

    /// The address without the password.
    pub fn url(&self) -> String {
        format!("redis{}://{}/0", if self.tls { "s" } else { "" }, self.address())
    }

    /// The host and the port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that signed the server's certificate, in PEM.
    pub fn authority(&self) -> String {
        fs::read_to_string(self.folder.path().join(AUTHORITY)).expect("a certificate")
    }

    /// The lines that a command returns.
    pub fn ask(&self, command: &[&str]) -> Vec<String> {
        let output = Command::new("redis-cli")
            .args(["-e", "-p", &self.port.to_string()])
            .args(self.tls.then_some("--tls"))
            .args(self.tls.then_some("--insecure"))
            .args(command)
            .env("REDISCLI_AUTH", PASSWORD)
            .output()
            .expect("redis-cli must be installed: apt-get install redis-server");
        assert!(output.status.success(), "redis-cli {command:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).lines().map(Into::into).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn launch(port: u16, folder: &TempDir, tls: bool) -> Child {
    let port = port.to_string();
    let mut command = Command::new("redis-server");
    if tls {
        command
            .args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"])
            .args(["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"])
            .args(["--tls-ca-cert-file", AUTHORITY]);
    } else {
        command.args(["--port", &port]);
    }
    command
        .args(["--bind", "127.0.0.1", "--requirepass", PASSWORD])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server must be installed: apt-get install redis-server")
}
