//! Responses that are kept: looked for before anything is made, made by one request for all that ask for the same.

mod fields;
mod key;
mod purge;
mod recorder;
mod variables;

use std::rc::Rc;

use postern_core::cache::{CacheStatus, Forward, Judge, Key, RequestControl, Stored};
use postern_core::error::Error;
use postern_core::media_type;

pub(crate) use fields::CacheFields;
pub(super) use key::ContentKey;
pub(crate) use purge::Purge;
pub(super) use recorder::{Reads, Recorder};
pub(crate) use variables::{CacheAge, CacheStatusVariable};

use super::caller::Caller;
use super::conditional;
use super::reply::JSON;
use crate::conf::{CacheSettings, CacheZone, Postern};
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
    /// A stored response is sent.
    fn of(judge: &Judge<'_>, stored: &Stored, status: CacheStatus) -> Self {
        Self {
            status,
            age_s: judge.age_ms(&stored.lifetime) / 1000,
            ttl_s: judge.ttl_s(&stored.lifetime),
            forward: Forward::default(),
        }
    }

    /// What has become of it.
    pub(crate) fn status(&self) -> CacheStatus {
        self.status
    }

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

/// A request that may be answered from a cache.
struct Cached {
    settings: Rc<CacheSettings>,
    zone: Rc<CacheZone>,
    database: Rc<Database>,
    caller: Caller,
    source: Source,
    control: RequestControl,
}

impl Cached {
    /// `None` if the location or the request is not for the cache.
    fn of(request: &mut Request, database: usize) -> Option<Self> {
        let conf = request.location_conf::<Postern>();
        let settings = Rc::clone(conf.cache.settings()?);
        let is_cached = match request.method() {
            b"GET" => settings.config.get,
            b"HEAD" => settings.config.head,
            _ => false,
        };
        // Tokens are nobody else's.
        if !is_cached || conf.issue_token.is_some() {
            return None;
        }
        let zone = Rc::clone(settings.zone()?);
        let database = worker::database(database)?;
        // Who may not ask is told so where the response is made.
        let caller = Caller::of(request, &database).ok()?;
        Some(Self {
            control: control(request, settings.config.request_control),
            source: source(&database),
            settings,
            zone,
            database,
            caller,
        })
    }

