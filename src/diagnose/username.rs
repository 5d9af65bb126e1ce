//! What a username alone reveals, and how coturn reads it.

use alloc::vec::Vec;

use crate::decimal::all_digits;
use crate::diagnose::disguise::Disguise;
use crate::diagnose::expiry::{OddExpiry, TimeUnit};
use crate::diagnose::finding::{COTURN_MAX_LEN, Finding};
use crate::diagnose::verdict::Verdict;
use crate::name;
use crate::time::UnixTime;
use crate::username::{Layout, Username};

/// How coturn (`get_rest_api_timestamp`, `is_secure_string`) answers a username whose password is
/// right.
pub(crate) fn coturns_verdict(username: &str, separator: char, now: UnixTime) -> Verdict {
    let read = c_string(username);
    if has_insecure_byte(read) || name::has_union_select(read) {
        return Verdict::BadRequest;
    }
    if read != username || username.len() > COTURN_MAX_LEN {
        return Verdict::Unauthorized;
    }
    let Ok(now) = i32::try_from(now.as_secs()) else {
        // Every expiry up to `Username::MAX_EXPIRY` has passed. What coturn accepts then depends on
        // its compiler, because its numbers wrap.
        return Verdict::Unauthorized;
    };
    // coturn subtracts the times as signed 32-bit numbers: on overflow, the result depends on the
    // compiler.
    let expiry = low_bits(coturns_number(username, separator));
    match (expiry >= now, expiry.wrapping_sub(now) >= 0) {
        (true, true) => Verdict::Accepted,
        (false, false) => Verdict::Unauthorized,
        _ => Verdict::Depends,
    }
}

/// The last second in which coturn accepts a username.
pub(crate) fn coturns_expiry(username: &str, separator: char) -> UnixTime {
    let low_bits = coturns_number(username, separator) & i64::from(u32::MAX);
    UnixTime::from_secs(low_bits.unsigned_abs())
}

/// The expiry of a username that a `Keyring` with this separator accepts too. coturn can have any
/// separator; a username with one that a `Keyring` cannot have is read as if it were `:`.
pub(crate) fn strict_expiry(username: &str, separator: char) -> Option<UnixTime> {
    let parsed = if Username::check_separator(separator).is_ok() {
        Username::parse_with(separator, username).map(|username| username.expires_at())
    } else {
        let username = username.replacen(separator, ":", 1);
        Username::parse(&username).map(|username| username.expires_at())
    };
    parsed.ok()
}

fn coturns_number(username: &str, separator: char) -> i64 {
    let number = match username.split_once(separator) {
        Some((before, after)) if !all_digits(before) => after,
        Some((before, _)) => before,
        None => username,
    };
    atol(number)
}

#[expect(clippy::cast_possible_truncation, reason = "coturn's turn_time_t has 32 bits")]
const fn low_bits(number: i64) -> i32 {
    number as i32
}

/// Like C's `atol`: skips white space, reads a sign and digits, and ignores what follows them.
fn atol(text: &str) -> i64 {
    // coturn refuses the rest of C's white space.
    let text = text.trim_start_matches([VERTICAL_TAB, FORM_FEED]);
    let (sign, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        digits => (1, digits),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_i64, |number, digit| {
        let digit = i64::from(digit.wrapping_sub(b'0')).saturating_mul(sign);
        number.saturating_mul(10).saturating_add(digit)
    })
}

