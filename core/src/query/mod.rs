//! SQL text and its parameters. This module is the only one that writes SQL; it sees a plan, never the schema cache or HTTP.

mod params;
mod statement;

pub use params::Params;
pub use statement::{OutputColumn, Rendering, Statement};

use std::rc::Rc;

/// A statement with the values of one request: what goes to PostgreSQL as Bind and Execute.
#[derive(Debug, Clone)]
pub struct Query {
    /// The text and the shape of its result. Shared, so that a statement that is used often is written once.
    pub statement: Rc<Statement>,
    /// The values, in the order of `$1`, `$2`, …
    pub params: Params,
}
