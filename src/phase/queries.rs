//! How a request asks the database, and what that has taken.

use postern_core::error::Error;

use crate::conf::Postern;
use crate::nginx::task::RequestHandle;
use crate::nginx::time;
use crate::worker::{Batch, Database, Parts, Sink};

/// What a request has had from the database.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DatabaseUse {
    /// How often it was asked.
    pub(crate) queries: u32,
    /// How long the request has waited for it, and for room on a connection, in microseconds.
    pub(crate) waited_us: u64,
    /// How long of that for room on a connection.
    pub(crate) pool_us: u64,
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
    let result = database.run(batch, sink, parts).await;
    let waited_us = time::precise_us()
        .saturating_sub(began_us)
        .saturating_sub(sending_us(parts));
    handle.with(|request| {
        if let Some(context) = request.context_or_default::<Postern>() {
            context.database.queries += 1;
            context.database.waited_us += waited_us;
            context.database.pool_us += batch.pool_us.get();
        }
    });
    result
}
