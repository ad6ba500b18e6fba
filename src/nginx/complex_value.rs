//! Texts with variables (`$remote_addr-$http_x_api_key`), put together anew for each request.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use nginx_sys::{
    ngx_http_compile_complex_value, ngx_http_compile_complex_value_t, ngx_http_complex_value,
    ngx_http_complex_value_t, ngx_palloc, ngx_str_t,
};

use super::conf::{Conf, ConfError};
use super::request::Request;

/// A text with variables, as long as its cycle.
pub(crate) struct ComplexValue {
    value: NonNull<ngx_http_complex_value_t>,
}

impl ComplexValue {
    /// Whether there is anything in the text that is put in.
    pub(crate) fn has_variables(text: &str) -> bool {
        text.contains('$')
    }

    /// Takes the text apart. nginx itself says what is wrong with it.
    pub(crate) fn compile(cf: &mut Conf<'_>, text: &str) -> Result<Self, ConfError> {
        let not_enough_memory = || ConfError::Message("not enough memory".into());
        let mut text = cf.pool_string(text).ok_or_else(not_enough_memory)?;
        // SAFETY: the configuration's pool is live.
        let value = unsafe { ngx_palloc(cf.pool(), size_of::<ngx_http_complex_value_t>()) };
        let value = NonNull::new(value.cast::<ngx_http_complex_value_t>()).ok_or_else(not_enough_memory)?;
        // SAFETY: a plain C structure that nginx expects zeroed.
        let mut request: ngx_http_compile_complex_value_t = unsafe { std::mem::zeroed() };
        request.cf = cf.as_raw();
        request.value = &raw mut text;
        request.complex_value = value.as_ptr();
        // SAFETY: the request is complete; the text and the result live in the configuration's pool.
        match unsafe { ngx_http_compile_complex_value(&raw mut request) } {
            super::OK => Ok(Self { value }),
            _ => Err(ConfError::Logged),
        }
    }

    /// The text for a request, in its pool. `None` if nginx is out of memory.
    pub(crate) fn evaluate<'r>(&self, request: &'r mut Request) -> Option<&'r [u8]> {
        let mut text = MaybeUninit::<ngx_str_t>::uninit();
        // SAFETY: the request and the compiled value are live. Variables of ours that nginx asks for meanwhile look at the request
        // through the pointer that is given here.
        let code =
            unsafe { ngx_http_complex_value(request.as_raw(), self.value.as_ptr(), text.as_mut_ptr()) };
        if code != super::OK {
            return None;
        }
        // SAFETY: with OK nginx has written a string in the request's pool or in the configuration.
        let text = unsafe { text.assume_init() };
        Some(request.text(text))
    }
}
