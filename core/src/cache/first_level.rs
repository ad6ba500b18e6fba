//! What one worker keeps of a zone's responses, in memory of its own: a hit costs neither a lock nor a copy.
//!
//! An entry here is judged like one of the zone, by its time and by the generations of what it was read from, so that it is never
//! sent longer than that one.

use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use lru::LruCache;

use super::key::Key;
use super::record::Field;
use super::store::Stored;

/// The responses that were used last.
#[derive(Debug)]
pub struct FirstLevel {
    entries: LruCache<u64, Kept, BuildHasherDefault<AlreadyHashed>>,
    bytes: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Kept {
    key: Box<[u8]>,
    stored: Rc<Stored>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let record = &self.stored.record;
        let fields = record.fields.iter();
        let fields: usize = fields
            .map(|(name, value)| name.len() + value.len() + size_of::<Field>())
            .sum();
        self.key.len() + record.body.len() + fields + OVERHEAD_BYTES
    }
}

impl FirstLevel {
    /// With room for so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            entries: LruCache::unbounded_with_hasher(BuildHasherDefault::default()),
            bytes: 0,
            max_bytes,
        }
    }

    /// The response of a key, which counts as used.
    pub fn find(&mut self, key: &Key<'_>) -> Option<&Rc<Stored>> {
        let kept = self.entries.get(&key.hash)?;
        (*kept.key == *key.bytes).then_some(&kept.stored)
    }

    /// Keeps a response, in the place of others that were not used for longer.
    pub fn keep(&mut self, key: &Key<'_>, stored: Rc<Stored>) {
        let kept = Kept {
            key: key.bytes.into(),
            stored,
        };
        if kept.bytes() > self.max_bytes / 4 {
            self.forget(key);
            return;
        }
        self.bytes += kept.bytes();
        // Of two keys with one hash, the last one stays.
        if let Some((_, replaced)) = self.entries.push(key.hash, kept) {
            self.bytes -= replaced.bytes();
        }
        while self.bytes > self.max_bytes {
            let Some((_, evicted)) = self.entries.pop_lru() else {
                break;
            };
            self.bytes -= evicted.bytes();
        }
    }

    /// Forgets the response of a key.
    pub fn forget(&mut self, key: &Key<'_>) {
        if let Some(kept) = self.entries.pop(&key.hash) {
            self.bytes -= kept.bytes();
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What an entry takes besides its key and content, about.
const OVERHEAD_BYTES: usize = 400;

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use bytes::Bytes;

    use super::super::{Dependencies, Key, Lifetime, Record, Stored};
    use super::FirstLevel;

    fn stored(body: &str) -> Rc<Stored> {
        Rc::new(Stored::new(
            Record {
                dependencies: Dependencies::default(),
                last_modified_s: None,
                fields: Vec::new(),
                body: Bytes::from(body.to_owned()),
            },
            Lifetime {
                stored_ms: 0,
                fresh_until_ms: 1,
                stale_until_ms: 1,
            },
        ))
    }

    fn key(bytes: &[u8], hash: u64) -> Key<'_> {
        Key { bytes, hash }
    }

    #[test]
    fn a_key_is_compared_as_a_whole() {
        let mut level = FirstLevel::new(1 << 20);
        level.keep(&key(b"a", 1), stored("one"));
        assert_eq!(level.find(&key(b"a", 1)), Some(&stored("one")));
        assert_eq!(level.find(&key(b"b", 1)), None);
        level.keep(&key(b"b", 1), stored("two"));
        assert_eq!(level.find(&key(b"a", 1)), None);
        assert_eq!(level.find(&key(b"b", 1)), Some(&stored("two")));
        level.forget(&key(b"b", 1));
        assert_eq!(level.find(&key(b"b", 1)), None);
        assert_eq!(level.bytes, 0);
    }

    #[test]
    fn its_bytes_are_bounded() {
        let mut level = FirstLevel::new(100_000);
        let body = "x".repeat(5_000);
        for number in 0..100_u64 {
            let name = number.to_le_bytes();
            level.keep(&key(&name, number), stored(&body));
            assert!(level.bytes <= 100_000);
        }
        assert!(level.find(&key(&99_u64.to_le_bytes(), 99)).is_some());
        assert!(level.find(&key(&0_u64.to_le_bytes(), 0)).is_none());
        // One that would leave no room for others is not kept.
        level.keep(&key(&99_u64.to_le_bytes(), 99), stored(&"x".repeat(30_000)));
        assert!(level.find(&key(&99_u64.to_le_bytes(), 99)).is_none());
        level.clear();
        assert_eq!((level.bytes, level.entries.len()), (0, 0));
    }
}
