//! What changes in a database is counted in the zones that keep responses.

use std::rc::Rc;

use postern_core::cache::{DatabaseId, Generations};

use super::super::changes::ChangeObserver;
use crate::conf::CacheZone;
use crate::nginx::time;

/// Counts the changes of one database.
struct Counter {
    database: DatabaseId,
    zones: Vec<Rc<CacheZone>>,
}

/// Who counts the changes of a database, by where its data are. Nobody, where nothing is kept.
pub(in super::super) fn observer(place: &str, zones: &[Rc<CacheZone>]) -> Option<Rc<dyn ChangeObserver>> {
    let counter = Counter {
        database: DatabaseId::of(place),
        zones: zones.to_vec(),
    };
    (!zones.is_empty()).then(|| -> Rc<dyn ChangeObserver> { Rc::new(counter) })
}

impl Counter {
    fn generations(&self) -> impl Iterator<Item = Generations<'_>> {
        self.zones.iter().filter_map(|zone| zone.generations())
    }
}

impl ChangeObserver for Counter {
    fn changed(&self, relation: &str) {
        self.generations()
            .for_each(|generations| generations.changed(self.database, relation));
    }

    fn all_changed(&self) {
        self.generations()
            .for_each(|generations| generations.all_changed(self.database));
    }

    fn heard(&self) {
        let now_ms = time::shared_ms();
        self.generations()
            .for_each(|generations| generations.set_heard(self.database, now_ms));
    }
}
