//! What changes in a database is counted in the zones that keep responses of it.

use std::rc::Rc;

use postern_core::cache::{DatabaseId, Generations};

use crate::conf::CacheZone;
use crate::nginx::time;

/// The zones that keep responses of one database.
pub(crate) struct Changes {
    database: DatabaseId,
    zones: Vec<Rc<CacheZone>>,
}

impl Changes {
    /// Those of a database, by its name.
    pub(crate) fn new(database: &str, zones: Vec<Rc<CacheZone>>) -> Self {
        Self {
            database: DatabaseId::of(database),
            zones,
        }
    }

    /// Something in this relation (`schema.table`) may have changed.
    pub(crate) fn changed(&self, relation: &str) {
        self.generations()
            .for_each(|generations| generations.changed(self.database, relation));
    }

    /// Anything may have changed.
    pub(crate) fn all_changed(&self) {
        self.generations()
            .for_each(|generations| generations.all_changed(self.database));
    }

    /// Changes that are made elsewhere are heard of now.
    pub(crate) fn heard(&self) {
        for generations in self.generations() {
            generations.set_heard(self.database, time::shared_ms());
        }
    }

    fn generations(&self) -> impl Iterator<Item = Generations<'_>> {
        self.zones.iter().filter_map(|zone| zone.generations())
    }
}
