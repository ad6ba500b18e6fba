//! What a statement answers: the members of the objects, and what follows them unseen.

use crate::api_request::{PathOperand, SelectItem};
use crate::query::Rendering;
use crate::schema_cache::Column;

use super::planner::Planner;
use super::shape::{ColumnIndex, Field, Hidden, Output, OutputItem};
use super::{PlanError, type_name};

impl Planner<'_> {
    /// Holds the `select` argument against the relation; without one, all columns are answered.
    pub(super) fn output(&mut self, select: &[SelectItem<'_>]) -> Result<Output, PlanError> {
        if select.iter().all(|item| self.is_star(item)) {
            return Ok(Output::All);
        }
        let mut items = Vec::with_capacity(select.len());
        for item in select {
            if self.is_star(item) {
                let columns = self.relation.columns.iter().zip(0..);
                items.extend(columns.map(|(column, index)| whole_column(Field::column(index), column, None)));
            } else {
                items.push(self.output_item(item)?);
            }
        }
        Ok(Output::Items(items))
    }

    /// `*` stands for all columns, unless a column has that name.
    fn is_star(&self, item: &SelectItem<'_>) -> bool {
        item.is_all_columns() && self.relation.position("*").is_none()
    }

    fn output_item(&mut self, item: &SelectItem<'_>) -> Result<OutputItem, PlanError> {
        let (field, column) = self.field(&item.field)?;
        let key = item.alias.as_deref().or_else(|| path_key(item)).map(Box::from);
        if let Some(cast) = &item.cast {
            let (name, rendering, to_json) = type_name::resolve(cast, self.schema, &self.relation.name)?;
            return Ok(OutputItem {
                field,
                cast: Some(name),
                key,
                rendering,
                to_json,
            });
        }
        Ok(match item.field.path.last() {
            Some(step) => {
                let rendering = if step.as_text {
                    Rendering::Text
                } else {
                    Rendering::Json
                };
                OutputItem {
                    field,
                    cast: None,
                    key,
                    rendering,
                    to_json: false,
                }
            }
            None => whole_column(field, column, key),
        })
    }
}

fn whole_column(field: Field, column: &Column, key: Option<Box<str>>) -> OutputItem {
    let (rendering, to_json) = column.data_type.rendering();
    OutputItem {
        field,
        cast: None,
        key,
        rendering,
        to_json,
    }
}

/// A path's value is called by the path's last key, or the column's name where there is none.
fn path_key<'r>(item: &'r SelectItem<'_>) -> Option<&'r str> {
    item.field.path.iter().rev().find_map(|step| match &step.operand {
        PathOperand::Key(key) => Some(&**key),
        PathOperand::Index(_) => None,
    })
}

/// The columns that an output is made of, each once.
pub(super) fn columns_of(output: &Output, columns: &[Column]) -> Vec<ColumnIndex> {
    match output {
        Output::All => (0..)
            .map(ColumnIndex)
            .zip(columns)
            .map(|(index, _)| index)
            .collect(),
        Output::Items(items) => {
            let mut indices: Vec<ColumnIndex> = items.iter().map(|item| item.field.column).collect();
            indices.sort_unstable_by_key(|index| index.0);
            indices.dedup();
            indices
        }
        Output::Nothing => Vec::new(),
    }
}

/// The rows of a statement as they are laid out: the output, then what is hidden.
pub(super) struct Row<'p> {
    output: &'p Output,
    columns: &'p [Column],
    pub(super) hidden: Vec<Hidden>,
}

impl<'p> Row<'p> {
    pub(super) fn new(output: &'p Output, columns: &'p [Column]) -> Self {
        Self::with(output, columns, Vec::new())
    }

    /// The same with what is hidden already.
    pub(super) fn with(output: &'p Output, columns: &'p [Column], hidden: Vec<Hidden>) -> Self {
        Self {
            output,
            columns,
            hidden,
        }
    }

    /// Where in a row the value of the field stands in PostgreSQL's own text: where it is shown, or else behind.
    pub(super) fn place(&mut self, field: &Field) -> usize {
        let (width, shown) = match self.output {
            Output::All => (self.columns.len(), self.shown_column(field)),
            Output::Items(items) => {
                let bare = |item: &OutputItem| item.cast.is_none() && !item.to_json && item.field == *field;
                (items.len(), items.iter().position(bare))
            }
            Output::Nothing => (0, None),
        };
        shown.unwrap_or_else(|| {
            let is_known = |hidden: &Hidden| matches!(hidden, Hidden::Field(other) if other == field);
            let known = self.hidden.iter().position(is_known);
            width
                + known.unwrap_or_else(|| {
                    self.hidden.push(Hidden::Field(field.clone()));
                    self.hidden.len() - 1
                })
        })
    }

    /// Where a value stands that is never shown.
    pub(super) fn hide(&mut self, hidden: Hidden) -> usize {
        let width = match self.output {
            Output::All => self.columns.len(),
            Output::Items(items) => items.len(),
            Output::Nothing => 0,
        };
        self.hidden.push(hidden);
        width + self.hidden.len() - 1
    }

    fn shown_column(&self, field: &Field) -> Option<usize> {
        let position = usize::from(field.column.0);
        let column = self.columns.get(position)?;
        (field.path.is_empty() && !column.data_type.rendering().1).then_some(position)
    }
}
