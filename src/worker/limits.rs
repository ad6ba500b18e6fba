//! The tables of limits, locked for as long as a request is judged.

use postern_core::limit::Table;

use crate::conf::{MAX_ZONES, Reported, ZoneSettings};
use crate::nginx::shm::Locked;
use crate::nginx::{Level, log};

/// Has `judge` look at the tables of these zones, each at the place of its number. The locks are taken in the order of the numbers,
/// by everybody, so that nobody waits for each other.
pub(crate) fn with_tables<'z, T>(
    zones: impl Iterator<Item = (usize, &'z ZoneSettings)>,
    now_ms: u64,
    judge: impl FnOnce(&mut [Option<Table<'_>>]) -> T,
) -> T {
    let mut wanted: [Option<&ZoneSettings>; MAX_ZONES] = [None; MAX_ZONES];
    for (number, zone) in zones {
        if let Some(place) = wanted.get_mut(number) {
            *place = Some(zone);
        }
    }
    let mut locked = wanted.map(|zone| zone.and_then(ZoneSettings::lock));
    let mut tables = locked.each_mut().map(|locked| open(locked.as_mut()?, now_ms));
    let answer = judge(&mut tables);
    let evicted = tables.map(|table| table.map(|table| table.evicted()));
    let repaired = locked.map(|locked| locked.is_some_and(|locked| locked.was_interrupted()));
    // The locks are gone: whoever logs may take its time.
    for ((zone, evicted), was_repaired) in wanted.into_iter().zip(evicted).zip(repaired) {
        if let (Some(zone), Some(evicted)) = (zone, evicted) {
            report(zone, evicted, was_repaired, now_ms);
        }
    }
    answer
}

fn open<'l>(locked: &'l mut Locked<'_>, now_ms: u64) -> Option<Table<'l>> {
    let needs_repair = locked.was_interrupted();
    let mut table = Table::open(locked.words())?;
    if needs_repair {
        table.repair(now_ms);
    }
    Some(table)
}

/// A table that is too small forgets clients that it should count. Each worker says so once a minute at the most.
fn report(zone: &ZoneSettings, evicted: u64, was_repaired: bool, now_ms: u64) {
    if was_repaired {
        log(
            Level::Notice,
            format_args!(
                "zone \"{}\" was repaired, a process died while it used it",
                zone.name
            ),
        );
    }
    let reported = zone.reported_evictions.get();
    let is_recent = reported
        .at_ms
        .is_some_and(|at_ms| now_ms < at_ms + REPORT_EVERY_MS);
    if evicted <= reported.evicted || is_recent {
        return;
    }
    zone.reported_evictions.set(Reported {
        evicted,
        at_ms: Some(now_ms),
    });
    log(
        Level::Warn,
        format_args!(
            "zone \"{}\" is too small: {} keys were forgotten while they were counted, {evicted} in all",
            zone.name,
            evicted - reported.evicted
        ),
    );
}

const REPORT_EVERY_MS: u64 = 60_000;
