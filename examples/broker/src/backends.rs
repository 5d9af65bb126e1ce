//! TURN logins, from your own servers or from providers.

pub(crate) mod flags;
pub(crate) mod provider;
mod share;

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{iter, slice};

use futures_util::future;
use serde::Deserialize;
use thiserror::Error;
use tracing::warn;
use turn_credentials::ice::{BrowserRefusal, TurnServer};
use turn_credentials::{
    ClockSkew, IceError, IceLease, IceServer, IceUri, Login, SharedSecret, UnixTime,
};

use self::provider::{Provider, ProviderError};
use self::share::Share;
use crate::{metrics, program};

/// Which backends' logins a client gets.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Strategy {
    /// The logins of all backends that answer.
    #[default]
    All,
    /// The login of the first backend that answers.
    First,
}

pub(crate) struct Backends {
    strategy: Strategy,
    backends: Vec<Arc<Backend>>,
    unfiltered: bool,
    /// The reasons that were already logged for leaving out a URI.
    told: Mutex<HashSet<BrowserRefusal>>,
}

/// The client that a lease is for.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: Option<IpAddr>,
    /// The requested ttl, which applies if it is shorter than the backend's.
    pub(crate) ttl: Option<Duration>,
    /// Whether to leave out URIs that browsers refuse.
    pub(crate) browser: bool,
}

pub(crate) struct Backend {
    name: String,
    ttl: Duration,
    source: Source,
    /// Until then, a failed provider is asked only if no other backend answers, so that not every
    /// client waits for it.
    resting: Mutex<Option<Instant>>,
}

enum Source {
    /// A shorter ttl needs the secret again, and `TurnServer` does not reveal it.
    Turn(Box<TurnServer>, SharedSecret, ClockSkew),
    Fixed(Box<(Vec<IceUri>, Login)>),
    Provider(Arc<Provider>, Option<Share>),
}

#[derive(Debug, Error)]
pub(crate) enum TurnError {
    #[error(transparent)]
    Ice(#[from] IceError),
    #[error(transparent)]
    Provider(#[from] Arc<ProviderError>),
}

impl Backend {
    pub(crate) fn turn(
        name: String,
        uris: Vec<IceUri>,
        secret: SharedSecret,
        ttl: Duration,
        skew: ClockSkew,
    ) -> Result<Self, IceError> {
        let server = TurnServer::new(uris, secret.clone(), ttl)?.with_skew(skew);
        // Reports an invalid ttl or skew at startup, not to the first client.
        IceLease::generate("somebody", slice::from_ref(&server))?;
        Ok(Self {
            name,
            ttl,
            source: Source::Turn(Box::new(server), secret, skew),
            resting: Mutex::default(),
        })
    }

    pub(crate) fn fixed(
        name: String,
        uris: Vec<IceUri>,
        login: Login,
        ttl: Duration,
    ) -> Result<Self, IceError> {
        IceServer::new(uris.as_slice(), login.clone())?;
        if !uris.iter().any(|uri| uri.scheme().is_turn()) {
            return Err(IceError::NoTurn);
        }
        Ok(Self {
            name,
            ttl,
            source: Source::Fixed(Box::new((uris, login))),
            resting: Mutex::default(),
        })
    }

    pub(crate) fn provider(
        name: String,
        provider: Provider,
        ttl: Duration,
        share: bool,
    ) -> program::Result<Self> {
        let provider = Arc::new(provider.named(&name));
        // Reports an invalid account or ttl at startup, not to the first client.
        provider.call(&provider.parameters(ttl, "somebody", None))?;
        let share = share.then(|| Share::new(provider.clone()));
        let source = Source::Provider(provider, share);
        Ok(Self { name, ttl, source, resting: Mutex::default() })
    }

    const PAUSE: Duration = Duration::from_secs(10);

    /// A lease. A call ends and counts even if its client leaves: other clients may wait for the
    /// same answer, and the next ones must not wait for a provider that hangs.
    async fn lease(self: &Arc<Self>, client: Client<'_>) -> Result<IceLease, TurnError> {
        let ttl = client.ttl.map_or(self.ttl, |ttl| ttl.min(self.ttl));
        let Source::Provider(provider, share) = &self.source else {
            return Ok(self.own(client.name, ttl)?);
        };
        let parameters = provider.parameters(ttl, client.name, client.address);
        let (backend, provider, share) = (self.clone(), provider.clone(), share.clone());
        let call = tokio::spawn(async move {
            let lease = match share {
                Some(share) => share.lease(parameters).await,
                None => provider.lease(&parameters).await.map_err(Arc::new),
            };
            backend.note(&lease);
            lease
        });
        Ok(call.await.map_err(|error| Arc::new(ProviderError::from(error)))??)
    }

    fn is_well(&self) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.is_none_or(|until| until <= Instant::now())
    }

    /// Whether to ask the backend now. After each pause, only the first caller gets true, and must
    /// then try the backend again.
    fn claim(&self) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let awake = resting.is_none_or(|until| until <= Instant::now());
        if awake && resting.is_some() {
            *resting = Some(Instant::now() + Self::PAUSE);
        }
        awake
    }

