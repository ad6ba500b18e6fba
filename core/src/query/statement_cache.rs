//! Statements by their shape.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use crate::plan::{StatementPlan, StatementShape};
use crate::schema_cache::Relation;

use super::build::statement;
use super::{Query, Statement};

/// Remembers the statements that were written last, so that a request whose shape was seen before costs a look-up. A
/// statement is a function of the relation and the shape, both of which are the key as a whole: nothing can be mistaken.
pub struct StatementCache {
    statements: LruCache<Key, Rc<Statement>>,
    made: u64,
}

impl StatementCache {
    /// Remembers up to `capacity` statements.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self {
            statements: LruCache::new(capacity),
            made: 0,
        }
    }

    /// The query of a plan.
    pub fn query(&mut self, plan: StatementPlan) -> Query {
        let StatementPlan {
            relation,
            shape,
            params,
        } = plan;
        let key = Key { relation, shape };
        if let Some(statement) = self.statements.get(&key) {
            return Query {
                statement: Rc::clone(statement),
                params,
            };
        }
        self.made += 1;
        let statement = Rc::new(statement(&key.relation, &key.shape));
        self.statements.put(key, Rc::clone(&statement));
        Query { statement, params }
    }

    /// How many statements were not known and had to be made.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Forgets everything; for a new snapshot of the catalogue, whose relations are others.
    pub fn clear(&mut self) {
        self.statements.clear();
    }
}

/// Relations are the same if they are the same value of the same snapshot; the key keeps it alive, so that its address is not
/// used again.
struct Key {
    relation: Rc<Relation>,
    shape: StatementShape,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.relation, &other.relation) && self.shape == other.shape
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Rc::as_ptr(&self.relation).hash(state);
        self.shape.hash(state);
    }
}
