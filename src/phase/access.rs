//! Access phase: from a token to an identity.

use std::rc::Rc;

use postern_core::auth::{AuthError, Identity, bearer_token};
use postern_core::error::Error;
use postern_core::response;

use super::context::ErrorBodyState;
use crate::conf::{JwtSettings, Postern};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Level, Request, time};
use crate::worker;

/// The handler.
pub(crate) struct Access;

impl Handler for Access {
    fn handle(request: &mut Request) -> Verdict {
        // After an internal redirect the context still has what another location found.
        if let Some(context) = request.context::<Postern>() {
            context.identity = None;
        }
        let Some(jwt) = request.location_conf::<Postern>().jwt.get().map(Rc::clone) else {
            return Verdict::Decline;
        };
        match identify(request, &jwt) {
            Ok(Some(identity)) => {
                let Some(context) = request.context_or_default::<Postern>() else {
                    return Verdict::Status(500);
                };
                context.identity = Some(identity);
                Verdict::Allow
            }
            Ok(None) if allows_anonymous(request) => Verdict::Decline,
            Ok(None) => refuse(request, AuthError::TokenMissing),
            Err(error) => refuse(request, error),
        }
    }
}

fn identify(request: &Request, jwt: &JwtSettings) -> Result<Option<Rc<Identity>>, AuthError> {
    let fields = request
        .headers()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"authorization"));
    let Some(token) = bearer_token(fields.map(|(_, value)| value))? else {
        return Ok(None);
    };
    jwt.verify(token, time::unix_s()).map(Some)
}

/// Only PostgreSQL can tell what an anonymous request may do: a location without a resource has no such judge.
fn allows_anonymous(request: &Request) -> bool {
    let Some(resource) = &request.location_conf::<Postern>().resource else {
        return false;
    };
    worker::database(resource.database).is_some_and(|database| database.config().anonymous_role.is_some())
}

/// nginx answers the status, so that `satisfy` and `error_page` work as for its own access modules.
fn refuse(request: &mut Request, error: AuthError) -> Verdict {
    request.log(Level::Info, format_args!("{error}"));
    let rendered = response::render(&Error::Auth(error), false);
    if let Some(challenge) = &rendered.www_authenticate
        && request.set_www_authenticate(challenge.as_bytes()).is_none()
    {
        return Verdict::Status(500);
    }
    let location = std::ptr::from_ref(request.location_conf::<Postern>());
    let Some(context) = request.context_or_default::<Postern>() else {
        return Verdict::Status(500);
    };
    context.error_body = ErrorBodyState::Prepared {
        status: rendered.status,
        location,
        body: rendered.body,
    };
    Verdict::Status(rendered.status)
}
