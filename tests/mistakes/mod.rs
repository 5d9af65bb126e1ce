//! Logins with deliberate mistakes, made without the library. `tests/diagnose.rs` checks that each
//! mistake is named, and `interop/tests/diagnose.rs` sends each login to a real coturn.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::digest::Digest;
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// The secrets of the server, all of which it accepts.
pub(crate) const SECRETS: [&str; 10] = [
    "first",
    "north",
    "6a6b",
    "YWJj",
    "\"quoted\"",
    "=equals",
    " blanks ",
    "'single'",
    LONG,
    "last",
];

const LONG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
     0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
     0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
     0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-and-more";

/// What the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Relay,
    Code(u16),
    /// A relay or a 401, depending on coturn's version and build.
    Either,
}

/// A login made with a mistake, or with none.
pub(crate) struct Mistake {
    pub(crate) username: String,
    pub(crate) password: String,
    /// The code of the finding that must come first.
    pub(crate) code: &'static str,
    pub(crate) answer: Answer,
}

const UNAUTHORIZED: Answer = Answer::Code(401);
const BAD_REQUEST: Answer = Answer::Code(400);

fn mac<D: EagerHash>(secret: &str, message: &str) -> Vec<u8> {
    let mac = Hmac::<D>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn hash<D: Digest>(text: &str) -> String {
    STANDARD.encode(D::digest(text))
}

/// The right password.
pub(crate) fn password(secret: &str, username: &str) -> String {
    STANDARD.encode(mac::<Sha1>(secret, username))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// All mistakes, made at this time.
pub(crate) fn all(now: u64) -> Vec<Mistake> {
    let mut all = usernames(now);
    all.extend(passwords(now));
    all.extend(secrets(now));
    all
}

/// Usernames whose password is right, and usernames that were changed after they were signed.
fn usernames(now: u64) -> Vec<Mistake> {
    let e = now + 3600;
    let right = |username: String, code, answer| {
        let password = password("north", &username);
        Mistake { username, password, code, answer }
    };
    let changed = |signed: String, username: String, code, answer| {
        let password = password("north", &signed);
        Mistake { username, password, code, answer }
    };
    let plain = || format!("{e}:alice");
    vec![
        right(plain(), "accepted", Answer::Relay),
        right(format!("{e}:@alice:lab.test"), "accepted", Answer::Relay),
        right(
            format!("{e}:Q8ulJJUHSweLqKNte1ZBcleAFWttoHBInUzAFwZFg9o="),
            "accepted",
            Answer::Relay,
        ),
        right(format!("{e}:some.user+tag@example.com"), "accepted", Answer::Relay),
        right(format!("{e}:user%40example.org"), "accepted", Answer::Relay),
        right(format!("{e}"), "accepted", Answer::Relay),
        right(format!("alice:{e}"), "accepted", Answer::Relay),
        right(format!("{e}:"), "username-empty-name", Answer::Relay),
        right(format!("{}:alice", now - 90), "expired", UNAUTHORIZED),
        right(format!("{}:alice", now - 90_000), "expired", UNAUTHORIZED),
        right(format!("alice:{}", now - 90), "expired", UNAUTHORIZED),
        right(format!("{}", now - 90), "expired", UNAUTHORIZED),
        right("3600:alice".into(), "expiry-is-ttl", UNAUTHORIZED),
        right("0:alice".into(), "expiry-is-ttl", UNAUTHORIZED),
        right(format!("{}:alice", now + 400 * 86_400), "expiry-years-ahead", Answer::Relay),
        right("2147483647:alice".into(), "expiry-years-ahead", Answer::Relay),
        right("2400000000:alice".into(), "expiry-after-2038", Answer::Either),
        right("9999999999:alice".into(), "expiry-after-2038", Answer::Either),
        right(format!("{e}000:alice"), "expiry-milliseconds", Answer::Either),
        right(format!("{e}586:alice"), "expiry-milliseconds", Answer::Either),
        right(format!("{e}000000:alice"), "expiry-microseconds", Answer::Either),
        right(format!("{e}000000000:alice"), "expiry-nanoseconds", Answer::Either),
        right(format!("{e}.5:alice"), "expiry-fraction", UNAUTHORIZED),
        right(format!("{e}.5"), "expiry-fraction", Answer::Relay),
        right(format!("+{e}:alice"), "expiry-sign", UNAUTHORIZED),
        right("-1:alice".into(), "expiry-sign", UNAUTHORIZED),
        right(format!("alice:+{e}"), "expiry-sign", Answer::Relay),
        right(format!("alice:-{e}"), "expiry-sign", Answer::Either),
        right(format!("000{e}:alice"), "expiry-leading-zeros", Answer::Relay),
        right(format!("{e}abc"), "expiry-junk", Answer::Relay),
        right(format!(":{e}"), "expiry-junk", Answer::Relay),
        right(format!("alice:{e}abc"), "expiry-junk", Answer::Relay),
        right(format!("alice:+{e}abc"), "expiry-junk", Answer::Relay),
        right(format!("42:{e}"), "username-number-first", UNAUTHORIZED),
        // A telephone number.
        right(format!("5551234567:{e}"), "username-number-first", UNAUTHORIZED),
        right(format!("4.2:{e}"), "accepted", Answer::Relay),
        right(format!("-42:{e}"), "username-name-first", Answer::Relay),
        right(format!("{}:alice", (1_u64 << 32) + e), "expiry-after-2038", Answer::Relay),
        right(format!("@alice:lab.test:{e}"), "username-separator-in-first-name", UNAUTHORIZED),
        right("alice".into(), "username-no-expiry", UNAUTHORIZED),
        right("bob:abc".into(), "username-no-expiry", UNAUTHORIZED),
        right("2026-11-26T00:00:00Z:bob".into(), "username-no-expiry", UNAUTHORIZED),
        Mistake {
            username: "alice".into(),
            password: "hunter2".into(),
            code: "username-no-expiry",
            answer: UNAUTHORIZED,
        },
        right(format!("{e}|alice"), "username-other-separator", Answer::Relay),
        right(format!("{e}.alice"), "username-other-separator", Answer::Relay),
        right(format!("alice|{e}"), "username-other-separator", UNAUTHORIZED),
        right(format!("{e}:Ada Example"), "username-forbidden-character", BAD_REQUEST),
        right(format!("{e}:al\"ice"), "username-forbidden-character", BAD_REQUEST),
        right(format!("{e}:o'neil"), "username-forbidden-character", BAD_REQUEST),
        right(format!("{e}:a\\b"), "username-forbidden-character", BAD_REQUEST),
        right(format!("{e}:a\tb"), "username-forbidden-character", BAD_REQUEST),
        right(format!("{e}:a\u{1}b"), "username-control-character", Answer::Relay),
        right(format!("alice:\u{b}{e}"), "username-control-character", Answer::Relay),
        right(format!("\u{c}{e}"), "username-control-character", Answer::Relay),
        right(format!("{e}:a\0b"), "username-control-character", UNAUTHORIZED),
        right(format!("{e}:a\0b c"), "username-control-character", UNAUTHORIZED),
        right(format!("{e}:reunion-selection"), "username-union-select", BAD_REQUEST),
        right(format!("{e}:reunion\u{1}selection"), "username-union-select", BAD_REQUEST),
        right(format!("{e}:reunion\0selection"), "username-control-character", UNAUTHORIZED),
        right(format!("{e}:{}", "a".repeat(497)), "accepted", Answer::Relay),
        right(format!("{e}:{}", "a".repeat(498)), "username-too-long", Answer::Either),
        right(format!("{e}:{}", "a".repeat(502)), "username-too-long", UNAUTHORIZED),
        changed(plain(), format!("\"{e}:alice\""), "username-quoted", BAD_REQUEST),
        right(format!("\"{e}:alice\""), "username-quoted", BAD_REQUEST),
        changed(plain(), format!("'{e}:alice'"), "username-quoted", BAD_REQUEST),
        changed(plain(), format!(" {e}:alice"), "username-blanks", BAD_REQUEST),
        changed(plain(), format!("{e}:alice "), "username-blanks", BAD_REQUEST),
        changed(plain(), format!("{e}:alice\n"), "username-line-end", BAD_REQUEST),
        right(format!("{e}:alice\r\n"), "username-line-end", BAD_REQUEST),
        changed(plain(), format!("{e}%3Aalice"), "username-percent-encoded", UNAUTHORIZED),
        right(format!("{e}%3Aalice"), "username-percent-encoded", Answer::Relay),
        changed(
            format!("{e}:alice@lab.test"),
            format!("{e}:alice%40lab.test"),
            "username-percent-encoded",
            UNAUTHORIZED,
        ),
        changed(plain(), STANDARD.encode(plain()), "username-base64", UNAUTHORIZED),
        right(STANDARD.encode(plain()), "username-base64", UNAUTHORIZED),
    ]
}

/// A plain username, and passwords that were made wrongly for it.
fn passwords(now: u64) -> Vec<Mistake> {
    let e = now + 3600;
    // The right password has both `+` and `/`, so that it differs in the URL-safe alphabet.
    let name = (0..1000).map(|n: u16| format!("alice{n}")).find(|name| {
        let right = password("north", &format!("{e}:{name}"));
        right.contains('+') && right.contains('/')
    });
    let name = name.unwrap();
    let username = format!("{e}:{name}");
    let mac = mac::<Sha1>("north", &username);
    let right = STANDARD.encode(&mac);
    let signed = |text: &str| password("north", text);
    let percent = right.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    // Two bytes differ from the right MAC, by the same bit: an XOR of the differences would be zero.
    let mut twice_flipped = mac.clone();
    twice_flipped[0] ^= 1;
    twice_flipped[19] ^= 1;
    let rows = [
        ("password-hex", hex(&mac)),
        ("password-hex", hex(&mac).to_uppercase()),
        ("password-base64-of-hex", STANDARD.encode(hex(&mac))),
        ("password-hex", format!("SHA1(stdin)= {}\n", hex(&mac))),
        ("password-hex", format!("{} *stdin", hex(&mac))),
        ("password-hex", format!("mac:  {}", hex(&mac))),
        ("password-base64-of-hex", STANDARD.encode(format!("{}\n", hex(&mac)))),
        ("password-base64-of-hex", STANDARD.encode(format!("SHA1(stdin)= {}\n", hex(&mac)))),
        ("password-not-made", "hunter22".into()),
        ("password-base64-twice", STANDARD.encode(&right)),
        ("password-unpadded", STANDARD_NO_PAD.encode(&mac)),
        ("password-unpadded", format!("{right}=")),
        ("password-url-safe", URL_SAFE.encode(&mac)),
        ("password-url-safe", URL_SAFE_NO_PAD.encode(&mac)),
        ("password-line-end", format!("{right}\n")),
        ("password-line-end", format!("{right}\r\n")),
        ("password-blanks", format!(" {right}")),
        ("password-quoted", format!("\"{right}\"")),
        ("password-percent-encoded", percent),
        ("password-blank-for-plus", right.replace('+', " ")),
        ("password-truncated", right[..20].into()),
        ("password-truncated", right[..26].into()),
        ("password-not-made", "hunter2".into()),
        ("password-not-made", String::new()),
        ("hash-sha256", STANDARD.encode(self::mac::<Sha256>("north", &username))),
        ("hash-sha384", STANDARD.encode(self::mac::<Sha384>("north", &username))),
        ("hash-sha512", STANDARD.encode(self::mac::<Sha512>("north", &username))),
        ("hash-md5", STANDARD.encode(self::mac::<Md5>("north", &username))),
        ("construction-swapped", password(&username, "north")),
        ("construction-secret-first", hash::<Sha1>(&format!("north{username}"))),
        ("construction-message-first", hash::<Sha1>(&format!("{username}north"))),
        ("signed-name", signed(&name)),
        ("signed-expiry", signed(&e.to_string())),
        ("signed-line-end", signed(&format!("{username}\n"))),
        ("signed-quoted", signed(&format!("\"{username}\""))),
        ("signed-other-separator", signed(&format!("{e}|{name}"))),
        ("signed-other-order", signed(&format!("{name}:{e}"))),
        ("signed-percent-encoded", signed(&format!("{e}%3A{name}"))),
        ("secret-other", password("elsewhere", &username)),
        ("secret-other", signed(&format!("{}:{name}", e + 1))),
        ("secret-other", STANDARD.encode(twice_flipped)),
        // Two mistakes at once.
        ("password-hex", hex(&self::mac::<Sha256>("north", &username))),
        ("password-hex", hex(&self::mac::<Sha1>("north\n", &username))),
        ("password-hex", hex(&self::mac::<Sha1>("elsewhere", &username))),
    ];
    let row = |(code, password)| Mistake {
        username: username.clone(),
        password,
        code,
        answer: UNAUTHORIZED,
    };
    rows.into_iter().map(row).collect()
}

/// A plain username, and passwords that were made with another form of a secret.
fn secrets(now: u64) -> Vec<Mistake> {
    let username = format!("{}:alice", now + 3600);
    let expired = format!("{}:alice", now - 90);
    let rows = [
        ("secret-line-end", "north\n"),
        ("secret-cr-lf", "north\r\n"),
        ("secret-cr", "north\r"),
        ("secret-blank-after", "north "),
        ("secret-blank-before", " north"),
        ("secret-double-quoted", "\"north\""),
        ("secret-single-quoted", "'north'"),
        ("secret-byte-order-mark", "\u{feff}north"),
        ("secret-trimmed", "blanks"),
        ("secret-unquoted", "quoted"),
        ("secret-unquoted", "single"),
        ("secret-from-config-file", "equals"),
        ("secret-hex-encoded", &hex(b"first")),
        ("secret-base64-encoded", &STANDARD.encode("first")),
        ("secret-hex-decoded", "jk"),
        ("secret-base64-decoded", "abc"),
        ("secret-cut", &LONG[..256]),
    ];
    let row = |username: &str, code, secret: &str, answer| {
        let (username, password) = (username.to_owned(), password(secret, username));
        Mistake { username, password, code, answer }
    };
    let forms = rows.iter().map(|(code, secret)| row(&username, code, secret, UNAUTHORIZED));
    let right = SECRETS.iter().map(|secret| row(&username, "accepted", secret, Answer::Relay));
    let both = [row(&expired, "expired", "north\n", UNAUTHORIZED)];
    right.chain(forms).chain(both).collect()
}
