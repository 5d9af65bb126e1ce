//! The hot paths, each a loop that callgrind can watch.

use std::hint::black_box;
use std::time::Duration;

use sha1::block_api::compress;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, Username};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TTL: Duration = Duration::from_hours(1);
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// 36 bytes, like the e-mail address.
const UUID: &str = "123e4567-e89b-12d3-a456-426614174000";
const EMAIL: &str = "user-0123456789@mail.org.example.net";
const UTF_8: &str = "жанна-李雷-Zoë-ångström";
const PSEUDONYM: &str = "CPSVlMMTYuuGTuxF";
/// 128 bytes; the second has the "u" that makes a name worth a closer look.
const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LONG_U: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaau";

pub struct Path {
    pub name: &'static str,
    /// How often two compressions are a part of it.
    pub pairs_of_compressions: i64,
    run: fn(u32),
}

impl Path {
    const fn new(name: &'static str, pairs_of_compressions: i64, run: fn(u32)) -> Self {
        Self { name, pairs_of_compressions, run }
    }

    pub fn repeat(&self, times: u32) {
        (self.run)(times);
    }
}

/// Callgrind emulates a processor without SHA-NI: the portable compressions, which come first, are
/// counted by themselves. A long name is two blocks more.
pub const PATHS: [Path; 12] = [
    Path::new("two bare compressions", 0, two_compressions),
    Path::new("mint", 1, |times| mint(UUID, times)),
    Path::new("mint for 128 bytes", 2, |times| mint(LONG, times)),
    Path::new("mint for 128 bytes with a u", 2, |times| mint(LONG_U, times)),
    Path::new("make the secret and mint once", 2, mint_once),
    Path::new("verify with 1 secret", 1, |times| verify(1, times)),
    Path::new("verify with 4 secrets", 4, |times| verify(4, times)),
    Path::new("parse a UUID", 0, |times| parse(UUID, times)),
    Path::new("parse an e-mail address", 0, |times| parse(EMAIL, times)),
    Path::new("parse UTF-8", 0, |times| parse(UTF_8, times)),
    Path::new("parse a pseudonym", 0, |times| parse(PSEUDONYM, times)),
    Path::new("parse 128 bytes with a u", 0, |times| parse(LONG_U, times)),
];

fn two_compressions(times: u32) {
    let mut state = [0; 5];
    for _ in 0..times {
        compress(&mut state, black_box(&[[b'n'; 64]]));
        compress(&mut state, black_box(&[[b'n'; 64]]));
        black_box(&state);
    }
}

fn mint(name: &str, times: u32) {
    let secret = secret(SECRET);
    for _ in 0..times {
        black_box(login(name, black_box(&secret)));
    }
}

fn mint_once(times: u32) {
    for _ in 0..times {
        black_box(login(UUID, &secret(black_box(SECRET))));
    }
}

/// The credential was made with the oldest secret, which is the last to be tried.
fn verify(secrets: u32, times: u32) {
    let mut keyring = Keyring::new(secret(SECRET));
    for newer in 1..secrets {
        keyring.rotate(secret(&format!("{SECRET}{newer}")));
    }
    let login = login(UUID, &secret(SECRET));
    let (username, password) = (login.username(), login.password().as_str());
    for _ in 0..times {
        let (username, password) = black_box((username, password));
        let verified = keyring.verify_at(username, password, black_box(NOW));
        assert!(black_box(verified).is_ok());
    }
}

fn parse(name: &str, times: u32) {
    let username = format!("1700003600:{name}");
    for _ in 0..times {
        let parsed = Username::parse(black_box(&username)).expect("well-formed");
        black_box(parsed.expires_at());
    }
}

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).expect("not empty")
}

fn login(name: &str, secret: &SharedSecret) -> TurnCredentials {
    let (name, now) = black_box((name, NOW));
    TurnCredentials::generate_at(name, secret, TTL, ClockSkew::NONE, now).expect("within limits")
}
