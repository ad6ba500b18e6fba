//! Random bytes, from the generator of the cryptographic library, which the operating system seeds.

use std::cell::RefCell;

/// There are none: the operating system has failed.
#[derive(Debug)]
pub(crate) struct Unavailable;

/// So many are made at once: a call of the generator costs more than most of what it makes.
const STORED: usize = 512;

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { bytes: [0; STORED], left: 0 }) };
}

/// Bytes that nobody has seen yet: the first `left` ones.
struct Store {
    bytes: [u8; STORED],
    left: usize,
}

/// Bytes that nobody can guess.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Unavailable> {
    const { assert!(N <= STORED) };
    STORE.with_borrow_mut(|store| store.take())
}

/// Forgets what is stored: a process that was just made would have the same as the one that has made it.
pub(crate) fn forget() {
    STORE.with_borrow_mut(|store| store.left = 0);
}

impl Store {
    /// Each byte is given out once, and leaves nothing behind.
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unavailable> {
        if self.left < N {
            self.left = 0;
            aws_lc_rs::rand::fill(&mut self.bytes).map_err(|_| Unavailable)?;
            self.left = STORED;
        }
        let begin = self.left - N;
        let mut taken = [0; N];
        let stored = self.bytes.get_mut(begin..self.left).ok_or(Unavailable)?;
        taken.copy_from_slice(stored);
        stored.fill(0);
        self.left = begin;
        Ok(taken)
    }
}
