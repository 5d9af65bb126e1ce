//! Usernames and passwords.

use std::sync::LazyLock;

use data_encoding::BASE64;
use regex::Regex;
use ring::hmac;
use turn_credentials::Layout;

/// The layout, the name and the expiry.
pub type Parsed<'a> = (Layout, Option<&'a str>, u64);

#[must_use]
pub fn parse(separator: char, text: &str) -> Option<Parsed<'_>> {
    let allowed = "!#$%&()*+,-./:;<=>?@[]^_`{|}~".contains(separator);
    if !allowed || text.len() > 508 {
        return None;
    }
    let Some((before, after)) = text.split_once(separator) else {
        return Some((Layout::ExpiryOnly, None, expiry(text)?));
    };
    if digits(before) {
        return Some((Layout::ExpiryFirst, Some(name(after)?), expiry(before)?));
    }
    let signed = before.strip_prefix(['+', '-']).is_some_and(digits);
    if signed { None } else { Some((Layout::NameFirst, Some(name(before)?), expiry(after)?)) }
}

fn digits(text: &str) -> bool {
    static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\A[0-9]+\z").unwrap());
    DIGITS.is_match(text)
}

fn expiry(text: &str) -> Option<u64> {
    let number = text.parse::<u64>().ok().filter(|number| (1..=2_147_483_647).contains(number))?;
    (number.to_string() == text).then_some(number)
}

fn name(text: &str) -> Option<&str> {
    static WRONG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"\A\z|[\p{Cc} '"\\]"#).unwrap());
    let upper = text.to_ascii_uppercase();
    let injects = upper.contains("UNION") && upper.contains("SELECT");
    (!injects && !WRONG.is_match(text)).then_some(text)
}

/// base64 of HMAC-SHA1(secret, username).
#[must_use]
pub fn password(secret: &[u8], username: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    BASE64.encode(hmac::sign(&key, username.as_bytes()).as_ref())
}

/// Whether one of the secrets made the password: no other text is accepted for it.
#[must_use]
pub fn is_made<S: AsRef<[u8]>>(secrets: &[S], username: &str, given: &str) -> bool {
    secrets.iter().any(|secret| password(secret.as_ref(), username) == given)
}
