//! Responses that are kept: looked for before anything is made, made by one request for all that ask for the same.

mod fields;
mod key;
mod purge;
mod recorder;
mod variables;

use std::rc::Rc;

use postern_core::cache::{CacheStatus, Forward, RequestControl, Stored};
use postern_core::error::Error;

pub(crate) use fields::CacheFields;
pub(super) use key::ContentKey;
pub(crate) use purge::Purge;
pub(super) use recorder::{Reads, Recorder};
pub(crate) use variables::{CacheAge, CacheStatusVariable};

use super::caller::Caller;
use super::reply::{self, JSON};
use crate::conf::Postern;
use crate::nginx::output::Reply;
use crate::nginx::phase::Verdict;
use crate::nginx::task::RequestHandle;
use crate::nginx::{Request, time};
use crate::worker::{self, Database, Making, Question, Source, Told};

/// What the cache has made of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    /// What has become of it.
    status: CacheStatus,
    /// The age of a stored response, in seconds.
    age_s: u64,
    /// How long it stays fresh, in seconds; negative once it is not.
    ttl_s: i64,
    forward: Forward,
}

impl Note {
    /// The response was made.
    fn made(status: CacheStatus, forward: Forward) -> Self {
        Self {
            status,
            age_s: 0,
            ttl_s: 0,
            forward,
        }
    }
}

/// What is found before anything is made.
pub(super) enum Looked {
    /// The location or the request is not for the cache.
    Off,
    /// The request is answered.
    Answered(Verdict),
    /// The cache has been asked: [`Asked::answer`] goes on.
    Asked(Asked),
}

/// A request that the cache cannot answer at once.
pub(super) struct Asked {
    question: Rc<Question>,
    told: Told,
    bypasses: bool,
}

/// Looks for the response of a request that reads.
pub(super) fn look(request: &mut Request, database: usize, content: &impl ContentKey) -> Looked {
    let conf = request.location_conf::<Postern>();
    let Some(settings) = conf.cache.settings() else {
        return Looked::Off;
    };
    let config = &settings.config;
    let is_cached = match request.method() {
        b"GET" => config.get,
        b"HEAD" => config.head,
        _ => false,
    };
    let (settings, Some(zone)) = (Rc::clone(settings), settings.zone().cloned()) else {
        return Looked::Off;
    };
    // Tokens are nobody else's.
    if !is_cached || conf.issue_token.is_some() {
        return Looked::Off;
    }
    let control = control(request, settings.config.request_control);
    if control.no_store {
        note(request, Note::made(CacheStatus::Bypass, Forward::default()));
        return Looked::Off;
    }
    let Some(database) = worker::database(database) else {
        return Looked::Off;
    };
    // Who may not ask is told so where the response is made.
    let Ok(caller) = Caller::of(request, &database) else {
        return Looked::Off;
    };
    let source = source(&database);
    let bypasses = control.no_cache;
    let asked = key::with(request, &settings, &zone, &database, &caller, content, |key| {
        if !bypasses && let Some(stored) = worker::find_near(&zone, &settings.config, key, source, control) {
            return Err(stored);
        }
        Ok(Rc::new(Question {
            zone: Rc::clone(&zone),
            settings: Rc::clone(&settings),
            key: key.bytes.into(),
            hash: key.hash,
            source,
            control,
        }))
    });
    match asked {
        None => Looked::Off,
        Some(Err(stored)) => {
            let judge = worker::judge(&zone, &settings.config, source, control);
            let (age_ms, ttl_s) = judge.map_or((0, 0), |judge| {
                (judge.age_ms(&stored.lifetime), judge.ttl_s(&stored.lifetime))
            });
            let note = Note {
                status: CacheStatus::Hit,
                age_s: age_ms / 1000,
                ttl_s,
                forward: Forward::default(),
            };
            Looked::Answered(send(request, &stored, note))
        }
        Some(Ok(question)) => ask(request, question, bypasses),
    }
}

/// Asks the zone, which answers at once; the request waits only for what has to be made.
fn ask(request: &mut Request, question: Rc<Question>, bypasses: bool) -> Looked {
    match question.ask(bypasses) {
        Told::Fresh(stored) => {
            let note = note_of(&question, &stored, CacheStatus::Hit);
            Looked::Answered(send(request, &stored, note))
        }
        Told::Updating(stored) => {
            let note = note_of(&question, &stored, CacheStatus::Updating);
            Looked::Answered(send(request, &stored, note))
        }
        _ if question.control.only_if_cached => {
            note(request, Note::made(CacheStatus::Miss, Forward::default()));
            Looked::Answered(reply::refuse(request, &Error::NotCached))
        }
        told => Looked::Asked(Asked {
            question,
            told,
            bypasses,
        }),
    }
}

