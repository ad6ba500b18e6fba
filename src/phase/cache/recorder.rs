//! What a response was read from, noted while it is made, and what becomes of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use postern_core::cache::{Dependencies, Record, Stored};

use crate::nginx::output::Reply;
use crate::worker::{Making, Question};

/// What a statement reads.
pub(crate) enum Reads<'r> {
    /// These relations.
    Relations(&'r [Box<str>]),
    /// Nobody knows.
    Unknown,
}

/// What became of a response.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    /// It is in the store.
    pub(super) is_stored: bool,
    /// It is the same as the one that was too old.
    pub(super) is_same: bool,
}

/// Notes the generations of what is read, before it is. Whoever makes the response may hold on to it for longer.
pub(crate) struct Recorder {
    question: Rc<Question>,
    /// Others wait as long as it is there.
    making: RefCell<Option<Making>>,
    /// The generations, and when they were noted.
    noted: Cell<Option<(Dependencies, u64)>>,
}

impl Recorder {
    /// Nothing has been read.
    pub(super) fn new(question: Rc<Question>, making: Making) -> Self {
        Self {
            question,
            making: RefCell::new(Some(making)),
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

    /// The response cannot be kept: nobody waits for it any more.
    pub(crate) fn give_up(&self) {
        if let Some(making) = self.making.take() {
            making.give_up();
        }
    }

    /// The response is there. Keeps it, if it may be kept; whether it is.
    pub(super) fn keep(&self, reply: &Reply) -> Kept {
        let Some(making) = self.making.take() else {
            return Kept::default();
        };
        let Some((record, began_ms)) = self.record(reply) else {
            making.give_up();
            return Kept::default();
        };
        let is_same = |old: &Rc<Stored>| old.record.body == record.body && old.record.fields == record.fields;
        Kept {
            is_same: making.old.as_ref().is_some_and(is_same),
            is_stored: making.keep(record, began_ms),
        }
    }

    /// The response as it is kept, and when it was read; `None` if it may not be kept.
    fn record(&self, reply: &Reply) -> Option<(Record, u64)> {
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
