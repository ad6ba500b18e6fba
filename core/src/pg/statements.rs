//! The prepared statements of one connection.
//!
//! The rule that keeps this sound under pipelining: **every Parse has a name of its own, and a statement is found here only
//! after its ParseComplete**. So a Bind by name can only refer to a statement that the server has confirmed; a Parse that
//! failed or was skipped leaves no trace; several batches in flight that need the same new statement prepare it each for
//! itself, and all but the last confirmed are closed again. A Close goes out in front of a later batch. The server works
//! in order, so whatever was bound to the name before is not disturbed.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::num::NonZeroUsize;
use std::rc::Rc;

use foldhash::quality::FixedState;
use lru::LruCache;

use crate::query::Statement;

/// A statement that has, or may get, a name on the server.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Its name on the server.
    pub(super) name: Box<str>,
    /// Grows with every Parse, so that old statements are told from new ones.
    pub(super) serial: u64,
    key: u64,
    role: Box<str>,
    statement: Rc<Statement>,
}

impl Prepared {
    fn is_for(&self, role: &str, statement: &Rc<Statement>) -> bool {
        (Rc::ptr_eq(&self.statement, statement) || self.statement.sql() == statement.sql())
            && *self.role == *role
    }
}

/// The statements that the server is known to have, the least recently used one first to go.
#[derive(Debug)]
pub(super) struct StatementCache {
    /// By a hash of role and text. An entry is checked against both, so two of one hash only displace each other.
    entries: LruCache<u64, Prepared, BuildHasherDefault<Identity>>,
    /// Names of statements that are no longer wanted and that no Close was sent for.
    unwanted: Vec<Box<str>>,
    prefix: Box<str>,
    serial: u64,
}

impl StatementCache {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            entries: LruCache::with_hasher(capacity, BuildHasherDefault::default()),
            unwanted: Vec::new(),
            prefix: "postern_".into(),
            serial: 0,
        }
    }

    /// Makes the names differ from those of other connections. Behind a pooler in transaction mode two connections may
    /// meet on one server connection; with the same names one would run the other's statements.
    pub(super) fn distinguish(&mut self, backend_pid: i32) {
        self.prefix = format!("postern_{backend_pid:x}_").into();
    }

    /// The statement, if the server has it for this role. A plan is made for a role where row-level security is in play,
    /// which is why the role is part of the key.
    pub(super) fn find(&mut self, key: u64, role: &str, statement: &Rc<Statement>) -> Option<&Prepared> {
        self.entries
            .get(&key)
            .filter(|entry| entry.is_for(role, statement))
    }

    /// A new name for a statement that is about to be parsed.
    pub(super) fn allocate(&mut self, key: u64, role: &str, statement: &Rc<Statement>) -> Prepared {
        let serial = self.serial;
        self.serial += 1;
        Prepared {
            name: format!("{}{serial}", self.prefix).into(),
            serial,
            key,
            role: role.into(),
            statement: Rc::clone(statement),
        }
    }

    /// The server has parsed the statement.
    pub(super) fn confirm(&mut self, prepared: Prepared) {
        // What comes back was displaced: the same statement, parsed by another batch, or the least recently used one.
        if let Some((_, displaced)) = self.entries.push(prepared.key, prepared) {
            self.unwanted.push(displaced.name);
        }
    }

    /// The serial that the next Parse will get.
    pub(super) fn next_serial(&self) -> u64 {
        self.serial
    }

    /// Drops every statement that was parsed before `serial`. After a change of the schema, or a DEALLOCATE ALL, others are
    /// likely stale too; dropping all of them lets a batch of several statements succeed when it is submitted again.
    pub(super) fn forget_before(&mut self, serial: u64) {
        let unwanted = &mut self.unwanted;
        self.entries.retain(|_, entry| {
            let keep = entry.serial >= serial;
            if !keep {
                unwanted.push(std::mem::take(&mut entry.name));
            }
            keep
        });
    }

    /// The names to close, until [`Self::closed`].
    pub(super) fn unwanted(&self) -> &[Box<str>] {
        &self.unwanted
    }

    /// A Close was written for all that were unwanted.
    pub(super) fn closed(&mut self) {
        self.unwanted.clear();
    }
}

