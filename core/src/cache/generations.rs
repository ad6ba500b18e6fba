//! Counters of changes, in shared memory: atomic words that nobody has to lock.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

/// The counters of a zone, as all its processes see them.
///
/// Relations are told apart by a hash of their names: two that share a counter are both out of date when one of them changes, which
/// costs a query and is never wrong.
#[derive(Debug, Clone, Copy)]
pub struct Generations<'z> {
    purges: &'z AtomicU64,
    databases: &'z [[AtomicU64; DATABASE_WORDS]; DATABASES],
    counters: &'z [AtomicU64],
}

/// A database by a hash of its name, the same in all processes and versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseId(u64);

/// The number of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot(u32);

impl DatabaseId {
    /// That of a name.
    pub fn of(name: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(name.as_bytes());
        // 0 marks a place that nobody has.
        Self(hasher.finish().max(1))
    }

    /// The counter of a relation, `schema.name`.
    fn relation(self, generations: &Generations<'_>, name: &str) -> Slot {
        let mut hasher = SipHasher13::new_with_keys(self.0, 0);
        hasher.write(name.as_bytes());
        generations.slot(hasher.finish())
    }

    /// The counter that says that everything may have changed.
    fn everything(self, generations: &Generations<'_>) -> Slot {
        generations.slot(SipHasher13::new_with_keys(self.0, 1).finish())
    }

    /// The counter that says that something has changed, whatever it was.
    fn anything(self, generations: &Generations<'_>) -> Slot {
        generations.slot(SipHasher13::new_with_keys(self.0, 2).finish())
    }
}

impl<'z> Generations<'z> {
    /// How many words there are in a zone of so many: few enough to leave room for what is stored.
    pub fn words_of(zone_words: usize) -> usize {
        let counters = (zone_words / 16).clamp(MIN_COUNTERS, MAX_COUNTERS);
        1 + DATABASES * DATABASE_WORDS + counters
    }

    /// The counters in these words, which were all zero at the beginning. `None` if there are too few.
    pub fn new(words: &'z [AtomicU64]) -> Option<Self> {
        let (purges, words) = words.split_first()?;
        let (databases, counters) = words.split_at_checked(DATABASES * DATABASE_WORDS)?;
        let (databases, _) = databases.as_chunks::<DATABASE_WORDS>();
        Some(Self {
            purges,
            databases: databases.try_into().ok()?,
            counters: Some(counters).filter(|counters| !counters.is_empty())?,
        })
    }

    fn slot(&self, hash: u64) -> Slot {
        let number = (u128::from(hash) * self.counters.len() as u128) >> 64;
        Slot(u32::try_from(number).unwrap_or_default())
    }

    /// The generation of what a counter stands for. Whoever reads it before a query and finds it unchanged later knows that nothing
    /// has changed since.
    fn generation(&self, slot: Slot) -> u64 {
        self.counters
            .get(slot.0 as usize)
            .map_or(0, |counter| counter.load(Ordering::SeqCst))
    }

    /// Something in this relation (`schema.name`) may have changed.
    pub fn changed(&self, database: DatabaseId, relation: &str) {
        self.advance(database.relation(self, relation));
        self.advance(database.anything(self));
    }

    /// Everything in this database may have changed.
    pub fn all_changed(&self, database: DatabaseId) {
        self.advance(database.everything(self));
        self.advance(database.anything(self));
    }

    fn advance(&self, slot: Slot) {
        if let Some(counter) = self.counters.get(slot.0 as usize) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often something was purged: whoever keeps responses of its own forgets them when this changes.
    pub fn purges(&self) -> u64 {
        self.purges.load(Ordering::SeqCst)
    }

    /// Something was purged.
    pub fn advance_purges(&self) {
        self.purges.fetch_add(1, Ordering::SeqCst);
    }

    /// Changes of the database that are made elsewhere are heard of, as of now.
    pub fn set_heard(&self, database: DatabaseId, now_ms: u64) {
        if let Some(words) = self.database(database) {
            words[HEARD].store(now_ms.max(1), Ordering::SeqCst);
        }
    }

    /// When changes that are made elsewhere were last known to be heard of; `None` if they never were.
    pub fn heard_ms(&self, database: DatabaseId) -> Option<u64> {
        let words = self.database(database)?;
        Some(words[HEARD].load(Ordering::SeqCst)).filter(|&time_ms| time_ms != 0)
    }

    /// The catalogue that workers answer from, by its fingerprint.
    pub fn set_schema(&self, database: DatabaseId, fingerprint: u64) {
        if let Some(words) = self.database(database) {
            words[SCHEMA].store(fingerprint, Ordering::SeqCst);
        }
    }

    /// The catalogue that a worker has answered from last, for one that has none yet.
    pub fn schema(&self, database: DatabaseId) -> Option<u64> {
        let words = self.database(database)?;
        Some(words[SCHEMA].load(Ordering::SeqCst)).filter(|&fingerprint| fingerprint != 0)
    }

    /// The words of a database, which takes a free place if it has none. `None` where there is no place left.
    fn database(&self, DatabaseId(id): DatabaseId) -> Option<&'z [AtomicU64; DATABASE_WORDS]> {
        let ours = |words: &&[AtomicU64; DATABASE_WORDS]| match words[ID].load(Ordering::SeqCst) {
            // Another process may take it in the meantime, for the same database or for another one.
            0 => words[ID]
                .compare_exchange(0, id, Ordering::SeqCst, Ordering::SeqCst)
                .map_or_else(|holder| holder == id, |_| true),
            holder => holder == id,
        };
        self.databases.iter().find(ours)
    }
}

