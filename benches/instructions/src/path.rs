//! The hot paths, each a loop that callgrind can watch.

use std::hint::black_box;
use std::time::Duration;

use sha1::block_api::compress;
use turn_credentials::{ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, Username};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// As long as a UUID.
const NAME: &str = "123e4567-e89b-12d3-a456-426614174000";
const TTL: Duration = Duration::from_hours(1);
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

pub struct Path {
    pub name: &'static str,
    /// How often two compressions are a part of it.
    pub pairs_of_compressions: i64,
    run: fn(u32),
}

impl Path {
    pub fn repeat(&self, times: u32) {
        (self.run)(times);
    }
}

/// Callgrind emulates a processor without SHA-NI: the portable compressions, which come first, are
/// counted by themselves.
pub const PATHS: [Path; 6] = [
    Path { name: "two bare compressions", pairs_of_compressions: 0, run: two_compressions },
    Path { name: "mint", pairs_of_compressions: 1, run: mint },
    Path { name: "make the secret and mint once", pairs_of_compressions: 2, run: mint_once },
    Path { name: "verify with 1 secret", pairs_of_compressions: 1, run: |times| verify(1, times) },
    Path { name: "verify with 4 secrets", pairs_of_compressions: 4, run: |times| verify(4, times) },
    Path { name: "parse", pairs_of_compressions: 0, run: parse },
];

fn two_compressions(times: u32) {
    let mut state = [0; 5];
    for _ in 0..times {
        compress(&mut state, black_box(&[[b'n'; 64]]));
        compress(&mut state, black_box(&[[b'n'; 64]]));
        black_box(&state);
    }
}

fn mint(times: u32) {
    let secret = secret(SECRET);
    for _ in 0..times {
        black_box(login(black_box(&secret)));
    }
}

fn mint_once(times: u32) {
    for _ in 0..times {
        black_box(login(&secret(black_box(SECRET))));
    }
}

/// The login was made with the oldest secret, which is tried last.
fn verify(secrets: u32, times: u32) {
    let mut keyring = Keyring::new(secret(SECRET));
    for newer in 1..secrets {
        keyring.rotate(secret(&format!("{SECRET}{newer}")));
    }
    let login = login(&secret(SECRET));
    for _ in 0..times {
        let (username, password) = black_box((login.username(), login.password().as_str()));
        let verified = keyring.verify_at(username, password, black_box(NOW));
        assert!(black_box(verified).is_ok());
    }
}

fn parse(times: u32) {
    let username = format!("1700003600:{NAME}");
    for _ in 0..times {
        let parsed = Username::parse(black_box(&username)).expect("well-formed");
        black_box(parsed.expires_at());
    }
}

fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text).expect("not empty")
}

fn login(secret: &SharedSecret) -> TurnCredentials {
    let (name, now) = black_box((NAME, NOW));
    TurnCredentials::generate_at(name, secret, TTL, ClockSkew::NONE, now).expect("within limits")
}
