//! Secrets, passwords, and the types that hold them, leave no copy in freed memory.

use std::mem::ManuallyDrop;
use std::time::Duration;

use memory::{assert_found, assert_gone, hmac_sha1_states};
use turn_credentials::{
    ClockSkew, Keyring, PseudonymKey, SharedSecret, TurnCredentials, UnixTime, Username,
};

const SECRET: &str = "Zq7-the-shared-secret-of-32-bytes";
const OTHERS: [&str; 3] = ["Wk3-another-secret", "Xp5-and-one-more-secret", "Yt8-the-next-secret"];
/// A secret that is longer than a block of the hash.
const LONG: &str = "Vh2-a-secret-that-is-so-long-that-it-is-hashed-before-it-is-padded-to-a-block";

const USERNAME: &str = "1700003600:alice";
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).unwrap()
}

/// The text of each secret, and the states that a keyed HMAC keeps of it.
fn secrets() -> Vec<Vec<u8>> {
    let texts = [SECRET, LONG].into_iter().chain(OTHERS);
    let of_one = |text: &str| {
        let [inner, outer] = hmac_sha1_states(text.as_bytes());
        [text.into(), inner, outer]
    };
    texts.flat_map(of_one).collect()
}

/// The same as `secrets`, and the password that each secret makes for the username.
fn secrets_and_passwords() -> Vec<Vec<u8>> {
    let password = |text| secret(text).password_for(USERNAME).as_str().to_owned().into_bytes();
    let mut all = secrets();
    all.extend([SECRET, LONG].into_iter().chain(OTHERS).map(password));
    all
}

fn slices(of: &[Vec<u8>]) -> Vec<&[u8]> {
    of.iter().map(Vec::as_slice).collect()
}

#[track_caller]
fn assert_secrets_gone<T>(work: impl FnOnce() -> T) {
    assert_gone(&slices(&secrets_and_passwords()), work);
}

#[test]
fn what_is_not_wiped_is_found() {
    let states = |text: &str| hmac_sha1_states(text.as_bytes());
    for text in [SECRET, LONG] {
        for state in states(text) {
            assert_found(&[&state], || drop(Box::new(ManuallyDrop::new(secret(text)))));
        }
    }
    let password = secret(SECRET).password_for(USERNAME).as_str().to_owned();
    assert_found(&[password.as_bytes()], || {
        drop(Box::new(ManuallyDrop::new(secret(SECRET).password_for(USERNAME))));
    });
    // A vector that grows leaves a copy of its contents in freed memory.
    assert_found(&slices(&states(SECRET)), || {
        let mut list = vec![secret(SECRET)];
        list.push(secret(LONG));
        list
    });
}

#[test]
fn every_constructor_of_a_secret() {
    const FILE: &str = "\u{feff} Zq7-the-shared-secret-of-32-bytes\r\n";

    for text in [SECRET, LONG] {
        assert_secrets_gone(|| drop(Box::new(SharedSecret::new(text).unwrap())));
        assert_secrets_gone(|| drop(Box::new(text.parse::<SharedSecret>().unwrap())));
        assert_secrets_gone(|| drop(Box::new(secret(text)).clone()));
        assert_secrets_gone(|| drop(Box::new(SharedSecret::from_config_value(text).unwrap())));
    }
    assert_secrets_gone(|| drop(Box::new(SharedSecret::from_file_contents(FILE).unwrap())));
}

#[test]
fn secrets_that_are_refused() {
    for text in ["Zq7-the-shared-secret-of-32-bytes ", "Zq7-the-shared-\nsecret-of-32-bytes\t"] {
        assert_secrets_gone(|| assert!(SharedSecret::from_config_value(text).is_err()));
        assert_secrets_gone(|| SharedSecret::from_file_contents(text).map(Box::new).map(drop));
    }
}

#[test]
fn secrets_in_json() {
    const JSON: &str = "\"Zq7-the-shared-secret-of-32-bytes\"";
    let read = serde_json::from_str::<SharedSecret>;
    assert_secrets_gone(|| drop(Box::new(read(JSON).unwrap())));
    let of_a_reader = serde_json::Value::from(SECRET);
    assert_secrets_gone(|| {
        let secret: SharedSecret = serde_json::from_value(of_a_reader).unwrap();
        drop(Box::new(secret));
    });
    for refused in ["\"Zq7-the-shared-secret-of-32-bytes \"", "[\"Zq7-the-shared-secret\"]"] {
        assert_secrets_gone(|| assert!(read(refused).is_err()));
    }
}