/// What a response was read from, and the generations of that before it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies(Box<[(Slot, u64)]>);

impl Dependencies {
    /// These relations and the database as a whole, as they are now: before the query is sent.
    pub fn now<'n>(
        generations: &Generations<'_>,
        database: DatabaseId,
        relations: impl Iterator<Item = &'n str>,
    ) -> Self {
        let relations = relations.map(|name| database.relation(generations, name));
        Self::of(
            generations,
            std::iter::once(database.everything(generations)).chain(relations),
        )
    }

    /// Whatever there is in the database.
    pub fn on_anything(generations: &Generations<'_>, database: DatabaseId) -> Self {
        Self::of(generations, std::iter::once(database.anything(generations)))
    }

    fn of(generations: &Generations<'_>, slots: impl Iterator<Item = Slot>) -> Self {
        Self(slots.map(|slot| (slot, generations.generation(slot))).collect())
    }

    /// Whether nothing has changed since.
    pub fn are_current(&self, generations: &Generations<'_>) -> bool {
        self.0
            .iter()
            .all(|&(slot, generation)| generations.generation(slot) == generation)
    }

    /// The counters by their numbers, each with the generation that was read.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, u64)> {
        self.0.iter().map(|&(Slot(slot), generation)| (slot, generation))
    }

    pub(super) fn from_iter(pairs: impl Iterator<Item = (u32, u64)>) -> Self {
        Self(pairs.map(|(slot, generation)| (Slot(slot), generation)).collect())
    }
}

/// How many databases of one zone can be told apart.
const DATABASES: usize = 32;
const DATABASE_WORDS: usize = 4;
const ID: usize = 0;
const HEARD: usize = 1;
const SCHEMA: usize = 2;

const MIN_COUNTERS: usize = 64;
const MAX_COUNTERS: usize = 4096;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::{DATABASES, DatabaseId, Dependencies, Generations};

    fn words(zone_words: usize) -> Vec<AtomicU64> {
        (0..Generations::words_of(zone_words))
            .map(|_| AtomicU64::new(0))
            .collect()
    }

    #[test]
    fn only_what_has_changed_is_out_of_date() {
        let words = words(1 << 20);
        let generations = Generations::new(&words).expect("counters");
        let (app, other) = (DatabaseId::of("app"), DatabaseId::of("other"));
        let read =
            |database, names: &[&str]| Dependencies::now(&generations, database, names.iter().copied());
        let items = read(app, &["api.items"]);
        let books = read(app, &["api.books", "api.authors"]);
        let elsewhere = read(other, &["api.items"]);
        let anything = Dependencies::on_anything(&generations, app);
        generations.changed(app, "api.authors");
        assert!(items.are_current(&generations) && elsewhere.are_current(&generations));
        assert!(!books.are_current(&generations) && !anything.are_current(&generations));
        assert!(read(app, &["api.books", "api.authors"]).are_current(&generations));
        generations.all_changed(app);
        assert!(!items.are_current(&generations));
        assert!(elsewhere.are_current(&generations));
    }

    #[test]
    fn each_database_has_a_place_until_there_are_too_many() {
        let words = words(1 << 10);
        let generations = Generations::new(&words).expect("counters");
        let databases: Vec<_> = (0..=DATABASES)
            .map(|number| DatabaseId::of(&format!("db{number}")))
            .collect();
        for (number, &database) in databases.iter().enumerate() {
            generations.set_heard(database, number as u64);
            generations.set_schema(database, 7 * number as u64);
        }
        for (number, &database) in databases.iter().enumerate().take(DATABASES) {
            assert_eq!(generations.heard_ms(database), Some(number.max(1) as u64));
            assert_eq!(
                generations.schema(database),
                Some(7 * number as u64).filter(|&schema| schema != 0)
            );
        }
        let last = databases[DATABASES];
        assert_eq!(
            (generations.heard_ms(last), generations.schema(last)),
            (None, None)
        );
    }

    #[test]
    fn too_few_words_are_no_counters() {
        let words = words(0);
        assert!(Generations::new(&words[..=DATABASES * 4]).is_none());
        assert!(Generations::new(&words).is_some());
    }
}
