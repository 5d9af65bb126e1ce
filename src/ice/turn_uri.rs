//! TURN URIs with the login inside, as GStreamer and libdatachannel (over libjuice or libnice) read
//! them.

use core::fmt::{self, Write as _};

use alloc::string::String;
use alloc::vec::Vec;

use super::login::Login;
use super::scheme::{Scheme, Transport};
use super::server::IceServer;
use super::uri::IceUri;
use crate::percent::Encoded;

/// Writes `turn://user:password@host:port?transport=udp` for each TURN URI of these servers, with
/// the username and the password percent-encoded.
///
/// GStreamer's `webrtcbin` accepts one such URI in its property `turn-server`, and several through
/// its action `add-turn-server`. libdatachannel has accepted one as an `IceServer` since 0.17.2,
/// but not with an IPv6 address. STUN URIs are left out because they have no login, and TURN over
/// DTLS because neither client supports it. Browsers refuse this form, which RFC 7065 does not
/// define.
///
/// GStreamer 1.22 accepts `turns:`, but in our test it sent STUN over TCP without TLS, which a
/// server that speaks only TLS on that port does not answer.
///
/// The values contain the credential: the caller must wipe them.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::ice::{TurnServer, turn_uri};
/// use turn_credentials::{IceLease, IceUri, SharedSecret, UnixTime};
///
/// let (hour, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_266_887_200));
/// let uris = IceUri::fan_out(["a.example"])?;
/// let server = TurnServer::new(uris, SharedSecret::new("north")?, hour)?;
/// let lease = IceLease::generate_at("mbzrxpgjys", &[server], now)?;
/// let login = "1266890800%3Ambzrxpgjys:nbRcrnq5h6xXhyNhlwk%2BlDLvVVo%3D";
/// assert_eq!(
///     turn_uri::values(lease.servers()),
///     [
///         format!("turn://{login}@a.example:3478?transport=udp"),
///         format!("turn://{login}@a.example:3478?transport=tcp"),
///         format!("turns://{login}@a.example:443"),
///     ]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn values(servers: &[IceServer]) -> Vec<String> {
    let of_server = |server: &IceServer| {
        let login = server.login()?;
        Some(server.urls().iter().filter_map(|uri| value(uri, login)).collect::<Vec<_>>())
    };
    servers.iter().filter_map(of_server).flatten().collect()
}

fn value(uri: &IceUri, login: &Login) -> Option<String> {
    let query = match (uri.scheme(), uri.transport_or_default()) {
        (Scheme::Turn, Transport::Udp) => "?transport=udp",
        (Scheme::Turn, Transport::Tcp) => "?transport=tcp",
        // libdatachannel reads `turns:` with `?transport=tcp` as TCP without TLS.
        (Scheme::Turns, Transport::Tcp) => "",
        (Scheme::Turns, Transport::Udp) | (Scheme::Stun | Scheme::Stuns, _) => return None,
    };
    let [username, password] = [login.username(), login.credential().as_str()].map(Encoded);
    // A string that grew would leave the credential in freed memory.
    let login = username.max_len().saturating_add(password.max_len());
    let capacity = login.saturating_add(uri.host().len()).saturating_add(REST_LEN);
    let mut value = String::with_capacity(capacity);
    // Writing to a String cannot fail.
    _ = write(&mut value, uri, &username, &password, query);
    Some(value)
}

/// An upper bound on the length of the scheme, the port, the query and the delimiters.
const REST_LEN: usize = 40;

fn write(
    value: &mut String,
    uri: &IceUri,
    username: &Encoded<'_>,
    password: &Encoded<'_>,
    query: &str,
) -> fmt::Result {
    write!(value, "{}://{username}:{password}@", uri.scheme().as_str())?;
    uri.write_host(value)?;
    write!(value, ":{}{query}", uri.port_or_default())
}
