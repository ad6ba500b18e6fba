//! Reading directives.

use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::ptr::{self, NonNull};

use nginx_sys::{
    NGX_LOG_EMERG, NGX_LOG_WARN, ngx_command_t, ngx_conf_full_name, ngx_conf_log_error, ngx_conf_parse,
    ngx_conf_t, ngx_cycle_t, ngx_http_conf_ctx_t, ngx_http_core_loc_conf_t, ngx_http_get_variable_index,
    ngx_http_module, ngx_parse_size, ngx_parse_time, ngx_pool_t, ngx_str_t,
};

use super::cleanup;
use super::guard::guarded;
use super::module::{self, Module};
use super::phase::ContentHandler;
use super::variable::VariableIndex;

/// Why a directive is refused.
#[derive(Debug)]
pub(crate) enum ConfError {
    /// What is wrong, for nginx to put behind `"name" directive`: "is duplicate".
    Directive(&'static CStr),
    /// A whole message, to which nginx adds file and line.
    Message(String),
    /// Already logged by nginx.
    Logged,
}

impl From<String> for ConfError {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

/// A directive: where it may stand, how many arguments it takes, what it sets.
pub(crate) trait Directive: 'static {
    /// The configuration that it is written to.
    type Conf: 'static;
    /// Sets it.
    fn set(cf: &mut Conf<'_>, conf: &mut Self::Conf) -> Result<(), ConfError>;
}

/// The directive that is being read. Its lifetime is that of the call.
pub(crate) struct Conf<'a> {
    cf: &'a mut ngx_conf_t,
}

impl Conf<'_> {
    /// # Safety
    /// `cf` must be live and not used otherwise while the result is.
    unsafe fn from_raw(cf: *mut ngx_conf_t) -> Self {
        // SAFETY: the caller vouches for it.
        let cf = unsafe { &mut *cf };
        Self { cf }
    }

    /// The words of the directive, its name first. nginx has already taken away quotes and escapes.
    pub(crate) fn arguments(&self) -> Result<Vec<&str>, ConfError> {
        // SAFETY: while a directive is read, `args` is an array.
        let words = unsafe { &*self.cf.args };
        // SAFETY: of strings.
        let words: &[ngx_str_t] = unsafe { words.as_slice() };
        words
            .iter()
            // SAFETY: each is a word of the configuration file, alive until the directive has been read.
            .map(|word| std::str::from_utf8(unsafe { super::bytes(*word) }))
            .collect::<Result<_, _>>()
            .map_err(|_| ConfError::Message("the directive is not valid UTF-8".into()))
    }

    /// The same as bytes: a block's own directive may be any.
    pub(crate) fn raw_arguments(&self) -> Vec<&[u8]> {
        // SAFETY: `args` is an array while a directive is read, or null.
        let Some(words) = (unsafe { self.cf.args.as_ref() }) else {
            return Vec::new();
        };
        // SAFETY: of strings.
        let words: &[ngx_str_t] = unsafe { words.as_slice() };
        let words = words.iter();
        // SAFETY: each is a word of the configuration file, alive until the directive has been read.
        words.map(|word| unsafe { super::bytes(*word) }).collect()
    }

    /// Warns with file and line.
    pub(crate) fn warn(&mut self, message: &str) {
        self.log(NGX_LOG_WARN, message);
    }

    fn log(&mut self, level: u32, message: &str) {
        let text = super::borrowed(message.as_bytes());
        // SAFETY: the format takes one `ngx_str_t *`, which lives until the call returns.
        unsafe { ngx_conf_log_error(level as usize, self.cf, 0, c"%V".as_ptr(), &raw const text) };
    }

    /// A copy of `text` in the configuration's pool.
    pub(super) fn pool_string(&mut self, text: &str) -> Option<ngx_str_t> {
        pool_string(NonNull::from_mut(self.cf), text)
    }

    pub(super) fn cycle(&mut self) -> *mut ngx_cycle_t {
        self.cf.cycle
    }

