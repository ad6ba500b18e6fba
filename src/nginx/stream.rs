//! Responses that are sent while they are made: one part at a time, the next one when the client has taken the last.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::task::{Poll, Waker};

use bytes::Bytes;
use nginx_sys::{
    ngx_add_timer, ngx_buf_t, ngx_chain_t, ngx_del_timer, ngx_handle_write_event, ngx_http_finalize_request,
    ngx_http_output_filter, ngx_http_request_empty_handler, ngx_http_request_t, ngx_http_send_header,
    ngx_int_t, ngx_pcalloc,
};

use super::cleanup;
use super::guard::guarded;
use super::request::Request;
use super::task::RequestHandle;

/// The client is gone, or nginx gave the response up.
#[derive(Debug)]
pub(crate) struct Gone;

/// A response whose header has been sent.
pub(crate) struct Stream {
    request: RequestHandle,
    output: Rc<Output>,
}

/// The part that is being sent. Lives in the request's pool, as nginx reads it.
struct Output {
    buffer: Cell<*mut ngx_buf_t>,
    bytes: RefCell<Bytes>,
    waker: RefCell<Option<Waker>>,
    owner: *const ngx_http_request_t,
}

impl Stream {
    /// Sends the header; the body will have no announced length.
    pub(crate) fn begin(request: &RequestHandle, content_type: &'static str) -> Result<Self, Gone> {
        let output = request
            .with(|request| request.begin_stream(content_type))
            .flatten()
            .ok_or(Gone)?;
        Ok(Self {
            request: request.clone(),
            output,
        })
    }

