//! XMPP's External Service Discovery (XEP-0215): servers as `<service/>` elements.

use core::fmt::{self, Write as _};

use alloc::string::String;

use super::login::Login;
use super::server::IceServer;
use super::uri::IceUri;
use crate::error::IceError;
use crate::time::UnixTime;
use crate::wiped::Wiped;

/// Writes the `<service/>` elements of these servers, one per line, for a `<services/>` element in
/// the namespace `urn:xmpp:extdisco:2`.
///
/// TURN entries have the login, `restricted` and, if the login's `valid_until` is known, `expires`:
/// that time in UTC (XEP-0082). STUN entries have none of these. The text contains the credential:
/// the caller must wipe it.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::{TurnServer, xep_0215};
/// use turn_credentials::{IceError, IceLease, SharedSecret, UnixTime};
///
/// let uris = ["stun:a.example".parse()?, "turns:a.example:443?transport=tcp".parse()?];
/// let hour = Duration::from_secs(3600);
/// let server = TurnServer::new(uris, SharedSecret::new("north")?, hour)?;
/// let now = UnixTime::from_secs(1_266_887_200);
/// let lease = IceLease::generate_at("mbzrxpgjys", &[server.clone()], now)?;
/// assert_eq!(
///     xep_0215::services(lease.servers())?,
///     "<service type='stun' host='a.example' port='3478' transport='udp'/>\n\
///      <service type='turns' host='a.example' port='443' transport='tcp' \
///      username='1266890800:mbzrxpgjys' password='nbRcrnq5h6xXhyNhlwk+lDLvVVo=' \
///      restricted='true' expires='2010-02-23T02:06:40Z'/>\n"
/// );
///
/// let lease = IceLease::generate_at("\u{ffff}", &[server], now)?;
/// assert_eq!(xep_0215::services(lease.servers()), Err(IceError::NotXml));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`IceError::NotXml`] for a login with U+FFFE or U+FFFF in it, the only characters that a login
/// may contain and XML 1.0 (section 2.2) excludes.
pub fn services(servers: &[IceServer]) -> Result<String, IceError> {
    let turn = servers.iter().filter(|server| server.has_turn());
    if turn.filter_map(IceServer::login).any(is_not_xml) {
        return Err(IceError::NotXml);
    }
    let mut text = String::with_capacity(servers.iter().map(longest).sum());
    for server in servers {
        let access = server.login().map(access);
        for uri in server.urls() {
            let access = access.as_ref().filter(|_| uri.is_turn()).map_or("", Wiped::as_str);
            // Writing to a String cannot fail.
            _ = write_service(&mut text, uri, access);
        }
    }
    Ok(text)
}

fn is_not_xml(login: &Login) -> bool {
    let texts = [login.username(), login.credential().as_str()];
    texts.iter().any(|text| !text.is_ascii() && text.contains(['\u{fffe}', '\u{ffff}']))
}

/// The maximum length of an escaped character: `&apos;`.
const ESCAPED: usize = 6;
/// An upper bound on the length of what is not escaped: at most 100 bytes in a login's attributes,
/// and at most 80 in the rest of an element.
const REST: usize = 100;

/// An upper bound on the length of a server's elements: a string that grew would leave the
/// credential in freed memory.
fn longest(server: &IceServer) -> usize {
    let access = server.login().map_or(0, longest_access);
    let element = |uri: &IceUri| {
        let host = uri.host().len().saturating_mul(ESCAPED);
        host.saturating_add(REST).saturating_add(access)
    };
    server.urls().iter().map(element).fold(0, usize::saturating_add)
}

fn longest_access(login: &Login) -> usize {
    let texts = login.username().len().saturating_add(login.credential().as_str().len());
    texts.saturating_mul(ESCAPED).saturating_add(REST)
}

/// Writes the attributes of a login, which all URIs of a server share.
fn access(login: &Login) -> Wiped {
    Wiped::written(
        longest_access(login),
        format_args!(
            " username='{}' password='{}' restricted='true'{}",
            Escaped(login.username()),
            Escaped(login.credential().as_str()),
            Expires(login.valid_until()),
        ),
    )
}

fn write_service(text: &mut String, uri: &IceUri, access: &str) -> fmt::Result {
    writeln!(
        text,
        "<service type='{}' host='{}' port='{}' transport='{}'{access}/>",
        uri.scheme().as_str(),
        Escaped(uri.host()),
        uri.port_or_default(),
        uri.transport_or_default().as_str(),
    )
}

/// Text, escaped for the value of an attribute in single or double quotes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(index) = rest.bytes().position(is_special) {
            let (plain, special) = rest.split_at_checked(index).unwrap_or_default();
            let mut characters = special.chars();
            f.write_str(plain)?;
            f.write_str(match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('\'') => "&apos;",
                _ => "&quot;",
            })?;
            rest = characters.as_str();
        }
        f.write_str(rest)
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'\'' | b'"')
}

/// ` expires='2010-02-23T02:06:40Z'`, if the expiry is known. A year has four digits in XEP-0082,
/// so a time after 9999 is written as the last second of 9999.
struct Expires(Option<UnixTime>);

impl fmt::Display for Expires {
    #[expect(clippy::arithmetic_side_effects, reason = "the year 9999 bounds every number")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LAST_OF_9999: u64 = 253_402_300_799;
        /// The days from 0000-03-01, when the calendar's first 400 years begin, to 1970-01-01.
        const DAYS_BEFORE_1970: u64 = 719_468;
        const DAYS_OF_400_YEARS: u64 = 146_097;

        let Some(end) = self.0 else { return Ok(()) };
        let secs = end.as_secs().min(LAST_OF_9999);
        // The year begins in March here, so a leap day is its last day. Counted from 0, day 1460 is
        // the last of 4 years, day 36524 is the first after 100 years, and day 146096 is the last
        // of 400 years. 153 days are five months from March.
        let days = secs / 86_400 + DAYS_BEFORE_1970;
        let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = 400 * era + year + next_year;
        let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
        write!(f, " expires='{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z'")
    }
}
