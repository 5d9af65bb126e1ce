//! The `Link` header of WHIP and WHEP endpoints (RFC 9725 section 4.6), one link a URI.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use thiserror::Error;

use super::{IceServer, IceUri, UriError};
use crate::{Credential, Error};

/// The relation of a link to an ICE server.
const REL: &str = "ice-server";

/// The values of `Link` headers for this server, one for each of its URIs.
///
/// They hold the credential, and are the caller's to wipe. Text that is not ASCII stays UTF-8: where
/// the header type takes bytes, give it the value's bytes.
///
/// ```
/// use turn_credentials::ice::link_header;
/// use turn_credentials::{Credential, Error, IceServer};
///
/// let uri = ["turn:a.example?transport=udp".parse()?];
/// let server = IceServer::new(uri.clone(), "1700000000:alice", Credential::new("a\"b"))?;
/// let values = link_header::values(&server);
/// assert_eq!(
///     values,
///     ["<turn:a.example?transport=udp>; rel=\"ice-server\"; username=\"1700000000:alice\"; \
///       credential=\"a\\\"b\"; credential-type=\"password\""]
/// );
/// let read = link_header::read(&values[0])?;
/// assert_eq!(read[0].credential().map(Credential::as_str), Some("a\"b"));
///
/// // No server has a line end in its login, so no value ends a header.
/// let server = IceServer::new(uri, "alice", Credential::new("a\r\nSet-Cookie: b"));
/// assert_eq!(server.unwrap_err(), Error::ControlCharacter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn values(server: &IceServer) -> Vec<String> {
    let login = server.username().zip(server.credential());
    server.urls().iter().map(|uri| value(uri, login)).collect()
}

fn value(uri: &IceUri, login: Option<(&str, &Credential)>) -> String {
    let uri = format!("<{uri}>; rel=\"{REL}\"");
    let Some((username, credential)) = login else { return uri };
    let credential = credential.as_str();
    // Quoted twice as long at most; a text that grew would leave the credential in freed memory.
    let login = username.len().saturating_add(credential.len()).saturating_mul(2);
    let capacity = uri.len().saturating_add(login).saturating_add(PARAMETERS_LEN);
    let mut value = String::with_capacity(capacity);
    value.push_str(&uri);
    value.push_str("; username=");
    push_quoted(&mut value, username);
    value.push_str("; credential=");
    push_quoted(&mut value, credential);
    value.push_str("; credential-type=\"password\"");
    value
}

/// More than the names of the parameters and their quotes.
const PARAMETERS_LEN: usize = 80;

/// A quoted-string of RFC 9110 section 5.6.4.
fn push_quoted(value: &mut String, text: &str) {
    value.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push('"');
}

/// The ICE servers of a `Link` header: one for each link with the relation `ice-server`.
///
/// Several links may stand in one header, with commas between them; links of other relations are
/// passed over, whatever they lead to.
///
/// ```
/// use turn_credentials::ice::link_header::{self, LinkError};
///
/// let servers = link_header::read(
///     "<https://a.example/a,b>; rel=next; title=\"a, b\", <stun:a.example>; rel=ice-server",
/// )?;
/// assert_eq!(servers.len(), 1);
/// assert_eq!(servers[0].urls()[0].host(), "a.example");
///
/// assert!(matches!(link_header::read("stun:a.example"), Err(LinkError::Malformed)));
/// # Ok::<(), LinkError>(())
/// ```
///
/// # Errors
///
/// [`LinkError::Malformed`] for what is no list of links (RFC 8288 section 3); the other two for an
/// ICE server that no browser takes.
pub fn read(header: &str) -> Result<Vec<IceServer>, LinkError> {
    let mut servers = vec![];
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let target = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (uri, parameters) = target.ok_or(LinkError::Malformed)?;
        let (link, behind) = Link::read(uri, parameters)?;
        if !behind.is_empty() && !behind.starts_with(',') {
            return Err(LinkError::Malformed);
        }
        servers.extend(link.into_server()?);
        rest = behind.trim_start_matches([' ', '\t', ',']);
    }
    Ok(servers)
}

/// A link, with those of its parameters that matter here.
struct Link<'a> {
    uri: &'a str,
    rel: Option<Cow<'a, str>>,
    username: Option<Cow<'a, str>>,
    credential: Option<Credential>,
    credential_type: Option<Cow<'a, str>>,
}

impl<'a> Link<'a> {
    /// Reads the parameters; what follows them is left.
    fn read(uri: &'a str, parameters: &'a str) -> Result<(Self, &'a str), LinkError> {
        let mut link =
            Self { uri, rel: None, username: None, credential: None, credential_type: None };
        let mut rest = skip_blanks(parameters);
        while let Some(parameter) = rest.strip_prefix(';') {
            let (name, behind) = split_token(skip_blanks(parameter));
            let (value, behind) = match skip_blanks(behind).strip_prefix('=') {
                Some(value) => split_value(skip_blanks(value))?,
                None => (Cow::Borrowed(""), behind),
            };
            // RFC 8288 section 3.3: all but the first rel are ignored.
            if name.eq_ignore_ascii_case("rel") {
                link.rel.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("username") {
                link.username.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("credential") {
                let credential = Credential::new(value);
                link.credential.get_or_insert(credential);
            } else if name.eq_ignore_ascii_case("credential-type") {
                link.credential_type.get_or_insert(value);
            }
            rest = skip_blanks(behind);
        }
        Ok((link, rest))
    }

    /// The server, unless the link leads elsewhere, or wants another kind of login.
    fn into_server(self) -> Result<Option<IceServer>, LinkError> {
        let relations = self.rel.unwrap_or_default();
        if !relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case(REL)) {
            return Ok(None);
        }
        // W3C WebRTC once had "oauth" beside it; no browser sends that any more.
        if self.credential_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("password")) {
            return Ok(None);
        }
        let username = self.username.map(Cow::into_owned);
        Ok(Some(IceServer::read([self.uri.parse()?].into(), username, self.credential)?))
    }
}

fn skip_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn split_token(text: &str) -> (&str, &str) {
    let end = text.find([' ', '\t', ',', ';', '=', '"', '<', '>']).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A token, or what a quoted-string stands for.
fn split_value(text: &str) -> Result<(Cow<'_, str>, &str), LinkError> {
    let Some(quoted) = text.strip_prefix('"') else {
        // A token of base64 may have = in it, where somebody left out the quotes.
        let end = text.find([' ', '\t', ',', ';', '"', '<', '>']).unwrap_or(text.len());
        let (token, behind) = text.split_at_checked(end).unwrap_or((text, ""));
        return Ok((Cow::Borrowed(token), behind));
    };
    let mut value = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('"') => return Ok((Cow::Owned(value), characters.as_str())),
            Some('\\') => value.push(characters.next().ok_or(LinkError::Malformed)?),
            Some(character) => value.push(character),
            None => return Err(LinkError::Malformed),
        }
    }
}

/// Why a `Link` header gives no ICE servers.
///
/// None shows a part of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The header is no list of links.
    #[error("the header is not a list of links: each is <uri> and parameters behind semicolons")]
    Malformed,

    /// The link of an ICE server has no STUN or TURN URI.
    #[error("in the link of an ICE server {0}")]
    Uri(#[from] UriError),

    /// The link of an ICE server has no complete login.
    #[error("in the link of an ICE server {0}")]
    Server(#[from] Error),
}
