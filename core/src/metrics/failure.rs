//! The last requests that have failed, in shared memory that nobody locks.
//!
//! Each process has two rings: errors of the server (5xx), and requests that were refused (401, 403, 429), which may be very many and must
//! not push out the others. An entry carries a hash of what it says. One that is read while it is written, whose writer was killed, or that two
//! writers have written at once is known by that, and is not there.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

/// A request that has failed, as it is noted.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'r> {
    /// When it was over, in milliseconds of Unix time.
    pub time_ms: u64,
    /// The status of the response.
    pub status: u16,
    /// Its method.
    pub method: &'r [u8],
    /// The code of the error (`PGRST003`, an SQLSTATE); empty where it has none.
    pub code: &'r str,
    /// The trace that it is part of; empty where there is none.
    pub trace_id: &'r str,
    /// Its path, as the client wrote it. Of a query string or a fragment, in which there may be secrets, nothing is kept. Empty where there may
    /// be some in the path as well.
    pub path: &'r [u8],
}

impl Failure<'_> {
    /// Whether a response with this status is one to be noted: what other mistakes of clients there are is counted only.
    pub fn is_noted(status: u16) -> bool {
        Kind::of(status).is_some()
    }
}

/// The same, as it is read. `P` is where it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure<P> {
    /// When it was over, in milliseconds of Unix time.
    pub time_ms: u64,
    /// The status of the response.
    pub status: u16,
    /// Its method.
    pub method: String,
    /// The code of the error; empty where it has none.
    pub code: String,
    /// The trace that it is part of; empty where there is none.
    pub trace_id: String,
    /// Its path, cut where it is long, with escapes for what cannot be seen; empty where it is not told.
    pub path: String,
    /// Where it ended.
    pub place: P,
}

impl<P> LastFailure<P> {
    /// The same with another word for where it ended.
    pub(super) fn at<Q>(self, place: Q) -> LastFailure<Q> {
        LastFailure {
            time_ms: self.time_ms,
            status: self.status,
            method: self.method,
            code: self.code,
            trace_id: self.trace_id,
            path: self.path,
            place,
        }
    }
}

/// Which ring it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The server is at fault.
    Server,
    /// The client is not allowed to.
    Refused,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Server, Self::Refused];

    fn of(status: u16) -> Option<Self> {
        match status {
            500..=599 => Some(Self::Server),
            401 | 403 | 429 => Some(Self::Refused),
            _ => None,
        }
    }
}

/// The rings of all processes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rings<'z> {
    words: &'z [AtomicU64],
    /// How many entries a ring has.
    entries: usize,
    slots: usize,
}

impl<'z> Rings<'z> {
    /// Takes what they need from the words: a quarter at the most, so that they are small, or none, where there is little memory. The rest is
    /// the second value.
    pub(super) fn split(words: &'z [AtomicU64], slots: usize) -> (Self, &'z [AtomicU64]) {
        let rings = slots.max(1) * Kind::ALL.len();
        let room = (words.len() / 4 / rings).saturating_sub(HEAD) / ENTRY;
        let entries = room.min(MAX_ENTRIES);
        let length = if entries == 0 {
            0
        } else {
            rings * ring_words(entries)
        };
        let (own, rest) = words.split_at_checked(length).unwrap_or((&[], words));
        let rings = Self {
            words: own,
            entries,
            slots,
        };
        (rings, rest)
    }

    /// Notes a request of a process.
    pub(super) fn note(&self, slot: usize, place: usize, failure: &Failure<'_>) {
        let Some(kind) = Kind::of(failure.status) else {
            return;
        };
        let Some((head, entries)) = self.ring(slot, kind) else {
            return;
        };
        let turn = head.fetch_add(1, Ordering::Relaxed) % self.entries as u64;
        let entry = usize::try_from(turn)
            .ok()
            .and_then(|turn| entries.chunks_exact(ENTRY).nth(turn));
        let Some((hash, rest)) = entry.and_then(<[_]>::split_first) else {
            return;
        };
        let values = encode(place, failure);
        hash.store(0, Ordering::SeqCst);
        for (word, value) in rest.iter().zip(values) {
            word.store(value, Ordering::Relaxed);
        }
        hash.store(hash_of(&values), Ordering::SeqCst);
    }

    /// The newest ones of all processes, of each kind at most [`TOLD`], the newest first. The place is a number.
    pub(super) fn read(&self) -> Vec<LastFailure<usize>> {
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let rings = (0..self.slots).filter_map(|slot| self.ring(slot, kind));
            let entries = rings.flat_map(|(_, entries)| entries.chunks_exact(ENTRY));
            let mut failures: Vec<_> = entries.filter_map(read_entry).collect();
            failures.sort_by_key(|failure| std::cmp::Reverse(failure.time_ms));
            failures.truncate(TOLD);
            all.append(&mut failures);
        }
        all.sort_by_key(|failure| std::cmp::Reverse(failure.time_ms));
        all
    }

    /// How many were noted in a ring, and its entries.
    fn ring(&self, slot: usize, kind: Kind) -> Option<(&'z AtomicU64, &'z [AtomicU64])> {
        let length = ring_words(self.entries);
        let first = (slot * Kind::ALL.len() + kind as usize) * length;
        self.words.get(first..first + length)?.split_first()
    }
}

