//! Content phase of a `postern_resource` location: from a request to one batch of SQL, from its rows to a response.

use std::rc::Rc;

use postern_core::auth::{AuthError, ClaimFault, Identity};
use postern_core::error::Error;
use postern_core::plan::{self, Plan, ResponseShape, cursor};
use postern_core::query::{Query, context};
use postern_core::request_context;
use postern_core::resource::{Head, RequestParts};
use postern_core::response::{created_location, next_link};
use postern_core::schema_cache::SchemaCache;

use super::access::{Access, arguments};
use super::reply::{JSON, failure, refuse};
use super::rows::{PageParts, Rows, RowsResult};
use crate::conf::{JwtMode, Postern, ResourceSettings};
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::request_body::BodyHandler;
use crate::nginx::task::{Outcome, RequestHandle};
use crate::nginx::{Level, Request};
use crate::worker::{self, Batch, Database};

/// The content handler.
pub(crate) struct Resource;

impl Handler for Resource {
    fn handle(request: &mut Request) -> Verdict {
        let Some(settings) = settings(request) else {
            return Verdict::Status(500);
        };
        // nginx leaves subrequests out of the access phase; the header fields are those of the client's request.
        if !request.is_main() {
            match Access::handle(request) {
                Verdict::Allow | Verdict::Decline => {}
                refused => return refused,
            }
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
        content_encoding: request.header(b"content-encoding"),
    }
}

fn suspend(request: &mut Request, settings: Rc<ResourceSettings>) -> Verdict {
    request.suspend(|handle| async move {
        let mut parts = PageParts::new(&handle);
        let result = answer(&handle, &settings, &mut parts).await;
        match (result, parts.into_stream()) {
            // The client is gone.
            (Err(Error::Http(_)), _) => Outcome::Abort,
            (Ok(reply), None) => Outcome::Reply(reply),
            (Ok(reply), Some(stream)) => Outcome::Sent(stream.end(reply.body.unwrap_or_default())),
            (Err(error), None) => handle
                .with(|request| failure(request, &error))
                .unwrap_or(Outcome::Abort),
            (Err(error), Some(_)) => {
                handle
                    .with(|request| request.log(Level::Error, format_args!("response is cut off: {error}")));
                Outcome::Abort
            }
        }
    })
}

async fn answer(
    handle: &RequestHandle,
    settings: &ResourceSettings,
    parts: &mut PageParts<'_>,
) -> Result<Reply, Error> {
    let database = worker::database(settings.database).ok_or(Error::Internal)?;
    let schema = database.schema().await?;
    let prepared = handle
        .with(|request| prepare(request, settings, &database, &schema))
        .ok_or(Error::Internal)??;
    let Prepared { batch, response } = prepared;
    let position = batch.queries.len().saturating_sub(1);
    let statement = batch
        .queries
        .last()
        .map(|query| Rc::clone(&query.statement))
        .ok_or(Error::Internal)?;
    let sink = || Rows::new(&response, &statement, position);
    let rows = database.run(&batch, sink, parts).await?;
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
}

/// Everything between the request and PostgreSQL, in one go: what is borrowed from nginx's buffers never waits.
fn prepare(
    request: &mut Request,
    settings: &ResourceSettings,
    database: &Database,
    schema: &Rc<SchemaCache>,
) -> Result<Prepared, Error> {
    let args = arguments(request);
    let head = Head::parse(&parts(request, settings, &args), &settings.config)?;
    let body = if head.needs_body() {
        Some(request.body().map_err(|_| Error::Internal)?)
    } else {
        None
    };
    let api_request = head.into_request(body.as_deref())?;
    let plan = plan::plan(&api_request, &settings.config, schema)?;
    let caller = Caller::of(request, database)?;
    let Plan {
        statement,
        response,
        read_only,
        prefer_generic_plan,
    } = plan;
    let main = database.query(schema, statement);
    let context = set_up(request, database, &caller, read_only, prefer_generic_plan);
    let queries = context.into_iter().chain([main]).collect();
    Ok(Prepared {
        batch: Batch {
            role: caller.role,
            queries,
            read_only,
        },
        response,
    })
}

/// Who asks, as PostgreSQL is told.
struct Caller {
    role: Rc<str>,
    identity: Option<Rc<Identity>>,
}

impl Caller {
    /// The role of the token, or the anonymous one. A location without `postern_jwt` and a database without an anonymous
    /// role leave the role that the connections log in with.
    fn of(request: &mut Request, database: &Database) -> Result<Self, Error> {
        let identity = request
            .context::<Postern>()
            .and_then(|context| context.identity.clone());
        let role = identity
            .as_ref()
            .and_then(|identity| identity.role())
            .or(database.anonymous_role())
            .map(Rc::clone);
        match (role, &identity) {
            (Some(role), _) => Ok(Self { role, identity }),
            (None, None) if request.location_conf::<Postern>().jwt.mode() != JwtMode::Off => {
                Err(AuthError::TokenMissing.into())
            }
            (None, None) => Ok(Self {
                role: Rc::from(""),
                identity,
            }),
            (None, Some(_)) => Err(AuthError::from(ClaimFault::Role).into()),
        }
    }
}

/// The query that tells PostgreSQL of the request, with what is switched on; `None` if nothing is.
fn set_up(
    request: &Request,
    database: &Database,
    caller: &Caller,
    read_only: bool,
    generic_plan: bool,
) -> Option<Query> {
    let wanted = database.config().context;
    let mut json = Vec::with_capacity(CONTEXT_CAPACITY);
    if wanted.headers {
        request_context::write_headers_json(&mut json, request.headers());
    }
    let headers_end = json.len();
    let fields = request
        .headers()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie"))
        .map(|(_, value)| value);
    // A connection with settings of its own has that of a request without cookies from its start.
    let has_cookies = wanted.cookies && (!database.config().prepare || fields.clone().next().is_some());
    if has_cookies {
        request_context::write_cookies_json(&mut json, fields);
    }
    let cookies_end = json.len();
    // Without a token and without a role there is nothing to claim.
    let has_claims = wanted.claims && (caller.identity.is_some() || !caller.role.is_empty());
    if has_claims {
        request_context::write_claims_json(&mut json, caller.identity.as_deref(), &caller.role);
    }
    let (json, claims) = json.split_at(cookies_end);
    let (headers, cookies) = json.split_at(headers_end);
    let path = String::from_utf8_lossy(request.uri());
    let context = context::Context {
        role: (wanted.role && !caller.role.is_empty()).then_some(&*caller.role),
        claims: has_claims.then_some(claims),
        headers: wanted.headers.then_some(headers),
        cookies: has_cookies.then_some(cookies),
        method: wanted.method.then(|| request.method()),
        path: wanted.path.then(|| path.as_bytes()),
        search_path: database.search_path_for_request(),
        read_only,
        generic_plan,
    };
    database.context(&context)
}

/// Room for the headers of a usual request.
const CONTEXT_CAPACITY: usize = 512;

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
                reply.headers.push(("Link".into(), link.into_bytes().into()));
            }
            reply.body = Some(page.body);
        }
        (RowsResult::Object(object), _) => reply.body = Some(object.ok_or(Error::NotFound)?),
        (RowsResult::Deleted(0), _) => return Err(Error::NotFound),
        (RowsResult::Deleted(_), _) => {
            reply = Reply {
                status: 204,
                ..Reply::default()
            }
        }
        // A trigger that answers NULL keeps the row from being made: there is nothing to show.
        (RowsResult::Created { object, .. }, _) if object.is_empty() => {
            reply = Reply {
                status: 204,
                ..Reply::default()
            }
        }
        (RowsResult::Created { object, key: values }, ResponseShape::CreatedOne { key }) => {
            let key: Vec<_> = key
                .iter()
                .filter_map(|&column| values.get(column))
                .map(Vec::as_slice)
                .collect();
            reply.status = 201;
            if let Some(location) = created_location(settings.path.as_bytes(), &key) {
                reply
                    .headers
                    .push(("Location".into(), location.into_bytes().into()));
            }
            reply.body = Some(object);
        }
        (RowsResult::CreatedMany(array), _) => {
            reply.status = 201;
            reply.body = Some(array.finish());
        }
        _ => return Err(Error::Internal),
    }
    if let Some(context) = request.context_or_default::<Postern>() {
        context.replied = true;
    }
    Ok(reply)
}