/// What coturn, written in C, reads of a text: the part before NUL.
fn c_string(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

fn has_insecure_byte(username: &str) -> bool {
    username.contains(INSECURE)
}

/// All findings about a username, whatever its password is.
pub(crate) fn findings(username: &str, separator: char, now: UnixTime) -> Vec<Finding> {
    let too_long = Finding::TooLong { len: username.len() };
    if username.len() > super::MAX_USERNAME {
        return Vec::from([too_long]);
    }
    let mut findings = Vec::new();
    findings.extend((username.len() > Username::MAX_LEN).then_some(too_long));
    let read = c_string(username);
    findings.extend(name::has_union_select(read).then_some(Finding::UnionSelect));
    let verdict = coturns_verdict(username, separator, now);
    let reading = Reading::of(username, separator);
    let disguise = Disguise::ALL.into_iter().find_map(|how| {
        let below = how.undo(username)?;
        let is_plain = reading.as_ref().is_some_and(Reading::is_plain);
        let reads = Reading::of(below.as_str(), separator).is_some_and(|below| below.is_plain());
        let fits = has_insecure_byte(read) || (reads && !is_plain);
        (fits && !has_insecure_byte(below.as_str())).then_some((how, below))
    });
    let nul = username.find('\0');
    let control = |index| Finding::ControlCharacter { index, verdict };
    if let Some((how, below)) = disguise {
        findings.push(Finding::Disguised { how, verdict });
        findings.extend(nul.map(control));
        if let Some(reading) =
            Reading::of(below.as_str(), separator).filter(|_| verdict <= Verdict::Unauthorized)
        {
            let below = coturns_verdict(below.as_str(), separator, now);
            findings.extend(reading.findings(below, now).into_iter().filter(Finding::refuses));
        }
        return findings;
    }
    if let Some((index, character)) = read.char_indices().find(|(_, c)| INSECURE.contains(c)) {
        findings.push(Finding::ForbiddenCharacter { character, index });
        findings.extend(nul.map(control));
    } else {
        findings.extend(nul.or_else(|| username.find(char::is_control)).map(control));
    }
    match reading {
        // The reading may take its expiry from a place where coturn does not look: drop the
        // findings whose verdict is worse than coturn's.
        Some(reading) => {
            let of_parts = reading.findings(verdict, now).into_iter();
            findings.extend(of_parts.filter(|finding| finding.verdict() >= verdict));
        }
        None if verdict >= Verdict::Depends => {
            findings.push(Finding::OddExpiry { how: OddExpiry::Junk, verdict });
        }
        None => findings.push(Finding::NoExpiry),
    }
    findings
}

/// The parts of a username, as a person would read them.
struct Reading<'a> {
    place: Place,
    expiry: &'a str,
    name: &'a str,
    separator: char,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Layout(Layout),
    NumberFirst,
    SeparatorInFirstName,
    OtherSeparator { coturn_reads_expiry: bool },
    Junk,
}

impl<'a> Reading<'a> {
    fn of(username: &'a str, separator: char) -> Option<Self> {
        let reading = |place, expiry, name| Some(Self { place, expiry, name, separator });
        let Some((before, after)) = username.split_once(separator) else {
            if is_number(username) {
                return reading(Place::Layout(Layout::ExpiryOnly), username, "");
            }
            return Self::otherwise(username, separator);
        };
        match (is_number(before), is_number(after)) {
            (true, true) if all_digits(before) && !is_now(before) && is_now(after) => {
                reading(Place::NumberFirst, after, before)
            }
            (true, true) if !all_digits(before) && !is_time(before) && is_time(after) => {
                reading(Place::Layout(Layout::NameFirst), after, before)
            }
            (true, _) => reading(Place::Layout(Layout::ExpiryFirst), before, after),
            (_, true) if before.is_empty() => reading(Place::Junk, after, ""),
            (_, true) => reading(Place::Layout(Layout::NameFirst), after, before),
            _ if is_time(after) => reading(Place::Junk, digits(unsigned(after)), before),
            _ => match after.rsplit_once(separator) {
                Some((rest, last)) if is_time(last) && is_number(last) => {
                    reading(Place::SeparatorInFirstName, last, rest)
                }
                _ => Self::otherwise(username, separator),
            },
        }
    }

    /// Finds a time at the beginning or the end, next to something other than the separator.
    fn otherwise(username: &'a str, separator: char) -> Option<Self> {
        let mark = |c: &char| c.is_ascii_punctuation() && *c != '%';
        let expiry = digits(username);
        let reading = if is_time(expiry) {
            let rest = username.strip_prefix(expiry)?;
            (expiry, rest, rest.chars().next().filter(mark))
        } else {
            let name = username.trim_end_matches(|c: char| c.is_ascii_digit());
            let expiry = username.strip_prefix(name).filter(|expiry| is_time(expiry))?;
            (expiry, name, Some(name.chars().next_back().filter(mark)?))
        };
        let (expiry, name, other) = reading;
        let coturn_reads_expiry = coturns_number(username, separator) == atol(expiry);
        let (place, separator) = match other {
            Some(other) => (Place::OtherSeparator { coturn_reads_expiry }, other),
            None => (Place::Junk, separator),
        };
        Some(Self { place, expiry, name, separator })
    }

    /// Whether the username has a known layout, whatever its expiry is.
    fn is_plain(&self) -> bool {
        matches!(self.place, Place::Layout(_))
    }

