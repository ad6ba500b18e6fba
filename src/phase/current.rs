//! The row that a conditional write is about, as it is now (RFC 9110 section 13): read first, and required to be still the same by the
//! statement that writes. So nobody has to hold a transaction open, and no change that comes between is lost.

use std::cell::Cell;
use std::rc::Rc;

use postern_core::error::Error;
use postern_core::plan::{self, Plan, PlanError};
use postern_core::schema_cache::SchemaCache;

use super::caller::{Caller, Transaction};
use super::conditional;
use super::queries;
use super::resource::{Asked, plan_with};
use super::rows::{Rows, RowsResult};
use crate::conf::ResourceSettings;
use crate::nginx::Request;
use crate::worker::{Batch, Changes, Database, Whole};

/// The row as it was read.
pub(super) struct CurrentRow {
    plan: Plan,
    /// Its columns as one text.
    text: Vec<u8>,
}

impl CurrentRow {
    /// Whether it was the same when it was read before.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.text == other.text
    }

    /// Has a write find the row only if it is still the same.
    pub(super) fn require_in(&self, write: &mut Plan) -> Result<(), PlanError> {
        write.require(&self.plan, &self.text)
    }
}

/// Reads the row and judges the request by it. Without a row there is nothing to write, whatever comes in between.
pub(super) async fn read(asked: &Asked<'_>) -> Result<CurrentRow, Error> {
    let &Asked {
        handle,
        settings,
        database,
        schema,
    } = asked;
    let (batch, plan) = handle
        .with(|request| prepare(request, settings, database, schema))
        .ok_or(Error::Internal)??;
    let position = batch.queries.len().saturating_sub(1);
    let statement = batch.queries.last().map(|query| Rc::clone(&query.statement));
    let statement = statement.ok_or(Error::Internal)?;
    let sink = || Rows::new(&plan.response, &statement, position);
    let rows = queries::run(asked.handle, database, &batch, sink, &mut Whole, |_| 0).await?;
    let RowsResult::Object(row) = rows.result else {
        return Err(Error::Internal);
    };
    handle
        .with(|request| conditional::judge_write(request, row.json.as_deref(), row.last_modified_s))
        .ok_or(Error::Internal)??;
    let text = row.text.ok_or(Error::NotFound)?;
    Ok(CurrentRow { plan, text })
}

fn prepare(
    request: &mut Request,
    settings: &ResourceSettings,
    database: &Database,
    schema: &Rc<SchemaCache>,
) -> Result<(Batch, Plan), Error> {
    let plan = plan_with(request, settings, |asked| {
        // What is wrong with the request itself comes before what it demands (RFC 9110 section 13.2.1).
        plan::plan(asked, &settings.config, schema)?;
        plan::plan_current(asked, &settings.config, schema)
    })?;
    let caller = Caller::of(request, database)?;
    let main = database.query(schema, plan.statement.clone());
    let transaction = Transaction {
        read_only: true,
        ..Transaction::default()
    };
    let context = caller.context(request, database, &transaction);
    let batch = Batch {
        role: caller.role,
        queries: context.into_iter().chain([main]).collect(),
        read_only: true,
        changes: Changes::Nothing,
        pool_us: Cell::default(),
    };
    Ok((batch, plan))
}
