//! Why a request does not fit the schema.

/// A request that parses but does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The relation of the location is not in the schema cache.
    #[error("relation {schema}.{name} does not exist or is not exposed")]
    UnknownRelation {
        /// Its schema.
        schema: Box<str>,
        /// Its name.
        name: Box<str>,
    },
    /// No such column.
    #[error("column {column:?} does not exist")]
    UnknownColumn {
        /// The name that was asked for.
        column: Box<str>,
    },
}
