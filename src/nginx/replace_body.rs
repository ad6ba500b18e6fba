//! Another body in the place of the client's: as if it had been sent so.

use std::ptr::{self, NonNull};

use nginx_sys::{ngx_buf_t, ngx_chain_t, ngx_pcalloc, ngx_table_elt_t};

use super::cleanup;
use super::request::Request;

impl Request {
    /// Replaces the body, which was read before, by one without a content coding. `None` if nginx is out of memory; then the request can
    /// only be ended.
    pub(crate) fn replace_body(&mut self, body: Vec<u8>) -> Option<()> {
        self.replace_coding_fields(body.len())?;
        // SAFETY: the request's pool is live.
        let body = unsafe { cleanup::attach(self.raw().pool, body) }?;
        // SAFETY: it lives as long as the request, and nobody else refers to it.
        let body = unsafe { &mut *body.as_ptr() };
        let bytes = body.as_mut_ptr_range();
        let mut buffer: NonNull<ngx_buf_t> = self.zeroed()?;
        // SAFETY: nginx gave room for it, and all zero is a valid one.
        let filled = unsafe { buffer.as_mut() };
        filled.start = bytes.start;
        filled.pos = bytes.start;
        filled.last = bytes.end;
        filled.end = filled.last;
        filled.set_temporary(1);
        filled.set_last_buf(1);
        let mut link: NonNull<ngx_chain_t> = self.zeroed()?;
        // SAFETY: as above.
        unsafe { link.as_mut() }.buf = buffer.as_ptr();
        let raw = self.raw();
        raw.headers_in.content_length_n = i64::try_from(body.len()).ok()?;
        // SAFETY: null, or a structure that lives as long as the request.
        let read = unsafe { raw.request_body.as_mut() }?;
        // A body that was in a file is in memory now; the file goes with the request.
        read.temp_file = ptr::null_mut();
        read.buf = ptr::null_mut();
        // nginx sends no empty buffer.
        read.bufs = if body.is_empty() {
            ptr::null_mut()
        } else {
            link.as_ptr()
        };
        Some(())
    }

    /// Leaves `Content-Encoding` out of the header, and sets `Content-Length` if there is one.
    fn replace_coding_fields(&mut self, length: usize) -> Option<()> {
        let mut fields = self.fields_without(b"content-encoding");
        let is_length =
            |field: &ngx_table_elt_t| self.text(field.key).eq_ignore_ascii_case(b"content-length");
        let length_at = fields.iter().position(is_length);
        if let Some(field) = length_at.and_then(|at| fields.get_mut(at)) {
            field.value = self.pool_copy(length.to_string().as_bytes())?;
        }
        let place = self.set_fields(&fields)?;
        if let Some(at) = length_at {
            // SAFETY: it is one of the elements.
            self.raw().headers_in.content_length = unsafe { place.as_ptr().add(at) };
        }
        Some(())
    }

    /// A value of nginx in the request's pool, all zero.
    fn zeroed<T>(&mut self) -> Option<NonNull<T>> {
        // SAFETY: the request's pool is live.
        NonNull::new(unsafe { ngx_pcalloc(self.raw().pool, size_of::<T>()) }.cast())
    }
}
