//! How fast a connection answers.

use std::cell::Cell;

use crate::nginx::time;

/// A moving average of the time that a batch takes, as its connection sees it.
pub(super) struct Pace {
    batch_us: Cell<u64>,
    mark_us: Cell<u64>,
}

/// Before anything is known: slow enough that nobody waits for others.
const UNKNOWN_US: u64 = 10_000;

/// The average follows a change within about so many reads.
const WEIGHT: u64 = 8;

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            batch_us: Cell::new(UNKNOWN_US),
            mark_us: Cell::new(0),
        }
    }

    /// The average, in microseconds.
    pub(super) fn batch_us(&self) -> u64 {
        self.batch_us.get()
    }

    /// A connection that was idle gets a batch.
    pub(super) fn begin(&self) {
        self.mark_us.set(time::precise_us());
    }

    /// So many batches have ended since the last call.
    pub(super) fn note(&self, done: u32) {
        let now_us = time::precise_us();
        let took_us = now_us.saturating_sub(self.mark_us.replace(now_us)) / u64::from(done.max(1));
        let average_us = self
            .batch_us
            .get()
            .saturating_mul(WEIGHT - 1)
            .saturating_add(took_us)
            / WEIGHT;
        self.batch_us.set(average_us);
    }
}
