//! Which types the module keeps in nginx's per-configuration and per-request slots.

use std::ffi::c_void;

use nginx_sys::{ngx_http_core_module, ngx_module_t};

unsafe extern "C" {
    /// The module itself, defined in `module.rs`.
    #[link_name = "ngx_http_postern_module"]
    safe static MODULE: ngx_module_t;
}

/// The types behind the slots that nginx gives a module.
///
/// # Safety
/// The module's `create_main_conf`, `create_loc_conf` hooks must be [`super::conf::create`] for these very types: the
/// slots are read back as them.
pub(crate) unsafe trait Module: 'static {
    /// One value for the `http` block.
    type MainConf: Default + 'static;
    /// One value for each location.
    type LocationConf: Default + 'static;
    /// One value for each request that asks for it.
    type Context: Default + 'static;
}

/// The position of the module's slots, which nginx assigns when it reads `load_module`.
pub(super) fn slot() -> usize {
    MODULE.ctx_index
}

/// What tells the module's shared memory from that of other modules.
pub(super) fn tag() -> *mut c_void {
    (&raw const MODULE).cast_mut().cast()
}

/// The position of the slots of nginx's core module.
pub(super) fn core_slot() -> usize {
    let core = &raw const ngx_http_core_module;
    // SAFETY: a static of nginx whose index was assigned before any other module is loaded.
    unsafe { (*core).ctx_index }
}

/// What stands in a slot.
///
/// # Safety
/// `slots` must be an array that nginx has made, with a slot for each module.
pub(super) unsafe fn value<T>(slots: *mut *mut c_void, slot: usize) -> *mut T {
    // SAFETY: the caller vouches for the array.
    let place = unsafe { slots.add(slot) };
    // SAFETY: as above.
    unsafe { *place }.cast()
}
