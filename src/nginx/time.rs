//! nginx's cached clocks: read once a loop turn, free to look at.

use nginx_sys::{ngx_current_msec, ngx_time};

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

/// Microseconds of a monotonic clock, read now: for durations that are shorter than a turn of the loop.
pub(crate) fn precise_us() -> u64 {
    thread_local!(static START: std::time::Instant = std::time::Instant::now());
    START.with(|start| u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}
