//! What a location of `postern_issue_token` answers is not for caches, be there a token in it or an error (RFC 6749 section 5.1): a
//! header filter says so, whichever phase has answered.

use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::filter::HeaderFilter;

/// The filter.
pub(crate) struct NoStore;

impl HeaderFilter for NoStore {
    fn filter(request: &mut Request) {
        if request.is_main() && request.location_conf::<Postern>().issue_token.is_some() {
            // Without memory for a field nginx has none for the response either.
            request.add_constant_header("Cache-Control", b"no-store");
        }
    }
}
