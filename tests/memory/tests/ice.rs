//! Building, writing and reading ICE servers leaves no credential in freed memory.

use std::time::Duration;

use memory::{assert_found, assert_gone};
use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{TurnServer, link_header, turn_uri, xep_0215};
use turn_credentials::{
    ClockSkew, Credential, IceLease, IceServer, IceServers, IceUri, Login, SharedSecret,
    TurnCredentials, UnixTime,
};

const CREDENTIAL: &str = "Zq7xWk3vXp5uYt8sVh2rMn6pQd4oLb9n";
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

#[track_caller]
fn assert_credential_gone<T>(work: impl FnOnce() -> T) {
    assert_gone(&[CREDENTIAL.as_bytes()], work);
}

fn uris(texts: &[&str]) -> Vec<IceUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn login() -> Login {
    Login::new("alice", CREDENTIAL).unwrap()
}

fn server(uri: &str) -> IceServer {
    IceServer::new(uris(&[uri]), login()).unwrap()
}

#[test]
fn credentials() {
    assert_found(&[CREDENTIAL.as_bytes()], || {
        drop(Credential::new(CREDENTIAL).as_str().to_owned());
    });
    assert_credential_gone(|| drop(Credential::new(CREDENTIAL).clone()));
    assert_credential_gone(|| drop(Credential::from(CREDENTIAL)));
    assert_credential_gone(|| drop(Credential::from(String::from(CREDENTIAL))));
    assert_credential_gone(|| {
        let mut cut_short = String::from(CREDENTIAL);
        cut_short.truncate(3);
        drop(Credential::new(cut_short));
    });
    let password = SharedSecret::new("north").unwrap().password_for("alice");
    assert_gone(&[password.as_str().as_bytes()], || drop(Credential::from(&password)));
}

#[test]
fn logins() {
    assert_credential_gone(|| drop(login().with_valid_until(NOW).clone()));
    assert_credential_gone(|| {
        let (_, credential) = login().into_parts();
        drop(credential);
    });
    let with_line_end = String::from(CREDENTIAL) + "\n";
    for (username, credential) in [
        ("", CREDENTIAL),
        ("alice\n", CREDENTIAL),
        (&"a".repeat(600), CREDENTIAL),
        ("alice", &with_line_end),
    ] {
        assert_credential_gone(|| assert!(Login::new(username, credential).is_err()));
    }
}

#[test]
fn servers() {
    assert_credential_gone(|| assert!(IceServer::new([], login()).is_err()));
    assert_credential_gone(|| {
        let mut servers = IceServers::default();
        for _ in 0..9 {
            servers.extend([server("turn:a.example"), server("turns:b.example:465")]);
        }
        drop(servers.clone().limit_urls(3));
        drop(servers.clone().without_port(3478).into_iter().nth(1));
        drop(servers.clone().for_browsers(|_, _| ()));
        drop(IceServers::from(vec![server("turn:a.example")]));
        drop([server("turn:a.example")].into_iter().collect::<IceServers>());
        let none = IceServers::from([server("turns:a.example:465")]).for_browsers(|_, _| ());
        assert!(none.is_err());
    });
}

#[test]
fn leases() {
    assert_credential_gone(|| {
        let mut lease = IceLease::new([server("turn:a.example")]);
        for _ in 0..9 {
            lease = lease.with_server(server("turns:a.example"));
        }
        drop(lease.clone().limit_urls(2));
        drop(lease.clone().without_port(3478));
        drop(lease.clone().for_browsers(|_, _| ()).unwrap());
        let none = IceLease::new([server("turns:a.example:465")]).for_browsers(|_, _| ());
        assert!(none.is_err());
        drop(lease.single_server());
        drop(lease.clone().into_servers());
        assert!(Answer::for_lease_at(&lease, NOW).is_err());
    });
    let login = login().with_valid_until(NOW);
    let lease = IceLease::new([IceServer::new(uris(&["turn:a.example"]), login).unwrap()]);
    assert_credential_gone(|| {
        let answer = Answer::for_lease_at(&lease, NOW).unwrap();
        drop(answer.clone().into_server());
    });
}

#[test]
fn leases_of_your_own_servers() {
    let secret = SharedSecret::new("north").unwrap();
    let server = |uri| TurnServer::new(uris(&[uri]), secret.clone(), HOUR);
    let servers = [server("turn:a.example").unwrap(), server("turns:b.example").unwrap()];
    let password = secret.password_for("1700003600:alice");
    let password = password.as_str();
    assert_gone(&[password.as_bytes()], || {
        let lease = IceLease::generate_at("alice", &servers, NOW).unwrap();
        assert_eq!(lease.servers()[1].credential().unwrap().as_str(), password);
        assert!(IceLease::generate_at("", &servers, NOW).is_err());
        let generate =
            || TurnCredentials::generate_at("alice", &secret, HOUR, ClockSkew::NONE, NOW).unwrap();
        drop([Login::from(generate()), Login::from(&generate())]);
    });

    let [inner, outer] = memory::hmac_sha1_states(b"north");
    assert_gone(&[&inner, &outer], || {
        drop(Box::new(server("turn:a.example").unwrap()).clone());
        drop(Box::new(server("turn:a.example").unwrap().with_skew(ClockSkew::NONE)));
        assert!(server("stun:a.example").is_err());
        assert!(TurnServer::new([], secret.clone(), HOUR).is_err());
    });
}

