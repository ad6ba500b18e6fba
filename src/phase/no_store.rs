//! What is not for caches. Of a location of `postern_issue_token` that is every answer, be there a token in it or an error (RFC 6749 section
//! 5.1). Elsewhere it is an error: a cache would keep some of them (404, 405, 414, …) for as long as it thinks fit (RFC 9110 section 15.1), and
//! who asks again may be somebody else, or ask for what is there by then. A header filter says so, whichever phase has answered.

use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::filter::HeaderFilter;

/// The filter.
pub(crate) struct NoStore;

impl HeaderFilter for NoStore {
    fn filter(request: &mut Request) {
        if request.is_main() && (issues_tokens(request) || is_error(request)) {
            // Without memory for a field nginx has none for the response either.
            request.add_constant_header("Cache-Control", b"no-store");
        }
    }
}

fn issues_tokens(request: &Request) -> bool {
    request.location_conf::<Postern>().issue_token.is_some()
}

/// Whether the answer is an error of ours, or of a location of ours, and nobody has said what caches may do with it.
fn is_error(request: &mut Request) -> bool {
    if request.response_status() < 400 || request.has_response_header(b"cache-control") {
        return false;
    }
    let is_ours = request.location_conf::<Postern>().content_database().is_some();
    is_ours
        || request
            .context::<Postern>()
            .is_some_and(|context| context.error_code.is_some())
}
