//! What goes on the wire as the STUN USERNAME: the layouts, and the limits of STUN and of servers.

use core::fmt;

use alloc::string::String;

use crate::decimal::all_digits;
use crate::error::ExpiryHint;
use crate::{Error, UnixTime, VerifyError};

/// Where the expiry stands in a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// `1700000000:alice`, which everybody mints today.
    ExpiryFirst,
    /// `alice:1700000000`, which coturn and STUNner take too.
    NameFirst,
    /// `1700000000`, all that webrtc-rs and pion's plain long-term handler take.
    ExpiryOnly,
}

/// A username that carries its own expiry.
///
/// A value of this type is within the limits of every TURN server that takes its layout; the crate's
/// front page says [which takes which](crate#which-server-takes-which-layout).
///
/// The limits, all checked when a value is made or parsed:
///
/// * The name is not empty: coturn would apply no per-user quota, and Kamailio refuses it.
/// * It has none of space, tab, CR, LF, `'`, `"` and `\`, nor both "union" and "select" in any case:
///   coturn answers these with 400 Bad Request (`is_secure_string`).
/// * It has no other control character: coturn's strings end at NUL, and the rest pass there, but
///   not through logs, headers and XML.
/// * The whole username is at most [`MAX_LEN`](Self::MAX_LEN) bytes.
/// * The expiry is at least 1 and at most [`MAX_EXPIRY`](Self::MAX_EXPIRY).
/// * In the name-first layout the name has no separator in it and is not a number, since servers
///   take a number before the first separator for the expiry (`STUNner` also one with a sign).
///
/// Everything else passes unchanged: UTF-8, and names with `:` and `@` such as Matrix ids. pion's
/// user id ends at the name's first `:`, so `@alice:lab.test` and `@alice:example.org` share a quota
/// there. Neither coturn nor Chromium nor Firefox normalises a name: two spellings are two names.
///
/// ```
/// use turn_credentials::{Error, Layout, UnixTime, Username};
///
/// let expiry = UnixTime::from_secs(1_700_000_000);
/// let written = |username: Username<'_>| username.to_string();
///
/// assert_eq!(written(Username::new("alice", expiry)?), "1700000000:alice");
/// assert_eq!(written(Username::name_first("alice", expiry)?), "alice:1700000000");
/// assert_eq!(written(Username::expiry_only(expiry)?), "1700000000");
/// assert_eq!(written(Username::new("alice", expiry)?.with_separator('|')?), "1700000000|alice");
///
/// assert_eq!(Username::new("", expiry), Err(Error::EmptyName));
/// assert_eq!(Username::name_first("007", expiry), Err(Error::DigitsFirst));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Username<'a> {
    layout: Layout,
    name: &'a str,
    separator: char,
    expires_at: UnixTime,
}

impl<'a> Username<'a> {
    /// The most bytes that a username may have: 508.
    ///
    /// RFC 8489 section 14.3 wants fewer than 509. Chromium drops a server with 509 without a word,
    /// and throws from 510 on, as Firefox does; coturn up to 4.17 cuts at 512.
    pub const MAX_LEN: usize = 508;

    /// The last expiry that every TURN server takes: 2147483647, in January 2038.
    ///
    /// coturn compares expiries as signed 32-bit numbers; built with optimisation it takes a later
    /// one for expired.
    pub const MAX_EXPIRY: UnixTime = UnixTime::from_secs(2_147_483_647);

    pub(crate) const DEFAULT_SEPARATOR: char = ':';

    /// `<expiry>:<name>`, the layout of draft-uberti-behave-turn-rest-00 section 2.2.
    ///
    /// # Errors
    ///
    /// When the name or the expiry is outside the [limits](Self): [`Error::EmptyName`],
    /// [`Error::ForbiddenCharacter`], [`Error::UnionSelect`], [`Error::UsernameTooLong`],
    /// [`Error::ExpiryOutOfRange`].
    pub fn new(name: &'a str, expires_at: UnixTime) -> Result<Self, Error> {
        let layout = Layout::ExpiryFirst;
        Self { layout, name, separator: Self::DEFAULT_SEPARATOR, expires_at }.checked()
    }

    /// `<name>:<expiry>`, which nobody mints any more, but coturn takes.
    ///
    /// [`ClockSkew::expiry`](crate::ClockSkew::expiry) works out the expiry of a ttl.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and [`Error::DigitsFirst`] and [`Error::SeparatorInName`].
    pub fn name_first(name: &'a str, expires_at: UnixTime) -> Result<Self, Error> {
        Self::name_first_with(Self::DEFAULT_SEPARATOR, name, expires_at)
    }

