//! Content phase of a `postern_metrics` location.

use postern_core::metrics::Format;

use super::reply::refuse_writes;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::worker;

/// The content handler.
pub(crate) struct Metrics;

impl Handler for Metrics {
    fn handle(request: &mut Request) -> Verdict {
        if let Some(refused) = refuse_writes(request) {
            return refused;
        }
        let format = Format::accepted(request.header(b"accept"));
        let Some(report) = worker::report(request.main_conf::<Postern>()) else {
            return Verdict::Status(500);
        };
        let body = report.write(format);
        Verdict::Finished(request.send(Reply {
            status: 200,
            content_type: Some(format.content_type()),
            headers: vec![("Cache-Control".into(), "no-store".into())],
            body: Some(body.into()),
            ..Reply::default()
        }))
    }
}
