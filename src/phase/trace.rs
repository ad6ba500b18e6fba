//! Which trace a request is part of: known to PostgreSQL, the response, logs and upstreams.

use std::borrow::Cow;

use postern_core::trace::Trace;

use crate::conf::Postern;
use crate::nginx::filter::HeaderFilter;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::random::random_bytes;
use crate::nginx::variable::Variable;
use crate::nginx::{Level, Request};

/// The trace of a request, where the location wants one. Subrequests are part of what their main request is.
pub(super) fn trace(request: &mut Request) -> Option<Trace> {
    if !request.location_conf::<Postern>().trace.is_on() {
        return None;
    }
    request.with_main(|request| {
        if let Some(trace) = request.context::<Postern>().and_then(|context| context.trace) {
            return Some(trace);
        }
        let Ok(random) = random_bytes() else {
            request.log(
                Level::Error,
                format_args!("there are no random numbers for a trace"),
            );
            return None;
        };
        let trace = Trace::begin(request.header_values(b"traceparent"), random);
        request.context_or_default::<Postern>()?.trace = Some(trace);
        Some(trace)
    })
}

/// The handler of the preaccess phase: without a trace that goes on, what the client says of its state means nothing, to nobody.
pub(crate) struct DropTraceState;

impl Handler for DropTraceState {
    fn handle(request: &mut Request) -> Verdict {
        let is_on = request.location_conf::<Postern>().trace.is_on();
        if !is_on || request.header(TRACE_STATE).is_none() {
            return Verdict::Decline;
        }
        match trace(request) {
            Some(trace) if !trace.goes_on() => match request.leave_out_field(TRACE_STATE) {
                Some(()) => Verdict::Decline,
                None => Verdict::Status(500),
            },
            _ => Verdict::Decline,
        }
    }
}

const TRACE_STATE: &[u8] = b"tracestate";

/// The header filter: `traceparent` of the response.
pub(crate) struct TraceField;

impl HeaderFilter for TraceField {
    fn filter(request: &mut Request) {
        if !request.is_main() || request.has_response_header(b"traceparent") {
            return;
        }
        if let Some(trace) = trace(request) {
            // Without memory for a field nginx has none for the response either.
            request.add_constant_header("traceparent", trace.traceparent().as_bytes());
        }
    }
}

/// `$postern_trace_id`: the trace, in 32 hexadecimal digits.
pub(crate) struct TraceId;

/// `$postern_traceparent`: what upstreams are to be told.
pub(crate) struct Traceparent;

impl Variable for TraceId {
    const NAME: &'static str = "postern_trace_id";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        Some(Cow::Owned(trace(request)?.trace_id().into_bytes()))
    }
}

impl Variable for Traceparent {
    const NAME: &'static str = "postern_traceparent";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        Some(Cow::Owned(trace(request)?.traceparent().into_bytes()))
    }
}
