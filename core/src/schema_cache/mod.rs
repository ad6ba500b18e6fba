//! What PostgreSQL's catalogue says of the schemas in use: relations, columns, keys, functions and comments.
//!
//! A snapshot is immutable and shared (`Rc<SchemaCache>`); a reload makes a new one while requests go on with the old. It is
//! built from the rows of `query::introspection::catalogue`, one at a time.

mod builder;
mod dependency;
mod function;
mod relation;
mod row;
mod types;

pub use builder::{SchemaCacheBuilder, SchemaCacheError};
pub use function::{Argument, ArgumentMode, Function, Volatility};
pub use relation::{Effect, ForeignKey, Relation, RelationKind, Writable};
pub use types::{Column, DataType, Generated, TypeClass, TypeKind};

use std::collections::HashMap;
use std::rc::Rc;

/// A relation's or a function's name with its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Box<str>,
    /// The name within the schema.
    pub name: Box<str>,
}

/// Relations are looked for with each request, by names of the configuration.
type Hashing = foldhash::fast::RandomState;

/// A snapshot of the catalogue.
#[derive(Debug, Default)]
pub struct SchemaCache {
    relations: HashMap<QualifiedName, Rc<Relation>, Hashing>,
    functions: HashMap<QualifiedName, Vec<Function>>,
    types: HashMap<Box<str>, Rc<DataType>>,
    fingerprint: u64,
}

impl SchemaCache {
    /// The same number in all processes for the same catalogue. It is another one after a change of what the snapshot holds,
    /// and also of what is behind it: bodies of views, policies and functions, owners and privileges.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The relation of that name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Rc<Relation>> {
        self.relations.get(name)
    }

    /// All relations, in no order.
    pub fn relations(&self) -> impl ExactSizeIterator<Item = &Rc<Relation>> {
        self.relations.values()
    }

    /// The functions of that name, one for each list of arguments.
    pub fn functions(&self, name: &QualifiedName) -> &[Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// A type that some column or argument has, by its SQL name.
    pub fn data_type(&self, sql: &str) -> Option<&Rc<DataType>> {
        self.types.get(sql)
    }
}
