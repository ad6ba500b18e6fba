//! Content phase of a `postern_sql` location: from a request to the parameters of its script, from the result to a response.

use std::cell::Cell;
use std::rc::Rc;

use postern_core::auth::TokenResponse;
use postern_core::cache::KeyBuilder;
use postern_core::error::Error;
use postern_core::pg::{DataRow, RowDescription};
use postern_core::query::Query;
use postern_core::sql_endpoint::{
    Answer, EndpointError, Head, HeadParts, Parameter, RequestValues, ResponseSettings, ResultShape,
    ResultWriter, ScriptChanges,
};

use super::access;
use super::cache::{self, ContentKey, Reads, Recorder};
use super::caller::{Caller, Transaction};
use super::conditional;
use super::inflate;
use super::queries;
use super::reply::{JSON, failure, refuse};
use crate::conf::{IssueTokenSettings, Postern, SqlSettings};
use crate::nginx::output::{Field, Reply};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::random::{Unavailable, random_bytes};
use crate::nginx::request_body::BodyHandler;
use crate::nginx::task::{Outcome, RequestHandle};
use crate::nginx::{Request, time};
use crate::worker::{self, Batch, Changes, Database, Sink, Whole};

/// The content handler.
pub(crate) struct Sql;

impl Handler for Sql {
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
        match head(request, &settings) {
            Err(error) => refuse(request, &error),
            Ok(head) if head.needs_body => request.read_body::<Self>(),
            Ok(_) => match request.discard_body() {
                Ok(()) => suspend(request, settings),
                Err(code) => Verdict::Finished(code),
            },
        }
    }
}

/// What a script answers to a request that reads depends on its parameters.
impl ContentKey for SqlSettings {
    fn settings(&self) -> String {
        format!("{self:?}")
    }

    fn write(&self, key: &mut KeyBuilder, request: &mut Request, caller: &Caller) {
        for parameter in self.config.script.parameters() {
            match parameter {
                // Nothing but a body has these.
                Parameter::Body | Parameter::BodyBytes => {}
                // The path is in every key.
                Parameter::Path => {}
                Parameter::Method => {
                    key.part(request.method());
                }
                Parameter::RemoteAddr => {
                    key.optional(request.remote_addr());
                }
                // All of them at once, below.
                Parameter::Argument(_) | Parameter::Cookie(_) => {}
                Parameter::Header(name) => {
                    key.list(request.header_values(name.as_bytes()));
                }
                Parameter::Claim(name) => {
                    let identity = caller.identity.as_deref();
                    let claim = identity.and_then(|identity| identity.exact_claim(name));
                    key.part(caller.role.as_bytes());
                    key.optional(claim.as_ref().map(String::as_bytes));
                }
                Parameter::Variable(name) => {
                    let index = self.variables.iter().find(|(other, _)| other == name);
                    let value = index.and_then(|(_, index)| request.variable(*index));
                    key.optional(value.as_deref());
                }
            }
        }
        // As a whole: how they are taken apart is the script's business.
        let has = |wanted: fn(&Parameter) -> bool| self.config.script.parameters().any(wanted);
        if has(|parameter| matches!(parameter, Parameter::Argument(_))) {
            key.arguments(request.args());
        }
        if has(|parameter| matches!(parameter, Parameter::Cookie(_))) {
            key.list(request.header_values(b"cookie"));
        }
    }
}

impl BodyHandler for Sql {
    fn handle(request: &mut Request) -> Verdict {
        match settings(request) {
            Some(settings) => suspend(request, settings),
            None => Verdict::Status(500),
        }
    }
}

fn settings(request: &Request) -> Option<Rc<SqlSettings>> {
    request.location_conf::<Postern>().sql.clone()
}

fn head(request: &Request, settings: &SqlSettings) -> Result<Head, Error> {
    let parts = HeadParts {
        method: request.method(),
        accept: request.header(b"accept"),
        content_type: request.content_type(),
        content_encoding: inflate::content_encoding(request),
    };
    Ok(Head::parse(&parts, &settings.config)?)
}

fn suspend(request: &mut Request, settings: Rc<SqlSettings>) -> Verdict {
    request.suspend(|handle| async move {
        let make = async |recorder: Option<Rc<Recorder>>| answer(&handle, &settings, recorder).await;
        match cache::answer(&handle, settings.database, &*settings, make).await {
            Ok(reply) => handle
                .with(|request| Outcome::Reply(conditional::apply(request, reply)))
                .unwrap_or(Outcome::Abort),
            Err(error) => handle
                .with(|request| failure(request, &error))
                .unwrap_or(Outcome::Abort),
        }
    })
}

async fn answer(
    handle: &RequestHandle,
    settings: &SqlSettings,
    recorder: Option<Rc<Recorder>>,
) -> Result<Reply, Error> {
    let database = worker::database(settings.database).ok_or(Error::Internal)?;
    let batch = handle
        .with(|request| prepare(request, settings, &database))
        .ok_or(Error::Internal)??;
    if let Some(recorder) = recorder {
        // What functions read cannot be seen.
        recorder.note(Reads::Unknown);
    }
    let sink = || ScriptRows::new(settings, &batch);
    let rows = queries::run(handle, &database, &batch, sink, &mut Whole, |_| 0).await?;
    let answer = rows.finish()?;
    handle
        .with(|request| {
            let issue_token = request.location_conf::<Postern>().issue_token.clone();
            let token = match issue_token {
                Some(settings) => issue(&settings, &answer)?,
                None => Issued::default(),
            };
            Ok(reply(request, answer, token))
        })
        .ok_or(Error::Internal)?
}

