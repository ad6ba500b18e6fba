//! What PostgreSQL's catalogue says of the schemas in use: relations, columns, keys, functions and comments.
//!
//! A snapshot is immutable and shared (`Rc<SchemaCache>`); a reload makes a new one while requests go on with the old.

mod types;

pub use types::{Column, Generated, TypeKind};

use std::collections::HashMap;

/// A relation's or a function's name with its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Box<str>,
    /// The name within the schema.
    pub name: Box<str>,
}

/// What a relation is (`pg_class.relkind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// An ordinary or a partitioned table.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
}

/// A foreign key, by positions in the relations' column lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: Box<str>,
    /// The referencing columns of this relation.
    pub columns: Vec<Box<str>>,
    /// The relation that is referenced.
    pub references: QualifiedName,
    /// The columns that are referenced, in the same order.
    pub referenced_columns: Vec<Box<str>>,
}

/// A table or a view.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its qualified name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// Its comment.
    pub comment: Option<Box<str>>,
    /// Its columns in the order of the table.
    pub columns: Vec<Column>,
    /// Positions in `columns` by name.
    pub column_positions: HashMap<Box<str>, usize>,
    /// Positions of the primary key's columns; empty where there is none (views).
    pub primary_key: Vec<usize>,
    /// Positions of the columns of each unique constraint or index without a predicate.
    pub unique_keys: Vec<Vec<usize>>,
    /// The foreign keys that start here.
    pub foreign_keys: Vec<ForeignKey>,
}

impl Relation {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.column_positions.get(name).map(|&position| &self.columns[position])
    }
}

/// A snapshot of the catalogue.
#[derive(Debug, Default)]
pub struct SchemaCache {
    relations: HashMap<QualifiedName, Relation>,
}

impl SchemaCache {
    /// The relation of that name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Relation> {
        self.relations.get(name)
    }
}
