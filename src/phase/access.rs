//! Access phase: from a token to an identity.

use std::borrow::Cow;
use std::rc::Rc;

use postern_core::auth::{AuthError, Identity, argument_token, bearer_token, cookie_token, without_argument};
use postern_core::error::Error;
use postern_core::metrics::JwtResult;

use super::error_body;
use super::timing::{Measured, Step};
use crate::conf::{JwtMode, JwtSettings, LocationConf, Postern, RemoteKeys, TokenPlaces};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::timer::{self, OnExit};
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
        let conf = &request.location_conf::<Postern>().jwt;
        let mode = conf.mode();
        if mode == JwtMode::Off {
            return Verdict::Decline;
        }
        let Some(jwt) = conf.settings().map(Rc::clone) else {
            return refuse(request, AuthError::NoKey);
        };
        match identify(request, &jwt) {
            Ok(Some(identity)) => {
                let Some(context) = request.context_or_default::<Postern>() else {
                    return Verdict::Status(500);
                };
                context.identity = Some(identity);
                context.jwt = Some(JwtResult::Verified);
                Verdict::Allow
            }
            Ok(None) if allows_nobody(request, mode) => {
                note(request, JwtResult::Absent);
                Verdict::Decline
            }
            Ok(None) => refuse(request, AuthError::TokenMissing),
            Err(Refused { error, stale_keys }) if stale_keys.is_empty() => refuse(request, error),
            Err(Refused { error, stale_keys }) => fetch_keys(request, error, stale_keys),
        }
    }
}

impl Measured for Access {
    const STEP: Step = Step::Auth;

    fn is_wanted(conf: &LocationConf) -> bool {
        conf.jwt.mode() != JwtMode::Off
    }
}

/// A token that is not good, and the keys that have to be fetched before that is certain.
struct Refused {
    error: AuthError,
    stale_keys: Vec<Rc<RemoteKeys>>,
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Self {
        Self {
            error,
            stale_keys: Vec::new(),
        }
    }
}

fn identify(request: &Request, jwt: &JwtSettings) -> Result<Option<Rc<Identity>>, Refused> {
    let Some(token) = token(request, jwt.places())? else {
        return Ok(None);
    };
    let verified = jwt.verify(token, time::unix_s());
    verified.map(Some).map_err(|error| Refused {
        stale_keys: match error {
            AuthError::Token(_) | AuthError::NoKey => jwt.stale_keys(token),
            _ => Vec::new(),
        },
        error,
    })
}

/// The Authorization field comes first: who sends it, means it. A browser sends its cookies always.
fn token<'r>(request: &'r Request, places: &TokenPlaces) -> Result<Option<&'r [u8]>, AuthError> {
    if let Some(token) = bearer_token(request.header_values(b"authorization"))? {
        return Ok(Some(token));
    }
    let in_cookie = places
        .cookie
        .as_ref()
        .and_then(|name| cookie_token(request.header_values(b"cookie"), name.as_bytes()));
    match (&in_cookie, &places.argument) {
        (None, Some(name)) => argument_token(request.args(), name.as_bytes()),
        _ => Ok(in_cookie),
    }
}

/// The arguments of a request for what comes after: without its token.
pub(super) fn arguments(request: &Request) -> Cow<'_, [u8]> {
    let settings = request.location_conf::<Postern>().jwt.settings();
    match settings.and_then(|jwt| jwt.places().argument.as_ref()) {
        Some(name) => without_argument(request.args(), name.as_bytes()),
        None => Cow::Borrowed(request.args()),
    }
}

/// Whether a request without a token may go on.
fn allows_nobody(request: &Request, mode: JwtMode) -> bool {
    match mode {
        JwtMode::Off | JwtMode::Optional => true,
        JwtMode::On => false,
        JwtMode::UnlessAnonymous => has_anonymous_role(request),
    }
}

/// For content handlers: nginx leaves subrequests out of the access phase. The header fields are those of the client's request.
pub(super) fn refuse_subrequest(request: &mut Request) -> Option<Verdict> {
    if request.is_main() {
        return None;
    }
    match Access::handle(request) {
        Verdict::Allow | Verdict::Decline => None,
        refused => Some(refused),
    }
}

/// Only PostgreSQL can tell what an anonymous request may do: a location that does not ask it has no such judge.
fn has_anonymous_role(request: &Request) -> bool {
    let Some(database) = request.location_conf::<Postern>().content_database() else {
        return false;
    };
    worker::database(database).is_some_and(|database| database.config().anonymous_role.is_some())
}

/// Has keys fetched that may know the token, once; then the token is looked at again.
fn fetch_keys(request: &mut Request, error: AuthError, stale_keys: Vec<Rc<RemoteKeys>>) -> Verdict {
    // The access phase of a subrequest cannot wait.
    let can_wait = request.is_main();
    let Some(context) = request.context_or_default::<Postern>() else {
        return Verdict::Status(500);
    };
    if context.keys_were_fetched || !can_wait {
        let has_keys = stale_keys.iter().all(|keys| !keys.store().is_empty());
        return refuse(
            request,
            if has_keys {
                error
            } else {
                AuthError::KeysUnavailable
            },
        );
    }
    context.keys_were_fetched = true;
    request.pause(|_| async move {
        let fetched = async {
            for keys in stale_keys {
                keys.refresh().demand().await;
            }
        };
        // A worker that is to exit stays for the request.
        timer::timeout(KEYS_TIMEOUT_MS, OnExit::Wait, fetched).await;
    })
}

/// A request waits for keys no longer than this.
const KEYS_TIMEOUT_MS: u64 = 10_000;

fn note(request: &mut Request, result: JwtResult) {
    if let Some(context) = request.context_or_default::<Postern>() {
        context.jwt = Some(result);
    }
}

fn refuse(request: &mut Request, error: AuthError) -> Verdict {
    note(
        request,
        match error {
            AuthError::TokenMissing => JwtResult::Absent,
            _ => JwtResult::Refused,
        },
    );
    request.log(Level::Info, format_args!("{error}"));
    error_body::answer(request, &Error::Auth(error))
}
