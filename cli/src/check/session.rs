//! TURN requests on one 5-tuple (RFC 8656), and the release of its allocation.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stun_types::AddressFamily;
use stun_types::attribute::{
    AttributeWrite, ErrorCode, Nonce, Realm, Software, Username, XorMappedAddress,
};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass,
    MessageIntegrityCredentials, MessageWrite as _, MessageWriteExt as _, MessageWriteVec, Method,
    StunWriteError, TransactionId,
};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use turn_credentials::ice::Login;
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress,
    XorRelayedAddress,
};
use turn_types::channel::ChannelData;
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND};

use super::transport::Connection;

/// Why a request failed.
#[derive(Debug, Error)]
pub(crate) enum TurnError {
    #[error("{code} {reason}")]
    Refused { code: u16, reason: String },
    #[error("no answer")]
    NoAnswer,
    #[error("a challenge without realm or nonce")]
    NoChallenge,
    #[error("an answer that is not STUN as defined in RFC 8489")]
    Unreadable,
    #[error("a request that STUN cannot carry")]
    Unwritable,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl TurnError {
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<StunWriteError> for TurnError {
    fn from(_: StunWriteError) -> Self {
        Self::Unwritable
    }
}

pub(crate) struct Binding {
    /// Our address, as the server sees it.
    pub(crate) mapped: SocketAddr,
    pub(crate) round_trip: Duration,
}

pub(crate) struct Allocation {
    pub(crate) relay: SocketAddr,
    pub(crate) lifetime: Duration,
    /// Our address, as the server sees it.
    pub(crate) mapped: Option<SocketAddr>,
    /// The server asked for no login.
    pub(crate) anonymous: bool,
}

/// Whether the login is right: with these codes, the server refuses only the family, the transport,
/// the quota or the port.
pub(crate) fn is_accepted(answer: &Result<Allocation, TurnError>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => matches!(error.code(), Some(440 | 442 | 486 | 508)),
    }
}

/// Data from a peer, through the relay.
pub(crate) struct Datagram {
    /// `None` if it came through a channel.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) data: Vec<u8>,
}

/// One client of a TURN server. If it is dropped while it has an allocation, the [`Leftovers`] get
/// that allocation.
pub(crate) struct Session {
    /// `None` only while the session is dropped.
    state: Option<State>,
    leftovers: Leftovers,
}

struct State {
    connection: Connection,
    patience: Duration,
    challenge: Option<(String, String)>,
    login: Option<Login>,
    inbox: VecDeque<Datagram>,
    next_channel: u16,
    software: Option<String>,
    /// The number of Allocate requests that had a login.
    logins: usize,
    /// Whether there is an allocation, or may be one because an answer is pending.
    allocated: bool,
    /// The Allocate request whose answer is pending.
    unanswered: Option<TransactionId>,
}

#[derive(Clone, Copy)]
enum Ask {
    Binding,
    Allocate(AddressFamily),
    Refresh(u32),
    Permission(SocketAddr),
    Channel(u16, SocketAddr),
}

impl Session {
    pub(crate) fn new(connection: Connection, patience: Duration, leftovers: Leftovers) -> Self {
        let state = State {
            connection,
            patience,
            challenge: None,
            login: None,
            inbox: VecDeque::new(),
            next_channel: 0x4000,
            software: None,
            logins: 0,
            allocated: false,
            unanswered: None,
        };
        Self { state: Some(state), leftovers }
    }

    fn state(&mut self) -> Result<&mut State, TurnError> {
        self.state.as_mut().ok_or(TurnError::NoAnswer)
    }

    pub(crate) fn connection(&self) -> Option<&Connection> {
        self.state.as_ref().map(|state| &state.connection)
    }

    pub(crate) fn software(&self) -> Option<&str> {
        self.state.as_ref()?.software.as_deref()
    }

    pub(crate) fn realm(&self) -> Option<String> {
        Some(printable(&self.state.as_ref()?.challenge.as_ref()?.0))
    }

    /// The number of Allocate requests that had a login.
    pub(crate) fn logins(&self) -> usize {
        self.state.as_ref().map_or(0, |state| state.logins)
    }

