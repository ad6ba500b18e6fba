//! Content phase of a `postern_health` location.

use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use postern_core::health::Readiness;

use super::reply::{JSON, refuse_writes};
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
    for (database, health) in databases.iter().zip(all(checks).await) {
        readiness.add(&database.config().name, health);
    }
    Outcome::Reply(reply(&readiness))
}

/// The results of futures that wait side by side: of several databases that hang, nobody waits for one after another.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, result) in futures.iter_mut().filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *result = Some(value);
            }
        }
        if futures.iter().any(|(_, result)| result.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(
            futures
                .iter_mut()
                .filter_map(|(_, result)| result.take())
                .collect(),
        )
    })
    .await
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
