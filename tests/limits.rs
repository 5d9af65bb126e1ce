//! Every limit, at its exact boundary: what is refused, and what is just accepted.
#![allow(missing_docs)]

use core::time::Duration;

use turn_credentials::{
    ClockSkew, Error, ExpiryHint, Keyring, Layout, SharedSecret, TurnCredentials, UnixTime,
    Username, VerifyError,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn secret() -> SharedSecret {
    SharedSecret::new("north").unwrap()
}

fn generate(name: &str, ttl: Duration, skew: ClockSkew, now: u64) -> Result<String, Error> {
    TurnCredentials::generate_at(name, &secret(), ttl, skew, UnixTime::from_secs(now))
        .map(|login| login.username().to_owned())
}

fn alice(ttl: Duration, skew: ClockSkew, now: u64) -> Result<u64, Error> {
    generate("alice", ttl, skew, now)
        .map(|username| username.strip_suffix(":alice").unwrap().parse().unwrap())
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn out_of_range(hint: Option<ExpiryHint>) -> Error {
    Error::ExpiryOutOfRange { hint }
}

#[test]
fn ttl() {
    let none = ClockSkew::NONE;
    assert_eq!(alice(Duration::ZERO, none, 1000), Err(Error::TtlTooShort));
    assert_eq!(alice(Duration::from_millis(999), none, 1000), Err(Error::TtlTooShort));
    assert_eq!(alice(secs(1), none, 1000), Ok(1001));
    assert_eq!(alice(Duration::from_millis(1999), none, 1000), Ok(1001));

    let login = TurnCredentials::generate_at(
        "alice",
        &secret(),
        Duration::from_millis(10_999),
        ClockSkew::server_ahead(HOUR),
        NOW,
    )
    .unwrap();
    assert_eq!(login.ttl(), secs(10));
    assert_eq!(login.renew_after(), Duration::from_millis(7_500));
    assert_eq!(login.expires_at(), UnixTime::from_secs(1_700_003_610));
    assert_eq!(login.valid_until(), UnixTime::from_secs(1_700_000_010), "by our clock");
}

#[test]
fn expiry() {
    let none = ClockSkew::NONE;
    let max = Username::MAX_EXPIRY.as_secs();
    assert_eq!(max, 2_147_483_647);
    assert_eq!(alice(secs(max - 1000), none, 1000), Ok(max));
    assert_eq!(alice(secs(max), none, 0), Ok(max));
    assert_eq!(alice(secs(1), none, max - 1), Ok(max));
    assert_eq!(alice(secs(1), none, max), Err(out_of_range(None)));

    for (expiry, fits) in [(0, false), (1, true), (max, true), (max + 1, false), (u64::MAX, false)]
    {
        let at = UnixTime::from_secs(expiry);
        let verdict = |made: Result<Username<'_>, Error>| match made {
            Ok(username) => username.expires_at() == at,
            Err(Error::ExpiryOutOfRange { .. }) => false,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(verdict(Username::new("alice", at)), fits, "{expiry}");
        assert_eq!(verdict(Username::name_first("alice", at)), fits, "{expiry}");
        assert_eq!(verdict(Username::expiry_only(at)), fits, "{expiry}");
        assert_eq!(Username::parse(&format!("{expiry}:alice")).is_ok(), fits, "{expiry}");
    }
}

#[test]
fn skew() {
    let (ahead, behind) = (ClockSkew::server_ahead, ClockSkew::server_behind);
    assert_eq!(alice(secs(60), ahead(secs(5)), 1000), Ok(1065));
    assert_eq!(alice(secs(60), behind(secs(5)), 1000), Ok(1055));
    assert_eq!(alice(secs(60), ahead(Duration::from_millis(4_001)), 1000), Ok(1065));
    assert_eq!(alice(secs(60), behind(Duration::from_millis(5_999)), 1000), Ok(1055));

    let [ours, servers] = [2000, 1400].map(UnixTime::from_secs);
    assert_eq!(ClockSkew::between(ours, servers), behind(secs(600)));
    assert_eq!(ClockSkew::from_secs(-600), behind(secs(600)));
    assert_eq!(ClockSkew::from_secs(600), ahead(secs(600)));
    assert_eq!(ClockSkew::from_secs(i64::MIN), behind(secs(i64::MIN.unsigned_abs())));
    assert_eq!(alice(secs(60), ClockSkew::between(ours, servers), 2000), Ok(1460));

    // An intermediate sum may be out of range: only the expiry itself counts.
    assert_eq!(alice(secs(6), behind(secs(5)), 0), Ok(1));
    assert_eq!(alice(secs(5), behind(secs(5)), 0), Err(out_of_range(None)));
    assert_eq!(alice(secs(4), behind(secs(5)), 0), Err(out_of_range(None)));
    assert_eq!(alice(secs(u64::MAX), behind(secs(u64::MAX - 9)), 0), Ok(9));
    assert_eq!(
        alice(secs(u64::MAX), ahead(Duration::MAX), u64::MAX),
        Err(out_of_range(Some(ExpiryHint::Milliseconds)))
    );
}

#[test]
fn hints() {
    let none = ClockSkew::NONE;
    let hint = |ttl, now| alice(secs(ttl), none, now);
    let milliseconds = Err(out_of_range(Some(ExpiryHint::Milliseconds)));
    let timestamp = Err(out_of_range(Some(ExpiryHint::TtlIsTimestamp)));

    assert_eq!(hint(1_700_003_600, 1_700_000_000), timestamp);
    assert_eq!(hint(1_700_003_600_000, 1_700_000_000), milliseconds);
    assert_eq!(hint(3600, 1_700_000_000_000), milliseconds);
    // 30 days in milliseconds.
    assert_eq!(hint(2_592_000_000, 1_795_000_000), milliseconds);
    // 12 years, 20 years, and a week in milliseconds, which is 19 years in seconds.
    for ttl in [378_691_200, 631_152_000, 604_800_000] {
        assert_eq!(hint(ttl, 1_795_000_000), Err(out_of_range(None)), "{ttl}");
    }
    for (ttl, now, expected) in [
        (315_360_000, 2_147_000_000, None),
        (1_484_640_000, 1_800_000_000, Some(ExpiryHint::TtlIsTimestamp)),
        (1_484_639_999, 1_800_000_000, None),
        (2_115_360_000, 1_800_000_000, Some(ExpiryHint::TtlIsTimestamp)),
        (2_115_360_001, 1_800_000_000, None),
        (2_147_483_647, 1_800_000_000, None),
        (2_147_483_648, 1_800_000_000, Some(ExpiryHint::Milliseconds)),
        (60, 99_999_999_999, None),
        (60, 100_000_000_000, Some(ExpiryHint::Milliseconds)),
    ] {
        assert_eq!(hint(ttl, now), Err(out_of_range(expected)), "{ttl} {now}");
    }

    // The clock of a device without a clock battery starts in 1970.
    let far_behind = ClockSkew::server_behind(secs(1_000_000_000));
    for (ttl, expected) in
        [(3600, None), (315_360_000, None), (315_360_001, Some(ExpiryHint::TtlIsTimestamp))]
    {
        assert_eq!(alice(secs(ttl), far_behind, 9), Err(out_of_range(expected)), "{ttl}");
    }

    let epoch = UnixTime::from_secs(0);
    assert_eq!(Username::new("alice", epoch), Err(out_of_range(None)), "no ttl was given");

    // A ttl that fits is never refused, whatever it looks like.
    assert_eq!(hint(3_600_000, 1_700_000_000), Ok(1_703_600_000));
    assert_eq!(hint(1_700_000_000, 100), Ok(1_700_000_100));

    let expiry = UnixTime::from_secs(1_700_003_600_000);
    assert_eq!(Username::new("alice", expiry), Err(out_of_range(Some(ExpiryHint::Milliseconds))));
    let message = |error: Result<u64, Error>| error.unwrap_err().to_string();
    assert!(message(milliseconds).ends_with(": it looks like milliseconds, divide by 1000"));
    assert!(message(timestamp).ends_with("point in time, give the seconds from now instead"));
    assert!(message(Err(out_of_range(None))).ends_with(
        ": give a shorter ttl, and check that the ttl, now and the skew are in seconds"
    ));
}

#[test]
fn length() {
    let name = "n".repeat(508 - "1700000000:".len());
    assert_eq!(generate(&name, HOUR, ClockSkew::NONE, 1_699_996_400).unwrap().len(), 508);
    assert!(Username::parse(&format!("1700000000:{name}")).is_ok());
    assert!(Username::name_first(&name, NOW).is_ok());

    assert_eq!(Username::check_name(&name), Ok(()));

    let longer = format!("{name}n");
    assert_eq!(Username::check_name(&longer), Err(Error::UsernameTooLong { len: 509 }));
    let too_long = Error::UsernameTooLong { len: 509 };
    assert_eq!(generate(&longer, HOUR, ClockSkew::NONE, 1_699_996_400), Err(too_long));
    assert_eq!(Username::name_first(&longer, NOW), Err(too_long));
    assert_eq!(
        Username::parse(&format!("1700000000:{longer}")),
        Err(VerifyError::MalformedUsername)
    );

    // The limit is in bytes, not characters, and an expiry with fewer digits leaves room for a longer
    // name.
    let accents = "é".repeat(249);
    assert_eq!(Username::new(&accents, NOW), Err(Error::UsernameTooLong { len: 249 * 2 + 11 }));
    assert!(Username::new(&accents, UnixTime::from_secs(999_999_999)).is_ok());
}

#[test]
fn forbidden_characters() {
    let controls = (0..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32);
    for character in controls.chain([' ', '\'', '"', '\\']) {
        for (name, index) in [
            (format!("{character}bob"), 0),
            (format!("b{character}b"), 1),
            (character.into(), 0),
            (format!("{character}{character}"), 0),
            (format!("жа{character}"), 4),
        ] {
            let refused = Error::ForbiddenCharacter { character, index };
            assert_eq!(Username::new(&name, NOW), Err(refused), "{name:?}");
            assert_eq!(Username::name_first(&name, NOW), Err(refused), "{name:?}");
            assert_eq!(Username::check_name(&name), Err(refused), "{name:?}");
            assert_eq!(generate(&name, HOUR, ClockSkew::NONE, 1000), Err(refused), "{name:?}");
            let wire = format!("1700000000:{name}");
            assert_eq!(Username::parse(&wire), Err(VerifyError::MalformedUsername), "{name:?}");
        }
    }
}

#[test]
fn union_and_select() {
    for name in [
        "unionselect",
        "reUNIONs-SeLeCtion",
        "select;union",
        "a:union:select",
        "union-select-union",
    ] {
        assert_eq!(Username::new(name, NOW), Err(Error::UnionSelect), "{name}");
        let wire = format!("1700000000:{name}");
        assert_eq!(Username::parse(&wire), Err(VerifyError::MalformedUsername), "{name}");
    }
    for name in ["union", "select", "unioselect", "unionselec", "un-ion.select"] {
        assert!(Username::new(name, NOW).is_ok(), "{name}");
    }
}

#[test]
fn names_that_pass() {
    for name in [
        "alice",
        "0",
        "12345",
        "@alice:lab.test",
        "a:b:c",
        ":",
        "жанна",
        "李雷",
        "🦀",
        "e\u{301}",
        "\u{a0}",
        "\u{ad}",
        "\u{200d}",
        "a;b%20c#d=e+f/g?h&i",
        "-1",
    ] {
        let username = Username::new(name, NOW).unwrap();
        assert_eq!(username.name(), Some(name));
        let wire = username.to_string();
        assert_eq!(wire, format!("1700000000:{name}"));
        assert_eq!(Username::parse(&wire), Ok(username));
    }
    assert_eq!(Username::new("", NOW), Err(Error::EmptyName));
    assert_eq!(Username::check_name(""), Err(Error::EmptyName));
}

#[test]
fn name_first() {
    for number in ["12345", "0", "-5", "+1700000000"] {
        assert_eq!(Username::name_first(number, NOW), Err(Error::DigitsFirst), "{number}");
    }
    for name in ["-", "+", "--5", "-5a"] {
        assert!(Username::name_first(name, NOW).is_ok(), "{name}");
    }
    assert_eq!(Username::name_first("", NOW), Err(Error::EmptyName));
    assert_eq!(Username::name_first("a:b", NOW), Err(Error::SeparatorInName));
    assert!(Username::name_first("12345a", NOW).is_ok());
    assert!(Username::name_first("١٢٣", NOW).is_ok(), "only ASCII digits are read as an expiry");

    let dashed = Username::name_first("a-b", NOW).unwrap();
    assert_eq!(dashed.with_separator('-'), Err(Error::SeparatorInName));
    assert_eq!(dashed.with_separator('.').unwrap().to_string(), "a-b.1700000000");
    assert_eq!(Username::name_first_with('-', "a-b", NOW), Err(Error::SeparatorInName));
}

#[test]
fn separators() {
    let username = Username::new("alice", NOW).unwrap();
    let keyring = || Keyring::new(secret());
    for separator in (0..=0x17f).filter_map(char::from_u32) {
        let usable = separator.is_ascii_punctuation() && !"'\"\\".contains(separator);
        let made = username.with_separator(separator);
        assert_eq!(made.is_ok(), usable, "{separator:?}");
        assert_eq!(keyring().with_separator(separator).is_ok(), usable, "{separator:?}");
        let wire = format!("1700000000{separator}alice");
        let parsed = Username::parse_with(separator, &wire);
        if usable {
            assert_eq!(made.unwrap().to_string(), wire);
            assert_eq!(parsed, Ok(made.unwrap()));
        } else {
            assert_eq!(made, Err(Error::BadSeparator));
            assert_eq!(keyring().with_separator(separator).unwrap_err(), Error::BadSeparator);
            assert_eq!(parsed, Err(VerifyError::MalformedUsername), "{separator:?}");
        }
    }
}

#[test]
fn parsing() {
    let expiry_first = |name| (Layout::ExpiryFirst, Some(name));
    for (text, (layout, name)) in [
        ("1700000000", (Layout::ExpiryOnly, None)),
        ("1700000000:alice", expiry_first("alice")),
        ("1700000000:1800000000", expiry_first("1800000000")),
        ("1700000000:a:b", expiry_first("a:b")),
        ("1700000000::", expiry_first(":")),
        ("alice:1700000000", (Layout::NameFirst, Some("alice"))),
        ("1a:1700000000", (Layout::NameFirst, Some("1a"))),
    ] {
        let username = Username::parse(text).unwrap();
        assert_eq!((username.layout(), username.name()), (layout, name), "{text}");
        assert_eq!(username.expires_at(), NOW, "{text}");
        assert_eq!(username.to_string(), text);
    }
    // coturn's `atol` also reads signs, and numbers with text after them; `Username::parse` does not.
    for text in
        ["", ":", "alice", "alice:", ":alice", "1700000000:", ":1700000000", "a:b:1700000000"]
            .into_iter()
            .chain([
                "+1700000000:a",
                "-1:a",
                "a:-5",
                "a:+1700000000",
                "0x6553f100:a",
                "1700000000.5:a",
            ])
            .chain([
                "0170000000:a",
                "01700000000:a",
                "a:1700000000junk",
                "1700000000abc",
                "a:\u{663}",
            ])
            .chain(["99999999999999999999:a", "18446744073709551616", "1700000000-alice"])
            // 2³² + 17 and 2⁶⁴ + 17, which may wrap to 17.
            .chain(["4294967313:a", "18446744073709551633:a"])
    {
        assert_eq!(Username::parse(text), Err(VerifyError::MalformedUsername), "{text}");
    }
}

#[test]
fn born_expired() {
    let username = Username::new("alice", NOW).unwrap();
    let ttl = |skew, now| {
        TurnCredentials::for_username_at(username, &secret(), skew, UnixTime::from_secs(now))
            .map(|login| login.ttl().as_secs())
    };
    let expiry = NOW.as_secs();
    assert_eq!(ttl(ClockSkew::NONE, expiry - 1), Ok(1));
    assert_eq!(ttl(ClockSkew::NONE, expiry), Err(Error::BornExpired));
    assert_eq!(ttl(ClockSkew::NONE, u64::MAX), Err(Error::BornExpired));
    assert_eq!(ttl(ClockSkew::server_ahead(secs(9)), expiry - 10), Ok(1));
    assert_eq!(ttl(ClockSkew::server_ahead(secs(10)), expiry - 10), Err(Error::BornExpired));
    assert_eq!(ttl(ClockSkew::server_behind(secs(10)), expiry), Ok(10));
    assert_eq!(ttl(ClockSkew::server_behind(Duration::MAX), 0), Ok(u64::MAX));
}

#[test]
fn secrets_in_a_configuration_file() {
    let long = |len| "n".repeat(len);
    for secret in
        ["north", "'north'", "nor#th", "no rth", "nor=th=", "no\"rth", "north\"", &long(1004)]
    {
        assert!(SharedSecret::survives_config_file(secret), "{secret:?}");
    }
    for secret in
        ["", "=n", "\"n\"", "\"n", " n", "\tn", "n;", "n ", "n\t", "n\u{b}", "n\u{c}", "n\r"]
            .into_iter()
            .chain(["n\n", "n\nn", "n\rn", "n\0n", &long(1005)])
    {
        assert!(!SharedSecret::survives_config_file(secret), "{secret:?}");
    }
}

#[test]
#[cfg(feature = "std")]
fn times_of_the_standard_library() {
    use std::time::SystemTime;

    let epoch = SystemTime::UNIX_EPOCH;
    let second = Duration::from_secs(1);
    for (time, secs) in [
        (epoch, 0),
        (epoch - second, 0),
        (epoch + second, 1),
        (epoch + Duration::from_millis(1999), 1),
    ] {
        assert_eq!(UnixTime::from(time), UnixTime::from_secs(secs), "{time:?}");
    }
    assert_eq!(UnixTime::from_secs(1).to_system_time(), Some(epoch + second));
}

#[test]
fn an_owned_username_is_the_same() {
    for text in ["1700000000:alice", "alice|1700000000", "1700000000"] {
        let separator = if text.contains('|') { '|' } else { ':' };
        let username = Username::parse_with(separator, text).unwrap();
        assert_eq!(username.into_owned().as_username(), username);
        assert_eq!(username.into_owned().as_username().to_string(), text);
    }
}

/// The functions that read the system clock.
#[test]
#[cfg(feature = "std")]
fn by_the_system_clock() {
    let hour_from_now = || UnixTime::from_secs(UnixTime::now().as_secs() + 3600);
    let ahead = ClockSkew::server_ahead(secs(60));
    let earliest = hour_from_now();
    let login = TurnCredentials::generate("alice", &secret(), HOUR, ahead).unwrap();
    let generated = login.expires_at();
    let username = Username::new("carol", UnixTime::from_secs(generated.as_secs())).unwrap();
    let carols = TurnCredentials::for_username(username, &secret(), ahead).unwrap();
    let bare = TurnCredentials::generate_expiry_only(&secret(), HOUR, ahead).unwrap();
    let latest = hour_from_now();

    let in_a_minute = |time: UnixTime| UnixTime::from_secs(time.as_secs() + 60);
    assert!((in_a_minute(earliest)..=in_a_minute(latest)).contains(&generated));
    assert!((earliest..=latest).contains(&login.valid_until()));
    assert!((earliest..=latest).contains(&bare.valid_until()));
    assert!((in_a_minute(earliest)..=in_a_minute(latest)).contains(&bare.expires_at()));
    assert_eq!(bare.username(), bare.expires_at().as_secs().to_string());
    assert_eq!(Username::parse(login.username()).unwrap().name(), Some("alice"));
    assert!((3590..=3600).contains(&carols.ttl().as_secs()));

    let keyring = Keyring::new(secret());
    let verify = |username: &str| {
        keyring.verify(username, secret().password_for(username).as_str()).map(|_| ())
    };
    assert_eq!(verify(carols.username()), Ok(()));
    let expired_at = UnixTime::from_secs(earliest.as_secs() - 3601);
    let expired = Username::expiry_only(expired_at).unwrap().to_string();
    assert_eq!(verify(&expired), Err(VerifyError::Expired { expired_at }));
}

#[test]
fn one_wire_form_is_one_username() {
    let bare = Username::expiry_only(NOW).unwrap();
    assert_eq!(bare.with_separator('|'), Ok(bare));
    assert_eq!(Username::parse_with('|', "1700000000"), Ok(bare));
    assert_eq!(bare.with_separator('7'), Err(Error::BadSeparator));
}

#[test]
fn secrets() {
    assert_eq!(SharedSecret::new([]).unwrap_err(), Error::EmptySecret);
    assert_eq!("".parse::<SharedSecret>().unwrap_err(), Error::EmptySecret);
    let same = |a: SharedSecret, b: &str| {
        a.password_for("1").as_str() == SharedSecret::new(b).unwrap().password_for("1").as_str()
    };
    // Files with more than the secret in them: matrix-construct/tuwunel#302, #211 and #212,
    // livekit/livekit#4784 (2026).
    for (contents, of_file) in [
        ("north", Ok("north")),
        ("north\n", Ok("north")),
        ("north \n", Ok("north")),
        ("\u{feff}north\r\n", Ok("north")),
        (" \t\r\n\x0cnorth\x0c\n\r\t ", Ok("north")),
        ("no rth", Ok("no rth")),
        ("\u{a0}жé\u{feff}", Ok("\u{a0}жé\u{feff}")),
        ("", Err(Error::EmptySecret)),
        ("\n\n", Err(Error::EmptySecret)),
        ("\u{feff} \r\n", Err(Error::EmptySecret)),
        ("north\nsouth", Err(Error::SecretOnManyLines)),
        ("north\rsouth\n", Err(Error::SecretOnManyLines)),
        ("no\trth", Err(Error::ControlCharacterInSecret)),
        ("n\0o\0", Err(Error::ControlCharacterInSecret)),
        ("north\x7f", Err(Error::ControlCharacterInSecret)),
    ] {
        let check = |made: Result<SharedSecret, Error>, expected| match expected {
            Ok(secret) => assert!(same(made.unwrap(), secret), "{contents:?}"),
            Err(error) => assert_eq!(made.unwrap_err(), error, "{contents:?}"),
        };
        check(SharedSecret::from_file_contents(contents), of_file);
        // A value in a configuration gives the same result, unless it would have to be trimmed.
        let whole = of_file.is_err() || of_file == Ok(contents);
        let of_config = if whole { of_file } else { Err(Error::SecretNotTrimmed) };
        check(SharedSecret::from_config_value(contents), of_config);
        if !contents.is_empty() {
            check(SharedSecret::new(contents), Ok(contents));
        }
    }
    assert_eq!(
        SharedSecret::from_file_contents(b"\xff\xfen\0").unwrap_err(),
        Error::ControlCharacterInSecret
    );
    for end in [" ", "\t", "\n", "\r"] {
        for value in [format!("{end}north"), format!("north{end}")] {
            let refused = SharedSecret::from_config_value(&value).unwrap_err();
            assert_eq!(refused, Error::SecretNotTrimmed, "{value:?}");
        }
    }
}