    fn note(&self, lease: &Result<IceLease, Arc<ProviderError>>) {
        let is_unwell = lease.as_ref().is_err_and(|error| error.may_last());
        if is_unwell || lease.is_ok() {
            let until = is_unwell.then(|| Instant::now() + Self::PAUSE);
            *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
    }

    /// A lease from a backend that needs no call.
    fn own(&self, name: &str, ttl: Duration) -> Result<IceLease, IceError> {
        match &self.source {
            Source::Turn(server, ..) if ttl == self.ttl => {
                IceLease::generate(name, slice::from_ref(server))
            }
            Source::Turn(server, secret, skew) => {
                let shorter = TurnServer::new(server.urls(), secret.clone(), ttl)?.with_skew(*skew);
                IceLease::generate(name, &[shorter])
            }
            Source::Fixed(fixed) => {
                let (uris, login) = &**fixed;
                let end =
                    UnixTime::from_secs(UnixTime::now().as_secs().saturating_add(ttl.as_secs()));
                let login = login.clone().with_valid_until(end);
                Ok(IceLease::new([IceServer::new(uris.as_slice(), login)?]))
            }
            Source::Provider(..) => Err(IceError::NoTurn),
        }
    }
}

impl Backends {
    pub(crate) fn new(strategy: Strategy, backends: Vec<Backend>, unfiltered: bool) -> Self {
        let backends = backends.into_iter().map(Arc::new).collect();
        let broker = Self { strategy, backends, unfiltered, told: Mutex::default() };
        for backend in &broker.backends {
            if matches!(backend.source, Source::Turn(..) | Source::Fixed(_))
                && let Err(error) = backend
                    .own("somebody", backend.ttl)
                    .and_then(|lease| broker.for_browsers(lease))
            {
                warn!(backend = backend.name, %error, "no TURN server is left for browsers");
            }
        }
        broker
    }

    /// A lease with a TURN server, from all backends or from the first that answers.
    pub(crate) async fn lease(&self, client: Client<'_>) -> Result<IceLease, TurnError> {
        if self.strategy == Strategy::First {
            return self.first(client).await;
        }
        let mut failed = Vec::new();
        let (awake, resting): (Vec<_>, _) =
            self.backends.iter().partition(|backend| backend.claim());
        for group in [awake, resting] {
            let asked = group.into_iter().map(|backend| self.ask(backend, client));
            let mut given = None::<IceLease>;
            for answer in future::join_all(asked).await {
                match answer {
                    Ok(lease) => {
                        given = Some(match given {
                            None => lease,
                            Some(others) => {
                                let servers = lease.into_servers().into_iter();
                                servers.fold(others, IceLease::with_server)
                            }
                        });
                    }
                    Err(error) => failed.push(error),
                }
            }
            if let Some(lease) = given {
                return Ok(lease);
            }
        }
        Err(most_telling(failed))
    }

