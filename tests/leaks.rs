//! No `Debug` shows a secret or a password, and no error shows a secret, a password or a name.
#![allow(missing_docs)]

use core::fmt::Debug;
use core::time::Duration;
use std::error::Error as StdError;

use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{Login, Scheme, Transport, TurnServer, UriError, xep_0215};
use turn_credentials::{
    CandidateError, ClockSkew, Error, ExpiryHint, IceError, IceLease, IceServer, IceUri, Keyring,
    Layout, PseudonymKey, SharedSecret, TurnCredentials, UnixTime, Username, VerifyError,
};

const SECRET: &str = "Zq7-the-shared-secret";
const NAME: &str = "Xavier-the-named";
const NOW: UnixTime = UnixTime::from_secs(1_600_000_000);

fn secret() -> SharedSecret {
    SharedSecret::new(SECRET).unwrap()
}

fn login() -> TurnCredentials {
    let hour = Duration::from_secs(3600);
    TurnCredentials::generate_at(NAME, &secret(), hour, ClockSkew::NONE, NOW).unwrap()
}

fn debug(value: &dyn Debug) -> String {
    format!("{value:?}\n{value:#?}\n{value:x?}\n{value:X?}")
}

/// Looks for each text as it is, as a list of its bytes, and as hex.
fn assert_hides(shown: &str, hidden: &[&str]) {
    for text in hidden {
        let list = format!("{:?}", text.as_bytes());
        let list = list.trim_matches(['[', ']']);
        let spread = list.replace(", ", ",\n    ");
        let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for form in [*text, list, &spread, &hex] {
            assert!(!shown.contains(form), "{shown}");
        }
    }
}

#[test]
fn debug_of_every_public_type() {
    let login = login();
    let password = login.password().as_str();
    let mut keyring = Keyring::new(secret());
    keyring.rotate(secret());
    let username = Username::new(NAME, login.expires_at()).unwrap();
    let expired_at = login.expires_at();

    let uris = IceUri::fan_out(["a.example"]).unwrap();
    let server = IceServer::new(uris.clone(), &login).unwrap();
    let lease = IceLease::new([server.clone()]);
    let answer = Answer::for_lease_at(&lease, NOW).unwrap();

    let values: [&dyn Debug; 27] = [
        server.credential().unwrap(),
        server.login().unwrap(),
        &server,
        &lease.servers(),
        &lease,
        &lease.answer_at(NOW),
        &TurnServer::new(uris.clone(), secret(), Duration::from_secs(3600)).unwrap(),
        &answer,
        &uris,
        &Scheme::Turn,
        &Transport::Udp,
        &UriError::Host,
        &IceError::NoTtl,
        &CandidateError::MalformedUsername,
        &secret(),
        login.password(),
        &login,
        &keyring,
        &PseudonymKey::new(&secret()),
        &username,
        &username.into_owned(),
        &Layout::NameFirst,
        &NOW,
        &ClockSkew::between(NOW, NOW),
        &Error::EmptySecret,
        &ExpiryHint::Milliseconds,
        &VerifyError::Expired { expired_at },
    ];
    for value in values {
        assert_hides(&debug(value), &[SECRET, password]);
    }
    assert_eq!(format!("{:?} {:?}", secret(), login.password()), "SharedSecret(..) Password(..)");
    let key = PseudonymKey::from_bytes(SECRET).unwrap();
    assert_eq!(format!("{key:#?}"), "PseudonymKey(..)");
}

/// Two different secrets have the same `Debug`, so it shows nothing of the key inside.
#[test]
fn debug_does_not_depend_on_the_secret() {
    let other = SharedSecret::new("another").unwrap();
    assert_eq!(debug(&secret()), debug(&other));
    assert_eq!(debug(&PseudonymKey::new(&secret())), debug(&PseudonymKey::new(&other)));
    assert_eq!(debug(&Keyring::new(secret())), debug(&Keyring::new(other)));
}

#[test]
fn every_error() {
    let expiry = UnixTime::from_secs(1_700_000_000);
    let at = |name: &str, ttl, now| {
        let now = UnixTime::from_secs(now);
        let ttl = Duration::from_secs(ttl);
        TurnCredentials::generate_at(name, &secret(), ttl, ClockSkew::NONE, now).unwrap_err()
    };
    let long = NAME.repeat(40);
    let spaced = format!("{NAME} {NAME}");
    let sql = format!("{NAME}union{NAME}select");
    let split = format!("{NAME}:{NAME}");
    let errors = [
        SharedSecret::new("").unwrap_err(),
        SharedSecret::from_config_value(format!("{SECRET} ")).unwrap_err(),
        SharedSecret::from_file_contents(format!("{SECRET}\n{SECRET}")).unwrap_err(),
        SharedSecret::from_file_contents(format!("{SECRET}\t{SECRET}")).unwrap_err(),
        Username::new("", expiry).unwrap_err(),
        Username::new(&spaced, expiry).unwrap_err(),
        Username::new(&sql, expiry).unwrap_err(),
        Username::new(&long, expiry).unwrap_err(),
        Username::name_first("7654321", expiry).unwrap_err(),
        Username::name_first(&split, expiry).unwrap_err(),
        Username::new(NAME, expiry).unwrap().with_separator('é').unwrap_err(),
        at(NAME, 0, 1),
        at(NAME, u64::MAX, 1),
        at(NAME, 1_700_000_000, 1_700_000_000),
        at(NAME, 500_000_000, 1_700_000_000),
        TurnCredentials::for_username_at(
            Username::new(NAME, expiry).unwrap(),
            &secret(),
            ClockSkew::NONE,
            expiry,
        )
        .unwrap_err(),
        Keyring::from_secrets([]).unwrap_err(),
    ];
    let variants: std::collections::HashSet<_> =
        errors.iter().map(core::mem::discriminant).collect();
    assert_eq!(variants.len(), 15, "one of every kind");
    for error in &errors {
        assert_error(error);
        assert_hides(&error.to_string(), &["7654321"]);
    }

    let keyring = Keyring::new(secret());
    let login = login();
    let malformed = secret().password_for(NAME);
    for error in [
        keyring.verify_at(login.username(), "guess", NOW),
        keyring.verify_at(login.username(), SECRET, NOW),
        keyring.verify_at(NAME, malformed.as_str(), NOW),
        keyring.verify_at(login.username(), login.password().as_str(), expiry),
    ] {
        let error = error.unwrap_err();
        assert_error(&error);
        assert_hides(&error.to_string(), &[malformed.as_str()]);
    }
    for (username, now) in [(login.username(), expiry), (NAME, NOW)] {
        let candidates = keyring.candidates_at(username, now);
        assert_error(&candidates.map(drop).unwrap_err());
    }
}

