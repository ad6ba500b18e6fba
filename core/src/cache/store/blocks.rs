//! Blocks: taken, given back, and read and written as one stretch of bytes.

use zerocopy::IntoBytes;

use super::{BLOCK, EVICTED, FREE, META_WORDS, NEXT, Number, OLDEST, Store, TAKEN, TOUCHED};

/// Bytes of an entry in its first block, and in each further one.
pub(super) const FIRST_BYTES: usize = (BLOCK - META_WORDS) * size_of::<u64>();
pub(super) const CONTINUED_BYTES: usize = (BLOCK - 1) * size_of::<u64>();

impl Store<'_> {
    /// A chain of blocks for so many bytes. Where too few are free, entries go that were not used for the longest time. `None` if the
    /// store as a whole is too small.
    pub(super) fn allocate(&mut self, bytes: usize) -> Option<Number> {
        let wanted = 1 + bytes.saturating_sub(FIRST_BYTES).div_ceil(CONTINUED_BYTES);
        if wanted > self.blocks.len() {
            return None;
        }
        while self.available() < wanted {
            match self.header[OLDEST] {
                0 => return None,
                oldest => {
                    self.remove(oldest);
                    self.header[EVICTED] += 1;
                }
            }
        }
        let mut first = 0;
        for _ in 0..wanted {
            let number = self.take()?;
            self.set_meta(number, NEXT, first);
            first = number;
        }
        Some(first)
    }

    fn available(&self) -> usize {
        self.blocks
            .len()
            .saturating_sub(usize::try_from(self.header[TAKEN]).unwrap_or(usize::MAX))
    }

    fn take(&mut self) -> Option<Number> {
        let number = match self.header[FREE] {
            0 => {
                let number = self.header[TOUCHED] + 1;
                self.block(number)?;
                self.header[TOUCHED] = number;
                number
            }
            free => {
                self.header[FREE] = self.meta(free, NEXT);
                free
            }
        };
        self.header[TAKEN] += 1;
        Some(number)
    }

    /// Gives the blocks of an entry back.
    pub(super) fn free(&mut self, first: Number) {
        let mut number = first;
        for _ in 0..self.blocks.len() {
            if number == 0 {
                break;
            }
            let next = self.meta(number, NEXT);
            self.set_meta(number, NEXT, self.header[FREE]);
            self.header[FREE] = number;
            self.header[TAKEN] = self.header[TAKEN].saturating_sub(1);
            number = next;
        }
    }

    /// Writes the bytes of an entry, which has room for them.
    pub(super) fn write(&mut self, first: Number, parts: &[&[u8]]) {
        let (mut number, mut offset) = (first, 0);
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let is_first = number == first;
                let Some(block) = self.block_mut(number) else {
                    return;
                };
                let next = block[NEXT];
                let room = payload_mut(block, is_first).get_mut(offset..).unwrap_or_default();
                let length = room.len().min(rest.len());
                let (written, left) = rest.split_at(length);
                if let Some(place) = room.get_mut(..length) {
                    place.copy_from_slice(written);
                }
                rest = left;
                offset += length;
                if !rest.is_empty() {
                    (number, offset) = (next, 0);
                }
            }
        }
    }

    /// Reads `length` bytes of an entry behind the first `skipped`.
    pub(super) fn read(&self, first: Number, skipped: usize, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length.min(self.blocks.len() * CONTINUED_BYTES));
        let (mut number, mut skipped) = (first, skipped);
        for _ in 0..self.blocks.len() {
            let Some(block) = self.block(number) else { break };
            let payload = payload(block, number == first);
            let wanted = payload.get(skipped..).unwrap_or_default();
            skipped = skipped.saturating_sub(payload.len());
            let missing = length.saturating_sub(bytes.len());
            bytes.extend_from_slice(wanted.get(..missing).unwrap_or(wanted));
            if bytes.len() >= length {
                break;
            }
            number = block[NEXT];
        }
        bytes
    }

    /// Whether the bytes of an entry begin with these.
    pub(super) fn begins_with(&self, first: Number, bytes: &[u8]) -> bool {
        let (mut number, mut rest) = (first, bytes);
        for _ in 0..self.blocks.len() {
            let Some(block) = self.block(number) else { break };
            let payload = payload(block, number == first);
            let length = payload.len().min(rest.len());
            let (expected, left) = rest.split_at(length);
            if payload.get(..length) != Some(expected) {
                return false;
            }
            if left.is_empty() {
                return true;
            }
            (number, rest) = (block[NEXT], left);
        }
        false
    }

    pub(super) fn block(&self, number: Number) -> Option<&[u64; BLOCK]> {
        self.blocks.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    pub(super) fn block_mut(&mut self, number: Number) -> Option<&mut [u64; BLOCK]> {
        self.blocks.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

fn payload(block: &[u64; BLOCK], is_first: bool) -> &[u8] {
    block
        .get(payload_start(is_first)..)
        .unwrap_or_default()
        .as_bytes()
}

fn payload_mut(block: &mut [u64; BLOCK], is_first: bool) -> &mut [u8] {
    block
        .get_mut(payload_start(is_first)..)
        .unwrap_or_default()
        .as_mut_bytes()
}

fn payload_start(is_first: bool) -> usize {
    if is_first { META_WORDS } else { NEXT + 1 }
}
