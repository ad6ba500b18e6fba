//! Responses in shared memory: entries of any length in blocks of one size, found through a hash and kept in the order of their use.
//!
//! Blocks of one size leave nothing between them that is too small to be used: an entry is a chain of blocks, wherever they are. Where
//! none is free, the entries that were not used for the longest time give up theirs. Everything refers to blocks by number, so that it
//! means the same in every process.
//!
//! A process may be killed at any instruction while it writes here. What it leaves is not looked at: whoever finds that another did
//! not finish begins with an empty store ([`Store::clear`]). Responses can be made again.

mod blocks;
mod flight;
mod links;

use std::ops::Range;

use bytes::Bytes;

use super::generations::Generations;
use super::key::{Key, path};
use super::record::Record;
use crate::conditional::EntityTag;

pub use flight::{Answer, Flight, Inquiry};

/// A store in the words of its owner, who holds their lock.
pub struct Store<'a> {
    header: &'a mut [u64; HEADER],
    /// For each bucket the first block of the first entry in its chain.
    buckets: &'a mut [u64],
    blocks: &'a mut [[u64; BLOCK]],
}

/// The number of a block, counted from 1; 0 is none. An entry is known by its first block.
type Number = u64;

/// When a response was made, and how long it is good, in milliseconds of a clock that all processes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When its query was sent.
    pub stored_ms: u64,
    /// Until when it is fresh.
    pub fresh_until_ms: u64,
    /// Until when it may be sent although it is not, where there is a reason.
    pub stale_until_ms: u64,
}

/// A response as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The response.
    pub record: Record,
    /// How long it is good.
    pub lifetime: Lifetime,
    /// The tag of its content.
    pub etag: EntityTag,
}

impl Stored {
    /// A response with its tag.
    pub fn new(record: Record, lifetime: Lifetime) -> Self {
        Self {
            etag: EntityTag::of(&record.body),
            record,
            lifetime,
        }
    }
}

/// What a store has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Entries that there are.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// Bytes that there are.
    pub capacity: u64,
    /// Entries that had to make room for others.
    pub evicted: u64,
}

impl<'a> Store<'a> {
    /// Changes with everything that is kept in the words.
    pub const LAYOUT_VERSION: u64 = u64::from_be_bytes(*b"cache\0\0\x02");

    /// Makes an empty store. The words may hold anything: a block is looked at only after it was taken.
    pub fn create(words: &mut [u64], seed: [u64; 2]) {
        if let Some(header) = words.first_chunk_mut::<HEADER>() {
            [header[SEED_FIRST], header[SEED_SECOND]] = seed;
        }
        Self::clear(words);
    }

    /// Empties a store, whatever state it is in. Its secret is left alone: others read it meanwhile ([`Store::seed_of`]).
    pub fn clear(words: &mut [u64]) {
        let (buckets, blocks) = sizes(words.len());
        for (index, word) in words.iter_mut().take(HEADER + buckets).enumerate() {
            match index {
                SEED_FIRST | SEED_SECOND => {}
                LAYOUT => *word = Self::LAYOUT_VERSION,
                BLOCKS => *word = blocks as u64,
                _ => *word = 0,
            }
        }
    }

    /// The store in words that [`Store::create`] has written.
    pub fn open(words: &'a mut [u64]) -> Option<Self> {
        let (bucket_count, block_count) = sizes(words.len());
        let (header, rest) = words.split_first_chunk_mut::<HEADER>()?;
        if header[LAYOUT] != Self::LAYOUT_VERSION || header[BLOCKS] != block_count as u64 {
            return None;
        }
        let (buckets, rest) = rest.split_at_mut_checked(bucket_count)?;
        let (blocks, _) = rest.as_chunks_mut::<BLOCK>();
        Some(Self {
            header,
            buckets,
            blocks: blocks.get_mut(..block_count)?,
        })
    }

