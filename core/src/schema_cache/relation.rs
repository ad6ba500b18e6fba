//! Tables and views.

use std::rc::Rc;

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

/// What a statement can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// These relations, as `schema.name`: the relation itself, the tables of a view, ancestors and descendants, and by
    /// foreign keys the tables whose rows follow. What triggers and functions write besides is not known here. Sorted.
    Relations(Rc<[Box<str>]>),
    /// Anything: a rule or an INSTEAD OF trigger does something else, or the relations are too many to be told.
    Everything,
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
    /// What a SELECT on it depends on, as `schema.name`: the relation itself and, for a view, what its rule reads, through
    /// views; likewise what the policies for reading tables use; ancestors and descendants of tables (partitions). A
    /// materialized view and a foreign table stand for themselves. Sorted.
    pub reads: Rc<[Box<str>]>,
    /// Some function on the way may read more than `reads` says: its body is known to its language only.
    pub opaque: bool,
    /// What a write through it can change.
    pub writes: Effect,
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
