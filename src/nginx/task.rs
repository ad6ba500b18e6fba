//! Requests that wait: a future answers them, and a client that goes away cancels it.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::task::{Context, Poll};

use nginx_sys::{
    ngx_handle_read_event, ngx_http_block_reading, ngx_http_core_run_phases, ngx_http_finalize_request,
    ngx_http_request_empty_handler, ngx_http_request_t, ngx_http_run_posted_requests, ngx_http_test_reading,
    ngx_int_t, ngx_post_event, ngx_posted_events,
};

use super::executor::{self, Task};
use super::output::Reply;
use super::phase::Verdict;
use super::request::Request;
use super::timer::Stay;
use super::{cleanup, guard};

/// How a suspended request ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With this response.
    Reply(Reply),
    /// nginx answers with this status.
    Status(u16),
    /// The response was streamed; nginx's return code of its last part.
    Sent(ngx_int_t),
    /// The response cannot be completed: the connection is closed, so that the client does not take it for whole.
    Abort,
}

/// A request seen from a future: it may be gone whenever the future goes on.
#[derive(Clone)]
pub(crate) struct RequestHandle(Rc<Cell<*mut ngx_http_request_t>>);

impl RequestHandle {
    /// Looks at the request, if it is still there. The callback must not suspend or finish it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Request) -> T) -> Option<T> {
        let request = NonNull::new(self.0.get())?;
        // SAFETY: the pointer is cleared when the request's pool goes; futures run only from the event loop, where no
        // other reference to the request is in use.
        Some(look(unsafe { Request::from_raw(request.as_ptr()) }))
    }

    /// Ends the request.
    fn finish(&self, outcome: Outcome) {
        let request = self.0.get();
        if request.is_null() {
            return;
        }
        let code = self
            .with(|request| respond(request, outcome))
            .unwrap_or(super::ERROR);
        // SAFETY: the request is live: `with` has just looked at it.
        let connection = unsafe { (*request).connection };
        // SAFETY: this gives back the reference that `suspend` took.
        unsafe { ngx_http_finalize_request(request, code) };
        // SAFETY: a client's connection outlives the end of a request on it until the loop goes on.
        unsafe { ngx_http_run_posted_requests(connection) };
    }
}

fn respond(request: &mut Request, outcome: Outcome) -> ngx_int_t {
    match outcome {
        Outcome::Reply(reply) => request.send(reply),
        Outcome::Status(status) => Verdict::Status(status).into_code(),
        Outcome::Sent(code) => code,
        Outcome::Abort => super::ERROR,
    }
}

/// Lives in the request's pool: when it goes, the future is cancelled and its handle is empty.
struct Suspension {
    handle: Rc<Cell<*mut ngx_http_request_t>>,
    _task: Task,
}

impl Drop for Suspension {
    fn drop(&mut self) {
        self.handle.set(ptr::null_mut());
    }
}

impl Request {
    /// Leaves the answer to a future. A client that closes its connection meanwhile ends the request and the future.
    pub(crate) fn suspend<F>(&mut self, make: impl FnOnce(RequestHandle) -> F) -> Verdict
    where
        F: Future<Output = Outcome> + 'static,
    {
        let handle = RequestHandle(Rc::new(Cell::new(self.as_raw())));
        let answer = make(handle.clone());
        let finisher = handle.clone();
        let task = executor::spawn(Ending {
            future: answer,
            end: move |outcome: Option<Outcome>| finisher.finish(outcome.unwrap_or(Outcome::Status(500))),
        });
        if self.keep(handle, task).is_none() {
            return Verdict::Finished(super::INTERNAL_SERVER_ERROR);
        }
        let raw = self.raw();
        // A body that is still being discarded has the connection's reads; else a client that closes is noticed.
        if raw.discard_body() == 0 {
            self.notice_abort();
        }
        let raw = self.raw();
        // SAFETY: a request has a live main request. If it is this one, `raw` is not used any more.
        let main = unsafe { &mut *raw.main };
        main.set_count(main.count() + 1);
        Verdict::Finished(super::DONE)
    }
}

