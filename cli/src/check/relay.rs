//! Data through a relay: to a second socket, and to another relay.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::Serialize;
use stun_types::AddressFamily;
use stun_types::message::TransactionId;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use turn_credentials::ice::Login;

use super::certificate::Authorities;
use super::session::{Allocation, Leftovers, Session, TurnError};
use super::transport::{self, Connection, Way};

/// What became of the datagrams on one path.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Passage {
    pub(crate) sent: usize,
    /// How many reached the far end.
    pub(crate) arrived: usize,
    /// How many came back from the far end.
    pub(crate) returned: usize,
    #[serde(serialize_with = "as_ms")]
    pub(crate) median_round_trip_ms: Option<Duration>,
    /// Where the far end saw them come from, if that is not the relay's address.
    pub(crate) odd_source: Option<SocketAddr>,
    /// Why the path could not be tried.
    pub(crate) error: Option<String>,
    #[serde(skip)]
    pub(crate) code: Option<u16>,
}

#[expect(clippy::ref_option, reason = "serde's signature")]
pub(crate) fn as_ms<S: serde::Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(|time| (time.as_secs_f64() * 100_000.0).round() / 100.0).serialize(serializer)
}

impl Passage {
    pub(crate) fn works(&self) -> bool {
        self.returned > 0
    }

    fn failed(error: &TurnError) -> Self {
        Self { error: Some(error.to_string()), code: error.code(), ..Self::default() }
    }

    fn skipped(why: &str) -> Self {
        Self { error: Some(why.into()), ..Self::default() }
    }
}

const COUNT: u32 = 10;
const PACE: Duration = Duration::from_millis(20);
/// How long to wait after the last datagram was sent.
const WAIT: Duration = Duration::from_millis(1500);

/// Our second socket, which echoes what it receives to the relay's address.
pub(crate) struct Peer {
    socket: UdpSocket,
    /// Its address, as the server sees it.
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// Opens the socket. Its address comes from Binding or, if there is no NAT, from the socket
    /// itself.
    pub(crate) async fn open(
        session: &Session,
        mapped: SocketAddr,
        relay: SocketAddr,
    ) -> Option<Self> {
        const PATIENCE: Duration = Duration::from_secs(1);

        let connection = session.connection()?;
        let (server, local) = (connection.server, connection.local);
        if relay.is_ipv4() != local.is_ipv4() {
            return None;
        }
        let bind = SocketAddr::new(local.ip(), 0);
        let socket = match UdpSocket::bind(bind).await {
            Ok(socket) => socket,
            Err(_) => UdpSocket::bind(transport::any(relay)).await.ok()?,
        };
        if mapped.ip() == local.ip() {
            let address = SocketAddr::new(local.ip(), socket.local_addr().ok()?.port());
            return Some(Self { socket, address });
        }
        for port in [server.port(), 3478] {
            let asked = SocketAddr::new(server.ip(), port);
            if let Some(address) = mapped_address(&socket, asked, PATIENCE).await {
                return Some(Self { socket, address });
            }
        }
        None
    }
}

/// Asks for the mapped address of an unconnected socket, with Binding.
async fn mapped_address(
    socket: &UdpSocket,
    server: SocketAddr,
    patience: Duration,
) -> Option<SocketAddr> {
    use stun_types::attribute::XorMappedAddress;
    use stun_types::message::{BINDING, Message, MessageWrite as _, MessageWriteVec};

    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let end = Instant::now() + patience;
    let mut bytes = [0; 2048];
    while Instant::now() < end {
        socket.send_to(&request, server).await.ok()?;
        let until = end.min(Instant::now() + Duration::from_millis(300));
        while let Ok(received) = timeout_at(until, socket.recv_from(&mut bytes)).await {
            let Ok((length, _)) = received else { continue };
            let Some(answer) = bytes.get(..length).and_then(|all| Message::from_bytes(all).ok())
            else {
                continue;
            };
            if let Ok(mapped) = answer.attribute::<XorMappedAddress>() {
                return Some(mapped.addr(answer.transaction_id()));
            }
        }
    }
    None
}

/// How a session sends to its peer.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Path {
    Permission,
    Channel,
}

/// Session → relay → our socket, and back.
pub(crate) async fn to_peer(
    session: &mut Session,
    relay: SocketAddr,
    peer: &Peer,
    path: Path,
) -> Passage {
    match try_to_peer(session, relay, peer, path).await {
        Ok(passage) => passage,
        Err(error) => Passage::failed(&error),
    }
}

