//! `turn-credentials check` against real TURN servers, good ones and each kind of bad one.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, date_time_ymd};
use turn_credentials_interop::check::{self, Checked, check};
use turn_credentials_interop::coturn::{Coturn, secret_args};

const SECRET: &str = "north-secret";

fn coturn(args: &[&str]) -> Coturn {
    let mut all = secret_args(&[SECRET]);
    all.extend(args.iter().map(|&arg| arg.into()));
    Coturn::with_args(&all)
}

fn udp(coturn: &Coturn) -> String {
    format!("turn:{}", coturn.address())
}

/// Checks over UDP. Nothing may be left allocated.
fn check_udp(coturn: &Coturn, secret: &str) -> Checked {
    let checked = check(&["--secret", secret, &udp(coturn)]);
    assert_released(coturn);
    checked
}

fn assert_fails(checked: &Checked, code: &str, words: &str) {
    assert_eq!(checked.code, 1, "{checked:?}");
    assert_eq!(checked.problems(0), [code], "{checked:?}");
    assert!(checked.message(0).contains(words), "{checked:?}");
}

fn assert_released(coturn: &Coturn) {
    let left = coturn.allocations_at_last();
    assert_eq!(left, BTreeSet::new(), "{}", coturn.log());
}

#[test]
fn data_passes_over_udp_tcp_and_tls_with_ipv4_and_ipv6() {
    let coturn = Coturn::with_tls_and(&[SECRET], &["-L", "::1", "-E", "::1"], |_| {});
    let (port, tls, ca) = (coturn.address().port(), coturn.tls_port(), coturn.authority());
    let mut uris = Vec::new();
    for host in ["127.0.0.1", "[::1]"] {
        uris.push(format!("turn:{host}:{port}"));
        uris.push(format!("turn:{host}:{port}?transport=tcp"));
    }
    uris.push(format!("turns:localhost:{tls}"));
    let mut args = vec!["--secret", SECRET, "--ca", ca.to_str().unwrap()];
    args.extend(uris.iter().map(|uri| &**uri));
    let checked = check(&args);
    assert_eq!(checked.code, 0, "{checked:?}");
    let servers = checked.json["servers"].as_array().unwrap();
    assert!(servers.len() >= 5, "{checked:?}");
    for server in servers {
        assert_eq!(server["result"], "works", "{server}");
        for path in ["to_peer", "to_peer_by_channel", "to_relay"] {
            assert_eq!(server[path]["returned"], 10, "{path}: {server}");
        }
    }
    let last = servers.last().unwrap();
    assert!(last["tls"]["version"].as_str().unwrap().starts_with("TLS 1."), "{last}");
    assert_eq!(last["tls"]["problem"], serde_json::Value::Null, "{last}");
    assert_released(&coturn);
}

#[test]
fn another_secret() {
    let coturn = coturn(&[]);
    assert_fails(&check_udp(&coturn, "south-secret"), "unauthorized", "another secret");
}

