//! Log phase: what became of a request is counted; one that has failed is noted, with its path unless a location does not want that.

use postern_core::metrics::{Failure, Label, Observation};

use super::queries::DatabaseUse;
use crate::conf::{MetricsConf, Postern};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Request, time};
use crate::worker;

/// The handler.
pub(crate) struct CountRequest;

impl Handler for CountRequest {
    fn handle(request: &mut Request) -> Verdict {
        if request.is_main() {
            count(request);
        }
        Verdict::Decline
    }
}

/// As soon as the location is known: it may be another one that the request ends in (`error_page`).
pub(crate) struct HidePath;

impl Handler for HidePath {
    fn handle(request: &mut Request) -> Verdict {
        if !request.location_conf::<Postern>().status_paths.is_on_or(true)
            && let Some(context) = request.context_or_default::<Postern>()
        {
            context.hides_path = true;
        }
        Verdict::Decline
    }
}

fn count(request: &mut Request) {
    let used = DatabaseUse::of(request);
    let mut observation = Observation {
        method: b"",
        status: match request.error_status() {
            0 => request.response_status(),
            status => status,
        },
        duration_us: request.duration_ms() * 1000,
        sent_bytes: request.sent_bytes(),
        queries: used.queries(),
        database_us: used.waited_us(),
        cache: None,
        limit: None,
        filter: None,
        is_invalid: false,
        is_broken: false,
        jwt: None,
    };
    if let Some(context) = request.context::<Postern>() {
        observation.cache = context.cache.map(|note| note.status());
        observation.limit = context.limits.judgement();
        observation.filter = context.finding.map(|finding| finding.is_blocked);
        observation.is_invalid = context.is_invalid;
        observation.jwt = context.jwt;
        if let Some(status) = context.broken_off {
            observation.status = status;
            observation.is_broken = true;
        }
    }
    observation.method = request.method();
    let conf = request.location_conf::<Postern>();
    worker::count(&conf.metrics, || label(request, &conf.metrics), &observation);
    let status = observation.status;
    if Failure::is_noted(status) {
        note_failure(request, status);
    }
}

/// Out of the way of requests that have not failed.
#[cold]
fn note_failure(request: &mut Request, status: u16) {
    // Outside of all locations nobody has noted it.
    let is_hidden = !request.location_conf::<Postern>().status_paths.is_on_or(true);
    let (code, trace, is_hidden) = match request.context::<Postern>() {
        Some(context) => (
            context.error_code.take(),
            context.trace,
            is_hidden || context.hides_path,
        ),
        None => (None, None, is_hidden),
    };
    let trace_id = trace.map(|trace| trace.trace_id()).unwrap_or_default();
    let failure = Failure {
        time_ms: time::unix_ms(),
        status,
        method: request.method(),
        code: code.as_deref().unwrap_or_default(),
        trace_id: &trace_id,
        path: if is_hidden { b"" } else { request.unparsed_path() },
    };
    worker::note_failure(&request.location_conf::<Postern>().metrics, &failure);
}

fn label(request: &Request, conf: &MetricsConf) -> Label {
    Label::Endpoint {
        server: String::from_utf8_lossy(request.server_name()).into_owned(),
        location: conf.location().to_owned(),
    }
}
