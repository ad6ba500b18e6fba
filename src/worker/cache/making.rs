//! The making of a response that others wait for.

use std::rc::Rc;

use postern_core::cache::{Flight, Lifetime, Record, Stored};

use super::{Question, waiting, with_store};
use crate::nginx::time;

/// A response that this request makes. If it is dropped before the response is there (its client has gone away), another request may
/// make it.
pub(crate) struct Making {
    question: Rc<Question>,
    flight: Flight,
    /// One that is too old, which may be sent if no new one can be made.
    pub(crate) old: Option<Rc<Stored>>,
    /// Whether there was one, good or not.
    pub(crate) was_stored: bool,
    is_over: bool,
}

impl Making {
    pub(super) fn new(
        question: Rc<Question>,
        flight: Flight,
        old: Option<Rc<Stored>>,
        was_stored: bool,
    ) -> Self {
        Self {
            question,
            flight,
            old,
            was_stored,
            is_over: false,
        }
    }

    /// The response is there: keeps it, if it may be. `began_ms` is when its query was sent. Answers whether it is kept.
    pub(crate) fn keep(mut self, record: Record, began_ms: u64) -> bool {
        let config = &self.question.settings.config;
        let fresh_until_ms = began_ms.saturating_add(config.ttl_ms);
        let stored = Rc::new(Stored::new(
            record,
            Lifetime {
                stored_ms: began_ms,
                fresh_until_ms,
                stale_until_ms: fresh_until_ms.saturating_add(config.stale_ms),
            },
        ));
        self.is_over = true;
        let question = &self.question;
        let generations = question.zone.generations();
        let is_kept = generations.is_some_and(|generations| {
            let kept = with_store(&question.zone, |store, now_ms| {
                let pass_until_ms = now_ms.saturating_add(PASS_MS);
                store.fill(&question.key(), self.flight, &stored, &generations, pass_until_ms)
            });
            kept.unwrap_or_default()
        });
        if is_kept {
            question.keep_near(&stored);
        }
        waiting::wake(&question.zone, question.hash);
        is_kept
    }

    /// The response cannot be kept. For a second nobody waits for another one like it.
    pub(crate) fn give_up(mut self) {
        self.end(time::shared_ms().saturating_add(PASS_MS));
    }

    fn end(&mut self, pass_until_ms: u64) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let question = &self.question;
        with_store(&question.zone, |store, _| {
            store.give_up(&question.key(), self.flight, pass_until_ms);
        });
        waiting::wake(&question.zone, question.hash);
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.end(0);
    }
}

const PASS_MS: u64 = 1000;