    pub(crate) async fn binding(&mut self) -> Result<Binding, TurnError> {
        let start = Instant::now();
        let answer = self.state()?.request(Ask::Binding).await?;
        let round_trip = start.elapsed();
        let answer = parse(&answer)?;
        let mapped = answer.attribute::<XorMappedAddress>().map_err(|_| TurnError::Unreadable)?;
        Ok(Binding { mapped: mapped.addr(answer.transaction_id()), round_trip })
    }

    /// Asks for a relay address. The first request never has a login, since only the refusal
    /// contains the realm and a nonce.
    pub(crate) async fn allocate(
        &mut self,
        login: Option<&Login>,
        family: AddressFamily,
    ) -> Result<Allocation, TurnError> {
        let state = self.state()?;
        if login.is_none() || state.challenge.is_none() {
            match state.allocate(family).await {
                Err(TurnError::Refused { code: 401, .. }) if login.is_some() => {}
                other => return other,
            }
        }
        if let Some(login) = login {
            if state.challenge.is_none() {
                return Err(TurnError::NoChallenge);
            }
            state.login = Some(login.clone());
        }
        state.allocate(family).await
    }

    pub(crate) async fn create_permission(&mut self, peer: SocketAddr) -> Result<(), TurnError> {
        self.state()?.request(Ask::Permission(peer)).await.map(drop)
    }

    /// Binds a channel to a peer and returns its number.
    pub(crate) async fn bind_channel(&mut self, peer: SocketAddr) -> Result<u16, TurnError> {
        let state = self.state()?;
        let number = state.next_channel;
        state.request(Ask::Channel(number, peer)).await?;
        state.next_channel += 1;
        Ok(number)
    }

    /// Sends to a peer in a Send indication.
    pub(crate) async fn send(&mut self, peer: SocketAddr, data: &[u8]) -> Result<(), TurnError> {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        message.add_attribute(&XorPeerAddress::new(peer, message.transaction_id()))?;
        message.add_attribute(&Data::new(data))?;
        Ok(self.state()?.connection.send(&message.finish()).await?)
    }

    /// Sends to the peer of a channel.
    pub(crate) async fn send_on(&mut self, channel: u16, data: &[u8]) -> Result<(), TurnError> {
        let mut message = vec![0; data.len() + 4];
        ChannelData::new(channel, data).write_into_unchecked(&mut message);
        Ok(self.state()?.connection.send(&message).await?)
    }

    /// The next datagram from a peer. This method is cancel safe.
    pub(crate) async fn receive(&mut self) -> Result<Datagram, TurnError> {
        let state = self.state()?;
        loop {
            if let Some(datagram) = state.inbox.pop_front() {
                return Ok(datagram);
            }
            let bytes = state.connection.receive().await?;
            state.inbox.extend(datagram(&bytes));
        }
    }

    /// Sets how long the allocation lasts; 0 releases it.
    pub(crate) async fn refresh(&mut self, secs: u32) -> Result<(), TurnError> {
        let state = self.state()?;
        let refreshed = state.request(Ask::Refresh(secs)).await.map(drop);
        let gone = matches!(refreshed, Err(TurnError::Refused { code: 437, .. }));
        if gone || (secs == 0 && refreshed.is_ok()) {
            state.allocated = false;
        }
        refreshed
    }

    /// Releases the allocation, if there is one.
    pub(crate) async fn release(self) {
        self.release_as(None).await;
    }

