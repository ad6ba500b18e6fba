//! What ties entries together: the chains of the hash, and the order in which they were used.

use super::{CHAIN, HASH, KEY_BYTES, Key, NEWER, NEWEST, Number, OLDER, OLDEST, Store};

impl Store<'_> {
    /// The entry of a key.
    pub(super) fn find(&self, key: &Key<'_>) -> Option<Number> {
        let mut number = self.buckets.get(self.bucket(key.hash)).copied()?;
        for _ in 0..self.blocks.len() {
            if number == 0 {
                break;
            }
            let is_same = self.meta(number, HASH) == key.hash
                && self.meta(number, KEY_BYTES) == key.bytes.len() as u64
                && self.begins_with(number, key.bytes);
            if is_same {
                return Some(number);
            }
            number = self.meta(number, CHAIN);
        }
        None
    }

    /// Makes an entry the one that was used last.
    pub(super) fn touch(&mut self, number: Number) {
        if self.header[NEWEST] != number {
            self.unlink_use(number);
            self.link_newest(number);
        }
    }

    pub(super) fn link_newest(&mut self, number: Number) {
        let second = self.header[NEWEST];
        self.set_meta(number, OLDER, second);
        self.set_meta(number, NEWER, 0);
        match second {
            0 => self.header[OLDEST] = number,
            second => self.set_meta(second, NEWER, number),
        }
        self.header[NEWEST] = number;
    }

    pub(super) fn unlink_use(&mut self, number: Number) {
        let (newer, older) = (self.meta(number, NEWER), self.meta(number, OLDER));
        match newer {
            0 => self.header[NEWEST] = older,
            newer => self.set_meta(newer, OLDER, older),
        }
        match older {
            0 => self.header[OLDEST] = newer,
            older => self.set_meta(older, NEWER, newer),
        }
    }

    pub(super) fn link_bucket(&mut self, number: Number) {
        let bucket = self.bucket(self.meta(number, HASH));
        if let Some(first) = self.buckets.get_mut(bucket) {
            let next = std::mem::replace(first, number);
            self.set_meta(number, CHAIN, next);
        }
    }

    pub(super) fn unlink_bucket(&mut self, number: Number) {
        let next = self.meta(number, CHAIN);
        let bucket = self.bucket(self.meta(number, HASH));
        let Some(first) = self.buckets.get_mut(bucket) else {
            return;
        };
        if *first == number {
            *first = next;
            return;
        }
        let mut previous = *first;
        for _ in 0..self.blocks.len() {
            if previous == 0 {
                return;
            }
            match self.meta(previous, CHAIN) {
                link if link == number => return self.set_meta(previous, CHAIN, next),
                link => previous = link,
            }
        }
    }

    /// Where the chain of a hash begins: scaled down to the number of buckets.
    fn bucket(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.buckets.len() as u128) >> 64) as usize
    }
}