    /// `<name><separator><expiry>`, for a name that has `:` in it.
    ///
    /// ```
    /// use turn_credentials::{Error, UnixTime, Username};
    ///
    /// let (name, expiry) = ("@alice:lab.test", UnixTime::from_secs(1_700_000_000));
    /// let username = Username::name_first_with('|', name, expiry)?;
    /// assert_eq!(username.to_string(), "@alice:lab.test|1700000000");
    /// assert_eq!(Username::name_first(name, expiry), Err(Error::SeparatorInName));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`name_first`](Self::name_first) and [`with_separator`](Self::with_separator).
    pub fn name_first_with(
        separator: char,
        name: &'a str,
        expires_at: UnixTime,
    ) -> Result<Self, Error> {
        Self { layout: Layout::NameFirst, name, separator, expires_at }.checked()
    }

    /// `<expiry>`, for servers that take nothing else.
    ///
    /// coturn counts every such username as a user of its own, so per-user quotas have no effect.
    ///
    /// # Errors
    ///
    /// [`Error::ExpiryOutOfRange`].
    pub fn expiry_only(expires_at: UnixTime) -> Result<Self, Error> {
        let layout = Layout::ExpiryOnly;
        Self { layout, name: "", separator: Self::DEFAULT_SEPARATOR, expires_at }.checked()
    }

    /// The same username with another separator, for a coturn with `--rest-api-separator`.
    ///
    /// # Errors
    ///
    /// [`Error::BadSeparator`] unless it is ASCII punctuation other than `'`, `"` and `\`;
    /// [`Error::SeparatorInName`] when a name-first name has it.
    pub fn with_separator(self, separator: char) -> Result<Self, Error> {
        Self { separator, ..self }.checked()
    }

    /// Reads a username, whatever its layout; digits before the first `:` are always the expiry.
    ///
    /// Stricter than coturn, whose `atol` takes signs, junk and leading zeros: what is read here is
    /// within the [limits](Self) and [displays](fmt::Display) as the same text.
    ///
    /// ```
    /// use turn_credentials::{Layout, Username, VerifyError};
    ///
    /// let username = Username::parse("1700000000:@alice:lab.test")?;
    /// assert_eq!(username.layout(), Layout::ExpiryFirst);
    /// assert_eq!(username.name(), Some("@alice:lab.test"));
    /// assert_eq!(username.expires_at().as_secs(), 1_700_000_000);
    ///
    /// for malformed in ["", "alice", "1700000000:", ":1700000000", "+1700000000", "0:alice"] {
    ///     assert_eq!(Username::parse(malformed), Err(VerifyError::MalformedUsername));
    /// }
    /// # Ok::<(), VerifyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`VerifyError::MalformedUsername`] when the text has no layout or is outside the limits.
    pub fn parse(text: &'a str) -> Result<Self, VerifyError> {
        Self::parse_with(Self::DEFAULT_SEPARATOR, text)
    }

    /// [`parse`](Self::parse) with another separator than `:`.
    ///
    /// ```
    /// use turn_credentials::{Username, VerifyError};
    ///
    /// let username = Username::parse_with('|', "@alice:lab.test|1700000000")?;
    /// assert_eq!(username.name(), Some("@alice:lab.test"));
    /// assert!(Username::parse_with('|', "@alice:lab.test:1700000000").is_err());
    /// # Ok::<(), VerifyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`VerifyError::MalformedUsername`], also when [`with_separator`](Self::with_separator)
    /// refuses the separator.
    pub fn parse_with(separator: char, text: &'a str) -> Result<Self, VerifyError> {
        Self::read(separator, text).ok_or(VerifyError::MalformedUsername)
    }

    fn read(separator: char, text: &'a str) -> Option<Self> {
        let (digits, behind) = split_digits(text)?;
        let (layout, name, expiry) = match behind.strip_prefix(separator) {
            _ if behind.is_empty() => (Layout::ExpiryOnly, "", digits),
            Some(name) if !digits.is_empty() => (Layout::ExpiryFirst, name, digits),
            _ => {
                let (name, expiry) = text.split_once(separator)?;
                (Layout::NameFirst, name, expiry)
            }
        };
        let expires_at = parse_expiry(expiry)?;
        Self { layout, name, separator, expires_at }.checked().ok()
    }