/// Everything between the request and PostgreSQL, in one go: what is borrowed from nginx's buffers never waits.
fn prepare(request: &mut Request, settings: &SqlSettings, database: &Database) -> Result<Batch, Error> {
    let head = head(request, settings)?;
    let body = if head.needs_body {
        request.body().map_err(|_| Error::Internal)?
    } else {
        Vec::new()
    };
    let caller = Caller::of(request, database)?;
    let script = bind(request, settings, &caller, head.body(&body)?)?;
    let changes = changes(settings, database, head.read_only);
    let transaction = Transaction {
        read_only: head.read_only,
        reports: changes.reports(),
        ..Transaction::default()
    };
    let context = caller.context(request, database, &transaction);
    let queries = context
        .into_iter()
        .chain(script)
        .chain([ResponseSettings::query()])
        .collect();
    Ok(Batch {
        role: caller.role,
        queries,
        read_only: head.read_only,
        changes,
        pool_us: Cell::default(),
    })
}

/// What the script changes, for whoever wants to know.
fn changes(settings: &SqlSettings, database: &Database, read_only: bool) -> Changes {
    match &settings.config.changes {
        _ if read_only || !database.is_observed() => Changes::Nothing,
        ScriptChanges::None => Changes::Nothing,
        ScriptChanges::All => Changes::Everything,
        ScriptChanges::Reported => Changes::Relations(Rc::default()),
        ScriptChanges::Relations(known) => Changes::Relations(Rc::clone(known)),
    }
}

/// The statements of the script with the values of the request.
fn bind(
    request: &mut Request,
    settings: &SqlSettings,
    caller: &Caller,
    body: Option<&[u8]>,
) -> Result<Vec<Query>, Error> {
    let variables: Vec<(&str, Option<Vec<u8>>)> = settings
        .variables
        .iter()
        .map(|(name, index)| (&**name, request.variable(*index)))
        .collect();
    let values = RequestValues {
        method: request.method(),
        path: request.uri(),
        remote_addr: request.remote_addr(),
        args: request.args(),
        headers: request.headers(),
        body,
        identity: caller.identity.as_deref(),
        role: &caller.role,
        variable: &|name| {
            let variable = variables.iter().find(|(other, _)| *other == name);
            variable.and_then(|(_, value)| value.as_deref())
        },
    };
    Ok(settings.config.script.bind(&values)?)
}

/// Takes the rows of a script: those of its last statement that has any, and the settings of the response, which come last.
struct ScriptRows {
    shape: Option<ResultShape>,
    max_bytes: usize,
    /// Which statement of the batch reads the settings.
    last: usize,
    result: Option<ResultWriter>,
    status: Option<Vec<u8>>,
    headers: Option<Vec<u8>>,
}

impl ScriptRows {
    fn new(settings: &SqlSettings, batch: &Batch) -> Self {
        Self {
            shape: settings.config.shape,
            max_bytes: settings.config.max_bytes,
            last: batch.queries.len().saturating_sub(1),
            result: None,
            status: None,
            headers: None,
        }
    }

    fn finish(self) -> Result<Answer, Error> {
        let settings = ResponseSettings::parse(self.status.as_deref(), self.headers.as_deref())?;
        Answer::new(self.result, settings)
    }
}

impl Sink for ScriptRows {
    fn described(&mut self, _statement: usize, description: &RowDescription<'_>) {
        // Only the statements of the script are described.
        self.result = Some(ResultWriter::new(description, self.shape, self.max_bytes));
    }

    fn row(&mut self, statement: usize, row: &DataRow<'_>) {
        if statement == self.last {
            let mut values = row.values().map(|value| value.map(<[u8]>::to_vec));
            self.status = values.next().flatten();
            self.headers = values.next().flatten();
        } else if let Some(result) = &mut self.result {
            // The statement that tells PostgreSQL of the request comes before any that is described.
            result.push(row);
        }
    }
}

/// What signing adds to an answer.
#[derive(Default)]
struct Issued {
    /// The body in the place of the script's.
    json: Option<Vec<u8>>,
    headers: Vec<Field>,
}

/// Signs the claims of an answer, if it has any.
fn issue(settings: &IssueTokenSettings, answer: &Answer) -> Result<Issued, Error> {
    let is_success = (200..300).contains(&answer.status);
    let json = answer.json.as_deref().unwrap_or_default();
    let id = random_bytes().map_err(|Unavailable| Error::Internal)?;
    let response = settings
        .respond(json, is_success, time::unix_s(), &id)
        .map_err(EndpointError::from)?;
    let Some(TokenResponse { json, cookies }) = response else {
        return Ok(Issued::default());
    };
    let cookies = cookies.into_iter();
    let headers = cookies.map(|cookie| -> Field { ("Set-Cookie".into(), cookie.into()) });
    Ok(Issued {
        json: Some(json),
        headers: headers.collect(),
    })
}

fn reply(request: &mut Request, answer: Answer, issued: Issued) -> Reply {
    if let Some(context) = request.context_or_default::<Postern>() {
        context.replied = true;
    }
    let has_content = answer.may_have_content();
    let json = issued.json.or(answer.json).filter(|_| has_content);
    let mut headers = issued.headers;
    let own = answer.headers.into_iter();
    headers.extend(
        own.map(|(name, value)| -> Field { (name.into_string().into(), value.into_string().into()) }),
    );
    Reply {
        status: answer.status,
        content_type: json.is_some().then_some(JSON),
        headers,
        body: has_content.then(|| json.unwrap_or_default().into()),
        ..Reply::default()
    }
}
