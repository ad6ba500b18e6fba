//! Content phase of a `postern_health` location.

use std::rc::Rc;

use postern_core::api_request::RequestError;
use postern_core::health::Readiness;

use super::reply::{JSON, refuse};
use crate::conf::{HealthSettings, Postern};
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::task::Outcome;
use crate::worker;

/// The content handler.
pub(crate) struct Health;

impl Handler for Health {
    fn handle(request: &mut Request) -> Verdict {
        let Some(settings) = request.location_conf::<Postern>().health.clone() else {
            return Verdict::Status(500);
        };
        if !matches!(request.method(), b"GET" | b"HEAD") {
            let allow = "GET, HEAD".into();
            return refuse(request, &RequestError::MethodNotAllowed { allow }.into());
        }
        if let Err(code) = request.discard_body() {
            return Verdict::Finished(code);
        }
        match settings {
            HealthSettings::Live => Verdict::Finished(request.send(reply(&Readiness::default()))),
            HealthSettings::Ready(numbers) => request.suspend(|_| tell_readiness(numbers)),
        }
    }
}

async fn tell_readiness(numbers: Rc<[usize]>) -> Outcome {
    let databases = if numbers.is_empty() {
        worker::databases()
    } else {
        numbers
            .iter()
            .filter_map(|&number| worker::database(number))
            .collect()
    };
    let mut readiness = Readiness::default();
    for database in databases {
        readiness.add(&database.config().name, database.health().await);
    }
    Outcome::Reply(reply(&readiness))
}

fn reply(readiness: &Readiness) -> Reply {
    Reply {
        status: readiness.http_status(),
        content_type: Some(JSON),
        headers: vec![("Cache-Control".into(), "no-store".into())],
        body: Some(readiness.to_json().into()),
        ..Reply::default()
    }
}
