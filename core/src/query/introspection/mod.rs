//! Reading PostgreSQL's catalogue: what `schema_cache` is made of.

use std::rc::Rc;

use super::{Params, Query, Statement, array};

/// What has to run before [`catalogue`] in the same transaction (the same batch): an empty search path, so that the
/// catalogue qualifies the names in types and defaults, and no JIT, which costs more here than it saves.
pub fn context() -> Query {
    let sql = "select set_config('search_path', '', true), set_config('jit', 'off', true)";
    Query {
        statement: Rc::new(Statement::new(sql, [], 2)),
        params: Params::new(),
    }
}

/// The statement whose rows, one JSON text each, `SchemaCacheBuilder::row` takes.
pub fn catalogue<'a>(schemas: impl IntoIterator<Item = &'a str>) -> Query {
    let mut params = Params::new();
    params.push_with(|bytes| array::write_literal(bytes, schemas));
    Query {
        statement: Rc::new(Statement::new(include_str!("catalogue.sql"), [], 1)),
        params,
    }
}