    /// Releases the allocation, with the login `lasting` if the session's own has expired since.
    pub(crate) async fn release_as(mut self, lasting: Option<Login>) {
        if !self.state.as_ref().is_some_and(|state| state.allocated) {
            return;
        }
        let released = self.refresh(0).await;
        if matches!(released, Err(TurnError::Refused { code: 400 | 401, .. }))
            && lasting.is_some()
            && let Ok(state) = self.state()
        {
            state.login = lasting;
            _ = self.refresh(0).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(state) = self.state.take().filter(|state| state.allocated) {
            self.leftovers.states().push(state);
        }
    }
}

/// Allocations of sessions that ended early, such as by Ctrl-C.
#[derive(Clone, Default)]
pub(crate) struct Leftovers(Arc<Mutex<Vec<State>>>);

impl Leftovers {
    fn states(&self) -> std::sync::MutexGuard<'_, Vec<State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases all of them at once, within two seconds. Returns whether the servers confirmed it.
    pub(crate) async fn release(&self) -> bool {
        const MOST: Duration = Duration::from_secs(2);

        let states = std::mem::take(&mut *self.states());
        let mut releases: JoinSet<_> =
            states.into_iter().map(|mut state| async move { state.give_back().await }).collect();
        let all = async {
            let mut confirmed = true;
            while let Some(released) = releases.join_next().await {
                confirmed &= released.unwrap_or(false);
            }
            confirmed
        };
        timeout(MOST, all).await.unwrap_or(false)
    }
}

impl State {
    async fn allocate(&mut self, family: AddressFamily) -> Result<Allocation, TurnError> {
        self.allocated = true;
        let answer = self.request(Ask::Allocate(family)).await;
        if matches!(answer, Err(TurnError::Refused { .. })) {
            self.allocated = false;
        }
        let answer = answer?;
        let answer = parse(&answer)?;
        let unreadable = |_| TurnError::Unreadable;
        let relay = answer.attribute::<XorRelayedAddress>().map_err(unreadable)?;
        let lifetime = answer.attribute::<Lifetime>().map_err(unreadable)?;
        let mapped = answer.attribute::<XorMappedAddress>();
        Ok(Allocation {
            relay: relay.addr(answer.transaction_id()),
            lifetime: Duration::from_secs(lifetime.seconds().into()),
            mapped: mapped.ok().map(|mapped| mapped.addr(answer.transaction_id())),
            anonymous: self.login.is_none(),
        })
    }

    async fn request(&mut self, ask: Ask) -> Result<Vec<u8>, TurnError> {
        const NONCES: usize = 3;

        let mut refused = TurnError::NoAnswer;
        for _ in 0..NONCES {
            let (id, request) = self.write(ask)?;
            self.logins += usize::from(self.login.is_some() && matches!(ask, Ask::Allocate(_)));
            let bytes = self.transact(ask, id, &request).await?;
            let answer = parse(&bytes)?;
            if let Ok(software) = answer.attribute::<Software>() {
                self.software = Some(printable(software.software()));
            }
            if answer.has_class(MessageClass::Success) {
                return Ok(bytes);
            }
            let (code, reason) = match answer.attribute::<ErrorCode>() {
                Ok(error) => (error.code(), printable(error.reason())),
                // pion's answer for a forbidden peer has no ERROR-CODE.
                Err(_) if matches!(ask, Ask::Permission(_)) => {
                    (ErrorCode::FORBIDDEN, "Forbidden".into())
                }
                Err(_) => return Err(TurnError::Unreadable),
            };
            if let (Ok(realm), Ok(nonce)) =
                (answer.attribute::<Realm>(), answer.attribute::<Nonce>())
            {
                self.challenge = Some((realm.realm().to_owned(), nonce.nonce().to_owned()));
            }
            refused = TurnError::Refused { code, reason };
            if code != ErrorCode::STALE_NONCE {
                break;
            }
        }
        Err(refused)
    }

    fn write(&self, ask: Ask) -> Result<(TransactionId, Vec<u8>), TurnError> {
        let method: Method = match ask {
            Ask::Binding => BINDING,
            Ask::Allocate(_) => ALLOCATE,
            Ask::Refresh(_) => REFRESH,
            Ask::Permission(_) => CREATE_PERMISSION,
            Ask::Channel(..) => CHANNEL_BIND,
        };
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        let id = message.transaction_id();
        let mut attributes: Vec<Box<dyn AttributeWrite>> = Vec::new();
        match ask {
            Ask::Binding => {}
            Ask::Allocate(family) => {
                attributes.push(Box::new(RequestedTransport::new(RequestedTransport::UDP)));
                // Old servers have only IPv4 and refuse the attribute.
                if family == AddressFamily::IPV6 {
                    attributes.push(Box::new(RequestedAddressFamily::new(family)));
                }
            }
            Ask::Refresh(secs) => attributes.push(Box::new(Lifetime::new(secs))),
            Ask::Permission(peer) => attributes.push(Box::new(XorPeerAddress::new(peer, id))),
            Ask::Channel(number, peer) => {
                attributes.push(Box::new(ChannelNumber::new(number)));
                attributes.push(Box::new(XorPeerAddress::new(peer, id)));
            }
        }
        for attribute in attributes {
            message.add_attribute(&*attribute)?;
        }
        if let (Some(login), Some((realm, nonce))) = (&self.login, &self.challenge)
            && !matches!(ask, Ask::Binding)
        {
            message.add_attribute(&Username::new(login.username())?)?;
            message.add_attribute(&Realm::new(realm)?)?;
            message.add_attribute(&Nonce::new(nonce)?)?;
            let (username, credential) = login.clone().into_parts();
            let password = credential.as_str().to_owned();
            let key = LongTermKeyCredentials::new(username, password, realm.clone());
            let key = MessageIntegrityCredentials::from(key);
            message.add_message_integrity(&key, IntegrityAlgorithm::Sha1)?;
        }
        Ok((id, message.finish()))
    }