impl Request {
    /// Leaves a phase (preaccess, access) to a future: when it ends, the handlers of the phase go on, beginning with the one that
    /// asked. A client that closes its connection meanwhile ends the request and the future.
    pub(crate) fn pause<F>(&mut self, make: impl FnOnce(RequestHandle) -> F) -> Verdict
    where
        F: Future<Output = ()> + 'static,
    {
        let handle = RequestHandle(Rc::new(Cell::new(self.as_raw())));
        let waiting = make(handle.clone());
        let resumer = handle.clone();
        let stay = Stay::new();
        let task = executor::spawn(Ending {
            future: waiting,
            end: move |outcome| {
                let _stay = &stay;
                match outcome {
                    Some(()) => resumer.run_phases(),
                    None => resumer.finish(Outcome::Status(500)),
                }
            },
        });
        if self.keep(handle, task).is_none() {
            return Verdict::Finished(super::INTERNAL_SERVER_ERROR);
        }
        let raw = self.raw();
        // Room on the client's connection would otherwise run the phases early.
        raw.write_event_handler = Some(ngx_http_request_empty_handler);
        self.notice_abort();
        Verdict::Finished(super::AGAIN)
    }

    /// Has the task cancelled with the request. `None` if nginx is out of memory.
    fn keep(&mut self, handle: RequestHandle, task: Task) -> Option<()> {
        let suspension = Suspension {
            handle: handle.0,
            _task: task,
        };
        // SAFETY: the request's pool is live; the value is reached only through its cleanup.
        unsafe { cleanup::attach(self.raw().pool, suspension) }.map(|_| ())
    }

    /// Has a client that closes its connection end the request, also one that has closed it already: the event of that may have
    /// come with the request itself (as `ngx_http_limit_req_module` does for requests that it delays).
    fn notice_abort(&mut self) {
        let raw = self.raw();
        raw.read_event_handler = Some(ngx_http_test_reading);
        // SAFETY: a request has a live connection, which has a read event.
        let event = unsafe { (*raw.connection).read };
        // SAFETY: as above.
        if unsafe { (*event).ready() } != 0 {
            let queue = &raw mut ngx_posted_events;
            // SAFETY: the event belongs to the live connection; closing it takes it out of the queue.
            unsafe { ngx_post_event(event, queue) };
        } else {
            // SAFETY: as above. Where it fails, only the notice is missing.
            unsafe { ngx_handle_read_event(event, 0) };
        }
    }
}

impl RequestHandle {
    /// Goes on where a phase was left.
    fn run_phases(&self) {
        let request = self.0.replace(ptr::null_mut());
        // SAFETY: null, or a request that is live: its pool's cleanup clears the pointer.
        let Some(raw) = (unsafe { request.as_mut() }) else {
            return;
        };
        raw.read_event_handler = Some(ngx_http_block_reading);
        raw.write_event_handler = Some(ngx_http_core_run_phases);
        let connection = raw.connection;
        // SAFETY: the request is live, and nothing of ours refers to it during the call.
        unsafe { ngx_http_core_run_phases(request) };
        // SAFETY: a client's connection outlives the end of a request on it until the loop goes on.
        unsafe { ngx_http_run_posted_requests(connection) };
    }
}

/// A future with what is done when it ends; a panic is reported and ends it with `None`. It is not an `async` block, which would hold the
/// future twice, where it is captured and where it is awaited, and copy it from there to here.
struct Ending<F, E> {
    future: F,
    end: E,
}

impl<F: Future, E: FnMut(Option<F::Output>)> Future for Ending<F, E> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the future is neither moved nor given away by reference; `end` is never pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: it is pinned as a part of what is.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        let result = match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => Some(result),
            Err(payload) => {
                guard::report(payload.as_ref());
                None
            }
        };
        (this.end)(result);
        Poll::Ready(())
    }
}