async fn try_to_peer(
    session: &mut Session,
    relay: SocketAddr,
    peer: &Peer,
    path: Path,
) -> Result<Passage, TurnError> {
    let channel = match path {
        Path::Permission => {
            session.create_permission(peer.address).await?;
            None
        }
        Path::Channel => Some(session.bind_channel(peer.address).await?),
    };
    // Makes a NAT in front of this machine let the relay's datagrams in.
    _ = peer.socket.send_to(b"", relay).await;
    let mut passage = Passage::default();
    let mut probes = Probes::new();
    let mut bytes = [0; 2048];
    let (mut index, mut next) = (0, Instant::now());
    let mut end = next + PACE * COUNT + WAIT;
    while Instant::now() < end && probes.round_trips.len() < COUNT as usize {
        tokio::select! {
            () = sleep_until(next), if index < COUNT => {
                let data = probes.probe(index);
                match channel {
                    None => session.send(peer.address, &data).await?,
                    Some(channel) => session.send_on(channel, &data).await?,
                }
                index += 1;
                next += PACE;
                end = Instant::now() + WAIT;
            }
            received = peer.socket.recv_from(&mut bytes) => {
                let Ok((length, source)) = received else { continue };
                let data = bytes.get(..length).unwrap_or_default();
                if probes.arrived(data) {
                    passage.arrived += 1;
                    if source != relay {
                        passage.odd_source = Some(source);
                    }
                    _ = peer.socket.send_to(data, relay).await;
                }
            }
            received = session.receive() => probes.came_back(&received?.data),
            () = sleep_until(end), if index == COUNT => break,
        }
    }
    probes.finish(index, &mut passage);
    Ok(passage)
}

/// Session → relay → relay of a second session, and back.
pub(crate) async fn to_relay(
    session: &mut Session,
    first: &Allocation,
    login: &Login,
    host: &str,
    authorities: &Authorities,
    leftovers: &Leftovers,
    patience: Duration,
) -> Passage {
    let Some(connection) = session.connection() else { return Passage::skipped("no connection") };
    let (way, server): (Way, _) = (connection.way, connection.server);
    let connection = match Connection::open(way, server, host, authorities, patience).await {
        Ok(connection) => connection,
        Err(error) => return Passage::failed(&error.into()),
    };
    let mut second = Session::new(connection, patience, leftovers.clone());
    let passage = between(session, first.relay, &mut second, login).await;
    second.release().await;
    passage.unwrap_or_else(|error| Passage::failed(&error))
}

async fn between(
    session: &mut Session,
    first: SocketAddr,
    second: &mut Session,
    login: &Login,
) -> Result<Passage, TurnError> {
    let far = super::allocate_again(second, login, family(first.ip())).await?.relay;
    session.create_permission(far).await?;
    second.create_permission(first).await?;
    let mut passage = Passage::default();
    let mut probes = Probes::new();
    let (mut index, mut next) = (0, Instant::now());
    let mut end = next + PACE * COUNT + WAIT;
    while Instant::now() < end && probes.round_trips.len() < COUNT as usize {
        tokio::select! {
            () = sleep_until(next), if index < COUNT => {
                session.send(far, &probes.probe(index)).await?;
                index += 1;
                next += PACE;
                end = Instant::now() + WAIT;
            }
            received = second.receive() => {
                let received = received?;
                if probes.arrived(&received.data) {
                    passage.arrived += 1;
                    passage.odd_source = received.peer.filter(|peer| *peer != first);
                    second.send(first, &received.data).await?;
                }
            }
            received = session.receive() => probes.came_back(&received?.data),
            () = sleep_until(end), if index == COUNT => break,
        }
    }
    probes.finish(index, &mut passage);
    // Lets late datagrams arrive before the relays are released.
    sleep(PACE).await;
    Ok(passage)
}

pub(crate) fn family(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv4() { AddressFamily::IPV4 } else { AddressFamily::IPV6 }
}

/// Numbered datagrams with a random tag.
struct Probes {
    tag: [u8; 16],
    sent: BTreeMap<u32, Instant>,
    arrived: BTreeSet<u32>,
    round_trips: BTreeMap<u32, Duration>,
}

impl Probes {
    fn new() -> Self {
        let tag = u128::from(TransactionId::generate()).to_be_bytes();
        Self { tag, sent: BTreeMap::new(), arrived: BTreeSet::new(), round_trips: BTreeMap::new() }
    }

    fn probe(&mut self, index: u32) -> Vec<u8> {
        self.sent.insert(index, Instant::now());
        [self.tag.as_slice(), &index.to_be_bytes()].concat()
    }

    fn index(&self, data: &[u8]) -> Option<u32> {
        let index = data.strip_prefix(&self.tag)?.try_into().ok().map(u32::from_be_bytes)?;
        self.sent.contains_key(&index).then_some(index)
    }

    /// Whether the data is one of our datagrams, for the first time.
    fn arrived(&mut self, data: &[u8]) -> bool {
        self.index(data).is_some_and(|index| self.arrived.insert(index))
    }

    fn came_back(&mut self, data: &[u8]) {
        let Some(index) = self.index(data) else { return };
        if let Some(sent) = self.sent.get(&index) {
            self.round_trips.entry(index).or_insert_with(|| sent.elapsed());
        }
    }

    fn finish(self, sent: u32, passage: &mut Passage) {
        let mut times: Vec<_> = self.round_trips.into_values().collect();
        times.sort_unstable();
        passage.sent = sent as usize;
        passage.returned = times.len();
        passage.median_round_trip_ms = times.get(times.len() / 2).copied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hostile server may send what begins like our datagrams, as often as it likes.
    #[test]
    fn only_our_datagrams_arrive_and_each_once() {
        let mut probes = Probes::new();
        let probe = probes.probe(0);
        let unsent = [&probe[..16], &1_u32.to_be_bytes()].concat();
        for strange in [&probe[..16], &probe[..19], &[&probe[..], &[0]].concat(), &unsent] {
            assert!(!probes.arrived(strange), "{strange:?}");
        }
        assert!(probes.arrived(&probe));
        assert!(!probes.arrived(&probe));
    }
}
