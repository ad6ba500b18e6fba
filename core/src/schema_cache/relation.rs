//! Tables and views.

use super::{Column, QualifiedName};

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

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: Box<str>,
    /// The referencing columns of this relation.
    pub columns: Vec<Box<str>>,
    /// The relation that is referenced; it may lie outside the schemas in use.
    pub references: QualifiedName,
    /// The columns that are referenced, in the same order.
    pub referenced_columns: Vec<Box<str>>,
}

/// Which statements a relation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writable {
    /// INSERT
    pub insert: bool,
    /// UPDATE
    pub update: bool,
    /// DELETE
    pub delete: bool,
}

/// A table or a view.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its qualified name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// Which statements it takes: all of them unless it is a view or a foreign table.
    pub writable: Writable,
    /// Its comment.
    pub comment: Option<Box<str>>,
    /// Its columns in the order of the table.
    pub columns: Vec<Column>,
    /// Positions of the primary key's columns, for a view over one table those of the table's; empty where there is none.
    pub primary_key: Vec<usize>,
    /// Positions of the columns of each other unique index without a predicate.
    pub unique_keys: Vec<Vec<usize>>,
    /// The foreign keys that start here.
    pub foreign_keys: Vec<ForeignKey>,
    /// Positions in `columns`, sorted by name.
    pub(super) by_name: Box<[u16]>,
}

impl Relation {
    /// The position of the column of that name.
    pub fn position(&self, name: &str) -> Option<usize> {
        let found = self.by_name.binary_search_by(|&position| {
            self.columns
                .get(usize::from(position))
                .map_or("", |column| &column.name)
                .cmp(name)
        });
        found
            .ok()
            .and_then(|index| self.by_name.get(index))
            .map(|&position| usize::from(position))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.position(name)
            .and_then(|position| self.columns.get(position))
    }
}
