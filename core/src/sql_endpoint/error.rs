//! What can be wrong with a script, and with what it answers.

use std::borrow::Cow;

use crate::auth::{IssueError, TokenResponseError};
use crate::error::Problem;

/// Why a script cannot be used. Lines are those of its text, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A string, a quoted identifier or a comment has no end.
    #[error("unterminated {what} at line {line} of the SQL")]
    Unterminated {
        /// What has no end.
        what: &'static str,
        /// Where it begins.
        line: usize,
    },
    /// A parameter that does not exist.
    #[error("unknown parameter \":{name}\" at line {line} of the SQL")]
    UnknownParameter {
        /// Its name.
        name: Box<str>,
        /// Where it stands.
        line: usize,
    },
    /// `$1`
    #[error("parameter without a name at line {line} of the SQL")]
    Positional {
        /// Where it stands.
        line: usize,
    },
    /// There is nothing, or nothing but comments, where a statement should be.
    #[error("empty statement at line {line} of the SQL")]
    EmptyStatement {
        /// Where it ends.
        line: usize,
    },
    /// The transaction, and the session that requests share, are not the statement's to change.
    #[error("\"{keyword}\" cannot be used at line {line} of the SQL: {reason}")]
    Forbidden {
        /// The words that tell.
        keyword: Box<str>,
        /// Why not.
        reason: &'static str,
        /// Where the statement ends.
        line: usize,
    },
    /// More statements than a batch should have.
    #[error("more than {max} statements in the SQL")]
    TooManyStatements {
        /// The limit.
        max: usize,
    },
    /// More parameters than the protocol has numbers for.
    #[error("more than {max} parameters in a statement")]
    TooManyParameters {
        /// The limit.
        max: usize,
    },
}

/// Why what a script answers cannot be sent. All of them are mistakes of the script, not of the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A value or an object was expected.
    #[error("the statement answers more than one row")]
    SeveralRows,
    /// A value was asked for.
    #[error("the statement answers {columns} columns where one was expected")]
    SeveralColumns {
        /// How many there are.
        columns: usize,
    },
    /// The result is larger than is configured.
    #[error("the result is too large")]
    TooLarge {
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// `response.headers` cannot be sent. The words are PostgREST's.
    #[error(
        "response.headers guc must be a JSON array composed of objects with a single key and a string value"
    )]
    Headers,
    /// `response.status` is no status. The words are PostgREST's.
    #[error("response.status guc must be a valid status code")]
    Status,
    /// A token was to be signed.
    #[error(transparent)]
    Token(#[from] TokenResponseError),
}

impl Problem for EndpointError {
    fn status(&self) -> u16 {
        500
    }

    fn code(&self) -> &str {
        match self {
            Self::SeveralRows => "POSTERN360",
            Self::TooLarge { .. } => "POSTERN361",
            Self::SeveralColumns { .. } => "POSTERN362",
            Self::Token(
                TokenResponseError::Issue(IssueError::NotAnObject) | TokenResponseError::Repeated,
            ) => "POSTERN363",
            Self::Token(TokenResponseError::RefreshToken) => "POSTERN364",
            Self::Token(TokenResponseError::Issue(IssueError::TooLong)) => "POSTERN365",
            Self::Token(TokenResponseError::Issue(IssueError::Signature)) => "POSTERN366",
            Self::Headers => "PGRST111",
            Self::Status => "PGRST112",
        }
    }

    fn details(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::TooLarge { max_bytes } => Some(format!("at most {max_bytes} bytes are answered").into()),
            _ => None,
        }
    }
}
