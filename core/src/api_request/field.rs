//! Columns and paths into them, as `select` and `order` name them.

use std::borrow::Cow;

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

/// `alias:column->path::cast`. PostgREST's `*` among other items is the column `*` with nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectItem<'a> {
    /// What is selected.
    pub field: FieldPath<'a>,
    /// The key in the answer, where it is not the column's name or the path's last key.
    pub alias: Option<Cow<'a, str>>,
    /// The type it is cast to: ASCII letters, digits, `_` and spaces, perhaps `[]` at the end.
    pub cast: Option<Cow<'a, str>>,
}

impl SelectItem<'_> {
    /// Whether this is `*`.
    pub fn is_all_columns(&self) -> bool {
        self.field.column == "*" && self.field.path.is_empty() && self.alias.is_none() && self.cast.is_none()
    }
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
