//! `turn-credentials check` where the network is in the way, and `--audit`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use turn_credentials::{SharedSecret, UnixTime, Username};
use turn_credentials_interop::check::{Checked, check, check_in, interrupt, start_in};
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::network::Network;
use turn_credentials_interop::{Coturn, Ejabberd};

const SECRET: &str = "north-secret";

/// The server's ends of the cable.
const IPV4: &str = "turn:10.77.0.1";
const IPV6: &str = "turn:[2001:db8:4d::1]";

/// Drops packets to the relay ports of a coturn on a cable.
const RELAY_PORTS: &str = "udp dport 3480-3600 drop";

fn check_over(network: &Network, args: &[&str]) -> Checked {
    check_in(network, &[&["--secret", SECRET], args].concat())
}

fn assert_fails(checked: &Checked, index: usize, code: &str, words: &str) {
    assert_eq!(checked.code, 1, "{checked:?}");
    assert_eq!(checked.problems(index), [code], "{checked:?}");
    assert!(checked.message(index).starts_with(words), "{checked:?}");
}

fn assert_released(coturn: &Coturn) {
    assert!(!coturn.allocations_ever().is_empty(), "{}", coturn.log());
    assert_eq!(coturn.allocations_at_last(), BTreeSet::new(), "{}", coturn.log());
}

#[test]
fn data_passes_over_a_cable_with_ipv4_and_ipv6() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &[]);
    let tcp = [IPV4, IPV6].map(|uri| format!("{uri}?transport=tcp"));
    let uris = [IPV4, &tcp[0], IPV6, &tcp[1]];
    let checked = check_over(&network, &uris);
    assert_eq!(checked.code, 0, "{checked:?}");
    for (index, uri) in uris.iter().enumerate() {
        let server = &checked.json["servers"][index];
        let relay = server["relay"].as_str().unwrap_or_default();
        assert_eq!(relay.starts_with('['), uri.contains('['), "{server}");
        for path in ["to_peer", "to_peer_by_channel", "to_relay"] {
            assert_eq!(server[path]["returned"], 10, "{path}: {server}");
        }
    }
    assert_released(&coturn);
}

#[test]
fn a_firewall_before_the_relay_ports() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &[]);
    network.firewall(RELAY_PORTS);
    let checked = check_over(&network, &[IPV4, IPV6]);
    for index in [0, 1] {
        // Two relays of one machine talk before its firewall.
        assert_eq!(checked.json["servers"][index]["to_relay"]["returned"], 10, "{checked:?}");
        let words = "data passes only from relay to relay: a firewall blocks the relay ports";
        assert_fails(&checked, index, "relay-ports", words);
    }
    assert_released(&coturn);
}

#[test]
fn a_firewall_that_lets_answers_in() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &[]);
    network.firewall(&format!("ct state established accept\n{RELAY_PORTS}"));
    assert_eq!(check_over(&network, &[IPV4]).code, 0);
    assert_released(&coturn);
}

#[test]
fn a_firewall_before_the_server() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &[]);
    network.firewall("udp dport 3478 drop\nmeta nfproto ipv6 tcp dport 3478 drop");
    let tcp = [IPV4, IPV6].map(|uri| format!("{uri}?transport=tcp"));
    let checked = check_over(&network, &[IPV4, &tcp[0], &tcp[1]]);
    assert_fails(&checked, 0, "no-answer", "nothing answers at UDP port 3478");
    assert_eq!(checked.json["servers"][1]["result"], "works", "{checked:?}");
    assert_fails(&checked, 2, "no-answer", "nothing answers at TCP port 3478");
    assert_released(&coturn);
}

#[test]
fn a_wrong_external_ip() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &["--external-ip=192.0.2.1"]);
    let checked = check_over(&network, &[IPV4]);
    assert_fails(&checked, 0, "external-ip", "the server says that its relay is at 192.0.2.1");
    assert_released(&coturn);
}

#[test]
fn a_server_that_ignores_binding() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &["--no-stun"]);
    let tcp = format!("{IPV4}?transport=tcp");
    let checked = check_over(&network, &[IPV4, &tcp, "stun:10.77.0.1"]);
    for index in [0, 1] {
        let server = &checked.json["servers"][index];
        assert_eq!(server["result"], "works", "{checked:?}");
        assert!(server["notes"].to_string().contains("ignores Binding"), "{server}");
        assert!(server["software"].to_string().contains("Coturn"), "{server}");
        for path in ["to_peer", "to_peer_by_channel", "to_relay"] {
            assert_eq!(server[path]["returned"], 10, "{path}: {server}");
        }
    }
    assert_fails(&checked, 2, "no-answer", "nothing answers at UDP port 3478");
    assert_released(&coturn);
}

