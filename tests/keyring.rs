//! Verifying: which error comes first, and what a rotation does to logins.
#![allow(missing_docs)]

use core::time::Duration;

use turn_credentials::{
    CandidateError, ClockSkew, Error, Keyring, SharedSecret, TurnCredentials, UnixTime, Username,
    VerifyError,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).unwrap()
}

fn login(keyring: &Keyring) -> TurnCredentials {
    let hour = Duration::from_secs(3600);
    TurnCredentials::generate_at("alice", keyring.current(), hour, ClockSkew::NONE, NOW).unwrap()
}

fn verify<'a>(keyring: &Keyring, login: &'a TurnCredentials) -> Result<Username<'a>, VerifyError> {
    keyring.verify_at(login.username(), login.password().as_str(), NOW)
}

#[test]
fn rotation() {
    let mut keyring = Keyring::new(secret("one"));
    let first = login(&keyring);
    keyring.rotate(secret("two"));
    let second = login(&keyring);
    keyring.rotate(secret("three"));
    let third = login(&keyring);
    assert_ne!(first.password().as_str(), second.password().as_str());

    for login in [&first, &second, &third] {
        assert!(verify(&keyring, login).is_ok());
    }
    let passwords: Vec<_> = keyring.passwords(first.username()).collect();
    let passwords: Vec<_> = passwords.iter().map(turn_credentials::Password::as_str).collect();
    assert_eq!(passwords, [&third, &second, &first].map(|login| login.password().as_str()));

    keyring.retire_previous();
    assert_eq!(verify(&keyring, &first), Err(VerifyError::WrongPassword));
    assert_eq!(verify(&keyring, &second), Err(VerifyError::WrongPassword));
    assert!(verify(&keyring, &third).is_ok());
}

/// The secrets that a keyring accepts, its current secret first.
fn accepted(keyring: &Keyring) -> Vec<&'static str> {
    let username = "1700000000:alice";
    let passwords = keyring.passwords(username).map(|made| {
        let text = |name: &&&str| secret(name).accepts(username, made.as_str());
        *["one", "two", "three", "four"].iter().find(text).unwrap()
    });
    passwords.collect()
}

#[test]
fn no_secret_is_in_the_ring_twice() {
    let mut keyring = Keyring::new(secret("one"));
    keyring.accept(secret("two"));
    keyring.rotate(secret("two"));
    assert_eq!(accepted(&keyring), ["two", "one"]);
    for name in ["one", "two", "one", "two", "two"] {
        keyring.rotate(secret(name));
    }
    assert_eq!(accepted(&keyring), ["two", "one"]);
    keyring.accept(secret("two"));
    keyring.accept(secret("three"));
    keyring.accept(secret("three"));
    assert_eq!(accepted(&keyring), ["two", "three", "one"]);

    let list = ["one", "two", "one", "three", "two"];
    let listed = Keyring::from_secrets(list.map(secret)).unwrap();
    assert_eq!(accepted(&listed), ["one", "two", "three"]);
    assert_eq!(Keyring::from_secrets([]).unwrap_err(), Error::NoSecret);
}

#[test]
fn no_secret_is_forgotten_before_it_is_retired() {
    let names: Vec<_> = (0..40).map(|number| format!("secret {number}")).collect();
    let secrets = || names.iter().map(|name| secret(name));
    let mut rotated = Keyring::new(secret("first"));
    secrets().for_each(|next| rotated.rotate(next));
    let mut ahead = Keyring::new(secret("first"));
    secrets().for_each(|next| ahead.accept(next));
    let listed = Keyring::from_secrets(secrets().chain([secret("first")])).unwrap();
    for keyring in [rotated, ahead, listed] {
        for maker in secrets().chain([secret("first")]) {
            let password = maker.password_for("1700000000:alice");
            assert!(keyring.authenticate("1700000000:alice", password.as_str()).is_ok());
        }
        assert_eq!(keyring.passwords("1700000000:alice").count(), 41);
    }
}

#[test]
fn what_is_accepted_ahead_outlasts_the_previous_secrets() {
    let mut keyring = Keyring::from_secrets(["two", "one"].map(secret)).unwrap();
    keyring.accept(secret("three"));
    keyring.accept(secret("four"));
    assert_eq!(accepted(&keyring), ["two", "three", "four", "one"]);
    keyring.retire_previous();
    assert_eq!(accepted(&keyring), ["two", "three", "four"]);
    keyring.rotate(secret("three"));
    assert_eq!(accepted(&keyring), ["three", "two", "four"]);
    keyring.accept(secret("two"));
    keyring.retire_previous();
    assert_eq!(accepted(&keyring), ["three", "two"], "accepted again, it is not a previous one");
}

