//! What kind of process this is.

use nginx_sys::{NGX_PROCESS_SINGLE, NGX_PROCESS_WORKER, ngx_process};

/// Whether this process serves requests: a worker, or the only process (`master_process off`).
pub(crate) fn serves_requests() -> bool {
    // SAFETY: nginx sets it before it calls any hook of a module; an aligned integer of a one-threaded process.
    let process = unsafe { ngx_process };
    process == NGX_PROCESS_WORKER as usize || process == NGX_PROCESS_SINGLE as usize
}
