//! What is timed.

use std::slice;
use std::sync::LazyLock;
use std::time::Duration;

use fastrand::Rng;
use subtle::ConstantTimeEq as _;
use turn_credentials::provider::ApiKey;
use turn_credentials::{AccessToken, AccessTokenKey, Keyring, SharedSecret, UnixTime};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) inputs: &'static str,
    /// Made anew for every sample: the time may depend on the texts, but not on which of the two is
    /// chosen.
    pub(crate) input: fn(&mut Rng) -> Input,
    /// What is timed, with the username and one of the texts.
    pub(crate) verify: fn(&str, &str) -> bool,
    pub(crate) expected: Expected,
}

pub(crate) struct Input {
    pub(crate) username: String,
    pub(crate) texts: [String; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Same,
    /// A control: if this difference is not detected, no other would be.
    Different,
}

const WRONG: &str = "wrong at the first byte, at the last";
const MATCHING: &str = "made with the first of four, with the last";

#[rustfmt::skip]
pub(crate) const CASES: [Case; 12] = [
    same("accepts", WRONG, wrong_password,
        |username, text| SECRETS[0].accepts(username, text)),
    same("authenticate, one secret", WRONG, wrong_password,
        |username, text| ONE.authenticate(username, text).is_ok()),
    same("authenticate, four secrets", WRONG, wrong_password,
        |username, text| FOUR.authenticate(username, text).is_ok()),
    same("authenticate, four secrets", MATCHING, passwords,
        |username, text| FOUR.authenticate(username, text).is_ok()),
    same("verify, four secrets", WRONG, wrong_password,
        |username, text| FOUR.verify_at(username, text, NOW).is_ok()),
    same("verify, four secrets", MATCHING, passwords,
        |username, text| FOUR.verify_at(username, text, NOW).is_ok()),
    same("access token, one key", WRONG, wrong_token,
        |_, text| AccessToken::verify_at(text, slice::from_ref(&TOKEN_KEYS[0]), NOW).is_ok()),
    same("access token, four keys of one id", WRONG, wrong_token,
        |_, text| AccessToken::verify_at(text, &*TOKEN_KEYS, NOW).is_ok()),
    same("access token, four keys of one id", MATCHING, tokens,
        |_, text| AccessToken::verify_at(text, &*TOKEN_KEYS, NOW).is_ok()),
    // As in `key.rs` of the broker and `visitors.rs` of the Worker.
    same("the broker's client key", WRONG, wrong_client_key,
        |_, text| CLIENT_KEY.as_str().as_bytes().ct_eq(text.as_bytes()).into()),
    different("control: a key, compared until a byte differs", WRONG, wrong_client_key,
        |_, text| CLIENT_KEY.as_str().bytes().zip(text.bytes()).all(|(ours, shown)| ours == shown)),
    different("control: secrets, tried until one matches", MATCHING, passwords,
        |username, text| SECRETS.iter().any(|secret| secret.accepts(username, text))),
];

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

static SECRETS: LazyLock<[SharedSecret; 4]> = LazyLock::new(|| {
    ["north", "east", "south", "west"].map(|secret| SharedSecret::new(secret).expect("a secret"))
});
static ONE: LazyLock<Keyring> = LazyLock::new(|| Keyring::new(SECRETS[0].clone()));
static FOUR: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::from_secrets(SECRETS.clone()).expect("secrets"));
static TOKEN_KEYS: LazyLock<[AccessTokenKey; 4]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|byte| AccessTokenKey::new(7, [byte; 32]).expect("a key")));
static CLIENT_KEY: LazyLock<ApiKey> = LazyLock::new(|| {
    ApiKey::new("5a0c8d4f7be2913646d0a1c9e8f7b25330b1d2c3f4e5968778695a4b3c2d1e0f")
});

const fn same(
    name: &'static str,
    inputs: &'static str,
    input: fn(&mut Rng) -> Input,
    verify: fn(&str, &str) -> bool,
) -> Case {
    Case { name, inputs, input, verify, expected: Expected::Same }
}

const fn different(
    name: &'static str,
    inputs: &'static str,
    input: fn(&mut Rng) -> Input,
    verify: fn(&str, &str) -> bool,
) -> Case {
    Case { expected: Expected::Different, ..same(name, inputs, input, verify) }
}

fn name(random: &mut Rng) -> String {
    format!("{:032x}", random.u128(..))
}

fn username(random: &mut Rng) -> String {
    format!("1700003600:{}", name(random))
}

fn passwords(random: &mut Rng) -> Input {
    let username = username(random);
    let [first, .., last] = &*SECRETS;
    let texts = [first, last].map(|secret| secret.password_for(&username).as_str().to_owned());
    Input { username, texts }
}

fn wrong_password(random: &mut Rng) -> Input {
    // The last of the 28 is padding, and some bits of the one before do not count.
    const LAST: usize = 25;

    let username = username(random);
    let right = SECRETS[0].password_for(&username);
    let texts = [0, LAST].map(|place| other_base64(right.as_str(), place, random));
    Input { username, texts }
}

fn tokens(random: &mut Rng) -> Input {
    let (subject, fresh) = (name(random), random.u128(..).to_ne_bytes());
    let [first, .., last] = &*TOKEN_KEYS;
    let texts = [first, last].map(|key| token(key, &subject, fresh).as_str().to_owned());
    Input { username: String::new(), texts }
}

fn token(key: &AccessTokenKey, subject: &str, fresh: [u8; 16]) -> AccessToken {
    key.issue_at(subject, HOUR, fresh, NOW).expect("a token")
}

fn wrong_token(random: &mut Rng) -> Input {
    // A version, an id, an expiry, 16 random bytes and the subject; then comes the MAC.
    const SIGNED: usize = 1 + 4 + 8 + 16 + 32;
    const FIRST: usize = (SIGNED * 8).div_ceil(6);

    let (subject, fresh) = (name(random), random.u128(..).to_ne_bytes());
    let right = token(&TOKEN_KEYS[0], &subject, fresh);
    let right = right.as_str();
    let texts = [FIRST, right.len() - 1].map(|place| other_base64(right, place, random));
    Input { username: String::new(), texts }
}

fn wrong_client_key(random: &mut Rng) -> Input {
    let right = CLIENT_KEY.as_str();
    let texts = [0, right.len() - 1].map(|place| other_base64(right, place, random));
    Input { username: String::new(), texts }
}

/// The text with another character at this place.
fn other_base64(right: &str, place: usize, random: &mut Rng) -> String {
    let (before, rest) = right.split_at(place);
    let (character, after) = rest.split_at(1);
    let other = loop {
        let other = random.alphanumeric();
        if !character.contains(other) {
            break other;
        }
    };
    format!("{before}{other}{after}")
}
