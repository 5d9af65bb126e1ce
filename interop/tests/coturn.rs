//! Does a real coturn accept what we mint, and refuse what we say it refuses?

use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use turn_credentials::{
    ClockSkew, Keyring, PseudonymKey, SharedSecret, TurnCredentials, UnixTime, Username,
    VerifyError,
};
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::{Coturn, Refused, allocate, uclient_relays};

const HOUR: Duration = Duration::from_secs(3600);
const UNAUTHORIZED: Result<(), Refused> = Err(Refused(401));
const BAD_REQUEST: Result<(), Refused> = Err(Refused(400));

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).unwrap()
}

fn mint(name: &str, text: &str) -> TurnCredentials {
    TurnCredentials::generate(name, &secret(text), HOUR, ClockSkew::NONE).unwrap()
}

fn in_an_hour() -> UnixTime {
    ClockSkew::NONE.expiry(HOUR, UnixTime::now()).unwrap()
}

fn secs_from_now(secs: i64) -> UnixTime {
    UnixTime::from_secs(UnixTime::now().as_secs().checked_add_signed(secs).unwrap())
}

/// Any text as the username, with its password.
async fn try_username(coturn: &Coturn, username: &str) -> Result<(), Refused> {
    let password = secret("north").password_for(username);
    allocate(coturn.address(), username, password.as_str()).await
}

#[tokio::test]
async fn a_library_client_relays() {
    let coturn = Coturn::with_secrets(&["north"]);
    let login = mint("alice", "north");
    assert_eq!(coturn.relays(&login).await, Ok(()));

    let (username, password) = (login.username(), login.password().as_str());
    let moved = format!("{}:alice", login.expires_at().as_secs() + 1);
    let unpadded = password.trim_end_matches('=');
    for (username, password) in [
        (username, "d3Jvbmc="),
        (username, unpadded),
        (username, secret("south").password_for(username).as_str()),
        (&moved, password),
    ] {
        let answer = allocate(coturn.address(), username, password).await;
        assert_eq!(answer, UNAUTHORIZED, "{username} {password}");
    }
    assert_eq!(coturn.relays(&mint("alice", "south")).await, UNAUTHORIZED);
}

#[test]
fn coturns_own_client_relays() {
    let coturn = Coturn::with_secrets(&["north"]);
    let login = mint("alice", "north");
    let (username, password) = (login.username(), login.password().as_str());
    let relays =
        |username: &str, password: &str| uclient_relays(coturn.address(), &[], username, password);

    assert!(relays(username, password));
    assert!(uclient_relays(coturn.address(), &["-t"], username, password), "over TCP");

    assert!(!relays(username, "d3Jvbmc="));
    assert!(!relays(username, secret("south").password_for(username).as_str()));
    let moved = format!("{}:alice", login.expires_at().as_secs() + 1);
    assert!(!relays(&moved, password));
    let expired = Username::new("alice", secs_from_now(-60)).unwrap().to_string();
    assert!(!relays(&expired, secret("north").password_for(&expired).as_str()));
    assert!(coturn.log().contains("Cannot find credentials of user"));
}

/// Waits until a second has safely begun: coturn reads `time()`, which may lag behind the precise clock
/// by a tick.
async fn settle_in_a_second() {
    const BEGUN: Duration = Duration::from_millis(100);

    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let until_next = Duration::from_nanos(u64::from(1_000_000_000 - since_1970.subsec_nanos()));
    sleep(until_next + BEGUN).await;
}

/// How coturn answers this username within the second that it is made for.
async fn try_within_a_second(
    coturn: &Coturn,
    username_at: impl Fn(UnixTime) -> String,
) -> Result<(), Refused> {
    loop {
        settle_in_a_second().await;
        let now = UnixTime::now();
        let answer = try_username(coturn, &username_at(now)).await;
        if UnixTime::now() == now {
            return answer;
        }
    }
}

