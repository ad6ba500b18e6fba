//! Content phase of a `postern_health` location.

use std::rc::Rc;

use postern_core::health::Readiness;

use super::reply::{JSON, refuse_writes};
use crate::conf::{HealthSettings, Postern};
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::task::Outcome;
use crate::nginx::together::together;
use crate::worker;

/// The content handler.
pub(crate) struct Health;

impl Handler for Health {
    fn handle(request: &mut Request) -> Verdict {
        let Some(settings) = request.location_conf::<Postern>().health.clone() else {
            return Verdict::Status(500);
        };
        if let Some(refused) = refuse_writes(request) {
            return refused;
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
    let checks = databases.iter().map(|database| database.health());
    for (database, health) in databases.iter().zip(together(checks).await) {
        readiness.add(&database.config().name, health);
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
