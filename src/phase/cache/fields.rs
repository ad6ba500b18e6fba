//! What a response tells of the cache: Cache-Status, Age, and what caches of others may do with it.

use postern_core::cache::cache_status_field;

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
        request.add_constant_header(
            "Cache-Status",
            &cache_status_field(note.status, note.ttl_s, note.forward),
        );
        if !matches!(request.response_status(), 200 | 304) {
            return;
        }
        if note.status.is_stored() {
            request.add_constant_header("Age", itoa::Buffer::new().format(note.age_s).as_bytes());
        }
        request.add_configured_header::<Postern>("Vary", |conf| {
            let jwt = conf.jwt.settings();
            let with_cookies = jwt.is_some_and(|jwt| jwt.places().cookie.is_some());
            conf.cache.vary(with_cookies)
        });
        if !request.has_response_header(b"cache-control") {
            request.add_configured_header::<Postern>("Cache-Control", |conf| conf.cache.control());
        }
    }
}