    /// A lease from the first backend that answers, for formats with a single login.
    pub(crate) async fn first(&self, client: Client<'_>) -> Result<IceLease, TurnError> {
        let mut failed = Vec::new();
        for backend in self.one_by_one() {
            match self.ask(backend, client).await {
                Ok(lease) => return Ok(lease),
                Err(error) => failed.push(error),
            }
        }
        Err(most_telling(failed))
    }

    /// The name of each backend, and whether it works as far as is known.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&str, bool)> {
        self.backends.iter().map(|backend| (&*backend.name, backend.is_well()))
    }

    /// The backends in the order of the file, then those to ask only if none of the others answers.
    /// Lazy: a backend that is not asked must not be claimed.
    fn one_by_one(&self) -> impl Iterator<Item = &Arc<Backend>> {
        let (mut backends, mut resting) = (self.backends.iter(), VecDeque::new());
        iter::from_fn(move || {
            let awake = backends.find(|backend| {
                let claimed = backend.claim();
                if !claimed {
                    resting.push_back(*backend);
                }
                claimed
            });
            awake.or_else(|| resting.pop_front())
        })
    }

    async fn ask(&self, backend: &Arc<Backend>, client: Client<'_>) -> Result<IceLease, TurnError> {
        let lease = backend.lease(client).await;
        if lease.is_ok() {
            metrics::leased(&backend.name);
        }
        let lease = lease
            .and_then(|lease| Ok(if client.browser { self.for_browsers(lease)? } else { lease }));
        if let Err(error) = &lease
            && self.backends.len() > 1
        {
            warn!(backend = backend.name, %error, "a backend failed");
        }
        lease
    }

    fn for_browsers(&self, lease: IceLease) -> Result<IceLease, IceError> {
        if self.unfiltered {
            return Ok(lease);
        }
        lease.for_browsers(|uri, why| self.tell(uri, why))
    }

    /// Logs the first URI left out for each reason.
    fn tell(&self, uri: &IceUri, why: BrowserRefusal) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(why) {
            warn!(%uri, %why, "left out for browsers");
        }
    }
}

/// The error to report: a provider's, if there is one, because providers are more likely to recover
/// soon.
fn most_telling(errors: Vec<TurnError>) -> TurnError {
    let provider = |error: &TurnError| matches!(error, TurnError::Provider(_));
    let most = errors.into_iter().max_by_key(provider);
    most.unwrap_or(TurnError::Ice(IceError::NoTurn))
}

#[cfg(test)]
mod tests {
    use tokio::time;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn turn(texts: &[&str]) -> Backend {
        let uris: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let secret = SharedSecret::new("north").unwrap();
        Backend::turn("turn".into(), uris, secret, HOUR, ClockSkew::NONE).unwrap()
    }

    fn one(texts: &[&str], unfiltered: bool) -> Backends {
        Backends::new(Strategy::First, vec![turn(texts)], unfiltered)
    }

