//! An ErrorResponse (PostgreSQL manual, "Error and Notice Message Fields").

/// What the server said. None of it is shown to a client as it is: `response::error` decides what may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{severity}: {message} (SQLSTATE {code})")]
pub struct ServerError {
    /// `ERROR`, `FATAL` or `PANIC`, never localized (field `V`).
    pub severity: Box<str>,
    /// The SQLSTATE (field `C`).
    pub code: Box<str>,
    /// The primary message (field `M`).
    pub message: Box<str>,
    /// The detail (field `D`).
    pub detail: Option<Box<str>>,
    /// The hint (field `H`).
    pub hint: Option<Box<str>>,
    /// The server's source routine (field `R`), which tells apart errors that share a code.
    pub routine: Option<Box<str>>,
}
