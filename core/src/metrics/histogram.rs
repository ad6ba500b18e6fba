//! Durations by how long they are, each counted in one bucket.

/// The upper bounds of the buckets in microseconds; the last bucket has none.
pub(super) const BOUNDS_US: [u64; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000,
];

/// The same in seconds, as they are written.
pub(super) const BOUNDS_S: [&str; 15] = [
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0",
    "10.0", "30.0",
];

/// How many words a histogram takes: its buckets, and the sum of what was counted in microseconds.
pub(super) const WORDS: usize = BOUNDS_US.len() + 2;

/// The bucket of a duration.
pub(super) fn bucket(duration_us: u64) -> usize {
    BOUNDS_US.partition_point(|&bound_us| bound_us < duration_us)
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
}

impl Histogram {
    /// That of words which hold one.
    pub(super) fn read(word: impl Fn(usize) -> u64) -> Self {
        let mut histogram = Self::default();
        for (index, count) in histogram.buckets.iter_mut().enumerate() {
            *count = word(index);
        }
        histogram.sum_us = word(BOUNDS_US.len() + 1);
        histogram
    }

    /// For each bound how many were at most as long.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let bounds = BOUNDS_S.iter().copied().chain(std::iter::once("+Inf"));
        bounds.zip(self.buckets.iter().scan(0, |sum: &mut u64, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// How many there were in each bucket.
    pub(super) fn buckets(&self) -> &[u64] {
        &self.buckets
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long they were together, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS_S, BOUNDS_US, Histogram, WORDS, bucket};

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        assert_eq!(
            [0, 500, 501, 1000, 30_000_000, u64::MAX].map(bucket),
            [0, 0, 1, 1, 14, 15]
        );
        assert!(BOUNDS_US.is_sorted());
        for (us, s) in BOUNDS_US.into_iter().zip(BOUNDS_S) {
            assert_eq!(s.parse::<f64>().map(|s| (s * 1e6).round() as u64), Ok(us));
        }
    }

    #[test]
    fn buckets_are_added_up() {
        let words: Vec<u64> = (0..WORDS as u64).collect();
        let histogram = Histogram::read(|index| words[index]);
        let cumulative: Vec<_> = histogram.cumulative().collect();
        assert_eq!(cumulative[..3], [("0.0005", 0), ("0.001", 1), ("0.0025", 3)]);
        assert_eq!(cumulative[15], ("+Inf", 120));
        assert_eq!((histogram.count(), histogram.sum_us()), (120, 16));
    }
}
