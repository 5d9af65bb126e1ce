//! What goes on the wire as STUN USERNAME: the layouts, and the limits of STUN and of servers.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::clock::Expiry;
use crate::decimal::all_digits;
use crate::error::{Error, VerifyError};
use crate::name;
use crate::time::UnixTime;

/// Where the expiry is in a username.
///
/// ```
/// use turn_credentials::{Layout, Username, VerifyError};
///
/// assert_eq!(Username::parse("1700000000:alice")?.layout(), Layout::ExpiryFirst);
/// assert_eq!(Username::parse("alice:1700000000")?.layout(), Layout::NameFirst);
/// assert_eq!(Username::parse("1700000000")?.layout(), Layout::ExpiryOnly);
/// # Ok::<(), VerifyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// `1700000000:alice`, the usual layout.
    ExpiryFirst,
    /// `alice:1700000000`, which coturn and STUNner accept too.
    NameFirst,
    /// `1700000000`, the only layout that webrtc-rs and pion's plain long-term handler accept.
    ExpiryOnly,
}

/// A username that carries its own expiry.
///
/// A value of this type is within the limits of every TURN server that accepts its layout: see
/// [which server accepts what](crate#which-server-accepts-what).
///
/// These limits are checked when a value is made or parsed:
///
/// * The name is not empty: coturn would apply no per-user quota, and Kamailio refuses it.
/// * The name has no space, tab, CR, LF, `'`, `"` or `\`, and does not contain both "union" and
///   "select", in upper or lower case: coturn answers these with 400 Bad Request
///   (`is_secure_string`).
/// * The name has no other control character: coturn cuts the username at NUL, and the others break
///   logs, headers and XML.
/// * The whole username is at most [`MAX_LEN`](Self::MAX_LEN) bytes.
/// * The expiry is at least 1 and at most [`MAX_EXPIRY`](Self::MAX_EXPIRY).
/// * In the name-first layout, the name does not contain the separator and is not a number, since
///   servers read a number before the first separator as the expiry (STUNner even with a sign).
///
/// Everything else passes unchanged: UTF-8, and names with `:` and `@` such as Matrix ids. pion's
/// user id ends at the name's first `:`, so `@alice:lab.test` and `@alice:example.org` share a
/// quota in pion. coturn, Chromium and Firefox do not normalise Unicode: two encodings of one name
/// are two names.
///
/// ```
/// use turn_credentials::{Error, UnixTime, Username};
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
    expiry: Expiry,
}

impl<'a> Username<'a> {
    /// The maximum length of a username, in bytes: 508.
    ///
    /// RFC 8489 section 14.3 requires fewer than 509. Chromium silently drops a server whose
    /// username has 509 bytes; from 510 on, Chromium and Firefox reject the whole configuration.
    /// coturn up to 4.17.1 cuts a username at 512 bytes.
    pub const MAX_LEN: usize = 508;

    /// The last expiry that every TURN server accepts: 2147483647, in January 2038.
    ///
    /// coturn compares expiries as signed 32-bit numbers: an optimised build treats a later expiry
    /// as expired, unless the number wraps around to a time that is still ahead.
    pub const MAX_EXPIRY: UnixTime = Expiry::MAX.time();

    /// The separator of draft-uberti-behave-turn-rest-00 section 2.2, which is coturn's default.
    pub(crate) const DEFAULT_SEPARATOR: char = ':';

    /// Creates `<expiry>:<name>`, the layout of draft-uberti-behave-turn-rest-00 section 2.2.
    ///
    /// ```
    /// use turn_credentials::{Error, UnixTime, Username};
    ///
    /// let expiry = UnixTime::from_secs(1_700_000_000);
    /// assert_eq!(Username::new("alice", expiry)?.to_string(), "1700000000:alice");
    ///
    /// let forbidden = Error::ForbiddenCharacter { character: ' ', index: 1 };
    /// assert_eq!(Username::new("a b", expiry), Err(forbidden));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name or the expiry is outside the [limits](Self): [`Error::EmptyName`],
    /// [`Error::ForbiddenCharacter`], [`Error::UnionSelect`], [`Error::UsernameTooLong`],
    /// [`Error::ExpiryOutOfRange`].
    pub fn new(name: &'a str, expires_at: UnixTime) -> Result<Self, Error> {
        Self::expiry_first(name, Expiry::at(expires_at)?)
    }

    pub(crate) fn expiry_first(name: &'a str, expiry: Expiry) -> Result<Self, Error> {
        let layout = Layout::ExpiryFirst;
        Self { layout, name, separator: Self::DEFAULT_SEPARATOR, expiry }.checked()
    }

