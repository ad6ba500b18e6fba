//! The shape of a statement: everything its SQL text depends on, and nothing else.
//!
//! A shape names columns by position, types by what the catalogue or our own table calls them, and values only by the number
//! of their parameter. No byte of a client's can reach SQL text through it, whatever the writer does: aliases are in it only
//! because the keys of the answer are part of a `Statement`. Equal shapes on one relation have equal statements, which is
//! what `query::StatementCache` rests on.

use std::rc::Rc;

use crate::api_request::{CompareOperator, FullTextFunction, IsValue, LogicOperator};
use crate::query::{Params, Rendering};
use crate::schema_cache::Relation;

use super::TypeName;

/// A statement on one relation with the values of one request.
#[derive(Debug, Clone)]
pub struct StatementPlan {
    /// The relation that positions in the shape refer to.
    pub relation: Rc<Relation>,
    /// What the text depends on.
    pub shape: StatementShape,
    /// The values.
    pub params: Params,
}

/// The number of a parameter, from 1 as in `$1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Param(pub u16);

/// The position of a column in its relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnIndex(pub u16);

/// What the text of a statement depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatementShape {
    /// What is done.
    pub verb: Verb,
    /// Which rows it is done to; all of these hold.
    pub predicates: Vec<Predicate>,
    /// What is answered.
    pub output: Output,
    /// Values that follow in the row and are not shown.
    pub hidden: Vec<Hidden>,
}

/// A value that is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hidden {
    /// A field, in PostgreSQL's own text.
    Field(Field),
    /// A time in whole seconds of Unix time.
    Epoch(ColumnIndex),
    /// These columns as one text, which is another one when one of them is another.
    Row(Vec<ColumnIndex>),
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verb {
    /// One row, found by its key.
    Read,
    /// A page of rows.
    List(List),
    /// New rows.
    Insert(Source),
    /// New values.
    Update(Vec<Assignment>),
    /// The rows go; a row is answered for each, without columns that are shown.
    Delete,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List {
    /// In this order.
    pub order: Vec<OrderBy>,
    /// From here on.
    pub start: Start,
    /// So many rows later.
    pub offset: Option<Param>,
    /// Where the rows come from several parts and some are passed over: how many of each part may be needed.
    pub reach: Option<Param>,
    /// At most so many.
    pub limit: Limit,
}

/// Where a page starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Start {
    /// At the first row.
    First,
    /// After the row of a cursor: the rows that any of these lets through. No row is let through by two.
    After(Vec<After>),
}

/// How a limit stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// As a number, which the configuration gave: the planner knows that few rows are wanted, and a generic plan is good.
    Rows(u64),
    /// As a parameter, which the client gave.
    Param(Param),
}

/// A term of ORDER BY.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderBy {
    /// What is ordered by.
    pub field: Field,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// The rows after a cursor's that agree with it in the first `equal` terms of the order, then differ as `then` says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct After {
    /// For each term that is equal its value, `None` for NULL.
    pub equal: Vec<Option<Param>>,
    /// What sets them apart.
    pub then: Apart,
}

/// What sets rows apart from a cursor's in the terms of the order that follow the equal ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Apart {
    /// These terms, compared as a row, all in the direction of the first.
    Beyond(Vec<Param>),
    /// The next term is NULL, and NULLs come last.
    Null,
    /// The next term is not NULL, and NULLs came first.
    NotNull,
}

/// Where new rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// One row of these values, or of defaults alone.
    Values(Vec<Assignment>),
    /// A JSON array of objects, with these of their members.
    Json {
        /// The columns; there may be none.
        columns: Vec<ColumnIndex>,
        /// The array.
        json: Param,
    },
    /// Nowhere: the array was empty.
    Nothing,
}

/// A column's new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// The column.
    pub column: ColumnIndex,
    /// Its value.
    pub value: Value,
}

/// A new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    /// DEFAULT
    Default,
    /// What the type's input function makes of the parameter.
    Input(Param),
    /// What `json_to_record` makes of the member `x` of the parameter, for arrays and composites.
    JsonMember(Param),
}

/// A column, or something inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// The column.
    pub column: ColumnIndex,
    /// Whether the column has to become jsonb before the path can be followed.
    pub to_jsonb: bool,
    /// The steps into its JSON.
    pub path: Vec<Step>,
}

impl Field {
    /// A whole column.
    pub fn column(index: u16) -> Self {
        Self {
            column: ColumnIndex(index),
            to_jsonb: false,
            path: Vec::new(),
        }
    }
}

/// One step of a JSON path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// `->>` instead of `->`.
    pub as_text: bool,
    /// Whether the parameter is the number of an element instead of a key.
    pub is_index: bool,
    /// Where the step goes.
    pub operand: Param,
}

/// What a statement answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// Every column of the relation.
    All,
    /// These.
    Items(Vec<OutputItem>),
    /// Nothing that is shown.
    Nothing,
}

/// One member of the objects that are answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputItem {
    /// Its value.
    pub field: Field,
    /// The type it is cast to.
    pub cast: Option<TypeName>,
    /// Its key where that is not the column's name.
    pub key: Option<Box<str>>,
    /// How it is rendered.
    pub rendering: Rendering,
    /// Whether SQL has to put it through `to_json` for that.
    pub to_json: bool,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Several, joined.
    Logic {
        /// NOT
        negated: bool,
        /// AND or OR.
        operator: LogicOperator,
        /// What is joined.
        predicates: Vec<Predicate>,
    },
    /// These columns as one text ([`Hidden::Row`]) are what they were when it was read.
    Row {
        /// The columns.
        columns: Vec<ColumnIndex>,
        /// The text.
        text: Param,
    },
    /// One test of one field.
    Filter {
        /// NOT
        negated: bool,
        /// What is tested.
        field: Field,
        /// The test.
        test: Test,
    },
}

/// A test of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// An operator and a value.
    Compare(CompareOperator, Param),
    /// Equal to an element of the array.
    In(Param),
    /// IS
    Is(IsValue),
    /// A full-text search.
    FullText {
        /// Whether the field is a tsvector already.
        is_vector: bool,
        /// What reads the query.
        function: FullTextFunction,
        /// The text search configuration.
        language: Option<Param>,
        /// The query.
        query: Param,
    },
}
