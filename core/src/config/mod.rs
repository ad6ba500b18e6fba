//! Typed settings. Directives (and later other sources) fill them; what is here has been checked as a whole and needs no
//! nginx to be understood.

use std::num::NonZeroU32;

use crate::schema_cache::QualifiedName;

/// A `postern_database` block. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// The name that other directives use.
    pub name: Box<str>,
    /// Connections per worker.
    pub connections: NonZeroU32,
    /// How many requests may be on their way on one connection at once.
    pub pipeline: NonZeroU32,
    /// How many requests may wait for a connection.
    pub queue: u32,
    /// Until a connection is ready: TCP, TLS and authentication.
    pub connect_timeout_ms: u64,
    /// Until a statement's answer is complete; PostgreSQL's `statement_timeout` is set to the same value.
    pub query_timeout_ms: u64,
    /// How long a request may wait for a connection.
    pub acquire_timeout_ms: u64,
    /// A connection that was not used for so long is closed; 0 keeps it.
    pub idle_timeout_ms: u64,
    /// A connection is replaced after so long; 0 keeps it.
    pub max_lifetime_ms: u64,
    /// Whether statements are prepared and kept (off for PgBouncer in transaction mode).
    pub prepare: bool,
    /// How many prepared statements a connection keeps.
    pub statements: NonZeroU32,
    /// The schemas of the schema cache, and the search path of every request.
    pub schemas: Vec<Box<str>>,
    /// The role of a request without a token; without it such a request is refused.
    pub anonymous_role: Option<Box<str>>,
    /// What of a request PostgreSQL is told.
    pub context: ContextConfig,
}

/// Which settings `set_config(…, true)` makes before a request's statement, with PostgREST's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextConfig {
    /// `role`
    pub role: bool,
    /// `request.jwt.claims`
    pub claims: bool,
    /// `request.headers`
    pub headers: bool,
    /// `request.cookies`
    pub cookies: bool,
    /// `request.method`
    pub method: bool,
    /// `request.path`
    pub path: bool,
    /// `search_path`
    pub search_path: bool,
}

impl Default for ContextConfig {
    fn default() -> Self {
        Self { role: true, claims: true, headers: true, cookies: true, method: true, path: true, search_path: true }
    }
}

/// A `postern_resource` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceConfig {
    /// The relation behind the location.
    pub relation: QualifiedName,
    /// The column that `/:id` is compared with; the primary key otherwise.
    pub key: Option<Box<str>>,
    /// Rows in a page when the client does not say.
    pub default_limit: NonZeroU32,
    /// Rows in a page at most; a larger `limit` is an error.
    pub max_limit: NonZeroU32,
}
