//! Content phase of a `postern_metrics` location.

use postern_core::api_request::RequestError;
use postern_core::metrics::Format;

use super::reply::refuse;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::worker;

/// The content handler.
pub(crate) struct Metrics;

impl Handler for Metrics {
    fn handle(request: &mut Request) -> Verdict {
        if !matches!(request.method(), b"GET" | b"HEAD") {
            let allow = "GET, HEAD".into();
            return refuse(request, &RequestError::MethodNotAllowed { allow }.into());
        }
        if let Err(code) = request.discard_body() {
            return Verdict::Finished(code);
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
