//! A request held against the schema cache: every identifier is known to exist, every rendering is decided.
//!
//! A plan is a [`StatementShape`], which `query` turns into SQL text, and the values of its parameters. It knows the schema
//! cache, never SQL.

pub mod cursor;
mod error;
mod filter;
mod integer;
mod key;
mod order;
mod output;
mod planner;
mod response;
mod shape;
mod similar;
mod type_name;
mod write;

pub use error::{NotWritable, PlanError};
pub use response::{CursorShape, ResponseShape};
pub use shape::*;
pub use type_name::{KnownType, TypeName};

use std::borrow::Cow;

use crate::api_request::{Action, ApiRequest, Page, Payload};
use crate::config::ResourceConfig;
use crate::query::Params;
use crate::schema_cache::SchemaCache;
use crate::sql_endpoint::Methods;

use key::Key;
use order::Order;
use output::Row;
use planner::Planner;

/// What is to be done, all of it checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The statement, for `query::build` or a `query::StatementCache`.
    pub statement: StatementPlan,
    /// What becomes of its rows.
    pub response: ResponseShape,
    /// Whether the transaction can be read only.
    pub read_only: bool,
    /// Whether PostgreSQL should be told to plan the statement once for all values (`plan_cache_mode`): so where one index
    /// is the way whatever the values are, and only there.
    pub prefer_generic_plan: bool,
}

/// Holds a request against the schema.
pub fn plan(
    request: &ApiRequest<'_>,
    resource: &ResourceConfig,
    schema: &SchemaCache,
) -> Result<Plan, PlanError> {
    let unknown = || PlanError::unknown_relation(&resource.relation);
    let relation = schema.relation(&resource.relation).ok_or_else(unknown)?;
    let key = Key::of(relation, resource)?;
    let planner = Planner {
        schema,
        relation,
        methods: resource.methods,
        params: room(&request.action),
    };
    match &request.action {
        Action::List => planner.list(request, resource, key.as_ref()),
        Action::Insert(payload) => planner.insert(request, payload, key.as_ref()),
        Action::Read(id) | Action::Update(id, _) | Action::Replace(id, _) | Action::Delete(id) => {
            let key = key.ok_or_else(|| PlanError::NoKey {
                relation: relation.name.name.clone(),
            })?;
            planner.keyed(request, resource, &key, id)
        }
    }
}

/// Room for the values of a request: those of its body, and a key.
fn room(action: &Action<'_>) -> Params {
    match action {
        Action::Insert(Payload::One(members))
        | Action::Update(_, Payload::One(members))
        | Action::Replace(_, Payload::One(members)) => {
            let bytes = members.iter().map(|(_, value)| value.text().len()).sum::<usize>();
            Params::with_capacity(members.len() + 1, bytes + KEY_BYTES)
        }
        _ => Params::new(),
    }
}

/// Room for a key of usual size, in bytes.
const KEY_BYTES: usize = 32;

/// Reads the row that a request is about, as GET of the same URL would, with its columns as one text: what a conditional write is held
/// against. The column that tells when it was changed is among them, even if it is not selected.
pub fn plan_current(
    request: &ApiRequest<'_>,
    resource: &ResourceConfig,
    schema: &SchemaCache,
) -> Result<Plan, PlanError> {
    let id = match &request.action {
        Action::Read(id) | Action::Update(id, _) | Action::Replace(id, _) | Action::Delete(id) => &**id,
        Action::List | Action::Insert(_) => "",
    };
    let read = ApiRequest {
        action: Action::Read(Cow::Borrowed(id)),
        select: request.select.clone(),
        filters: Vec::new(),
        order: Vec::new(),
        page: Page::default(),
    };
    let mut plan = plan(&read, resource, schema)?;
    let StatementPlan { relation, shape, .. } = &mut plan.statement;
    let mut row = Row::with(
        &shape.output,
        &relation.columns,
        std::mem::take(&mut shape.hidden),
    );
    let mut columns = output::columns_of(&shape.output, &relation.columns);
    let changed = row.hidden.iter().find_map(|hidden| match hidden {
        Hidden::Epoch(column) => Some(*column),
        Hidden::Field(_) | Hidden::Row(_) => None,
    });
    let changed = changed.filter(|column| !columns.contains(column));
    columns.extend(changed);
    let place = row.hide(Hidden::Row(columns));
    let hidden = row.hidden;
    shape.hidden = hidden;
    if let ResponseShape::Object { text, .. } = &mut plan.response {
        *text = Some(place);
    }
    Ok(plan)
}