    pub(super) fn pool(&mut self) -> *mut ngx_pool_t {
        self.cf.pool
    }

    pub(super) fn as_raw(&mut self) -> *mut ngx_conf_t {
        &raw mut *self.cf
    }

    /// A file named in the configuration: relative to the folder of nginx.conf, as for nginx's own directives.
    pub(crate) fn full_path(&mut self, path: &str) -> Result<PathBuf, ConfError> {
        let mut name = self
            .pool_string(&format!("{path}\0"))
            .ok_or_else(|| ConfError::Message("not enough memory".into()))?;
        name.len -= 1;
        // SAFETY: the name is a terminated string in the cycle's pool.
        let rc = unsafe { ngx_conf_full_name(self.cf.cycle, &raw mut name, 1) };
        if rc != super::OK {
            return Err(ConfError::Message(format!("invalid path \"{path}\"")));
        }
        // SAFETY: nginx has written a string into the pool.
        let name = unsafe { super::bytes(name) };
        Ok(PathBuf::from(String::from_utf8_lossy(name).into_owned()))
    }

    /// The module's configuration of the `http` block.
    pub(crate) fn main_conf<M: Module>(&mut self) -> &mut M::MainConf {
        // SAFETY: inside `http`, `ctx` is an HTTP configuration context.
        let context = unsafe { &*self.cf.ctx.cast::<ngx_http_conf_ctx_t>() };
        // SAFETY: nginx gives every module a slot.
        let conf = unsafe { module::value::<M::MainConf>(context.main_conf, module::slot()) };
        // SAFETY: the slot was filled by `create` with this type, and nothing else refers to it now.
        unsafe { &mut *conf }
    }

    /// Sets the content handler of this location.
    pub(crate) fn set_content_handler(&mut self, handler: ContentHandler) {
        self.core_location().handler = handler.0;
    }

    /// The variable of that name, without the dollar sign. One that nobody gives fails the configuration when it has been read.
    pub(crate) fn variable(&mut self, name: &str) -> Result<VariableIndex, ConfError> {
        let mut name = self
            .pool_string(&name.to_ascii_lowercase())
            .ok_or_else(|| ConfError::Message("not enough memory".into()))?;
        // SAFETY: the name is a string in the cycle's pool, which nginx keeps.
        let index = unsafe { ngx_http_get_variable_index(self.cf, &raw mut name) };
        usize::try_from(index)
            .map(VariableIndex)
            .map_err(|_| ConfError::Logged)
    }

    /// The name of the location that is being read, as it is written after `location`.
    pub(crate) fn location_name(&mut self) -> String {
        // SAFETY: the name is a string of the configuration.
        String::from_utf8_lossy(unsafe { super::bytes(self.core_location().name) }).into_owned()
    }

    /// Whether the location is given by a fixed path: not by a regular expression, a name or an `if`.
    pub(crate) fn location_is_prefix(&mut self) -> bool {
        let core = self.core_location();
        core.regex.is_null() && core.named() == 0 && core.noname() == 0
    }

    /// Whether it takes one path and nothing below it: `location = /path`.
    pub(crate) fn location_is_exact(&mut self) -> bool {
        self.core_location().exact_match() != 0
    }

    /// Whether a location is being read, and not what is around it.
    pub(crate) fn is_in_location(&mut self) -> bool {
        self.level() != Level::Server
    }

    fn level(&mut self) -> Level {
        let core = self.core_location();
        match (core.noname(), core.name.len) {
            (0, 0) => Level::Server,
            (0, _) => Level::Location,
            _ => Level::Condition,
        }
    }

    /// The place in the configuration that is being read, as nginx's messages have it: `file:line`.
    pub(crate) fn place(&self) -> String {
        // SAFETY: while a file is read, nginx keeps its name and line here; with `-g` there is no file.
        let Some(file) = (unsafe { self.cf.conf_file.as_ref() }) else {
            return "the command line".into();
        };
        // SAFETY: the name is a string of the configuration.
        let name = unsafe { super::bytes(file.file.name) };
        format!("{}:{}", String::from_utf8_lossy(name), file.line)
    }

