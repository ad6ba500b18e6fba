//! The key of a resource: which columns it has, and the values in a URL.

use crate::api_request::{CompareOperator, JsonValue};
use crate::config::ResourceConfig;
use crate::schema_cache::Relation;

use super::PlanError;
use super::integer::integer;
use super::planner::Planner;
use super::shape::{ColumnIndex, Field, Predicate, Test};

/// The columns that tell rows apart. A key's columns count as not NULL, also where a view does not show it.
pub(super) struct Key {
    pub(super) columns: Vec<ColumnIndex>,
}

impl Key {
    /// The configured column, or else the primary key; `None` where there is neither.
    pub(super) fn of(relation: &Relation, resource: &ResourceConfig) -> Result<Option<Self>, PlanError> {
        let index = |position: usize| u16::try_from(position).ok().map(ColumnIndex);
        let columns = match &resource.key {
            Some(name) => {
                let position = relation.position(name).and_then(index);
                vec![position.ok_or_else(|| PlanError::UnknownColumn {
                    column: name.clone(),
                    similar: None,
                })?]
            }
            None => relation.primary_key.iter().copied().filter_map(index).collect(),
        };
        Ok((!columns.is_empty()).then_some(Self { columns }))
    }

    pub(super) fn contains(&self, column: ColumnIndex) -> bool {
        self.columns.contains(&column)
    }

    /// The conditions that single out the row with this id.
    pub(super) fn predicates(
        &self,
        planner: &mut Planner<'_>,
        id: &str,
    ) -> Result<Vec<Predicate>, PlanError> {
        let given = self.parts(id).count();
        if given != self.columns.len() {
            return Err(PlanError::KeyParts {
                expected: self.columns.len(),
                given,
            });
        }
        let pairs = self.columns.iter().zip(self.parts(id));
        pairs
            .map(|(&column, part)| {
                let value = planner.value(part.as_bytes())?;
                let field = Field::column(column.0);
                Ok(Predicate::Filter {
                    negated: false,
                    field,
                    test: Test::Compare(CompareOperator::Eq, value),
                })
            })
            .collect()
    }

    /// Whether a member of the body says the same of a key's column as the URL. Texts are compared, with the freedom of
    /// writing that numbers and UUIDs have: what passes is then left to the URL, so that nothing can be changed by it.
    pub(super) fn agrees(&self, id: &str, column: ColumnIndex, value: &JsonValue<'_>) -> bool {
        let Some(position) = self.columns.iter().position(|&own| own == column) else {
            return false;
        };
        let Some(part) = self.parts(id).nth(position) else {
            return false;
        };
        match value {
            JsonValue::String(text) | JsonValue::Number(text) => {
                part.eq_ignore_ascii_case(text) && part.is_ascii() && is_uuid(part)
                    || part == text
                    || matches!((part.parse::<i128>(), integer(text).parse::<i128>()), (Ok(one), Ok(other)) if one == other)
            }
            JsonValue::Bool(flag) => part == if *flag { "true" } else { "false" },
            JsonValue::Null | JsonValue::Nested(_) => false,
        }
    }

    /// A key of one column takes the id as it is; of several, its parts are separated by commas.
    fn parts<'i>(&self, id: &'i str) -> impl Iterator<Item = &'i str> + use<'i> {
        let count = if self.columns.len() == 1 { 1 } else { usize::MAX };
        id.splitn(count, ',')
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
