//! What nginx knows of a request that is over.

use nginx_sys::{ngx_http_core_srv_conf_t, ngx_timeofday};

use super::module;
use super::request::Request;

/// The version of nginx that the module was built for.
pub(crate) const VERSION: &str = match nginx_sys::NGINX_VERSION.to_str() {
    Ok(version) => version,
    Err(_) => "",
};

impl Request {
    /// How long it has taken until this turn of the loop, in milliseconds, as `$request_time` has it.
    pub(crate) fn duration_ms(&self) -> u64 {
        let now = ngx_timeofday();
        let raw = self.raw_ref();
        let ms = |seconds: i64, ms: usize| seconds.saturating_mul(1000).saturating_add(ms as i64);
        u64::try_from(ms(now.sec, now.msec) - ms(raw.start_sec, raw.start_msec)).unwrap_or_default()
    }

    /// How much was sent to the client, with the header, in bytes.
    pub(crate) fn sent_bytes(&self) -> u64 {
        // SAFETY: a request has a live connection.
        let sent = unsafe { (*self.raw_ref().connection).sent };
        u64::try_from(sent).unwrap_or_default()
    }

    /// The first name of the server.
    pub(crate) fn server_name(&self) -> &[u8] {
        let core = module::core_slot();
        // SAFETY: nginx gives every request an array with a slot for each module.
        let server = unsafe { module::value::<ngx_http_core_srv_conf_t>(self.raw_ref().srv_conf, core) };
        // SAFETY: nginx's core module keeps this type in its slot, as long as the cycle, which a request keeps alive.
        let name = unsafe { (*server).server_name };
        // SAFETY: a string of the configuration.
        unsafe { super::bytes(name) }
    }
}