/// The second of the expiry is the last in which coturn accepts a login.
#[tokio::test]
async fn the_second_of_the_expiry() {
    let coturn = Coturn::with_secrets(&["north"]);
    let username_at = |now| Username::new("alice", now).unwrap().to_string();
    assert_eq!(try_within_a_second(&coturn, username_at).await, Ok(()), "expiry == now");
    let now = UnixTime::now();
    let password = secret("north").password_for(&username_at(now));
    let keyring = Keyring::new(secret("north"));
    assert!(keyring.verify_at(&username_at(now), password.as_str(), now).is_ok());

    for late in [-1, -2, -3600] {
        settle_in_a_second().await;
        let username = Username::new("alice", secs_from_now(late)).unwrap().to_string();
        assert_eq!(try_username(&coturn, &username).await, UNAUTHORIZED, "expiry == now {late}");
        let verdict = Keyring::new(secret("north"))
            .verify(&username, secret("north").password_for(&username).as_str())
            .map(drop);
        assert!(matches!(verdict, Err(VerifyError::Expired { .. })));
    }
    let last = Username::new("alice", Username::MAX_EXPIRY).unwrap().to_string();
    assert_eq!(try_username(&coturn, &last).await, Ok(()), "the last expiry of all");
}

/// On a clock that differs from ours, a login minted with the skew lasts for its ttl, and no longer.
#[tokio::test]
async fn the_servers_clock() {
    tokio::join!(
        a_clock_ahead_by(300),
        a_clock_ahead_by(3),
        a_clock_ahead_by(-3),
        a_clock_ahead_by(-300),
    );
}

async fn a_clock_ahead_by(ahead: i64) {
    let coturn = Coturn::with_clock_ahead(ahead, &["north"]);
    let apart = Duration::from_secs(ahead.unsigned_abs());
    let skew = match ahead {
        0.. => ClockSkew::server_ahead(apart),
        _ => ClockSkew::server_behind(apart),
    };
    let minted_before = |ago: u64, skew: ClockSkew| {
        move |now: UnixTime| {
            let minted = UnixTime::from_secs(now.as_secs() - ago);
            let north = secret("north");
            let login = TurnCredentials::generate_at("alice", &north, HOUR, skew, minted);
            login.unwrap().username().to_owned()
        }
    };
    let hour = HOUR.as_secs();
    for (ago, expected) in [(0, Ok(())), (hour, Ok(())), (hour + 1, UNAUTHORIZED)] {
        let answer = try_within_a_second(&coturn, minted_before(ago, skew)).await;
        assert_eq!(answer, expected, "{ahead} s ahead, minted {ago} s ago");
    }

    // Without the skew, the login ends too early or too late by the difference.
    let (last, after) = match ahead {
        0.. => (hour - apart.as_secs(), hour - apart.as_secs() + 1),
        _ => (hour + apart.as_secs(), hour + apart.as_secs() + 1),
    };
    for (ago, expected) in [(last, Ok(())), (after, UNAUTHORIZED)] {
        let answer = try_within_a_second(&coturn, minted_before(ago, ClockSkew::NONE)).await;
        assert_eq!(answer, expected, "{ahead} s ahead, minted {ago} s ago, no skew");
    }
}

#[tokio::test]
async fn names() {
    let coturn = Coturn::with_secrets(&["north"]);
    for name in
        ["жанна", "李雷", "🦀", "e\u{301}", "@alice:lab.test", "a:b:c", "a@b", "12345", "%20;"]
    {
        assert_eq!(coturn.relays(&mint(name, "north")).await, Ok(()), "{name}");
    }
    let account = "O'Brien \\ union select";
    let name = PseudonymKey::new(&secret("north")).name_for(account);
    assert_eq!(coturn.relays(&mint(&name, "north")).await, Ok(()));
}

