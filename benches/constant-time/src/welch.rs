//! Welch's t-test: do two series of numbers have the same mean?

/// Numbers of which only the count, the mean and the spread are kept (Welford's method).
#[derive(Clone, Copy, Default)]
pub(crate) struct Series {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Series {
    pub(crate) fn push(&mut self, number: f64) {
        self.count += 1.0;
        let before = number - self.mean;
        self.mean += before / self.count;
        self.squares += before * (number - self.mean);
    }

    fn variance_of_mean(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The difference of the means, in its standard deviations.
pub(crate) fn t([a, b]: [Series; 2]) -> f64 {
    let spread = (a.variance_of_mean() + b.variance_of_mean()).sqrt();
    if spread > 0.0 { (a.mean - b.mean) / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(numbers: &[f64]) -> Series {
        let mut series = Series::default();
        for &number in numbers {
            series.push(number);
        }
        series
    }

    /// The second example of <https://en.wikipedia.org/wiki/Welch%27s_t-test>.
    #[test]
    fn a_known_t() {
        let a = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8];
        let b = [
            21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5,
            23.6, 21.5, 22.5, 23.5, 21.5, 21.8,
        ];
        assert!((t([series(&a), series(&b)]) + 1.57).abs() < 0.005);
        assert!(t([series(&a), series(&a)]).abs() < 1e-9);
    }
}