/// The key of a statement under a role. Who could choose roles that collide would only have statements prepared again.
pub(super) fn key(role: &str, statement: &Statement) -> u64 {
    let mut hasher = FixedState::with_seed(statement.hash()).build_hasher();
    hasher.write(role.as_bytes());
    hasher.finish()
}

/// The keys are hashes already.
#[derive(Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::rc::Rc;

    use super::{StatementCache, key};
    use crate::query::Statement;

    fn statement(sql: &str) -> Rc<Statement> {
        Rc::new(Statement::new(sql, [], 0))
    }

    fn cache(capacity: usize) -> StatementCache {
        StatementCache::new(NonZeroUsize::new(capacity).expect("positive"))
    }

    fn prepare(cache: &mut StatementCache, role: &str, statement: &Rc<Statement>) {
        let prepared = cache.allocate(key(role, statement), role, statement);
        cache.confirm(prepared);
    }

    fn name(cache: &mut StatementCache, role: &str, statement: &Rc<Statement>) -> Option<String> {
        cache
            .find(key(role, statement), role, statement)
            .map(|prepared| prepared.name.to_string())
    }

    #[test]
    fn a_statement_is_found_by_its_text_and_role_once_it_is_confirmed() {
        let (mut cache, one) = (cache(4), statement("SELECT 1"));
        let pending = cache.allocate(key("a", &one), "a", &one);
        assert_eq!(name(&mut cache, "a", &one), None);
        cache.confirm(pending);
        assert_eq!(
            name(&mut cache, "a", &statement("SELECT 1")).as_deref(),
            Some("postern_0")
        );
        assert_eq!(name(&mut cache, "b", &one), None);
        assert_eq!(name(&mut cache, "a", &statement("SELECT 2")), None);
    }

    #[test]
    fn two_statements_of_one_hash_are_not_mistaken_for_each_other() {
        let (mut cache, one, two) = (cache(4), statement("SELECT 1"), statement("SELECT 2"));
        let prepared = cache.allocate(7, "a", &one);
        cache.confirm(prepared);
        assert!(cache.find(7, "a", &two).is_none());
        let prepared = cache.allocate(7, "a", &two);
        cache.confirm(prepared);
        assert!(cache.find(7, "a", &one).is_none() && cache.find(7, "a", &two).is_some());
        assert_eq!(cache.unwanted(), ["postern_0".into()]);
    }

    #[test]
    fn the_least_recently_used_statement_is_displaced_and_closed_once() {
        let mut cache = cache(2);
        let [one, two, three] = ["1", "2", "3"].map(statement);
        prepare(&mut cache, "a", &one);
        prepare(&mut cache, "a", &two);
        assert!(name(&mut cache, "a", &one).is_some());
        prepare(&mut cache, "a", &three);
        assert_eq!(cache.unwanted(), ["postern_1".into()]);
        assert_eq!(name(&mut cache, "a", &two), None);
        cache.closed();
        assert!(cache.unwanted().is_empty());
    }

    #[test]
    fn forgetting_spares_what_was_parsed_later() {
        let mut cache = cache(4);
        let [one, two] = ["1", "2"].map(statement);
        prepare(&mut cache, "a", &one);
        let boundary = cache.next_serial();
        cache.distinguish(0xabc);
        prepare(&mut cache, "a", &two);
        cache.forget_before(boundary);
        assert_eq!(name(&mut cache, "a", &one), None);
        assert_eq!(name(&mut cache, "a", &two).as_deref(), Some("postern_abc_1"));
        assert_eq!(cache.unwanted(), ["postern_0".into()]);
    }
}