    /// Who the credential is for; `None` in the expiry-only layout.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        (self.layout != Layout::ExpiryOnly).then_some(self.name)
    }

    /// The last second in which servers take the credential, by the TURN server's clock.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// Where the expiry stands.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Fails unless coturn takes the separator and it cannot be part of a number.
    pub(crate) fn check_separator(separator: char) -> Result<(), Error> {
        if separator.is_ascii_punctuation() && !is_forbidden(separator) {
            Ok(())
        } else {
            Err(Error::BadSeparator)
        }
    }

    /// Fails unless every limit of this type holds.
    #[expect(clippy::inline_always, reason = "most of it falls away where the layout is known")]
    #[inline(always)]
    fn checked(self) -> Result<Self, Error> {
        Self::check_separator(self.separator)?;
        if self.expires_at.as_expiry().is_none() {
            let hint = ExpiryHint::find(0, self.expires_at.as_secs());
            return Err(Error::ExpiryOutOfRange { hint });
        }
        if self.layout != Layout::ExpiryOnly {
            check_name(self.name)?;
        }
        if self.layout == Layout::NameFirst {
            if all_digits(self.name.strip_prefix(['+', '-']).unwrap_or(self.name)) {
                return Err(Error::DigitsFirst);
            }
            if self.name.contains(self.separator) {
                return Err(Error::SeparatorInName);
            }
        }
        let len = self.len();
        if len > Self::MAX_LEN {
            return Err(Error::UsernameTooLong { len });
        }
        match self.layout {
            Layout::ExpiryOnly => Ok(Self { separator: Self::DEFAULT_SEPARATOR, ..self }),
            Layout::ExpiryFirst | Layout::NameFirst => Ok(self),
        }
    }

    /// The expiry's seconds, which have 31 bits once it is checked.
    fn expiry(&self) -> u32 {
        u32::try_from(self.expires_at.as_secs()).unwrap_or(u32::MAX)
    }

    /// The bytes of the wire form.
    fn len(&self) -> usize {
        let powers_of_ten = self.expiry().checked_ilog10().unwrap_or_default();
        let digits = (powers_of_ten as usize).saturating_add(1);
        match self.layout {
            Layout::ExpiryOnly => digits,
            Layout::ExpiryFirst | Layout::NameFirst => {
                self.name.len().saturating_add(digits).saturating_add(1)
            }
        }
    }

    fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut digits = itoa::Buffer::new();
        let expiry = digits.format(self.expiry());
        match self.layout {
            Layout::ExpiryFirst => {
                out.write_str(expiry)?;
                out.write_char(self.separator)?;
                out.write_str(self.name)
            }
            Layout::NameFirst => {
                out.write_str(self.name)?;
                out.write_char(self.separator)?;
                out.write_str(expiry)
            }
            Layout::ExpiryOnly => out.write_str(expiry),
        }
    }

    /// Puts the wire form in the place of what the text was, with one allocation at most.
    pub(crate) fn write_over(&self, text: &mut String) {
        text.clear();
        text.reserve(self.name.len().saturating_add(MAX_DIGITS + 1));
        // A String takes whatever is written to it.
        _ = self.write_to(text);
    }
}

/// The wire form.
impl fmt::Display for Username<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// The digits of [`Username::MAX_EXPIRY`].
const MAX_DIGITS: usize = 10;

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::EmptyName);
    }
    // Without a branch, so that it takes many bytes at a time; most names end here.
    if name.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Ok(());
    }
    if let Some((index, character)) = name.char_indices().find(|&(_, c)| is_forbidden(c)) {
        return Err(Error::ForbiddenCharacter { character, index });
    }
    if has_word(name, "union") && has_word(name, "select") {
        return Err(Error::UnionSelect);
    }
    Ok(())
}

/// Whether a byte is neither forbidden, nor a part of a forbidden character, nor of "union".
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() & !matches!(byte, b'\'' | b'"' | b'\\' | b'u' | b'U')
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, ' ' | '\'' | '"' | '\\')
}

fn has_word(name: &str, word: &str) -> bool {
    name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// The digits that a text begins with, and what comes behind them.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Reads an expiry as it is written: no sign, no leading zero.
fn parse_expiry(text: &str) -> Option<UnixTime> {
    let canonical = (1..=MAX_DIGITS).contains(&text.len()) && !text.starts_with('0');
    let secs = canonical.then(|| text.bytes().try_fold(0_u64, push_digit)).flatten()?;
    Some(UnixTime::from_secs(secs))
}

fn push_digit(number: u64, digit: u8) -> Option<u64> {
    digit.is_ascii_digit().then(|| number.wrapping_mul(10).wrapping_add((digit & 0xf).into()))
}
