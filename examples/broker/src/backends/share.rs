//! A provider's answer, shared by all clients that would get the same one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use tracing::warn;
use turn_credentials::{IceLease, UnixTime};

use super::provider::{Parameters, Provider, ProviderError};
use crate::metrics::{self, Shared};

/// The most answers to keep. If the provider is told addresses or names, each user has one.
const MOST: u64 = 10_000;

/// From the timeout of an attempt to renew to the next attempt.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Share {
    provider: Arc<Provider>,
    kept: Cache<Parameters, Arc<Kept>>,
}

struct Kept {
    lease: IceLease,
    renewal: Mutex<Instant>,
}

impl Kept {
    fn new(lease: IceLease) -> Arc<Self> {
        let after = lease.renew_after_at(UnixTime::now()).unwrap_or_default();
        Arc::new(Self { lease, renewal: Mutex::new(Instant::now() + after) })
    }

    /// How long to hand out the lease: until its last minute, or its last tenth if that is shorter.
    fn fresh_for(&self) -> Duration {
        const LAST: Duration = Duration::from_secs(60);

        let remaining = self.lease.remaining_at(UnixTime::now()).unwrap_or_default();
        remaining.saturating_sub(LAST.min(remaining / 10))
    }

    /// Whether to renew the lease; true for only one caller, until `next_try` has passed.
    fn is_due(&self, next_try: Duration) -> bool {
        let mut renewal = self.renewal.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = now >= *renewal;
        if due {
            *renewal = now + next_try;
        }
        due
    }
}

struct UntilItEnds;

impl Expiry<Parameters, Arc<Kept>> for UntilItEnds {
    fn expire_after_create(
        &self,
        _: &Parameters,
        kept: &Arc<Kept>,
        _: Instant,
    ) -> Option<Duration> {
        Some(kept.fresh_for())
    }

    fn expire_after_update(
        &self,
        _: &Parameters,
        kept: &Arc<Kept>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.fresh_for())
    }
}

impl Share {
    pub(crate) fn new(provider: Arc<Provider>) -> Self {
        let kept = Cache::builder().max_capacity(MOST).expire_after(UntilItEnds).build();
        Self { provider, kept }
    }

    /// A lease that others may have too; its ttl is the time that remains.
    pub(crate) async fn lease(
        &self,
        parameters: Parameters,
    ) -> Result<IceLease, Arc<ProviderError>> {
        if let Some(kept) = self.kept.get(&parameters).await {
            // The cache's clock stops while the machine sleeps.
            if kept.lease.remaining_at(UnixTime::now()).is_some_and(|left| !left.is_zero()) {
                if kept.is_due(self.provider.patience() + PAUSE) {
                    self.renew(parameters);
                }
                metrics::shared(self.provider.name(), Shared::Kept);
                return Ok(kept.lease.clone());
            }
            self.kept.invalidate(&parameters).await;
        }
        metrics::shared(self.provider.name(), Shared::Missed);
        let ask = async { self.provider.lease(&parameters).await.map(Kept::new) };
        let kept = self.kept.try_get_with_by_ref(&parameters, ask).await?;
        Ok(kept.lease.clone())
    }

