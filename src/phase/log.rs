//! Log phase: what became of a request is counted.

use postern_core::metrics::{Label, Observation};

use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::phase::{Handler, Verdict};
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

fn count(request: &mut Request) {
    let mut observation = Observation {
        method: b"",
        status: match request.error_status() {
            0 => request.response_status(),
            status => status,
        },
        duration_us: request.duration_ms() * 1000,
        sent_bytes: request.sent_bytes(),
        queries: 0,
        database_us: 0,
        cache: None,
        limit: None,
        filter: None,
        is_invalid: false,
        jwt: None,
    };
    if let Some(context) = request.context::<Postern>() {
        observation.queries = context.database.queries;
        observation.database_us = context.database.waited_us;
        // nginx's clock has milliseconds.
        observation.duration_us = observation.duration_us.max(observation.database_us);
        observation.cache = context.cache.map(|note| note.status());
        observation.limit = context.limits.judgement();
        observation.filter = context.finding.map(|finding| finding.is_blocked);
        observation.is_invalid = context.is_invalid;
        observation.jwt = context.jwt;
    }
    observation.method = request.method();
    let conf = request.location_conf::<Postern>();
    worker::count(&conf.metrics, || label(request), &observation);
}

fn label(request: &Request) -> Label {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Label::Endpoint {
        server: text(request.server_name().to_vec()),
        location: text(request.location_name()),
    }
}
