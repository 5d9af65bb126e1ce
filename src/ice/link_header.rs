//! The `Link` header of WHIP and WHEP endpoints (RFC 9725 section 4.6).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::login::Login;
use super::server::IceServer;
use super::uri::IceUri;

/// The values of `Link` headers for these servers, one per URI.
///
/// They contain the credential, and the caller must wipe them. Text that is not ASCII stays UTF-8: if
/// your header type accepts bytes, give it the value's bytes.
///
/// ```
/// use turn_credentials::ice::{Login, link_header};
/// use turn_credentials::{IceError, IceLease, IceServer};
///
/// let uri = ["turn:a.example?transport=udp".parse()?];
/// let lease = IceLease::new([IceServer::new(uri, Login::new("1700000000:alice", "a\"b")?)?]);
/// assert_eq!(
///     link_header::values(lease.servers()),
///     ["<turn:a.example?transport=udp>; rel=\"ice-server\"; username=\"1700000000:alice\"; \
///       credential=\"a\\\"b\"; credential-type=\"password\""]
/// );
///
/// // A login cannot contain a line end, so a value cannot end its header.
/// let login = Login::new("alice", "a\r\nSet-Cookie: b");
/// assert_eq!(login.unwrap_err(), IceError::ControlCharacter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn values(servers: &[IceServer]) -> Vec<String> {
    let of_server = |server: &IceServer| {
        server.urls().iter().map(|uri| value(uri, server.login())).collect::<Vec<_>>()
    };
    servers.iter().flat_map(of_server).collect()
}

fn value(uri: &IceUri, login: Option<&Login>) -> String {
    let is_turn = uri.is_turn();
    let uri = format!("<{uri}>; rel=\"ice-server\"");
    let Some(login) = login.filter(|_| is_turn) else { return uri };
    let (username, credential) = (login.username(), login.credential().as_str());
    // Quoted, it is at most twice as long; a text that grew would leave the credential in freed memory.
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
