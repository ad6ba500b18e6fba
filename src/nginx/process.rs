//! What kind of process this is, and whether it is about to end.

use nginx_sys::{NGX_PROCESS_SINGLE, NGX_PROCESS_WORKER, ngx_exiting, ngx_process};

/// Whether this process serves requests: a worker, or the only process (`master_process off`).
pub(crate) fn serves_requests() -> bool {
    // SAFETY: nginx sets it before it calls any hook of a module; an aligned integer of a one-threaded process.
    let process = unsafe { ngx_process };
    process == NGX_PROCESS_WORKER as usize || process == NGX_PROCESS_SINGLE as usize
}

/// Whether this worker only finishes the requests that it has (reload, graceful stop).
pub(crate) fn is_exiting() -> bool {
    // SAFETY: an aligned integer that is written by the main loop of this thread.
    let exiting = unsafe { ngx_exiting };
    exiting != 0
}
