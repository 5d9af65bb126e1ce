//! What the targets share: how an input is cut up, and references that are slow and plain.

pub mod login;
pub mod servers;
pub mod username;

#[path = "../../tests/reference/coturn.rs"]
mod coturn;
#[path = "../../tests/reference/uri.rs"]
mod uri;

use turn_credentials::diagnose::Verdict;

/// What coturn answers, `None` where its build or version decides.
#[must_use]
pub fn coturns_verdict(username: &str, now: u64) -> Option<Verdict> {
    coturn::verdict(username, now)
}

/// A URI as it displays, if it is one.
#[must_use]
pub fn normal_uri(text: &str) -> Option<String> {
    uri::normal(text)
}

/// Between the parts of an input: no text has this byte.
pub const SEPARATOR: u8 = 0xff;

/// The parts of an input; those that are missing are empty.
#[must_use]
pub fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut parts = data.splitn(N, |&byte| byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// A part as text, up to what is not UTF-8.
#[must_use]
pub fn text(part: &[u8]) -> &str {
    part.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// A part as a number, 0 if it is none.
#[must_use]
pub fn number(part: &[u8]) -> u64 {
    text(part).parse().unwrap_or_default()
}
