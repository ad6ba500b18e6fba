//! Inflating compressed bodies, before anything looks at them. Whatever comes after sees the request as if the client had sent it uncompressed:
//! limits by a member of the body, the filter, validation, resources, scripts and upstreams.

use postern_core::error::Error;
use postern_core::inflate::{Coding, InflateError, Inflater, Progress};
use postern_core::media_type;

use super::context::Context;
use super::error_body;
use super::filter::next_turn;
use crate::conf::Postern;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Level, Request};

const CONTENT_ENCODING: &[u8] = b"content-encoding";

/// The handler of the precontent phase.
pub(crate) struct InflateBody;

/// A body on its way: what was inflated so far, and what it is inflated from.
pub(crate) type Inflating = Option<(Inflater, Vec<u8>)>;

impl Handler for InflateBody {
    fn handle(request: &mut Request) -> Verdict {
        inflate(request).unwrap_or(Verdict::Decline)
    }
}

/// What the body of a request is coded with.
pub(super) fn coding(request: &Request) -> Coding {
    Coding::of(request.header_values(CONTENT_ENCODING))
}

/// The first Content-Encoding field that says that the body is not as it is.
pub(super) fn content_encoding(request: &Request) -> Option<&[u8]> {
    request
        .header_values(CONTENT_ENCODING)
        .find(|value| !media_type::is_identity(value))
}

/// Inflates the body, where that is configured and it is coded with something that can be. `None` if there is nothing to do (any more).
pub(super) fn inflate(request: &mut Request) -> Option<Verdict> {
    let limits = *request.location_conf::<Postern>().inflate.limits()?;
    let coding = coding(request);
    if !matches!(coding, Coding::Gzip | Coding::Deflate) || !request.is_main() {
        return None;
    }
    // The page of an error wants no body, unless there is a filter that has to look at it.
    if request.is_error_page() && request.location_conf::<Postern>().filter.filter().is_none() {
        return None;
    }
    let is_refused = |context: &mut Context| context.is_refused;
    if request.context::<Postern>().is_some_and(is_refused) {
        return None;
    }
    if let Some(verdict) = request.need_body() {
        return Some(verdict);
    }
    let begun = request
        .context::<Postern>()
        .and_then(|context| context.inflating.take());
    let inflating = match begun {
        Some(inflating) => Ok(inflating),
        None => match request.body() {
            // A request without a body may well say how it would be coded.
            Ok(body) if body.is_empty() => return None,
            Ok(body) => Inflater::new(coding, &body, &limits).map(|inflater| (inflater, body)),
            Err(error) => {
                request.log(Level::Error, format_args!("the body cannot be read: {error}"));
                return Some(Verdict::Status(500));
            }
        },
    };
    let stepped = inflating.and_then(|(mut inflater, body)| {
        let progress = inflater.step(&body)?;
        Ok((progress, inflater, body))
    });
    match stepped {
        Err(error) => Some(refuse(request, error)),
        Ok((Progress::Done, inflater, _)) => match request.replace_body(inflater.into_body()) {
            Some(()) => None,
            None => Some(Verdict::Status(500)),
        },
        Ok((Progress::Pending, inflater, body)) => {
            let Some(context) = request.context_or_default::<Postern>() else {
                return Some(Verdict::Status(500));
            };
            context.inflating = Some((inflater, body));
            Some(request.pause(|_| next_turn()))
        }
    }
}

/// Refuses a body that cannot be looked at.
pub(super) fn refuse(request: &mut Request, error: InflateError) -> Verdict {
    request.log(Level::Info, format_args!("{error}"));
    if let Some(context) = request.context_or_default::<Postern>() {
        context.is_refused = true;
    }
    error_body::answer(request, &Error::Inflate(error))
}
