//! The tables of limits, locked for as long as a request is judged.

use std::rc::Rc;

use postern_core::limit::{NumberedTable, Table};

use crate::conf::{MAX_ZONES, ZoneHealth, ZoneSettings};
use crate::nginx::shm::Locked;
use crate::nginx::{Level, log};

/// Has `judge` look at the tables of these zones, which may come several times. The locks are taken in the order of the zones'
/// numbers, by everybody, so that nobody waits for each other.
pub(crate) fn with_tables<'z, T>(
    zones: impl Iterator<Item = &'z (usize, Rc<ZoneSettings>)>,
    now_ms: u64,
    judge: impl FnOnce(&mut [NumberedTable<'_>]) -> T,
) -> T {
    let mut wanted: [Option<&ZoneSettings>; MAX_ZONES] = [None; MAX_ZONES];
    for (number, zone) in zones {
        if let Some(place) = wanted.get_mut(*number) {
            *place = Some(zone);
        }
    }
    let zones = wanted.into_iter().enumerate();
    let mut zones = zones.filter_map(|(number, zone)| Some((number, zone?)));
    let answer = match (zones.next(), zones.next()) {
        // Nearly always.
        (Some((number, zone)), None) => lock_one(number, zone, now_ms, judge),
        (first, second) => lock_all(first.into_iter().chain(second).chain(zones), now_ms, judge),
    };
    // The locks are gone: whoever logs may take its time.
    for zone in wanted.into_iter().flatten() {
        report(zone, now_ms);
    }
    answer
}

fn lock_one<T>(
    number: usize,
    zone: &ZoneSettings,
    now_ms: u64,
    judge: impl FnOnce(&mut [NumberedTable<'_>]) -> T,
) -> T {
    let mut locked = zone.lock();
    match locked.as_mut().and_then(|locked| open(zone, locked, now_ms)) {
        Some(table) => judge(&mut [NumberedTable { number, table }]),
        None => judge(&mut []),
    }
}

fn lock_all<'z, T>(
    zones: impl Iterator<Item = (usize, &'z ZoneSettings)>,
    now_ms: u64,
    judge: impl FnOnce(&mut [NumberedTable<'_>]) -> T,
) -> T {
    let mut locked: Vec<_> = zones
        .filter_map(|(number, zone)| Some((number, zone, zone.lock()?)))
        .collect();
    let tables = locked.iter_mut().filter_map(|(number, zone, locked)| {
        Some(NumberedTable {
            number: *number,
            table: open(zone, locked, now_ms)?,
        })
    });
    judge(&mut tables.collect::<Vec<_>>())
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
