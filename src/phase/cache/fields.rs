//! What a response tells of the cache: Cache-Status, Age, and what caches of others may do with it.

use postern_core::cache::{Scope, cache_status_field};

use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::filter::HeaderFilter;

/// The header filter.
pub(crate) struct CacheFields;

impl HeaderFilter for CacheFields {
    fn filter(request: &mut Request) {
        if !request.is_main() {
            return;
        }
        let Some(note) = request.context::<Postern>().and_then(|context| context.cache) else {
            return;
        };
        // Without memory for a field nginx has none for the response either.
        let status = cache_status_field(note.status, note.ttl_s, note.forward);
        request.add_constant_header("Cache-Status", status.as_bytes());
        if !matches!(request.response_status(), 200 | 304) {
            return;
        }
        if note.status.is_stored() {
            request.add_constant_header("Age", note.age_s.to_string().as_bytes());
        }
        let conf = request.location_conf::<Postern>();
        if let Some(settings) = conf.cache.settings().cloned() {
            let vary = vary(&settings.config.vary, settings.config.scope);
            if !vary.is_empty() {
                request.add_constant_header("Vary", vary.as_bytes());
            }
        }
        let conf = request.location_conf::<Postern>();
        let control = conf.cache.control().map(str::to_owned);
        if let Some(control) = control
            && !request.has_response_header(b"cache-control")
        {
            request.add_constant_header("Cache-Control", control.as_bytes());
        }
    }
}

/// The fields of a request that choose the response (RFC 9110 section 12.5.5).
fn vary(names: &[Box<str>], scope: Scope) -> String {
    let who = match scope {
        Scope::Public => None,
        Scope::Role | Scope::User => Some("Authorization"),
    };
    let names: Vec<&str> = who.into_iter().chain(names.iter().map(|name| &**name)).collect();
    names.join(", ")
}
