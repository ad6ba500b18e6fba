//! Responses: status, header fields and a body in memory.

use std::ptr::{self, NonNull};

use bytes::Bytes;
use nginx_sys::{
    ngx_buf_t, ngx_chain_t, ngx_http_output_filter, ngx_http_send_header, ngx_int_t, ngx_list_push,
    ngx_palloc, ngx_pcalloc, ngx_str_t, ngx_table_elt_t,
};

use super::cleanup;
use super::module::Module;
use super::request::Request;

/// A whole response.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The status (RFC 9110, section 15).
    pub(crate) status: u16,
    /// The media type; none for a response without content.
    pub(crate) content_type: Option<&'static str>,
    /// ETag, with its quotes.
    pub(crate) etag: Option<[u8; 24]>,
    /// Last-Modified, in seconds of Unix time.
    pub(crate) last_modified_s: Option<i64>,
    /// Further header fields.
    pub(crate) headers: Vec<Field>,
    /// The content; `None` for a response that has none by its status (204).
    pub(crate) body: Option<Bytes>,
}

/// Name and value of a header field.
pub(crate) type Field = (Bytes, Bytes);

impl Request {
    /// Sends a whole response; the answer is nginx's return code, with which the request is to be finished.
    pub(crate) fn send(&mut self, reply: Reply) -> ngx_int_t {
        let Reply {
            status,
            content_type,
            etag,
            last_modified_s,
            headers,
            body,
        } = reply;
        self.set_status(status);
        if let Some(content_type) = content_type {
            self.set_content_type(content_type);
        }
        self.set_content_length(body.as_ref().map(Bytes::len));
        if let Some(etag) = etag
            && self.set_etag(&etag).is_none()
        {
            return super::ERROR;
        }
        if let Some(time_s) = last_modified_s {
            self.raw().headers_out.last_modified_time = time_s;
        }
        for (name, value) in &headers {
            let Some(header) = self.push_header(name, value) else {
                return super::ERROR;
            };
            if name.eq_ignore_ascii_case(b"etag") {
                self.raw().headers_out.etag = header.as_ptr();
            }
        }
        self.keep_status();
        // SAFETY: the request is live and its header was not sent before.
        let code = unsafe { ngx_http_send_header(self.as_raw()) };
        if code == super::ERROR || code > super::OK || self.is_header_only() {
            return code;
        }
        let Some(mut link) = self.last_link(body.unwrap_or_default()) else {
            return super::ERROR;
        };
        // SAFETY: nginx copies the link; the buffer lives in the request's pool.
        unsafe { ngx_http_output_filter(self.as_raw(), &raw mut link) }
    }

    /// Sets the status, and forgets that an error was being answered.
    fn set_status(&mut self, status: u16) {
        self.raw().headers_out.status = status.into();
        self.raw().headers_out.status_line = ngx_str_t::empty();
    }

    /// Keeps nginx's filter for conditional requests from answering 304 or 412: it judges by validators that these responses
    /// do not have, and after a write it is too late (as for an upstream's responses that are not cacheable).
    pub(super) fn keep_status(&mut self) {
        self.raw().set_disable_not_modified(1);
    }

    /// Sets `Content-Type`.
    pub(crate) fn set_content_type(&mut self, media_type: &'static str) {
        let headers = &mut self.raw().headers_out;
        headers.content_type = super::borrowed(media_type.as_bytes());
        // Without parameters, as gzip_types and other settings name it.
        headers.content_type_len = media_type.find(';').unwrap_or(media_type.len());
        headers.content_type_lowcase = ptr::null_mut();
        headers.charset = ngx_str_t::empty();
    }

    /// Sets `Content-Length`; `None` leaves it out.
    pub(crate) fn set_content_length(&mut self, length: Option<usize>) {
        let headers = &mut self.raw().headers_out;
        headers.content_length_n = length.and_then(|length| i64::try_from(length).ok()).unwrap_or(-1);
        // SAFETY: nginx keeps a pointer to an element of its list, or null.
        if let Some(header) = unsafe { headers.content_length.as_mut() } {
            header.hash = 0;
        }
        headers.content_length = ptr::null_mut();
    }

    /// Sets `ETag` where nginx expects it: a filter that changes the content makes the tag weak. (So it does with one among the headers.)
    fn set_etag(&mut self, value: &[u8]) -> Option<()> {
        let value = self.pool_copy(value)?;
        let header = self.push_copied_header(super::borrowed(b"ETag"), value)?;
        self.raw().headers_out.etag = header.as_ptr();
        Some(())
    }

