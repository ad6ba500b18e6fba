//! What of a request can be used in `log_format`, `add_header`, `map` and keys: `$postern_…`.

use std::borrow::Cow;
use std::rc::Rc;

use postern_core::auth::Identity;
use postern_core::metrics::Seconds;
use postern_core::request_id::{self, is_request_id};

use super::filter::{FilterState, Found};
use super::queries::DatabaseUse;
use crate::conf::{Postern, RequestIdSettings};
use crate::nginx::Request;
use crate::nginx::random::random_bytes;
use crate::nginx::variable::Variable;
use crate::worker;

/// `$postern_user`: the claim `sub` of the request's token.
pub(crate) struct User;

/// `$postern_role`: the role of the request in PostgreSQL: the token's, or the database's anonymous one.
pub(crate) struct Role;

/// `$postern_claim_name`: a claim of the request's token: a string as it is, anything else as JSON.
pub(crate) struct Claim;

/// `$postern_filter_class`: the class of the attack that the filter has found.
pub(crate) struct FilterClass;

/// `$postern_filter_status`: what the filter has done: `passed`, `detected`, `blocked`; empty where there is none.
pub(crate) struct FilterStatus;

/// `$postern_queries`: how often the request has asked the database.
pub(crate) struct Queries;

/// `$postern_query_time`: how long the request has waited for the database, in seconds with six decimals.
pub(crate) struct QueryTime;

/// `$postern_request_id`: the number of the request: the one that a trusted client has sent, else one of our own.
pub(crate) struct RequestId;

impl Variable for RequestId {
    const NAME: &'static str = "postern_request_id";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        if let Some(settings) = request
            .location_conf::<Postern>()
            .request_id
            .settings()
            .map(Rc::clone)
            && is_trusted(request, &settings)
            && let Some(id) = request.header(settings.field.as_bytes())
            && is_request_id(id)
        {
            return Some(Cow::Owned(id.to_vec()));
        }
        own_request_id(request).map(|id| Cow::Owned(id.to_vec()))
    }
}

/// The number that we give: one for a request and its subrequests.
fn own_request_id(request: &mut Request) -> Option<[u8; 32]> {
    request.with_main(|request| {
        let context = request.context_or_default::<Postern>()?;
        let id = match context.request_id {
            Some(id) => id,
            None => *context.request_id.insert(random_bytes().ok()?),
        };
        Some(request_id::text(id))
    })
}

fn is_trusted(request: &mut Request, settings: &RequestIdSettings) -> bool {
    match &settings.condition {
        None => true,
        Some(condition) => condition
            .evaluate(request)
            .is_some_and(|value| !value.is_empty() && value != b"0"),
    }
}

impl Variable for FilterStatus {
    const NAME: &'static str = "postern_filter_status";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let context = request.context::<Postern>()?;
        let status: &[u8] = match (context.finding, &context.filter) {
            (Some(Found { is_blocked: true, .. }), _) => b"blocked",
            (Some(_), _) => b"detected",
            (None, FilterState::Seen(_)) => b"passed",
            (None, _) => return None,
        };
        Some(Cow::Borrowed(status))
    }
}

impl Variable for Queries {
    const NAME: &'static str = "postern_queries";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let queries = DatabaseUse::of(request).queries();
        Some(Cow::Owned(queries.to_string().into_bytes()))
    }
}

impl Variable for QueryTime {
    const NAME: &'static str = "postern_query_time";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let waited = Seconds(DatabaseUse::of(request).waited_us());
        Some(Cow::Owned(waited.to_string().into_bytes()))
    }
}

impl Variable for FilterClass {
    const NAME: &'static str = "postern_filter_class";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let found = request.context::<Postern>()?.finding?;
        Some(Cow::Borrowed(found.class.name().as_bytes()))
    }
}

impl Variable for User {
    const NAME: &'static str = "postern_user";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let identity = identity(request)?;
        identity.subject().map(|subject| owned(subject))
    }
}

impl Variable for Role {
    const NAME: &'static str = "postern_role";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        if let Some(role) = identity(request).as_deref().and_then(Identity::role) {
            return Some(owned(role));
        }
        let number = request.location_conf::<Postern>().content_database()?;
        let database = worker::database(number)?;
        database.anonymous_role().map(|role| owned(role))
    }
}

impl Variable for Claim {
    const NAME: &'static str = "postern_claim_";

    fn value(request: &mut Request, rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let name = std::str::from_utf8(rest).ok()?;
        let claim = identity(request)?.claim(name)?;
        Some(Cow::Owned(claim.into_bytes()))
    }
}

fn identity(request: &mut Request) -> Option<Rc<Identity>> {
    request.context::<Postern>()?.identity.clone()
}

fn owned(text: &str) -> Cow<'static, [u8]> {
    Cow::Owned(text.as_bytes().to_vec())
}
