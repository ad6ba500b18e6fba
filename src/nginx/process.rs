//! What kind of process this is, and whether it is about to end.

use std::{fs, io};

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

/// Tells this process from all that have had its number or will have it: the number, and above it when the process began. Where the system does
/// not tell that, it is the number alone.
pub(crate) fn identity() -> u64 {
    let number = number();
    let began = life("self").filter(|life| life.number == number);
    began.map_or(0, |life| life.began) << BEGAN_SHIFT | number
}

/// Whether the process with this [`identity`] is still there: neither one that has got its number since, nor one that has ended and waits for
/// its parent to notice. This asks the system, and is not for every request.
pub(crate) fn is_there(identity: u64) -> bool {
    let (number, began) = (identity & NUMBER, identity >> BEGAN_SHIFT);
    match life(&number.to_string()).filter(|_| began != 0) {
        Some(life) => life.began == began && !life.is_over,
        None => is_alive(number),
    }
}

/// Whether there is a process of this number: one of ours, or another one that has got the number since.
pub(crate) fn is_alive(number: u64) -> bool {
    let Some(pid) = i32::try_from(number).ok().filter(|&pid| pid > 0) else {
        return false;
    };
    // SAFETY: signal 0 is not sent, only the right to send it is looked at.
    let code = unsafe { kill(pid, 0) };
    code == 0 || io::Error::last_os_error().kind() == io::ErrorKind::PermissionDenied
}

/// Where an identity has the number of a process, and from which bit on when it began.
const NUMBER: u64 = u32::MAX as u64;
const BEGAN_SHIFT: u32 = 32;

/// What Linux tells of a process.
struct Life {
    number: u64,
    /// In ticks since the system was started, never 0. What does not fit, after more than a year, is left out.
    began: u64,
    is_over: bool,
}

/// By `/proc/…/stat` (proc_pid_stat(5)); `None` where there is no such process, or nothing is told of it.
fn life(process: &str) -> Option<Life> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    // The name of the process is in parentheses, and may hold anything.
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let (before, after) = (stat.get(..end)?, stat.get(end + 1..)?);
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u64>().ok();
    let mut fields = after.trim_ascii().split(|&byte| byte == b' ');
    let state = fields.next()?;
    let began = number(fields.nth(FROM_STATE_TO_BEGAN)?)?;
    Some(Life {
        number: number(before.split(|&byte| byte == b' ').next()?)?,
        began: (began & NUMBER).max(1),
        is_over: matches!(state, b"Z" | b"X"),
    })
}

/// Between the third field, which is the state, and the 22nd.
const FROM_STATE_TO_BEGAN: usize = 18;
