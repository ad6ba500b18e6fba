//! The row that a conditional write is about, as it is now (RFC 9110 section 13): read first, and required to be still the same by the
//! statement that writes. So nobody has to hold a transaction open, and no change that comes between is lost.

use std::rc::Rc;

use postern_core::conditional::{Current, EntityTag};
use postern_core::error::Error;
use postern_core::plan::{self, Plan, PlanError};
use postern_core::schema_cache::SchemaCache;

use super::caller::Caller;
use super::conditional;
use super::resource::plan_with;
use super::rows::{ObjectRow, Rows, RowsResult};
use crate::conf::ResourceSettings;
use crate::nginx::Request;
use crate::nginx::task::RequestHandle;
use crate::worker::{Batch, Changes, Database, Whole};

/// The row as it was read.
pub(super) struct CurrentRow {
    plan: Plan,
    row: ObjectRow,
}

impl CurrentRow {
    /// Whether there was one.
    pub(super) fn is_there(&self) -> bool {
        self.row.json.is_some()
    }

    /// Has a write find the row only if it is still the same.
    pub(super) fn require_in(&self, write: &mut Plan) -> Result<(), PlanError> {
        match &self.row.text {
            Some(text) => write.require(&self.plan, text),
            None => Ok(()),
        }
    }
}

/// Reads the row and judges the request by it.
pub(super) async fn read(
    handle: &RequestHandle,
    settings: &ResourceSettings,
    database: &Database,
    schema: &Rc<SchemaCache>,
) -> Result<CurrentRow, Error> {
    let (batch, plan) = handle
        .with(|request| prepare(request, settings, database, schema))
        .ok_or(Error::Internal)??;
    let position = batch.queries.len().saturating_sub(1);
    let statement = batch.queries.last().map(|query| Rc::clone(&query.statement));
    let statement = statement.ok_or(Error::Internal)?;
    let sink = || Rows::new(&plan.response, &statement, position);
    let rows = database.run(&batch, sink, &mut Whole).await?;
    let RowsResult::Object(row) = rows.result else {
        return Err(Error::Internal);
    };
    let current = row.json.as_ref().map(|json| Current {
        etag: EntityTag::of(json),
        last_modified_s: row.last_modified_s,
    });
    handle
        .with(|request| conditional::judge_write(request, current.as_ref()))
        .ok_or(Error::Internal)??;
    Ok(CurrentRow { plan, row })
}

fn prepare(
    request: &mut Request,
    settings: &ResourceSettings,
    database: &Database,
    schema: &Rc<SchemaCache>,
) -> Result<(Batch, Plan), Error> {
    let plan = plan_with(request, settings, |asked| {
        plan::plan_current(asked, &settings.config, schema)
    })?;
    let caller = Caller::of(request, database)?;
    let main = database.query(schema, plan.statement.clone());
    let context = caller.context(request, database, true, false);
    let batch = Batch {
        role: caller.role,
        queries: context.into_iter().chain([main]).collect(),
        read_only: true,
        changes: Changes::Nothing,
    };
    Ok((batch, plan))
}
