//! Validators of responses, and requests that are conditional on them (RFC 9110 section 13).

use postern_core::conditional::{Current, EntityTag, Preconditions, Verdict};
use postern_core::error::Error;

use super::reply::error_reply;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::output::Reply;

/// Gives a whole response to GET or HEAD its tag, and holds the request against it: what the client has already is 304, what is not as it
/// demands is 412.
pub(super) fn apply(request: &mut Request, mut reply: Reply) -> Reply {
    let is_read = matches!(request.method(), b"GET" | b"HEAD");
    let Some(body) = reply.body.as_ref().filter(|_| reply.status == 200 && is_read) else {
        return reply;
    };
    // A script may have a tag of its own, which nobody else can judge.
    let has_own = reply
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(b"etag"));
    // Nor is there a use for one where nothing may be kept.
    let conf = request.location_conf::<Postern>();
    if has_own || conf.issue_token.is_some() || !conf.etag.is_on() {
        reply.etag = None;
        return reply;
    }
    // A response that was kept has its tag already.
    let etag = reply
        .etag
        .map_or_else(|| EntityTag::of(body), EntityTag::from_bytes);
    reply.etag = Some(etag.to_bytes());
    let preconditions = Preconditions::of(request.headers());
    if preconditions.is_empty() {
        return reply;
    }
    let current = Current {
        etag,
        last_modified_s: reply.last_modified_s,
    };
    match preconditions.judge(is_read, Some(&current)) {
        Verdict::Proceed => reply,
        Verdict::NotModified => Reply {
            status: 304,
            content_type: None,
            body: None,
            ..reply
        },
        Verdict::Failed => error_reply(request, &Error::PreconditionFailed),
    }
}

/// Whether a request that changes or deletes a row is conditional on what the row is.
pub(super) fn guards_write(request: &Request) -> bool {
    matches!(request.method(), b"PUT" | b"PATCH" | b"DELETE")
        && request.location_conf::<Postern>().etag.is_on()
        && Preconditions::of(request.headers()).guard_writes()
}

/// Holds a request that writes against the row that there is.
pub(super) fn judge_write(request: &Request, current: Option<&Current>) -> Result<(), Error> {
    match Preconditions::of(request.headers()).judge(false, current) {
        Verdict::Proceed => Ok(()),
        Verdict::NotModified | Verdict::Failed => Err(Error::PreconditionFailed),
    }
}
