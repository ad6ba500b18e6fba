//! The arithmetic of a sliding window: when the requests of one key were admitted, in a fixed number of words.
//!
//! A window is a queue of *runs*: so many requests, the last of them at such a time. A request joins the newest run if it falls
//! into the same slice of time (the rate's granule), else it begins a new one. A run is counted in full until its last request
//! has left the window. That makes three things true for any traffic:
//!
//! - In no window of the rate's length are there more requests than the rate allows, by a clock of whole milliseconds.
//! - What is counted too long is at most what one granule holds: nothing for small rates, where every millisecond has a run of
//!   its own, and a 63rd of the window for large ones.
//! - A run leaves at most one window's length after now, so that nobody is ever told to wait longer than that.

use super::rate::Rate;

/// How many runs a window remembers. Up to this many requests every one has its own.
pub(super) const RUNS: usize = 64;

/// The runs of one key: a ring, and in one word its beginning, its length and the number of requests in it.
pub(super) struct Window<'a> {
    state: &'a mut u64,
    runs: &'a mut [u64; RUNS],
}

/// Requests that were admitted close together: 40 bits for the time of the last (34 years of milliseconds), 24 for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    last_ms: u64,
    requests: u32,
}

impl<'a> Window<'a> {
    /// The words are all zero, or were written by this type.
    pub(super) fn new(state: &'a mut u64, runs: &'a mut [u64; RUNS]) -> Self {
        Self { state, runs }
    }

    /// How many requests are counted.
    pub(super) fn requests(&self) -> u32 {
        (*self.state >> 32) as u32
    }

    /// When the last of them was admitted.
    pub(super) fn newest_ms(&self) -> Option<u64> {
        let newest = self.len().checked_sub(1)?;
        Some(self.run(newest).last_ms)
    }

    /// Forgets what has left the window.
    pub(super) fn expire(&mut self, rate: &Rate, now_ms: u64) {
        while self.len() > 0 {
            let oldest = self.run(0);
            if oldest.last_ms + rate.window_ms() > now_ms {
                break;
            }
            self.drop_oldest(oldest.requests);
        }
    }

    /// How long it takes, in milliseconds, until `wanted` requests more are admitted; 0 if they are now.
    pub(super) fn wait_ms(&self, rate: &Rate, now_ms: u64, wanted: u32) -> u64 {
        let counted = self.requests().saturating_add(wanted);
        let mut surplus = counted.saturating_sub(rate.requests());
        let mut leaves_ms = now_ms;
        for run in self.iter() {
            if surplus == 0 {
                break;
            }
            surplus = surplus.saturating_sub(run.requests);
            leaves_ms = run.last_ms + rate.window_ms();
        }
        leaves_ms.saturating_sub(now_ms)
    }

    /// In how many milliseconds the oldest requests leave; 0 if there are none.
    pub(super) fn reset_ms(&self, rate: &Rate, now_ms: u64) -> u64 {
        let oldest = self.iter().next();
        oldest.map_or(0, |run| (run.last_ms + rate.window_ms()).saturating_sub(now_ms))
    }

    /// Counts a request. The answer is the time under which it is remembered: a clock that is behind another's is moved on to the
    /// newest request's, so that no request leaves too early.
    pub(super) fn charge(&mut self, rate: &Rate, now_ms: u64) -> u64 {
        let newest = self.len().checked_sub(1).map(|index| (index, self.run(index)));
        let now_ms = newest.map_or(now_ms, |(_, run)| run.last_ms.max(now_ms)) & TIME_MASK;
        match newest {
            Some((index, run)) if same_granule(rate, run.last_ms, now_ms) => {
                let requests = (run.requests + 1).min(COUNT_MASK);
                self.set_run(
                    index,
                    Run {
                        last_ms: now_ms,
                        requests,
                    },
                );
            }
            _ => self.push(Run {
                last_ms: now_ms,
                requests: 1,
            }),
        }
        self.set_state(self.head(), self.len(), self.requests().saturating_add(1));
        now_ms
    }