fn ring_words(entries: usize) -> usize {
    HEAD + entries * ENTRY
}

/// The words of an entry behind its hash. Fields end with a NUL, which none of them may have itself: a code comes from SQL.
fn encode(place: usize, failure: &Failure<'_>) -> [u64; ENTRY - 1] {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    let mut parts = failure.path.split(|byte| b"?#".contains(byte));
    let path = parts.next().unwrap_or_default();
    for (field, limit) in [
        (failure.method, METHOD_BYTES),
        (failure.code.as_bytes(), CODE_BYTES),
        (failure.trace_id.as_bytes(), TRACE_BYTES),
        (path, PATH_BYTES),
    ] {
        let begin = text.len();
        match field.get(..limit - CUT.len()) {
            Some(beginning) if field.len() > limit => {
                text.extend_from_slice(beginning);
                text.extend_from_slice(CUT.as_bytes());
            }
            _ => text.extend_from_slice(field),
        }
        text.iter_mut()
            .skip(begin)
            .filter(|byte| **byte == 0)
            .for_each(|byte| *byte = b'?');
        text.push(0);
    }
    text.resize(TEXT_BYTES, 0);
    let mut values = [0; ENTRY - 1];
    values[TIME] = failure.time_ms;
    values[PLACE] = (place as u64) << 16 | u64::from(failure.status);
    for (value, bytes) in values[TEXT..].iter_mut().zip(text.chunks_exact(size_of::<u64>())) {
        let mut word = [0; size_of::<u64>()];
        word.copy_from_slice(bytes);
        *value = u64::from_le_bytes(word);
    }
    values
}

/// `None` if there is none, or not a whole one.
fn read_entry(words: &[AtomicU64]) -> Option<LastFailure<usize>> {
    let (hash, rest) = words.split_first()?;
    let hash = hash.load(Ordering::SeqCst);
    let mut values = [0; ENTRY - 1];
    for (value, word) in values.iter_mut().zip(rest) {
        *value = word.load(Ordering::Relaxed);
    }
    if hash == 0 || hash != hash_of(&values) {
        return None;
    }
    let text: Vec<u8> = values[TEXT..]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let mut fields = text.split(|&byte| byte == 0).map(visible);
    let mut field = || fields.next().unwrap_or_default();
    Some(LastFailure {
        time_ms: values[TIME],
        status: (values[PLACE] & 0xffff) as u16,
        method: field(),
        code: field(),
        trace_id: field(),
        path: field(),
        place: usize::try_from(values[PLACE] >> 16).ok()?,
    })
}

