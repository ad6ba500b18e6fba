//! The tables of limits, locked for as long as a request is judged.

use std::rc::Rc;

use postern_core::limit::{NumberedTable, Table};

use crate::conf::{MAX_ZONES, ZoneHealth, ZoneSettings};
use crate::nginx::shm::Locked;
use crate::nginx::{Level, log, time};

/// Has `judge` look at the tables of these zones, which may come several times, and gives it the time.
///
/// The locks are taken in the order of the zones' names: workers of two configurations may be at work, and a zone that survives a
/// reload keeps nothing but its name. The clock is read when the locks are held, so that nobody's time is behind what the one
/// before has written.
pub(crate) fn with_tables<'z, T>(
    zones: impl Iterator<Item = &'z (usize, Rc<ZoneSettings>)>,
    judge: impl FnOnce(&mut [NumberedTable<'_>], u64) -> T,
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
        (Some((number, zone)), None) => lock_one(number, zone, judge),
        (first, second) => lock_all(first.into_iter().chain(second).chain(zones), judge),
    };
    // The locks are gone: whoever logs may take its time.
    for zone in wanted.into_iter().flatten() {
        report(zone, time::monotonic_ms());
    }
    answer
}

fn lock_one<T>(
    number: usize,
    zone: &ZoneSettings,
    judge: impl FnOnce(&mut [NumberedTable<'_>], u64) -> T,
) -> T {
    let mut locked = zone.lock();
    let now_ms = time::shared_ms();
    match locked.as_mut().and_then(|locked| open(zone, locked, now_ms)) {
        Some(table) => judge(&mut [NumberedTable::new(number, table)], now_ms),
        None => judge(&mut [], now_ms),
    }
}

fn lock_all<'z, T>(
    zones: impl Iterator<Item = (usize, &'z ZoneSettings)>,
    judge: impl FnOnce(&mut [NumberedTable<'_>], u64) -> T,
) -> T {
    let mut zones: Vec<_> = zones.collect();
    zones.sort_unstable_by_key(|(_, zone)| &zone.name);
    let mut locked: Vec<_> = zones
        .into_iter()
        .filter_map(|(number, zone)| Some((number, zone, zone.lock()?)))
        .collect();
    let now_ms = time::shared_ms();
    let tables = locked
        .iter_mut()
        .filter_map(|(number, zone, locked)| Some(NumberedTable::new(*number, open(zone, locked, now_ms)?)));
    judge(&mut tables.collect::<Vec<_>>(), now_ms)
}

fn open<'l>(zone: &ZoneSettings, locked: &'l mut Locked<'_>, now_ms: u64) -> Option<Table<'l>> {
    let was_interrupted = locked.was_interrupted();
    if was_interrupted {
        Table::open(locked.words())?.repair(now_ms);
        locked.repaired();
    }
    let table = Table::open(locked.words())?;
    let health = zone.health.get();
    zone.health.set(ZoneHealth {
        was_repaired: health.was_repaired || was_interrupted,
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
