//! Where metrics are counted: words of shared memory that nobody locks.
//!
//! A series has a label and, for each process, a block of words. Each process has taken a slot, which says which blocks are its own; where
//! there are more processes than slots they share the last one, which is right too, only slower. Words are counted up with one atomic
//! addition each. What a process that ended has counted stays; its gauges do not count any more.
//!
//! Series are made when something is counted for the first time, and stay as long as the memory: there are as many as the configurations
//! have locations and databases, whatever clients send. When there is room for no more, what is new is not counted.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

use super::failure::{Failure, LastFailure, Rings};

/// The words of a zone, as all its processes see them. They were all zero at the beginning.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'z> {
    header: &'z [AtomicU64; HEADER],
    owners: &'z [AtomicU64],
    failures: Rings<'z>,
    series: &'z [AtomicU64],
}

/// What a series is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Requests that ended in a location of a server.
    Endpoint {
        /// The first name of the server.
        server: String,
        /// The location, as it is written: `/api/`, `= /login`, `~ \.json$`, `@fallback`; empty for the server outside of its locations.
        location: String,
    },
    /// A database.
    Database(String),
}

/// The number of a process's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(usize);

/// The number of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series(usize);

/// The words of a process in a series.
#[derive(Debug, Clone, Copy)]
pub struct Block<'z>(&'z [AtomicU64]);

impl<'z> Registry<'z> {
    /// The registry in these words for so many processes, always the same number. `None` if there are too few.
    pub fn new(words: &'z [AtomicU64], slots: usize) -> Option<Self> {
        let (header, words) = words.split_first_chunk()?;
        let (owners, words) = words.split_at_checked(slots.max(1))?;
        let (failures, series) = Rings::split(words, owners.len());
        Some(Self {
            header,
            owners,
            failures,
            series,
        })
    }

    /// How many series there is room for.
    pub fn capacity(&self) -> usize {
        self.series.len() / self.series_words()
    }

    fn series_words(&self) -> usize {
        LABEL_AT + LABEL_WORDS + self.owners.len() * BLOCK
    }