/// coturn does refuse each name that we refuse because of coturn.
#[tokio::test]
async fn names_that_coturn_refuses() {
    let coturn = Coturn::with_secrets(&["north"]);
    let expiry = in_an_hour();
    for name in ["a b", "a\tb", "a\rb", "a\nb", "a'b", "a\"b", "a\\b", "unionselect", "SelectUNION"]
    {
        assert!(Username::new(name, expiry).is_err());
        let username = format!("{}:{name}", expiry.as_secs());
        assert_eq!(try_username(&coturn, &username).await, BAD_REQUEST, "{name:?}");
    }
    // coturn accepts other control characters; we refuse them because of logs, XML and headers.
    for name in ["a\u{1}b", "a\u{7f}b", "a\u{85}b"] {
        assert!(Username::new(name, expiry).is_err());
        let username = format!("{}:{name}", expiry.as_secs());
        assert_eq!(try_username(&coturn, &username).await, Ok(()), "{name:?}");
    }
    for username in ["{}:a\0b", "alice", "a:b:{}", "42:{}", "0:alice"] {
        let username = username.replace("{}", &expiry.as_secs().to_string());
        let password = secret("north").password_for(&username);
        assert!(Keyring::new(secret("north")).verify(&username, password.as_str()).is_err());
        assert_eq!(try_username(&coturn, &username).await, UNAUTHORIZED, "{username}");
    }
}

#[tokio::test]
async fn lengths() {
    let coturn = Coturn::with_secrets(&["north"]);
    let longest = "n".repeat(Username::MAX_LEN - "1700000000:".len());
    let login = mint(&longest, "north");
    assert_eq!(login.username().len(), 508);
    assert_eq!(coturn.relays(&login).await, Ok(()));
    assert!(Username::new(&(longest + "n"), in_an_hour()).is_err());
}

#[tokio::test]
async fn layouts() {
    let coturn = Coturn::with_secrets(&["north"]);
    let expiry = in_an_hour();
    for username in [
        Username::new("alice", expiry),
        Username::name_first("alice", expiry),
        Username::expiry_only(expiry),
    ] {
        let north = secret("north");
        let login = TurnCredentials::for_username(username.unwrap(), &north, ClockSkew::NONE);
        let login = login.unwrap();
        assert_eq!(coturn.relays(&login).await, Ok(()), "{}", login.username());
    }
    let expired = secs_from_now(-60);
    for username in [Username::name_first("alice", expired), Username::expiry_only(expired)] {
        let username = username.unwrap().to_string();
        assert_eq!(try_username(&coturn, &username).await, UNAUTHORIZED, "{username}");
    }
}

#[tokio::test]
async fn separators() {
    let punctuation = ('!'..='~').filter(char::is_ascii_punctuation);
    let separators: Vec<_> = punctuation.filter(|mark| !"'\"\\".contains(*mark)).collect();
    assert_eq!(separators.len(), 29);
    for separator in separators {
        let mut args = secret_args(&["north"]);
        args.push(format!("--rest-api-separator={separator}"));
        let coturn = Coturn::with_args(&args);
        let expiry = in_an_hour();
        let own = format!("b{separator}c");
        let other = if separator == ':' { "b-c" } else { "b:c" };
        for username in [
            Username::new("alice", expiry).and_then(|name| name.with_separator(separator)),
            Username::new(&own, expiry).and_then(|name| name.with_separator(separator)),
            Username::new(other, expiry).and_then(|name| name.with_separator(separator)),
            Username::name_first_with(separator, "alice", expiry),
            Username::name_first_with(separator, other, expiry),
        ] {
            let north = secret("north");
            let login = TurnCredentials::for_username(username.unwrap(), &north, ClockSkew::NONE);
            let login = login.unwrap();
            assert_eq!(coturn.allocates(&login).await, Ok(()), "{}", login.username());
            let keyring = Keyring::new(north).with_separator(separator).unwrap();
            assert!(keyring.verify(login.username(), login.password().as_str()).is_ok());
        }
        let expired = Username::name_first_with(separator, "alice", secs_from_now(-60));
        let expired = expired.unwrap().to_string();
        assert_eq!(try_username(&coturn, &expired).await, UNAUTHORIZED, "{expired}");
    }
}