    fn findings(&self, verdict: Verdict, now: UnixTime) -> Vec<Finding> {
        let separator = self.separator;
        let place = match self.place {
            Place::NumberFirst => Some(Finding::NumberFirst),
            Place::SeparatorInFirstName => Some(Finding::SeparatorInFirstName),
            Place::OtherSeparator { .. } => Some(Finding::OtherSeparator { separator, verdict }),
            Place::Junk => Some(Finding::OddExpiry { how: OddExpiry::Junk, verdict }),
            Place::Layout(Layout::ExpiryOnly) => Some(Finding::BareExpiry),
            Place::Layout(Layout::NameFirst) => Some(Finding::NameFirst),
            Place::Layout(Layout::ExpiryFirst) if self.name.is_empty() => Some(Finding::EmptyName),
            Place::Layout(Layout::ExpiryFirst) => {
                self.name.contains(separator).then_some(Finding::SeparatorInName)
            }
        };
        // If coturn does not refuse the username, it has read the first number as the expiry,
        // perhaps modulo 2³².
        let expiry = if self.place == Place::NumberFirst && verdict > Verdict::Unauthorized {
            self.name
        } else {
            self.expiry
        };
        let of_expiry = of_expiry(expiry, verdict, now);
        if self.place == (Place::OtherSeparator { coturn_reads_expiry: true }) {
            of_expiry.chain(place).collect()
        } else {
            place.into_iter().chain(of_expiry).collect()
        }
    }
}

/// The findings about an expiry.
fn of_expiry(text: &str, verdict: Verdict, now: UnixTime) -> impl Iterator<Item = Finding> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let odd = if unsigned != text {
        Some(OddExpiry::Sign)
    } else if text.contains('.') {
        Some(OddExpiry::Fraction)
    } else if text.starts_with('0') && text.len() > 1 {
        Some(OddExpiry::LeadingZeros)
    } else {
        None
    };
    let secs = digits(unsigned).parse().unwrap_or(u64::MAX);
    let expiry = UnixTime::from_secs(secs);
    let unit = |unit| Some(Finding::WrongUnit { unit, verdict });
    // Each lower bound, read in its unit, is a date in 1973. The smallest of them, read in seconds,
    // is in the year 5138.
    let value = match secs {
        100_000_000_000_000_000.. => unit(TimeUnit::Nanoseconds),
        100_000_000_000_000.. => unit(TimeUnit::Microseconds),
        100_000_000_000.. => unit(TimeUnit::Milliseconds),
        _ if expiry > Username::MAX_EXPIRY => Some(Finding::After2038 { verdict }),
        _ if expiry < now && secs < FIRST_TIME => Some(Finding::TtlForExpiry),
        _ if expiry < now => {
            Some(Finding::Expired { expired_at: expiry, secs_ago: expiry.secs_until(now) })
        }
        _ if expiry == now => Some(Finding::LastSecond),
        _ if now.secs_until(expiry) > YEAR => Some(Finding::YearsAhead { expires_at: expiry }),
        _ => None,
    };
    odd.map(|how| Finding::OddExpiry { how, verdict }).into_iter().chain(value)
}

/// The first number that is read as a time, in Unix seconds: it is in 2001. A smaller number is a
/// duration.
const FIRST_TIME: u64 = 1_000_000_000;

/// A leap year in seconds, so that a ttl of one year gets no warning.
const YEAR: u64 = 366 * 86_400;

/// The characters that coturn's `is_secure_string` refuses.
const INSECURE: [char; 7] = [' ', '\t', '\r', '\n', '\'', '"', '\\'];

const VERTICAL_TAB: char = '\u{b}';
const FORM_FEED: char = '\u{c}';

/// Whether the text is digits, perhaps with a sign before them and a fraction after them.
fn is_number(text: &str) -> bool {
    let text = unsigned(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    all_digits(whole) && all_digits(fraction)
}

/// Whether the text begins with a number that may be a point in time: one of at least ten digits,
/// perhaps after a sign and leading zeros.
fn is_time(text: &str) -> bool {
    let digits = digits(unsigned(text));
    digits.trim_start_matches('0').len() >= 10
}

/// The text without the sign before it.
fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// Whether the text is a time from 2001 to January 2038, where coturn's 32-bit times end.
fn is_now(text: &str) -> bool {
    let secs = text.parse().unwrap_or_default();
    all_digits(text) && (FIRST_TIME..=Username::MAX_EXPIRY.as_secs()).contains(&secs)
}

/// The digits at the beginning of a text.
fn digits(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.strip_suffix(rest).unwrap_or(text)
}
