//! Responses that are kept: in this worker, and in the shared memory of a zone.

mod making;
mod observer;
mod waiting;

use std::rc::Rc;

use postern_core::cache::{
    Answer, CacheConfig, DatabaseId, Dependencies, Flight, Inquiry, Judge, Key, RequestControl, Store, Stored,
};

pub(crate) use making::Making;
pub(super) use observer::observer;
pub(crate) use waiting::Waiting;

use super::CACHES;
use crate::conf::{CacheSettings, CacheZone};
use crate::nginx::{Level, log, process, time};

/// A request for a response that may be kept.
pub(crate) struct Question {
    /// Where it may be.
    pub(crate) zone: Rc<CacheZone>,
    /// How it is kept.
    pub(crate) settings: Rc<CacheSettings>,
    /// What it is found by.
    pub(crate) key: Box<[u8]>,
    /// See [`Key::hash`].
    pub(crate) hash: u64,
    /// Whose content it is.
    pub(crate) source: Source,
    /// What the client asks.
    pub(crate) control: RequestControl,
}

/// A database as a cache sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// Its name.
    pub(crate) database: DatabaseId,
    /// Whether changes that are made elsewhere should be heard of.
    pub(crate) listens: bool,
}

/// What a request is told.
pub(crate) enum Told {
    /// This is the response.
    Fresh(Rc<Stored>),
    /// This one is old, but may be sent: another request is making a new one.
    Updating(Rc<Stored>),
    /// It has to be made, and others wait for it.
    Make(Making),
    /// Another request makes it.
    Wait(Flight),
    /// It has to be made for this request alone; the old one may be sent where that fails.
    Pass(Option<Rc<Stored>>),
}

/// The response of a key that this worker has itself, if it is good.
pub(crate) fn find_near(
    zone: &CacheZone,
    config: &CacheConfig,
    key: &Key<'_>,
    source: Source,
    control: RequestControl,
) -> Option<Rc<Stored>> {
    let judge = judge(zone, config, source, control)?;
    let mut level = zone.first_level.borrow_mut();
    let purges = judge.generations.purges();
    if zone.purges_seen.replace(purges) != purges {
        level.clear();
    }
    let stored = level.find(key)?;
    judge.is_good(stored).then(|| Rc::clone(stored))
}

/// What responses are held against now.
pub(crate) fn judge<'z>(
    zone: &'z CacheZone,
    config: &'z CacheConfig,
    source: Source,
    control: RequestControl,
) -> Option<Judge<'z>> {
    Some(Judge {
        now_ms: time::shared_ms(),
        generations: zone.generations()?,
        database: source.database,
        listens: source.listens,
        config,
        control,
    })
}

