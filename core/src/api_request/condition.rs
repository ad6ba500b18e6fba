//! Conditions on rows: the horizontal filters and the trees that join them.

use std::borrow::Cow;

use super::FieldPath;

/// A node of the tree of conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition<'a> {
    /// `and=(…)`, `or=(…)`, `not.and=(…)`.
    Logic {
        /// Whether the whole is negated.
        negated: bool,
        /// AND or OR.
        operator: LogicOperator,
        /// What it joins.
        conditions: Vec<Condition<'a>>,
    },
    /// `column=not.op.value`.
    Filter(Filter<'a>),
}

/// How conditions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogicOperator {
    /// All of them.
    And,
    /// Any of them.
    Or,
}

/// A condition on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter<'a> {
    /// What is compared.
    pub field: FieldPath<'a>,
    /// `not.`
    pub negated: bool,
    /// The comparison with its operand.
    pub operation: Operation<'a>,
}

/// A comparison with its operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation<'a> {
    /// An operator with one value. For `like` and `ilike`, `*` has already become `%`.
    Compare(CompareOperator, Cow<'a, str>),
    /// `in.(a,b)`; `in.()` has no values and is true of no row.
    In(Vec<Cow<'a, str>>),
    /// `is.null` and its like.
    Is(IsValue),
    /// `fts(language).query` and its like.
    FullText {
        /// Which function reads the query.
        function: FullTextFunction,
        /// The text search configuration.
        language: Option<Cow<'a, str>>,
        /// The query.
        query: Cow<'a, str>,
    },
}

/// Operators that take one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOperator {
    /// `=`
    Eq,
    /// `<>`
    Neq,
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `LIKE`
    Like,
    /// `ILIKE`
    Ilike,
    /// `~`
    Match,
    /// `~*`
    Imatch,
    /// `IS DISTINCT FROM`
    IsDistinct,
    /// `@>`
    Contains,
    /// `<@`
    ContainedIn,
    /// `&&`
    Overlaps,
}

/// What `is` compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IsValue {
    /// `IS NULL`
    Null,
    /// `IS NOT NULL`
    NotNull,
    /// `IS TRUE`
    True,
    /// `IS FALSE`
    False,
    /// `IS UNKNOWN`
    Unknown,
}

/// The function that reads a full-text query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FullTextFunction {
    /// `to_tsquery`
    Fts,
    /// `plainto_tsquery`
    Plfts,
    /// `phraseto_tsquery`
    Phfts,
    /// `websearch_to_tsquery`
    Wfts,
}
