//! Conditions on rows.

use crate::api_request::{Condition, Filter, Operation};
use crate::query::write_array_literal;
use crate::schema_cache::TypeClass;

use super::PlanError;
use super::planner::Planner;
use super::shape::{Predicate, Test};

/// How deep `and` and `or` may be nested.
const MAX_DEPTH: usize = 32;

impl Planner<'_> {
    /// Holds a list of conditions against the relation.
    pub(super) fn predicates(
        &mut self,
        conditions: &[Condition<'_>],
        depth: usize,
    ) -> Result<Vec<Predicate>, PlanError> {
        if depth > MAX_DEPTH {
            return Err(PlanError::TooComplex);
        }
        conditions
            .iter()
            .map(|condition| self.predicate(condition, depth))
            .collect()
    }

    fn predicate(&mut self, condition: &Condition<'_>, depth: usize) -> Result<Predicate, PlanError> {
        match condition {
            Condition::Logic {
                negated,
                operator,
                conditions,
            } => Ok(Predicate::Logic {
                negated: *negated,
                operator: *operator,
                predicates: self.predicates(conditions, depth + 1)?,
            }),
            Condition::Filter(filter) => self.filter(filter),
        }
    }

    fn filter(&mut self, filter: &Filter<'_>) -> Result<Predicate, PlanError> {
        let (field, column) = self.field(&filter.field)?;
        let test = match &filter.operation {
            Operation::Compare(operator, value) => Test::Compare(*operator, self.value(value.as_bytes())?),
            Operation::In(values) => {
                let values = values.iter().map(|value| &**value);
                Test::In(self.written(|out| write_array_literal(out, values))?)
            }
            Operation::Is(value) => Test::Is(*value),
            Operation::FullText {
                function,
                language,
                query,
            } => Test::FullText {
                is_vector: field.path.is_empty() && column.data_type.class == TypeClass::TextSearch,
                function: *function,
                language: language
                    .as_deref()
                    .map(|name| self.value(name.as_bytes()))
                    .transpose()?,
                query: self.value(query.as_bytes())?,
            },
        };
        Ok(Predicate::Filter {
            negated: filter.negated,
            field,
            test,
        })
    }
}
