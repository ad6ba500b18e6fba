//! Content phase of a `postern_resource` location: from a request to one batch of SQL, from its rows to a response.

use std::cell::Cell;
use std::rc::Rc;

use postern_core::api_request::ApiRequest;
use postern_core::cache::KeyBuilder;
use postern_core::error::Error;
use postern_core::plan::{self, Plan, PlanError, ResponseShape, cursor};
use postern_core::query::Query;
use postern_core::resource::{Head, RequestParts};
use postern_core::response::{created_location, next_link};
use postern_core::schema_cache::SchemaCache;

use super::access::{self, arguments};
use super::cache::{self, ContentKey, Reads, Recorder};
use super::caller::{Caller, Transaction};
use super::conditional::{self, Guard};
use super::current::{self, CurrentRow};
use super::inflate;
use super::queries;
use super::reply::{JSON, break_off, failure, refuse};
use super::rows::{PageParts, Rows, RowsResult};
use crate::conf::{Postern, ResourceSettings};
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::request_body::BodyHandler;
use crate::nginx::task::{Outcome, RequestHandle};
use crate::nginx::{Request, time};
use crate::worker::{self, Batch, Changes, Database};

/// The content handler.
pub(crate) struct Resource;

impl Handler for Resource {
    fn handle(request: &mut Request) -> Verdict {
        let Some(settings) = settings(request) else {
            return Verdict::Status(500);
        };
        if let Some(refused) = access::refuse_subrequest(request) {
            return refused;
        }
        if let Some(verdict) = cache::answer_near(request, settings.database, &*settings) {
            return verdict;
        }
        let args = arguments(request);
        match Head::parse(&parts(request, &settings, &args), &settings.config) {
            Err(error) => refuse(request, &error.into()),
            Ok(head) if head.needs_body() => request.read_body::<Self>(),
            Ok(_) => match request.discard_body() {
                Ok(()) => suspend(request, settings),
                Err(code) => Verdict::Finished(code),
            },
        }
    }
}

/// What a resource answers to a request that reads depends on its arguments.
impl ContentKey for ResourceSettings {
    fn settings(&self) -> String {
        format!("{self:?}")
    }

    fn write(&self, key: &mut KeyBuilder, request: &mut Request, _caller: &Caller) {
        key.arguments(&arguments(request));
    }
}

impl BodyHandler for Resource {
    fn handle(request: &mut Request) -> Verdict {
        match settings(request) {
            Some(settings) => suspend(request, settings),
            None => Verdict::Status(500),
        }
    }
}

fn settings(request: &Request) -> Option<Rc<ResourceSettings>> {
    request.location_conf::<Postern>().resource.clone()
}

fn parts<'r>(request: &'r Request, settings: &ResourceSettings, args: &'r [u8]) -> RequestParts<'r> {
    RequestParts {
        method: request.method(),
        tail: request.uri().get(settings.path.len()..).unwrap_or_default(),
        raw_tail: request
            .written_path()
            .and_then(|path| path.strip_prefix(settings.path.as_bytes()))
            .unwrap_or_default(),
        args,
        accept: request.header(b"accept"),
        content_type: request.content_type(),
        content_encoding: inflate::content_encoding(request),
    }
}

/// Whether an argument means something here: always, but for a resource, which answers 400 to what means nothing for its method.
pub(super) fn takes_argument(request: &Request, name: &str) -> bool {
    match settings(request) {
        Some(settings) => parts(request, &settings, b"").takes_argument(name),
        None => true,
    }
}

fn suspend(request: &mut Request, settings: Rc<ResourceSettings>) -> Verdict {
    request.suspend(|handle| async move {
        let mut parts = PageParts::new(&handle);
        let make =
            async |recorder: Option<Rc<Recorder>>| answer(&handle, &settings, &mut parts, recorder).await;
        let result = cache::answer(&handle, settings.database, &*settings, make).await;
        match (result, parts.into_stream()) {
            // The client is gone.
            (Err(Error::Http(_)), _) => Outcome::Abort,
            (Ok(reply), None) => handle
                .with(|request| Outcome::Reply(conditional::apply(request, reply)))
                .unwrap_or(Outcome::Abort),
            (Ok(reply), Some(stream)) => Outcome::Sent(stream.end(reply.body.unwrap_or_default())),
            (Err(error), None) => handle
                .with(|request| failure(request, &error))
                .unwrap_or(Outcome::Abort),
            (Err(error), Some(_)) => {
                handle.with(|request| break_off(request, &error));
                Outcome::Abort
            }
        }
    })
}

