//! The module as nginx sees it: its symbols, its hooks and the order of its life.
//!
//! `ngx_modules!` exports an empty module order: nginx then appends the module last, so that its filters run first. They
//! see a body before gzip does.

use std::ptr::NonNull;

use nginx_sys::{
    NGX_HTTP_MODULE, ngx_command_t, ngx_conf_t, ngx_cycle_t, ngx_http_module_t, ngx_int_t, ngx_module_t,
};

use crate::conf::{self, LocationConf, MainConf, Postern};
use crate::nginx::conf::{create, create_level, main_conf_of_cycle, merge};
use crate::nginx::guard::guarded;
use crate::nginx::{self, Level, Module, filter, log_of, phase, variable};
use crate::phase::{
    Access, BodyMember, CacheAge, CacheFields, CacheStatusVariable, Claim, Context, CountRequest,
    DropTraceState, ErrorBody, FilterClass, FilterInput, FilterStatus, Granted, HidePath, InflateBody,
    LimitFields, LimitRemaining, LimitStatus, NoStore, Preaccess, Precontent, Queries, QueryTime, RequestId,
    Role, ServerTiming, Timed, TraceField, TraceId, Traceparent, User, Validate,
};
use crate::worker;

// SAFETY: the hooks below create exactly these types.
unsafe impl Module for Postern {
    type MainConf = MainConf;
    type LocationConf = LocationConf;
    type Context = Context;
}

/// nginx wants a mutable pointer to the table, which it only reads.
#[repr(transparent)]
struct Commands<const N: usize>([ngx_command_t; N]);

// SAFETY: the table is never written.
unsafe impl<const N: usize> Sync for Commands<N> {}

static COMMANDS: Commands<{ conf::TABLE_LENGTH }> = Commands(conf::table());

static CONTEXT: ngx_http_module_t = ngx_http_module_t {
    preconfiguration: Some(preconfiguration),
    postconfiguration: Some(postconfiguration),
    create_main_conf: Some(create::<MainConf>),
    init_main_conf: None,
    create_srv_conf: None,
    merge_srv_conf: None,
    create_loc_conf: Some(create_level::<LocationConf>),
    merge_loc_conf: Some(merge::<LocationConf>),
};

ngx::ngx_modules!(ngx_http_postern_module);

/// The module. nginx writes its indices when it loads it.
#[used]
#[unsafe(no_mangle)]
pub(crate) static mut ngx_http_postern_module: ngx_module_t = ngx_module_t {
    ctx: (&raw const CONTEXT).cast_mut().cast(),
    commands: (&raw const COMMANDS).cast_mut().cast(),
    type_: NGX_HTTP_MODULE as usize,
    init_module: Some(init_module),
    init_process: Some(init_process),
    exit_process: Some(exit_process),
    ..ngx_module_t::default()
};

/// Before the configuration is read: it may use our variables.
unsafe extern "C" fn preconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
    let added = guarded(None, || {
        let cf = NonNull::new(cf)?;
        variable::add::<FilterClass>(cf)?;
        variable::add::<FilterStatus>(cf)?;
        variable::add::<Queries>(cf)?;
        variable::add::<QueryTime>(cf)?;
        variable::add::<User>(cf)?;
        variable::add::<RequestId>(cf)?;
        variable::add::<Role>(cf)?;
        variable::add_prefix::<BodyMember>(cf)?;
        variable::add::<CacheStatusVariable>(cf)?;
        variable::add::<CacheAge>(cf)?;
        variable::add::<LimitStatus>(cf)?;
        variable::add::<LimitRemaining>(cf)?;
        variable::add::<TraceId>(cf)?;
        variable::add::<Traceparent>(cf)?;
        variable::add_prefix::<Claim>(cf)
    });
    added.map_or(nginx::ERROR, |()| nginx::OK)
}

/// The configuration has been read: check it as a whole and take our places in the phases.
unsafe extern "C" fn postconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
    let installed = guarded(None, || {
        let cf = NonNull::new(cf)?;
        conf::finish(cf)?;
        phase::add_preaccess_handler::<Timed<Preaccess>>(cf)?;
        phase::add_preaccess_handler::<DropTraceState>(cf)?;
        phase::add_access_handler::<Timed<Access>>(cf)?;
        // Limits come first: nginx runs the handlers of a phase from the last one to the first.
        phase::add_precontent_handler::<Timed<Validate>>(cf)?;
        phase::add_precontent_handler::<Timed<FilterInput>>(cf)?;
        phase::add_precontent_handler::<InflateBody>(cf)?;
        phase::add_precontent_handler::<Timed<Precontent>>(cf)?;
        phase::add_precontent_handler::<Granted>(cf)?;
        if conf::counts_requests(cf)? {
            phase::add_log_handler::<CountRequest>(cf)?;
            if conf::hides_paths(cf)? {
                phase::add_location_handler::<HidePath>(cf)?;
            }
        }
        filter::install::<
            (
                LimitFields,
                (CacheFields, (ServerTiming, (TraceField, (NoStore, ErrorBody)))),
            ),
            ErrorBody,
        >();
        Some(())
    });
    installed.map_or(nginx::ERROR, |()| nginx::OK)
}

/// The master starts with a configuration, or goes on with another one.
unsafe extern "C" fn init_module(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    guarded((), || {
        if nginx::process::only_tests() {
            return;
        }
        let facts = format_args!(
            "{} (commit {}) for {}, built by {}",
            env!("CARGO_PKG_VERSION"),
            env!("BUILT_FROM"),
            env!("BUILT_FOR"),
            env!("BUILT_BY"),
        );
        // SAFETY: nginx gives the cycle that it has made, whose files are open.
        unsafe { log_of(cycle, Level::Notice, facts) };
    });
    nginx::OK
}

/// A process starts. Only those that serve requests get connections and caches.
unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    if !nginx::process::serves_requests() {
        return nginx::OK;
    }
    // SAFETY: nginx gives the cycle that this process serves.
    let main_conf = unsafe { main_conf_of_cycle::<Postern>(cycle) };
    let started = guarded(false, || {
        if let Some(main_conf) = main_conf {
            worker::start(main_conf);
        }
        true
    });
    if started { nginx::OK } else { nginx::ERROR }
}

unsafe extern "C" fn exit_process(_cycle: *mut ngx_cycle_t) {
    guarded((), worker::stop);
}
