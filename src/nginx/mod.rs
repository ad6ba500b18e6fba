//! The boundary to nginx: safe wrappers over its connections, events, requests and configuration.
//!
//! This is the only folder (with `module.rs`) that may hold `unsafe` code. It knows nginx and nothing of REST, SQL or
//! PostgreSQL. What it relies on throughout: a worker process has one event loop, so that nothing here is ever used from two
//! threads (`thread` apart, which hands others nothing but work that may be sent), and nginx calls handlers only between the start and the end of the object that they belong to.

pub(crate) mod addr;
pub(crate) mod cleanup;
pub(crate) mod command;
pub(crate) mod complex_value;
pub(crate) mod conf;
pub(crate) mod event;
pub(crate) mod executor;
pub(crate) mod filter;
pub(crate) mod guard;
pub(crate) mod log;
pub(crate) mod module;
mod observe;
pub(crate) mod open_file;
pub(crate) mod output;
pub(crate) mod peer;
pub(crate) mod phase;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod replace_body;
pub(crate) mod replace_fields;
pub(crate) mod request;
pub(crate) mod request_body;
pub(crate) mod shm;
pub(crate) mod stream;
pub(crate) mod syslog;
pub(crate) mod task;
pub(crate) mod thread;
pub(crate) mod time;
pub(crate) mod timer;
pub(crate) mod together;
pub(crate) mod variable;

pub(crate) use log::{Level, log, log_of};
pub(crate) use module::Module;
pub(crate) use observe::VERSION;
pub(crate) use request::Request;

use nginx_sys::ngx_int_t;

/// nginx's return codes (`ngx_core.h`).
pub(crate) const OK: ngx_int_t = nginx_sys::NGX_OK as ngx_int_t;
pub(crate) const ERROR: ngx_int_t = nginx_sys::NGX_ERROR as ngx_int_t;
pub(crate) const AGAIN: ngx_int_t = nginx_sys::NGX_AGAIN as ngx_int_t;
pub(crate) const DONE: ngx_int_t = nginx_sys::NGX_DONE as ngx_int_t;
pub(crate) const DECLINED: ngx_int_t = nginx_sys::NGX_DECLINED as ngx_int_t;

/// The status that stands for a bug of ours.
pub(crate) const INTERNAL_SERVER_ERROR: ngx_int_t = nginx_sys::NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

/// Bytes of an nginx string.
///
/// # Safety
/// `text` must point at `len` readable bytes for as long as the result is used.
pub(crate) unsafe fn bytes<'a>(text: nginx_sys::ngx_str_t) -> &'a [u8] {
    if text.len == 0 || text.data.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for the pointer and the length.
    unsafe { std::slice::from_raw_parts(text.data, text.len) }
}

/// An nginx string that borrows `text`; nginx only reads it.
pub(crate) fn borrowed(text: &[u8]) -> nginx_sys::ngx_str_t {
    nginx_sys::ngx_str_t {
        len: text.len(),
        data: text.as_ptr().cast_mut(),
    }
}
