//! New rows and new values.

use std::borrow::Cow;

use crate::api_request::{JsonValue, Payload};
use crate::schema_cache::{Column, Generated, TypeClass};

use super::integer::{integer, integers, integers_of_rows};
use super::key::Key;
use super::planner::Planner;
use super::shape::{Assignment, ColumnIndex, Source, Value};
use super::{NotWritable, PlanError};

impl<'p> Planner<'p> {
    /// Where the rows of an insert come from.
    pub(super) fn source(&mut self, payload: &Payload<'_>) -> Result<Source, PlanError> {
        match payload {
            Payload::One(members) => {
                let mut assignments = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let (index, column) = self.writable_member(name)?;
                    assignments.push(self.assignment(index, column, value)?);
                }
                Ok(Source::Values(assignments))
            }
            Payload::Many { rows: 0, .. } => Ok(Source::Nothing),
            Payload::Many { keys, json, .. } => {
                let columns = keys
                    .iter()
                    .map(|name| self.writable_member(name))
                    .collect::<Result<Vec<_>, _>>()?;
                let of_integers = |(_, column): &(ColumnIndex, &Column)| has_integers(&column.data_type.base);
                let mut rewritten = None;
                if columns.iter().any(of_integers) {
                    rewritten = integers_of_rows(json, |name| {
                        let mut columns = columns.iter().filter(|one| of_integers(one));
                        columns.any(|(_, column)| *column.name == *name)
                    });
                }
                Ok(Source::Json {
                    columns: columns.iter().map(|(index, _)| *index).collect(),
                    json: self.value(rewritten.as_deref().map_or(json, str::as_bytes))?,
                })
            }
        }
    }

    /// The new values of a partial update. A member that repeats the key of the URL changes nothing and is passed over.
    pub(super) fn changes(
        &mut self,
        key: &Key,
        id: &str,
        members: &[(Cow<'_, str>, JsonValue<'_>)],
    ) -> Result<Vec<Assignment>, PlanError> {
        let mut assignments = Vec::with_capacity(members.len());
        for (name, value) in members {
            let (index, column) = self.member(name)?;
            if key.contains(index) && key.agrees(id, index, value) {
                continue;
            }
            check_writable(column)?;
            assignments.push(self.assignment(index, column, value)?);
        }
        Ok(assignments)
    }

    /// The new values of a replacement: of each column that can be written, the key's excepted, the body's or its default.
    pub(super) fn replacement(
        &mut self,
        key: &Key,
        id: &str,
        members: &[(Cow<'_, str>, JsonValue<'_>)],
    ) -> Result<Vec<Assignment>, PlanError> {
        let mut given: Vec<Option<&JsonValue<'_>>> = vec![None; self.relation.columns.len()];
        for (name, value) in members {
            let (index, column) = self.member(name)?;
            if key.contains(index) {
                if !key.agrees(id, index, value) {
                    return Err(PlanError::KeyMismatch {
                        column: column.name.clone(),
                    });
                }
                continue;
            }
            check_writable(column)?;
            if let Some(slot) = given.get_mut(usize::from(index.0)) {
                *slot = Some(value);
            }
        }
        let relation = self.relation;
        let columns = relation.columns.iter().zip(given).zip((0..).map(ColumnIndex));
        columns
            .filter(|((column, _), index)| column.writable() && !key.contains(*index))
            .map(|((column, value), index)| match value {
                Some(value) => self.assignment(index, column, value),
                None => Ok(Assignment {
                    column: index,
                    value: Value::Default,
                }),
            })
            .collect()
    }

    fn writable_member(&self, name: &str) -> Result<(ColumnIndex, &'p Column), PlanError> {
        let (index, column) = self.member(name)?;
        check_writable(column)?;
        Ok((index, column))
    }

    /// One parameter for one column. What `json_populate_record` would do with the value is done here: NULL for null, JSON
    /// text for json, the text of a scalar for the type's input function, and only for an array or an object that is to
    /// become an array or a composite PostgreSQL's own function.
    fn assignment(
        &mut self,
        index: ColumnIndex,
        column: &Column,
        value: &JsonValue<'_>,
    ) -> Result<Assignment, PlanError> {
        let class = column.data_type.class;
        let value = match value {
            JsonValue::Null => Value::Input(self.nullable(None)?),
            value if matches!(class, TypeClass::Json | TypeClass::Jsonb) => {
                Value::Input(self.written(|out| value.write_json(out))?)
            }
            JsonValue::Nested(json) if matches!(class, TypeClass::Array | TypeClass::Composite) => {
                Value::JsonMember(self.written(|out| {
                    out.extend_from_slice(b"{\"x\":");
                    let is_rewritten = has_integers(&column.data_type.base);
                    let json = if is_rewritten {
                        integers(json)
                    } else {
                        Cow::Borrowed(&**json)
                    };
                    out.extend_from_slice(json.as_bytes());
                    out.push(b'}');
                })?)
            }
            JsonValue::Bool(flag) => Value::Input(self.value(if *flag { b"true" } else { b"false" })?),
            JsonValue::Number(text) if is_integer(&column.data_type.base) => {
                Value::Input(self.value(integer(text).as_bytes())?)
            }
            JsonValue::Number(text) | JsonValue::String(text) | JsonValue::Nested(text) => {
                Value::Input(self.value(text.as_bytes())?)
            }
        };
        Ok(Assignment { column: index, value })
    }
}

fn is_integer(base: &str) -> bool {
    matches!(base, "smallint" | "integer" | "bigint")
}

/// The same, or arrays of them.
fn has_integers(base: &str) -> bool {
    is_integer(base.strip_suffix("[]").unwrap_or(base))
}

fn check_writable(column: &Column) -> Result<(), PlanError> {
    let reason = match column.generated {
        Generated::Stored => NotWritable::Generated,
        Generated::IdentityAlways => NotWritable::IdentityAlways,
        _ if !column.updatable => NotWritable::ViewExpression,
        _ => return Ok(()),
    };
    Err(PlanError::NotWritable {
        column: column.name.clone(),
        reason,
    })
}