    fn core_location(&mut self) -> &mut ngx_http_core_loc_conf_t {
        // SAFETY: inside a location, `ctx` is an HTTP configuration context.
        let context = unsafe { &*self.cf.ctx.cast::<ngx_http_conf_ctx_t>() };
        // SAFETY: nginx gives every module a slot.
        let core =
            unsafe { module::value::<ngx_http_core_loc_conf_t>(context.loc_conf, module::core_slot()) };
        // SAFETY: nginx's core module keeps this type in its slot.
        unsafe { &mut *core }
    }

    /// Reads the block `{ … }` that follows, calling `each` for every directive in it.
    pub(crate) fn parse_block(
        &mut self,
        mut each: impl FnMut(&mut Conf<'_>) -> Result<(), ConfError>,
    ) -> Result<(), ConfError> {
        let mut each: &mut EachDirective<'_> = &mut each;
        let saved = (self.cf.handler, self.cf.handler_conf);
        self.cf.handler = Some(block_directive);
        self.cf.handler_conf = (&raw mut each).cast();
        // SAFETY: a block directive is being read, and the handler's data outlives the call.
        let result = unsafe { ngx_conf_parse(self.cf, ptr::null_mut()) };
        (self.cf.handler, self.cf.handler_conf) = saved;
        if result.is_null() {
            Ok(())
        } else {
            Err(ConfError::Logged)
        }
    }

    fn report(&mut self, result: Result<(), ConfError>) -> *mut c_char {
        match result {
            Ok(()) => ptr::null_mut(),
            Err(ConfError::Directive(complaint)) => complaint.as_ptr().cast_mut(),
            Err(ConfError::Message(message)) => {
                self.log(NGX_LOG_EMERG, &message);
                conf_error()
            }
            Err(ConfError::Logged) => conf_error(),
        }
    }
}

type EachDirective<'a> = dyn FnMut(&mut Conf<'_>) -> Result<(), ConfError> + 'a;

/// `NGX_CONF_ERROR`
fn conf_error() -> *mut c_char {
    ptr::without_provenance_mut(usize::MAX)
}

unsafe extern "C" fn block_directive(
    cf: *mut ngx_conf_t,
    _command: *mut ngx_command_t,
    data: *mut c_void,
) -> *mut c_char {
    // SAFETY: `parse_block` set the data to a closure that lives until the block has been read.
    let each = unsafe { &mut *data.cast::<&mut EachDirective<'_>>() };
    // SAFETY: nginx gives the configuration that it is reading.
    let mut conf = unsafe { Conf::from_raw(cf) };
    let result = guarded(Err(ConfError::Logged), || each(&mut conf));
    // nginx prefixes a complaint with the directive's name only for module directives: do the same here.
    let result = result.map_err(|error| match error {
        ConfError::Directive(complaint) => {
            let name = conf
                .arguments()
                .ok()
                .and_then(|words| words.first().map(|&name| name.to_owned()));
            ConfError::Message(format!(
                "\"{}\" directive {}",
                name.unwrap_or_default(),
                complaint.to_string_lossy()
            ))
        }
        other => other,
    });
    conf.report(result)
}

/// The shim behind every directive.
pub(super) unsafe extern "C" fn set<D: Directive>(
    cf: *mut ngx_conf_t,
    _command: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    // SAFETY: nginx gives the configuration that it is reading.
    let mut cf = unsafe { Conf::from_raw(cf) };
    // SAFETY: `command` ties the directive to the slot of this type, which `create` filled.
    let conf = unsafe { &mut *conf.cast::<D::Conf>() };
    let result = guarded(Err(ConfError::Logged), || D::set(&mut cf, conf));
    cf.report(result)
}

/// The shim behind `create_main_conf` and `create_loc_conf`: a default value that lives as long as the cycle.
pub(crate) unsafe extern "C" fn create<T: Default + 'static>(cf: *mut ngx_conf_t) -> *mut c_void {
    let value = guarded(None, || Some(T::default()));
    let Some(value) = value else {
        return ptr::null_mut();
    };
    // SAFETY: nginx gives the configuration that it is reading.
    let pool = unsafe { (*cf).pool };
    // SAFETY: the pool is the cycle's; nginx uses the value no longer than the cycle.
    let value = unsafe { cleanup::attach(pool, value) };
    value.map_or(ptr::null_mut(), |value| value.as_ptr().cast())
}

