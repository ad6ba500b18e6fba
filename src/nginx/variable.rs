//! Variables: those that the module gives to the configuration, and the values of any (nginx development guide, "Variables").

use std::borrow::Cow;
use std::ptr::NonNull;

use nginx_sys::{
    NGX_HTTP_VAR_NOCACHEABLE, NGX_HTTP_VAR_PREFIX, ngx_conf_t, ngx_http_add_variable,
    ngx_http_get_flushed_variable, ngx_http_get_variable_pt, ngx_http_request_t, ngx_http_variable_value_t,
    ngx_int_t, ngx_str_t,
};

use super::guard::guarded;
use super::request::Request;

/// A variable, or all whose names begin alike.
pub(crate) trait Variable: 'static {
    /// The name without the dollar sign, or its beginning, in lower case.
    const NAME: &'static str;
    /// The value as it is now; `None` reads as empty, and so does one with control characters. `rest` is what follows [`Variable::NAME`] in the name that was used.
    fn value(request: &mut Request, rest: &[u8]) -> Option<Cow<'static, [u8]>>;
}

/// A variable that a directive uses, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VariableIndex(pub(super) usize);

impl Request {
    /// A copy of a variable's value; `None` where it has none.
    pub(crate) fn variable(&mut self, VariableIndex(index): VariableIndex) -> Option<Vec<u8>> {
        // SAFETY: the request is live, and the number is one that nginx gave for its configuration.
        let value = unsafe { ngx_http_get_flushed_variable(self.as_raw(), index) };
        // SAFETY: null, or a value that nginx keeps as long as the request.
        let value = unsafe { value.as_ref() }?;
        if value.not_found() != 0 {
            return None;
        }
        let text = ngx_str_t {
            len: value.len() as usize,
            data: value.data,
        };
        // SAFETY: a value that was found points at its bytes, which live as long as the request.
        Some(unsafe { super::bytes(text) }.to_vec())
    }
}

/// Gives a variable to the configuration; called by `preconfiguration`. `None` if nginx is out of memory or has a variable of this
/// name.
pub(crate) fn add<V: Variable>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add_with::<V>(cf, 0, Some(value_of::<V>))
}

/// Gives all variables whose names begin with [`Variable::NAME`].
pub(crate) fn add_prefix<V: Variable>(cf: NonNull<ngx_conf_t>) -> Option<()> {
    add_with::<V>(cf, NGX_HTTP_VAR_PREFIX, Some(value_of_prefixed::<V>))
}

fn add_with<V: Variable>(
    cf: NonNull<ngx_conf_t>,
    flags: u32,
    handler: ngx_http_get_variable_pt,
) -> Option<()> {
    let mut name = super::borrowed(V::NAME.as_bytes());
    // What is known of a request grows from phase to phase, so that no value may be kept.
    let flags = (flags | NGX_HTTP_VAR_NOCACHEABLE) as usize;
    // SAFETY: nginx gives the configuration that it is reading, and copies the name.
    let variable = unsafe { ngx_http_add_variable(cf.as_ptr(), &raw mut name, flags) };
    // SAFETY: null, or a variable that nginx has made or found, alive as long as the configuration.
    let variable = unsafe { variable.as_mut() }?;
    variable.get_handler = handler;
    Some(())
}

unsafe extern "C" fn value_of<V: Variable>(
    raw: *mut ngx_http_request_t,
    value: *mut ngx_http_variable_value_t,
    _data: usize,
) -> ngx_int_t {
    // SAFETY: nginx gives a live request, and a value that is its own until the handler returns.
    unsafe { answer::<V>(raw, value, &[]) }
}

unsafe extern "C" fn value_of_prefixed<V: Variable>(
    raw: *mut ngx_http_request_t,
    value: *mut ngx_http_variable_value_t,
    data: usize,
) -> ngx_int_t {
    // SAFETY: for such variables nginx passes the address of the whole name, which lives as long as the configuration.
    let name = unsafe { &*(data as *const ngx_str_t) };
    // SAFETY: as above.
    let name = unsafe { super::bytes(*name) };
    let rest = name.get(V::NAME.len()..).unwrap_or_default();
    // SAFETY: as in `value_of`.
    unsafe { answer::<V>(raw, value, rest) }
}

/// # Safety
/// `raw` must be a live request that nothing else of ours refers to, and `value` a value to be written.
unsafe fn answer<V: Variable>(
    raw: *mut ngx_http_request_t,
    value: *mut ngx_http_variable_value_t,
    rest: &[u8],
) -> ngx_int_t {
    // SAFETY: the caller vouches for it.
    let request = unsafe { Request::from_raw(raw) };
    // SAFETY: the caller vouches for it.
    let value = unsafe { &mut *value };
    guarded(super::ERROR, || {
        let Some(text) = V::value(request, rest).filter(|text| is_one_line(text)) else {
            value.set_not_found(1);
            return super::OK;
        };
        // Allocated by nginx, which may keep the value as long as the request.
        let Some(text) = request.pool_copy(&text) else {
            return super::ERROR;
        };
        let Ok(length) = u32::try_from(text.len) else {
            return super::ERROR;
        };
        set_found(value, length, text.data);
        super::OK
    })
}

/// A value that was found, and is not to be kept: it may be another one later.
fn set_found(value: &mut ngx_http_variable_value_t, length: u32, data: *mut u8) {
    value.data = data;
    if cfg!(target_endian = "little") {
        // `len:28, valid:1, no_cacheable:1, not_found:1, escape:1` in one word: the setters write bit by bit, and a log line has many
        // variables.
        const VALID: u32 = 1 << 28;
        const NO_CACHEABLE: u32 = 1 << 29;
        let word = (length & (VALID - 1)) | VALID | NO_CACHEABLE;
        value._bitfield_1 = nginx_sys::__BindgenBitfieldUnit::new(word.to_le_bytes());
    } else {
        value.set_len(length);
        value.set_valid(1);
        value.set_no_cacheable(1);
        value.set_not_found(0);
    }
}

/// Header fields and log lines are made of values as they are: one with a line break would make two of one.
fn is_one_line(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte >= b' ' && byte != 0x7f)
}
