//! What must not be seen: secrets, passwords and names, in any `Debug` or error text.
#![allow(missing_docs)]

use core::fmt::Debug;
use core::time::Duration;
use std::error::Error as StdError;

use turn_credentials::{
    ClockSkew, Error, ExpiryHint, Keyring, Layout, PseudonymKey, SharedSecret, TurnCredentials,
    UnixTime, Username, VerifyError,
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

/// Looks for the texts as they are, as their bytes in a list, and as hex.
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

    let values: [&dyn Debug; 12] = [
        &secret(),
        login.password(),
        &login,
        &keyring,
        &PseudonymKey::new(&secret()),
        &username,
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

/// Two secrets look the same, so their text tells nothing of the key inside either.
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
    ];
    let variants: std::collections::HashSet<_> =
        errors.iter().map(core::mem::discriminant).collect();
    assert_eq!(variants.len(), 11, "one of every kind");
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
}

/// Without secret, password or name, in lower case, on one line, with no full stop.
fn assert_error(error: &dyn StdError) {
    let login = login();
    let text = error.to_string();
    assert_hides(&format!("{text}\n{}", debug(&error)), &[SECRET, NAME, login.password().as_str()]);
    assert!(text.starts_with(|first: char| first.is_ascii_lowercase()), "{text}");
    assert!(!text.contains('\n') && !text.contains("  ") && !text.ends_with('.'), "{text}");
}
