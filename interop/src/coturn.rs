//! One coturn process, with its own ports and database.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use std::{fs, process};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::network::Network;
use crate::patience::patiently;

/// A Binding request (RFC 8489 section 5): type, length, magic cookie, transaction.
const BINDING: [u8; 20] = *b"\0\x01\0\0\x21\x12\xa4\x42interop-test";

pub const REALM: &str = "lab.test";

/// A running `turnserver`, ended when it is dropped.
pub struct Coturn {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Coturn {
    /// Starts a server with these static secrets.
    pub fn with_secrets(secrets: &[&str]) -> Self {
        Self::with_args(&secret_args(secrets))
    }

    /// Starts a server with arguments, in addition to those that every test needs.
    pub fn with_args<Arg: AsRef<str>>(args: &[Arg]) -> Self {
        Self::start(TempDir::new().expect("a temporary folder"), &[], &["-n", "--no-tls"], args)
    }

    /// Starts a server with these static secrets that also speaks TLS, as `localhost`.
    pub fn with_tls(secrets: &[&str]) -> Self {
        Self::with_tls_and(secrets, &[], |_| {})
    }

    /// Like `with_tls`, with more arguments and with a certificate that `change` modifies.
    pub fn with_tls_and(
        secrets: &[&str],
        args: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        certify(folder.path(), change);
        let file = |name| folder.path().join(name).display().to_string();
        let config = ["-n", "--cert", &file("cert.pem"), "--pkey", &file("key.pem")];
        let mut all = secret_args(secrets);
        all.extend(args.iter().map(|&arg| arg.into()));
        Self::start(folder, &[], &config, &all)
    }

    /// Starts a server with these static secrets, whose clock is that many seconds ahead of ours.
    pub fn with_clock_ahead(secs: i64, secrets: &[&str]) -> Self {
        // The loader replaces `$LIB` with the machine's library folder.
        let library = "/usr/$LIB/faketime/libfaketimeMT.so.1";
        let env = [("LD_PRELOAD", library), ("FAKETIME", &format!("{secs:+}"))];
        let folder = TempDir::new().expect("a temporary folder");
        Self::start(folder, &env, &["-n", "--no-tls"], &secret_args(secrets))
    }

    /// Starts a server with this configuration file.
    pub fn with_config(config: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("turnserver.conf");
        fs::write(&path, config).expect("the configuration file");
        let path = path.to_str().expect("a path of UTF-8").to_owned();
        Self::start(folder, &[], &["-c", &path, "--no-tls"], &[] as &[&str])
    }

    /// Starts a server that reads its secrets from a database, which is initially empty.
    pub fn with_database() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        // While the server creates the tables itself, the database is locked.
        turnadmin(&folder, &["-L"]);
        Self::start(folder, &[], &["-n", "--no-tls"], &["--use-auth-secret"])
    }

    fn start<Arg: AsRef<str>>(
        folder: TempDir,
        env: &[(&str, &str)],
        config: &[&str],
        args: &[Arg],
    ) -> Self {
        let mut command = Command::new("turnserver");
        command.envs(env.iter().copied()).args(config);
        command.args(["--allow-loopback-peers", "-L", "127.0.0.1", "-E", "127.0.0.1"]);
        command.args(args.iter().map(AsRef::as_ref));
        let mut coturn = Self::spawn(command, (Ipv4Addr::LOCALHOST, free_ports()).into(), folder);
        coturn.wait_until_it_listens();
        coturn
    }