async fn answer(
    handle: &RequestHandle,
    settings: &ResourceSettings,
    parts: &mut PageParts<'_>,
    recorder: Option<Rc<Recorder>>,
) -> Result<Reply, Error> {
    let database = worker::database(settings.database).ok_or(Error::Internal)?;
    let schema = database.schema().await?;
    let asked = Asked {
        handle,
        settings,
        database: &database,
        schema: &schema,
    };
    match handle.with(|request| conditional::guard(request, &settings.config)) {
        Some(Guard::Nothing) => carry_out(&asked, parts, recorder, None).await,
        // In places of their own: most requests demand nothing, and need no room for that.
        Some(Guard::Existence) => Box::pin(write_existing(&asked, parts)).await,
        Some(Guard::Content) => Box::pin(write_guarded(&asked, parts)).await,
        None => Err(Error::Internal),
    }
}

/// What every step of a request needs.
pub(super) struct Asked<'a> {
    pub(super) handle: &'a RequestHandle,
    pub(super) settings: &'a ResourceSettings,
    pub(super) database: &'a Database,
    pub(super) schema: &'a Rc<SchemaCache>,
}

/// Writes a row if there is one.
async fn write_existing(asked: &Asked<'_>, parts: &mut PageParts<'_>) -> Result<Reply, Error> {
    match carry_out(asked, parts, None, None).await {
        // It may be there, and hidden from the write by a filter of the request or by a policy.
        Err(Error::NotFound) => match current::read(asked).await {
            Ok(_) => Err(Error::NotFound),
            Err(Error::NotFound) => Err(Error::PreconditionFailed),
            Err(error) => Err(error),
        },
        answer => answer,
    }
}

/// How often a row is read anew, because it has changed between reading and writing, until the client has to begin again.
const ATTEMPTS: usize = 4;

/// Writes a row if it is as the request demands: of those who change it between reading and writing, none is overlooked.
async fn write_guarded(asked: &Asked<'_>, parts: &mut PageParts<'_>) -> Result<Reply, Error> {
    let mut current = current::read(asked).await?;
    for _ in 0..ATTEMPTS {
        match carry_out(asked, parts, None, Some(&current)).await {
            Err(Error::NotFound) => {}
            answer => return answer,
        }
        let now = current::read(asked).await?;
        // It has not changed: a filter of the request, a policy or a trigger hides it from the write, which must not be made twice.
        if now.is_same(&current) {
            return Err(Error::NotFound);
        }
        // It is another one: what is demanded still holds.
        current = now;
    }
    Err(Error::PreconditionFailed)
}

/// One batch there and back. `current` is what the row has to be still.
async fn carry_out(
    asked: &Asked<'_>,
    parts: &mut PageParts<'_>,
    recorder: Option<Rc<Recorder>>,
    current: Option<&CurrentRow>,
) -> Result<Reply, Error> {
    let &Asked {
        handle,
        settings,
        database,
        schema,
    } = asked;
    let Prepared {
        batch,
        response,
        position,
    } = handle
        .with(|request| prepare(request, settings, database, schema, recorder.as_deref(), current))
        .ok_or(Error::Internal)??;
    let statement = batch
        .queries
        .get(position)
        .map(|query| Rc::clone(&query.statement))
        .ok_or(Error::Internal)?;
    let sink = || Rows::new(&response, &statement, position);
    parts.recorder = recorder;
    let rows = queries::run(handle, database, &batch, sink, parts, PageParts::sending_us).await?;
    let mut reply = handle
        .with(|request| reply(request, settings, &response, rows))
        .ok_or(Error::Internal)??;
    if parts.has_dropped() {
        reply.body = None;
    }
    Ok(reply)
}

/// A request that is ready to be sent.
struct Prepared {
    batch: Batch,
    response: ResponseShape,
    /// Which statement of the batch the response is made of.
    position: usize,
}

