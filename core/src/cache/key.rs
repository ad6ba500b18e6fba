//! What a stored response is found by: everything that it may depend on, written so that two different requests never have the
//! same key.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// A request with a longer key is not cached.
pub const MAX_KEY_BYTES: usize = 4096;

/// A key with its hash, as long as its builder.
#[derive(Debug, Clone, Copy)]
pub struct Key<'b> {
    /// The key as a whole; equal keys are equal requests.
    pub bytes: &'b [u8],
    /// A keyed hash of it.
    pub hash: u64,
}

/// Writes a key. Its parts have their lengths before them, so that none can be taken for two.
#[derive(Debug, Default)]
pub struct KeyBuilder {
    bytes: Vec<u8>,
}

impl KeyBuilder {
    /// Begins a key anew. The path comes first, which is what entries are purged by.
    pub fn begin(&mut self, path: &[u8]) -> &mut Self {
        self.bytes.clear();
        self.part(path)
    }

    /// Adds a part.
    pub fn part(&mut self, part: &[u8]) -> &mut Self {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(part);
        self
    }

    /// Adds a part that may be missing, which is not the same as empty.
    pub fn optional(&mut self, part: Option<&[u8]>) -> &mut Self {
        match part {
            Some(part) => self.number(1).part(part),
            None => self.number(0),
        }
    }

    /// Adds any number of parts, which is not the same as one more or one fewer.
    pub fn list<'p>(&mut self, parts: impl Iterator<Item = &'p [u8]>) -> &mut Self {
        for part in parts {
            self.number(1).part(part);
        }
        self.number(0)
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// Adds the arguments of a query string, whose order has no meaning: `b=2&a=1` is `a=1&b=2`.
    pub fn arguments(&mut self, args: &[u8]) -> &mut Self {
        if memchr::memchr(b'&', args).is_none() {
            return self.part(args);
        }
        let mut all: Vec<&[u8]> = args.split(|&byte| byte == b'&').collect();
        all.sort_unstable();
        self.number(all.len() as u64);
        for argument in all {
            self.part(argument);
        }
        self
    }

    /// The key, hashed with the secret of its store; `None` if it is too long.
    pub fn finish(&self, seed: [u64; 2]) -> Option<Key<'_>> {
        if self.bytes.len() > MAX_KEY_BYTES {
            return None;
        }
        let mut hasher = SipHasher13::new_with_keys(seed[0], seed[1]);
        hasher.write(&self.bytes);
        Some(Key {
            bytes: &self.bytes,
            hash: hasher.finish(),
        })
    }
}

/// A hash of a text that is the same in every process and version: for settings that responses depend on.
pub fn fingerprint(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// The path in a key.
pub(super) fn path(key: &[u8]) -> &[u8] {
    let Some((length, rest)) = key.split_first_chunk::<4>() else {
        return &[];
    };
    rest.get(..u32::from_le_bytes(*length) as usize)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{KeyBuilder, MAX_KEY_BYTES, path};

    fn arguments(args: &str) -> Vec<u8> {
        let mut builder = KeyBuilder::default();
        builder.begin(b"/a").arguments(args.as_bytes());
        builder.finish([1, 2]).expect("a key").bytes.to_vec()
    }

    #[test]
    fn the_order_of_arguments_has_no_meaning() {
        assert_eq!(arguments("a=1&b=2&a=0"), arguments("b=2&a=0&a=1"));
        for (one, other) in [
            ("a=1&b=2", "a=1"),
            ("a=1&a=1", "a=1"),
            ("a=1&", "a=1"),
            ("", "&"),
            ("a=1b=2", "a=1&b=2"),
            ("a=1", "A=1"),
        ] {
            assert_ne!(arguments(one), arguments(other), "{one} {other}");
        }
    }

    #[test]
    fn a_long_key_is_none() {
        let mut builder = KeyBuilder::default();
        builder.begin(&[b'a'; MAX_KEY_BYTES - 4]);
        assert!(builder.finish([1, 2]).is_some());
        builder.begin(&[b'a'; MAX_KEY_BYTES - 3]);
        assert!(builder.finish([1, 2]).is_none());
    }

    #[test]
    fn a_part_that_is_missing_is_not_empty() {
        let key = |part: Option<&[u8]>| {
            let mut builder = KeyBuilder::default();
            builder.begin(b"/").optional(part);
            builder.finish([1, 2]).expect("a key").bytes.to_vec()
        };
        assert_ne!(key(None), key(Some(b"")));
    }

    proptest! {
        #[test]
        fn different_parts_make_different_keys(
            one in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..4),
            other in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..4),
        ) {
            let key = |parts: &[Vec<u8>]| {
                let mut builder = KeyBuilder::default();
                builder.begin(&parts[0]);
                for part in &parts[1..] {
                    builder.part(part);
                }
                builder.finish([1, 2]).expect("a key").bytes.to_vec()
            };
            prop_assert_eq!(key(&one) == key(&other), one == other);
            let one_key = key(&one);
            prop_assert_eq!(path(&one_key), one[0].as_slice());
        }
    }
}