    /// A process starts. The first one says since when there are counts.
    pub fn note_start(&self, now_s: u64) {
        self.header[STARTS].fetch_add(1, Ordering::Relaxed);
        let _ = self.header[BEGAN_S].compare_exchange(0, now_s, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Since when there are counts, in seconds of Unix time; 0 as long as there is no process.
    pub fn began_s(&self) -> u64 {
        self.header[BEGAN_S].load(Ordering::Relaxed)
    }

    /// The slot of processes that have found none of their own.
    pub fn common_slot(&self) -> Slot {
        Slot(self.owners.len() - 1)
    }

    /// Takes a slot for a process, which is told from all others by a value that is not 0. Slots of processes that have ended without giving them back are free.
    pub fn take_slot(&self, process: u64, is_alive: &dyn Fn(u64) -> bool) -> Option<Slot> {
        let change = |owner: &AtomicU64, from: u64, to: u64| {
            owner
                .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        };
        for owner in self.owners {
            let before = owner.load(Ordering::SeqCst);
            let is_lost = before != 0 && (before == process || !is_alive(before));
            if is_lost && change(owner, before, 0) {
                self.header[CRASHES].fetch_add(1, Ordering::Relaxed);
            }
        }
        let number = self.owners.iter().position(|owner| change(owner, 0, process))?;
        self.forget_gauges(Slot(number));
        Some(Slot(number))
    }

    /// What was said of things that there may be no more.
    fn forget_gauges(&self, slot: Slot) {
        for (series, _) in self.series() {
            let gauges = self
                .block(series, slot)
                .and_then(|Block(words)| words.get(GAUGES..));
            for word in gauges.unwrap_or_default() {
                word.store(0, Ordering::Relaxed);
            }
        }
    }

    /// A process ends.
    pub fn give_slot_back(&self, process: u64) {
        for owner in self.owners {
            let _ = owner.compare_exchange(process, 0, Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// How many processes have started, and how many were killed or have crashed, as far as it was noticed.
    pub fn processes(&self) -> (u64, u64) {
        let read = |word: usize| self.header[word].load(Ordering::Relaxed);
        (read(STARTS), read(CRASHES))
    }

    /// The slots of processes that are there.
    pub fn alive(&self, is_alive: &dyn Fn(u64) -> bool) -> Vec<Slot> {
        let owners = self.owners.iter().enumerate();
        owners
            .filter_map(|(number, owner)| {
                let owner = owner.load(Ordering::SeqCst);
                (owner != 0 && is_alive(owner)).then_some(Slot(number))
            })
            .collect()
    }

    /// The series of a label, made now if need be; `None` where there is no room for it.
    pub fn find(&self, label: &Label) -> Option<Series> {
        let text = label.to_text();
        let hash = hash(&text);
        for number in 0..self.capacity() {
            let words = self.words(Series(number))?;
            let found = match words[HASH].compare_exchange(0, hash, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => hash,
                Err(found) => found,
            };
            if found == hash {
                // Whoever has made it may have been killed before it had written the label, which is the same for all.
                if words[LENGTH].load(Ordering::SeqCst) == 0 {
                    write_label(words, &text);
                }
                return Some(Series(number));
            }
        }
        None
    }

    /// All series, with their labels.
    pub fn series(&self) -> impl Iterator<Item = (Series, Label)> {
        (0..self.capacity())
            .map_while(|number| {
                let series = Series(number);
                let words = self.words(series)?;
                (words[HASH].load(Ordering::SeqCst) != 0).then_some((series, words))
            })
            .filter_map(|(series, words)| Some((series, read_label(words)?)))
    }

    /// Notes a request of a process that has failed.
    pub fn note_failure(&self, Series(number): Series, Slot(slot): Slot, failure: &Failure<'_>) {
        self.failures.note(slot, number, failure);
    }

    /// The last requests that have failed, the newest first.
    pub fn last_failures(&self) -> Vec<LastFailure<Label>> {
        let with_label = |failure: LastFailure<usize>| {
            let place = read_label(self.words(Series(failure.place))?)?;
            Some(failure.at(place))
        };
        self.failures.read().into_iter().filter_map(with_label).collect()
    }

    fn words(&self, Series(number): Series) -> Option<&'z [AtomicU64]> {
        let length = self.series_words();
        self.series.get(number * length..(number + 1) * length)
    }

    /// The block of a process.
    pub fn block(&self, series: Series, Slot(slot): Slot) -> Option<Block<'z>> {
        let blocks = self.words(series)?.get(LABEL_AT + LABEL_WORDS..)?;
        blocks.get(slot * BLOCK..(slot + 1) * BLOCK).map(Block)
    }

    /// The words of all processes in a series, added up.
    pub(super) fn sums(&self, series: Series) -> [u64; BLOCK] {
        self.sums_of(series, (0..self.owners.len()).map(Slot))
    }

    /// The words of these processes in a series, added up.
    pub(super) fn sums_of(&self, series: Series, slots: impl Iterator<Item = Slot>) -> [u64; BLOCK] {
        let mut sums = [0_u64; BLOCK];
        for Block(words) in slots.filter_map(|slot| self.block(series, slot)) {
            for (sum, word) in sums.iter_mut().zip(words) {
                *sum = sum.wrapping_add(word.load(Ordering::Relaxed));
            }
        }
        sums
    }
}

impl Block<'_> {
    /// Counts.
    pub(super) fn add(&self, word: usize, count: u64) {
        if count != 0
            && let Some(word) = self.0.get(word)
        {
            word.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Says how much of something there is.
    pub(super) fn set(&self, word: usize, value: u64) {
        if let Some(word) = self.0.get(word) {
            word.store(value, Ordering::Relaxed);
        }
    }
}

impl Label {
    /// A text that is another one for each label, of at most [`LABEL_BYTES`].
    fn to_text(&self) -> Vec<u8> {
        let parts = match self {
            Self::Endpoint { server, location } => [ENDPOINT, server, location],
            Self::Database(name) => [DATABASE, name, ""],
        };
        let mut text = parts.join("\0").into_bytes();
        if text.len() > LABEL_BYTES {
            let tail = format!("#{:016x}", hash(&text));
            text.truncate(LABEL_BYTES - tail.len());
            text.extend_from_slice(tail.as_bytes());
        }
        text
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        let mut parts = text.split('\0');
        let (kind, first) = (parts.next()?, parts.next()?);
        match kind {
            ENDPOINT => Some(Self::Endpoint {
                server: first.into(),
                location: parts.next().unwrap_or_default().into(),
            }),
            DATABASE => Some(Self::Database(first.into())),
            _ => None,
        }
    }
}

/// Every process writes the same.
fn write_label(words: &[AtomicU64], text: &[u8]) {
    let place = words.iter().skip(LABEL_AT).take(LABEL_WORDS);
    for (word, bytes) in place.zip(text.chunks(size_of::<u64>())) {
        let mut padded = [0; size_of::<u64>()];
        padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        word.store(u64::from_le_bytes(padded), Ordering::Relaxed);
    }
    words[LENGTH].store(text.len() as u64, Ordering::SeqCst);
}

/// `None` as long as it is not written.
fn read_label(words: &[AtomicU64]) -> Option<Label> {
    let length = usize::try_from(words[LENGTH].load(Ordering::SeqCst)).ok()?;
    let place = words.iter().skip(LABEL_AT).take(LABEL_WORDS);
    let text: Vec<u8> = place
        .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
        .take(length)
        .collect();
    (length != 0).then(|| Label::from_text(&text)).flatten()
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text);
    // 0 marks a place that nobody has.
    hasher.finish().max(1)
}

const ENDPOINT: &str = "endpoint";
const DATABASE: &str = "database";

const HEADER: usize = 8;
/// How many processes have started.
const STARTS: usize = 0;
/// How many were found to have ended without giving back their slots.
const CRASHES: usize = 1;
/// When the first one has started, in seconds of Unix time.
const BEGAN_S: usize = 2;

// Words of a series: the hash of its label, how long that is (0 until it is written), the label, the blocks of the processes.
const HASH: usize = 0;
const LENGTH: usize = 1;
const LABEL_AT: usize = 2;
const LABEL_WORDS: usize = 30;
const LABEL_BYTES: usize = LABEL_WORDS * size_of::<u64>();

/// Words of a process in a series.
pub(super) const BLOCK: usize = GAUGES + 16;

/// The first of those that tell how something is, and not how often it was.
pub(super) const GAUGES: usize = 96;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::{BLOCK, Failure, GAUGES, Label, Registry, Series, Slot};

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(0)).collect()
    }

