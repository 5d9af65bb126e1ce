//! A private network for a client and one for a server, with a cable and a firewall between them.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Child, Command, Stdio};

/// Two Linux namespaces, which end when it is dropped.
pub struct Network {
    client: Child,
    server: Child,
}

impl Network {
    /// An address in the server's namespace.
    pub const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1));
    pub const IPV6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x4d, 0, 0, 0, 0, 1));

    pub fn new() -> Self {
        // Anyone may create networks as root of a new user namespace.
        let client = hold(Command::new("unshare").args(["--map-root-user", "--net"]));
        let server = hold(inside(&client, "unshare").arg("--net"));
        let network = Self { client, server };
        let shell = |mut command: Command| {
            command.arg("-e");
            command
        };
        let peer = network.server.id();
        run(
            shell(network.client("sh")),
            &format!("ip link add cable type veth peer name cable netns {peer}"),
        );
        for (command, number) in [(network.client("sh"), 2), (network.server("sh"), 1)] {
            run(
                shell(command),
                &format!(
                    "ip link set lo up
                     ip address add 10.77.0.{number}/24 dev cable
                     ip address add 2001:db8:4d::{number}/64 dev cable nodad
                     ip link set cable up"
                ),
            );
        }
        network
    }

    /// A program on the client's side.
    pub fn client(&self, program: impl AsRef<OsStr>) -> Command {
        inside(&self.client, program)
    }

    /// A program on the server's side.
    pub fn server(&self, program: impl AsRef<OsStr>) -> Command {
        inside(&self.server, program)
    }

    /// Sets the nftables rules of the server's firewall, for packets that arrive over the cable.
    pub fn firewall(&self, rules: &str) {
        let mut nft = self.server("nft");
        nft.args(["-f", "-"]);
        run(
            nft,
            &format!(
                "table inet firewall {{
                     chain incoming {{
                         type filter hook input priority filter; policy accept;
                         iifname != cable accept
                         {rules}
                     }}
                 }}"
            ),
        );
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for holder in [&mut self.server, &mut self.client] {
            _ = holder.kill();
            _ = holder.wait();
        }
    }
}

/// Starts a process that keeps a namespace alive until that process or ours is killed.
fn hold(unshare: &mut Command) -> Child {
    unshare.args(["sh", "-c", "echo && exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = unshare.spawn().expect("util-linux must be installed");
    let ready = holder.stdout.as_mut().map(|stdout| stdout.read_exact(&mut [0]));
    assert!(matches!(ready, Some(Ok(()))), "no network namespace: is unshare permitted?");
    holder
}

fn inside(holder: &Child, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--user", "--net", "--preserve-credentials", "--target"]);
    command.arg(holder.id().to_string()).arg(program);
    command
}

fn run(mut command: Command, input: &str) {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("nsenter");
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let status = child.wait().expect("a status");
    assert!(matches!(written, Some(Ok(()))) && status.success(), "{status}:\n{input}");
}
