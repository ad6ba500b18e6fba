//! Futures that end with time.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::event::Event;

/// Whether a timer keeps an exiting worker alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnExit {
    /// A request waits: the worker stays until it is answered.
    Wait,
    /// Nobody waits: the worker may go.
    Abandon,
}

/// Keeps an exiting worker alive while it is there: nginx lets a worker go when no timer is left, whatever else it waits for.
pub(crate) struct Stay {
    _event: Event,
}

/// Longer than anything is waited for.
const FAR_MS: u64 = 24 * 3600 * 1000;

impl Stay {
    pub(crate) fn new() -> Self {
        let event = Event::new(|| ());
        event.set_timer(FAR_MS, false);
        Self { _event: event }
    }
}

#[derive(Default)]
struct Alarm {
    rang: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Waits for `delay_ms`.
pub(crate) async fn sleep(delay_ms: u64, on_exit: OnExit) {
    let alarm = Rc::new(Alarm::default());
    let ring = Rc::clone(&alarm);
    let event = Event::new(move || {
        ring.rang.set(true);
        if let Some(waker) = ring.waker.take() {
            waker.wake();
        }
    });
    event.set_timer(delay_ms, on_exit == OnExit::Abandon);
    poll_fn(|context| {
        if alarm.rang.get() {
            return Poll::Ready(());
        }
        alarm.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    })
    .await;
}

/// The result of `future`, or `None` if it takes longer than `limit_ms`.
pub(crate) async fn timeout<F: Future>(limit_ms: u64, on_exit: OnExit, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut alarm = pin!(sleep(limit_ms, on_exit));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        alarm.as_mut().poll(context).map(|()| None)
    })
    .await
}
