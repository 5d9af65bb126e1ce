//! The `Link` header of WHIP endpoints (RFC 9725 section 4.6) and WHEP endpoints.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::login::Login;
use super::server::IceServer;
use super::uri::IceUri;
use crate::error::IceError;

/// The values of `Link` headers for these servers, one per URI.
///
/// The values contain the credential: the caller must wipe them.
///
/// `"` and `\` are escaped as defined in RFC 9110. The npm package whip-whep 1.2.0 does not
/// unescape them, and drops `'`: a login with one of the three fails there. This crate mints none;
/// a provider might.
///
/// # Errors
///
/// [`IceError::NotInHeader`] for a username or credential with a character that is not ASCII (a web
/// page reads the bytes of a header as Latin-1), or with `;` (where whip-whep cuts a quoted value):
/// the client would send a different login, which the TURN server answers with 401.
///
/// ```
/// use turn_credentials::ice::{Login, link_header};
/// use turn_credentials::{IceError, IceLease, IceServer};
///
/// let uri = ["turn:a.example?transport=udp".parse()?];
/// let lease = IceLease::new([IceServer::new(uri, Login::new("1700000000:alice", "a\"b")?)?]);
/// assert_eq!(
///     link_header::values(lease.servers())?,
///     ["<turn:a.example?transport=udp>; rel=\"ice-server\"; username=\"1700000000:alice\"; \
///       credential=\"a\\\"b\"; credential-type=\"password\""]
/// );
///
/// let uri = ["turn:a.example".parse()?];
/// let server = IceServer::new(uri, Login::new("1700000000:жанна", "c")?)?;
/// assert_eq!(link_header::values(&[server]), Err(IceError::NotInHeader));
///
/// // A login cannot contain a line end, so a value cannot end its header.
/// let login = Login::new("alice", "a\r\nSet-Cookie: b");
/// assert_eq!(login.unwrap_err(), IceError::ControlCharacter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn values(servers: &[IceServer]) -> Result<Vec<String>, IceError> {
    // Checked first: values that are dropped on an error would leave credentials in freed memory.
    let written = servers.iter().filter(|server| server.has_turn());
    if !written.filter_map(IceServer::login).all(survives) {
        return Err(IceError::NotInHeader);
    }
    let of_server = |server: &IceServer| {
        server.urls().iter().map(|uri| value(uri, server.login())).collect::<Vec<_>>()
    };
    Ok(servers.iter().flat_map(of_server).collect())
}

fn survives(login: &Login) -> bool {
    let texts = [login.username(), login.credential().as_str()];
    texts.iter().all(|text| text.bytes().all(|byte| byte.is_ascii() && byte != b';'))
}

fn value(uri: &IceUri, login: Option<&Login>) -> String {
    let is_turn = uri.is_turn();
    let uri = format!("<{uri}>; rel=\"ice-server\"");
    let Some(login) = login.filter(|_| is_turn) else { return uri };
    let (username, credential) = (login.username(), login.credential().as_str());
    // Quoting at most doubles the length. Text that grew would leave the credential in freed
    // memory.
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

/// An upper bound on the length of the parameters without the username and the credential.
const PARAMETERS_LEN: usize = 80;

/// Appends the text as a quoted-string (RFC 9110 section 5.6.4).
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