    /// Starts a server with these static secrets at both addresses of a network's server. It denies
    /// loopback peers.
    pub fn in_network(network: &Network, secrets: &[&str], args: &[&str]) -> Self {
        /// How /proc shows a socket that listens at port 3478, over TCP and over UDP.
        const LISTENS: [(&str, &str); 2] =
            [("tcp", ":0D96 00000000:0000 0A"), ("udp", ":0D96 00000000:0000 07")];

        let mut command = network.server("turnserver");
        command.args(["-n", "--no-tls"]);
        for address in [Network::IPV4, Network::IPV6] {
            command.arg(format!("--listening-ip={address}"));
        }
        command.args(secret_args(secrets)).args(args);
        let folder = TempDir::new().expect("a temporary folder");
        let coturn = Self::spawn(command, (Network::IPV4, 3478).into(), folder);
        for (protocol, listens) in LISTENS {
            let sockets = format!("/proc/{}/net/{protocol}", coturn.process.id());
            let listens = || fs::read_to_string(&sockets).ok().filter(|all| all.contains(listens));
            assert!(patiently(listens).is_some(), "turnserver does not listen:\n{}", coturn.log());
        }
        coturn
    }

    fn spawn(mut command: Command, address: SocketAddr, folder: TempDir) -> Self {
        let port = address.port();
        let process = command
            .args(["--no-dtls", "--no-cli", "--verbose", "--log-file=stdout"])
            .arg(format!("--realm={REALM}"))
            .arg(format!("--listening-port={port}"))
            .arg(format!("--tls-listening-port={}", port + 1))
            .arg(format!("--min-port={}", port + 2))
            .arg(format!("--max-port={}", port + PORTS_EACH - 1))
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .arg(format!("--userdb={}", database(&folder).display()))
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.path().join("log")).expect("a log file"))
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver must be installed: apt-get install coturn");
        Self { process, address, folder }
    }

    /// Waits until the server listens over TCP and, a moment later, over UDP.
    fn wait_until_it_listens(&mut self) {
        let connection = patiently(|| {
            let connection = TcpStream::connect(self.address()).ok();
            let ended = self.process.try_wait().expect("the state of turnserver");
            assert!(ended.is_none(), "turnserver ended at once:\n{}", self.log());
            connection
        });
        assert!(connection.is_some(), "turnserver does not listen");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time to wait");
        socket.connect(self.address()).expect("turnserver's address");
        let answer = patiently(|| {
            socket.send(&BINDING).ok()?;
            socket.recv(&mut [0; 1024]).ok()
        });
        assert!(answer.is_some(), "turnserver does not answer");
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn tls_port(&self) -> u16 {
        self.address.port() + 1
    }

    /// The certificate of the authority that signed this server's certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join(AUTHORITY)
    }

    /// Its URIs over UDP, TCP and TLS.
    pub fn uris(&self) -> [String; 3] {
        let (port, tls_port) = (self.address().port(), self.tls_port());
        [
            format!("turn:127.0.0.1:{port}?transport=udp"),
            format!("turn:127.0.0.1:{port}?transport=tcp"),
            format!("turns:localhost:{tls_port}?transport=tcp"),
        ]
    }

    /// The usernames that clients sent.
    pub fn usernames(&self) -> BTreeSet<String> {
        let log = self.log();
        let names = log.split("user <").skip(1).filter_map(|rest| Some(rest.split_once('>')?.0));
        names.filter(|name| !name.is_empty()).map(Into::into).collect()
    }

    /// The sessions that ever had an allocation.
    pub fn allocations_ever(&self) -> BTreeSet<String> {
        self.sessions_with(": new, realm=")
    }

    /// The sessions that still have an allocation, after the server had time to end the others.
    pub fn allocations_at_last(&self) -> BTreeSet<String> {
        // A session that was refreshed to 0 is deleted a second later, sometimes without a log line.
        let left = || {
            let ended = &self.sessions_with(": delete: realm=") | &self.given_back();
            &self.allocations_ever() - &ended
        };
        patiently(|| left().is_empty().then(BTreeSet::new)).unwrap_or_else(left)
    }

    fn given_back(&self) -> BTreeSet<String> {
        let log = self.log();
        let refreshed = log.lines().filter(|line| line.ends_with(", lifetime=0"));
        let lines = refreshed.filter_map(|line| Some(line.split_once(": refreshed")?.0));
        lines.filter_map(|line| Some(line.split_once("session ")?.1.to_owned())).collect()
    }

    /// The numbers of the sessions with this text in a line of the log.
    fn sessions_with(&self, words: &str) -> BTreeSet<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| Some(line.split_once(words)?.0));
        lines.filter_map(|line| Some(line.split_once("session ")?.1.to_owned())).collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("turnserver's log")
    }

    /// Adds a secret to the database, while the server runs.
    pub fn add_secret(&self, secret: &str) {
        self.change_secret("-s", secret, true);
    }

    /// Removes a secret from the database, while the server runs.
    pub fn remove_secret(&self, secret: &str) {
        self.change_secret("-X", secret, false);
    }

    /// Repeats turnadmin until it changes the secret: if the database is locked, it reports success
    /// but changes nothing.
    fn change_secret(&self, option: &str, secret: &str, is_there: bool) {
        let line = format!("{secret}[{REALM}]");
        let changed = patiently(|| {
            turnadmin(&self.folder, &[option, secret, "-r", REALM]);
            let listed = turnadmin(&self.folder, &["-S", "-r", REALM]);
            (listed.lines().any(|found| found == line) == is_there).then_some(())
        });
        assert!(changed.is_some(), "turnadmin {option} changes nothing");
    }
}

