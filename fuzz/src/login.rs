//! Servers of an input, to be written: username, credential, end, and URIs.

use turn_credentials::ice::Login;
use turn_credentials::{IceServer, IceUri, UnixTime};

use crate::{SEPARATOR, number, parts, text};

pub struct Input {
    pub servers: Vec<IceServer>,
    pub uris: Vec<IceUri>,
    pub username: String,
    pub credential: String,
    pub end: Option<u64>,
}

impl Input {
    /// One server of all URIs with the login, and one of those that need none without it.
    #[must_use]
    pub fn read(data: &[u8]) -> Option<Self> {
        let [username, credential, end, uris] = parts(data);
        let (username, credential) = (text(username), text(credential));
        let end = (!end.is_empty()).then(|| number(end));
        let mut login = Login::new(username, credential).ok()?;
        if let Some(end) = end {
            login = login.with_valid_until(UnixTime::from_secs(end));
        }
        let uris = uris.split(|&byte| byte == SEPARATOR).filter_map(|uri| text(uri).parse().ok());
        let uris: Vec<IceUri> = uris.collect();
        let stun: Vec<_> = uris.iter().filter(|uri| !uri.scheme().is_turn()).cloned().collect();
        let mut servers = vec![IceServer::new(uris.clone(), login).ok()?];
        servers.extend(IceServer::without_login(stun.clone()));
        let uris = [uris, stun].concat();
        let (username, credential) = (username.into(), credential.into());
        Some(Self { servers, uris, username, credential, end })
    }
}
