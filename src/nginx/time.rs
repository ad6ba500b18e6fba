//! nginx's cached clocks: read once a loop turn, free to look at; and clocks that are read when they are asked.

use std::mem::MaybeUninit;

use nginx_sys::{
    CLOCK_MONOTONIC, clock_gettime, ngx_cached_http_log_iso8601, ngx_current_msec, ngx_time, ngx_timeofday,
};

/// Milliseconds of a monotonic clock, as of this turn of the loop.
pub(crate) fn monotonic_ms() -> u64 {
    // SAFETY: an aligned integer that only this thread's loop writes.
    let now = unsafe { ngx_current_msec };
    now as u64
}

/// Seconds since the epoch, as of this turn of the loop.
pub(crate) fn unix_s() -> u64 {
    u64::try_from(ngx_time()).unwrap_or_default()
}

/// Milliseconds since the epoch, as of this turn of the loop.
pub(crate) fn unix_ms() -> u64 {
    let now = ngx_timeofday();
    u64::try_from(now.sec).unwrap_or_default() * 1000 + now.msec as u64
}

/// Microseconds of a monotonic clock, read now: for durations that are shorter than a turn of the loop.
pub(crate) fn precise_us() -> u64 {
    thread_local!(static START: std::time::Instant = std::time::Instant::now());
    START.with(|start| u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}

/// Milliseconds of a monotonic clock that all processes share, read now: what one worker writes down, another one compares.
pub(crate) fn shared_ms() -> u64 {
    let mut time = MaybeUninit::uninit();
    // SAFETY: the kernel writes the structure.
    if unsafe { clock_gettime(CLOCK_MONOTONIC as _, time.as_mut_ptr()) } != 0 {
        return monotonic_ms();
    }
    // SAFETY: it has been written.
    let time = unsafe { time.assume_init() };
    let (seconds, nanoseconds) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds * 1000 + nanoseconds / 1_000_000
}

/// The time of this turn of the loop as RFC 3339 has it, with the offset of the machine's zone.
pub(crate) fn iso8601() -> Vec<u8> {
    // SAFETY: nginx keeps the text up to date; this thread's loop alone changes which of its copies is used.
    let text = unsafe { ngx_cached_http_log_iso8601 };
    // SAFETY: as above.
    unsafe { super::bytes(text) }.to_vec()
}
