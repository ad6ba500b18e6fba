//! What happened to a request, for the log and the metrics. The phases fill it; what becomes of it is decided elsewhere.

/// One request, seen from its end. Times are in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observation {
    /// Whose request it was.
    pub caller: Caller,
    /// How the request got on with the database.
    pub database: DatabaseOutcome,
    /// Statements sent, without the `set_config` that goes with them.
    pub queries: u32,
    /// From the first statement sent until the last answer is complete.
    pub query_time_us: u64,
    /// Waited for a connection.
    pub wait_time_us: u64,
    /// Rows in the response.
    pub rows: u64,
}

/// Whose request it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nothing was asked of it: no authentication is configured, or the request ended before it.
    #[default]
    Unknown,
    /// No token, and that is allowed.
    Anonymous,
    /// A good token.
    Authenticated,
    /// A token that is not good, or none where one is needed.
    Rejected,
}

/// How a request got on with the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DatabaseOutcome {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It answered.
    Answered,
    /// It answered with an error.
    Failed,
    /// It could not be asked, or its answer did not come.
    Unavailable,
}
