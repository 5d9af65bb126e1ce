//! What is counted, for Prometheus. No name, token, address or key is a label.
//!
//! Nothing is counted unless a recorder is installed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "turn_broker_requests_total";
const REQUEST_SECONDS: &str = "turn_broker_request_duration_seconds";
const LEASES: &str = "turn_broker_leases_total";
const CALLS: &str = "turn_broker_provider_calls_total";
const CALL_SECONDS: &str = "turn_broker_provider_call_duration_seconds";
const SHARED: &str = "turn_broker_shared_answers_total";
const RELOADS: &str = "turn_broker_reloads_total";

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Counts from now on; the handle renders the result.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    /// From half a millisecond to ten seconds.
    const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5, 10.0];

    let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    describe_counter!(REQUESTS, "Requests answered, by path and status");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "From the head of a request to its answer");
    describe_counter!(LEASES, "Leases given to clients, by backend");
    describe_counter!(CALLS, "Calls to a provider, by outcome");
    describe_histogram!(CALL_SECONDS, Unit::Seconds, "From a call to a provider to its answer");
    describe_counter!(SHARED, "Shared answers: kept, missed, or renewed ahead of time");
    describe_counter!(RELOADS, "Reloads on SIGHUP, by outcome: done or refused");
    IS_INSTALLED.store(true, Ordering::Relaxed);
    Ok(handle)
}

pub(crate) fn answered(path: &str, status: u16, time: Duration) {
    // Without a recorder, saves the allocation of labels for every request.
    if !IS_INSTALLED.load(Ordering::Relaxed) {
        return;
    }
    let status = status.to_string();
    counter!(REQUESTS, "path" => path.to_owned(), "status" => status).increment(1);
    histogram!(REQUEST_SECONDS, "path" => path.to_owned()).record(time);
}

pub(crate) fn leased(backend: &str) {
    counter!(LEASES, "backend" => backend.to_owned()).increment(1);
}

pub(crate) fn called(backend: &str, is_answered: bool, time: Duration) {
    let outcome = if is_answered { "answered" } else { "failed" };
    counter!(CALLS, "backend" => backend.to_owned(), "outcome" => outcome).increment(1);
    histogram!(CALL_SECONDS, "backend" => backend.to_owned()).record(time);
}

/// How a shared answer was obtained.
#[derive(Clone, Copy)]
pub(crate) enum Shared {
    Kept,
    Missed,
    Renewed,
}

pub(crate) fn shared(backend: &str, shared: Shared) {
    let event = match shared {
        Shared::Kept => "kept",
        Shared::Missed => "missed",
        Shared::Renewed => "renewed",
    };
    counter!(SHARED, "backend" => backend.to_owned(), "event" => event).increment(1);
}

pub(crate) fn reloaded(is_done: bool) {
    let outcome = if is_done { "done" } else { "refused" };
    counter!(RELOADS, "outcome" => outcome).increment(1);
}
