//! Timing a case with its two inputs, in random order.

use std::hint::black_box;
use std::time::Instant;

use crate::case::{Case, Input};
use crate::welch::{Series, t};

pub(crate) struct Figures {
    /// In nanoseconds, the clock's own time included.
    pub(crate) median: u64,
    pub(crate) t: f64,
}

/// The first samples only warm up, and set the limits above which samples are cut off: an interrupt
/// is not a secret.
const FIRST: usize = 100_000;

/// The shares of the samples that are kept, in percent, each with a test of its own.
const KEPT: [usize; 6] = [50, 75, 90, 95, 99, 100];

pub(crate) fn take(case: &Case, samples: u64) -> Figures {
    let mut random = fastrand::Rng::new();
    let Input { username, texts: [text, _] } = (case.input)(&mut random);
    let [mut username, mut text] = [username, text].map(String::into_bytes);
    let mut sample = || {
        let input = (case.input)(&mut random);
        let class = usize::from(random.bool());
        // The same memory for every input.
        username.copy_from_slice(input.username.as_bytes());
        choose(&mut text, &input.texts, class);
        let [username, text] =
            [&username, &text].map(|bytes| black_box(str::from_utf8(bytes).expect("text")));
        let start = Instant::now();
        black_box((case.verify)(username, text));
        (class, u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    };

    let mut first: Vec<u64> = (0..FIRST).map(|_| sample().1).collect();
    first.sort_unstable();
    let limits = KEPT.map(|kept| first.get(kept * FIRST / 100).copied().unwrap_or(u64::MAX));

    let mut series = [[Series::default(); 2]; KEPT.len()];
    for _ in 0..samples {
        let (class, nanos) = sample();
        for (series, &limit) in series.iter_mut().zip(&limits) {
            if nanos <= limit {
                #[expect(clippy::cast_precision_loss, reason = "few nanoseconds")]
                series[class].push(nanos as f64);
            }
        }
    }
    let largest = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
    Figures { median: first[FIRST / 2], t: series.map(t).into_iter().fold(0.0, largest) }
}

/// Copies one of the texts. Both are read either way, so that nothing but the text differs.
#[inline(never)]
fn choose(chosen: &mut [u8], [a, b]: &[String; 2], class: usize) {
    let mask = black_box(0_u8.wrapping_sub(u8::from(class == 1)));
    for ((chosen, a), b) in chosen.iter_mut().zip(a.bytes()).zip(b.bytes()) {
        *chosen = a ^ (mask & (a ^ b));
    }
}
