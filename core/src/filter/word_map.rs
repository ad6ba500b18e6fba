//! A map from lower-case words to values, built at compile time: the vocabularies of the detectors.

/// Open addressing in `N` slots, a power of two. Words that cannot be in the map are mostly told by their length and first letter.
pub(super) struct WordMap<V: Copy + 'static, const N: usize> {
    slots: [Option<(&'static str, V)>; N],
    /// Bit n: there is a word of length n that begins with this byte.
    lengths: [u64; 128],
}

impl<V: Copy, const N: usize> WordMap<V, N> {
    /// The map of what is listed: words that have the same value, separated by spaces. Too many words, or one of 64 bytes and more, do not
    /// compile.
    pub(super) const fn new(groups: &[(&'static str, V)]) -> Self {
        assert!(N.is_power_of_two());
        let mut map = Self {
            slots: [None; N],
            lengths: [0; 128],
        };
        let mut group = 0;
        let mut count = 0;
        while group < groups.len() {
            let (words, value) = groups[group];
            let bytes = words.as_bytes();
            let mut start = 0;
            while start < bytes.len() {
                let mut end = start;
                while end < bytes.len() && bytes[end] != b' ' {
                    end += 1;
                }
                if end > start {
                    let (_, rest) = words.split_at(start);
                    let (word, _) = rest.split_at(end - start);
                    map.insert(word, value);
                    count += 1;
                }
                start = end + 1;
            }
            group += 1;
        }
        assert!(count * 4 <= N * 3, "the map needs more slots");
        map
    }

    const fn insert(&mut self, word: &'static str, value: V) {
        let bytes = word.as_bytes();
        assert!(bytes.len() < 64 && bytes[0] < 128);
        self.lengths[bytes[0] as usize] |= 1 << bytes.len();
        let mut slot = hash(bytes) & (N - 1);
        while self.slots[slot].is_some() {
            slot = (slot + 1) & (N - 1);
        }
        self.slots[slot] = Some((word, value));
    }

    /// The value of a word, which must be in lower case.
    pub(super) fn find(&self, word: &[u8]) -> Option<V> {
        let &first = word.first()?;
        let lengths = self.lengths.get(usize::from(first))?;
        if word.len() >= 64 || lengths & (1 << word.len()) == 0 {
            return None;
        }
        let mut slot = hash(word) & (N - 1);
        while let Some((candidate, value)) = self.slots.get(slot)? {
            if candidate.as_bytes() == word {
                return Some(*value);
            }
            slot = (slot + 1) & (N - 1);
        }
        None
    }
}

const fn hash(word: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < word.len() {
        hash = (hash ^ word[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 15)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_others_are_not() {
        static MAP: WordMap<u8, 8> = WordMap::new(&[("select insert", 1), ("from", 2), ("", 3)]);
        for (word, value) in [
            ("select", Some(1)),
            ("insert", Some(1)),
            ("from", Some(2)),
            ("form", None),
            ("selects", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(MAP.find(word.as_bytes()), value, "{word}");
        }
        assert_eq!(MAP.find(&[b's'; 1000]), None);
    }
}
