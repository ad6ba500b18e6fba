//! What a worker process has: pools and schema caches. Made when the worker starts, gone when it exits.

mod cache;
mod changes;
mod connection;
mod connector;
mod counters;
mod database;
mod exchange;
mod http_client;
mod http_stream;
mod key_fetcher;
mod limits;
mod listener;
mod metrics;
mod pace;
mod pool;
mod probe;
mod schema;
mod transport;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) use cache::{Making, Question, Source, Told, Waiting, find_near, judge, purge};
pub(crate) use changes::Changes;
pub(crate) use database::{Batch, Database, Parts, Whole};
pub(crate) use exchange::{PART_BYTES, Sink};
pub(crate) use key_fetcher::Refresh;
pub(crate) use limits::with_tables;
pub(crate) use metrics::{count, note_failure, report};

use crate::conf::{CacheZone, DatabaseSettings, MainConf};
use crate::nginx::executor::{self, Task};
use crate::nginx::random;

thread_local! {
    static STARTED: Cell<bool> = const { Cell::new(false) };
    static DATABASES: RefCell<Vec<Rc<Database>>> = const { RefCell::new(Vec::new()) };
    static CACHES: RefCell<Vec<Rc<CacheZone>>> = const { RefCell::new(Vec::new()) };
    static KEY_FETCHERS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// The worker starts.
pub(crate) fn start(main_conf: &MainConf) {
    random::forget();
    executor::before_loop(|| {
        let zones = main_conf.cache_zones();
        let start = |settings: &Rc<DatabaseSettings>| {
            Database::start(settings, cache::observer(&settings.data_place(), &zones))
        };
        DATABASES.set(main_conf.databases().map(start).collect());
        CACHES.set(zones);
        KEY_FETCHERS.set(main_conf.remote_keys.iter().map(key_fetcher::start).collect());
        metrics::start(main_conf.metrics.zone());
    });
    STARTED.set(true);
}

/// Whether this process serves requests already.
pub(crate) fn is_started() -> bool {
    STARTED.get()
}

/// The worker exits.
pub(crate) fn stop() {
    metrics::stop();
    KEY_FETCHERS.take();
    for zone in CACHES.take() {
        zone.waiting.take();
    }
    for database in DATABASES.take() {
        database.stop();
    }
    executor::shut_down();
}

/// The database of that number.
pub(crate) fn database(number: usize) -> Option<Rc<Database>> {
    DATABASES.with_borrow(|databases| databases.get(number).cloned())
}

/// All databases.
pub(crate) fn databases() -> Vec<Rc<Database>> {
    DATABASES.with_borrow(Vec::clone)
}

/// Something in a relation of this name may have changed, in whichever database.
pub(crate) fn changed(relation: &str) {
    DATABASES.with_borrow(|databases| databases.iter().for_each(|database| database.changed(relation)));
}

/// Anything may have changed.
pub(crate) fn all_changed() {
    DATABASES.with_borrow(|databases| databases.iter().for_each(|database| database.all_changed()));
}
