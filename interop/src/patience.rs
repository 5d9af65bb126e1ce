//! Waiting for what another process does.

use std::thread;
use std::time::{Duration, Instant};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What `look` finds at last, unless it takes longer than anything here should.
pub(crate) fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(10));
    }
    None
}