/// As `--audit` advises, where the client has a private address.
#[test]
fn our_address_is_denied() {
    let network = Network::new();
    let denied = "--denied-peer-ip=10.77.0.2";
    let coturn = Coturn::in_network(&network, &[SECRET], &[denied]);
    let checked = check_over(&network, &[IPV4]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let server = &checked.json["servers"][0];
    assert_eq!(server["to_relay"]["returned"], 10, "{server}");
    let note = "forbids this machine's address as a peer (403)";
    assert!(server["notes"].to_string().contains(note), "{server}");
    assert_released(&coturn);

    // Neither path can be tested.
    drop(coturn);
    let coturn = Coturn::in_network(&network, &[SECRET], &[denied, "--user-quota=1"]);
    let checked = check_over(&network, &[IPV4]);
    assert_eq!((checked.code, &checked.json["result"]), (2, &"not-tried".into()), "{checked:?}");
    for why in ["this machine's address as a peer (403)", "no second relay (486)"] {
        assert!(checked.message(0).contains(why), "{checked:?}");
    }
    assert_released(&coturn);
}

#[test]
fn an_interrupt_leaves_no_allocation() {
    let network = Network::new();
    let coturn = Coturn::in_network(&network, &[SECRET], &[]);
    network.firewall(RELAY_PORTS);
    // Interrupts while coturn looks up the password, and later.
    let early = (0..20).map(|index| ("logging in", index * 200));
    for (step, micros) in early.chain([("sending data", 0), ("auditing", 0)]) {
        let mut child = start_in(&network, &["--audit", "--secret", SECRET, IPV4]);
        let stderr = child.stderr.take().unwrap();
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.ends_with(step)), "{step}");
        thread::sleep(Duration::from_micros(micros));
        interrupt(&child);
        let rest: Vec<_> = lines.collect();
        let confirmed = rest.iter().any(|line| line.contains("nothing is left"));
        match child.wait().unwrap().code() {
            Some(130) => assert!(confirmed, "{step}: {rest:?} {}", coturn.log()),
            // The audit may end before the interrupt.
            code => assert_eq!((code, step), (Some(1), "auditing"), "{rest:?}"),
        }
    }
    assert_released(&coturn);
}

/// What the audit says about each range.
fn audited(args: &[&str]) -> (i32, BTreeMap<String, String>) {
    let mut all = secret_args(&[SECRET]);
    all.extend(args.iter().map(|&arg| arg.into()));
    let coturn = Coturn::with_args(&all);
    let checked = check(&["--secret", SECRET, "--audit", &format!("turn:{}", coturn.address())]);
    assert!(coturn.allocations_at_last().is_empty(), "{}", coturn.log());
    assert_eq!(checked.json["result"], "warns", "{checked:?}");
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
    // This coturn has no relays over IPv6, and `Coturn` allows loopback peers.
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

#[test]
fn a_server_with_two_uris_is_audited_once() {
    let coturn = Coturn::with_secrets(&[SECRET]);
    let udp = format!("turn:{}", coturn.address());
    let tcp = format!("{udp}?transport=tcp");
    let checked = check(&["--secret", SECRET, "--audit", &udp, &tcp]);
    assert_eq!((checked.code, &checked.json["result"]), (1, &"warns".into()), "{checked:?}");
    let servers = checked.json["servers"].as_array().expect("servers");
    let (audited, other): (Vec<_>, Vec<_>) =
        servers.iter().partition(|server| server["audit"].is_array());
    let ([audited], [other]) = (&audited[..], &other[..]) else { panic!("{checked:?}") };
    assert_eq!((&audited["result"], &other["result"]), (&"warns".into(), &"works".into()));
    let note = format!("audit: see {}, which", audited["uri"].as_str().expect("a URI"));
    assert!(other["notes"].to_string().contains(&note), "{other}");
}

/// This coturn denies every range, so there is nothing to warn about.
#[test]
fn an_audit_of_a_hardened_server() {
    let network = Network::new();
    // The client's end of the cable is in 10.0.0.0/8, which the server otherwise denies.
    let coturn = Coturn::in_network(
        &network,
        &[SECRET],
        &[
            "--allowed-peer-ip=10.77.0.0-10.77.0.255",
            "--no-multicast-peers",
            "--denied-peer-ip=10.0.0.0-10.255.255.255",
            "--denied-peer-ip=172.16.0.0-172.31.255.255",
            "--denied-peer-ip=192.168.0.0-192.168.255.255",
            "--denied-peer-ip=169.254.0.0-169.254.255.255",
            "--denied-peer-ip=fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ],
    );
    let checked = check_over(&network, &["--audit", IPV4]);
    let findings = checked.json["servers"][0]["audit"].as_array().expect("an audit");
    for finding in findings {
        assert_eq!(finding["result"], "denied", "{finding}");
    }
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_released(&coturn);
}

/// A server that accepts connections and stays silent, as another service might.
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
