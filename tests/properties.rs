//! What holds for every input.
#![allow(missing_docs)]

use core::time::Duration;

use proptest::prelude::*;
use turn_credentials::{
    CandidateError, ClockSkew, Keyring, Layout, PseudonymKey, SharedSecret, TurnCredentials,
    UnixTime, Username, VerifyError,
};

/// Names of every kind, most of which servers accept.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9@:._-]{1,40}",
        "[0-9:]{1,12}",
        "\\PC{1,40}",
        any::<String>(),
        (480..520_usize).prop_map(|len| "n".repeat(len)),
    ]
}

/// Texts that look like usernames, and some that do not.
fn wires() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,12}:[a-z:]{0,8}",
        "[a-z:]{0,8}:[0-9]{1,12}",
        "[+-]?[0-9]{0,22}",
        "[0-9a-z:|+ -]{0,24}",
        any::<String>(),
    ]
}

fn separators() -> impl Strategy<Value = char> {
    prop_oneof![Just(':'), Just('|'), Just('-'), Just('@'), any::<char>()]
}

fn expiries() -> impl Strategy<Value = UnixTime> {
    prop_oneof![1..=2_147_483_647_u64, 0..20_u64, any::<u64>()].prop_map(UnixTime::from_secs)
}

fn skews() -> impl Strategy<Value = ClockSkew> {
    (any::<bool>(), prop_oneof![0..1_000_000_u64, any::<u64>()]).prop_map(|(ahead, secs)| {
        let by = Duration::from_secs(secs);
        if ahead { ClockSkew::server_ahead(by) } else { ClockSkew::server_behind(by) }
    })
}

fn username(layout: usize, name: &str, separator: char, expiry: UnixTime) -> Option<Username<'_>> {
    let username = match layout {
        0 => Username::new(name, expiry).and_then(|username| username.with_separator(separator)),
        1 => Username::name_first_with(separator, name, expiry),
        _ => Username::expiry_only(expiry).and_then(|username| username.with_separator(separator)),
    };
    username.ok()
}

