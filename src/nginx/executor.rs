//! Runs futures on nginx's event loop.
//!
//! A task that is woken waits in a queue; one posted event runs the queue after the sockets' events of the same turn, so
//! that all requests of a turn write to the database together. A task that wakes itself runs in the next turn: it can
//! never keep the loop from its sockets. `ngx::async_::spawn` of ngx 0.5 runs tasks inside `wake()` instead, which costs a
//! write per request and can re-enter a task's owner (see docs/adr/0001-event-loop.md).

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;

use async_task::Runnable;

use super::event::Event;
use super::guard::guarded;

/// A task; dropping it cancels it.
pub(crate) type Task = async_task::Task<()>;

/// How many tasks one run of the queue polls before the sockets get their turn again.
const BATCH: usize = 512;

/// Longer than a turn of the loop takes; the event that has this timer is posted as well, and takes it back.
const UNTIL_NEXT_TURN_MS: u64 = 60_000;

thread_local! {
    static QUEUE: RefCell<VecDeque<Runnable>> = const { RefCell::new(VecDeque::new()) };
    static WAKE_UP: OnceCell<Event> = const { OnceCell::new() };
    static AFTER: RefCell<Vec<Rc<dyn Deferred>>> = const { RefCell::new(Vec::new()) };
    static RUNNING: Cell<bool> = const { Cell::new(false) };
    static IN_LOOP: Cell<bool> = const { Cell::new(true) };
}

/// Work that many tasks of one turn cause and that is done once, after them: flushing a connection.
pub(crate) trait Deferred {
    /// Does it.
    fn run(&self);
}

/// Starts a task. It is polled for the first time when the events of this turn have been seen.
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) -> Task {
    // SAFETY: the future need not be `Send` because schedule, run and drop all happen on the event loop's thread. No
    // waker is ever handed to nginx's thread pools: `thread` wakes from the loop.
    let (runnable, task) = unsafe { async_task::spawn_unchecked(future, schedule) };
    runnable.schedule();
    task
}

/// Calls `deferred` once the tasks that can run now have run. The caller sees to it that it is not queued twice.
pub(crate) fn defer(deferred: Rc<dyn Deferred>) {
    AFTER.with_borrow_mut(|after| after.push(deferred));
    wake_up();
}

fn schedule(runnable: Runnable) {
    QUEUE.with_borrow_mut(|queue| queue.push_back(runnable));
    wake_up();
}

fn wake_up() {
    if RUNNING.get() {
        return;
    }
    WAKE_UP.with(|event| {
        let event = event.get_or_init(|| Event::new(run));
        if IN_LOOP.get() {
            event.post();
        } else {
            event.post_next();
        }
    });
}

/// Starts what a process begins with, before its loop runs: what it wakes runs in the first turn, which would wait for an event
/// from outside otherwise.
pub(crate) fn before_loop(start: impl FnOnce()) {
    IN_LOOP.set(false);
    start();
    IN_LOOP.set(true);
}

/// Polls what was queued when the run began. What is woken meanwhile is left to the next turn.
fn run() {
    RUNNING.set(true);
    WAKE_UP.with(|event| event.get().into_iter().for_each(Event::clear_timer));
    let batch = QUEUE.with_borrow(VecDeque::len).min(BATCH);
    for _ in 0..batch {
        let Some(runnable) = QUEUE.with_borrow_mut(VecDeque::pop_front) else {
            break;
        };
        guarded(false, || runnable.run());
    }
    for deferred in AFTER.take() {
        guarded((), || deferred.run());
    }
    RUNNING.set(false);
    let more = !QUEUE.with_borrow(VecDeque::is_empty) || !AFTER.with_borrow(Vec::is_empty);
    if more {
        WAKE_UP.with(|event| {
            let event = event.get_or_init(|| Event::new(run));
            event.post_next();
            // A worker that is to exit does so between two turns if there is no timer, whatever is posted.
            event.set_timer(UNTIL_NEXT_TURN_MS, false);
        });
    }
}

/// Forgets every task and event; for the end of the process, while nginx's queues still exist.
pub(crate) fn shut_down() {
    // Dropping a task may schedule another: stop when nothing is left.
    while let Some(runnable) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
        drop(runnable);
    }
    AFTER.take();
}