impl Plan {
    /// Has the statement find the row only if it is still what [`plan_current`] has read.
    pub fn require(&mut self, current: &Self, text: &[u8]) -> Result<(), PlanError> {
        let columns = current
            .statement
            .shape
            .hidden
            .iter()
            .find_map(|hidden| match hidden {
                Hidden::Row(columns) => Some(columns.clone()),
                Hidden::Field(_) | Hidden::Epoch(_) => None,
            });
        let Some(columns) = columns else { return Ok(()) };
        let text = planner::param(self.statement.params.push(text))?;
        self.statement
            .shape
            .predicates
            .push(Predicate::Row { columns, text });
        Ok(())
    }
}

impl Planner<'_> {
    fn list(
        mut self,
        request: &ApiRequest<'_>,
        resource: &ResourceConfig,
        key: Option<&Key>,
    ) -> Result<Plan, PlanError> {
        let output = self.output(&request.select)?;
        let predicates = self.predicates(&request.filters, 0)?;
        let order = Order::of(&mut self, &request.order, key)?;
        let start = self.start(&order, &request.page)?;
        let offset = self.offset(&request.page)?;
        let (rows, limit) = self.limit(request.page.limit, resource)?;
        let reach = self.reach(&start, &request.page, rows)?;
        let mut row = Row::new(&output, &self.relation.columns);
        let cursor = order
            .fingerprint()
            .filter(|_| rows > 0)
            .map(|fingerprint| CursorShape {
                fingerprint,
                columns: order.fields().map(|field| row.place(field)).collect(),
            });
        let hidden = row.hidden;
        let any_plan = matches!((offset, limit), (None, Limit::Rows(_)));
        let prefer_generic_plan = any_plan && predicates.is_empty();
        let verb = Verb::List(List {
            order: order.into_terms(),
            start,
            offset,
            reach,
            limit,
        });
        let shape = StatementShape {
            verb,
            predicates,
            output,
            hidden,
        };
        let response = ResponseShape::Page { limit: rows, cursor };
        Ok(self.finish(shape, response, prefer_generic_plan))
    }

    /// The rows to show (`resource` has seen to it that they are not too many), and the limit of the statement, which is
    /// one more.
    fn limit(&mut self, asked: Option<u64>, resource: &ResourceConfig) -> Result<(u64, Limit), PlanError> {
        let default = u64::from(resource.default_limit.get());
        let rows = asked.unwrap_or(default);
        let fetched = if rows == 0 { 0 } else { rows + 1 };
        let limit = if rows == default {
            Limit::Rows(fetched)
        } else {
            Limit::Param(self.number(fetched)?)
        };
        Ok((rows, limit))
    }

    fn start(&mut self, order: &Order, page: &Page<'_>) -> Result<Start, PlanError> {
        match &page.cursor {
            Some(cursor) => order.after(self, cursor).map(Start::After),
            None => Ok(Start::First),
        }
    }

    /// What is passed over may all be in one part of several.
    fn reach(&mut self, start: &Start, page: &Page<'_>, rows: u64) -> Result<Option<Param>, PlanError> {
        let has_parts = matches!(start, Start::After(parts) if parts.len() > 1);
        if page.offset == 0 || !has_parts {
            return Ok(None);
        }
        // One more than is shown, as for the whole.
        let reach = page
            .offset
            .checked_add(rows + 1)
            .and_then(|reach| i64::try_from(reach).ok());
        self.number(reach.ok_or(PlanError::OffsetTooLarge)?).map(Some)
    }

    /// How many rows are passed over, from where the page would start otherwise.
    fn offset(&mut self, page: &Page<'_>) -> Result<Option<Param>, PlanError> {
        match i64::try_from(page.offset) {
            Ok(0) => Ok(None),
            Ok(offset) => self.number(offset).map(Some),
            Err(_) => Err(PlanError::OffsetTooLarge),
        }
    }

    fn insert(
        mut self,
        request: &ApiRequest<'_>,
        payload: &Payload<'_>,
        key: Option<&Key>,
    ) -> Result<Plan, PlanError> {
        self.check_method(self.relation.writable.insert, false)?;
        let source = self.source(payload)?;
        let output = self.output(&request.select)?;
        let mut row = Row::new(&output, &self.relation.columns);
        let response = match payload {
            Payload::One(_) => {
                let columns = key.iter().flat_map(|key| &key.columns);
                ResponseShape::CreatedOne {
                    key: columns
                        .map(|column| row.place(&Field::column(column.0)))
                        .collect(),
                }
            }
            Payload::Many { .. } => ResponseShape::CreatedMany,
        };
        let hidden = row.hidden;
        let shape = StatementShape {
            verb: Verb::Insert(source),
            predicates: Vec::new(),
            output,
            hidden,
        };
        Ok(self.finish(shape, response, false))
    }

    /// A statement on the row with this id.
    fn keyed(
        mut self,
        request: &ApiRequest<'_>,
        resource: &ResourceConfig,
        key: &Key,
        id: &str,
    ) -> Result<Plan, PlanError> {
        let verb = self.keyed_verb(&request.action, key, id)?;
        let mut predicates = key.predicates(&mut self, id)?;
        predicates.extend(self.predicates(&request.filters, 0)?);
        let (output, mut response) = match verb {
            Verb::Delete => (Output::Nothing, ResponseShape::Deleted),
            _ => (
                self.output(&request.select)?,
                ResponseShape::Object {
                    last_modified: None,
                    text: None,
                },
            ),
        };
        let mut row = Row::new(&output, &self.relation.columns);
        if let (Action::Read(_), ResponseShape::Object { last_modified, .. }, Some(name)) =
            (&request.action, &mut response, &resource.last_modified)
        {
            let (index, column) = self.column(name)?;
            if !column.data_type.is_date() {
                return Err(PlanError::NotADate {
                    column: column.name.clone(),
                });
            }
            *last_modified = Some(row.hide(Hidden::Epoch(index)));
        }
        let hidden = row.hidden;
        let shape = StatementShape {
            verb,
            predicates,
            output,
            hidden,
        };
        // By itself, PostgreSQL comes to one plan for all values after five executions: a key leaves nothing to choose.
        Ok(self.finish(shape, response, false))
    }

    fn keyed_verb(&mut self, action: &Action<'_>, key: &Key, id: &str) -> Result<Verb, PlanError> {
        let writable = self.relation.writable;
        let assignments = match action {
            Action::Delete(_) => {
                self.check_method(writable.delete, true)?;
                return Ok(Verb::Delete);
            }
            Action::Update(_, Payload::One(members)) => {
                self.check_method(writable.update, true)?;
                self.changes(key, id, members)?
            }
            Action::Replace(_, Payload::One(members)) => {
                self.check_method(writable.update, true)?;
                self.replacement(key, id, members)?
            }
            Action::Update(_, Payload::Many { .. }) | Action::Replace(_, Payload::Many { .. }) => {
                return Err(PlanError::NotAnObject);
            }
            Action::Read(_) | Action::List | Action::Insert(_) => Vec::new(),
        };
        // Nothing to change: the row is answered as it is, as if it had been updated.
        Ok(if assignments.is_empty() {
            Verb::Read
        } else {
            Verb::Update(assignments)
        })
    }

    fn check_method(&self, taken: bool, keyed: bool) -> Result<(), PlanError> {
        if taken {
            return Ok(());
        }
        let writable = self.relation.writable;
        let methods = if keyed {
            Methods::of(&[
                (true, "GET"),
                (writable.update, "PUT,PATCH"),
                (writable.delete, "DELETE"),
            ])
        } else {
            Methods::of(&[(true, "GET"), (writable.insert, "POST")])
        };
        let allow = methods.and(self.methods).allow();
        Err(PlanError::MethodNotAllowed {
            relation: self.relation.name.name.clone(),
            allow: allow.into(),
        })
    }

    fn finish(self, shape: StatementShape, response: ResponseShape, prefer_generic_plan: bool) -> Plan {
        let read_only = matches!(shape.verb, Verb::Read | Verb::List(_));
        let statement = StatementPlan {
            relation: self.relation.clone(),
            shape,
            params: self.params,
        };
        Plan {
            statement,
            response,
            read_only,
            prefer_generic_plan,
        }
    }
}
