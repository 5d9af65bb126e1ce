//! XMPP's External Service Discovery (XEP-0215): servers as `<service/>` elements.

use core::fmt::{self, Write as _};
use core::ops::RangeFrom;

use alloc::string::String;

use super::IceUri;
use crate::error::ExpiryHint;
use crate::{Error, TurnCredentials, UnixTime};

/// The `<service/>` elements of these servers, one a line, for a `<services/>` of the namespace
/// `urn:xmpp:extdisco:2`.
///
/// The text holds the password, and is the caller's to wipe. TURN servers are given the login, `restricted` and when it expires, by our own clock at `now`, in
/// UTC as XEP-0082 has it; STUN servers need none of it.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::xep_0215;
/// use turn_credentials::{ClockSkew, Error, SharedSecret, TurnCredentials, UnixTime};
///
/// let secret = SharedSecret::new("north")?;
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_266_887_200));
/// let login = TurnCredentials::generate_at("mbzrxpgjys", &secret, hour, ClockSkew::NONE, now)?;
/// let uris = ["stun:a.example".parse()?, "turns:a.example:443?transport=tcp".parse()?];
/// assert_eq!(
///     xep_0215::services(&login, &uris, now)?,
///     "<service type='stun' host='a.example' port='3478' transport='udp'/>\n\
///      <service type='turns' host='a.example' port='443' transport='tcp' \
///      username='1266890800:mbzrxpgjys' password='nbRcrnq5h6xXhyNhlwk+lDLvVVo=' \
///      restricted='true' expires='2010-02-23T02:06:40Z'/>\n"
/// );
///
/// let login =
///     TurnCredentials::generate_at("\u{ffff}", &secret, hour, ClockSkew::NONE, now)?;
/// assert_eq!(xep_0215::services(&login, &uris, now), Err(Error::NotXml));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::NotXml`] for a username with U+FFFE or U+FFFF in it, the only characters of a name that
/// XML 1.0 (section 2.2) leaves out; [`Error::ExpiryOutOfRange`] for an expiry after 2106.
pub fn services(login: &TurnCredentials, uris: &[IceUri], now: UnixTime) -> Result<String, Error> {
    if login.username().contains(['\u{fffe}', '\u{ffff}']) {
        return Err(Error::NotXml);
    }
    let expiry = now.as_secs().saturating_add(login.ttl().as_secs());
    let expiry = u32::try_from(expiry).map_err(|_| Error::ExpiryOutOfRange {
        hint: ExpiryHint::find(login.ttl().as_secs(), now.as_secs()),
    })?;
    // Escaped six times as long at most; a text that grew would leave the password in freed memory.
    let each = |uri: &IceUri| uri.host().len().saturating_add(login.username().len());
    let most = |uri| each(uri).saturating_mul(6).saturating_add(WITHOUT_HOST_AND_USERNAME);
    let mut text = String::with_capacity(uris.iter().map(most).sum());
    for uri in uris {
        // A String takes whatever is written to it.
        _ = write_service(&mut text, uri, login, DateTime(expiry));
    }
    Ok(text)
}

/// More than the rest of an element has: 180 characters and a password.
const WITHOUT_HOST_AND_USERNAME: usize = 256;

fn write_service(
    text: &mut String,
    uri: &IceUri,
    login: &TurnCredentials,
    expires: DateTime,
) -> fmt::Result {
    let transport = uri.transport_or_default();
    write!(
        text,
        "<service type='{}' host='{}' port='{}' transport='{}'",
        uri.scheme().as_str(),
        Escaped(uri.host()),
        uri.port_or_default(),
        transport.as_str(),
    )?;
    if uri.scheme().is_turn() {
        write!(
            text,
            " username='{}' password='{}' restricted='true' expires='{}'",
            Escaped(login.username()),
            Escaped(login.password().as_str()),
            expires,
        )?;
    }
    text.write_str("/>\n")
}

/// Text in an attribute's value, between single or double quotes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '\'' => f.write_str("&apos;"),
            '"' => f.write_str("&quot;"),
            other => f.write_char(other),
        })
    }
}

/// Unix seconds, of 32 bits, as `2010-02-23T02:06:40Z`.
#[derive(Clone, Copy)]
struct DateTime(u32);

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, secs) = (self.0 / 86_400, self.0 % 86_400);
        let (year, day_of_year) =
            take_while_longer(days, 1970.., |year| if is_leap(year) { 366 } else { 365 });
        let (month, day) = take_while_longer(day_of_year, 1.., |month| days_of(month, year));
        let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
        let day = day.saturating_add(1);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{secs:02}Z")
    }
}

/// The first period that the days do not fill, and the days left for it.
fn take_while_longer(
    mut days: u32,
    mut periods: RangeFrom<u32>,
    length: impl Fn(u32) -> u32,
) -> (u32, u32) {
    while let Some(left) = days.checked_sub(length(periods.start)) {
        days = left;
        periods.next();
    }
    (periods.start, days)
}

fn is_leap(year: u32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(month: u32, year: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
