//! The body of a request: read by nginx, from the connection or from its temporary file.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use nginx_sys::{
    ngx_buf_t, ngx_chain_t, ngx_http_core_run_phases, ngx_http_finalize_request,
    ngx_http_read_client_request_body, ngx_http_request_t,
};

use super::guard::guarded;
use super::phase::Verdict;
use super::request::Request;

/// Called when the whole body is there.
pub(crate) trait BodyHandler: 'static {
    /// Takes the request over; what it answers finishes it, unless it was suspended.
    fn handle(request: &mut Request) -> Verdict;
}

impl Request {
    /// Has nginx read the body, within `client_max_body_size`, and call `H` then. The answer is the content handler's.
    pub(crate) fn read_body<H: BodyHandler>(&mut self) -> Verdict {
        self.raw().set_request_body_in_single_buf(1);
        // SAFETY: the request is live; nginx adds a reference to it until the body has been read.
        let code = unsafe { ngx_http_read_client_request_body(self.as_raw(), Some(body_read::<H>)) };
        if code >= nginx_sys::NGX_HTTP_SPECIAL_RESPONSE as isize {
            Verdict::Finished(code)
        } else {
            Verdict::Finished(super::DONE)
        }
    }

    /// Has nginx read the body within a phase: when it is there, the handlers of the phase go on, beginning with the one that asked.
    /// `None` where it is there already, or there is none.
    pub(crate) fn need_body(&mut self) -> Option<Verdict> {
        let raw = self.raw();
        let has_body = raw.headers_in.content_length_n > 0 || raw.headers_in.chunked() != 0;
        // nginx may be throwing it away already, after an error.
        if !has_body || !raw.request_body.is_null() || raw.discard_body() != 0 {
            return None;
        }
        raw.set_request_body_in_single_buf(1);
        // SAFETY: the request is live; nginx adds a reference to it until the body has been read.
        let code = unsafe { ngx_http_read_client_request_body(self.as_raw(), Some(go_on_with_body)) };
        if code >= nginx_sys::NGX_HTTP_SPECIAL_RESPONSE as isize {
            return Some(Verdict::Finished(code));
        }
        // SAFETY: this gives back the reference that was added: the phase that waits keeps the request.
        unsafe { ngx_http_finalize_request(self.as_raw(), super::DONE) };
        Some(Verdict::Finished(super::DONE))
    }

    /// The size of the body, which was read before, in bytes.
    pub(crate) fn body_length(&self) -> usize {
        self.body_buffers().map(length).sum()
    }

    /// A copy of the body, which the handler may change. Empty if there is none.
    pub(crate) fn body(&self) -> io::Result<Vec<u8>> {
        self.body_view().map(Cow::into_owned)
    }

    /// The body to look at: where nginx has it, if it is there in one piece.
    pub(crate) fn body_view(&self) -> io::Result<Cow<'_, [u8]>> {
        let mut buffers = self.body_buffers().peekable();
        let Some(first) = buffers.next() else {
            return Ok(Cow::Borrowed(&[]));
        };
        if first.in_file() == 0 && buffers.peek().is_none() {
            return Ok(Cow::Borrowed(in_memory(first)));
        }
        let mut body = Vec::new();
        for buffer in std::iter::once(first).chain(buffers) {
            append(&mut body, buffer)?;
        }
        Ok(Cow::Owned(body))
    }

    fn body_buffers(&self) -> impl Iterator<Item = &ngx_buf_t> {
        // SAFETY: the structure lives as long as the request, or there is none.
        let body = unsafe { self.raw_ref().request_body.as_ref() };
        let mut link: *const ngx_chain_t = body.map_or(std::ptr::null(), |body| body.bufs.cast_const());
        std::iter::from_fn(move || {
            // SAFETY: the chain ends with null and holds live links.
            let current = unsafe { link.as_ref() }?;
            link = current.next;
            // SAFETY: a link of a body has a buffer.
            unsafe { current.buf.as_ref() }
        })
    }
}

/// How much of the body is in this buffer.
fn length(buffer: &ngx_buf_t) -> usize {
    if buffer.in_file() == 0 {
        return (buffer.last as usize).saturating_sub(buffer.pos as usize);
    }
    usize::try_from(buffer.file_last - buffer.file_pos).unwrap_or_default()
}

/// The bytes of a buffer that is not in a file; they live as long as the request.
fn in_memory(buffer: &ngx_buf_t) -> &[u8] {
    let length = length(buffer);
    // SAFETY: between `pos` and `last` lie the buffer's bytes.
    unsafe {
        super::bytes(nginx_sys::ngx_str_t {
            len: length,
            data: buffer.pos,
        })
    }
}

/// nginx has written what did not fit `client_body_buffer_size` to a file that is still in the page cache.
fn append(body: &mut Vec<u8>, buffer: &ngx_buf_t) -> io::Result<()> {
    if buffer.in_file() == 0 {
        body.extend_from_slice(in_memory(buffer));
        return Ok(());
    }
    let length = length(buffer);
    let start = u64::try_from(buffer.file_pos).unwrap_or_default();
    // SAFETY: a buffer in a file has an open file.
    let descriptor = unsafe { (*buffer.file).fd };
    // SAFETY: the descriptor stays nginx's: `ManuallyDrop` keeps it from being closed here.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
    let old = body.len();
    body.resize(old + length, 0);
    file.read_exact_at(body.get_mut(old..).unwrap_or_default(), start)
}

/// As nginx's mirror module does it: the body stays for whoever reads it next.
unsafe extern "C" fn go_on_with_body(raw: *mut ngx_http_request_t) {
    // SAFETY: nginx gives a live request, and nothing of ours looks at it during the call.
    let request = unsafe { &mut *raw };
    request.set_preserve_body(1);
    request.write_event_handler = Some(ngx_http_core_run_phases);
    // SAFETY: as above.
    unsafe { ngx_http_core_run_phases(raw) };
}

unsafe extern "C" fn body_read<H: BodyHandler>(raw: *mut ngx_http_request_t) {
    // SAFETY: nginx gives a live request, and nothing else of ours refers to it during the call.
    let request = unsafe { Request::from_raw(raw) };
    let code = guarded(super::INTERNAL_SERVER_ERROR, || H::handle(request).into_code());
    // SAFETY: the request is live. With NGX_DONE this only gives back the reference that nginx took to read the body: a
    // suspended request has taken its own.
    unsafe { ngx_http_finalize_request(raw, code) };
}
