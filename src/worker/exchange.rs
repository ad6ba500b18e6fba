//! One batch of statements on its way to PostgreSQL and back: what the connection hands its rows to, and what the request
//! waits for.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use postern_core::error::Unavailable;
use postern_core::pg::{DataRow, Failure, RowDescription};

/// Takes the rows of a batch as they come.
pub(crate) trait Sink: 'static {
    /// What the rows of a statement consist of, where it asks for that.
    fn described(&mut self, _statement: usize, _description: &RowDescription<'_>) {}

    /// A row of the result of a statement, which is counted from 0.
    fn row(&mut self, statement: usize, row: &DataRow<'_>);

    /// How many bytes it holds that could be sent already.
    fn pending_bytes(&self) -> usize {
        0
    }
}

/// A batch with so many bytes to send is told to its request, so that sending begins before the end.
pub(crate) const PART_BYTES: usize = 512 << 10;

/// A batch with so many bytes to send stops the connection from reading, until some are sent.
const FULL_BYTES: usize = 1 << 20;

/// How a batch ends.
pub(crate) type Ending = Result<(), BatchError>;

/// Why a batch has no result.
#[derive(Debug)]
pub(crate) enum BatchError {
    /// The server refused it; nothing took effect.
    Failed(Failure),
    /// The connection was lost, or the server did not answer in time.
    Lost(Unavailable),
    /// It waits behind a long statement, and is better sent on another connection. What it would have brought here is not
    /// looked at.
    Overtaken,
}

/// Takes no rows: what counts is that a batch ends.
pub(super) struct NoRows;

impl Sink for NoRows {
    fn row(&mut self, _statement: usize, _row: &DataRow<'_>) {}
}

/// What a connection knows of a batch.
pub(crate) trait Ticket {
    /// What the rows that come next consist of.
    fn described(&self, statement: usize, description: &RowDescription<'_>);
    /// A row has come.
    fn row(&self, statement: usize, row: &DataRow<'_>);
    /// A trigger tells what the batch changes (`postern_core::changes`).
    fn reported(&self, _report: &str) {}
    /// The batch is over.
    fn finish(&self, ending: Ending);
    /// Whether no more rows should be read until the request has taken some.
    fn is_full(&self) -> bool;
    /// The connection stopped reading for that reason, and wants to be told when it can go on.
    fn stopped(&self, connection: Rc<dyn Stopped>);
    /// The server has not begun with it and will not soon: ends it, if it may be sent twice. Answers whether it has.
    fn overtake(&self) -> bool;
}

/// A batch whose rows go to a sink.
pub(crate) struct Exchange<S> {
    state: RefCell<State>,
    /// Stays where it is until the request takes it.
    sink: RefCell<Option<S>>,
    repeatable: bool,
    /// The connection that stopped reading because the sink is full.
    stopped: RefCell<Option<Rc<dyn Stopped>>>,
}

/// A connection that stopped reading.
pub(crate) trait Stopped {
    /// Reads on.
    fn go_on(&self);
}

enum State {
    /// Rows go to the sink.
    Waiting(Option<Waker>),
    /// The batch is over, and its request has not looked yet.
    Over(Ending),
    /// The request is gone, or has taken the result.
    Taken,
}

impl<S: Sink> Exchange<S> {
    /// A batch that is about to be submitted. One that changes nothing is `repeatable`.
    pub(crate) fn new(sink: S, repeatable: bool) -> Rc<Self> {
        Rc::new(Self {
            state: RefCell::new(State::Waiting(None)),
            sink: RefCell::new(Some(sink)),
            repeatable,
            stopped: RefCell::new(None),
        })
    }

    /// Waits for the end. Dropping the future leaves the rows that still come to nobody.
    pub(crate) fn finished(self: Rc<Self>) -> Finished<S> {
        Finished(self)
    }
}

impl<S: Sink> Ticket for Exchange<S> {
    fn described(&self, statement: usize, description: &RowDescription<'_>) {
        if let State::Waiting(_) = &*self.state.borrow()
            && let Some(sink) = &mut *self.sink.borrow_mut()
        {
            sink.described(statement, description);
        }
    }

    fn row(&self, statement: usize, row: &DataRow<'_>) {
        if let State::Waiting(waker) = &mut *self.state.borrow_mut()
            && let Some(sink) = &mut *self.sink.borrow_mut()
        {
            sink.row(statement, row);
            if sink.pending_bytes() >= PART_BYTES
                && let Some(waker) = waker.take()
            {
                waker.wake();
            }
        }
    }

    fn is_full(&self) -> bool {
        let waits = matches!(&*self.state.borrow(), State::Waiting(_));
        let is_full = |sink: &S| sink.pending_bytes() >= FULL_BYTES;
        waits && self.sink.borrow().as_ref().is_some_and(is_full)
    }

    fn stopped(&self, connection: Rc<dyn Stopped>) {
        self.stopped.replace(Some(connection));
    }

    /// The first ending counts: a batch that was given up still comes to its end on the connection.
    fn finish(&self, ending: Ending) {
        let mut state = self.state.borrow_mut();
        if let State::Waiting(waker) = &mut *state {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
            *state = State::Over(ending);
        }
    }

    fn overtake(&self) -> bool {
        let can_be = self.repeatable && matches!(&*self.state.borrow(), State::Waiting(_));
        if can_be {
            self.finish(Err(BatchError::Overtaken));
        }
        can_be
    }
}

/// The end of a batch, with the sink that took its rows.
pub(crate) struct Finished<S: Sink>(Rc<Exchange<S>>);

/// What a batch has for its request.
pub(crate) enum News<S> {
    /// Bytes that can be sent, while rows still come in.
    Part(Vec<u8>),
    /// The batch is over.
    End(S, Ending),
}

impl<S: Sink> Finished<S> {
    /// Waits for a part, which `take` gets from the sink, or for the end.
    pub(crate) async fn next(&mut self, take: impl Fn(&mut S) -> Option<Vec<u8>>) -> News<S> {
        let news = poll_fn(|context| {
            let mut state = self.0.state.borrow_mut();
            let mut sink = self.0.sink.borrow_mut();
            if let State::Waiting(waker) = &mut *state {
                if let Some(part) = sink.as_mut().and_then(&take) {
                    return Poll::Ready(News::Part(part));
                }
                *waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            match (std::mem::replace(&mut *state, State::Taken), sink.take()) {
                (State::Over(ending), Some(sink)) => Poll::Ready(News::End(sink, ending)),
                _ => Poll::Pending,
            }
        })
        .await;
        if let Some(connection) = self.0.stopped.take() {
            connection.go_on();
        }
        news
    }
}

impl<S: Sink> Future for Finished<S> {
    type Output = (S, Ending);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match pin!(this.next(|_| None)).poll(context) {
            Poll::Ready(News::End(sink, ending)) => Poll::Ready((sink, ending)),
            Poll::Ready(News::Part(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Sink> Drop for Finished<S> {
    fn drop(&mut self) {
        self.0.state.replace(State::Taken);
        self.0.sink.take();
        if let Some(connection) = self.0.stopped.take() {
            connection.go_on();
        }
    }
}
