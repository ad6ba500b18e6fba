//! The table of directives that nginx reads.

use std::ffi::CStr;
use std::ptr;

use nginx_sys::{NGX_HTTP_LOC_CONF_OFFSET, NGX_HTTP_MAIN_CONF_OFFSET, ngx_command_t, ngx_str_t};

use super::conf::{Directive, set};

/// Where a directive may stand.
pub(crate) mod context {
    /// `http`
    pub(crate) const HTTP: u32 = nginx_sys::NGX_HTTP_MAIN_CONF;
    /// `server`
    pub(crate) const SERVER: u32 = nginx_sys::NGX_HTTP_SRV_CONF;
    /// `location`
    pub(crate) const LOCATION: u32 = nginx_sys::NGX_HTTP_LOC_CONF;
    /// `if` in a location
    pub(crate) const LOCATION_IF: u32 = nginx_sys::NGX_HTTP_LIF_CONF;
}

/// How many arguments a directive takes.
pub(crate) mod arguments {
    /// One, then a block.
    pub(crate) const ONE_AND_BLOCK: u32 = nginx_sys::NGX_CONF_BLOCK | nginx_sys::NGX_CONF_TAKE1;
    /// None.
    pub(crate) const NONE: u32 = nginx_sys::NGX_CONF_NOARGS;
    /// One.
    pub(crate) const ONE: u32 = nginx_sys::NGX_CONF_TAKE1;
    /// Two.
    pub(crate) const TWO: u32 = nginx_sys::NGX_CONF_TAKE2;
    /// Any number, and none.
    pub(crate) const ANY: u32 = nginx_sys::NGX_CONF_ANY;
    /// At least one.
    pub(crate) const ONE_OR_MORE: u32 = nginx_sys::NGX_CONF_1MORE;
    /// At least two.
    pub(crate) const TWO_OR_MORE: u32 = nginx_sys::NGX_CONF_2MORE;
}

/// A directive of the `http` block's configuration.
pub(crate) const fn main<D: Directive>(name: &'static CStr, flags: u32) -> ngx_command_t {
    command::<D>(name, flags, NGX_HTTP_MAIN_CONF_OFFSET)
}

/// A directive of a location's configuration, which every level has.
pub(crate) const fn location<D: Directive>(name: &'static CStr, flags: u32) -> ngx_command_t {
    command::<D>(name, flags, NGX_HTTP_LOC_CONF_OFFSET)
}

const fn command<D: Directive>(name: &'static CStr, flags: u32, offset: usize) -> ngx_command_t {
    ngx_command_t {
        // nginx compares terminated strings.
        name: ngx_str_t {
            len: name.count_bytes(),
            data: name.as_ptr().cast_mut().cast(),
        },
        type_: flags as usize,
        set: Some(set::<D>),
        conf: offset,
        offset: 0,
        post: ptr::null_mut(),
    }
}