impl Asked {
    /// The response: made by this request, by `make`, or by the one that it waits for.
    pub(super) async fn answer(
        self,
        handle: &RequestHandle,
        make: impl AsyncFnOnce(Option<&Recorder>) -> Result<Reply, Error>,
    ) -> Result<Reply, Error> {
        let Self {
            question,
            mut told,
            bypasses,
        } = self;
        let give_up_ms = time::shared_ms().saturating_add(question.settings.config.lock_timeout_ms);
        let mut has_waited = false;
        loop {
            match told {
                Told::Fresh(stored) => {
                    let status = if has_waited {
                        CacheStatus::Miss
                    } else {
                        CacheStatus::Hit
                    };
                    let mut found = note_of(&question, &stored, status);
                    found.forward.collapsed = has_waited;
                    return Ok(stored_reply(handle, &stored, found));
                }
                Told::Updating(stored) => {
                    let found = note_of(&question, &stored, CacheStatus::Updating);
                    return Ok(stored_reply(handle, &stored, found));
                }
                Told::Make(making) => {
                    return make_and_keep(handle, &question, making, bypasses, make).await;
                }
                Told::Pass => {
                    note_later(handle, Note::made(CacheStatus::Miss, Forward::default()));
                    return make(None).await;
                }
                Told::Wait => {
                    let left_ms = give_up_ms.saturating_sub(time::shared_ms());
                    has_waited = true;
                    told = if question.wait(left_ms).await {
                        question.ask(false)
                    } else {
                        Told::Pass
                    };
                }
            }
        }
    }
}

async fn make_and_keep(
    handle: &RequestHandle,
    question: &Rc<Question>,
    making: Making,
    bypasses: bool,
    make: impl AsyncFnOnce(Option<&Recorder>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let recorder = Recorder::new(Rc::clone(question));
    let status = match (bypasses, making.was_stored) {
        (true, _) => CacheStatus::Bypass,
        (false, true) => CacheStatus::Expired,
        (false, false) => CacheStatus::Miss,
    };
    match make(Some(&recorder)).await {
        Ok(reply) => {
            let old = making.old.clone();
            let record = recorder.record(&reply);
            let is_same = record.as_ref().is_some_and(|(record, _)| {
                old.is_some_and(|old| old.record.body == record.body && old.record.fields == record.fields)
            });
            let stored = match record {
                Some((record, began_ms)) => making.keep(record, began_ms),
                None => {
                    making.give_up();
                    false
                }
            };
            let status = if is_same { CacheStatus::Revalidated } else { status };
            let forward = Forward {
                stored,
                ..Forward::default()
            };
            note_later(handle, Note::made(status, forward));
            Ok(reply)
        }
        // The client is gone: somebody else makes it.
        Err(error @ Error::Http(_)) => Err(error),
        Err(error) => {
            let old = making
                .old
                .clone()
                .filter(|_| matches!(error, Error::Unavailable(_)));
            making.give_up();
            match old {
                Some(old) => {
                    let found = note_of(question, &old, CacheStatus::Stale);
                    Ok(stored_reply(handle, &old, found))
                }
                None => {
                    note_later(handle, Note::made(status, Forward::default()));
                    Err(error)
                }
            }
        }
    }
}

/// What is said of a stored response.
fn note_of(question: &Question, stored: &Stored, status: CacheStatus) -> Note {
    let judge = question.judge();
    let (age_ms, ttl_s) = judge.map_or((0, 0), |judge| {
        (judge.age_ms(&stored.lifetime), judge.ttl_s(&stored.lifetime))
    });
    Note {
        status,
        age_s: age_ms / 1000,
        ttl_s,
        forward: Forward::default(),
    }
}

/// A database as a cache sees it.
fn source(database: &Database) -> Source {
    Source {
        database: database.id(),
        listens: database.listens(),
    }
}

fn control(request: &Request, counts: bool) -> RequestControl {
    if !counts {
        return RequestControl::default();
    }
    let fields = |wanted: &'static [u8]| {
        let fields = request.headers();
        fields
            .filter(move |(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    RequestControl::parse(fields(b"cache-control"), fields(b"pragma"))
}

/// Sends a stored response from within the content phase.
fn send(request: &mut Request, stored: &Stored, found: Note) -> Verdict {
    if let Err(code) = request.discard_body() {
        return Verdict::Finished(code);
    }
    note(request, found);
    let reply = reply_of(stored);
    Verdict::Finished(request.send(reply))
}

/// A stored response for a request that has waited.
fn stored_reply(handle: &RequestHandle, stored: &Stored, found: Note) -> Reply {
    note_later(handle, found);
    reply_of(stored)
}

fn reply_of(stored: &Stored) -> Reply {
    Reply {
        status: 200,
        content_type: Some(JSON),
        headers: stored.record.fields.clone(),
        body: Some(stored.record.body.clone()),
    }
}

fn note_later(handle: &RequestHandle, found: Note) {
    handle.with(|request| note(request, found));
}

fn note(request: &mut Request, found: Note) {
    if let Some(context) = request.context_or_default::<Postern>() {
        context.cache = Some(found);
        context.replied = true;
    }
}