    /// Creates `<name>:<expiry>`, a layout that is rarely minted today, but that coturn still
    /// accepts.
    ///
    /// [`ClockSkew::expiry`](crate::ClockSkew::expiry) computes the expiry from a ttl.
    ///
    /// ```
    /// use turn_credentials::{Error, UnixTime, Username};
    ///
    /// let expiry = UnixTime::from_secs(1_700_000_000);
    /// assert_eq!(Username::name_first("alice", expiry)?.to_string(), "alice:1700000000");
    /// assert_eq!(Username::name_first("a:b", expiry), Err(Error::SeparatorInName));
    /// assert_eq!(Username::name_first("007", expiry), Err(Error::DigitsFirst));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and [`Error::DigitsFirst`] and [`Error::SeparatorInName`].
    pub fn name_first(name: &'a str, expires_at: UnixTime) -> Result<Self, Error> {
        Self::name_first_with(Self::DEFAULT_SEPARATOR, name, expires_at)
    }

    /// Creates `<name><separator><expiry>`, for a name that contains `:`.
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
        let expiry = Expiry::at(expires_at)?;
        Self { layout: Layout::NameFirst, name, separator, expiry }.checked()
    }

    /// Creates `<expiry>`, for servers that accept nothing else.
    ///
    /// coturn counts every such username as a separate user, so per-user quotas have no effect.
    ///
    /// ```
    /// use turn_credentials::{Error, UnixTime, Username};
    ///
    /// let expiry = UnixTime::from_secs(1_700_000_000);
    /// let username = Username::expiry_only(expiry)?;
    /// assert_eq!((username.to_string().as_str(), username.name()), ("1700000000", None));
    ///
    /// let hint = None;
    /// let never = Username::expiry_only(UnixTime::from_secs(0));
    /// assert_eq!(never, Err(Error::ExpiryOutOfRange { hint }));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::ExpiryOutOfRange`] for an expiry of 0 or after [`MAX_EXPIRY`](Self::MAX_EXPIRY).
    pub fn expiry_only(expires_at: UnixTime) -> Result<Self, Error> {
        Self::of_expiry(Expiry::at(expires_at)?)
    }

    pub(crate) fn of_expiry(expiry: Expiry) -> Result<Self, Error> {
        let (layout, separator) = (Layout::ExpiryOnly, Self::DEFAULT_SEPARATOR);
        Self { layout, name: "", separator, expiry }.checked()
    }

    /// Checks a name before there is an expiry, such as when an account is created.
    /// [`PseudonymKey::name_or_pseudonym`] makes a valid name from any account id.
    ///
    /// ```
    /// use turn_credentials::{Error, Username};
    ///
    /// assert_eq!(Username::check_name("@alice:lab.test"), Ok(()));
    /// assert_eq!(
    ///     Username::check_name("o'neil"),
    ///     Err(Error::ForbiddenCharacter { character: '\'', index: 1 }),
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new) that are about the name.
    ///
    /// [`PseudonymKey::name_or_pseudonym`]: crate::PseudonymKey::name_or_pseudonym
    pub fn check_name(name: &str) -> Result<(), Error> {
        // The longest expiry: the name must fit whatever the expiry is.
        Username::expiry_first(name, Expiry::MAX).map(drop)
    }

    /// Sets the separator, for a coturn that runs with `--rest-api-separator`.
    ///
    /// ```
    /// use turn_credentials::{Error, UnixTime, Username};
    ///
    /// let expiry = UnixTime::from_secs(1_700_000_000);
    /// let username = Username::new("alice", expiry)?;
    /// assert_eq!(username.with_separator('|')?.to_string(), "1700000000|alice");
    /// assert_eq!(username.with_separator('7'), Err(Error::BadSeparator));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BadSeparator`] for anything but ASCII punctuation, and for `'`, `"` and `\`;
    /// [`Error::SeparatorInName`] if the layout is name-first and the name contains the separator.
    #[doc(alias = "rest-api-separator")]
    pub fn with_separator(self, separator: char) -> Result<Self, Error> {
        Self { separator, ..self }.checked()
    }

    /// Parses a username in any layout. A number before the first `:` is always the expiry.
    ///
    /// This is stricter than coturn, whose `atol` accepts signs, junk and leading zeros: whatever
    /// parses here is within the [limits](Self), and formats back to the same text.
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
    /// [`VerifyError::MalformedUsername`] when the text matches no layout or is outside the limits.
    pub fn parse(text: &'a str) -> Result<Self, VerifyError> {
        Self::parse_with(Self::DEFAULT_SEPARATOR, text)
    }

    /// Like [`parse`](Self::parse), with a separator other than `:`.
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
    /// [`VerifyError::MalformedUsername`], as for [`parse`](Self::parse), and for a separator that
    /// [`with_separator`](Self::with_separator) refuses.
    pub fn parse_with(separator: char, text: &'a str) -> Result<Self, VerifyError> {
        Self::read(separator, text).ok_or(VerifyError::MalformedUsername)
    }

    fn read(separator: char, text: &'a str) -> Option<Self> {
        let (number, rest) = split_number(text);
        let first = rest.bytes().next().map(char::from);
        let (layout, name, expiry) = if first.is_none() {
            (Layout::ExpiryOnly, "", number?)
        } else if let Some(expiry) = number.filter(|_| first == Some(separator)) {
            (Layout::ExpiryFirst, rest.get(1..)?, expiry)
        } else {
            let (name, expiry) = text.split_once(separator)?;
            let (expiry, rest) = split_number(expiry);
            (Layout::NameFirst, name, expiry.filter(|_| rest.is_empty())?)
        };
        Self { layout, name, separator, expiry: Expiry::read(expiry)? }.checked().ok()
    }

    /// Who the login is for; `None` in the expiry-only layout.
    ///
    /// ```
    /// use turn_credentials::{Username, VerifyError};
    ///
    /// assert_eq!(Username::parse("1700000000:alice")?.name(), Some("alice"));
    /// assert_eq!(Username::parse("1700000000")?.name(), None);
    /// # Ok::<(), VerifyError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        (self.layout != Layout::ExpiryOnly).then_some(self.name)
    }

    /// The expiry, on the TURN server's clock.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.expiry.time()
    }

    pub(crate) fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// Copies the username, so that it can outlive a request.
    #[must_use]
    pub fn into_owned(self) -> OwnedUsername {
        let Self { layout, name, separator, expiry } = self;
        OwnedUsername { layout, name: name.to_owned(), separator, expiry }
    }

    /// Where the expiry is.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Fails for a separator that coturn refuses, or that is not ASCII punctuation.
    pub(crate) fn check_separator(separator: char) -> Result<(), Error> {
        if separator.is_ascii_punctuation() && !name::is_forbidden(separator) {
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
        if self.layout != Layout::ExpiryOnly {
            name::check(self.name)?;
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

    /// The length of the wire form, in bytes.
    fn len(&self) -> usize {
        let powers_of_ten = self.expiry.secs().checked_ilog10().unwrap_or_default();
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
        let expiry = digits.format(self.expiry.secs());
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

    /// The wire form, with one allocation.
    pub(crate) fn to_wire(self) -> String {
        let mut text = String::with_capacity(self.name.len().saturating_add(MAX_DIGITS + 1));
        // Writing to a String cannot fail.
        _ = self.write_to(&mut text);
        text
    }
}

/// The wire form.
impl fmt::Display for Username<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// A [`Username`] that owns its name, such as one to keep with a session.
///
/// ```
/// use turn_credentials::{OwnedUsername, Username, VerifyError};
///
/// fn of_request() -> Result<OwnedUsername, VerifyError> {
///     let request = String::from("1700000000:alice");
///     Ok(Username::parse(&request)?.into_owned())
/// }
/// let session = of_request()?;
/// assert_eq!(session.as_username().name(), Some("alice"));
/// assert_eq!(session.as_username().to_string(), "1700000000:alice");
/// # Ok::<(), VerifyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedUsername {
    layout: Layout,
    name: String,
    separator: char,
    expiry: Expiry,
}

impl OwnedUsername {
    /// Borrows the username.
    #[must_use]
    pub fn as_username(&self) -> Username<'_> {
        let &Self { layout, ref name, separator, expiry } = self;
        Username { layout, name, separator, expiry }
    }
}

/// The number of digits of [`Username::MAX_EXPIRY`].
const MAX_DIGITS: usize = 10;

/// Splits a text after the digits at its beginning. They are a number if there are one to ten of
/// them, without a leading zero.
fn split_number(text: &str) -> (Option<u64>, &str) {
    let (mut number, mut len) = (0_u64, 0_usize);
    for digit in text.bytes().map(|byte| byte.wrapping_sub(b'0')).take_while(|&digit| digit < 10) {
        // This may wrap, but only for a number that is refused below because it is too long.
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        len = len.wrapping_add(1);
    }
    let canonical = (1..=MAX_DIGITS).contains(&len) && !text.starts_with('0');
    (canonical.then_some(number), text.get(len..).unwrap_or_default())
}