    /// Takes back one request that was charged under this time. One that has left the window costs nothing any more.
    pub(super) fn refund(&mut self, rate: &Rate, charged_ms: u64) {
        let index = self.iter().position(|run| run.last_ms >= charged_ms);
        let Some((index, run)) = index.map(|index| (index, self.run(index))) else {
            return;
        };
        if !same_granule(rate, run.last_ms, charged_ms) {
            return;
        }
        let requests = run.requests.saturating_sub(1);
        self.set_run(index, Run { requests, ..run });
        self.set_state(self.head(), self.len(), self.requests().saturating_sub(1));
        if requests == 0 {
            self.remove(index);
        }
    }

    /// Makes the words a window again after a process was killed while it wrote them: runs that make no sense go, and the sum is
    /// taken anew. A run from a clock that is a little ahead counts as of now.
    pub(super) fn repair(&mut self, now_ms: u64) {
        let (head, len) = (self.head(), self.len().min(RUNS));
        self.set_state(head, len, 0);
        let mut kept = [0; RUNS];
        let (mut count, mut requests, mut previous_ms) = (0, 0_u32, 0);
        for mut run in self.iter() {
            if run.requests == 0 || run.last_ms < previous_ms || run.last_ms > now_ms + CLOCK_SKEW_MS {
                continue;
            }
            run.last_ms = run.last_ms.min(now_ms);
            if let Some(place) = kept.get_mut(count) {
                *place = run.pack();
            }
            count += 1;
            requests = requests.saturating_add(run.requests);
            previous_ms = run.last_ms;
        }
        *self.runs = kept;
        self.set_state(0, count, requests);
    }

    /// A larger rate may find the runs of a smaller one, which were finer: the two oldest become one, which is strict for a while
    /// and never too generous.
    fn push(&mut self, run: Run) {
        if self.len() == RUNS {
            let (oldest, next) = (self.run(0), self.run(1));
            let requests = oldest.requests.saturating_add(next.requests).min(COUNT_MASK);
            self.set_run(1, Run { requests, ..next });
            self.drop_oldest(0);
        }
        let len = self.len();
        self.set_run(len, run);
        self.set_state(self.head(), len + 1, self.requests());
    }

    fn drop_oldest(&mut self, requests: u32) {
        let head = (self.head() + 1) % RUNS;
        self.set_state(
            head,
            self.len().saturating_sub(1),
            self.requests().saturating_sub(requests),
        );
    }

    fn remove(&mut self, index: usize) {
        let len = self.len();
        for place in index..len.saturating_sub(1) {
            let next = self.run(place + 1);
            self.set_run(place, next);
        }
        self.set_state(self.head(), len.saturating_sub(1), self.requests());
    }

    fn iter(&self) -> impl Iterator<Item = Run> {
        (0..self.len()).map(|index| self.run(index))
    }

    /// The run at a position, the oldest at 0.
    fn run(&self, index: usize) -> Run {
        let word = self.runs.get((self.head() + index) % RUNS).copied();
        Run::unpack(word.unwrap_or_default())
    }

    fn set_run(&mut self, index: usize, run: Run) {
        let head = self.head();
        if let Some(word) = self.runs.get_mut((head + index) % RUNS) {
            *word = run.pack();
        }
    }

    fn head(&self) -> usize {
        (*self.state & 0xff) as usize % RUNS
    }

    fn len(&self) -> usize {
        ((*self.state >> 8) & 0xff) as usize
    }

    fn set_state(&mut self, head: usize, len: usize, requests: u32) {
        *self.state = u64::from(requests) << 32 | (len as u64) << 8 | head as u64;
    }
}

impl Run {
    fn pack(self) -> u64 {
        self.last_ms << COUNT_BITS | u64::from(self.requests.min(COUNT_MASK))
    }

    fn unpack(word: u64) -> Self {
        Self {
            last_ms: word >> COUNT_BITS,
            requests: word as u32 & COUNT_MASK,
        }
    }
}

fn same_granule(rate: &Rate, first_ms: u64, second_ms: u64) -> bool {
    first_ms / rate.granule_ms() == second_ms / rate.granule_ms()
}

/// What is further in the future was not written by a clock.
const CLOCK_SKEW_MS: u64 = 60_000;
const COUNT_BITS: u32 = 24;
const COUNT_MASK: u32 = (1 << COUNT_BITS) - 1;
const TIME_MASK: u64 = u64::MAX >> COUNT_BITS;

#[cfg(test)]
mod tests;
