//! Numbers that consist of digits only: `str::parse` also accepts a sign.

use core::str::FromStr;

pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn parse<N: FromStr>(text: &str) -> Option<N> {
    if all_digits(text) { text.parse().ok() } else { None }
}