#[test]
fn static_users() {
    let coturn = Coturn::with_args(&["--lt-cred-mech", "--user=bob:bobs-password"]);
    assert_fails(&check_udp(&coturn, SECRET), "unauthorized", "lt-cred-mech");
    let checked = check(&["--username", "bob", "--password", "bobs-password", &udp(&coturn)]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let checked = check(&["--username", "bob", "--password", "not-bobs-password", &udp(&coturn)]);
    assert_fails(&checked, "unauthorized", "diagnose");
    assert_released(&coturn);
}

#[test]
fn all_peers_are_denied() {
    let coturn = coturn(&["--denied-peer-ip=0.0.0.0-255.255.255.255"]);
    assert_fails(&check_udp(&coturn, SECRET), "peer-denied", "forbids every peer (403)");
}

#[test]
fn a_wrong_external_ip() {
    let coturn = coturn(&["--external-ip=192.0.2.1"]);
    let checked = check_udp(&coturn, SECRET);
    assert_fails(&checked, "external-ip", "the address that you connected to");
    assert!(checked.message(0).contains("check from outside before you change it"), "{checked:?}");
}

#[test]
fn a_quota_of_one() {
    let coturn = coturn(&["--user-quota=1"]);
    let checked = check_udp(&coturn, SECRET);
    assert_eq!(checked.code, 0, "{checked:?}");
    let notes = checked.json["servers"][0]["notes"].to_string();
    assert!(notes.contains("486"), "{checked:?}");
}

#[test]
fn an_empty_secret_lets_anybody_in() {
    let coturn = coturn(&["--static-auth-secret="]);
    assert_fails(&check_udp(&coturn, SECRET), "empty-secret", "LETS ANYONE IN");
}

#[test]
fn an_empty_secret_is_found_despite_the_quota() {
    let coturn = coturn(&["--static-auth-secret=", "--total-quota=1"]);
    assert_fails(&check_udp(&coturn, SECRET), "empty-secret", "LETS ANYONE IN");
}

/// coturn counts an allocation for another second after its release.
#[test]
fn a_quota_that_counts_what_was_released() {
    let coturn = coturn(&["--static-auth-secret=", "--total-quota=2"]);
    let checked = check_udp(&coturn, SECRET);
    assert_eq!(checked.json["servers"][0]["to_relay"]["returned"], 10, "{checked:?}");
}

#[test]
fn no_login_is_needed() {
    let coturn = Coturn::with_args(&["--no-auth"]);
    assert_fails(&check_udp(&coturn, SECRET), "open-relay", "without a login");
}

#[test]
fn certificates() {
    let check_tls = |change: fn(&mut CertificateParams), trusted: bool| {
        let coturn = Coturn::with_tls_and(&[SECRET], &[], change);
        let uri = format!("turns:localhost:{}", coturn.tls_port());
        let ca = coturn.authority();
        let mut args = vec!["-4", "--secret", SECRET, &uri];
        if trusted {
            args.extend(["--ca", ca.to_str().unwrap()]);
        }
        let checked = check(&args);
        // The check continues.
        assert_eq!(checked.json["servers"][0]["to_relay"]["returned"], 10, "{checked:?}");
        checked
    };
    let expired: fn(&mut CertificateParams) = |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    };
    assert_fails(&check_tls(expired, true), "certificate-expired", "has expired");
    let renamed: fn(&mut CertificateParams) = |params| {
        params.subject_alt_names =
            CertificateParams::new(["other.test".into()]).expect("a name").subject_alt_names;
    };
    assert_fails(&check_tls(renamed, true), "certificate-wrong-name", "is not for localhost");
    assert_fails(&check_tls(|_| {}, false), "certificate-unknown-issuer", "--ca");
}

#[test]
fn nothing_is_there() {
    // Ports that were bound, and then closed.
    let port = |address: std::io::Result<std::net::SocketAddr>| address.unwrap().port();
    let udp = port(UdpSocket::bind("127.0.0.1:0").unwrap().local_addr());
    let tcp = port(TcpListener::bind("127.0.0.1:0").unwrap().local_addr());
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = port(silent.local_addr().inspect(|_| std::mem::forget(silent)));
    let check = |uri: &str| check(&["--secret", SECRET, uri]);
    let closed = check(&format!("turn:127.0.0.1:{udp}"));
    assert_fails(&closed, "refused", "UDP port");
    let closed = check(&format!("turn:127.0.0.1:{tcp}?transport=tcp"));
    assert_fails(&closed, "refused", "TCP port");
    assert_fails(&check(&format!("turn:127.0.0.1:{silent}")), "no-answer", "nothing answers");
    assert_fails(&check("turn:nowhere.invalid"), "unresolved", "cannot be resolved");
    let dtls = check("turns:127.0.0.1?transport=udp");
    assert_eq!(dtls.code, 2, "{dtls:?}");
    assert!(dtls.message(0).starts_with("not tried"), "{dtls:?}");
}

#[test]
fn an_interrupt_leaves_no_allocation() {
    let coturn = coturn(&["-L", "::1", "-E", "::1"]);
    let port = coturn.address().port();
    let uris = [
        format!("turn:127.0.0.1:{port}"),
        format!("turn:[::1]:{port}"),
        format!("turn:127.0.0.1:{port}?transport=tcp"),
    ];
    for wait in [30, 100, 200, 300, 500, 800] {
        let child = check::start(&["--secret", SECRET, &uris[0], &uris[1], &uris[2]]);
        thread::sleep(Duration::from_millis(wait));
        check::interrupt(&child);
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(130 | 0)) || wait < 100, "{output:?}");
    }
    assert!(!coturn.allocations_ever().is_empty());
    assert_released(&coturn);
}
