//! `postern_zone name size`
//!
//! What a zone holds is decided when all of the configuration has been read: limits, responses, or both, half and half. Each has
//! memory of its own, so that neither loses its content when the configuration of the other changes.

use std::cell::{Cell, OnceCell};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ptr::NonNull;
use std::rc::Rc;

use nginx_sys::ngx_conf_t;
use postern_core::limit::{Seed, Table};
use postern_core::metrics::ZoneReport;

use super::MainConf;
use super::cache::CacheZone;
use super::parameters::invalid_value;
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};
use crate::nginx::shm::{self, Locked, Shared, Zone};

/// More zones than anybody needs: all that a request uses are locked together.
pub(crate) const MAX_ZONES: usize = 8;

/// A zone as it is defined.
pub(crate) struct ZoneDefinition {
    /// Its name.
    pub(super) name: Box<str>,
    /// Its size.
    bytes: usize,
    /// Where it is defined.
    place: String,
    /// Its part for limits, and that for responses, once somebody uses them.
    limits: OnceCell<Rc<ZoneSettings>>,
    responses: OnceCell<Rc<CacheZone>>,
}

/// What a zone is used for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ZoneUse {
    pub(super) limits: bool,
    pub(super) responses: bool,
}

impl ZoneDefinition {
    /// Has nginx make the memory for what the zone is used for.
    pub(super) fn allocate(&self, cf: NonNull<ngx_conf_t>, used: ZoneUse) -> Result<(), String> {
        // A zone that nobody uses yet is one for limits.
        let has_limits = used.limits || !used.responses;
        let bytes = self.bytes / (usize::from(has_limits) + usize::from(used.responses));
        if bytes < shm::min_size() {
            return Err(format!(
                "zone \"{}\" is too small for limits and responses in {}",
                self.name, self.place
            ));
        }
        if has_limits {
            let settings = ZoneSettings::new(self, Zone::add(cf, &self.name, bytes)?, bytes);
            let _ = self.limits.set(Rc::new(settings));
        }
        if used.responses {
            let zone = Zone::add(cf, &format!("{} responses", self.name), bytes)?;
            let _ = self
                .responses
                .set(Rc::new(CacheZone::new(&self.name, zone, bytes)));
        }
        Ok(())
    }

    /// What it holds.
    pub(super) fn report(&self) -> (&str, ZoneReport) {
        let limits = self
            .limits()
            .and_then(|limits| Some((limits.evicted()?, limits.capacity as u64)));
        let responses = self.responses().and_then(|responses| responses.usage());
        (&self.name, ZoneReport { limits, responses })
    }

    /// The part for limits.
    pub(super) fn limits(&self) -> Option<&Rc<ZoneSettings>> {
        self.limits.get()
    }

    /// The part for responses.
    pub(super) fn responses(&self) -> Option<&Rc<CacheZone>> {
        self.responses.get()
    }
}

/// A zone's part for limits.
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
    fn new(definition: &ZoneDefinition, zone: Zone<Limits>, bytes: usize) -> Self {
        Self {
            name: definition.name.clone(),
            capacity: Table::capacity_of(shm::words_of(bytes)),
            place: definition.place.clone(),
            zone,
            seed: OnceCell::new(),
            health: Cell::default(),
        }
    }

    /// Waits until nobody else has the zone.
    pub(crate) fn lock(&self) -> Option<Locked<'_>> {
        self.zone.lock()
    }

    /// How many keys had to make room for others.
    pub(crate) fn evicted(&self) -> Option<u64> {
        Table::evicted_of(|index| self.zone.peek(index))
    }

    /// The secret of the zone's keys, which never changes: it is read without the lock, whose holder would have to repair the zone.
    pub(crate) fn seed(&self) -> Option<Seed> {
        match self.seed.get() {
            Some(seed) => Some(*seed),
            None => {
                let seed = Table::seed_of(|index| self.zone.peek(index))?;
                Some(*self.seed.get_or_init(|| seed))
            }
        }
    }
}

/// A table of limits.
struct Limits;

impl Shared for Limits {
    const LAYOUT: u64 = Table::LAYOUT_VERSION;

    fn create(words: &mut [u64]) {
        Table::create(words, Seed(random_seed()));
    }
}

/// A secret. The standard library keys each of these with random numbers of the operating system.
pub(super) fn random_seed() -> [u64; 2] {
    std::array::from_fn(|_| RandomState::new().hash_one(0))
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
        conf.zones.push(ZoneDefinition {
            name: name.as_str().into(),
            bytes,
            place: cf.place(),
            limits: OnceCell::new(),
            responses: OnceCell::new(),
        });
        Ok(())
    }
}
