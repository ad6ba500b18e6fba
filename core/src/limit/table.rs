//! Windows by their keys, in shared memory: as many places as fit, all alike, found through a hash and kept in the order of
//! their use.
//!
//! The table is an array of words and refers to its places by number, so that it means the same in every process. Nothing is
//! allocated after it was made: where every place is taken, the key that was not used for the longest time gives up its own.
//!
//! A process may be killed at any instruction while it writes here. What has to survive that is what each place says of itself, its
//! key and its window; the chains and the order of use are made anew from that by [`Table::repair`], which whoever finds that
//! another process did not finish must call first.

mod links;
mod place;

use std::sync::atomic::{Ordering, compiler_fence};

use self::place::Place;
use super::key::{Key, Seed};
use super::rate::Rate;
use super::window::Window;

/// A table in the words of its owner, who holds their lock.
pub struct Table<'a> {
    header: &'a mut [u64; HEADER],
    /// For each bucket the number of the first place in its chain.
    buckets: &'a mut [u64],
    places: &'a mut [[u64; Place::WORDS]],
}

/// The number of a place, counted from 1; 0 is none.
type Number = u64;

impl<'a> Table<'a> {
    /// Changes with everything that is kept in the words, so that a new version does not take an old one's for its own.
    pub const LAYOUT_VERSION: u64 = u64::from_be_bytes(*b"limits\0\x01");

    /// Bytes for each key: its place and its bucket.
    pub const BYTES_PER_KEY: usize = (Place::WORDS + 1) * size_of::<u64>();

    /// How many keys fit into so many words.
    pub fn capacity_of(words: usize) -> usize {
        words.saturating_sub(HEADER) / (Place::WORDS + 1)
    }

    /// Makes an empty table. The words may hold anything: a place is looked at only after it was taken.
    pub fn create(words: &mut [u64], seed: Seed) {
        let capacity = Self::capacity_of(words.len());
        for word in words.iter_mut().take(HEADER + capacity) {
            *word = 0;
        }
        if let Some(header) = words.first_chunk_mut::<HEADER>() {
            header[LAYOUT] = Self::LAYOUT_VERSION;
            header[CAPACITY] = capacity as u64;
            [header[SEED_FIRST], header[SEED_SECOND]] = seed.0;
        }
    }

    /// Whether there is a table in the words that this version can read.
    fn is_compatible(words: &[u64]) -> bool {
        let capacity = Self::capacity_of(words.len()) as u64;
        words
            .first_chunk::<HEADER>()
            .is_some_and(|header| header[LAYOUT] == Self::LAYOUT_VERSION && header[CAPACITY] == capacity)
    }

    /// The table in words that [`Table::create`] has written.
    pub fn open(words: &'a mut [u64]) -> Option<Self> {
        if !Self::is_compatible(words) {
            return None;
        }
        let capacity = Self::capacity_of(words.len());
        let (header, rest) = words.split_first_chunk_mut::<HEADER>()?;
        let (buckets, rest) = rest.split_at_mut_checked(capacity)?;
        let (places, _) = rest.as_chunks_mut::<{ Place::WORDS }>();
        Some(Self {
            header,
            buckets,
            places: places.get_mut(..capacity)?,
        })
    }

    /// The secret of its keys, from words that others may be using: these never change.
    pub fn seed_of(word: impl Fn(usize) -> Option<u64>) -> Option<Seed> {
        Some(Seed([word(SEED_FIRST)?, word(SEED_SECOND)?]))
    }

    /// How many keys there is room for.
    pub fn capacity(&self) -> usize {
        self.places.len()
    }

    /// How many places have been taken so far.
    pub fn used(&self) -> usize {
        (self.header[USED] as usize).min(self.capacity())
    }

    /// How many keys had to give up their place while their requests were still counted.
    pub fn evicted(&self) -> u64 {
        self.header[EVICTED]
    }

    /// The same, from words that others may be changing.
    pub fn evicted_of(word: impl Fn(usize) -> Option<u64>) -> Option<u64> {
        word(EVICTED)
    }

