//! Lines in nginx's error log.

use std::fmt;
use std::ptr::NonNull;

use nginx_sys::{ngx_cycle, ngx_cycle_t, ngx_log_error_core, ngx_log_t};

/// Levels of the error log (`error_log` directive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Alert = nginx_sys::NGX_LOG_ALERT as isize,
    Error = nginx_sys::NGX_LOG_ERR as isize,
    Warn = nginx_sys::NGX_LOG_WARN as isize,
    Notice = nginx_sys::NGX_LOG_NOTICE as isize,
    Info = nginx_sys::NGX_LOG_INFO as isize,
}

/// The log of the current cycle.
pub(super) fn cycle_log() -> Option<NonNull<ngx_log_t>> {
    // SAFETY: nginx sets `ngx_cycle` before it loads any module and keeps it valid.
    let cycle = unsafe { ngx_cycle };
    // SAFETY: as above; the cycle outlives this call.
    let cycle = unsafe { cycle.as_ref() }?;
    NonNull::new(cycle.log)
}

/// Writes a line to the cycle's error log. Bytes that could end or forge a line are escaped.
pub(crate) fn log(level: Level, message: fmt::Arguments<'_>) {
    if let Some(log) = cycle_log() {
        write(log, level, message);
    }
}

/// Writes a line to the error log of a cycle that is not the current one yet.
///
/// # Safety
/// `cycle` must be live, and its logs open.
pub(crate) unsafe fn log_of(cycle: *mut ngx_cycle_t, level: Level, message: fmt::Arguments<'_>) {
    // SAFETY: the caller vouches for it.
    let log = unsafe { (*cycle).log };
    if let Some(log) = NonNull::new(log) {
        write(log, level, message);
    }
}

/// Writes a line to `log`, which adds its own context (client, server, request).
pub(super) fn write(log: NonNull<ngx_log_t>, level: Level, message: fmt::Arguments<'_>) {
    // SAFETY: every caller takes the log from a live cycle or connection.
    let threshold = unsafe { log.as_ref() }.log_level;
    if (level as usize) > threshold {
        return;
    }
    let mut line = String::from("postern: ");
    // Writing to a String cannot fail.
    let _ = fmt::Write::write_fmt(&mut Escaped(&mut line), message);
    let text = super::borrowed(line.as_bytes());
    // SAFETY: the format takes one `ngx_str_t *`, which lives until the call returns.
    unsafe { ngx_log_error_core(level as usize, log.as_ptr(), 0, c"%V".as_ptr(), &raw const text) };
}

/// Control characters as `\xNN`, so that nothing a client or a server says can forge a line.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_control() {
                write!(self.0, "\\x{:02X}", u32::from(character))?;
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}