/// Except for the written text itself, which is the caller's, nothing is left of the credential.
#[test]
fn what_is_written() {
    let expiring = login().with_valid_until(NOW);
    let of_both = uris(&["turn:a.example", "turns:b.example:443?transport=tcp"]);
    let servers = [IceServer::new(of_both, expiring).unwrap(), server("turn:c.example")];
    assert_credential_gone(|| link_header::values(&servers).unwrap());
    assert_credential_gone(|| turn_uri::values(&servers));
    assert_credential_gone(|| xep_0215::services(&servers).unwrap());

    let odd = format!("{CREDENTIAL}\"\\'<&>;\u{ffff}%+ ").repeat(3);
    let odd = Login::new("o'\"neil", odd).unwrap();
    let servers = [
        servers,
        [IceServer::new(uris(&["turn:d.example"]), odd).unwrap(), server("turn:e.example")],
    ]
    .concat();
    assert_credential_gone(|| link_header::values(&servers).map(drop).unwrap_err());
    assert_credential_gone(|| turn_uri::values(&servers));
    assert_credential_gone(|| xep_0215::services(&servers).map(drop).unwrap_err());
    for (credential, in_header) in [("\"\\", true), ("'<&>", true), ("%+ \u{e9}", false)] {
        let credential = format!("{CREDENTIAL}{}", credential.repeat(40));
        let login = Login::new("alice", credential).unwrap();
        let servers = [IceServer::new(uris(&["turn:a.example"]), login).unwrap()];
        assert_credential_gone(|| {
            let values = link_header::values(&servers);
            assert_eq!(values.is_ok(), in_header);
            values
        });
        assert_credential_gone(|| turn_uri::values(&servers));
        assert_credential_gone(|| xep_0215::services(&servers).unwrap());
    }
}

#[test]
fn what_is_read() {
    const C: &str = r#""username": "alice", "credential": "Zq7xWk3vXp5uYt8sVh2rMn6pQd4oLb9n""#;
    const P: &str = r#""username": "alice", "password": "Zq7xWk3vXp5uYt8sVh2rMn6pQd4oLb9n""#;

    for json in [
        format!(r#"{{"urls": "turn:a", {C}}}"#),
        format!(r#"[{{"urls": "turn:a", {C}}}, {{"urls": "turn:a", {P}}}]"#),
        format!(r#"{{"iceServers": [{{"urls": ["turn:a", "turn:b"], {C}}}]}}"#),
        format!(r#"{{{P}, "ttl": 60, "uris": ["turn:a"]}}"#),
        format!(r#"{{{P}, "ttl": "x", "uris": ["turn:a"]}}"#),
        format!(r#"{{{P}, {P}, "ttl": 60, "uris": ["turn:a"]}}"#),
        format!(r#"{{{P}, "ttl": 60, "uris": []}}"#),
        format!(r#"{{"urls": "turn:a b", {C}}}"#),
        format!(r#"{{"urls": "turn:a", {C}, {C}}}"#),
        format!(r#"{{"urls": "turn:a", {C}, "credentialType": "oauth"}}"#),
        // The JSON ends after a credential was read.
        format!(r#"[{{"urls": "turn:a", {C}}}, {{"urls": "#),
        format!(r#"{{"urls": "turn:a", {C}"#),
        format!("\"{CREDENTIAL}\""),
        format!("{{\"{CREDENTIAL}\": \"{CREDENTIAL}\"}}"),
        format!("[\"{CREDENTIAL}\", \"{CREDENTIAL}\"]"),
    ] {
        assert_credential_gone(|| {
            drop(serde_json::from_str::<IceServers>(&json));
            drop(serde_json::from_str::<IceServer>(&json));
            drop(serde_json::from_str::<Answer>(&json));
            drop(serde_json::from_str::<Credential>(&json));
            drop(serde_json::from_str::<IceUri>(&json));
        });
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&json) else { continue };
        // In a list, serde_json keeps values to itself and does not wipe them.
        let of_the_value = |value: &serde_json::Value| value.is_string() || value.is_object();
        if of_the_value(&value) {
            assert_credential_gone(|| drop(serde_json::from_value::<IceServers>(value)));
        }
    }
}

/// What is written into a buffer that need not grow leaves nothing else.
#[test]
fn what_is_written_as_json() {
    fn write(value: &impl serde::Serialize) -> Vec<u8> {
        let mut json = Vec::with_capacity(16 * 1024);
        serde_json::to_writer(&mut json, value).unwrap();
        json
    }
    let login = login().with_valid_until(UnixTime::from_secs(1_700_003_600));
    let server = IceServer::new(uris(&["turn:a.example"]), login).unwrap();
    let lease = IceLease::new([server.clone()]);
    let answer = Answer::for_lease_at(&lease, NOW).unwrap();
    assert_credential_gone(|| write(server.credential().unwrap()));
    assert_credential_gone(|| write(&server));
    assert_credential_gone(|| write(&lease.clone().into_servers()));
    assert_credential_gone(|| write(&lease.answer_at(NOW)));
    assert_credential_gone(|| write(&answer));

    // The library cannot wipe the buffers of a serde format: see SECURITY.md.
    let grows = || serde_json::to_vec(&[&server; 9]).unwrap();
    assert!(!memory::freed_with(&[CREDENTIAL.as_bytes()], grows).is_empty());
}

/// The library cannot wipe the buffers of a serde format: see SECURITY.md.
#[test]
fn what_serde_json_unescapes_stays() {
    let escaped = format!("\"{CREDENTIAL}\\u0041\"");
    let read = || serde_json::from_str::<Credential>(&escaped).unwrap();
    assert!(!memory::freed_with(&[CREDENTIAL.as_bytes()], || drop(read())).is_empty());
}
