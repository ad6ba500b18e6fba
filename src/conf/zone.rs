//! `postern_zone name size`

use std::cell::{Cell, OnceCell};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::rc::Rc;

use postern_core::limit::{Seed, Table};

use super::MainConf;
use super::parameters::invalid_value;
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};
use crate::nginx::shm::{self, Locked, Shared, Zone};

/// More zones than anybody needs: all that a request uses are locked together.
pub(crate) const MAX_ZONES: usize = 8;

/// A zone of shared memory.
pub(crate) struct ZoneSettings {
    /// Its name.
    pub(crate) name: Box<str>,
    /// The number of keys that it has room for, about.
    pub(crate) capacity: usize,
    /// Where it is defined.
    pub(crate) place: String,
    zone: Zone<Limits>,
    seed: OnceCell<Seed>,
    /// What this worker has seen of it.
    pub(crate) health: Cell<ZoneHealth>,
}

/// What a worker has seen of a zone, and said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ZoneHealth {
    /// It was repaired.
    pub(crate) was_repaired: bool,
    /// How many keys were evicted.
    pub(crate) evicted: u64,
    /// How many of them were reported.
    pub(crate) reported: u64,
    /// Until when no more are reported, in milliseconds of the monotonic clock.
    pub(crate) silent_until_ms: u64,
}

impl ZoneSettings {
    /// Waits until nobody else has the zone.
    pub(crate) fn lock(&self) -> Option<Locked<'_>> {
        self.zone.lock()
    }

    /// The secret of the zone's keys, which never changes: it is read without the lock, whose holder would have to repair the zone.
    pub(crate) fn seed(&self) -> Option<Seed> {
        match self.seed.get() {
            Some(seed) => Some(*seed),
            None => {
                let seed = Table::seed_of(|index| self.zone.constant(index))?;
                Some(*self.seed.get_or_init(|| seed))
            }
        }
    }
}

/// A zone holds a table of limits.
struct Limits;

impl Shared for Limits {
    const LAYOUT: u64 = Table::LAYOUT_VERSION;

    fn create(words: &mut [u64]) {
        // The standard library keys each of these with random numbers of the operating system.
        let random = || RandomState::new().hash_one(0);
        Table::create(words, Seed([random(), random()]));
    }
}

/// The directive.
pub(super) struct PosternZone;

impl Directive for PosternZone {
    type Conf = MainConf;

    fn set(cf: &mut Conf<'_>, conf: &mut MainConf) -> Result<(), ConfError> {
        let words: Vec<String> = cf.arguments()?.into_iter().map(str::to_owned).collect();
        let [_, name, size] = words.as_slice() else {
            return Err(ConfError::Directive(c"has no name and size"));
        };
        if name.is_empty() {
            return Err(invalid_value("postern_zone", name));
        }
        let bytes = parse_size(size).ok_or_else(|| invalid_value("postern_zone", size))?;
        if bytes < shm::min_size() {
            return Err(ConfError::Message(format!("zone \"{name}\" is too small")));
        }
        if conf.zones.iter().any(|zone| *zone.name == **name) {
            return Err(ConfError::Message(format!("duplicate zone \"{name}\"")));
        }
        if conf.zones.len() == MAX_ZONES {
            return Err(ConfError::Message(format!("more than {MAX_ZONES} zones")));
        }
        let zone = Zone::add(cf, name, bytes)?;
        conf.zones.push(Rc::new(ZoneSettings {
            name: name.as_str().into(),
            capacity: Table::capacity_of(shm::words_of(bytes)),
            place: cf.place(),
            zone,
            seed: OnceCell::new(),
            health: Cell::default(),
        }));
        Ok(())
    }
}
