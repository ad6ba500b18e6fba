//! A place of the table: what is known of one key.

use super::{Key, Number, Window};
use crate::limit::window::RUNS;

/// A place, nine cache lines: one for the key and the links, eight for the window.
pub(super) struct Place<'a> {
    words: &'a mut [u64; Place::WORDS],
}

/// A link to another place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// The next in the chain of its bucket.
    Chain = 2,
    /// The next that was used later.
    Newer = 3,
    /// The next that was used earlier.
    Older = 4,
}

impl<'a> Place<'a> {
    pub(super) const WORDS: usize = 8 + RUNS;

    pub(super) fn new(words: &'a mut [u64; Place::WORDS]) -> Self {
        Self { words }
    }

    pub(super) fn key(words: &[u64; Place::WORDS]) -> Key {
        Key {
            words: [words[KEY_FIRST], words[KEY_SECOND]],
        }
    }

    /// Until when requests of the key are counted.
    pub(super) fn open_until_ms(words: &[u64; Place::WORDS]) -> u64 {
        words[OPEN_UNTIL]
    }

    pub(super) fn link(words: &[u64; Place::WORDS], link: Link) -> Number {
        words[link as usize]
    }

    pub(super) fn set_key(&mut self, key: &Key) {
        [self.words[KEY_FIRST], self.words[KEY_SECOND]] = key.words;
    }

    pub(super) fn set_open_until_ms(&mut self, time_ms: u64) {
        self.words[OPEN_UNTIL] = time_ms;
    }

    pub(super) fn set_link(&mut self, link: Link, number: Number) {
        self.words[link as usize] = number;
    }

    /// Forgets the window.
    pub(super) fn clear(&mut self) {
        self.words[WINDOW] = 0;
        self.words[OPEN_UNTIL] = 0;
    }

    pub(super) fn window(&mut self) -> Window<'_> {
        Place::new(self.words).into_window()
    }

    pub(super) fn into_window(self) -> Window<'a> {
        let (head, runs) = halves(self.words);
        Window::new(&mut head[WINDOW], runs)
    }
}

fn halves(words: &mut [u64; Place::WORDS]) -> (&mut [u64; 8], &mut [u64; RUNS]) {
    let (head, runs) = words.split_at_mut(8);
    match (head.first_chunk_mut(), runs.first_chunk_mut()) {
        (Some(head), Some(runs)) => (head, runs),
        _ => unreachable!("the halves of a place have these lengths"),
    }
}

const KEY_FIRST: usize = 0;
const KEY_SECOND: usize = 1;
const OPEN_UNTIL: usize = 5;
const WINDOW: usize = 6;
