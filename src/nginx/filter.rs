//! Header and body filters.

use std::cell::Cell;
use std::ptr::{self, NonNull};

use bytes::Bytes;
use nginx_sys::{
    ngx_chain_t, ngx_http_output_body_filter_pt, ngx_http_output_header_filter_pt, ngx_http_request_t,
    ngx_http_top_body_filter, ngx_http_top_header_filter, ngx_int_t,
};

use super::guard::guarded;
use super::request::Request;

/// Sees the header of every response before it is sent. nginx appends the module last, and its filters run first: before
/// gzip and the range filter.
pub(crate) trait HeaderFilter: 'static {
    /// May change the header.
    fn filter(request: &mut Request);
}

/// One after the other.
impl<First: HeaderFilter, Second: HeaderFilter> HeaderFilter for (First, Second) {
    fn filter(request: &mut Request) {
        First::filter(request);
        Second::filter(request);
    }
}

/// What a body filter does with what comes through.
#[derive(Debug)]
pub(crate) enum BodyVerdict {
    /// Nothing.
    Pass,
    /// The whole body becomes this one.
    Replace(Bytes),
    /// This was replaced before.
    Swallow,
}

/// Sees the body of every response.
pub(crate) trait BodyFilter: 'static {
    /// Called for each part of a body.
    fn filter(request: &mut Request) -> BodyVerdict;
}

/// The filters behind ours. Written while the configuration is read, before workers exist.
struct Next {
    header: Cell<ngx_http_output_header_filter_pt>,
    body: Cell<ngx_http_output_body_filter_pt>,
}

// SAFETY: nginx reads its configuration and runs its filters on one thread in each process.
unsafe impl Sync for Next {}

static NEXT: Next = Next {
    header: Cell::new(None),
    body: Cell::new(None),
};

/// Puts the filters at the head of nginx's chains; called by `postconfiguration`, which runs anew for each configuration.
pub(crate) fn install<H: HeaderFilter, B: BodyFilter>() {
    // SAFETY: a static of nginx that is written only while the configuration is read, on this thread.
    NEXT.header.set(unsafe { ngx_http_top_header_filter });
    // SAFETY: as above.
    unsafe { ngx_http_top_header_filter = Some(header_filter::<H>) };
    // SAFETY: as above.
    NEXT.body.set(unsafe { ngx_http_top_body_filter });
    // SAFETY: as above.
    unsafe { ngx_http_top_body_filter = Some(body_filter::<B>) };
}

unsafe extern "C" fn header_filter<H: HeaderFilter>(raw: *mut ngx_http_request_t) -> ngx_int_t {
    // SAFETY: nginx gives a live request; a handler that sends a header does not use its reference meanwhile.
    let request = unsafe { Request::from_raw(raw) };
    guarded((), || H::filter(request));
    match NEXT.header.get() {
        // SAFETY: nginx's own filter with nginx's own request.
        Some(next) => unsafe { next(raw) },
        None => super::ERROR,
    }
}

unsafe extern "C" fn body_filter<B: BodyFilter>(
    raw: *mut ngx_http_request_t,
    chain: *mut ngx_chain_t,
) -> ngx_int_t {
    // SAFETY: as in `header_filter`.
    let request = unsafe { Request::from_raw(raw) };
    let verdict = guarded(BodyVerdict::Pass, || B::filter(request));
    let Some(next) = NEXT.body.get() else {
        return super::ERROR;
    };
    match verdict {
        // SAFETY: nginx's own filter with nginx's own request and chain.
        BodyVerdict::Pass => unsafe { next(raw, chain) },
        BodyVerdict::Swallow => {
            consume(chain);
            // SAFETY: as above; an empty chain lets the filters behind go on with what they hold.
            unsafe { next(raw, ptr::null_mut()) }
        }
        BodyVerdict::Replace(body) => {
            consume(chain);
            let Some(mut link) = request.last_link(body) else {
                return super::ERROR;
            };
            // SAFETY: as above; the buffer lives in the request's pool.
            unsafe { next(raw, &raw mut link) }
        }
    }
}

/// Marks what came as sent.
fn consume(chain: *mut ngx_chain_t) {
    let mut link = chain;
    while let Some(current) = NonNull::new(link) {
        // SAFETY: the chain ends with null and holds live links.
        let current = unsafe { current.as_ref() };
        // SAFETY: a link has a live buffer, which the sender gives to the filters to consume.
        if let Some(buffer) = unsafe { current.buf.as_mut() } {
            buffer.pos = buffer.last;
            buffer.file_pos = buffer.file_last;
        }
        link = current.next;
    }
}