    /// Sends a request, and waits for its answer. Over UDP it resends after half a second, then
    /// after twice as long each time (RFC 8489 section 6.2.1).
    async fn transact(
        &mut self,
        ask: Ask,
        id: TransactionId,
        request: &[u8],
    ) -> Result<Vec<u8>, TurnError> {
        const FIRST: Duration = Duration::from_millis(500);

        let end = Instant::now() + self.patience;
        let mut step = if self.connection.is_reliable() { self.patience } else { FIRST };
        while Instant::now() < end {
            self.connection.send(request).await?;
            if matches!(ask, Ask::Allocate(_)) {
                self.unanswered = Some(id);
            }
            let until = end.min(Instant::now() + step);
            if let Some(answer) = self.answer(id, until).await? {
                return Ok(answer);
            }
            step *= 2;
        }
        Err(TurnError::NoAnswer)
    }

    /// Waits for the answer to a request, and keeps the datagrams that arrive before it.
    async fn answer(&mut self, id: TransactionId, until: Instant) -> io::Result<Option<Vec<u8>>> {
        /// The most datagrams to keep, which is far more than we send.
        const MOST_WAITING: usize = 256;

        while let Ok(received) = timeout_at(until, self.connection.receive()).await {
            let bytes = received?;
            if let Ok(message) = Message::from_bytes(&bytes)
                && message.is_response()
                && message.transaction_id() == id
            {
                _ = self.unanswered.take_if(|unanswered| *unanswered == id);
                return Ok(Some(bytes));
            }
            if self.inbox.len() < MOST_WAITING {
                self.inbox.extend(datagram(&bytes));
            }
        }
        Ok(None)
    }

    /// Ends the allocation. Returns whether the server confirmed it.
    ///
    /// It first waits for the answer to a pending Allocate: while coturn looks up the password for
    /// the Allocate, coturn answers a Refresh with 437, and allocates afterwards.
    async fn give_back(&mut self) -> bool {
        const PATIENCE: Duration = Duration::from_secs(1);

        let answered = match self.unanswered {
            None => true,
            Some(id) => matches!(self.answer(id, Instant::now() + PATIENCE).await, Ok(Some(_))),
        };
        match self.request(Ask::Refresh(0)).await {
            Ok(_) => true,
            // There is no allocation, or it is not ours.
            Err(error) => answered && matches!(error.code(), Some(437 | 401 | 441)),
        }
    }
}

/// A server's text, without characters that move a terminal's cursor or reverse its text.
fn printable(text: &str) -> String {
    let harmless = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(harmless).take(80).collect()
}

fn parse(bytes: &[u8]) -> Result<Message<'_>, TurnError> {
    Message::from_bytes(bytes).map_err(|_| TurnError::Unreadable)
}

fn datagram(bytes: &[u8]) -> Option<Datagram> {
    if let Ok(channel) = ChannelData::parse(bytes) {
        return Some(Datagram { peer: None, data: channel.data().to_vec() });
    }
    let message = Message::from_bytes(bytes).ok()?;
    if !message.has_method(DATA) || !message.has_class(MessageClass::Indication) {
        return None;
    }
    let peer = message.attribute::<XorPeerAddress>().ok()?.addr(message.transaction_id());
    let data = message.attribute::<Data<'_>>().ok()?.data().to_vec();
    Some(Datagram { peer: Some(peer), data })
}
