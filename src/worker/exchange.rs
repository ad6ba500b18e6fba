//! One batch of statements on its way to PostgreSQL and back: what the connection hands its rows to, and what the request
//! waits for.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use postern_core::error::Unavailable;
use postern_core::pg::{DataRow, Failure};

/// Takes the rows of a batch as they come.
pub(crate) trait Sink: 'static {
    /// A row of the result of a statement, which is counted from 0.
    fn row(&mut self, statement: usize, row: &DataRow<'_>);
}

/// How a batch ends.
pub(crate) type Ending = Result<(), BatchError>;

/// Why a batch has no result.
#[derive(Debug)]
pub(crate) enum BatchError {
    /// The server refused it; nothing took effect.
    Failed(Failure),
    /// The connection was lost, or the server did not answer in time.
    Lost(Unavailable),
}

/// What a connection knows of a batch.
pub(crate) trait Ticket {
    /// A row has come.
    fn row(&self, statement: usize, row: &DataRow<'_>);
    /// The batch is over.
    fn finish(&self, ending: Ending);
}

/// A batch whose rows go to a sink.
pub(crate) struct Exchange<S>(RefCell<State<S>>);

enum State<S> {
    /// Rows go to the sink.
    Waiting(S, Option<Waker>),
    /// The batch is over, and its request has not looked yet.
    Over(S, Ending),
    /// The request is gone, or has taken the result.
    Taken,
}

impl<S: Sink> Exchange<S> {
    /// A batch that is about to be submitted.
    pub(crate) fn new(sink: S) -> Rc<Self> {
        Rc::new(Self(RefCell::new(State::Waiting(sink, None))))
    }

    /// Waits for the end. Dropping the future leaves the rows that still come to nobody.
    pub(crate) fn finished(self: Rc<Self>) -> Finished<S> {
        Finished(self)
    }
}

impl<S: Sink> Ticket for Exchange<S> {
    fn row(&self, statement: usize, row: &DataRow<'_>) {
        if let State::Waiting(sink, _) = &mut *self.0.borrow_mut() {
            sink.row(statement, row);
        }
    }

    fn finish(&self, ending: Ending) {
        let mut state = self.0.borrow_mut();
        if let State::Waiting(sink, waker) = std::mem::replace(&mut *state, State::Taken) {
            *state = State::Over(sink, ending);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// The end of a batch, with the sink that took its rows.
pub(crate) struct Finished<S: Sink>(Rc<Exchange<S>>);

impl<S: Sink> Future for Finished<S> {
    type Output = (S, Ending);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.0.borrow_mut();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Over(sink, ending) => Poll::Ready((sink, ending)),
            State::Waiting(sink, _) => {
                *state = State::Waiting(sink, Some(context.waker().clone()));
                Poll::Pending
            }
            State::Taken => Poll::Pending,
        }
    }
}

impl<S: Sink> Drop for Finished<S> {
    fn drop(&mut self) {
        *self.0.0.borrow_mut() = State::Taken;
    }
}
