//! What is known of a request between its phases.

use std::rc::Rc;

use postern_core::auth::Identity;
use postern_core::metrics::JwtResult;
use postern_core::trace::Trace;

use super::cache::Note;
use super::filter::{FilterState, Found};
use super::inflate::Inflating;
use super::limit::LimitState;
use super::queries::DatabaseUse;
use super::timing::Timings;
use super::validate::Failure;

/// The module's value of a request.
#[derive(Default)]
pub(crate) struct Context {
    /// The number of the request, once somebody has asked for it.
    pub(crate) request_id: Option<Box<[u8]>>,
    /// Who asks, once a token was verified.
    pub(crate) identity: Option<Rc<Identity>>,
    /// Keys were fetched for this request's token already.
    pub(crate) keys_were_fetched: bool,
    /// What limits have found.
    pub(crate) limits: LimitState,
    /// The body on its way from what it was coded with.
    pub(crate) inflating: Inflating,
    /// The filter or a rule has refused it: what nginx answers in its place is not looked at.
    pub(crate) is_refused: bool,
    /// What a thread has found of the body.
    pub(crate) checked_body: Option<Result<(), Failure>>,
    /// The query string has arguments that the client has not sent: defaults.
    pub(crate) has_default_args: bool,
    /// How far the filter has looked at it.
    pub(crate) filter: FilterState,
    /// What the filter has found.
    pub(crate) finding: Option<Found>,
    /// What became of its token; `None` where tokens do not count.
    pub(crate) jwt: Option<JwtResult>,
    /// It is not what the location demands.
    pub(crate) is_invalid: bool,
    /// The code of the error that was answered, for those who look after this server.
    pub(crate) error_code: Option<Box<str>>,
    /// A location that it has come through does not want its path told.
    pub(crate) hides_path: bool,
    /// The trace that it is part of.
    pub(crate) trace: Option<Trace>,
    /// What its steps have taken, where that is told.
    pub(crate) timings: Timings,
    /// What it has had from the database.
    pub(crate) database: DatabaseUse,
    /// What the cache has made of it.
    pub(crate) cache: Option<Note>,
    /// The response is ours: it is sent as it is.
    pub(crate) replied: bool,
    /// The response had begun and could not be completed: the status that says why, which no client has seen.
    pub(crate) broken_off: Option<u16>,
    /// Where the body of an error that nginx answers stands.
    pub(crate) error_body: ErrorBodyState,
}

/// The body of an error that nginx answers: nginx's own page, replaced by JSON.
#[derive(Default)]
pub(crate) enum ErrorBodyState {
    /// Nothing is to be replaced.
    #[default]
    None,
    /// A handler has returned this status; this is the body, if nginx comes to answer it itself and not by an `error_page`.
    Prepared {
        /// The status.
        status: u16,
        /// How many internal redirects nginx still allowed.
        redirects_left: usize,
        /// The body.
        body: Vec<u8>,
    },
    /// The header has been sent with the length of this body.
    Announced(Vec<u8>),
    /// The body has been sent; what nginx sends is dropped.
    Sent,
}
