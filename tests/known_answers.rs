//! Answers that third parties published, and answers of ours that must never change.
#![allow(missing_docs)]

use core::time::Duration;

use serde_json::Value;
use turn_credentials::{
    ClockSkew, Keyring, PseudonymKey, SharedSecret, TurnCredentials, UnixTime, Username,
};

fn cases(file: &str) -> Vec<Value> {
    let mut file: Value = serde_json::from_str(file).unwrap();
    serde_json::from_value(file["tests"].take()).unwrap()
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap()
}

#[test]
fn credentials_that_others_published() {
    let cases = cases(include_str!("vectors/credentials.json"));
    assert_eq!(cases.len(), 5);
    for case in &cases {
        let secret: SharedSecret = text(case, "secret").parse().unwrap();
        let [username, password] = ["username", "password"].map(|field| text(case, field));

        assert_eq!(secret.password_for(username).as_str(), password);
        assert!(secret.accepts(username, password));

        let parsed = Username::parse(username).unwrap();
        let expiry = parsed.expires_at();
        let now = UnixTime::from_secs(expiry.as_secs() - 600);
        let login =
            TurnCredentials::for_username_at(parsed, &secret, ClockSkew::NONE, now).unwrap();
        assert_eq!((login.username(), login.password().as_str()), (username, password));
        assert_eq!((login.expires_at(), login.ttl().as_secs()), (expiry, 600));

        let keyring = Keyring::new(secret);
        assert_eq!(keyring.verify_at(username, password, expiry), Ok(parsed));
        let passwords: Vec<_> = keyring.passwords(username).collect();
        assert_eq!(passwords.len(), 1);
        assert_eq!(passwords[0].as_str(), password);
    }
}

#[test]
fn pseudonyms_stay_as_they_are() {
    let cases = cases(include_str!("vectors/pseudonyms.json"));
    assert_eq!(cases.len(), 16);
    for case in &cases {
        let [secret, account, name] = ["secret", "account", "name"].map(|field| text(case, field));
        let key = PseudonymKey::new(&secret.parse().unwrap());
        assert_eq!(key.name_for(account), name);
        assert_eq!(PseudonymKey::from_bytes(secret).unwrap().name_for(account), name);
        Username::new(name, UnixTime::from_secs(1_700_000_000)).unwrap();
    }
}

#[test]
fn names_for_any_account() {
    let secret = SharedSecret::new("north").unwrap();
    let key = PseudonymKey::new(&secret);
    let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
    let cases = cases(include_str!("vectors/names.json"));
    assert_eq!(cases.len(), 22);
    for case in &cases {
        let [account, expected] = ["account", "name"].map(|field| text(case, field));
        let name = key.name_or_pseudonym(account);
        if expected == "pseudonym" {
            assert_eq!(name, key.name_for(account), "{case}");
        } else {
            assert_eq!(name, expected, "{case}");
            assert_eq!(Username::check_name(account), Ok(()), "{case}");
        }
        assert_eq!(Username::check_name(&name), Ok(()), "{case}");
        let login = TurnCredentials::generate_at(&name, &secret, hour, ClockSkew::NONE, now);
        assert_eq!(login.unwrap().username(), format!("1700003600:{name}"));
    }
}

/// A pseudonym that was made with the secret itself would be the beginning of a password.
#[test]
fn a_pseudonym_is_no_password() {
    let secret = SharedSecret::new("north").unwrap();
    let account = "1700000000:alice";
    let name = PseudonymKey::new(&secret).name_for(account);
    let password = secret.password_for(account).as_str().replace('+', "-").replace('/', "_");
    assert!(!password.starts_with(&name));
}
