//! What a password was computed over.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::decimal::all_digits;
use crate::diagnose::disguise::Disguise;
use crate::diagnose::words::{Words, words};
use crate::percent;

/// The text that a password was computed for.
///
/// ```
/// use turn_credentials::diagnose::{Finding, Signed, diagnose_at};
/// use turn_credentials::{Error, SharedSecret, UnixTime};
///
/// let password = SharedSecret::new("north")?.password_for("alice");
/// let (username, now) = ("1700003600:alice", UnixTime::from_secs(1_700_000_000));
/// let findings = diagnose_at(username, Some(password.as_str()), &[b"north"], now);
/// assert_eq!(findings, [Finding::Signed(Signed::Name)]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signed {
    /// The right text: the username.
    Username,
    /// The name alone.
    Name,
    /// The expiry alone.
    Expiry,
    /// The username with a line end after it, as `echo` writes it.
    LineEnd,
    /// The username in quotes.
    Quoted,
    /// The username with another separator.
    OtherSeparator,
    /// The name and the expiry in the other order.
    OtherOrder,
    /// The username, percent-encoded.
    PercentEncoded,
    /// The username without this disguise.
    Undisguised(Disguise),
}

impl Signed {
    /// All texts that may have been signed for this username, and what each of them is.
    pub(crate) fn all(username: &str, separator: char) -> Vec<(Self, String)> {
        let mut all = Vec::from([
            (Self::Username, username.to_owned()),
            (Self::LineEnd, format!("{username}\n")),
            (Self::LineEnd, format!("{username}\r\n")),
            (Self::Quoted, format!("\"{username}\"")),
            (Self::PercentEncoded, format!("{}", percent::Encoded(username))),
        ]);
        let below =
            |how: Disguise| Some((Self::Undisguised(how), how.undo(username)?.as_str().to_owned()));
        all.extend(Disguise::ALL.into_iter().filter_map(below));
        let halves = username.split_once(separator);
        let mark = |c: char| c.is_ascii_punctuation();
        if let Some((first, rest)) = halves.or_else(|| username.split_once(mark)) {
            let is_expiry = all_digits(first);
            let (front, back) =
                if is_expiry { (Self::Expiry, Self::Name) } else { (Self::Name, Self::Expiry) };
            all.push((front, first.to_owned()));
            all.push((back, rest.to_owned()));
            all.push((Self::OtherOrder, format!("{rest}{separator}{first}")));
            let others = SEPARATORS.map(|other| format!("{first}{other}{rest}"));
            all.extend(others.into_iter().map(|text| (Self::OtherSeparator, text)));
            all.push((Self::OtherSeparator, format!("{first}{rest}")));
        }
        let mut seen = Vec::with_capacity(all.len());
        all.retain(|(_, text)| {
            let new = !text.is_empty() && !seen.contains(text);
            seen.push(text.clone());
            new
        });
        all
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "sign the username exactly as the client sends it, with its expiry and separator";
        match self {
            Self::Username => words("signed-username", "the username was signed", ""),
            Self::Name => words(
                "signed-name",
                "the password was made for the name alone, not for the whole username",
                ADVICE,
            ),
            Self::Expiry => words(
                "signed-expiry",
                "the password was made for the expiry alone, not for the whole username",
                ADVICE,
            ),
            Self::LineEnd => words(
                "signed-line-end",
                "the password was made for the username with a line end after it",
                "sign it without the line end: `echo -n`, or `printf %s`",
            ),
            Self::Quoted => {
                words("signed-quoted", "the password was made for the username in quotes", ADVICE)
            }
            Self::OtherSeparator => words(
                "signed-other-separator",
                "the password was made for the username with another separator",
                ADVICE,
            ),
            Self::OtherOrder => words(
                "signed-other-order",
                "the password was made for name and expiry in the other order",
                ADVICE,
            ),
            Self::PercentEncoded => words(
                "signed-percent-encoded",
                "the password was made for the percent-encoded username",
                ADVICE,
            ),
            Self::Undisguised(how) => how.words_of_username(),
        }
    }
}

/// The separators to try, the default first.
const SEPARATORS: [&str; 9] = [":", "|", "-", "_", ".", ";", ",", "@", "/"];
