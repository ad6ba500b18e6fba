//! Requests that wait for a response which another one makes, in this worker or in another.
//!
//! Whoever makes it here wakes those that wait here. What another worker makes is looked for in the zone, by one task for each
//! response and not by every request: at first after a millisecond, then less often.

use std::cell::Cell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use postern_core::cache::Flight;

use super::Question;
use crate::conf::CacheZone;
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};

/// The requests of this worker that wait, by the hashes of their keys.
#[derive(Default)]
pub(crate) struct Waiting(HashMap<u64, Group>);

/// Those that wait for one response. The first one's flight is looked for: who has come for a later one is woken too early, and waits again.
struct Group {
    waiters: Vec<Rc<Waiter>>,
    /// Looks for the response in the zone.
    _lookout: Task,
}

#[derive(Default)]
struct Waiter {
    is_over: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

pub(super) async fn wait(question: &Rc<Question>, flight: Flight, limit_ms: u64) -> bool {
    let waiter = Rc::new(Waiter::default());
    {
        let mut waiting = question.zone.waiting.borrow_mut();
        let group = waiting.0.entry(question.hash).or_insert_with(|| Group {
            waiters: Vec::new(),
            _lookout: executor::spawn(look_out(Rc::clone(question), flight)),
        });
        group.waiters.push(Rc::clone(&waiter));
    }
    let over = poll_fn(|context| {
        if waiter.is_over.get() {
            return Poll::Ready(());
        }
        waiter.waker.set(Some(context.waker().clone()));
        Poll::Pending
    });
    // A worker that is to exit stays for its requests.
    timer::timeout(limit_ms, OnExit::Wait, over).await.is_some()
}

/// Nobody makes the response any more: whoever waits here looks again.
pub(super) fn wake(zone: &CacheZone, hash: u64) {
    let group = zone.waiting.borrow_mut().0.remove(&hash);
    for waiter in group.into_iter().flat_map(|group| group.waiters) {
        waiter.is_over.set(true);
        if let Some(waker) = waiter.waker.take() {
            waker.wake();
        }
    }
}

async fn look_out(question: Rc<Question>, flight: Flight) {
    let mut pause_ms = 1;
    loop {
        timer::sleep(pause_ms, OnExit::Abandon).await;
        if !question.is_being_made(flight) {
            break;
        }
        pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
    }
    // This task goes with its group: nothing may follow.
    wake(&question.zone, question.hash);
}

const LONGEST_PAUSE_MS: u64 = 16;