/// The shim behind `create_loc_conf`: the same, which is told of the block that begins.
pub(crate) unsafe extern "C" fn create_level<T: Default + Merge + 'static>(
    cf: *mut ngx_conf_t,
) -> *mut c_void {
    // SAFETY: as nginx calls this.
    let value = unsafe { create::<T>(cf) };
    // SAFETY: it was just made, or there was no memory for it.
    if let Some(value) = unsafe { value.cast::<T>().as_mut() } {
        // SAFETY: nginx gives the configuration that it is reading.
        let cf = unsafe { Conf::from_raw(cf) };
        guarded((), || value.begin(&cf));
    }
    value
}

/// A configuration that takes from the level above what it does not set itself.
pub(crate) trait Merge {
    /// A block begins: `cf` has its directive, `location = /x`.
    fn begin(&mut self, cf: &Conf<'_>);
    /// The content handler of this location, if it is one of ours.
    fn content(&self) -> Option<ContentHandler>;
    /// `self` is the inner level, which `level` tells of.
    fn merge(&mut self, outer: &Self, level: Level) -> Result<(), String>;
}

/// What a configuration is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// A server, for requests that no location takes.
    Server,
    /// A location.
    Location,
    /// A location under a condition (`if`, `limit_except`): nginx keeps the outer content handler.
    Condition,
}

/// The shim behind `merge_loc_conf`.
pub(crate) unsafe extern "C" fn merge<T: Merge>(
    cf: *mut ngx_conf_t,
    outer: *mut c_void,
    inner: *mut c_void,
) -> *mut c_char {
    // SAFETY: nginx gives the configuration that it is reading.
    let mut cf = unsafe { Conf::from_raw(cf) };
    // SAFETY: both come from `create` for this type, and they are two values.
    let outer = unsafe { &*outer.cast::<T>() };
    // SAFETY: as above.
    let inner = unsafe { &mut *inner.cast::<T>() };
    let level = cf.level();
    let result = guarded(Err(String::new()), || inner.merge(outer, level));
    // A `limit_except` block starts without the handler of its location.
    let core = cf.core_location();
    if core.lmt_excpt() != 0
        && core.handler.is_none()
        && let Some(handler) = inner.content()
    {
        cf.set_content_handler(handler);
    }
    cf.report(result.map_err(ConfError::Message))
}

/// A duration in nginx's notation (`10s`, `1m 30s`, `500ms`; a bare number is seconds), in milliseconds.
pub(crate) fn parse_duration_ms(text: &str) -> Option<u64> {
    let mut text = super::borrowed(text.as_bytes());
    // SAFETY: nginx only reads the string.
    let milliseconds = unsafe { ngx_parse_time(&raw mut text, 0) };
    u64::try_from(milliseconds).ok()
}

/// A size in nginx's notation (`8m`, `512k`, `100`), in bytes.
pub(crate) fn parse_size(text: &str) -> Option<usize> {
    let mut text = super::borrowed(text.as_bytes());
    // SAFETY: nginx only reads the string.
    let bytes = unsafe { ngx_parse_size(&raw mut text) };
    usize::try_from(bytes).ok().filter(|&bytes| bytes > 0)
}