    /// The secret of its hashes, from words that others may be using: it never changes.
    pub fn seed_of(word: impl Fn(usize) -> Option<u64>) -> Option<[u64; 2]> {
        Some([word(SEED_FIRST)?, word(SEED_SECOND)?])
    }

    /// Stores a response, whose making this ends. It is not kept if it is out of date already, or too large for the store, or if its
    /// entry is gone, be it purged or evicted; whether it is. Until `pass_until_ms` nobody is made to wait for another that is too large.
    pub fn fill(
        &mut self,
        key: &Key<'_>,
        flight: Flight,
        stored: &Stored,
        generations: &Generations<'_>,
        pass_until_ms: u64,
    ) -> bool {
        let Some(number) = self.end_flight(key, flight) else {
            return false;
        };
        let mut record = Vec::new();
        stored.record.write(&mut record);
        if record.len() > self.longest() {
            self.set_meta(number, PASS_UNTIL, pass_until_ms);
            return false;
        }
        if !stored.record.dependencies.are_current(generations) {
            return false;
        }
        let uses = self.meta(number, USES);
        self.remove(number);
        let Some(number) = self.insert(key, &record) else {
            return false;
        };
        self.set_meta(number, USES, uses);
        self.set_meta(number, STORED, stored.lifetime.stored_ms);
        self.set_meta(number, FRESH_UNTIL, stored.lifetime.fresh_until_ms);
        self.set_meta(number, STALE_UNTIL, stored.lifetime.stale_until_ms);
        let (tag, _) = stored.etag.as_bytes().as_chunks();
        for (word, &bytes) in TAG.zip(tag) {
            self.set_meta(number, word, u64::from_ne_bytes(bytes));
        }
        true
    }

    /// Forgets the responses to requests whose paths begin with this; how many there were.
    pub fn purge(&mut self, prefix: &[u8]) -> usize {
        let mut purged = 0;
        let mut number = self.header[OLDEST];
        for _ in 0..self.blocks.len() {
            if number == 0 {
                break;
            }
            let newer = self.meta(number, NEWER);
            if path(&self.key(number)).starts_with(prefix) {
                purged += usize::from(self.meta(number, RECORD_BYTES) != 0);
                self.remove(number);
            }
            number = newer;
        }
        purged
    }

    /// What a store holds, and how it has fared, from words that others may be changing.
    pub fn usage_of(word: impl Fn(usize) -> Option<u64>) -> Option<Usage> {
        let block_bytes = (BLOCK * size_of::<u64>()) as u64;
        Some(Usage {
            entries: word(ENTRIES)?,
            bytes: word(TAKEN)? * block_bytes,
            capacity: word(BLOCKS)? * block_bytes,
            evicted: word(EVICTED)?,
        })
    }

    /// The longest record that is stored: a few of them must not be all that there is room for.
    fn longest(&self) -> usize {
        self.blocks.len() / 4 * blocks::CONTINUED_BYTES
    }

    /// A new entry, as the one that was used last. `None` if there is no room for it.
    fn insert(&mut self, key: &Key<'_>, record: &[u8]) -> Option<Number> {
        let number = self.allocate(key.bytes.len() + record.len())?;
        for word in META {
            self.set_meta(number, word, 0);
        }
        self.set_meta(number, HASH, key.hash);
        self.set_meta(number, KEY_BYTES, key.bytes.len() as u64);
        self.set_meta(number, RECORD_BYTES, record.len() as u64);
        self.write(number, &[key.bytes, record]);
        self.link_bucket(number);
        self.link_newest(number);
        self.header[ENTRIES] += 1;
        Some(number)
    }

    fn remove(&mut self, number: Number) {
        self.unlink_bucket(number);
        self.unlink_use(number);
        self.free(number);
        self.header[ENTRIES] = self.header[ENTRIES].saturating_sub(1);
    }

