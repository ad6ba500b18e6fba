//! Who asks, and what PostgreSQL is told of the request before its statements.

use std::rc::Rc;

use postern_core::auth::{AuthError, ClaimFault, Identity};
use postern_core::error::Error;
use postern_core::query::{Query, context};
use postern_core::request_context;

use super::trace::trace;
use crate::conf::{JwtMode, Postern};
use crate::nginx::Request;
use crate::worker::Database;

/// Who asks, as PostgreSQL is told.
pub(super) struct Caller {
    /// The role; empty for the one that the connections log in with.
    pub(super) role: Rc<str>,
    /// The identity in the token, if there was one.
    pub(super) identity: Option<Rc<Identity>>,
}

impl Caller {
    /// The role of the token, or the anonymous one. A location without `postern_jwt` and a database without an anonymous
    /// role leave the role that the connections log in with.
    pub(super) fn of(request: &mut Request, database: &Database) -> Result<Self, Error> {
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

    /// The query that tells PostgreSQL of the request, with what is switched on; `None` if nothing is.
    pub(super) fn context(
        &self,
        request: &mut Request,
        database: &Database,
        transaction: &Transaction,
    ) -> Option<Query> {
        let wanted = database.config().context;
        let trace = trace(request);
        let traceparent = trace.map(|trace| trace.traceparent());
        let names_application = request.location_conf::<Postern>().trace.sets_application_name();
        let application_name = trace
            .filter(|_| names_application)
            .map(|trace| format!("postern/{}", trace.trace_id()));
        let mut json = Vec::with_capacity(CONTEXT_CAPACITY);
        if wanted.headers {
            request_context::write_headers_json(&mut json, request.headers());
        }
        let headers_end = json.len();
        let fields = request.header_values(b"cookie");
        // A connection with settings of its own has that of a request without cookies from its start.
        let has_cookies = wanted.cookies && (!database.config().prepare || fields.clone().next().is_some());
        if has_cookies {
            request_context::write_cookies_json(&mut json, fields);
        }
        let cookies_end = json.len();
        // Without a token and without a role there is nothing to claim.
        let has_claims = wanted.claims && (self.identity.is_some() || !self.role.is_empty());
        if has_claims {
            request_context::write_claims_json(&mut json, self.identity.as_deref(), &self.role);
        }
        let (json, claims) = json.split_at(cookies_end);
        let (headers, cookies) = json.split_at(headers_end);
        let path = wanted.path.then(|| String::from_utf8_lossy(request.uri()));
        let context = context::Context {
            role: (wanted.role && !self.role.is_empty()).then_some(&*self.role),
            claims: has_claims.then_some(claims),
            headers: wanted.headers.then_some(headers),
            cookies: has_cookies.then_some(cookies),
            method: wanted.method.then(|| request.method()),
            path: path.as_deref().map(str::as_bytes),
            traceparent: traceparent.as_deref(),
            application_name: application_name.as_deref(),
            search_path: database.search_path_for_request(),
            reports: transaction.reports.as_deref(),
            read_only: transaction.read_only,
            generic_plan: transaction.generic_plan,
        };
        database.context(&context)
    }
}

/// How a request's transaction is run.
#[derive(Default)]
pub(super) struct Transaction {
    /// Nothing may be written in it.
    pub(super) read_only: bool,
    /// Its statement is planned once for all values.
    pub(super) generic_plan: bool,
    /// What triggers are to report ([`crate::worker::Changes::reports`]).
    pub(super) reports: Option<String>,
}

/// Room for the headers of a usual request.
const CONTEXT_CAPACITY: usize = 512;
