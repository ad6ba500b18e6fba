//! The tables of limits, locked for as long as a request is judged.

use std::rc::Rc;

use postern_core::limit::{NumberedTable, Table};

use crate::conf::{MAX_ZONES, ZoneHealth, ZoneSettings};
use crate::nginx::shm::Locked;
use crate::nginx::{Level, log};

/// Zones that are used together, each at the place of its number.
#[derive(Default)]
pub(crate) struct Zones([Option<Rc<ZoneSettings>>; MAX_ZONES]);

impl Zones {
    /// The zones of so many limits.
    pub(crate) fn of<'z>(used: impl Iterator<Item = &'z (usize, Rc<ZoneSettings>)>) -> Self {
        let mut zones = Self::default();
        for (number, zone) in used {
            if let Some(place @ None) = zones.0.get_mut(*number) {
                *place = Some(Rc::clone(zone));
            }
        }
        zones
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &ZoneSettings)> {
        let zones = self.0.iter().enumerate();
        zones.filter_map(|(number, zone)| Some((number, &**zone.as_ref()?)))
    }
}

/// Has `judge` look at the tables of these zones. The locks are taken in the order of the zones' numbers, by everybody, so that
/// nobody waits for each other.
pub(crate) fn with_tables<T>(
    zones: &Zones,
    now_ms: u64,
    judge: impl FnOnce(&mut [NumberedTable<'_>]) -> T,
) -> T {
    let answer = lock_all(zones, now_ms, judge);
    // The locks are gone: whoever logs may take its time.
    for (_, zone) in zones.iter() {
        report(zone, now_ms);
    }
    answer
}

fn lock_all<T>(zones: &Zones, now_ms: u64, judge: impl FnOnce(&mut [NumberedTable<'_>]) -> T) -> T {
    // Most requests need one.
    let mut locked: Vec<(usize, &ZoneSettings, Locked<'_>)> = Vec::with_capacity(1);
    for (number, zone) in zones.iter() {
        locked.extend(zone.lock().map(|locked| (number, zone, locked)));
    }
    let mut tables = Vec::with_capacity(locked.len());
    for (number, zone, locked) in &mut locked {
        let table = open(zone, locked, now_ms);
        tables.extend(table.map(|table| NumberedTable {
            number: *number,
            table,
        }));
    }
    judge(&mut tables)
}

fn open<'l>(zone: &ZoneSettings, locked: &'l mut Locked<'_>, now_ms: u64) -> Option<Table<'l>> {
    let was_repaired = locked.was_interrupted();
    let mut table = Table::open(locked.words())?;
    if was_repaired {
        table.repair(now_ms);
    }
    let health = zone.health.get();
    zone.health.set(ZoneHealth {
        was_repaired: health.was_repaired || was_repaired,
        evicted: table.evicted(),
        ..health
    });
    Some(table)
}

/// A table that is too small forgets clients that it should count. Each worker says so once a minute at the most.
fn report(zone: &ZoneSettings, now_ms: u64) {
    let health = zone.health.get();
    if health.was_repaired {
        log(
            Level::Notice,
            format_args!(
                "zone \"{}\" was repaired, a process died while it used it",
                zone.name
            ),
        );
    }
    let forgotten = health.evicted.saturating_sub(health.reported);
    let is_news = forgotten > 0 && now_ms >= health.silent_until_ms;
    if is_news {
        log(
            Level::Warn,
            format_args!(
                "zone \"{}\" is too small: {forgotten} keys were forgotten while they were counted, {} in all",
                zone.name, health.evicted
            ),
        );
    }
    if is_news || health.was_repaired {
        zone.health.set(ZoneHealth {
            was_repaired: false,
            evicted: health.evicted,
            reported: if is_news { health.evicted } else { health.reported },
            silent_until_ms: if is_news {
                now_ms + REPORT_EVERY_MS
            } else {
                health.silent_until_ms
            },
        });
    }
}

const REPORT_EVERY_MS: u64 = 60_000;
