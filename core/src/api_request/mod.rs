//! What a client asks for, in PostgREST's words, before anything is known of the schema: column names are still text.

use std::borrow::Cow;

/// A request against one relation. Borrows from the request's target and body where nothing had to be decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest<'a> {
    /// What is to be done, with the key and the body it needs.
    pub action: Action<'a>,
    /// The columns to answer; empty means all.
    pub select: Vec<SelectItem<'a>>,
    /// The conditions, joined by AND.
    pub filters: Vec<Condition<'a>>,
    /// The order, before the key is appended.
    pub order: Vec<OrderTerm<'a>>,
    /// Which part of the list.
    pub page: Page<'a>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<'a> {
    /// A page of rows.
    List,
    /// The row of this key.
    Read(Cow<'a, str>),
    /// New rows.
    Insert(Payload<'a>),
    /// Every writable column of the row of this key gets a new value: the body's, or its default.
    Replace(Cow<'a, str>, Payload<'a>),
    /// The columns in the body get new values.
    Update(Cow<'a, str>, Payload<'a>),
    /// The row of this key goes.
    Delete(Cow<'a, str>),
}

/// The body of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload<'a> {
    /// A JSON object: its members in order, no key twice.
    One(Vec<(Cow<'a, str>, JsonValue<'a>)>),
    /// A JSON array of objects that all have these keys. PostgreSQL takes it apart (`json_to_recordset`).
    Many {
        /// The keys, in the order of the first object.
        keys: Vec<Cow<'a, str>>,
        /// The whole array as it came.
        json: Cow<'a, [u8]>,
        /// How many objects it has.
        rows: usize,
    },
}

/// A member's value as far as a parameter needs it.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An object or an array, as JSON text.
    Nested(Cow<'a, str>),
}

impl JsonValue<'_> {
    /// The JSON text of the value, for columns of json, array, composite and other such types.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Number(text) | Self::Nested(text) => out.extend_from_slice(text.as_bytes()),
            Self::String(text) => crate::response::write_json_string(out, text.as_bytes()),
        }
    }
}

/// A column, perhaps with a path into its JSON: `data->a->0->>b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath<'a> {
    /// The column.
    pub column: Cow<'a, str>,
    /// The steps into it.
    pub path: Vec<PathStep<'a>>,
}

/// One step of a JSON path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep<'a> {
    /// `->>` (text) instead of `->` (json); only the last step can be text.
    pub as_text: bool,
    /// Where the step goes.
    pub operand: PathOperand<'a>,
}

/// Where a step of a JSON path goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathOperand<'a> {
    /// A member of an object.
    Key(Cow<'a, str>),
    /// An element of an array; negative counts from the end.
    Index(i32),
}

/// `alias:column->path::cast`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectItem<'a> {
    /// What is selected.
    pub field: FieldPath<'a>,
    /// The key in the answer, where it is not the column's name or the path's last key.
    pub alias: Option<Cow<'a, str>>,
    /// The type it is cast to.
    pub cast: Option<Cow<'a, str>>,
}

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// `in.(a,b)`.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// `column.desc.nullslast`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTerm<'a> {
    /// What is ordered by.
    pub field: FieldPath<'a>,
    /// `desc`
    pub descending: bool,
    /// `nullsfirst` or `nullslast`; PostgreSQL's default (last for ascending, first for descending) otherwise.
    pub nulls_first: Option<bool>,
}

/// Which part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page<'a> {
    /// At most so many rows, where the client said so.
    pub limit: Option<u64>,
    /// Skip so many rows.
    pub offset: u64,
    /// Go on after the row that this cursor describes (opaque to the client).
    pub cursor: Option<Cow<'a, str>>,
}
mod error;
pub use error::RequestError;