/// A field as text, with escapes for what cannot be seen: control characters, and those without width or that turn the direction of what
/// follows. Clients write paths, and SQL writes codes.
fn visible(field: &[u8]) -> String {
    let mut text = String::with_capacity(field.len());
    for character in String::from_utf8_lossy(field).chars() {
        let is_hidden = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if is_hidden {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

fn hash_of(values: &[u64]) -> u64 {
    let mut hasher = SipHasher13::new();
    values.iter().for_each(|&value| hasher.write_u64(value));
    // 0 marks an entry that is being written.
    hasher.finish().max(1)
}

/// How many are told of each kind.
const TOLD: usize = 64;

/// How many a ring keeps: a process that has failed more often in the time between two looks at it is in trouble that a few show.
const MAX_ENTRIES: usize = 24;

/// Words of a ring before its entries: how many were noted.
const HEAD: usize = 1;

// Words of an entry behind its hash: the time, the place and the status, and a text.
const TIME: usize = 0;
const PLACE: usize = 1;
const TEXT: usize = 2;
const TEXT_BYTES: usize = 29 * size_of::<u64>();
const ENTRY: usize = 1 + TEXT + TEXT_BYTES / size_of::<u64>();

// How long the fields of the text may be. Each is followed by a zero.
const METHOD_BYTES: usize = 16;
const CODE_BYTES: usize = 48;
const TRACE_BYTES: usize = 32;
const PATH_BYTES: usize = 128;
const _: () = assert!(METHOD_BYTES + CODE_BYTES + TRACE_BYTES + PATH_BYTES + 4 <= TEXT_BYTES);

/// Stands for the rest of a field.
const CUT: &str = "…";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use super::{ENTRY, Failure, HEAD, MAX_ENTRIES, Rings, ring_words};

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(0)).collect()
    }

    fn failure(time_ms: u64, status: u16, path: &str) -> Failure<'_> {
        Failure {
            time_ms,
            status,
            method: b"GET",
            code: "PGRST003",
            trace_id: "0af7651916cd43dd8448eb211c80319c",
            path: path.as_bytes(),
        }
    }

    #[test]
    fn the_newest_of_all_processes_come_first() {
        let words = words(100_000);
        let (rings, rest) = Rings::split(&words, 2);
        assert_eq!(rest.len(), 100_000 - 4 * ring_words(MAX_ENTRIES));
        rings.note(0, 7, &failure(1, 503, "/a"));
        rings.note(1, 7, &failure(3, 500, "/b"));
        rings.note(0, 9, &failure(2, 429, "/c"));
        // Not one to be noted, and one of a process that there is not.
        rings.note(0, 9, &failure(4, 404, "/d"));
        rings.note(2, 9, &failure(5, 500, "/e"));
        let read = rings.read();
        let told: Vec<_> = read
            .iter()
            .map(|failure| (&*failure.path, failure.status, failure.place))
            .collect();
        assert_eq!(told, [("/b", 500, 7), ("/c", 429, 9), ("/a", 503, 7)]);
        assert_eq!(read[0].trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((&*read[0].method, &*read[0].code), ("GET", "PGRST003"));
    }

    #[test]
    fn refusals_do_not_push_out_errors() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        rings.note(0, 1, &failure(1, 500, "/error"));
        for time_ms in 2..1000 {
            rings.note(0, 1, &failure(time_ms, 403, "/refused"));
        }
        let read = rings.read();
        assert_eq!(read.len(), MAX_ENTRIES + 1);
        assert_eq!((read[0].time_ms, &*read[MAX_ENTRIES].path), (999, "/error"));
    }

    #[test]
    fn what_is_long_is_cut() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        let path = format!("/{}", "ä".repeat(100));
        let long = "x".repeat(100);
        rings.note(
            0,
            1,
            &Failure {
                method: long.as_bytes(),
                code: &long,
                trace_id: &long,
                ..failure(1, 500, &path)
            },
        );
        let read = rings.read().remove(0);
        assert!(
            read.path.starts_with("/ää") && read.path.ends_with('…'),
            "{read:?}"
        );
        assert_eq!(
            (read.method.len(), read.code.len(), read.trace_id.len()),
            (16, 48, 32)
        );
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        let hostile = Failure {
            code: "a\nb\0c",
            ..failure(1, 500, "/a\u{7f}\u{9b}\u{202e}\u{feff}\\ä")
        };
        rings.note(0, 1, &hostile);
        let read = rings.read().remove(0);
        assert_eq!(read.path, r"/a\u{7f}\u{9b}\u{202e}\u{feff}\ä");
        assert_eq!(read.code, r"a\u{a}b?c");
    }

    #[test]
    fn secrets_behind_a_path_are_not_kept() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        for path in ["/a?token=secret", "/a#token=secret", "?secret"] {
            rings.note(0, 1, &failure(1, 500, path));
        }
        let paths: Vec<_> = rings.read().into_iter().map(|failure| failure.path).collect();
        assert_eq!(paths, ["/a", "/a", ""]);
        let bytes: Vec<u8> = words
            .iter()
            .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
            .collect();
        assert!(!bytes.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn a_half_written_entry_is_not_there() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        rings.note(0, 1, &failure(1, 500, "/a"));
        assert_eq!(rings.read().len(), 1);
        words[HEAD + ENTRY - 20].fetch_xor(1, Ordering::Relaxed);
        assert_eq!(rings.read(), []);
        // Nothing has to be repaired: the next ones are there.
        rings.note(0, 1, &failure(2, 500, "/b"));
        assert_eq!(rings.read().len(), 1);
    }

    #[test]
    fn who_reads_while_others_write_sees_whole_entries() {
        let words = words(100_000);
        let (rings, _) = Rings::split(&words, 1);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            // Two processes without slots of their own share one.
            for (path, code) in [
                ("/aaaaaaaaaaaaaaaaaaaaaaaa", "A"),
                ("/bbbbbbbbbbbbbbbbbbbbbbbb", "B"),
            ] {
                let is_over = &is_over;
                scope.spawn(move || {
                    for time_ms in 1.. {
                        rings.note(
                            0,
                            1,
                            &Failure {
                                code,
                                ..failure(time_ms, 500, path)
                            },
                        );
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            let mut seen = 0;
            while seen < 10_000 {
                for read in rings.read() {
                    seen += 1;
                    let is_whole = match &*read.code {
                        "A" => read.path == "/aaaaaaaaaaaaaaaaaaaaaaaa",
                        "B" => read.path == "/bbbbbbbbbbbbbbbbbbbbbbbb",
                        _ => false,
                    };
                    if !is_whole {
                        is_over.store(true, Ordering::Relaxed);
                    }
                    assert!(is_whole, "{read:?}");
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn little_memory_has_small_rings_or_none() {
        let few = words(4 * 2 * ring_words(3));
        let (rings, rest) = Rings::split(&few, 1);
        assert_eq!((rings.entries, rest.len()), (3, few.len() / 4 * 3));
        let fewer = words(100);
        let (rings, rest) = Rings::split(&fewer, 1);
        assert_eq!(rest.len(), 100);
        rings.note(0, 1, &failure(1, 500, "/a"));
        assert_eq!(rings.read(), []);
    }
}
