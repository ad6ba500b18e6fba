//! How a request asks the database, and what that has taken.

use postern_core::error::Error;

use crate::conf::Postern;
use crate::nginx::task::RequestHandle;
use crate::nginx::{Request, time};
use crate::worker::{Batch, Database, Parts, Sink};

/// What a request has had from the database, with its subrequests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DatabaseUse {
    /// How often it was asked.
    queries: u32,
    /// How long the request has waited for it, and for room on a connection, in microseconds.
    waited_us: u64,
    /// How long of that for room on a connection.
    pool_us: u64,
    /// How many batches it waits for: subrequests wait side by side. A client that goes away leaves it so.
    waiting: u32,
    /// When they began, added up, on the clock of [`time::precise_us`].
    began_us: u64,
}

impl DatabaseUse {
    /// What the client's request has had until now.
    pub(super) fn of(request: &mut Request) -> Self {
        request.with_main(|request| {
            let context = request.context::<Postern>();
            let mut used = context.map(|context| context.database).unwrap_or_default();
            used.queries += used.waiting;
            let now_us = u64::from(used.waiting).saturating_mul(time::precise_us());
            used.waited_us += now_us.saturating_sub(used.began_us);
            used
        })
    }

    /// The same; `None` while it waits: how long a page that is sent meanwhile has waited for room is not known yet.
    pub(super) fn finished(request: &mut Request) -> Option<Self> {
        request.with_main(|request| {
            let used = request.context::<Postern>()?.database;
            (used.waiting == 0).then_some(used)
        })
    }

    /// How often it was asked.
    pub(super) fn queries(&self) -> u32 {
        self.queries
    }

    /// How long the request has waited for it, and for room on a connection, in microseconds.
    pub(super) fn waited_us(&self) -> u64 {
        self.waited_us
    }

    /// How long of that for room on a connection.
    pub(super) fn pool_us(&self) -> u64 {
        self.pool_us
    }
}

/// Runs a batch of the request. `sending_us` tells how long of that the client has let it wait.
pub(super) async fn run<S: Sink, P: Parts<S>>(
    handle: &RequestHandle,
    database: &Database,
    batch: &Batch,
    sink: impl Fn() -> S,
    parts: &mut P,
    sending_us: impl FnOnce(&P) -> u64,
) -> Result<S, Error> {
    let began_us = time::precise_us();
    note(handle, |used| {
        used.waiting += 1;
        used.began_us = used.began_us.saturating_add(began_us);
    });
    let result = database.run(batch, sink, parts).await;
    let waited_us = time::precise_us().saturating_sub(began_us);
    let waited_us = waited_us.saturating_sub(sending_us(parts));
    note(handle, |used| {
        used.waiting = used.waiting.saturating_sub(1);
        used.began_us = used.began_us.saturating_sub(began_us);
        if let Some(pool_us) = batch.pool_us.get() {
            used.queries += 1;
            used.waited_us += waited_us;
            used.pool_us += pool_us;
        }
    });
    result
}

fn note(handle: &RequestHandle, change: impl FnOnce(&mut DatabaseUse)) {
    handle.with(|request| {
        request.with_main(|request| {
            if let Some(context) = request.context_or_default::<Postern>() {
                change(&mut context.database);
            }
        });
    });
}
