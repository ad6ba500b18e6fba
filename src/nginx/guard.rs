//! Panics stop here: one that crossed into nginx would abort the worker and every request in it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::log::{Level, log};

/// Runs `callback`; a panic becomes a line in the error log and `fallback`.
pub(crate) fn guarded<T>(fallback: T, callback: impl FnOnce() -> T) -> T {
    // A callback that panicked half-way may leave its own request in any state; it is answered with a 500 and not looked
    // at again. State that outlives a request is changed in steps that are each complete.
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(value) => value,
        Err(payload) => {
            report(payload.as_ref());
            fallback
        }
    }
}

/// Logs what a panic said.
pub(super) fn report(payload: &(dyn Any + Send)) {
    let said = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    log(Level::Alert, format_args!("caught a panic: {said}"));
}
