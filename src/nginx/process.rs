//! What kind of process this is, and whether it is about to end.

use std::io;

use nginx_sys::{
    NGX_PROCESS_SINGLE, NGX_PROCESS_WORKER, kill, ngx_exiting, ngx_ncpu, ngx_pid, ngx_process,
    ngx_test_config, ngx_worker,
};

/// Whether the configuration is only tested (`nginx -t`).
pub(crate) fn only_tests() -> bool {
    // SAFETY: nginx sets it before it reads its configuration.
    let tests = unsafe { ngx_test_config };
    tests != 0
}

/// How many processors there are.
pub(crate) fn cpus() -> usize {
    // SAFETY: nginx sets it before it reads its configuration.
    let cpus = unsafe { ngx_ncpu };
    usize::try_from(cpus).unwrap_or(1)
}

/// Whether this process serves requests: a worker, or the only process (`master_process off`).
pub(crate) fn serves_requests() -> bool {
    // SAFETY: nginx sets it before it calls any hook of a module; an aligned integer of a one-threaded process.
    let process = unsafe { ngx_process };
    process == NGX_PROCESS_WORKER as usize || process == NGX_PROCESS_SINGLE as usize
}

/// Whether this is the one process of several that does what is to be done once: the first worker, or the only process. nginx
/// replaces a worker that was killed by one with the same number.
pub(crate) fn is_first_worker() -> bool {
    // SAFETY: nginx sets it before it calls `init_process`; an aligned integer of a one-threaded process.
    let number = unsafe { ngx_worker };
    number == 0
}

/// Whether this worker only finishes the requests that it has (reload, graceful stop).
pub(crate) fn is_exiting() -> bool {
    // SAFETY: an aligned integer that is written by the main loop of this thread.
    let exiting = unsafe { ngx_exiting };
    exiting != 0
}

/// The number of this process.
pub(crate) fn number() -> u64 {
    // SAFETY: nginx sets it when a process begins; an aligned integer of a one-threaded process.
    let pid = unsafe { ngx_pid };
    u64::try_from(pid).unwrap_or_default()
}

/// Whether a process is still there: one of ours, whose number may have been given to another one only much later.
pub(crate) fn is_alive(number: u64) -> bool {
    let Some(pid) = i32::try_from(number).ok().filter(|&pid| pid > 0) else {
        return false;
    };
    // SAFETY: signal 0 is not sent, only the right to send it is looked at.
    let code = unsafe { kill(pid, 0) };
    code == 0 || io::Error::last_os_error().kind() == io::ErrorKind::PermissionDenied
}
