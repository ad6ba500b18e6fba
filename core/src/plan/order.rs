//! The order of a list, its cursor, and the rows after one.

use crate::api_request::{FieldPath, OrderTerm};
use crate::query::Params;

use super::PlanError;
use super::cursor::{self, Fingerprint};
use super::key::Key;
use super::planner::Planner;
use super::shape::{After, Apart, Field, OrderBy, Param};

/// A term of the order with what is known of its values.
struct Term {
    by: OrderBy,
    nullable: bool,
}

/// The order of a list.
pub(super) struct Order {
    terms: Vec<Term>,
    fingerprint: Fingerprint,
    /// Whether the order has the whole key, so that each row has a place of its own.
    total: bool,
}

impl Order {
    /// The terms that were asked for, then the columns of the key that are not among them, in the direction of the last term:
    /// one row comparison and one index, read forwards or backwards, serve an order that has one direction.
    pub(super) fn of(
        planner: &mut Planner<'_>,
        asked: &[OrderTerm<'_>],
        key: Option<&Key>,
    ) -> Result<Self, PlanError> {
        let fingerprint = Fingerprint::of_relation(&planner.relation.name);
        let mut order = Self {
            terms: Vec::with_capacity(asked.len() + 1),
            fingerprint,
            total: key.is_some(),
        };
        for term in asked {
            let nulls_first = term.nulls_first.unwrap_or(term.descending);
            order.push(planner, &term.field, term.descending, nulls_first, key)?;
        }
        let descending = order.terms.last().is_some_and(|term| term.by.descending);
        for &column in key.iter().flat_map(|key| &key.columns) {
            let Some(name) = planner
                .relation
                .columns
                .get(usize::from(column.0))
                .map(|column| &*column.name)
            else {
                continue;
            };
            let field = FieldPath {
                column: name.into(),
                path: Vec::new(),
            };
            order.push(planner, &field, descending, descending, key)?;
        }
        Ok(order)
    }

    /// Adds a term, unless an earlier one has decided already.
    fn push(
        &mut self,
        planner: &mut Planner<'_>,
        field: &FieldPath<'_>,
        descending: bool,
        nulls_first: bool,
        key: Option<&Key>,
    ) -> Result<(), PlanError> {
        let (resolved, column) = planner.field(field)?;
        let is_column = resolved.path.is_empty();
        if is_column && self.terms.iter().any(|term| term.by.field == resolved) {
            return Ok(());
        }
        let nullable = !is_column || column.nullable && !key.is_some_and(|key| key.contains(resolved.column));
        self.fingerprint = self.fingerprint.with_term(field, descending, nulls_first);
        // Where there are no NULLs, the default needs no words and fits any index.
        let nulls_first = if nullable { nulls_first } else { descending };
        self.terms.push(Term {
            by: OrderBy {
                field: resolved,
                descending,
                nulls_first,
            },
            nullable,
        });
        Ok(())
    }

    /// What tells this list from others, if its pages can be told apart by cursors.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.total.then_some(self.fingerprint)
    }

    /// The fields whose values a cursor holds.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.terms.iter().map(|term| &term.by.field)
    }

    /// The rows after that of a cursor.
    pub(super) fn after(&self, planner: &mut Planner<'_>, text: &str) -> Result<Vec<After>, PlanError> {
        let fingerprint = self.fingerprint().ok_or(PlanError::CursorMismatch)?;
        let values = cursor::decode(text, fingerprint, self.terms.len())?;
        let values = self.bind(planner, &values)?;
        Ok(self.branches(&values))
    }

    /// The terms as ORDER BY wants them.
    pub(super) fn into_terms(self) -> Vec<OrderBy> {
        self.terms.into_iter().map(|term| term.by).collect()
    }

    /// Makes parameters of a cursor's values. A NULL where there can be none is no cursor of ours.
    fn bind(&self, planner: &mut Planner<'_>, values: &Params) -> Result<Vec<Option<Param>>, PlanError> {
        let pairs = self.terms.iter().zip(values.iter());
        pairs
            .map(|(term, value)| match value {
                Some(value) => planner.value(value).map(Some),
                None if term.nullable => Ok(None),
                None => Err(PlanError::CursorMalformed),
            })
            .collect()
    }

    /// Splits "after this row" into parts that do not overlap, each of which an index on the order can walk from where it
    /// starts. In the common case, one direction and no NULLs to come, it is one part: `(a, id) > ($1, $2)`.
    fn branches(&self, values: &[Option<Param>]) -> Vec<After> {
        let mut branches = Vec::new();
        let mut position = 0;
        while let Some((term, value)) = self.terms.get(position).zip(values.get(position)) {
            let equal = values.get(..position).unwrap_or_default();
            let part = |equal: &[Option<Param>], then| After {
                equal: equal.to_vec(),
                then,
            };
            if value.is_none() {
                if term.by.nulls_first {
                    branches.push(part(equal, Apart::NotNull));
                }
                position += 1;
                continue;
            }
            let run = self.run(position, values);
            branches.push(part(equal, Apart::Beyond(run.clone())));
            for nullable in position..position + run.len() {
                if self
                    .terms
                    .get(nullable)
                    .is_some_and(|term| term.nullable && !term.by.nulls_first)
                {
                    branches.push(part(values.get(..nullable).unwrap_or_default(), Apart::Null));
                }
            }
            position += run.len();
        }
        branches
    }

    /// The values from `start` on that one row comparison takes in: not NULL, in one direction.
    fn run(&self, start: usize, values: &[Option<Param>]) -> Vec<Param> {
        let direction = self.terms.get(start).map(|term| term.by.descending);
        let pairs = self.terms.iter().zip(values).skip(start);
        pairs
            .map_while(|(term, value)| value.filter(|_| Some(term.by.descending) == direction))
            .collect()
    }
}
