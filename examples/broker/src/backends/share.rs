//! A provider's answer, kept for all who would be given the same.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use tracing::warn;
use turn_credentials::{IceLease, UnixTime};

use super::provider::{Parameters, Provider, ProviderError};

/// So many may be kept: with the address or the name of each user, they are as many as the users.
const MOST: u64 = 10_000;

/// Between two tries to renew.
const PAUSE: Duration = Duration::from_secs(5);

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

    /// For how long it is still given away: not in the last tenth of its time, or minute.
    fn fresh_for(&self) -> Duration {
        const LAST: Duration = Duration::from_secs(60);

        let remaining = self.lease.remaining_at(UnixTime::now()).unwrap_or_default();
        remaining.saturating_sub(LAST.min(remaining / 10))
    }

    /// Whether it is to be renewed, which it says to one only.
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
    pub(crate) fn new(provider: Provider) -> Self {
        let kept = Cache::builder().max_capacity(MOST).expire_after(UntilItEnds).build();
        Self { provider: Arc::new(provider), kept }
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// A lease that may have been given to others; what it promises is what remains.
    pub(crate) async fn lease(
        &self,
        parameters: Parameters,
    ) -> Result<IceLease, Arc<ProviderError>> {
        if let Some(kept) = self.kept.get(&parameters).await {
            // The cache's clock does not count the time that a machine sleeps.
            if kept.lease.remaining_at(UnixTime::now()).is_some_and(|left| !left.is_zero()) {
                if kept.is_due(self.provider.patience() + PAUSE) {
                    self.renew(parameters);
                }
                return Ok(kept.lease.clone());
            }
            self.kept.invalidate(&parameters).await;
        }
        let (provider, cache) = (self.provider.clone(), self.kept.clone());
        // Apart from the request, whose client may go away while others wait for the same answer.
        let asked = tokio::spawn(async move {
            let ask = async { provider.lease(&parameters).await.map(Kept::new) };
            cache.try_get_with_by_ref(&parameters, ask).await
        });
        let kept = asked.await.map_err(|error| Arc::new(error.into()))??;
        Ok(kept.lease.clone())
    }

    fn renew(&self, parameters: Parameters) {
        let (provider, cache) = (self.provider.clone(), self.kept.clone());
        tokio::spawn(async move {
            match provider.lease(&parameters).await {
                Ok(lease) => cache.insert(parameters, Kept::new(lease)).await,
                Err(error) => warn!(%error, "a shared login is not renewed yet"),
            }
        });
    }
}
