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
        request.with_main(|request| {
            let known = request.context::<Postern>();
            if let Some(id) = known.and_then(|context| context.request_id.as_ref()) {
                return Some(Cow::Owned(id.to_vec()));
            }
            // What it is for the first who asks, it is for all: an error page may be told by other settings.
            let id = match client_request_id(request) {
                Some(id) => id,
                None => request_id::text(random_bytes().ok()?).into(),
            };
            let context = request.context_or_default::<Postern>()?;
            Some(Cow::Owned(context.request_id.insert(id).to_vec()))
        })
    }
}

/// The number that a trusted client has sent. Of several fields, it is not known who has sent which.
fn client_request_id(request: &mut Request) -> Option<Box<[u8]>> {
    let settings = Rc::clone(request.location_conf::<Postern>().request_id.settings()?);
    if !is_trusted(request, &settings) {
        return None;
    }
    let mut values = request.header_values(settings.field.as_bytes());
    match (values.next(), values.next()) {
        (Some(id), None) if is_request_id(id) => Some(id.into()),
        _ => None,
    }
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