    fn client(browser: bool) -> Client<'static> {
        Client { name: "alice", address: None, ttl: None, browser }
    }

    fn uris(lease: &IceLease) -> Vec<String> {
        lease.servers().iter().flat_map(IceServer::urls).map(IceUri::to_string).collect()
    }

    #[tokio::test]
    async fn what_browsers_refuse_is_left_out_and_told_once() {
        let all = ["stuns:a", "stuns:b", "turn:a", "turns:a:465", "turn:a:465"];
        let broker = one(&all, false);
        for _ in 0..3 {
            let lease = broker.lease(client(true)).await.unwrap();
            assert_eq!(uris(&lease), ["turn:a"]);
        }
        let told = [BrowserRefusal::Stuns, BrowserRefusal::BlockedPort { port: 465 }];
        assert_eq!(*broker.told.lock().unwrap(), HashSet::from(told));
        assert_eq!(uris(&broker.lease(client(false)).await.unwrap()), all, "for Janus and Matrix");

        let unfiltered = one(&all, true);
        assert_eq!(uris(&unfiltered.lease(client(true)).await.unwrap()), all);
        assert!(unfiltered.told.lock().unwrap().is_empty());

        let none = one(&["stun:a", "turns:a:465"], false);
        let error = none.lease(client(true)).await.unwrap_err();
        assert!(matches!(error, TurnError::Ice(IceError::NoneForBrowsers)));
    }

    #[tokio::test]
    async fn all_or_the_first_that_answers() {
        let login = Login::new("alice", "a-password").unwrap();
        let fixed = || {
            let uris = vec!["turn:fixed".parse().unwrap()];
            Backend::fixed("fixed".into(), uris, login.clone(), HOUR / 2).unwrap()
        };
        let backends = || vec![turn(&["turns:refused:465"]), turn(&["turn:a"]), fixed()];
        let all = Backends::new(Strategy::All, backends(), false);
        let first = Backends::new(Strategy::First, backends(), false);

        let lease = all.lease(client(true)).await.unwrap();
        assert_eq!(uris(&lease), ["turn:a", "turn:fixed"]);
        let remaining = lease.remaining_at(UnixTime::now()).unwrap();
        assert!(remaining <= HOUR / 2 && remaining > HOUR / 3, "{remaining:?}");
        assert_eq!(uris(&first.lease(client(true)).await.unwrap()), ["turn:a"]);
        assert_eq!(uris(&all.first(client(true)).await.unwrap()), ["turn:a"]);
    }

    /// A provider to which the system accepts connections, and which answers none of them.
    struct Hung(std::net::TcpListener);

    impl Hung {
        fn new() -> Self {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            Self(listener)
        }

        /// Waits for half a second.
        fn backend(&self, share: bool) -> Backend {
            let gateway = format!("http://{}", self.0.local_addr().unwrap());
            let (sid, token) = ("AC0123".into(), "token".into());
            let account = provider::Account::Twilio { sid, token };
            let gateway = turn_credentials::provider::Gateway::new(&gateway).unwrap();
            let provider = Provider::new(account, Some(gateway), Duration::from_millis(500), 1);
            Backend::provider("hung".into(), provider, HOUR, share).unwrap()
        }

        /// The calls since this was last asked.
        fn calls(&self) -> usize {
            std::iter::from_fn(|| self.0.accept().ok()).count()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_provider_that_fails_is_waited_for_once() {
        let hung = Hung::new();
        for strategy in [Strategy::All, Strategy::First] {
            let backends =
                Backends::new(strategy, vec![hung.backend(false), turn(&["turn:a"])], false);
            for _ in 0..3 {
                let lease = backends.lease(client(true)).await.unwrap();
                assert_eq!(uris(&lease), ["turn:a"]);
            }
            assert_eq!(hung.calls(), 1);
            let alone = Backends::new(strategy, vec![hung.backend(false)], false);
            for _ in 0..2 {
                let error = alone.lease(client(true)).await.unwrap_err();
                assert!(matches!(error, TurnError::Provider(_)), "{error}");
            }
            assert_eq!(hung.calls(), 2, "there is nobody else to ask");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_counts_even_if_its_client_leaves() {
        let hung = Hung::new();
        for (strategy, share) in [
            (Strategy::All, false),
            (Strategy::All, true),
            (Strategy::First, false),
            (Strategy::First, true),
        ] {
            let backends = vec![hung.backend(share), turn(&["turn:a"])];
            let backends = Backends::new(strategy, backends, false);
            let mut served = None;
            for _ in 0..20 {
                let lease = backends.lease(client(true));
                served = time::timeout(Duration::from_millis(100), lease).await.ok();
                if served.is_some() {
                    break;
                }
            }
            assert_eq!(uris(&served.unwrap().unwrap()), ["turn:a"]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_provider_that_is_not_asked_keeps_its_retry() {
        let hung = Hung::new();
        let backends = vec![turn(&["turn:a"]), hung.backend(false)];
        let backends = Backends::new(Strategy::All, backends, false);
        *backends.backends[1].resting.lock().unwrap() = Some(Instant::now());
        assert_eq!(uris(&backends.first(client(true)).await.unwrap()), ["turn:a"]);
        assert_eq!(hung.calls(), 0);
        assert_eq!(uris(&backends.lease(client(true)).await.unwrap()), ["turn:a"]);
        assert_eq!(hung.calls(), 1);
    }

    /// Otherwise a broker with one provider would stay out of rotation, without a client whose call
    /// could succeed.
    #[test]
    fn a_failure_counts_until_its_pause_ends() {
        let backend = turn(&["turn:a"]);
        let rest = |until| *backend.resting.lock().unwrap() = Some(until);
        rest(Instant::now() + Backend::PAUSE);
        assert!(!backend.is_well());
        rest(Instant::now());
        assert!(backend.is_well());
    }

    /// Each provider is a fake that sends an answer in the provider's format.
    #[tokio::test(flavor = "multi_thread")]
    async fn every_provider_is_asked_and_read() {
        use std::io::{Read as _, Write as _};

        use turn_credentials::provider::{ApiKey, Gateway, cloudflare, xirsys};

        const URLS: &str = r#""urls": ["turn:of.example"], "username": "u", "credential": "c""#;

        let key = || ApiKey::new("a-key");
        let account = xirsys::Account::new("ident", "a-key").unwrap();
        let xirsys =
            provider::Account::Xirsys { account, channel: "my/channel".into(), near_user: false };
        let cloudflare = provider::Account::Cloudflare {
            key: cloudflare::Key::new("0123", "a-key").unwrap(),
            custom_identifier: true,
        };
        let twilio = provider::Account::Twilio { sid: "AC0123".into(), token: key() };
        let metered = provider::Account::Metered { app: "our-app".into(), key: key() };
        for (account, path, body) in [
            (
                xirsys,
                "/_turn/my/channel?",
                format!(r#"{{"s":"ok","v":{{"iceServers":[{{{URLS}}}]}}}}"#),
            ),
            (cloudflare, "/v1/turn/keys/0123/", format!(r#"{{"iceServers":[{{{URLS}}}]}}"#)),
            (
                twilio,
                "/2010-04-01/Accounts/AC0123/",
                format!(r#"{{"ice_servers":[{{{URLS}}}],"ttl":"3600"}}"#),
            ),
            (metered, "/api/v1/turn/credentials?", format!("[{{{URLS}}}]")),
        ] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let gateway = format!("http://{}", listener.local_addr().unwrap());
            let fake = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).unwrap();
                // Closing the socket with unread bytes would reset it, and lose the answer.
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                _ = std::io::copy(&mut stream, &mut std::io::sink());
                String::from_utf8_lossy(&head[..length]).into_owned()
            });
            let gateway = Gateway::new(&gateway).unwrap();
            let provider = Provider::new(account, Some(gateway), Duration::from_secs(5), 1);
            let backend = Backend::provider("fake".into(), provider, HOUR, false).unwrap();
            let backends = Backends::new(Strategy::All, vec![backend], false);
            assert_eq!(uris(&backends.lease(client(true)).await.unwrap()), ["turn:of.example"]);
            let head = fake.join().unwrap();
            assert!(head.split(' ').nth(1).unwrap().starts_with(path), "{path}: {head}");
        }
    }

    #[tokio::test]
    async fn a_client_may_ask_for_less_time_and_not_for_more() {
        for (asked, given) in [(None, 3600), (Some(60), 60), (Some(4000), 3600)] {
            let client = Client { ttl: asked.map(Duration::from_secs), ..client(true) };
            let lease = one(&["turn:a"], false).lease(client).await.unwrap();
            let remaining = lease.remaining_at(UnixTime::now()).unwrap().as_secs();
            assert!((given - 2..=given).contains(&remaining), "{asked:?}: {remaining}");
        }
    }
}
