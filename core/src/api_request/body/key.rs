//! Keys of objects: none twice in one object, and the same ones in all objects of an array.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::super::error::excerpt;
use super::super::limits;
use super::super::{BodyError, RequestError};

/// A key, unescaped; borrowed from the body where it had no escape.
#[derive(Debug)]
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// A key that is there twice. Many keys are sorted, not compared with one another: who writes the body chooses how many
/// there are.
pub(super) fn duplicate<'k>(keys: impl ExactSizeIterator<Item = &'k str> + Clone) -> Option<&'k str> {
    const FEW: usize = 12;
    if keys.len() <= FEW {
        return keys
            .clone()
            .enumerate()
            .map(|(at, key)| (key, keys.clone().take(at)))
            .find_map(|(key, mut before)| before.any(|other| other == key).then_some(key));
    }
    let mut sorted: Vec<&str> = keys.collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair.first() == pair.last())
        .and_then(|pair| pair.first().copied())
}

/// The keys that all objects of an array have, collected from the first and compared with the others.
#[derive(Debug, Default)]
pub(super) struct RowKeys<'a> {
    keys: Vec<Cow<'a, str>>,
    /// For each of `keys` the last row that had it.
    seen_in: Vec<usize>,
    /// The positions in `keys` in the order of the keys, made when a row has another order than the first.
    sorted: Vec<usize>,
    /// Which row this is, counted from 1.
    row: usize,
    /// How many keys it has had.
    position: usize,
}

impl<'a> RowKeys<'a> {
    /// Begins the next object.
    pub(super) fn begin_row(&mut self) -> Result<(), RequestError> {
        self.row += 1;
        self.position = 0;
        if limits::ROWS.is_exceeded_by(self.row) {
            Err(RequestError::TooMany(limits::ROWS))
        } else {
            Ok(())
        }
    }

    /// Takes a key of this object; `own` makes one that outlives it.
    pub(super) fn key(&mut self, key: &str, own: impl FnOnce() -> Cow<'a, str>) -> Result<(), RequestError> {
        if self.row == 1 {
            self.keys.push(own());
            let too_many = limits::MEMBERS.is_exceeded_by(self.keys.len());
            return if too_many {
                Err(RequestError::TooMany(limits::MEMBERS))
            } else {
                Ok(())
            };
        }
        let index = if self
            .keys
            .get(self.position)
            .is_some_and(|expected| expected == key)
        {
            Some(self.position)
        } else {
            self.find(key)
        };
        self.position += 1;
        match index.and_then(|index| self.seen_in.get_mut(index)) {
            None => Err(BodyError::KeysDiffer { row: self.row }.into()),
            Some(row) if *row == self.row => Err(BodyError::DuplicateKey {
                key: excerpt(key),
                row: Some(self.row),
            }
            .into()),
            Some(row) => {
                *row = self.row;
                Ok(())
            }
        }
    }

    /// Ends this object.
    pub(super) fn end_row(&mut self) -> Result<(), RequestError> {
        if self.row == 1 {
            self.seen_in = vec![1; self.keys.len()];
            return match duplicate(self.keys.iter().map(|key| &**key)) {
                Some(key) => Err(BodyError::DuplicateKey {
                    key: excerpt(key),
                    row: Some(1),
                }
                .into()),
                None => Ok(()),
            };
        }
        // No key was unknown and none came twice, so it is enough to count them.
        if self.position == self.keys.len() {
            Ok(())
        } else {
            Err(BodyError::KeysDiffer { row: self.row }.into())
        }
    }

    /// The keys, and how many objects there were.
    pub(super) fn finish(self) -> (Vec<Cow<'a, str>>, usize) {
        (self.keys, self.row)
    }

    fn find(&mut self, key: &str) -> Option<usize> {
        let keys = &self.keys;
        if self.sorted.is_empty() {
            self.sorted = (0..keys.len()).collect();
            self.sorted.sort_unstable_by_key(|&index| keys.get(index));
        }
        let key_at = |index: usize| keys.get(index).map_or("", |key| &**key);
        let found = self
            .sorted
            .binary_search_by(|&index| key_at(index).cmp(key))
            .ok()?;
        self.sorted.get(found).copied()
    }
}
