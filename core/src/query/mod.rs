//! SQL text and its parameters. This module is the only one that writes SQL; it sees a plan with its relation, never the schema
//! cache as a whole or HTTP.

mod array;
mod build;
pub mod context;
pub mod introspection;
mod params;
mod predicate;
mod probe;
mod select;
mod sql;
mod statement;
mod statement_cache;
mod write;

pub(crate) use array::write_literal as write_array_literal;
pub use build::build;
pub use params::Params;
pub use probe::probe;
pub use statement::{OutputColumn, Rendering, Statement};
pub use statement_cache::StatementCache;

use std::rc::Rc;

/// A statement with the values of one request: what goes to PostgreSQL as Bind and Execute.
#[derive(Debug, Clone)]
pub struct Query {
    /// The text and the shape of its result. Shared, so that a statement that is used often is written once.
    pub statement: Rc<Statement>,
    /// The values, in the order of `$1`, `$2`, …
    pub params: Params,
}