fn turnadmin(folder: &TempDir, args: &[&str]) -> String {
    let output = Command::new("turnadmin")
        .args(args)
        .arg("-b")
        .arg(database(folder))
        .output()
        .expect("turnadmin must be installed: apt-get install coturn");
    assert!(output.status.success(), "turnadmin {args:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("turnadmin's words")
}

impl Drop for Coturn {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

pub fn secret_args(secrets: &[&str]) -> Vec<String> {
    let secrets = secrets.iter().map(|secret| format!("--static-auth-secret={secret}"));
    ["--use-auth-secret".to_owned()].into_iter().chain(secrets).collect()
}

fn database(folder: &TempDir) -> PathBuf {
    Path::join(folder.path(), "turndb")
}

pub(crate) const AUTHORITY: &str = "authority.pem";

/// Makes an authority and a server's certificate.
pub(crate) fn certify(folder: &Path, change: impl FnOnce(&mut CertificateParams)) {
    let write = |name: &str, pem: String| fs::write(folder.join(name), pem).expect("a PEM file");
    let key = || KeyPair::generate().expect("a key");

    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "authority");
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority");
    let server = CertificateParams::new(["localhost".into(), "127.0.0.1".into()]);
    let server_key = key();
    let server = server.and_then(|mut server| {
        change(&mut server);
        server.signed_by(&server_key, &authority)
    });

    write(AUTHORITY, authority.pem());
    write("cert.pem", server.expect("a certificate").pem());
    write("key.pem", server_key.serialize_pem());
}

/// How many ports a server gets: two to listen on, the others for relays.
pub(crate) const PORTS_EACH: u16 = 40;

/// The first of a range of ports that no other server on this machine gets.
///
/// coturn binds with SO_REUSEPORT, so that two servers on one port both start and share the
/// packets. So trying a port is not enough, and each is handed out only once.
pub(crate) fn free_ports() -> u16 {
    const FIRST: u16 = 12_000;
    /// Below the ports that Linux assigns to clients.
    const LAST: u16 = 32_000;
    const ROWS: u16 = (LAST - FIRST) / PORTS_EACH;

    static NEXT: AtomicU16 = AtomicU16::new(0);

    let of_this_process = (process::id() % u32::from(ROWS)) as u16;
    for _ in 0..ROWS {
        let row = (of_this_process + NEXT.fetch_add(1, Ordering::Relaxed)) % ROWS;
        let port = FIRST + row * PORTS_EACH;
        let address = (Ipv4Addr::LOCALHOST, port);
        if UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok() {
            return port;
        }
    }
    panic!("no free port")
}