/// A copy of `text` in the configuration's pool.
pub(super) fn pool_string(cf: NonNull<ngx_conf_t>, text: &str) -> Option<ngx_str_t> {
    // SAFETY: nginx gives the configuration that it is reading.
    let pool = unsafe { cf.as_ref() }.pool;
    // SAFETY: the configuration's pool lives as long as the cycle.
    unsafe { ngx_str_t::from_bytes(pool, text.as_bytes()) }
}

/// Logs why the configuration as a whole is refused.
pub(crate) fn log_emergency(cf: NonNull<ngx_conf_t>, message: &str) {
    log_of_configuration(cf, NGX_LOG_EMERG, message);
}

/// Logs what is odd about the configuration as a whole.
pub(crate) fn log_warning(cf: NonNull<ngx_conf_t>, message: &str) {
    log_of_configuration(cf, NGX_LOG_WARN, message);
}

fn log_of_configuration(cf: NonNull<ngx_conf_t>, level: u32, message: &str) {
    let text = super::borrowed(message.as_bytes());
    // SAFETY: nginx gives the configuration that it has read.
    let log = NonNull::new(unsafe { cf.as_ref() }.log);
    if let Some(log) = log.filter(|log| {
        // SAFETY: the log of a configuration is live.
        unsafe { log.as_ref() }.log_level >= level as usize
    }) {
        // SAFETY: the format takes one `ngx_str_t *`, which lives until the call returns.
        unsafe {
            nginx_sys::ngx_log_error_core(level as usize, log.as_ptr(), 0, c"%V".as_ptr(), &raw const text)
        };
    }
}

/// The module's configuration of the `http` block, when all of it has been read.
pub(crate) fn main_conf_of<'a, M: Module>(cf: NonNull<ngx_conf_t>) -> Option<&'a M::MainConf> {
    // SAFETY: nginx gives the configuration that it has read.
    let context = unsafe { cf.as_ref() }.ctx.cast::<ngx_http_conf_ctx_t>();
    // SAFETY: inside `http`, `ctx` is an HTTP configuration context.
    let slots = unsafe { (*context).main_conf };
    // SAFETY: nginx gives every module a slot.
    let value = unsafe { module::value::<M::MainConf>(slots, module::slot()) };
    // SAFETY: the slot was filled by `create` with this type and lives as long as the cycle.
    unsafe { value.as_ref() }
}

/// The module's configuration of the `http` block of a cycle; `None` without such a block.
///
/// # Safety
/// `cycle` must be live for as long as the result is used.
pub(crate) unsafe fn main_conf_of_cycle<'a, M: Module>(cycle: *mut ngx_cycle_t) -> Option<&'a M::MainConf> {
    let http = &raw const ngx_http_module;
    // SAFETY: a static of nginx whose index was assigned before.
    let http = unsafe { (*http).index };
    // SAFETY: the caller vouches for the cycle.
    let contexts = unsafe { (*cycle).conf_ctx };
    // SAFETY: a cycle has a slot for every module.
    let context = unsafe { module::value::<ngx_http_conf_ctx_t>(contexts.cast(), http) };
    // SAFETY: null without an `http` block, an HTTP configuration context otherwise.
    let context = unsafe { context.as_ref() }?;
    // SAFETY: nginx gives every module a slot.
    let conf = unsafe { module::value::<M::MainConf>(context.main_conf, module::slot()) };
    // SAFETY: the slot was filled by `create` with this type.
    unsafe { conf.as_ref() }
}

/// The core module's configuration, for the places of phase handlers; called by `postconfiguration`.
pub(crate) fn core_main_conf(
    cf: NonNull<ngx_conf_t>,
) -> Option<NonNull<nginx_sys::ngx_http_core_main_conf_t>> {
    // SAFETY: nginx gives the configuration that it is reading.
    let context = unsafe { cf.as_ref() }.ctx.cast::<ngx_http_conf_ctx_t>();
    // SAFETY: inside `http`, `ctx` is an HTTP configuration context.
    let slots = unsafe { (*context).main_conf };
    // SAFETY: nginx's core module keeps this type in its slot.
    NonNull::new(unsafe { module::value(slots, module::core_slot()) })
}
