//! Errors that nginx answers on a location of ours (413, a 401 from the access phase, …) get the same JSON body as our own:
//! a header filter announces it, a body filter puts it in the place of nginx's page.

use postern_core::error::Error;
use postern_core::response::{self, ErrorResponse};

use super::context::ErrorBodyState;
use super::reply::JSON;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::filter::{BodyFilter, BodyVerdict, HeaderFilter};
use crate::nginx::phase::Verdict;

/// The two filters.
pub(crate) struct ErrorBody;

/// What nginx refuses as 405 before it looks for a location is TRACE. An answer with this status has to say what is served (RFC 9110
/// section 15.5.6), of which nobody knows more then.
const SERVED: &[u8] = b"GET, HEAD, POST, PUT, PATCH, DELETE";

impl HeaderFilter for ErrorBody {
    fn filter(request: &mut Request) {
        if !is_nginx_error(request) {
            return;
        }
        if request.method() == b"TRACE" && request.response_status() == 405 && serves(request) {
            // Without memory for it, the answer goes without.
            let _ = request.add_constant_header("Allow", SERVED);
        }
        let redirects = request.redirects_left();
        let is_ours = request.location_conf::<Postern>().content_database().is_some();
        let status = request.response_status();
        let Some(context) = (if is_ours {
            request.context_or_default::<Postern>()
        } else {
            request.context::<Postern>()
        }) else {
            return;
        };
        if context.replied {
            return;
        }
        let body = match std::mem::take(&mut context.error_body) {
            ErrorBodyState::Prepared {
                status: prepared,
                redirects_left,
                body,
            } if prepared == status && redirects_left == redirects => body,
            // What was prepared for another answer is dropped.
            ErrorBodyState::Prepared { .. } if !is_ours => return,
            _ if is_ours => {
                let ErrorResponse { code, body, .. } =
                    response::render(&Error::Http(status), context.identity.is_some());
                context.error_code = Some(code);
                body
            }
            other => {
                context.error_body = other;
                return;
            }
        };
        let length = body.len();
        context.error_body = ErrorBodyState::Announced(body);
        request.set_content_type(JSON);
        request.set_content_length(Some(length));
    }
}

/// Whether this server has a location of ours.
fn serves(request: &Request) -> bool {
    let server = request.location_conf::<Postern>().openapi.server();
    server.is_some_and(|server| !request.main_conf::<Postern>().described(server).is_empty())
}

/// Has nginx answer an error with its status, so that `error_page` and `satisfy` work as for its own modules, and with our body.
pub(super) fn answer(request: &mut Request, error: &Error) -> Verdict {
    let ErrorResponse {
        status,
        code,
        body,
        www_authenticate,
        ..
    } = response::render(error, false);
    if let Some(challenge) = &www_authenticate
        && request.set_www_authenticate(challenge.as_bytes()).is_none()
    {
        return Verdict::Status(500);
    }
    let redirects_left = request.redirects_left();
    let Some(context) = request.context_or_default::<Postern>() else {
        return Verdict::Status(500);
    };
    context.error_code = Some(code);
    context.error_body = ErrorBodyState::Prepared {
        status,
        redirects_left,
        body,
    };
    Verdict::Status(status)
}

/// Whether the response is one of nginx's own pages, and not what an upstream or an `error_page` gives.
fn is_nginx_error(request: &Request) -> bool {
    let status = request.response_status();
    request.is_main() && status >= 400 && request.error_status() == status && !request.has_upstream()
}

impl BodyFilter for ErrorBody {
    fn filter(request: &mut Request) -> BodyVerdict {
        let Some(context) = request.context::<Postern>() else {
            return BodyVerdict::Pass;
        };
        match std::mem::take(&mut context.error_body) {
            ErrorBodyState::Announced(body) => {
                context.error_body = ErrorBodyState::Sent;
                BodyVerdict::Replace(body.into())
            }
            ErrorBodyState::Sent => {
                context.error_body = ErrorBodyState::Sent;
                BodyVerdict::Swallow
            }
            other => {
                context.error_body = other;
                BodyVerdict::Pass
            }
        }
    }
}
