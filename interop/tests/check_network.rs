//! `turn-credentials check` where the network is in the way, and `--audit`.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use turn_credentials::{SharedSecret, UnixTime, Username};
use turn_credentials_interop::check::check;
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::{Coturn, Ejabberd};

const SECRET: &str = "north-secret";

/// A machine of its own on a cable to this one, with coturn and a firewall before its relay ports.
struct Machine {
    name: String,
    coturn: Option<Child>,
    folder: TempDir,
}

impl Machine {
    /// Ours are of the range for documentation (RFC 5737), which no cable outside has.
    const ADDRESS: &str = "198.51.100.2";

    fn new() -> Self {
        let name = format!("tc{}", process::id());
        let folder = TempDir::new().expect("a temporary folder");
        let machine = Self { name, coturn: None, folder };
        let name = &machine.name;
        let (here, there) = (format!("{name}a"), format!("{name}b"));
        for line in [
            format!("ip netns add {name}"),
            format!("ip link add {here} type veth peer name {there} netns {name}"),
            format!("ip address add 198.51.100.1/30 dev {here}"),
            format!("ip link set {here} up"),
            format!("ip -n {name} address add {}/30 dev {there}", Self::ADDRESS),
            format!("ip -n {name} link set {there} up"),
            format!("ip -n {name} link set lo up"),
            format!("ip netns exec {name} nft add table inet wall"),
            format!(
                "ip netns exec {name} nft add chain inet wall input {{ type filter hook input priority 0; }}"
            ),
            format!(
                "ip netns exec {name} nft add rule inet wall input iifname {there} udp dport 49152-49252 drop"
            ),
        ] {
            run(&line);
        }
        machine
    }

    fn start(&mut self) {
        let folder = self.folder.path().display();
        let line = format!(
            "ip netns exec {} turnserver -n -v --no-cli --no-tls --no-dtls --use-auth-secret \
             --static-auth-secret={SECRET} --realm=lab.test -L {address} -E {address} -p 3478 \
             --min-port=49152 --max-port=49252 --log-file=stdout --pidfile={folder}/pid \
             --userdb={folder}/db",
            self.name,
            address = Self::ADDRESS
        );
        let mut command = command(&line);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.coturn = Some(command.spawn().expect("coturn on its own machine"));
        let start = Instant::now();
        while TcpStream::connect((Self::ADDRESS, 3478)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "coturn does not start");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(coturn) = &mut self.coturn {
            _ = coturn.kill();
            _ = coturn.wait();
        }
        _ = command(&format!("ip netns del {}", self.name)).status();
    }
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words);
    command
}

fn run(line: &str) {
    let status = command(line).status().expect("iproute2 and nftables must be installed");
    assert!(status.success(), "{line}: is this root?");
}

#[test]
fn a_firewall_before_the_relay_ports() {
    let mut machine = Machine::new();
    machine.start();
    let checked = check(&["--secret", SECRET, &format!("turn:{}", Machine::ADDRESS)]);
    assert_eq!(checked.code, 1, "{checked:?}");
    // Two relays of one machine talk before its firewall.
    assert_eq!(checked.json["servers"][0]["to_relay"]["returned"], 10, "{checked:?}");
    assert_eq!(checked.problems(0), ["relay-ports"], "{checked:?}");
    assert!(checked.message(0).contains("firewall closes the relay ports"), "{checked:?}");
}

/// What the audit says of each range.
fn audited(args: &[&str]) -> (i32, BTreeMap<String, String>) {
    let mut all = secret_args(&[SECRET]);
    all.extend(args.iter().map(|&arg| arg.into()));
    let coturn = Coturn::with_args(&all);
    let checked = check(&["--secret", SECRET, "--audit", &format!("turn:{}", coturn.address())]);
    assert!(coturn.allocations_at_last().is_empty(), "{}", coturn.log());
    let audit = checked.json["servers"][0]["audit"].as_array().expect("an audit").clone();
    let findings = audit.into_iter().map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let is_allowed = finding["result"] == "allowed";
        assert_eq!(is_allowed, finding["remedy"].is_string(), "{finding}");
        (text("address"), text("result"))
    });
    (checked.code, findings.collect())
}

#[test]
fn an_audit_names_what_is_open() {
    // It has no relays over IPv6, and `Coturn` allows loopback peers.
    let (code, open) = audited(&[]);
    assert_eq!(code, 1);
    for address in ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254"] {
        assert_eq!(open[address], "allowed", "{address}");
    }
    for address in ["::1", "fc00::1", "ff02::1"] {
        assert_eq!(open[address], "not-tested", "{address}");
    }

    let ranges = ["10.0.0.0-10.255.255.255", "172.16.0.0-172.31.255.255"];
    let mut args: Vec<_> = ranges.iter().map(|range| format!("--denied-peer-ip={range}")).collect();
    args.extend(["--no-multicast-peers", "-L", "::1", "-E", "::1"].map(Into::into));
    let (code, half) = audited(&args.iter().map(|arg| &**arg).collect::<Vec<_>>());
    assert_eq!(code, 1);
    for address in ["10.0.0.1", "172.16.0.1", "224.0.0.1", "ff02::1"] {
        assert_eq!(half[address], "denied", "{address}");
    }
    for address in ["192.168.0.1", "::1", "fc00::1"] {
        assert_eq!(half[address], "allowed", "{address}");
    }
}

#[test]
fn an_audit_with_a_quota_of_one() {
    let (code, open) = audited(&["--user-quota=1"]);
    assert_eq!((code, &*open["10.0.0.1"]), (1, "allowed"), "{open:?}");
}

/// Accepts and says nothing, as a port does that is another service's.
#[test]
fn a_port_that_is_not_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::sleep(Duration::from_secs(5));
            drop(stream);
        }
    });
    let checked = check(&["--secret", SECRET, &format!("turn:{address}?transport=tcp")]);
    assert_eq!((checked.code, checked.problems(0)), (1, vec!["not-stun"]), "{checked:?}");
}

#[test]
fn ejabberd() {
    let ejabberd = Ejabberd::with_secret(SECRET);
    let expiry = UnixTime::from_secs(UnixTime::now().as_secs() + 600);
    let username = Username::new(Ejabberd::NAME, expiry).unwrap().to_string();
    let check_with = |secret: &str| {
        let password = SharedSecret::new(secret).unwrap().password_for(&username);
        let uri = format!("turn:{}", ejabberd.address());
        check(&["--username", &username, "--password", password.as_str(), &uri])
    };
    let checked = check_with(SECRET);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(checked.json["servers"][0]["to_relay"]["returned"], 10, "{checked:?}");
    let checked = check_with("south-secret");
    assert_eq!((checked.code, checked.problems(0)), (1, vec!["unauthorized"]), "{checked:?}");
}
