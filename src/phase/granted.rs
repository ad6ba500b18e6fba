//! After the access phase: whoever is here was let in, whatever some of its handlers have said (`satisfy any`).

use super::context::ErrorBodyState;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::phase::{Handler, Verdict};

/// The handler of the precontent phase: an error that a handler of the access phase has prepared in vain is none of the request's.
pub(crate) struct Granted;

impl Handler for Granted {
    fn handle(request: &mut Request) -> Verdict {
        let redirects = request.redirects_left();
        if let Some(context) = request.context::<Postern>()
            // One of another location has led here, as its page.
            && let ErrorBodyState::Prepared { redirects_left, .. } = context.error_body
            && redirects_left == redirects
        {
            context.error_body = ErrorBodyState::None;
            context.error_code = None;
        }
        Verdict::Decline
    }
}