#[tokio::test]
async fn two_static_secrets() {
    let coturn = Coturn::with_secrets(&["old", "next"]);
    let mut keyring = Keyring::new(secret("old"));
    let before = mint("alice", "old");
    keyring.rotate(secret("next"));
    let hour = Duration::from_secs(3600);
    let after =
        TurnCredentials::generate("alice", keyring.current(), hour, ClockSkew::NONE).unwrap();

    assert_eq!(coturn.relays(&before).await, Ok(()));
    assert_eq!(coturn.relays(&after).await, Ok(()));
    assert_eq!(coturn.allocates(&mint("alice", "third")).await, UNAUTHORIZED);
    for password in keyring.passwords(before.username()) {
        let answer = allocate(coturn.address(), before.username(), password.as_str()).await;
        assert_eq!(answer, Ok(()));
    }
}

/// The rotation in `Keyring`'s docs, with coturn's database and without a restart.
#[tokio::test]
async fn secrets_in_the_database() {
    let coturn = Coturn::with_database();
    let (old, next) = (mint("alice", "old"), mint("alice", "next"));
    assert_eq!(coturn.allocates(&old).await, UNAUTHORIZED, "no secret yet");

    coturn.add_secret("old");
    assert_eq!(coturn.relays(&old).await, Ok(()));
    assert_eq!(coturn.allocates(&next).await, UNAUTHORIZED);

    coturn.add_secret("next");
    assert_eq!(coturn.relays(&old).await, Ok(()));
    assert_eq!(coturn.relays(&next).await, Ok(()));

    coturn.remove_secret("old");
    assert_eq!(coturn.allocates(&old).await, UNAUTHORIZED);
    assert_eq!(coturn.relays(&next).await, Ok(()));
}

/// `SharedSecret::survives_config_file` is right about a real coturn.
#[tokio::test]
async fn secrets_in_the_configuration_file() {
    for text in [
        "north",
        "north\u{b}",
        "north\u{c}",
        "'north'",
        "nor#th",
        "north # my secret",
        "no rth",
        "nor=th=",
        "no$HOME\\r",
        "жанна",
        "nor\"th",
        "north;",
        "north\t",
        "north ",
        "\"north\"",
        "\"north",
        "north\"",
        "=north",
        " north",
        "\tnorth",
    ] {
        let coturn = Coturn::with_config(&format!("use-auth-secret\nstatic-auth-secret={text}\n"));
        let unchanged = coturn.allocates(&mint("alice", text)).await.is_ok();
        let logged = coturn.log().contains(&format!("static-auth-secret={text}"));
        let survives = SharedSecret::survives_config_file(text);
        assert_eq!(survives, unchanged && !logged, "{text:?}: {unchanged} {logged}");
    }
    for (len, survives) in [(1004, true), (1005, false)] {
        let text = "n".repeat(len);
        let coturn = Coturn::with_config(&format!("use-auth-secret\nstatic-auth-secret={text}\n"));
        assert_eq!(coturn.allocates(&mint("alice", &text)).await.is_ok(), survives, "{len}");
        assert_eq!(SharedSecret::survives_config_file(&text), survives, "{len}");
    }
}

/// The README's first login works with the configuration that the README shows.
#[test]
fn the_readmes_configuration() {
    let readme = include_str!("../../README.md");
    let (_, config) = readme.split_once("```ini\n").unwrap();
    let (config, _) = config.split_once("```\n").unwrap();
    assert!(config.contains("static-auth-secret=north\n"));
    let coturn = Coturn::with_config(config);
    let login = mint("alice", "north");
    let (username, password) = (login.username(), login.password().as_str());
    assert!(uclient_relays(coturn.address(), &[], username, password));
    assert!(!uclient_relays(coturn.address(), &[], username, "d3Jvbmc="));
}
