//! Whether a database answers: asked at most once a second, however many want to know.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use postern_core::error::Unavailable;
use postern_core::health::{Check, Status};
use postern_core::query;
use tokio::sync::Notify;

use super::database::REPEATS;
use super::exchange::{BatchError, NoRows};
use super::pool::Pool;
use crate::nginx::executor::{self, Task};
use crate::nginx::time;
use crate::nginx::timer::{self, OnExit};

/// Asks for all who want to know. A question is the worker's: it goes on when the client goes away for which it was begun.
pub(super) struct Probe {
    pool: Rc<Pool>,
    state: Rc<State>,
    question: RefCell<Option<Task>>,
}

#[derive(Default)]
struct State {
    /// What was found out last.
    last: Cell<Option<Found>>,
    /// Tells all who wait that a question was answered.
    answered: Notify,
}

/// What a probe has found.
#[derive(Debug, Clone, Copy)]
struct Found {
    at_ms: u64,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Answered,
    /// No connection had room for the question.
    Busy(Unavailable),
    Failed(Unavailable),
}

/// For how long an answer is good.
const GOOD_FOR_MS: u64 = 1000;

/// Who does not answer within this time does not answer.
const TIMEOUT_MS: u64 = 2000;

impl Probe {
    /// A probe that has asked nothing yet.
    pub(super) fn new(pool: Rc<Pool>) -> Self {
        Self {
            pool,
            state: Rc::default(),
            question: RefCell::default(),
        }
    }

    /// Asks, if nobody has within the last second: the checks of the database, and of the pool.
    pub(super) async fn ask(&self) -> (Check, Check) {
        let is_good = |found: &Found| time::monotonic_ms().saturating_sub(found.at_ms) < GOOD_FOR_MS;
        if let Some(found) = self.state.last.get().filter(is_good) {
            return found.checks();
        }
        loop {
            let answered = self.state.answered.notified();
            self.begin();
            answered.await;
            if let Some(found) = self.state.last.get() {
                return found.checks();
            }
        }
    }

    /// Begins to ask, unless that is under way.
    fn begin(&self) {
        let mut question = self.question.borrow_mut();
        if question.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (pool, state) = (Rc::clone(&self.pool), Rc::clone(&self.state));
        *question = Some(executor::spawn(async move {
            let outcome = ask(&pool).await;
            let at_ms = time::monotonic_ms();
            state.last.set(Some(Found { at_ms, outcome }));
            state.answered.notify_waiters();
        }));
    }

    /// Asks no more.
    pub(super) fn stop(&self) {
        self.question.take();
    }
}

impl Found {
    fn checks(self) -> (Check, Check) {
        let age_ms = time::monotonic_ms().saturating_sub(self.at_ms);
        let check = |status: Status, output: Option<String>| Check {
            status,
            age_ms,
            output,
        };
        let passed = || check(Status::Pass, None);
        match self.outcome {
            Outcome::Answered => (passed(), passed()),
            Outcome::Busy(reason) => (
                check(Status::Warn, Some("it was not asked".to_owned())),
                check(Status::Fail, Some(reason.to_string())),
            ),
            Outcome::Failed(reason) => (check(Status::Fail, Some(reason.to_string())), passed()),
        }
    }
}

async fn ask(pool: &Pool) -> Outcome {
    let was_asked = Cell::new(false);
    let answer = question(pool, &was_asked);
    let answer = timer::timeout(TIMEOUT_MS, OnExit::Wait, answer).await;
    answer.unwrap_or_else(|| {
        if was_asked.get() {
            Outcome::Failed(Unavailable::QueryTimeout)
        } else {
            no_room(pool)
        }
    })
}

/// Asks as a request does: again, where a connection was lost or is stuck behind a long statement, as there may be others.
async fn question(pool: &Pool, was_asked: &Cell<bool>) -> Outcome {
    let question = query::probe();
    let mut repeats = REPEATS;
    loop {
        was_asked.set(false);
        let lease = match pool.lease().await {
            Ok(lease) => lease,
            Err(Unavailable::AcquireTimeout) => return no_room(pool),
            Err(busy @ Unavailable::QueueFull) => return Outcome::Busy(busy),
            Err(reason) => return Outcome::Failed(reason),
        };
        was_asked.set(true);
        let finished = lease.submit(NoRows, repeats > 0, "", &[&question], |ticket| ticket);
        match finished.await {
            // Whatever it says: it answers.
            (_, Ok(()) | Err(BatchError::Failed(_))) => return Outcome::Answered,
            (_, Err(BatchError::Lost(Unavailable::ConnectionLost) | BatchError::Overtaken))
                if repeats > 0 =>
            {
                repeats -= 1;
            }
            (_, Err(BatchError::Lost(reason))) => return Outcome::Failed(reason),
            (_, Err(BatchError::Overtaken)) => return no_room(pool),
        }
    }
}

/// Who waits in vain for other requests finds a pool without room; else it is another connection that was waited for, and the database
/// has not given it.
fn no_room(pool: &Pool) -> Outcome {
    if pool.is_full() {
        Outcome::Busy(Unavailable::AcquireTimeout)
    } else {
        Outcome::Failed(Unavailable::QueryTimeout)
    }
}