    fn renew(&self, parameters: Parameters) {
        let (provider, cache) = (self.provider.clone(), self.kept.clone());
        tokio::spawn(async move {
            match provider.lease(&parameters).await {
                Ok(lease) => {
                    metrics::shared(provider.name(), Shared::Renewed);
                    cache.insert(parameters, Kept::new(lease)).await;
                }
                Err(error) => {
                    let backend = provider.name();
                    warn!(backend, %error, "a shared login could not be renewed");
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::net::{Shutdown, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use futures_util::future;
    use tokio::time;
    use turn_credentials::provider::{Gateway, cloudflare};

    use super::super::provider::Account;
    use super::super::{Backend, Backends, Client, Strategy};
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A fake provider, which counts its calls and fails the first ones.
    struct Fake {
        share: Share,
        calls: Arc<AtomicUsize>,
    }

    impl Fake {
        fn new(failing: usize) -> Self {
            let (provider, calls) = Self::provider(failing);
            Self { share: Share::new(Arc::new(provider)), calls }
        }

        /// The provider, and the number of its calls so far.
        fn provider(failing: usize) -> (Provider, Arc<AtomicUsize>) {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let gateway = format!("http://{}", listener.local_addr().unwrap());
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = calls.clone();
            thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    let number = counted.fetch_add(1, Ordering::SeqCst);
                    thread::spawn(move || {
                        _ = stream.read(&mut [0; 4096]);
                        thread::sleep(Duration::from_millis(100));
                        let status = if number < failing { 503 } else { 201 };
                        let body = format!(
                            r#"{{"iceServers":[{{"urls":["turn:a"],"username":"u{number}","credential":"c"}}]}}"#
                        );
                        let len = body.len();
                        _ = write!(
                            stream,
                            "HTTP/1.1 {status} x\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
                        );
                        // Closing the socket with unread bytes would reset it, and lose the answer.
                        _ = stream.shutdown(Shutdown::Write);
                        _ = io::copy(&mut stream, &mut io::sink());
                    });
                }
            });
            let key = cloudflare::Key::new("0123", "token").unwrap();
            let account = Account::Cloudflare { key, custom_identifier: true };
            let gateway = Gateway::new(&gateway).unwrap();
            (Provider::new(account, Some(gateway), Duration::from_secs(5), 1), calls)
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }

        async fn username(&self, parameters: &Parameters) -> Option<String> {
            let lease = self.share.lease(parameters.clone()).await.ok()?;
            lease.servers()[0].username().map(str::to_owned)
        }
    }

    fn parameters(ttl: Duration, identifier: Option<&str>) -> Parameters {
        let custom_identifier = identifier.map(str::to_owned);
        Parameters { ttl, user_address: None, custom_identifier }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_call_however_many_ask_for_each_set_of_parameters() {
        let fake = Fake::new(0);
        let [hour, half] = [HOUR, HOUR / 2].map(|ttl| parameters(ttl, None));
        let (alice, bob) = (parameters(HOUR, Some("alice")), parameters(HOUR, Some("bob")));
        let near = Parameters { user_address: Some([8, 8, 8, 8].into()), ..hour.clone() };
        let all = [&hour, &half, &alice, &bob, &near];
        let asked = (0..200).map(|number| fake.username(all[number % all.len()]));
        let answers = future::join_all(asked).await;
        assert_eq!(fake.calls(), all.len());
        for (index, answer) in answers.iter().enumerate() {
            assert!(answer.is_some() && *answer == answers[index % all.len()]);
        }
        let ends: Vec<_> =
            [fake.share.lease(hour.clone()).await, fake.share.lease(hour.clone()).await]
                .map(|lease| lease.unwrap().valid_until())
                .into();
        assert!(ends[0].is_some() && ends[0] == ends[1]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_is_renewed_ahead_of_time_and_once() {
        let fake = Fake::new(0);
        let hour = parameters(HOUR, None);
        assert_eq!(fake.username(&hour).await.as_deref(), Some("u0"));
        let kept = fake.share.kept.get(&hour).await.unwrap();
        *kept.renewal.lock().unwrap() = Instant::now();
        for _ in 0..50 {
            assert_eq!(fake.username(&hour).await.as_deref(), Some("u0"), "nobody waits");
        }
        time::sleep(Duration::from_millis(500)).await;
        assert_eq!(fake.username(&hour).await.as_deref(), Some("u1"));
        assert_eq!(fake.calls(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_ends_is_asked_for_anew() {
        let fake = Fake::new(0);
        let short = parameters(Duration::from_secs(2), None);
        for number in 0..3 {
            assert_eq!(fake.username(&short).await, Some(format!("u{number}")));
            time::sleep(Duration::from_millis(2_100)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failure_is_shared_by_those_who_wait_and_not_kept() {
        let fake = Fake::new(1);
        let hour = parameters(HOUR, None);
        let answers = future::join_all((0..50).map(|_| fake.username(&hour))).await;
        assert!(answers.iter().all(Option::is_none));
        assert_eq!(fake.calls(), 1);
        assert_eq!(fake.username(&hour).await.as_deref(), Some("u1"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_asked_first_may_go_away() {
        let (provider, calls) = Fake::provider(0);
        let backend = Backend::provider("fake".into(), provider, HOUR, true).unwrap();
        let backends = Backends::new(Strategy::First, vec![backend], false);
        let client = Client { name: "alice", address: None, ttl: None, browser: true };
        let first = time::timeout(Duration::from_millis(20), backends.lease(client));
        assert!(first.await.is_err());
        let lease = backends.lease(client).await.unwrap();
        assert_eq!(lease.servers()[0].username(), Some("u0"));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}
