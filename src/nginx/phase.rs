//! Handlers of nginx's request phases.

use std::ptr::NonNull;

use nginx_sys::{
    ngx_array_push, ngx_conf_t, ngx_http_handler_pt, ngx_http_phases, ngx_http_phases_NGX_HTTP_ACCESS_PHASE,
    ngx_http_phases_NGX_HTTP_LOG_PHASE, ngx_http_phases_NGX_HTTP_PREACCESS_PHASE,
    ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE, ngx_http_phases_NGX_HTTP_REWRITE_PHASE, ngx_http_request_t,
    ngx_int_t,
};

use super::guard::guarded;
use super::request::Request;
use super::{INTERNAL_SERVER_ERROR, conf};

/// What a handler decides about its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not ours: the next handler of the phase decides.
    Decline,
    /// Granted (access phase).
    Allow,
    /// nginx answers with this status and its own (or `error_page`'s) body.
    Status(u16),
    /// The handler has taken the request over and will finish it; or has sent a response with this return code.
    Finished(ngx_int_t),
}

impl Verdict {
    /// Whether the handler has left its phase for a while and will be asked again ([`Request::pause`]).
    pub(crate) fn is_pause(self) -> bool {
        self == Self::Finished(super::AGAIN)
    }

    pub(super) fn into_code(self) -> ngx_int_t {
        match self {
            Self::Decline => super::DECLINED,
            Self::Allow => super::OK,
            Self::Status(status) => ngx_int_t::from(status as i16),
            Self::Finished(code) => code,
        }
    }
}

/// A handler of one phase.
pub(crate) trait Handler: 'static {
    /// Looks at the request.
    fn handle(request: &mut Request) -> Verdict;
}

/// The handler of a location's content phase, whichever it is.
#[derive(Clone, Copy)]
pub(crate) struct ContentHandler(pub(super) ngx_http_handler_pt);

impl ContentHandler {
    /// The one that `H` is.
    pub(crate) fn of<H: Handler>() -> Self {
        Self(Some(run::<H>))
    }
}

/// The shim behind every handler.
pub(super) unsafe extern "C" fn run<H: Handler>(request: *mut ngx_http_request_t) -> ngx_int_t {
    // SAFETY: nginx gives a live request, and nothing else of ours refers to it during the call.
    let request = unsafe { Request::from_raw(request) };
    guarded(INTERNAL_SERVER_ERROR, || H::handle(request).into_code())
}

/// Adds a handler that runs as soon as the location is known, and again with another one.
pub(crate) fn add_location_handler<H: Handler>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add(cf, ngx_http_phases_NGX_HTTP_REWRITE_PHASE, Some(run::<H>)).map(|_| ())
}

/// Adds an access handler; `None` if nginx is out of memory.
pub(crate) fn add_access_handler<H: Handler>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add(cf, ngx_http_phases_NGX_HTTP_ACCESS_PHASE, Some(run::<H>)).map(|_| ())
}

/// Adds a preaccess handler that runs after nginx's own: it sees the address that the realip module has put in place.
pub(crate) fn add_preaccess_handler<H: Handler>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    let handlers = add(cf, ngx_http_phases_NGX_HTTP_PREACCESS_PHASE, Some(run::<H>))?;
    // nginx runs the handlers of a phase from the last one to the first.
    handlers.rotate_right(1);
    Some(())
}

/// Adds a handler that runs after access was granted, before `mirror` and `try_files`.
pub(crate) fn add_precontent_handler<H: Handler>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add(cf, ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE, Some(run::<H>)).map(|_| ())
}

/// Adds a handler that is called when a request is over, whatever it answers.
pub(crate) fn add_log_handler<H: Handler>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add(cf, ngx_http_phases_NGX_HTTP_LOG_PHASE, Some(run::<H>)).map(|_| ())
}

fn add<'a>(
    cf: NonNull<ngx_conf_t>,
    phase: ngx_http_phases,
    handler: ngx_http_handler_pt,
) -> Option<&'a mut [ngx_http_handler_pt]> {
    let mut core = conf::core_main_conf(cf)?;
    // SAFETY: during `postconfiguration` nothing else refers to it.
    let core = unsafe { core.as_mut() };
    let handlers = &raw mut core.phases.get_mut(phase as usize)?.handlers;
    // SAFETY: nginx has initialized the array of every phase.
    let place = NonNull::new(unsafe { ngx_array_push(handlers) }.cast::<ngx_http_handler_pt>())?;
    // SAFETY: nginx gave room for one element of this type.
    unsafe { place.write(handler) };
    // SAFETY: nothing else refers to the array now.
    let handlers = unsafe { &mut *handlers };
    // SAFETY: it holds such elements, all of them written.
    Some(unsafe { handlers.as_slice_mut() })
}
