//! What a response was read from, noted while it is made.

use std::cell::Cell;
use std::rc::Rc;

use postern_core::cache::{Dependencies, Record};

use crate::nginx::output::Reply;
use crate::worker::Question;

/// What a statement reads.
pub(crate) enum Reads<'r> {
    /// These relations.
    Relations(&'r [Box<str>]),
    /// Nobody knows.
    Unknown,
}

/// Notes the generations of what is read, before it is.
pub(crate) struct Recorder {
    question: Rc<Question>,
    /// The generations, and when they were noted.
    noted: Cell<Option<(Dependencies, u64)>>,
}

impl Recorder {
    /// Nothing has been read.
    pub(super) fn new(question: Rc<Question>) -> Self {
        Self {
            question,
            noted: Cell::new(None),
        }
    }

    /// The response is about to be read from these.
    pub(crate) fn note(&self, reads: Reads<'_>) {
        self.noted.set(match reads {
            Reads::Relations(names) => self.question.dependencies(names),
            // Unless the configuration knows.
            Reads::Unknown if self.question.settings.config.depends.is_empty() => {
                self.question.dependencies_on_anything()
            }
            Reads::Unknown => self.question.dependencies(&[]),
        });
    }

    /// The response will not be whole.
    pub(crate) fn forget(&self) {
        self.noted.set(None);
    }

    /// The response as it is kept, and when it was read; `None` if it may not be kept.
    pub(super) fn record(&self, reply: &Reply) -> Option<(Record, u64)> {
        let (dependencies, began_ms) = self.noted.take()?;
        let body = reply.body.clone()?;
        let is_kept = reply.status == 200
            && body.len() <= self.question.settings.config.max_entry
            && reply.headers.iter().all(|(name, value)| may_be_kept(name, value));
        let record = Record {
            dependencies,
            last_modified_s: reply.last_modified_s,
            fields: reply.headers.clone(),
            body,
        };
        is_kept.then_some((record, began_ms))
    }
}

/// Whether a response with this field is the same for the next one who asks (RFC 9111 sections 3 and 4.1). The key has what Postern
/// knows that a response depends on, but not what a script says itself.
fn may_be_kept(name: &[u8], value: &[u8]) -> bool {
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    if is(b"Cache-Control") {
        let value = value.to_ascii_lowercase();
        let has = |word: &[u8]| value.windows(word.len()).any(|window| window == word);
        return !has(b"no-store") && !has(b"no-cache") && !has(b"private");
    }
    !is(b"Set-Cookie") && !is(b"Vary")
}