/// Everything between the request and PostgreSQL, in one go: what is borrowed from nginx's buffers never waits.
fn prepare(
    request: &mut Request,
    settings: &ResourceSettings,
    database: &Database,
    schema: &Rc<SchemaCache>,
    recorder: Option<&Recorder>,
    current: Option<&CurrentRow>,
) -> Result<Prepared, Error> {
    let mut plan = plan_with(request, settings, |asked| {
        plan::plan(asked, &settings.config, schema)
    })?;
    match current {
        Some(current) => current.require_in(&mut plan)?,
        None => conditional::judge_insert(request)?,
    }
    let caller = Caller::of(request, database)?;
    let Plan {
        statement,
        response,
        read_only,
        prefer_generic_plan,
    } = plan;
    if let Some(recorder) = recorder {
        recorder.note(reads(settings, schema));
    }
    let main = database.query(schema, statement);
    let changes = if read_only || !database.is_observed() {
        Changes::Nothing
    } else {
        match schema.relation(&settings.config.relation) {
            Some(relation) => Changes::of(&relation.writes),
            None => Changes::Everything,
        }
    };
    let transaction = Transaction {
        read_only,
        generic_plan: prefer_generic_plan,
        reports: changes.reports(),
    };
    let context = caller.context(request, database, &transaction);
    let queries: Vec<Query> = context.into_iter().chain([main]).collect();
    let position = queries.len().saturating_sub(1);
    Ok(Prepared {
        batch: Batch {
            role: caller.role,
            queries,
            read_only,
            changes,
            pool_us: Cell::default(),
        },
        response,
        position,
    })
}

/// Reads the request as a whole, and has `plan` make a plan of it.
pub(super) fn plan_with(
    request: &Request,
    settings: &ResourceSettings,
    plan: impl FnOnce(&ApiRequest<'_>) -> Result<Plan, PlanError>,
) -> Result<Plan, Error> {
    let args = arguments(request);
    let head = Head::parse(&parts(request, settings, &args), &settings.config)?;
    let body = if head.needs_body() {
        Some(request.body_view().map_err(|_| Error::Internal)?)
    } else {
        None
    };
    Ok(plan(&head.into_request(body.as_deref())?)?)
}

/// What a SELECT on the relation reads.
fn reads<'s>(settings: &ResourceSettings, schema: &'s SchemaCache) -> Reads<'s> {
    match schema.relation(&settings.config.relation) {
        Some(relation) if !relation.opaque => Reads::Relations(&relation.reads),
        _ => Reads::Unknown,
    }
}

/// Makes the response of what came.
fn reply(
    request: &mut Request,
    settings: &ResourceSettings,
    response: &ResponseShape,
    rows: Rows,
) -> Result<Reply, Error> {
    let mut reply = Reply {
        status: 200,
        content_type: Some(JSON),
        ..Reply::default()
    };
    match (rows.result, response) {
        (RowsResult::Page(page), ResponseShape::Page { cursor, .. }) => {
            let page = page.finish(|values| match cursor {
                Some(cursor) => Ok(cursor::encode(cursor.fingerprint, values.iter().copied())?),
                None => Err(Error::Internal),
            })?;
            if let Some(cursor) = &page.next_cursor {
                let link = next_link(request.unparsed_path(), &arguments(request), cursor);
                reply.headers.push(("Link".into(), link.into()));
            }
            reply.body = Some(page.body.into());
        }
        (RowsResult::Object(object), _) => {
            reply.body = Some(object.json.ok_or(Error::NotFound)?.into());
            // A clock that is ahead must not make a date in the future (RFC 9110 section 8.8.2.1).
            let now_s = i64::try_from(time::unix_s()).unwrap_or(i64::MAX);
            reply.last_modified_s = object.last_modified_s.map(|time_s| time_s.min(now_s));
        }
        (RowsResult::Deleted(0), _) => return Err(Error::NotFound),
        (RowsResult::Deleted(_), _) => {
            reply = Reply {
                status: 204,
                ..Reply::default()
            }
        }
        // A trigger that answers NULL keeps the row from being made: there is nothing to show.
        (RowsResult::Created(created), _) if created.json.is_empty() => {
            reply = Reply {
                status: 204,
                ..Reply::default()
            }
        }
        (RowsResult::Created(created), _) => {
            reply.status = 201;
            if let Some(location) = created_location(settings.path.as_bytes(), &created.key) {
                reply.headers.push(("Location".into(), location.into()));
            }
            reply.body = Some(created.json.into());
        }
        (RowsResult::CreatedMany(array), _) => {
            reply.status = 201;
            reply.body = Some(array.finish().into());
        }
        _ => return Err(Error::Internal),
    }
    if let Some(context) = request.context_or_default::<Postern>() {
        context.replied = true;
    }
    Ok(reply)
}
