//! WHERE.
//!
//! A value stands next to its column as a bare `$n`, so that it takes the column's type and an index on the column is used.

use crate::api_request::{CompareOperator, FullTextFunction, IsValue, LogicOperator};
use crate::plan::{After, Apart, Field, OrderBy, Param, Predicate, Test};

use super::sql::Sql;

impl Sql<'_> {
    /// ` WHERE …`, or nothing where everything goes.
    pub(super) fn where_clause(
        &mut self,
        predicates: &[Predicate],
        after: Option<(&[OrderBy], &After)>,
    ) -> &mut Self {
        if predicates.is_empty() && after.is_none() {
            return self;
        }
        self.sql(" WHERE ").list(predicates, " AND ", Self::predicate);
        if let Some((order, after)) = after {
            self.sql(if predicates.is_empty() { "" } else { " AND " })
                .after(order, after);
        }
        self
    }

    /// The plan bounds how deep this goes.
    fn predicate(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Logic {
                negated,
                operator,
                predicates,
            } => {
                self.sql(if *negated { "NOT (" } else { "(" });
                let (joint, empty) = match operator {
                    LogicOperator::And => (" AND ", "TRUE"),
                    LogicOperator::Or => (" OR ", "FALSE"),
                };
                self.sql(if predicates.is_empty() { empty } else { "" });
                self.list(predicates, joint, Self::predicate).sql(")");
            }
            Predicate::Row { columns, text } => {
                self.row_text(columns).sql(" = ").param(*text);
            }
            Predicate::Filter {
                negated: true,
                field,
                test,
            } => {
                self.sql("NOT (").test(field, test).sql(")");
            }
            Predicate::Filter {
                negated: false,
                field,
                test,
            } => {
                self.test(field, test);
            }
        }
    }

    fn test(&mut self, field: &Field, test: &Test) -> &mut Self {
        match test {
            Test::Compare(operator, value) => self.field(field).sql(operator_text(*operator)).param(*value),
            Test::In(values) => self.field(field).sql(" = ANY (").param(*values).sql(")"),
            Test::Is(value) => self.field(field).sql(match value {
                IsValue::Null => " IS NULL",
                IsValue::NotNull => " IS NOT NULL",
                IsValue::True => " IS TRUE",
                IsValue::False => " IS FALSE",
                IsValue::Unknown => " IS UNKNOWN",
            }),
            Test::FullText {
                is_vector,
                function,
                language,
                query,
            } => {
                if *is_vector {
                    self.field(field);
                } else {
                    self.sql("to_tsvector(").language(*language).field(field).sql(")");
                }
                self.sql(match function {
                    FullTextFunction::Fts => " @@ to_tsquery(",
                    FullTextFunction::Plfts => " @@ plainto_tsquery(",
                    FullTextFunction::Phfts => " @@ phraseto_tsquery(",
                    FullTextFunction::Wfts => " @@ websearch_to_tsquery(",
                });
                self.language(*language).param(*query).sql(")")
            }
        }
    }

    fn language(&mut self, language: Option<Param>) -> &mut Self {
        match language {
            Some(language) => self.param(language).sql("::regconfig, "),
            None => self,
        }
    }

    /// The rows of one part after a cursor.
    fn after(&mut self, order: &[OrderBy], after: &After) {
        for (term, value) in order.iter().zip(&after.equal) {
            match value {
                Some(value) => self.field(&term.field).sql(" = ").param(*value).sql(" AND "),
                None => self.field(&term.field).sql(" IS NULL AND "),
            };
        }
        let rest = order.get(after.equal.len()..).unwrap_or_default();
        match (&after.then, rest) {
            (Apart::Beyond(values), [first, ..]) => {
                let direction = if first.descending { " < " } else { " > " };
                self.row(rest.iter().take(values.len()), |sql, term| {
                    sql.field(&term.field);
                });
                self.sql(direction).row(values.iter(), |sql, value| {
                    sql.param(*value);
                });
            }
            (Apart::Null, [first, ..]) => {
                self.field(&first.field).sql(" IS NULL");
            }
            (Apart::NotNull, [first, ..]) => {
                self.field(&first.field).sql(" IS NOT NULL");
            }
            (_, []) => {
                self.sql("FALSE");
            }
        }
    }

    /// `(a, b)`, or `a` alone.
    fn row<T>(&mut self, items: impl ExactSizeIterator<Item = T>, each: impl FnMut(&mut Self, T)) {
        let parentheses = items.len() > 1;
        self.sql(if parentheses { "(" } else { "" })
            .list(items, ", ", each);
        self.sql(if parentheses { ")" } else { "" });
    }
}

fn operator_text(operator: CompareOperator) -> &'static str {
    match operator {
        CompareOperator::Eq => " = ",
        CompareOperator::Neq => " <> ",
        CompareOperator::Gt => " > ",
        CompareOperator::Gte => " >= ",
        CompareOperator::Lt => " < ",
        CompareOperator::Lte => " <= ",
        CompareOperator::Like => " LIKE ",
        CompareOperator::Ilike => " ILIKE ",
        CompareOperator::Match => " ~ ",
        CompareOperator::Imatch => " ~* ",
        CompareOperator::IsDistinct => " IS DISTINCT FROM ",
        CompareOperator::Contains => " @> ",
        CompareOperator::ContainedIn => " <@ ",
        CompareOperator::Overlaps => " && ",
    }
}
