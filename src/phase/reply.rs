//! Errors and results as nginx sends them.

use postern_core::api_request::RequestError;
use postern_core::error::{Error, Unavailable};
use postern_core::response::{self, ErrorResponse};

use crate::conf::Postern;
use crate::nginx::output::{Field, Reply};
use crate::nginx::phase::Verdict;
use crate::nginx::task::Outcome;
use crate::nginx::{Level, Request};

/// The media type of everything that Postern answers (RFC 8259).
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// Answers an error from within the content phase.
pub(super) fn refuse(request: &mut Request, error: &Error) -> Verdict {
    if let Err(code) = request.discard_body() {
        return Verdict::Finished(code);
    }
    let reply = error_reply(request, error);
    Verdict::Finished(request.send(reply))
}

/// Answers what is no GET or HEAD, where there is nothing but to read; else the body, which means nothing, is read and forgotten.
pub(super) fn refuse_writes(request: &mut Request) -> Option<Verdict> {
    if !matches!(request.method(), b"GET" | b"HEAD") {
        let allow = "GET, HEAD".into();
        return Some(refuse(request, &RequestError::MethodNotAllowed { allow }.into()));
    }
    request.discard_body().err().map(Verdict::Finished)
}

/// Answers an error from a suspended request.
pub(super) fn failure(request: &mut Request, error: &Error) -> Outcome {
    Outcome::Reply(error_reply(request, error))
}

/// Renders an error and notes in the error log what a client must not see.
pub(super) fn error_reply(request: &mut Request, error: &Error) -> Reply {
    let context = request.context::<Postern>();
    let authenticated = context.is_some_and(|context| context.identity.is_some());
    let ErrorResponse {
        status,
        code,
        body,
        www_authenticate,
        allow,
        retry_after_s,
        headers,
    } = response::render(error, authenticated);
    if let Some(context) = request.context_or_default::<Postern>() {
        context.replied = true;
        context.error_code = Some(code);
    }
    log(request, error, status);
    let mut fields: Vec<Field> = headers
        .into_iter()
        .map(|(name, value)| (name.into_string().into(), value.into_string().into()))
        .collect();
    if let Some(challenge) = www_authenticate {
        fields.push(("WWW-Authenticate".into(), challenge.into_owned().into()));
    }
    if let Some(allow) = allow {
        fields.push(("Allow".into(), allow.into_string().into()));
    }
    if let Some(seconds) = retry_after_s {
        fields.push(("Retry-After".into(), seconds.to_string().into()));
    }
    let has_body = status != 204 && status != 304;
    Reply {
        status,
        content_type: has_body.then_some(JSON),
        headers: fields,
        body: has_body.then(|| body.into()),
        ..Reply::default()
    }
}

/// Notes that a response which has begun cannot be completed. It counts as a failure, whatever status the client has seen.
pub(super) fn break_off(request: &mut Request, error: &Error) {
    request.log(Level::Error, format_args!("response is cut off: {error}"));
    let ErrorResponse { status, code, .. } = response::render(error, false);
    let status = match error {
        // This one is the client's doing, as nginx's own time-out for sending is.
        Error::Unavailable(Unavailable::ClientTooSlow) => 408,
        // A whole response would have told the client what is wrong with its request; a broken one is our failure.
        _ => status.max(500),
    };
    // With a part of a response the client's request is broken off.
    request.with_main(|request| {
        if let Some(context) = request.context_or_default::<Postern>() {
            context.error_code = Some(code);
            context.broken_off = Some(status);
        }
    });
}

/// What the server or the pool said goes to the error log; what a client did wrong is its own business.
fn log(request: &Request, error: &Error, status: u16) {
    // Who wants a stored response only, and gets none, has been given what was asked for.
    let is_ours = status >= 500 && !matches!(error, Error::NotCached);
    let level = if is_ours { Level::Error } else { Level::Info };
    match error {
        Error::Database(said) => request.log(level, format_args!("PostgreSQL says: {said}")),
        other => request.log(level, format_args!("{other}")),
    }
}
