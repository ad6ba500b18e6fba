//! Everything that can go wrong with a request, as data. `response::error` renders it; nothing else decides a status.

use std::borrow::Cow;

use crate::validate::{self, Violation};
use crate::{api_request, auth, filter, inflate, limit, pg, plan, sql_endpoint};

/// What every stage's error knows of itself, so that the response layer can render any of them as
/// `{"code","message","details","hint"}`. The message is the error's `Display`.
pub trait Problem: std::error::Error {
    /// The HTTP status (RFC 9110).
    fn status(&self) -> u16;
    /// A stable code: PostgREST's `PGRSTnnn` where PostgREST has the same error, `POSTERNnnn` otherwise. Never reused.
    fn code(&self) -> &str;
    /// What exactly is wrong, where there is more to say than the message.
    fn details(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// Everything that is wrong, where it is several things: it takes the place of the details.
    fn violations(&self) -> &[Violation] {
        &[]
    }
    /// What to do about it.
    fn hint(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// Why a request has no answer of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request does not parse, or its method or media type is not served.
    #[error(transparent)]
    Request(#[from] api_request::RequestError),
    /// The request parses but does not fit the schema.
    #[error(transparent)]
    Plan(#[from] plan::PlanError),
    /// The request is not what the location demands.
    #[error(transparent)]
    Invalid(#[from] validate::InvalidRequest),
    /// The body cannot be inflated.
    #[error(transparent)]
    Inflate(#[from] inflate::InflateError),
    /// The request looks like an attack. What exactly was found is for the log only.
    #[error("the request looks like an attack ({class})")]
    Filtered {
        /// What kind of attack.
        class: filter::Class,
        /// Where the log speaks of it.
        request_id: Box<str>,
    },
    /// The token is missing or not good.
    #[error(transparent)]
    Auth(#[from] auth::AuthError),
    /// A rate limit refuses the request.
    #[error(transparent)]
    Limit(#[from] limit::LimitError),
    /// PostgreSQL said no.
    #[error(transparent)]
    Database(#[from] Box<pg::ServerError>),
    /// PostgreSQL could not be asked.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What is asked for needs several databases, and some of them could not be asked.
    #[error("{reason}")]
    Missing {
        /// Their names in the configuration.
        databases: Vec<Box<str>>,
        /// Why the first of them could not.
        reason: Unavailable,
    },
    /// What a script of the operator's answers cannot be sent.
    #[error(transparent)]
    Endpoint(#[from] sql_endpoint::EndpointError),
    /// There is no such row, or row-level security hides it.
    #[error("no row has this key")]
    NotFound,
    /// The client wants a stored response only, and there is none (RFC 9111 section 5.2.1.7).
    #[error("there is no stored response")]
    NotCached,
    /// The representation is not what If-Match, If-None-Match or If-Unmodified-Since demands (RFC 9110 section 13.1).
    #[error("the resource is not in the state that the request demands")]
    PreconditionFailed,
    /// A request to purge does not say what.
    #[error("exactly one argument says what to purge: all, prefix=/path or relation=schema.name")]
    NothingToPurge,
    /// A bug of ours; the details are in the error log.
    #[error("internal error")]
    Internal,
    /// nginx answers with this status on its own account (413, 400, …); the body is still ours.
    #[error("nginx answers {0}")]
    Http(u16),
}

/// Why PostgreSQL could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// No server can be reached; the pool tries again after this many seconds (at least 1).
    #[error("the database is not available")]
    Down {
        /// When it is worth trying again, in seconds.
        retry_after_s: u32,
    },
    /// Every connection stayed busy for as long as a request may wait for one.
    #[error("no database connection became free in time")]
    AcquireTimeout,
    /// Too many requests wait for a connection already.
    #[error("too many requests wait for a database connection")]
    QueueFull,
    /// The connection was lost after the statement was sent; whether it took effect is not known.
    #[error("the database connection was lost")]
    ConnectionLost,
    /// The statement ran for longer than `query_timeout`.
    #[error("the database did not answer in time")]
    QueryTimeout,
    /// The client did not take its response for so long that its statement was given up.
    #[error("the client takes its response too slowly")]
    ClientTooSlow,
    /// The schema cache has not been loaded yet.
    #[error("the schema cache is not loaded")]
    SchemaCacheNotLoaded,
}

impl Problem for Unavailable {
    fn status(&self) -> u16 {
        match self {
            Self::QueryTimeout => 504,
            _ => 503,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Down { .. } => "PGRST000",
            Self::ConnectionLost => "PGRST001",
            Self::SchemaCacheNotLoaded => "PGRST002",
            Self::AcquireTimeout => "PGRST003",
            Self::QueueFull => "POSTERN001",
            Self::QueryTimeout => "POSTERN002",
            Self::ClientTooSlow => "POSTERN003",
        }
    }

    fn details(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::ConnectionLost => Some("whether the request took effect is not known".into()),
            _ => None,
        }
    }
}
