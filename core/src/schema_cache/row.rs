//! The rows of `query/introspection/catalogue.sql` as serde reads them.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// One row.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Row {
    Type(TypeRow),
    Relation(RelationRow),
    Function(FunctionRow),
    Dependency(DependencyRow),
    /// Only its bytes matter, for the fingerprint.
    Definitions(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    pub(super) name: Box<str>,
    pub(super) base: Box<str>,
    pub(super) category: char,
    pub(super) class: ClassRow,
    pub(super) labels: Option<Box<[Box<str>]>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClassRow {
    Array,
    Composite,
    /// Not PostgreSQL's own, with a function that makes json of it.
    Cast,
    Enum,
    /// PostgreSQL's own.
    Builtin,
    Other,
}

#[derive(Deserialize)]
pub(super) struct RelationRow {
    pub(super) schema: Box<str>,
    pub(super) name: Box<str>,
    pub(super) kind: char,
    /// Bits of PostgreSQL's `CmdType`: 4 update, 8 insert, 16 delete.
    pub(super) events: u32,
    pub(super) comment: Option<Box<str>>,
    pub(super) columns: Vec<ColumnRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) foreign_keys: Vec<ForeignKeyRow>,
}

/// An array in the row, to keep the text short: there may be hundreds of thousands.
#[derive(Deserialize)]
pub(super) struct ColumnRow(
    pub(super) Box<str>,
    /// `attnum`
    pub(super) i16,
    /// The name of the type.
    pub(super) Box<str>,
    /// Whether it is NOT NULL.
    pub(super) bool,
    /// `attgenerated`, or else `attidentity`.
    pub(super) Box<str>,
    /// The default.
    pub(super) Option<Box<str>>,
    /// Whether it can be written.
    pub(super) bool,
    /// The comment.
    pub(super) Option<Box<str>>,
);

/// Whether it is the primary key, and the `attnum`s.
#[derive(Deserialize)]
pub(super) struct KeyRow(pub(super) bool, pub(super) Vec<i16>);

/// Name, columns, schema, relation, columns there.
#[derive(Deserialize)]
pub(super) struct ForeignKeyRow(
    pub(super) Box<str>,
    pub(super) Vec<Box<str>>,
    pub(super) Box<str>,
    pub(super) Box<str>,
    pub(super) Vec<Box<str>>,
);

#[derive(Deserialize)]
pub(super) struct FunctionRow {
    pub(super) schema: Box<str>,
    pub(super) name: Box<str>,
    pub(super) returns: Box<str>,
    pub(super) set: bool,
    pub(super) volatility: char,
    pub(super) variadic: bool,
    pub(super) defaults: usize,
    pub(super) arguments: Vec<ArgumentRow>,
    pub(super) comment: Option<Box<str>>,
}

/// Name, type, `proargmodes`.
#[derive(Deserialize)]
pub(super) struct ArgumentRow(pub(super) Box<str>, pub(super) Box<str>, pub(super) char);

/// What a relation has to do with others, which are named `schema.name`.
#[derive(Deserialize)]
pub(super) struct DependencyRow {
    pub(super) relation: Box<str>,
    pub(super) view: bool,
    pub(super) opaque: bool,
    pub(super) diverted: bool,
    pub(super) reads: Vec<Box<str>>,
    pub(super) parents: Vec<Box<str>>,
    pub(super) cascades: Vec<Box<str>>,
}