#[test]
fn every_error_of_ice() {
    let turn = || vec!["turn:a".parse().unwrap()];
    let login = |username: &str| Login::new(username, "c").unwrap();
    let lease = |username: &str| IceLease::new([IceServer::new(turn(), login(username)).unwrap()]);
    let errors = [
        IceServer::without_login([]).unwrap_err(),
        IceServer::without_login(turn()).unwrap_err(),
        Login::new(NAME, "\r").unwrap_err(),
        Login::new(NAME.repeat(40), "c").unwrap_err(),
        Answer::for_lease_at(&IceLease::new([]), NOW).unwrap_err(),
        Answer::for_lease_at(&lease(NAME), NOW).unwrap_err(),
        xep_0215::services(lease(&format!("{NAME}\u{ffff}")).servers()).unwrap_err(),
    ];
    let variants: std::collections::HashSet<_> =
        errors.iter().map(core::mem::discriminant).collect();
    assert_eq!(variants.len(), 7, "one of every kind");
    for error in &errors {
        assert_error(error);
    }
}

#[test]
fn every_error_of_uris() {
    let of = |text: &str| text.parse::<IceUri>().unwrap_err();
    let uris = [
        "turn:a b",
        "https://a",
        "a",
        "turn://a",
        "turn:a@b",
        "turn:a/b",
        "turn:|",
        "turn:::1",
        "turn:a:0",
        "turn:a?b",
        "stun:a?b",
        "turn:a#b",
    ];
    let variants: std::collections::HashSet<_> =
        uris.iter().map(|text| core::mem::discriminant(&of(text))).collect();
    assert_eq!(variants.len(), 12, "one of every kind");
    for text in uris {
        assert_error(&of(&format!("{text}{NAME}{SECRET}")));
        assert_error(&of(text));
    }
}

/// By default, an error of serde_json for a wrong type shows the value that it found.
#[test]
#[cfg(feature = "serde")]
fn every_error_of_json() {
    let hidden = 7_654_321;
    let text = format!("\"{SECRET}\"");
    for found in [hidden.to_string(), format!("-{hidden}"), format!("{hidden}.5"), text] {
        for shape in [
            "@",
            "[@]",
            "[[@]]",
            "{\"iceServers\": @}",
            "{\"iceServers\": [@]}",
            "[{\"urls\": @}]",
            "[{\"urls\": [@]}]",
            "[{\"urls\": \"turn:a\", \"username\": @}]",
            "[{\"urls\": \"turn:a\", \"credential\": @}]",
            "{\"username\": @, \"password\": \"p\", \"ttl\": 1, \"uris\": []}",
            "{\"username\": \"u\", \"password\": @, \"ttl\": 1, \"uris\": []}",
            "{\"username\": \"u\", \"password\": \"p\", \"ttl\": @, \"uris\": []}",
            "{\"username\": \"u\", \"password\": \"p\", \"ttl\": 1, \"uris\": @}",
        ] {
            let json = shape.replace('@', &found);
            let servers = serde_json::from_str::<turn_credentials::IceServers>(&json)
                .unwrap_err()
                .to_string();
            let answer = serde_json::from_str::<Answer>(&json).map(|answer| answer.ttl());
            for error in [Some(servers), answer.err().map(|error| error.to_string())] {
                let error = error.unwrap_or_default();
                assert_hides(&error, &[SECRET, &hidden.to_string()]);
            }
        }
    }
}

/// An error shows no secret, password or name. It begins in lower case, has one line, and does not end
/// in a full stop.
fn assert_error(error: &dyn StdError) {
    let login = login();
    let text = error.to_string();
    assert_hides(&format!("{text}\n{}", debug(&error)), &[SECRET, NAME, login.password().as_str()]);
    assert!(text.len() > 30, "says what to do: {text}");
    assert!(text.starts_with(|first: char| first.is_ascii_lowercase()), "{text}");
    assert!(!text.contains('\n') && !text.contains("  ") && !text.ends_with('.'), "{text}");
}