impl Question {
    fn key(&self) -> Key<'_> {
        Key {
            bytes: &self.key,
            hash: self.hash,
        }
    }

    /// What responses are held against now.
    pub(crate) fn judge(&self) -> Option<Judge<'_>> {
        judge(&self.zone, &self.settings.config, self.source, self.control)
    }

    /// Asks the zone. With `is_refresh` no stored response will do.
    pub(crate) fn ask(self: &Rc<Self>, is_refresh: bool) -> Told {
        let answer = with_store(&self.zone, |store, now_ms| {
            let judge = Judge {
                now_ms,
                ..self.judge()?
            };
            Some(store.ask(&Inquiry {
                key: self.key(),
                now_ms,
                process: process::number(),
                is_alive: &process::is_alive,
                flight_ms: self.settings.config.lock_timeout_ms,
                min_uses: self.settings.config.min_uses,
                is_fresh: &|lifetime| judge.is_fresh(lifetime),
                is_refresh,
                generations: judge.generations,
            }))
        });
        match answer.flatten() {
            Some(Answer::Fresh(stored)) => {
                let stored = Rc::new(stored);
                self.keep_near(&stored);
                Told::Fresh(stored)
            }
            // Who wants it fresher than that does not wait for others either.
            Some(Answer::UnderWay { .. }) if self.control.max_age_s == Some(0) => Told::Pass(None),
            Some(Answer::UnderWay { old: Some(old), .. }) if !self.is_particular() => {
                Told::Updating(Rc::new(old))
            }
            Some(Answer::UnderWay { flight, .. }) => Told::Wait(flight),
            Some(Answer::Make {
                flight,
                old,
                was_stored,
            }) => Told::Make(Making::new(Rc::clone(self), flight, old.map(Rc::new), was_stored)),
            Some(Answer::Pass { old }) => Told::Pass(old.map(Rc::new)),
            None => Told::Pass(None),
        }
    }

    fn is_particular(&self) -> bool {
        self.control.max_age_s.is_some() || self.control.min_fresh_s.is_some()
    }

    /// Waits until the response is made, or `limit_ms` are over; whether it is, or nobody makes it any more.
    pub(crate) async fn wait(self: &Rc<Self>, flight: Flight, limit_ms: u64) -> bool {
        waiting::wait(self, flight, limit_ms).await
    }

    fn is_being_made(&self, flight: Flight) -> bool {
        let answer = with_store(&self.zone, |store, now_ms| {
            store.is_being_made(&self.key(), flight, now_ms, &process::is_alive)
        });
        answer.unwrap_or_default()
    }

    fn keep_near(&self, stored: &Rc<Stored>) {
        let mut level = self.zone.first_level.borrow_mut();
        level.keep(&self.key(), Rc::clone(stored));
    }

    /// What a response depends on, as of now: before its query is sent.
    pub(crate) fn dependencies(&self, relations: &[Box<str>]) -> Option<(Dependencies, u64)> {
        let generations = self.zone.generations()?;
        let relations = relations
            .iter()
            .chain(&self.settings.config.depends)
            .map(|name| &**name);
        let dependencies = Dependencies::now(&generations, self.source.database, relations);
        Some((dependencies, time::shared_ms()))
    }

    /// The same of a response that may depend on whatever there is.
    pub(crate) fn dependencies_on_anything(&self) -> Option<(Dependencies, u64)> {
        let generations = self.zone.generations()?;
        let dependencies = Dependencies::on_anything(&generations, self.source.database);
        Some((dependencies, time::shared_ms()))
    }
}

/// When changes of a database that others make were last heard of, in this worker or another one. `None` if no zone would know.
pub(super) fn heard_ms(database: DatabaseId) -> Option<Option<u64>> {
    CACHES.with_borrow(|zones| {
        let zone = zones.first()?;
        Some(zone.generations()?.heard_ms(database))
    })
}

/// Forgets the responses in a zone to requests whose paths begin with this; how many there were.
pub(crate) fn purge(zone: &CacheZone, prefix: &[u8]) -> usize {
    let purged = with_store(zone, |store, _| store.purge(prefix));
    // Whoever keeps some of them looks for this before each use.
    if let Some(generations) = zone.generations() {
        generations.advance_purges();
    }
    purged.unwrap_or_default()
}

/// Has `look` look at the store while nobody else does, and gives it the time. A process that was killed meanwhile may have left it
/// half changed: then it begins anew.
pub(crate) fn with_store<T>(zone: &CacheZone, look: impl FnOnce(&mut Store<'_>, u64) -> T) -> Option<T> {
    let mut locked = zone.lock()?;
    let was_interrupted = locked.was_interrupted();
    if was_interrupted {
        Store::clear(locked.words());
        locked.repaired();
    }
    let answer = Store::open(locked.words()).map(|mut store| look(&mut store, time::shared_ms()));
    drop(locked);
    if was_interrupted {
        log(
            Level::Notice,
            format_args!(
                "responses of zone \"{}\" were dropped, a process died while it used them",
                zone.name
            ),
        );
    }
    answer
}
