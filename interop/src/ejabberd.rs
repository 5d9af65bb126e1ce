//! An ejabberd that is also a TURN server, with a secret for the logins that it hands out.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::coturn::{PORTS_EACH, free_ports};
use crate::patience::patiently;

pub struct Ejabberd {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Ejabberd {
    /// ejabberd accepts only names of its own form: eight characters for a user, then the first
    /// eight hex digits of the SHA-1 of its host, here `lab.test`.
    pub const NAME: &str = "abcdefgh40b1f15c";

    /// Starts a server directly in Erlang, without `ejabberdctl`.
    pub fn with_secret(secret: &str) -> Self {
        let (folder, port) = (TempDir::new().expect("a temporary folder"), free_ports());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "hosts: [lab.test]\n\
             listen:\n  - port: {port}\n    ip: 127.0.0.1\n    transport: udp\n    \
             module: ejabberd_stun\n    use_turn: true\n    turn_ipv4_address: 127.0.0.1\n    \
             turn_min_port: {}\n    turn_max_port: {}\n\
             modules:\n  mod_stun_disco:\n    secret: {secret}\n    services:\n      \
             - host: 127.0.0.1\n        port: {port}\n        type: turn\n        transport: udp\n",
            port + 1,
            port + PORTS_EACH - 1,
        );
        fs::write(path("ejabberd.yml"), config).expect("a configuration");
        // Without DNS, Erlang would wait for every name.
        fs::write(path("inetrc"), "{lookup,[file]}.\n").expect("a file");
        let process = Command::new("sh")
            .args(["-c", "exec erl -noinput -pa /usr/lib/*/ejabberd-*/ebin \"$@\"", "sh"])
            .args(["-mnesia", "dir", &format!("\"{}\"", path("mnesia")), "-s", "ejabberd"])
            .env("EJABBERD_CONFIG_PATH", path("ejabberd.yml"))
            .env("EJABBERD_LOG_PATH", path("ejabberd.log"))
            .env("ERL_INETRC", path("inetrc"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Erlang and ejabberd must be installed: apt-get install ejabberd");
        let mut ejabberd = Self { process, port, folder };
        ejabberd.wait_until_it_listens();
        ejabberd
    }

    fn wait_until_it_listens(&mut self) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        let answers = patiently(|| {
            let ended = self.process.try_wait().expect("the state of ejabberd");
            assert!(ended.is_none(), "ejabberd ended at once:\n{}", self.log());
            // A Binding request (RFC 8489 section 5).
            let request = *b"\0\x01\0\0\x21\x12\xa4\x42who is there";
            socket.send_to(&request, self.address()).ok()?;
            socket.recv(&mut [0; 512]).ok()
        });
        assert!(answers.is_some(), "ejabberd does not listen:\n{}", self.log());
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("ejabberd.log")).unwrap_or_default()
    }
}

impl Drop for Ejabberd {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
