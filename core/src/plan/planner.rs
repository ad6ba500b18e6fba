//! What every part of a plan needs: the relation, the values so far, and how a field is found.

use std::rc::Rc;

use crate::api_request::{FieldPath, PathOperand, PathStep};
use crate::query::Params;
use crate::schema_cache::{Column, Relation, SchemaCache, TypeClass};
use crate::sql_endpoint::Methods;

use super::shape::{ColumnIndex, Field, Param, Step};
use super::{PlanError, similar};

/// A plan in the making.
pub(super) struct Planner<'p> {
    pub(super) schema: &'p SchemaCache,
    pub(super) relation: &'p Rc<Relation>,
    /// The methods that are served.
    pub(super) methods: Methods,
    pub(super) params: Params,
}

impl<'p> Planner<'p> {
    /// The column of that name, or what an argument that asks for it is told.
    pub(super) fn column(&self, name: &str) -> Result<(ColumnIndex, &'p Column), PlanError> {
        find(self.relation, name).ok_or_else(|| PlanError::UnknownColumn {
            column: name.into(),
            similar: similar::column(self.relation, name),
        })
    }

    /// The column of that name, or what a body that has it is told.
    pub(super) fn member(&self, name: &str) -> Result<(ColumnIndex, &'p Column), PlanError> {
        find(self.relation, name).ok_or_else(|| PlanError::UnknownMember {
            column: name.into(),
            similar: similar::column(self.relation, name),
        })
    }

    /// A column with the path into it; the path's keys become parameters.
    pub(super) fn field(&mut self, field: &FieldPath<'_>) -> Result<(Field, &'p Column), PlanError> {
        let (index, column) = self.column(&field.column)?;
        let is_json = matches!(column.data_type.class, TypeClass::Json | TypeClass::Jsonb);
        let path = field
            .path
            .iter()
            .map(|step| self.step(step))
            .collect::<Result<Vec<_>, _>>()?;
        let to_jsonb = !path.is_empty() && !is_json;
        Ok((
            Field {
                column: index,
                to_jsonb,
                path,
            },
            column,
        ))
    }

    fn step(&mut self, step: &PathStep<'_>) -> Result<Step, PlanError> {
        let (is_index, operand) = match &step.operand {
            PathOperand::Key(key) => (false, self.value(key.as_bytes())?),
            PathOperand::Index(index) => (true, self.number(*index)?),
        };
        Ok(Step {
            as_text: step.as_text,
            is_index,
            operand,
        })
    }

    /// Makes a parameter of a value.
    pub(super) fn value(&mut self, value: &[u8]) -> Result<Param, PlanError> {
        param(self.params.push(value))
    }

    /// Makes a parameter of a value that may be NULL.
    pub(super) fn nullable(&mut self, value: Option<&[u8]>) -> Result<Param, PlanError> {
        match value {
            Some(value) => self.value(value),
            None => param(self.params.push_null()),
        }
    }

    /// Makes a parameter of what `write` appends.
    pub(super) fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<Param, PlanError> {
        param(self.params.push_with(write))
    }

    /// Makes a parameter of a number.
    pub(super) fn number(&mut self, number: impl itoa::Integer) -> Result<Param, PlanError> {
        self.value(itoa::Buffer::new().format(number).as_bytes())
    }
}

fn find<'r>(relation: &'r Relation, name: &str) -> Option<(ColumnIndex, &'r Column)> {
    let position = relation.position(name)?;
    Some((
        ColumnIndex(u16::try_from(position).ok()?),
        relation.columns.get(position)?,
    ))
}

/// The protocol counts parameters in 16 bits; no honest request comes near.
pub(super) fn param(position: usize) -> Result<Param, PlanError> {
    u16::try_from(position)
        .map(Param)
        .map_err(|_| PlanError::TooComplex)
}
