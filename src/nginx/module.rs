//! Which types the module keeps in nginx's per-configuration and per-request slots.

use nginx_sys::ngx_module_t;

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
