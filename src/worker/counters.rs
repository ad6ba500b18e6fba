//! What is counted of a database until it is written to shared memory.

use std::cell::Cell;

use postern_core::metrics::{Block, DatabaseCounter};

/// The counts since they were written down last.
#[derive(Default)]
pub(super) struct Counters([Cell<u64>; DatabaseCounter::ALL.len()]);

impl Counters {
    /// One more.
    pub(super) fn count(&self, counter: DatabaseCounter) {
        self.add(counter, 1);
    }

    /// So many more.
    pub(super) fn add(&self, counter: DatabaseCounter, count: u64) {
        if let Some(cell) = self.0.get(counter as usize) {
            cell.set(cell.get() + count);
        }
    }

    /// Writes them down, and begins anew.
    pub(super) fn flush(&self, block: &Block<'_>) {
        for (counter, cell) in DatabaseCounter::ALL.into_iter().zip(&self.0) {
            block.add_database(counter, cell.take());
        }
    }
}