    fn endpoint(location: &str) -> Label {
        Label::Endpoint {
            server: "example.org".into(),
            location: location.into(),
        }
    }

    #[test]
    fn series_are_found_again_until_there_is_no_room() {
        // With one entry in each of four rings of failures.
        let words = words(8 + 2 + 4 * 33 + 3 * (32 + 2 * BLOCK));
        let registry = Registry::new(&words, 2).expect("room");
        assert_eq!(registry.capacity(), 3);
        let labels = [endpoint("/a"), endpoint("= /a"), Label::Database("app".into())];
        let found: Vec<_> = labels.iter().map(|label| registry.find(label)).collect();
        assert_eq!(
            found,
            labels
                .iter()
                .map(|label| registry.find(label))
                .collect::<Vec<_>>()
        );
        assert!(found.iter().all(Option::is_some));
        assert_eq!(registry.find(&endpoint("/b")), None);
        let told: Vec<_> = registry.series().map(|(_, label)| label).collect();
        assert_eq!(told, labels);
    }

    #[test]
    fn labels_that_are_long_are_cut() {
        let words = words(10_000);
        let registry = Registry::new(&words, 1).expect("room");
        let long = "ä".repeat(300);
        for tail in ["a", "b"] {
            registry.find(&endpoint(&format!("{long}{tail}"))).expect("room");
        }
        let labels: Vec<_> = registry.series().map(|(_, label)| label).collect();
        assert!(labels.len() == 2 && labels[0] != labels[1], "{labels:?}");
        let Label::Endpoint { location, .. } = &labels[0] else {
            panic!("{labels:?}")
        };
        assert!(location.starts_with("ää") && location.len() < 240, "{location}");
    }

    #[test]
    fn counts_stay_when_a_process_ends_and_gauges_do_not() {
        let words = words(10_000);
        let registry = Registry::new(&words, 2).expect("room");
        let series = registry.find(&endpoint("/a")).expect("room");
        let alive = |process| process != 7;
        let take = |process: u64| {
            registry.note_start(100);
            registry.take_slot(process, &alive)
        };
        let second = take(8).expect("a slot");
        let first = take(7).expect("a slot");
        assert_ne!(first, second);
        for slot in [first, second] {
            let block = registry.block(series, slot).expect("a block");
            block.add(3, 2);
            block.set(GAUGES, 5);
        }
        assert_eq!(registry.sums(series)[3], 4);
        assert_eq!(registry.alive(&alive), [second]);
        assert_eq!(
            registry.sums_of(series, registry.alive(&alive).into_iter())[GAUGES],
            5
        );
        // Another process takes the place of the one that is gone, and goes on counting.
        assert_eq!(take(9), Some(first));
        assert_eq!((registry.processes(), registry.began_s()), ((3, 1), 100));
        assert_eq!(registry.sums(series)[3], 4);
        assert_eq!(registry.sums_of(series, std::iter::once(first))[GAUGES], 0);
        registry.give_slot_back(9);
        assert_eq!(take(10), Some(first));
        assert_eq!(registry.processes(), (4, 1));
        // Where there are more processes than slots they share one.
        assert_eq!((take(11), registry.common_slot()), (None, Slot(1)));
    }

    #[test]
    fn failures_are_told_with_the_location_in_which_they_ended() {
        let words = words(10_000);
        let registry = Registry::new(&words, 2).expect("room");
        let slot = registry.take_slot(7, &|_| true).expect("a slot");
        let failure = Failure {
            time_ms: 1,
            status: 503,
            method: b"GET",
            code: "PGRST003",
            trace_id: "",
            path: b"/a/1",
        };
        for location in ["/a", "/b"] {
            let series = registry.find(&endpoint(location)).expect("room");
            registry.note_failure(series, slot, &failure);
        }
        registry.note_failure(Series(2), slot, &failure);
        let places: Vec<_> = registry
            .last_failures()
            .into_iter()
            .map(|failure| failure.place)
            .collect();
        assert_eq!(places, [endpoint("/a"), endpoint("/b")]);
    }

    #[test]
    fn too_few_words_are_no_registry() {
        assert!(Registry::new(&words(8), 2).is_none());
        assert_eq!(
            Registry::new(&words(100), 2).map(|registry| registry.capacity()),
            Some(0)
        );
    }
}