#[test]
fn candidates_for_a_turn_server() {
    let keyring = Keyring::from_secrets(["one", "two"].map(secret)).unwrap();
    let keyring = keyring.with_separator('|').unwrap();
    assert_eq!(keyring.separator(), '|');
    let of = |username, secs| {
        let candidates = keyring.candidates_at(username, UnixTime::from_secs(secs));
        candidates.map(|(username, passwords)| {
            (username.name(), passwords.map(|made| made.as_str().to_owned()).collect::<Vec<_>>())
        })
    };
    let expected = ["one", "two"].map(|name| secret(name).password_for("1700000000|alice"));
    let expected = expected.map(|made| made.as_str().to_owned()).to_vec();
    assert_eq!(of("1700000000|alice", 1_700_000_000), Ok((Some("alice"), expected)));
    let expired_at = UnixTime::from_secs(1_700_000_000);
    assert_eq!(of("1700000000|a", 1_700_000_001), Err(CandidateError::Expired { expired_at }));
    for malformed in ["1700000000:alice", "alice", "", "1700000000|a b"] {
        assert_eq!(of(malformed, 1_600_000_000), Err(CandidateError::MalformedUsername));
    }
}

#[test]
fn the_mac_comes_before_the_layout_and_the_layout_before_the_time() {
    let north = secret("north");
    let keyring = Keyring::new(north.clone());
    let late = UnixTime::from_secs(2_000_000_000);
    let verdict =
        |username: &str, password: &str| keyring.verify_at(username, password, late).map(|_| ());

    let wrong = Err(VerifyError::WrongPassword);
    assert_eq!(verdict("alice", "x"), wrong);
    assert_eq!(verdict("1700000000:alice", "x"), wrong);
    assert_eq!(verdict("1700000000:alice", secret("south").password_for("x").as_str()), wrong);

    let ours = |username| verdict(username, north.password_for(username).as_str());
    assert_eq!(ours("alice"), Err(VerifyError::MalformedUsername));
    assert_eq!(ours(""), Err(VerifyError::MalformedUsername));
    let expired_at = UnixTime::from_secs(1_700_000_000);
    assert_eq!(ours("1700000000:alice"), Err(VerifyError::Expired { expired_at }));
    assert_eq!(ours("2000000000:alice"), Ok(()), "the second of the expiry still counts");

    let username = "1700000000:alice";
    let password = north.password_for(username);
    let running = keyring.authenticate(username, password.as_str()).unwrap();
    assert_eq!(running.expires_at(), expired_at, "authenticate knows no clock");
    assert_eq!(keyring.authenticate(username, "x"), Err(VerifyError::WrongPassword));
}

#[test]
fn only_the_canonical_text_is_the_password() {
    let north = secret("north");
    // The password for this username has both '+' and '/' in it.
    let username = (1..10_000)
        .map(|expiry: u32| expiry.to_string())
        .find(|username| {
            let password = north.password_for(username);
            password.as_str().contains('+') && password.as_str().contains('/')
        })
        .unwrap();
    let password = north.password_for(&username).as_str().to_owned();
    assert!(north.accepts(&username, &password));

    let url_safe = password.replace('+', "-").replace('/', "_");
    let unpadded = password.trim_end_matches('=').to_owned();
    // The last two bits of the last character before the padding belong to no byte.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = alphabet.find(&password[26..27]).unwrap();
    let stray_bits = format!("{}{}=", &password[..26], &alphabet[last + 1..last + 2]);
    let others = [
        format!("{password}\n"),
        format!(" {password}"),
        format!("{password}="),
        format!("{password}{password}"),
        String::new(),
        password.to_lowercase(),
    ];
    for other in others.into_iter().chain([url_safe, unpadded, stray_bits]) {
        assert!(!north.accepts(&username, &other), "{other:?}");
        let verdict = Keyring::new(north.clone()).authenticate(&username, &other).map(|_| ());
        assert_eq!(verdict, Err(VerifyError::WrongPassword), "{other:?}");
    }
}

#[test]
fn the_separator_decides_what_parses() {
    let north = secret("north");
    let password = |username| north.password_for(username).as_str().to_owned();
    let colon = Keyring::new(north.clone());
    let bar = Keyring::new(north.clone()).with_separator('|').unwrap();
    let verdict = |keyring: &Keyring, username: &'static str| {
        keyring.verify_at(username, &password(username), NOW).map(|username| username.name())
    };

    assert_eq!(verdict(&bar, "1700000000|alice"), Ok(Some("alice")));
    assert_eq!(verdict(&bar, "@alice:lab.test|1700000000"), Ok(Some("@alice:lab.test")));
    assert_eq!(verdict(&bar, "1700000000"), Ok(None));
    assert_eq!(verdict(&bar, "1700000000:alice"), Err(VerifyError::MalformedUsername));
    assert_eq!(verdict(&colon, "1700000000|alice"), Err(VerifyError::MalformedUsername));
    assert_eq!(verdict(&colon, "1700000000:alice"), Ok(Some("alice")));
}
