//! What ties the places of a table together: the chains of the hash, and the order in which keys were used.

use super::place::{Link, Place};
use super::{Key, NEWEST, Number, OLDEST, Table};

impl Table<'_> {
    /// The place of a key. A chain is as long as the table at the most, whatever the words say.
    pub(super) fn find(&self, key: &Key) -> Option<Number> {
        let mut number = self.buckets.get(self.bucket(key)).copied()?;
        for _ in 0..self.capacity() {
            if number == 0 {
                break;
            }
            let words = self.words(number);
            if Place::key(words) == *key {
                return Some(number);
            }
            number = Place::link(words, Link::Chain);
        }
        None
    }

    /// Makes a place the one that was used last.
    pub(super) fn touch(&mut self, number: Number) {
        if self.header[NEWEST] != number {
            self.unlink_use(number);
            self.link_newest(number);
        }
    }

    /// Some of the places that were not used for the longest time, the oldest first.
    pub(super) fn oldest(&self) -> impl Iterator<Item = Number> {
        let newer = |number: &Number| Some(Place::link(self.words(*number), Link::Newer));
        std::iter::successors(Some(self.header[OLDEST]), newer)
            .take_while(|&number| number != 0)
            .take(SEARCHED)
    }

    pub(super) fn link_newest(&mut self, number: Number) {
        let second = self.header[NEWEST];
        self.set_link(number, Link::Older, second);
        self.set_link(number, Link::Newer, 0);
        match second {
            0 => self.header[OLDEST] = number,
            second => self.set_link(second, Link::Newer, number),
        }
        self.header[NEWEST] = number;
    }

    pub(super) fn unlink_use(&mut self, number: Number) {
        let (newer, older) = (self.link(number, Link::Newer), self.link(number, Link::Older));
        match newer {
            0 => self.header[NEWEST] = older,
            newer => self.set_link(newer, Link::Older, older),
        }
        match older {
            0 => self.header[OLDEST] = newer,
            older => self.set_link(older, Link::Newer, newer),
        }
    }

    pub(super) fn link_bucket(&mut self, number: Number) {
        let bucket = self.bucket(&Place::key(self.words(number)));
        if let Some(first) = self.buckets.get_mut(bucket) {
            let next = std::mem::replace(first, number);
            self.set_link(number, Link::Chain, next);
        }
    }

    /// A place that was repaired may be in no chain.
    pub(super) fn unlink_bucket(&mut self, number: Number) {
        let next = self.link(number, Link::Chain);
        let bucket = self.bucket(&Place::key(self.words(number)));
        let Some(first) = self.buckets.get_mut(bucket) else {
            return;
        };
        if *first == number {
            *first = next;
            return;
        }
        let mut previous = *first;
        for _ in 0..self.capacity() {
            if previous == 0 {
                return;
            }
            match self.link(previous, Link::Chain) {
                link if link == number => return self.set_link(previous, Link::Chain, next),
                link => previous = link,
            }
        }
    }

    /// Where the chain of a key begins: its hash, scaled down to the number of buckets.
    fn bucket(&self, key: &Key) -> usize {
        ((u128::from(key.words[0]) * self.buckets.len() as u128) >> 64) as usize
    }

    fn link(&self, number: Number, link: Link) -> Number {
        Place::link(self.words(number), link)
    }

    fn set_link(&mut self, number: Number, link: Link, to: Number) {
        if let Some(mut place) = self.place(number) {
            place.set_link(link, to);
        }
    }
}

/// How many places are looked at for one whose window is over.
const SEARCHED: usize = 16;