    /// The response of an entry; `None` if it has none yet.
    fn stored(&self, number: Number) -> Option<Stored> {
        let length = usize::try_from(self.meta(number, RECORD_BYTES)).ok()?;
        let skipped = usize::try_from(self.meta(number, KEY_BYTES)).ok()?;
        if length == 0 {
            return None;
        }
        let lifetime = Lifetime {
            stored_ms: self.meta(number, STORED),
            fresh_until_ms: self.meta(number, FRESH_UNTIL),
            stale_until_ms: self.meta(number, STALE_UNTIL),
        };
        let mut tag = [0; TAG_BYTES];
        for (word, bytes) in TAG.zip(tag.as_chunks_mut().0) {
            *bytes = self.meta(number, word).to_ne_bytes();
        }
        Some(Stored {
            record: Record::read(Bytes::from(self.read(number, skipped, length)))?,
            lifetime,
            etag: EntityTag::from_bytes(tag),
        })
    }

    fn key(&self, number: Number) -> Vec<u8> {
        let length = usize::try_from(self.meta(number, KEY_BYTES)).unwrap_or_default();
        self.read(number, 0, length)
    }

    fn meta(&self, number: Number, word: usize) -> u64 {
        self.block(number)
            .and_then(|block| block.get(word))
            .copied()
            .unwrap_or_default()
    }

    fn set_meta(&mut self, number: Number, word: usize, value: u64) {
        let block = self.block_mut(number);
        if let Some(place) = block.and_then(|block| block.get_mut(word)) {
            *place = value;
        }
    }
}

/// How many buckets and blocks fit into so many words.
fn sizes(words: usize) -> (usize, usize) {
    // A bucket for every other block: an entry has at least one.
    let blocks = words.saturating_sub(HEADER) * 2 / (2 * BLOCK + 1);
    let buckets = blocks.div_ceil(2);
    let blocks = blocks.min(words.saturating_sub(HEADER + buckets) / BLOCK);
    (buckets, blocks)
}

// Words of the header.
const LAYOUT: usize = 0;
const BLOCKS: usize = 1;
const SEED_FIRST: usize = 2;
const SEED_SECOND: usize = 3;
const NEWEST: usize = 4;
const OLDEST: usize = 5;
/// The first of the blocks that were given back.
const FREE: usize = 6;
/// How many blocks were taken at least once: those behind have never been written.
const TOUCHED: usize = 7;
/// How many blocks are taken.
const TAKEN: usize = 8;
const ENTRIES: usize = 9;
const EVICTED: usize = 10;
/// How many flights have begun.
const FLIGHTS: usize = 11;
const HEADER: usize = 16;

/// Words of a block: 512 bytes, so that a small response and its key take one or two.
const BLOCK: usize = 64;

// Words of the first block of an entry. The first word of every block is the number of the next one.
const NEXT: usize = 0;
const CHAIN: usize = 1;
const NEWER: usize = 2;
const OLDER: usize = 3;
const HASH: usize = 4;
const KEY_BYTES: usize = 5;
const RECORD_BYTES: usize = 6;
const STORED: usize = 7;
const FRESH_UNTIL: usize = 8;
const STALE_UNTIL: usize = 9;
/// The process that makes the response; 0 if none does.
const FLIGHT_OWNER: usize = 10;
/// Until when others wait for it.
const FLIGHT_UNTIL: usize = 11;
/// Until when nobody waits, because the last response could not be stored.
const PASS_UNTIL: usize = 12;
/// How often it was asked for before it was stored.
const USES: usize = 13;
/// The number of the flight that is under way; 0 if none is.
const FLIGHT: usize = 14;
/// The tag of the content: who looks for a response need not hash it.
const TAG: Range<usize> = 15..18;
const TAG_BYTES: usize = TAG.end * size_of::<u64>() - TAG.start * size_of::<u64>();
const META_WORDS: usize = TAG.end;
const META: Range<usize> = CHAIN..META_WORDS;

#[cfg(test)]
mod tests;
