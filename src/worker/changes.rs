//! Who has to know that data has changed, and how a batch that writes makes it known: when it is over on its connection, before its
//! request goes on, and also when that request is gone.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use postern_core::changes;
use postern_core::pg::{DataRow, RowDescription};
use postern_core::schema_cache::Effect;

use super::exchange::{BatchError, Ending, Stopped, Ticket};
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, log, time};

/// Told of what changes in a database, whoever changes it. Called while a connection is at work: it takes note, and touches no
/// connection.
pub(crate) trait ChangeObserver {
    /// Something in this relation (`schema.table`) may have changed.
    fn changed(&self, relation: &str);
    /// Anything may have changed.
    fn all_changed(&self);
    /// Called when listening begins and at least every 500 ms as long as changes made elsewhere are heard of.
    fn heard(&self);
}

/// What a batch changes.
#[derive(Debug, Clone)]
pub(crate) enum Changes {
    /// Nothing that anybody reads.
    Nothing,
    /// These relations, and those that triggers report.
    Relations(Rc<[Box<str>]>),
    /// Anything.
    Everything,
}

impl Changes {
    /// What a statement changes.
    pub(crate) fn of(effect: &Effect) -> Self {
        match effect {
            Effect::Relations(known) => Self::Relations(Rc::clone(known)),
            Effect::Everything => Self::Everything,
        }
    }

    /// What triggers are asked to report: what is not known. `None` where that is of no use.
    pub(crate) fn reports(&self) -> Option<String> {
        match self {
            Self::Relations(known) => Some(changes::reports(known.iter().map(|name| &**name))),
            Self::Nothing | Self::Everything => None,
        }
    }
}

/// Makes changes of one database known.
pub(super) struct Announcer {
    me: Weak<Self>,
    observer: Rc<dyn ChangeObserver>,
    /// For how long the server may still be at a batch that was lost.
    aftermath_ms: u64,
    aftermath_ends_ms: Cell<u64>,
    aftermath: RefCell<Option<Task>>,
}

/// How often everything is said to have changed while lost batches may still be committed.
const AFTERMATH_PERIOD_MS: u64 = 1000;

impl Announcer {
    /// An announcer to this observer. The server gives up a statement after `query_timeout_ms`.
    pub(super) fn new(observer: Rc<dyn ChangeObserver>, query_timeout_ms: u64) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            observer,
            aftermath_ms: query_timeout_ms.saturating_add(AFTERMATH_PERIOD_MS),
            aftermath_ends_ms: Cell::new(0),
            aftermath: RefCell::new(None),
        })
    }

    /// Who is told.
    pub(super) fn observer(&self) -> &dyn ChangeObserver {
        &*self.observer
    }

    /// Stops what is under way; for the end of the worker.
    pub(super) fn stop(&self) {
        self.aftermath.take();
    }

    /// Nobody knows what became of a batch. The server may be at it still, and commit it after this was said once: it is said
    /// again until it must be over.
    fn lost(&self) {
        self.observer.all_changed();
        let ends_ms = time::monotonic_ms().saturating_add(self.aftermath_ms);
        self.aftermath_ends_ms.set(ends_ms);
        let mut aftermath = self.aftermath.borrow_mut();
        if aftermath.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let me = Weak::clone(&self.me);
        *aftermath = Some(executor::spawn(async move {
            loop {
                timer::sleep(AFTERMATH_PERIOD_MS, OnExit::Abandon).await;
                let Some(me) = me.upgrade() else { return };
                me.observer.all_changed();
                if time::monotonic_ms() >= me.aftermath_ends_ms.get() {
                    return;
                }
            }
        }));
    }
}

/// A ticket that makes known what its batch has changed, then hands its ending on.
pub(super) struct Announced {
    ticket: Rc<dyn Ticket>,
    announcer: Rc<Announcer>,
    /// What is known of the batch; everything, once a trigger has reported that.
    changes: RefCell<Changes>,
    /// The relations that triggers have reported besides.
    reported: RefCell<Vec<Box<str>>>,
}

/// A batch with more reports than that has changed everything.
const MAX_REPORTED: usize = 100;

impl Announced {
    /// A ticket for a batch with these changes.
    pub(super) fn new(ticket: Rc<dyn Ticket>, announcer: Rc<Announcer>, changes: Changes) -> Rc<Self> {
        Rc::new(Self {
            ticket,
            announcer,
            changes: RefCell::new(changes),
            reported: RefCell::default(),
        })
    }

    fn committed(&self) {
        let observer = &self.announcer.observer;
        match &*self.changes.borrow() {
            Changes::Nothing => {}
            Changes::Relations(known) => {
                let reported = self.reported.borrow();
                for relation in known.iter().chain(&*reported) {
                    observer.changed(relation);
                }
            }
            Changes::Everything => observer.all_changed(),
        }
    }
}

impl Ticket for Announced {
    fn described(&self, statement: usize, description: &RowDescription<'_>) {
        self.ticket.described(statement, description);
    }

    fn row(&self, statement: usize, row: &DataRow<'_>) {
        self.ticket.row(statement, row);
    }

    fn reported(&self, report: &str) {
        let mut changes = self.changes.borrow_mut();
        let Changes::Relations(known) = &*changes else {
            return;
        };
        let mut reported = self.reported.borrow_mut();
        match changes::relation(report) {
            Some(relation) if known.iter().chain(&*reported).any(|name| **name == *relation) => {}
            Some(relation) if reported.len() < MAX_REPORTED => reported.push(relation.into()),
            Some(_) | None => {
                *changes = Changes::Everything;
                reported.clear();
            }
        }
    }

    fn finish(&self, ending: Ending) {
        match &ending {
            Ok(()) => self.committed(),
            // Nothing took effect, or the batch is repeated and only reads.
            Err(BatchError::Failed(_) | BatchError::Overtaken) => {}
            Err(BatchError::Lost(_)) => self.announcer.lost(),
        }
        self.ticket.finish(ending);
    }

    fn is_full(&self) -> bool {
        self.ticket.is_full()
    }

    fn stopped(&self, connection: Rc<dyn Stopped>) {
        self.ticket.stopped(connection);
    }

    fn overtake(&self) -> bool {
        self.ticket.overtake()
    }
}

/// Writes changes to the error log at the level info, and hands them on.
pub(super) struct LoggedChanges {
    /// The database.
    pub(super) name: Box<str>,
    /// Who else is told.
    pub(super) next: Option<Rc<dyn ChangeObserver>>,
}

impl ChangeObserver for LoggedChanges {
    fn changed(&self, relation: &str) {
        log(
            Level::Info,
            format_args!("\"{}\": {relation} has changed", self.name),
        );
        if let Some(next) = &self.next {
            next.changed(relation);
        }
    }

    fn all_changed(&self) {
        log(
            Level::Info,
            format_args!("\"{}\": everything may have changed", self.name),
        );
        if let Some(next) = &self.next {
            next.all_changed();
        }
    }

    fn heard(&self) {
        if let Some(next) = &self.next {
            next.heard();
        }
    }
}