    fn with_key<T>(
        &self,
        request: &mut Request,
        content: &impl ContentKey,
        look: impl FnOnce(&Key<'_>) -> T,
    ) -> Option<T> {
        let Self {
            settings,
            zone,
            database,
            caller,
            ..
        } = self;
        key::with(request, settings, zone, database, caller, content, look)
    }
}

/// Answers a request that reads from what this worker has itself. Nothing else is known of the request yet: whoever has asked for the
/// same has asked for something that there is.
pub(super) fn answer_near(
    request: &mut Request,
    database: usize,
    content: &impl ContentKey,
) -> Option<Verdict> {
    let cached = Cached::of(request, database)?;
    let control = cached.control;
    let is_acceptable = request.header(b"accept").is_none_or(media_type::accepts_json);
    if control.no_store || control.no_cache || !is_acceptable {
        return None;
    }
    let config = &cached.settings.config;
    let find = |key: &Key<'_>| worker::find_near(&cached.zone, config, key, cached.source, control);
    let stored = cached.with_key(request, content, find)??;
    let judge = worker::judge(&cached.zone, config, cached.source, control)?;
    let note = Note::of(&judge, &stored, CacheStatus::Hit);
    Some(send(request, &stored, note))
}

/// The response of a request: a stored one, or one that is made, by this request (`make`) or by another one that it waits for.
pub(super) async fn answer(
    handle: &RequestHandle,
    database: usize,
    content: &impl ContentKey,
    make: impl AsyncFnOnce(Option<Rc<Recorder>>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let has_cache = |request: &mut Request| request.location_conf::<Postern>().cache.settings().is_some();
    if !handle.with(has_cache).unwrap_or_default() {
        return make(None).await;
    }
    // The catalogue is part of every key. Where it cannot be loaded, that of other workers is.
    if let Some(database) = worker::database(database) {
        let _ = database.schema().await;
    }
    match handle
        .with(|request| question(request, database, content))
        .flatten()
    {
        // In a place of its own: most requests have no cache, and no room for that.
        Some((question, bypasses)) => Box::pin(ask(handle, &question, bypasses, make)).await,
        None => make(None).await,
    }
}

/// What is asked of the zone, and whether no stored response will do. `None` where the cache is not asked.
fn question(
    request: &mut Request,
    database: usize,
    content: &impl ContentKey,
) -> Option<(Rc<Question>, bool)> {
    let cached = Cached::of(request, database)?;
    if cached.control.no_store {
        note(request, Note::made(CacheStatus::Bypass, Forward::default()));
        return None;
    }
    let question = cached.with_key(request, content, |key| {
        Rc::new(Question {
            zone: Rc::clone(&cached.zone),
            settings: Rc::clone(&cached.settings),
            key: key.bytes.into(),
            hash: key.hash,
            source: cached.source,
            control: cached.control,
        })
    });
    if question.is_none() {
        note(request, Note::made(CacheStatus::Miss, Forward::default()));
    }
    Some((question?, cached.control.no_cache))
}

async fn ask(
    handle: &RequestHandle,
    question: &Rc<Question>,
    bypasses: bool,
    make: impl AsyncFnOnce(Option<Rc<Recorder>>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let give_up_ms = time::shared_ms().saturating_add(question.settings.config.lock_timeout_ms);
    let mut has_waited = false;
    let mut told = question.ask(bypasses);
    loop {
        told = match told {
            Told::Fresh(stored) => {
                let status = if has_waited {
                    CacheStatus::Miss
                } else {
                    CacheStatus::Hit
                };
                let mut found = note_of(question, &stored, status);
                found.forward.collapsed = has_waited;
                return Ok(stored_reply(handle, &stored, found));
            }
            Told::Updating(stored) => {
                let found = note_of(question, &stored, CacheStatus::Updating);
                return Ok(stored_reply(handle, &stored, found));
            }
            _ if question.control.only_if_cached => {
                note_later(handle, Note::made(CacheStatus::Miss, Forward::default()));
                return Err(Error::NotCached);
            }
            Told::Make(making) => return make_and_keep(handle, question, making, bypasses, make).await,
            Told::Pass(old) => return make_alone(handle, question, old, bypasses, make).await,
            Told::Wait(flight) => {
                has_waited = true;
                let left_ms = give_up_ms.saturating_sub(time::shared_ms());
                if question.wait(flight, left_ms).await {
                    question.ask(false)
                } else {
                    Told::Pass(None)
                }
            }
        };
    }
}

async fn make_alone(
    handle: &RequestHandle,
    question: &Question,
    old: Option<Rc<Stored>>,
    bypasses: bool,
    make: impl AsyncFnOnce(Option<Rc<Recorder>>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let status = if bypasses {
        CacheStatus::Bypass
    } else {
        CacheStatus::Miss
    };
    note_later(handle, Note::made(status, Forward::default()));
    match make(None).await {
        Err(error) => failed(handle, question, error, old),
        made => made,
    }
}

async fn make_and_keep(
    handle: &RequestHandle,
    question: &Rc<Question>,
    making: Making,
    bypasses: bool,
    make: impl AsyncFnOnce(Option<Rc<Recorder>>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let status = match (bypasses, making.was_stored) {
        (true, _) => CacheStatus::Bypass,
        (false, true) => CacheStatus::Expired,
        (false, false) => CacheStatus::Miss,
    };
    // A response that is sent while it is made says so as well.
    note_later(handle, Note::made(status, Forward::default()));
    let old = making.old.clone();
    let recorder = Rc::new(Recorder::new(Rc::clone(question), making));
    match make(Some(Rc::clone(&recorder))).await {
        Ok(reply) => {
            let kept = recorder.keep(&reply);
            let status = if kept.is_same {
                CacheStatus::Revalidated
            } else {
                status
            };
            let forward = Forward {
                stored: kept.is_stored,
                ..Forward::default()
            };
            note_later(handle, Note::made(status, forward));
            Ok(reply)
        }
        // The client is gone: somebody else makes it.
        Err(error @ Error::Http(_)) => Err(error),
        Err(error) => {
            recorder.give_up();
            failed(handle, question, error, old)
        }
    }
}

/// While the database cannot be asked, an old response is better than none.
fn failed(
    handle: &RequestHandle,
    question: &Question,
    error: Error,
    old: Option<Rc<Stored>>,
) -> Result<Reply, Error> {
    match old.filter(|_| matches!(error, Error::Unavailable(_))) {
        Some(old) => {
            let found = note_of(question, &old, CacheStatus::Stale);
            Ok(stored_reply(handle, &old, found))
        }
        None => Err(error),
    }
}

/// What is said of a stored response.
fn note_of(question: &Question, stored: &Stored, status: CacheStatus) -> Note {
    match question.judge() {
        Some(judge) => Note::of(&judge, stored, status),
        None => Note::made(status, Forward::default()),
    }
}

/// A database as a cache sees it.
fn source(database: &Database) -> Source {
    Source {
        database: database.data(),
        listens: database.listens(),
    }
}

fn control(request: &Request, counts: bool) -> RequestControl {
    if !counts {
        return RequestControl::default();
    }
    RequestControl::parse(
        request.header_values(b"cache-control"),
        request.header_values(b"pragma"),
    )
}

/// Sends a stored response from within the content phase.
fn send(request: &mut Request, stored: &Stored, found: Note) -> Verdict {
    if let Err(code) = request.discard_body() {
        return Verdict::Finished(code);
    }
    replied(request, found);
    let reply = conditional::apply(request, reply_of(stored));
    Verdict::Finished(request.send(reply))
}

/// A stored response for a request that has waited.
fn stored_reply(handle: &RequestHandle, stored: &Stored, found: Note) -> Reply {
    handle.with(|request| replied(request, found));
    reply_of(stored)
}

fn reply_of(stored: &Stored) -> Reply {
    Reply {
        status: 200,
        content_type: Some(JSON),
        etag: Some(stored.etag.to_bytes()),
        last_modified_s: stored.record.last_modified_s,
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
    }
}

/// The same of a request that is answered with a stored response.
fn replied(request: &mut Request, found: Note) {
    note(request, found);
    if let Some(context) = request.context_or_default::<Postern>() {
        context.replied = true;
    }
}