proptest! {
    #[test]
    fn what_is_written_parses_back(
        layout in 0..3_usize,
        name in names(),
        separator in separators(),
        expiry in expiries(),
    ) {
        if let Some(username) = username(layout, &name, separator, expiry) {
            let wire = username.to_string();
            prop_assert!(wire.len() <= Username::MAX_LEN);
            prop_assert_eq!(Username::parse_with(separator, &wire), Ok(username));
            prop_assert_eq!(username.expires_at(), expiry);
            let named = username.layout() != Layout::ExpiryOnly;
            prop_assert_eq!(username.name(), named.then_some(name.as_str()));
        }
    }

    #[test]
    fn what_parses_is_written_back(wire in wires(), separator in separators()) {
        if let Ok(username) = Username::parse_with(separator, &wire) {
            prop_assert_eq!(username.to_string(), wire);
        }
    }

    #[test]
    fn the_expiry_is_now_and_ttl_and_skew(
        name in "[a-z]{1,9}",
        ttl in prop_oneof![0..10_000_u64, any::<u64>()],
        skew in prop_oneof![-10_000..10_000_i64, any::<i64>()],
        now in prop_oneof![0..3_000_000_000_u64, any::<u64>()],
    ) {
        let by = Duration::from_secs(skew.unsigned_abs());
        let clocks =
            if skew < 0 { ClockSkew::server_behind(by) } else { ClockSkew::server_ahead(by) };
        prop_assert_eq!(clocks, ClockSkew::from_secs(skew));
        let secret = SharedSecret::new("north").unwrap();
        let ttl_given = Duration::from_secs(ttl);
        let made = TurnCredentials::generate_at(
            &name, &secret, ttl_given, clocks, UnixTime::from_secs(now),
        );
        let expiry = i128::from(now) + i128::from(ttl) + i128::from(skew);
        prop_assert_eq!(made.is_ok(), ttl > 0 && (1..=2_147_483_647).contains(&expiry));
        if let Ok(login) = made {
            prop_assert_eq!(i128::from(login.expires_at().as_secs()), expiry);
            prop_assert_eq!(login.ttl(), ttl_given);
            prop_assert_eq!(login.valid_until().as_secs(), now.saturating_add(ttl));
            prop_assert!(login.renew_after() <= login.ttl());
            let prefix = format!("{expiry}:");
            prop_assert_eq!(login.username().strip_prefix(&prefix), Some(name.as_str()));
        }
    }

    #[test]
    fn valid_through_its_last_second_and_no_longer(
        layout in 0..3_usize,
        name in names(),
        separator in separators(),
        expiry in expiries(),
        early in 0..100_000_u64,
        key in proptest::collection::vec(any::<u8>(), 1..200),
    ) {
        let Some(username) = username(layout, &name, separator, expiry) else { return Ok(()) };
        let secret = SharedSecret::new(&key).unwrap();
        let now = UnixTime::from_secs(expiry.as_secs().saturating_sub(early + 1));
        let login =
            TurnCredentials::for_username_at(username, &secret, ClockSkew::NONE, now).unwrap();
        let keyring = Keyring::new(secret).with_separator(separator).unwrap();
        let verify = |secs| {
            let now = UnixTime::from_secs(secs);
            keyring.verify_at(login.username(), login.password().as_str(), now)
        };
        prop_assert_eq!(verify(now.as_secs()), Ok(username));
        prop_assert_eq!(verify(expiry.as_secs()), Ok(username));
        let expired = Err(VerifyError::Expired { expired_at: expiry });
        prop_assert_eq!(verify(expiry.as_secs() + 1), expired);
        let candidates = |secs| {
            let candidates = keyring.candidates_at(login.username(), UnixTime::from_secs(secs));
            candidates.map(|(username, passwords)| {
                let passwords: Vec<_> = passwords.map(|one| one.as_str().to_owned()).collect();
                (username, passwords)
            })
        };
        let password = login.password().as_str().to_owned();
        prop_assert_eq!(candidates(expiry.as_secs()), Ok((username, vec![password])));
        let expired_candidate = Err(CandidateError::Expired { expired_at: expiry });
        prop_assert_eq!(candidates(expiry.as_secs() + 1), expired_candidate);
        prop_assert_eq!(verify(u64::MAX), expired);
    }

    #[test]
    fn any_changed_byte_fails(
        name in "[a-zA-Z0-9@:é]{1,40}",
        place in any::<prop::sample::Index>(),
        change in 1..=127_u8,
        in_password in any::<bool>(),
    ) {
        let secret = SharedSecret::new("north").unwrap();
        let username = format!("1700000000:{name}");
        let password = secret.password_for(&username);
        let keyring = Keyring::new(secret);
        let now = UnixTime::from_secs(1_600_000_000);
        prop_assert!(keyring.verify_at(&username, password.as_str(), now).is_ok());

        let changed = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[place.index(text.len())] ^= change;
            String::from_utf8(bytes).ok()
        };
        let verdict = if in_password {
            changed(password.as_str())
                .map(|password| keyring.verify_at(&username, &password, now).map(|_| ()))
        } else {
            changed(&username)
                .map(|username| keyring.verify_at(&username, password.as_str(), now).map(|_| ()))
        };
        prop_assert!(matches!(verdict, None | Some(Err(VerifyError::WrongPassword))));
    }

    #[test]
    fn no_input_panics(
        name in any::<String>(),
        password in any::<String>(),
        separator in any::<char>(),
        expiry in expiries(),
        now in any::<u64>(),
        ttl in any::<Duration>(),
        skew in skews(),
        key in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let now = UnixTime::from_secs(now);
        _ = SharedSecret::from_file_contents(&key);
        _ = SharedSecret::from_config_value(&key);
        _ = SharedSecret::survives_config_file(&key);
        _ = SharedSecret::new(&key);
        let secret = SharedSecret::new("north").unwrap();
        _ = TurnCredentials::generate_at(&name, &secret, ttl, skew, now);
        for layout in 0..3 {
            if let Some(username) = username(layout, &name, separator, expiry) {
                _ = TurnCredentials::for_username_at(username, &secret, skew, now);
            }
        }
        _ = Username::parse_with(separator, &name);
        _ = secret.accepts(&name, &password);
        _ = PseudonymKey::new(&secret).name_for(&key);
        let keyring = Keyring::new(secret);
        _ = keyring.verify_at(&name, &password, now);
        _ = keyring.candidates_at(&name, now).map(|(_, passwords)| passwords.count());
        _ = keyring.with_separator(separator);
    }

    #[test]
    fn a_pseudonym_is_a_name_that_every_layout_takes(account in any::<Vec<u8>>()) {
        let key = PseudonymKey::new(&SharedSecret::new("north").unwrap());
        let name = key.name_for(&account);
        prop_assert_eq!(name.len(), 16);
        let expiry = UnixTime::from_secs(1_700_000_000);
        prop_assert!(Username::new(&name, expiry).is_ok());
        prop_assert!(Username::name_first(&name, expiry).is_ok());
    }
}
