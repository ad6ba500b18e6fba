//! What this worker counts, and what all of them have counted.
//!
//! Requests are counted in shared memory as they end. Pools count for themselves: what they have counted is written there every second.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use postern_core::metrics::{
    DatabaseTotals, EndpointTotals, Failure, Label, Observation, Registry, Report, Slot,
};

use super::DATABASES;
use crate::conf::{MainConf, MetricsConf, MetricsZone};
use crate::nginx::event::Event;
use crate::nginx::{self, Level, log, process, time};

/// How old what is told of pools may be.
const FLUSH_EVERY_MS: u64 = 1000;

thread_local! {
    static METER: RefCell<Option<Meter>> = const { RefCell::new(None) };
}

/// What a worker counts with.
struct Meter {
    zone: Rc<MetricsZone>,
    /// Whose slot it is.
    identity: u64,
    /// The worker's own slot; `None` as long as workers that a reload has told to end have all of them.
    slot: Cell<Option<Slot>>,
    clock: Event,
}

/// The worker starts.
pub(super) fn start(zone: Option<&Rc<MetricsZone>>) {
    let Some(zone) = zone else { return };
    let meter = Meter {
        zone: Rc::clone(zone),
        identity: process::identity(),
        slot: Cell::new(None),
        clock: Event::new(|| {
            flush();
            METER.with_borrow(|meter| meter.iter().for_each(Meter::wind));
        }),
    };
    meter.wind();
    if let Some(registry) = zone.registry() {
        registry.note_start(time::unix_s());
    }
    METER.set(Some(meter));
    flush();
}

/// The worker exits.
pub(super) fn stop() {
    flush();
    if let Some(meter) = METER.take()
        && let Some(registry) = meter.zone.registry()
    {
        registry.give_slot_back(meter.identity);
    }
}

impl Meter {
    fn wind(&self) {
        self.clock.set_timer(FLUSH_EVERY_MS, true);
    }

    /// Where this worker counts.
    fn slot(&self, registry: &Registry<'_>) -> Slot {
        self.slot.get().unwrap_or_else(|| registry.common_slot())
    }
}

fn with_meter<T>(look: impl FnOnce(&Meter, &Registry<'_>) -> Option<T>) -> Option<T> {
    METER.with_borrow(|meter| {
        let meter = meter.as_ref()?;
        look(meter, &meter.zone.registry()?)
    })
}

/// Writes down what pools have counted, and what they are like.
fn flush() {
    with_meter(|meter, registry| {
        if meter.slot.get().is_none() {
            meter
                .slot
                .set(registry.take_slot(meter.identity, &process::is_there));
        }
        // Without a slot nothing can be said of how things are: another one says that there.
        let own = meter.slot.get();
        let slot = own.unwrap_or_else(|| registry.common_slot());
        DATABASES.with_borrow(|databases| {
            for database in databases {
                let label = Label::Database(database.config().name.to_string());
                let block = registry
                    .find(&label)
                    .and_then(|series| registry.block(series, slot));
                let Some(block) = block else { continue };
                database.write_counters(&block);
                if own.is_some() {
                    database.write_gauges(&block);
                }
            }
        });
        Some(())
    });
}

/// Counts a request that has ended in a location, whose label is made once.
pub(crate) fn count(conf: &MetricsConf, label: impl FnOnce() -> Label, observation: &Observation<'_>) {
    with_meter(|meter, registry| {
        let series = *conf.series.get_or_init(|| {
            let label = label();
            let series = registry.find(&label);
            if series.is_none() {
                log(
                    Level::Warn,
                    format_args!("\"postern_metrics_zone\" is too small: {label:?} is not counted"),
                );
            }
            series
        });
        observation.count(&registry.block(series?, meter.slot(registry))?);
        Some(())
    });
}

/// Notes a request that has failed and was counted.
pub(crate) fn note_failure(conf: &MetricsConf, failure: &Failure<'_>) {
    with_meter(|meter, registry| {
        let series = (*conf.series.get()?)?;
        registry.note_failure(series, meter.slot(registry), failure);
        Some(())
    });
}

/// All that there is to tell. `None` if nothing is counted.
pub(crate) fn report(main_conf: &MainConf) -> Option<Report<'_>> {
    flush();
    with_meter(|_, registry| {
        let alive = registry.alive(&process::is_there);
        let (started, crashed) = registry.processes();
        let mut report = Report {
            now_ms: time::unix_ms(),
            began_s: registry.began_s(),
            versions: (env!("CARGO_PKG_VERSION"), nginx::VERSION),
            workers: (alive.len() as u64, started, crashed),
            zones: main_conf.zone_reports(),
            failures: registry.last_failures(),
            ..Report::default()
        };
        for (series, label) in registry.series() {
            match label {
                Label::Endpoint { server, location } => {
                    let totals = EndpointTotals::of(registry, series);
                    report.endpoints.push((server, location, totals));
                }
                Label::Database(name) => {
                    report
                        .databases
                        .push((name, DatabaseTotals::of(registry, series, &alive)));
                }
            }
        }
        Some(report)
    })
}