    /// Sends a part and waits until the client has taken it.
    pub(crate) async fn send(&self, part: Bytes) -> Result<(), Gone> {
        let mut code = self
            .request
            .with(|request| request.send_part(&self.output, part, false))
            .ok_or(Gone)?;
        poll_fn(|context| {
            if code == super::ERROR {
                return Poll::Ready(Err(Gone));
            }
            if self.output.is_taken() {
                return Poll::Ready(Ok(()));
            }
            self.output.waker.replace(Some(context.waker().clone()));
            code = self
                .request
                .with(Request::wait_until_writable)
                .unwrap_or(super::ERROR);
            if code == super::ERROR {
                Poll::Ready(Err(Gone))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Sends the last part; the answer is nginx's return code, with which the request is to be finished.
    pub(crate) fn end(self, part: Bytes) -> ngx_int_t {
        self.request
            .with(|request| request.send_part(&self.output, part, true))
            .unwrap_or(super::ERROR)
    }
}

impl Output {
    /// Whether nginx has no use for the bytes any more: they are sent, compressed or copied.
    fn is_taken(&self) -> bool {
        // SAFETY: the buffer lives in the request's pool; a stream looks at it only after `RequestHandle::with` has shown
        // that the request is there, in the same turn.
        unsafe { self.buffer.get().as_ref() }.is_none_or(|buffer| buffer.pos == buffer.last)
    }
}

impl Request {
    fn begin_stream(&mut self, content_type: &'static str) -> Option<Rc<Output>> {
        self.raw().headers_out.status = 200;
        self.set_content_type(content_type);
        self.set_content_length(None);
        let pool = self.raw().pool;
        // SAFETY: the request's pool is live; zeroed memory is a valid buffer.
        let buffer = NonNull::new(unsafe { ngx_pcalloc(pool, size_of::<ngx_buf_t>()) }.cast::<ngx_buf_t>())?;
        let output = Rc::new(Output {
            buffer: Cell::new(buffer.as_ptr()),
            bytes: RefCell::default(),
            waker: RefCell::new(None),
            owner: self.as_raw(),
        });
        // SAFETY: as above; the bytes stay as long as nginx may read them.
        unsafe { cleanup::attach(pool, Rc::clone(&output)) }?;
        self.keep_status();
        // SAFETY: the request is live and its header was not sent before.
        let code = unsafe { ngx_http_send_header(self.as_raw()) };
        if self.is_header_only() {
            return None;
        }
        // Anything below OK but an error means that the header waits its turn.
        (code != super::ERROR && code <= super::OK).then_some(output)
    }

    fn send_part(&mut self, output: &Output, part: Bytes, last: bool) -> ngx_int_t {
        let is_main = self.is_main();
        output.bytes.replace(part);
        let bytes = output.bytes.borrow();
        // SAFETY: the buffer lives in the request's pool, and nginx has taken what it held before.
        let Some(buffer) = (unsafe { output.buffer.get().as_mut() }) else {
            return super::ERROR;
        };
        // nginx only reads a buffer of this kind.
        let range = bytes.as_ptr_range();
        (buffer.start, buffer.last) = (range.start.cast_mut(), range.end.cast_mut());
        (buffer.pos, buffer.end) = (buffer.start, buffer.last);
        buffer.set_memory(u32::from(!bytes.is_empty()));
        // A filter that collects (gzip) gives out what it has, so that the bytes are not needed any more.
        buffer.set_flush(u32::from(!last));
        buffer.set_last_buf(u32::from(last && is_main));
        buffer.set_last_in_chain(u32::from(last));
        // A subrequest's end without bytes still has to pass the filters.
        buffer.set_sync(u32::from(last && !is_main && bytes.is_empty()));
        drop(bytes);
        let mut link = ngx_chain_t {
            buf: buffer,
            next: ptr::null_mut(),
        };
        // SAFETY: nginx copies the link; the buffer lives in the request's pool.
        unsafe { ngx_http_output_filter(self.as_raw(), &raw mut link) }
    }

    /// Has [`go_on`] called when the client can take more, within nginx's `send_timeout`.
    fn wait_until_writable(&mut self) -> ngx_int_t {
        let (send_timeout_ms, send_lowat) = self.send_limits();
        let raw = self.raw();
        raw.write_event_handler = Some(go_on);
        // SAFETY: a request has a live connection, which has a write event.
        let event = unsafe { (*raw.connection).write };
        // SAFETY: as above.
        if unsafe { (*event).delayed() } == 0 {
            // SAFETY: as above.
            unsafe { ngx_add_timer(event, send_timeout_ms) };
        }
        // SAFETY: as above.
        unsafe { ngx_handle_write_event(event, send_lowat) }
    }

    fn send_limits(&self) -> (usize, usize) {
        let core = self.core_location();
        (core.send_timeout, core.send_lowat)
    }
}

/// The client's connection can be written, or took too long.
unsafe extern "C" fn go_on(raw: *mut ngx_http_request_t) {
    // SAFETY: nginx calls the handler of a live request.
    let connection = unsafe { (*raw).connection };
    // SAFETY: a request has a live connection.
    let event = unsafe { (*connection).write };
    // SAFETY: as above.
    if unsafe { (*event).timedout() } != 0 {
        // SAFETY: as above.
        unsafe { (*connection).set_timedout(1) };
        // SAFETY: this gives back the reference that the suspension holds, and cancels its future.
        unsafe { ngx_http_finalize_request(raw, nginx_sys::NGX_HTTP_REQUEST_TIME_OUT as ngx_int_t) };
        return;
    }
    // SAFETY: the request is live; without new bytes nginx goes on with what it holds.
    let code = unsafe { ngx_http_output_filter(raw, ptr::null_mut()) };
    if code == super::ERROR {
        // SAFETY: as for the time-out.
        unsafe { ngx_http_finalize_request(raw, code) };
        return;
    }
    // SAFETY: nothing else of ours refers to the request during the call.
    let request = unsafe { Request::from_raw(raw) };
    guarded((), || request.wake_stream());
}

impl Request {
    fn wake_stream(&mut self) {
        let owner: *const ngx_http_request_t = self.as_raw();
        let pool = self.raw().pool;
        // SAFETY: the pool is live and no reference into it is in use.
        let output = unsafe { cleanup::find::<Rc<Output>>(pool, |output| output.owner == owner) };
        // SAFETY: as above; the clone keeps the value.
        let Some(output) = output.map(|output| Rc::clone(unsafe { output.as_ref() })) else {
            return;
        };
        if !output.is_taken() {
            self.wait_until_writable();
            return;
        }
        let raw = self.raw();
        raw.write_event_handler = Some(ngx_http_request_empty_handler);
        // SAFETY: a request has a live connection, which has a write event.
        let event = unsafe { (*raw.connection).write };
        // SAFETY: as above.
        let timed = unsafe { (*event).timer_set() } != 0;
        // SAFETY: as above.
        if timed && unsafe { (*event).delayed() } == 0 {
            // SAFETY: it is in the tree.
            unsafe { ngx_del_timer(event) };
        }
        if let Some(waker) = output.waker.take() {
            waker.wake();
        }
    }
}
