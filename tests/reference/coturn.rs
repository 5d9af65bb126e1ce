//! How coturn reads a username: `tests/diagnose.rs` and `fuzz/` compare `diagnose` with it.

use turn_credentials::diagnose::Verdict;

/// How coturn answers a username whose password is right; `None` where its build or version decides.
pub(crate) fn verdict(username: &str, now: u64) -> Option<Verdict> {
    // It is a C string: it ends at NUL.
    let read = username.split('\0').next().unwrap();
    let lower = read.to_ascii_lowercase();
    if read.contains([' ', '\t', '\r', '\n', '\'', '"', '\\'])
        || (lower.contains("union") && lower.contains("select"))
    {
        return Some(Verdict::BadRequest);
    }
    if username.len() > 512 || username.contains('\0') {
        return Some(Verdict::Unauthorized);
    }
    let number = match username.split_once(':') {
        Some((first, _)) if !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()) => first,
        Some((_, rest)) => rest,
        None => username,
    };
    // `atol` skips white space.
    let number = number.trim_start_matches(['\u{b}', '\u{c}']);
    let (is_negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    let most = if is_negative { i128::from(i64::MIN) } else { i128::from(i64::MAX) };
    let value = match digits {
        "" => 0,
        digits if digits.trim_start_matches('0').len() > 30 => most,
        digits => {
            let value: i128 = digits.parse().unwrap_or(i128::MAX);
            if is_negative { (-value).max(most) } else { value.min(most) }
        }
    };
    let expiry = value.rem_euclid(1 << 32);
    let signed = if expiry >= 1 << 31 { expiry - (1 << 32) } else { expiry };
    let difference = (expiry - i128::from(now)).rem_euclid(1 << 32);
    match (signed >= i128::from(now), difference < 1 << 31) {
        // Versions after 4.17.1 accept at most 508 bytes.
        (true, true) if username.len() > 508 => None,
        (true, true) => Some(Verdict::Accepted),
        (false, false) => Some(Verdict::Unauthorized),
        _ => None,
    }
}