    /// The window of a key, without what has left it; the key counts as used. `None` if nothing is known of it.
    pub(super) fn window(&mut self, key: &Key, rate: &Rate, now_ms: u64) -> Option<Window<'_>> {
        let number = self.find(key)?;
        self.touch(number);
        let mut window = self.place(number)?.into_window();
        window.expire(rate, now_ms);
        Some(window)
    }

    /// Counts a request for a key, which gets a place if it has none. The answer is the time to give to [`Table::refund`];
    /// `None` only if the table has no places at all.
    pub(super) fn charge(&mut self, key: &Key, rate: &Rate, now_ms: u64) -> Option<u64> {
        let number = match self.find(key) {
            Some(number) => number,
            None => self.take_place(key, now_ms)?,
        };
        let mut place = self.place(number)?;
        let charged_ms = place.window().charge(rate, now_ms);
        place.set_open_until_ms(charged_ms + rate.window_ms());
        Some(charged_ms)
    }

    /// Takes back what was charged.
    pub(super) fn refund(&mut self, key: &Key, rate: &Rate, charged_ms: u64) {
        if let Some(mut place) = self.find(key).and_then(|number| self.place(number)) {
            place.window().refund(rate, charged_ms);
        }
    }

    /// Whether so many new keys find places without any key that is counted being forgotten.
    pub(super) fn has_room(&self, wanted: usize, now_ms: u64) -> bool {
        let free = self.capacity() - self.used();
        let idle = || {
            self.oldest()
                .filter(|&number| self.is_idle(number, now_ms))
                .count()
        };
        free >= wanted || free + idle() >= wanted
    }

    /// In how many milliseconds the first of the places becomes free that are searched for room.
    pub(super) fn room_in_ms(&self, now_ms: u64) -> u64 {
        let until = self
            .oldest()
            .map(|number| Place::open_until_ms(self.words(number)));
        until.min().unwrap_or_default().saturating_sub(now_ms)
    }

    /// Makes a table again of what a process has left that was killed while it wrote.
    pub fn repair(&mut self, now_ms: u64) {
        self.header[USED] = self.used() as u64;
        self.header[NEWEST] = 0;
        self.header[OLDEST] = 0;
        self.buckets.fill(0);
        let mut by_use = Vec::with_capacity(self.used());
        for number in 1..=self.header[USED] {
            if let Some(mut place) = self.place(number) {
                place.window().repair(now_ms);
                by_use.push((place.window().newest_ms(), number));
            }
        }
        by_use.sort_unstable();
        for (newest_ms, number) in by_use {
            if newest_ms.is_some() {
                self.link_bucket(number);
            }
            self.link_newest(number);
        }
    }

    /// A place for a new key.
    fn take_place(&mut self, key: &Key, now_ms: u64) -> Option<Number> {
        let number = if self.used() < self.capacity() {
            self.header[USED] + 1
        } else {
            self.vacate(now_ms)
        };
        // Repairing trusts a key where there is a window: first the window goes, then comes the key.
        self.place(number)?.clear();
        compiler_fence(Ordering::SeqCst);
        self.place(number)?.set_key(key);
        compiler_fence(Ordering::SeqCst);
        self.header[USED] = self.header[USED].max(number);
        self.link_bucket(number);
        self.link_newest(number);
        Some(number)
    }

    /// Frees the place that was not used for the longest time; or one of those next to it, if its window is over.
    fn vacate(&mut self, now_ms: u64) -> Number {
        let idle = self.oldest().find(|&number| self.is_idle(number, now_ms));
        let number = idle.unwrap_or_else(|| {
            self.header[EVICTED] += 1;
            self.header[OLDEST]
        });
        self.unlink_bucket(number);
        self.unlink_use(number);
        number
    }

    fn is_idle(&self, number: Number, now_ms: u64) -> bool {
        Place::open_until_ms(self.words(number)) <= now_ms
    }

    fn place(&mut self, number: Number) -> Option<Place<'_>> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.places.get_mut(index).map(Place::new)
    }

    /// The same to look at; zeros for a place that there is not.
    fn words(&self, number: Number) -> &[u64; Place::WORDS] {
        let index = number
            .checked_sub(1)
            .and_then(|index| usize::try_from(index).ok());
        index
            .and_then(|index| self.places.get(index))
            .unwrap_or(&[0; Place::WORDS])
    }
}

/// Words of the header. What is not named is kept for tables that are to share a zone with this one.
const HEADER: usize = 16;
const LAYOUT: usize = 0;
const CAPACITY: usize = 1;
const USED: usize = 2;
const NEWEST: usize = 3;
const OLDEST: usize = 4;
const EVICTED: usize = 5;
const SEED_FIRST: usize = 6;
const SEED_SECOND: usize = 7;

#[cfg(test)]
mod tests;
