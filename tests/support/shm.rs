//! The shared memory of a zone, through one of the workers that have mapped it: what a worker leaves that is killed is put there as a
//! debugger would.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;

/// The memory of a zone's part.
pub(crate) struct Memory {
    file: File,
    /// Where it is mapped; nginx's mutex is the first word.
    start: u64,
    /// Where ours begins: the mark that somebody holds the lock, the layout, how many words are for all at once, how many follow, and
    /// then the words.
    region: u64,
}

/// The layout of limits, as it is written down behind the mark.
pub(crate) const LIMITS: &[u8; 8] = b"\x01\0stimil";

/// That of responses.
pub(crate) const RESPONSES: &[u8; 8] = b"\x02\0\0ehcac";

/// That of metrics.
pub(crate) const METRICS: &[u8; 8] = b"\x03\0cirtem";

impl Memory {
    /// That of the part with this size and layout.
    pub(crate) fn of(pid: u32, size: usize, layout: &[u8; 8]) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(format!("/proc/{pid}/mem"))
            .unwrap();
        for line in maps
            .lines()
            .filter(|line| line.contains("rw-s") && line.contains("/dev/zero"))
        {
            let range = line.split(' ').next().unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
            if end - start != size as u64 {
                continue;
            }
            let mut bytes = vec![0; size];
            if file.read_exact_at(&mut bytes, start).is_err() {
                continue;
            }
            // Pages are aligned, and the layout is the second word of one.
            let page = (0..bytes.len())
                .step_by(4096)
                .find(|page| &bytes[page + 8..page + 16] == layout);
            if let Some(page) = page {
                let region = start + page as u64;
                return Self { file, start, region };
            }
        }
        panic!("no zone among {maps}");
    }

    fn set(&self, address: u64, value: u64) {
        self.file.write_all_at(&value.to_le_bytes(), address).unwrap();
    }

    fn value(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, address).unwrap();
        u64::from_le_bytes(bytes)
    }

    /// One of the words that are for all at once.
    pub(crate) fn shared_word(&self, index: u64) -> u64 {
        self.value(self.region + 32 + 8 * index)
    }

    /// Changes one of them.
    pub(crate) fn set_shared_word(&self, index: u64, value: u64) {
        self.set(self.region + 32 + 8 * index, value);
    }

    /// Gives a process the lock; 0 is nobody.
    pub(crate) fn take(&self, pid: u32) {
        self.set(self.start, pid.into());
    }

    /// Who has the lock: a process, or nobody.
    pub(crate) fn holder(&self) -> u64 {
        self.value(self.start)
    }

    /// How many processes sleep until the lock is free: nginx counts them in the word behind it.
    pub(crate) fn waiting(&self) -> u64 {
        self.value(self.start + 8)
    }

    /// As if this worker had been stopped in the middle of a change, which has left nonsense in these words.
    pub(crate) fn interrupt(&self, pid: u32, words: impl Iterator<Item = u64>) {
        self.take(pid);
        self.set(self.region, 1);
        let first = self.region + 32 + 8 * self.value(self.region + 16);
        for index in words {
            self.set(first + 8 * index, 0x00ff_ffff);
        }
    }
}