#[test]
fn a_keyring_that_grows_and_shrinks() {
    let secrets = || {
        let [a, b, c] = OTHERS.map(secret);
        [secret(SECRET), a, b, c, secret(LONG)]
    };
    assert_secrets_gone(|| drop(Box::new(Keyring::new(secret(SECRET)))));
    assert_secrets_gone(|| drop(Keyring::from_secrets(secrets()).unwrap().clone()));
    assert_secrets_gone(|| {
        let [first, others @ ..] = secrets();
        let mut keyring = Keyring::new(first);
        for other in &others {
            keyring.accept(other.clone());
            keyring.accept(other.clone());
        }
        for other in others {
            keyring.rotate(other);
        }
        keyring.retire_previous();
        keyring.rotate(secret(SECRET));
    });
    assert_secrets_gone(|| {
        let keyring = Keyring::from_secrets(secrets()).unwrap();
        assert!(keyring.with_separator('7').is_err());
        drop(Keyring::from_secrets(secrets()).unwrap().with_separator('|'));
    });
}

#[test]
fn a_keyring_that_verifies() {
    let keyring = Keyring::from_secrets(OTHERS.map(secret)).unwrap();
    let password = secret(OTHERS[1]).password_for(USERNAME);
    assert_secrets_gone(|| {
        assert!(keyring.verify_at(USERNAME, password.as_str(), NOW).is_ok());
        assert!(keyring.verify_at("1700003600:bob", password.as_str(), NOW).is_err());
        assert!(keyring.authenticate(USERNAME, &password.as_str()[..27]).is_err());
        assert!(OTHERS.map(secret).iter().any(|it| it.accepts(USERNAME, password.as_str())));
        drop(keyring.passwords(USERNAME).map(Box::new).last());
        let (_, candidates) = keyring.candidates_at(USERNAME, NOW).unwrap();
        drop(candidates.map(Box::new).nth(1));
        assert!(keyring.candidates_at("alice", NOW).is_err());
    });
}

#[test]
fn logins() {
    let secret = secret(SECRET);
    let generate = |name, ttl| {
        TurnCredentials::generate_at(name, &secret, ttl, ClockSkew::NONE, NOW).map(Box::new)
    };
    assert_secrets_gone(|| {
        let login = generate("alice", HOUR).unwrap();
        assert_eq!(login.username(), USERNAME);
        let (_, password) = TurnCredentials::clone(&login).into_parts();
        drop(Box::new(password.clone()));
        assert!(generate("", HOUR).is_err());
        assert!(generate("alice", Duration::ZERO).is_err());
        let username = Username::new("alice", UnixTime::from_secs(1_700_003_600)).unwrap();
        let for_username = |now| {
            TurnCredentials::for_username_at(username, &secret, ClockSkew::NONE, now).map(Box::new)
        };
        assert_eq!(for_username(NOW).unwrap().username(), USERNAME);
        assert!(for_username(UnixTime::from_secs(1_800_000_000)).is_err());
    });
    let expiry_only = secret.password_for("1700003600");
    assert_gone(&[expiry_only.as_str().as_bytes()], || {
        drop(
            TurnCredentials::generate_expiry_only_at(&secret, HOUR, ClockSkew::NONE, NOW)
                .map(Box::new),
        );
        let no_ttl =
            TurnCredentials::generate_expiry_only_at(&secret, Duration::ZERO, ClockSkew::NONE, NOW);
        assert!(no_ttl.is_err());
    });
}

#[test]
fn pseudonym_keys() {
    // The key of a pseudonym is not the secret, but a MAC that the secret makes of this label.
    const LABEL: &str = "\0turn-credentials pseudonym v1";
    let subkey = secret(SECRET).password_for(LABEL);
    let subkey =
        base64::Engine::decode(&base64::prelude::BASE64_STANDARD, subkey.as_str()).unwrap();
    let [inner, outer] = hmac_sha1_states(&subkey);
    for state in [&inner, &outer] {
        let key = PseudonymKey::new(&secret(SECRET));
        assert_found(&[state], || drop(Box::new(ManuallyDrop::new(key))));
    }
    let wanted = [secrets(), vec![subkey, inner, outer]].concat();
    assert_gone(&slices(&wanted), || {
        drop(Box::new(PseudonymKey::new(&secret(SECRET))).clone());
        let key = Box::new(PseudonymKey::from_bytes(SECRET).unwrap());
        key.name_or_pseudonym("o'neil").into_owned()
    });
}