    /// Adds a header field with a name that need not be copied. `None` if nginx is out of memory.
    pub(crate) fn add_constant_header(&mut self, name: &'static str, value: &[u8]) -> Option<()> {
        let value = self.pool_copy(value)?;
        self.push_copied_header(super::borrowed(name.as_bytes()), value)
            .map(|_| ())
    }

    /// Adds a header field with a value of the location's configuration, which lives longer than the request.
    pub(crate) fn add_configured_header<M: Module>(
        &mut self,
        name: &'static str,
        value: impl FnOnce(&M::LocationConf) -> Option<&str>,
    ) -> Option<()> {
        let value = super::borrowed(value(self.location_conf::<M>())?.as_bytes());
        self.push_copied_header(super::borrowed(name.as_bytes()), value)
            .map(|_| ())
    }

    /// Sets `WWW-Authenticate` (RFC 9110, section 11.6.1) where nginx expects it, so that `satisfy any` can take it back.
    pub(crate) fn set_www_authenticate(&mut self, value: &[u8]) -> Option<()> {
        // A location that an error leads to has the last word.
        // SAFETY: nginx keeps a pointer to an element of its list, or null.
        if let Some(earlier) = unsafe { self.raw().headers_out.www_authenticate.as_mut() } {
            earlier.hash = 0;
        }
        let header = self.push_header(b"WWW-Authenticate", value)?;
        self.raw().headers_out.www_authenticate = header.as_ptr();
        Some(())
    }

    fn push_header(&mut self, name: &[u8], value: &[u8]) -> Option<NonNull<ngx_table_elt_t>> {
        let key = self.pool_copy(name)?;
        let value = self.pool_copy(value)?;
        self.push_copied_header(key, value)
    }

    fn push_copied_header(&mut self, key: ngx_str_t, value: ngx_str_t) -> Option<NonNull<ngx_table_elt_t>> {
        let list = &raw mut self.raw().headers_out.headers;
        // SAFETY: nginx has initialized the list.
        let header = NonNull::new(unsafe { ngx_list_push(list) }.cast::<ngx_table_elt_t>())?;
        // SAFETY: nginx gave room for one element; all zero is a valid one.
        unsafe { header.write_bytes(0, 1) };
        // SAFETY: as above; the element is ours until the header is sent.
        let element = unsafe { &mut *header.as_ptr() };
        element.hash = 1;
        element.key = key;
        element.value = value;
        Some(header)
    }

    pub(super) fn pool_copy(&mut self, text: &[u8]) -> Option<ngx_str_t> {
        // SAFETY: the request's pool is live.
        let place = NonNull::new(unsafe { ngx_palloc(self.raw().pool, text.len().max(1)) }.cast::<u8>())?;
        // SAFETY: the pool gave room for the text, which lies elsewhere.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), place.as_ptr(), text.len()) };
        Some(ngx_str_t {
            len: text.len(),
            data: place.as_ptr(),
        })
    }

    /// A link with the last buffer of a response. The bytes live as long as the request's pool.
    pub(super) fn last_link(&mut self, body: Bytes) -> Option<ngx_chain_t> {
        let is_main = self.is_main();
        let pool = self.raw().pool;
        // SAFETY: the request's pool is live.
        let buffer = NonNull::new(unsafe { ngx_pcalloc(pool, size_of::<ngx_buf_t>()) }.cast::<ngx_buf_t>())?;
        // SAFETY: zeroed memory is a valid buffer, and nobody else knows it yet.
        let buffer = unsafe { &mut *buffer.as_ptr() };
        if !body.is_empty() {
            let length = body.len();
            // nginx only reads a buffer of this kind. `Bytes` that are moved keep their bytes where they are.
            let first = body.as_ptr().cast_mut();
            // SAFETY: the pool is live; the bytes are read only until it is destroyed.
            unsafe { cleanup::attach(pool, body) }?;
            buffer.start = first;
            buffer.pos = first;
            // SAFETY: one past the end of the same allocation.
            buffer.last = unsafe { first.add(length) };
            buffer.end = buffer.last;
            buffer.set_memory(1);
        }
        buffer.set_last_buf(u32::from(is_main));
        buffer.set_last_in_chain(1);
        if body_is_empty(buffer) && !is_main {
            // A subrequest's end without bytes still has to pass the filters.
            buffer.set_sync(1);
        }
        Some(ngx_chain_t {
            buf: buffer,
            next: ptr::null_mut(),
        })
    }
}

fn body_is_empty(buffer: &ngx_buf_t) -> bool {
    buffer.pos == buffer.last
}
