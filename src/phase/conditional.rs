//! Validators of responses, and requests that are conditional on them (RFC 9110 section 13).

use bytes::Bytes;
use postern_core::conditional::{Current, EntityTag, Preconditions, Verdict};
use postern_core::config::ResourceConfig;
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
    // A script may have a tag of its own, which then counts.
    let own = own_tag(&reply).cloned();
    reply.etag = if own.is_some() || !has_tags(request) {
        None
    } else {
        // A response that was kept has its tag already.
        Some(reply.etag.unwrap_or_else(|| EntityTag::of(body).to_bytes()))
    };
    let preconditions = Preconditions::of(request.headers());
    if preconditions.is_empty() {
        return reply;
    }
    let current = Current {
        etag: own.as_deref().or(reply.etag.as_ref().map(<[u8; 24]>::as_slice)),
        last_modified_s: reply.last_modified_s,
    };
    match preconditions.judge(is_read, Some(&current)) {
        Verdict::Proceed => reply,
        Verdict::NotModified => {
            let weak = preconditions.weak_form(&current);
            not_modified(reply, weak)
        }
        Verdict::Failed => error_reply(request, &Error::PreconditionFailed),
    }
}

/// Whether responses have tags of ours: not where they are tokens, which nobody may keep.
fn has_tags(request: &Request) -> bool {
    let conf = request.location_conf::<Postern>();
    conf.etag.is_on_or(true) && conf.issue_token.is_none()
}

fn own_tag(reply: &Reply) -> Option<&Bytes> {
    let is_tag = |name: &Bytes| name.eq_ignore_ascii_case(b"etag");
    let own = reply.headers.iter().find(|(name, _)| is_tag(name));
    own.map(|(_, value)| value)
}

/// The response without its content. A client that has it with gzip's weak tag gets that one again: a cache would not find a stored
/// response of this tag otherwise (RFC 9111 section 4.3.4).
fn not_modified(mut reply: Reply, weak: Option<Vec<u8>>) -> Reply {
    if let Some(weak) = weak {
        reply.etag = None;
        reply
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case(b"etag"));
        reply.headers.push(("ETag".into(), weak.into()));
    }
    Reply {
        status: 304,
        content_type: None,
        body: None,
        ..reply
    }
}

/// What a write is conditional on.
pub(super) enum Guard {
    /// Nothing that would have to be known before.
    Nothing,
    /// That the row is there, whatever it is.
    Existence,
    /// What the row is.
    Content,
}

/// What a request that changes or deletes a row is conditional on.
pub(super) fn guard(request: &Request, resource: &ResourceConfig) -> Guard {
    if !matches!(request.method(), b"PUT" | b"PATCH" | b"DELETE") {
        return Guard::Nothing;
    }
    let preconditions = Preconditions::of(request.headers());
    if preconditions.demand_existence_only() {
        Guard::Existence
    } else if preconditions.guard_writes(resource.last_modified.is_some()) {
        Guard::Content
    } else {
        Guard::Nothing
    }
}

/// Holds a request that writes against the row that there is.
pub(super) fn judge_write(
    request: &Request,
    content: Option<&[u8]>,
    last_modified_s: Option<i64>,
) -> Result<(), Error> {
    let etag = content
        .filter(|_| has_tags(request))
        .map(|content| EntityTag::of(content).to_bytes());
    let current = content.map(|_| Current {
        etag: etag.as_ref().map(<[u8; 24]>::as_slice),
        last_modified_s,
    });
    judge(request, current.as_ref())
}

/// Holds a request that makes rows against the collection that they go to: it is always there, and has no tag that could be demanded.
pub(super) fn judge_insert(request: &Request) -> Result<(), Error> {
    if request.method() != b"POST" {
        return Ok(());
    }
    let collection = Current {
        etag: None,
        last_modified_s: None,
    };
    judge(request, Some(&collection))
}

fn judge(request: &Request, current: Option<&Current<'_>>) -> Result<(), Error> {
    match Preconditions::of(request.headers()).judge(false, current) {
        Verdict::Proceed => Ok(()),
        Verdict::NotModified | Verdict::Failed => Err(Error::PreconditionFailed),
    }
}
