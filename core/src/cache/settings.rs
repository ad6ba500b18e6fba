//! Settings of a location's cache.

/// Who shares a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody, whoever has caused it.
    Public,
    /// Those who have the same role in PostgreSQL.
    Role,
    /// Those whose tokens say the same of them.
    User,
}

/// `postern_cache`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// How long a response is fresh, in milliseconds.
    pub ttl_ms: u64,
    /// How long after that it may be sent while it is made anew, or cannot be.
    pub stale_ms: u64,
    /// How long a response is fresh while changes that are made elsewhere are not heard of.
    pub fallback_ttl_ms: u64,
    /// Who shares it.
    pub scope: Scope,
    /// The claims that tell users apart, besides role and subject; `None` for all of them.
    pub claims: Option<Vec<Box<str>>>,
    /// Header fields of requests that a response depends on, in lower case.
    pub vary: Vec<Box<str>>,
    /// Relations that it depends on, besides those that are known.
    pub depends: Vec<Box<str>>,
    /// Whether GET is answered from the cache, and whether HEAD is.
    pub get: bool,
    /// See `get`.
    pub head: bool,
    /// How often it has to be asked for until it is stored.
    pub min_uses: u32,
    /// The longest content that is stored, in bytes.
    pub max_entry: usize,
    /// How long a request waits for another one that makes the same response.
    pub lock_timeout_ms: u64,
    /// Whether Cache-Control of requests counts.
    pub request_control: bool,
}
