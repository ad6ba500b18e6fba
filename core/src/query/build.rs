//! From a plan to a query.

use std::rc::Rc;

use crate::plan::{Output, StatementPlan, StatementShape, Verb};
use crate::response::write_json_string;
use crate::schema_cache::Relation;

use super::sql::Sql;
use super::{OutputColumn, Query, Statement};

/// Writes the statement of a plan. A [`super::StatementCache`] saves the writing where the shape was seen before.
pub fn build(plan: StatementPlan) -> Query {
    let statement = Rc::new(statement(&plan.relation, &plan.shape));
    Query {
        statement,
        params: plan.params,
    }
}

/// The text depends on the shape alone: values are not even within reach.
pub(super) fn statement(relation: &Relation, shape: &StatementShape) -> Statement {
    let mut sql = Sql::new(relation);
    match &shape.verb {
        Verb::Read => sql.read(shape),
        Verb::List(list) => sql.list_page(shape, list),
        Verb::Insert(source) => sql.insert(shape, source),
        Verb::Update(assignments) => sql.update(shape, assignments),
        Verb::Delete => sql.delete(shape),
    }
    let (columns, unshown) = output_columns(relation, &shape.output);
    Statement::new(sql.finish(), columns, unshown + shape.hidden.len())
}

/// The columns that are shown, and how many stand in their place where none is.
fn output_columns(relation: &Relation, output: &Output) -> (Vec<OutputColumn>, usize) {
    match output {
        Output::All => {
            let columns = relation.columns.iter().map(|column| OutputColumn {
                json_key: json_key(&column.name),
                rendering: column.data_type.rendering().0,
            });
            (columns.collect(), 0)
        }
        Output::Items(items) => {
            let columns = items.iter().map(|item| {
                let column = relation.columns.get(usize::from(item.field.column.0));
                let name = item.key.as_deref().or(column.map(|column| &*column.name));
                OutputColumn {
                    json_key: json_key(name.unwrap_or_default()),
                    rendering: item.rendering,
                }
            });
            (columns.collect(), 0)
        }
        Output::Nothing => (Vec::new(), 1),
    }
}

fn json_key(name: &str) -> Box<str> {
    let mut key = Vec::with_capacity(name.len() + 3);
    write_json_string(&mut key, name.as_bytes());
    key.push(b':');
    // Escaping touches ASCII only, so UTF-8 stays UTF-8.
    String::from_utf8_lossy(&key).into()
}
