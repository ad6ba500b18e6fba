//! Request validation: JSON bodies by a schema, arguments and header fields by rules.
//!
//! Everything is compiled when the configuration is read. A request that does not fit is told everything that is wrong with it at
//! once, as [`Violation`]s; values of the request are never repeated in them.

mod arguments;
mod fields;
mod json;
mod rule;
mod schema;

pub use arguments::{ArgumentRule, ArgumentRules, Unknown};
pub use fields::{FieldRules, InvalidFieldName};
pub use json::{JsonFault, JsonLimits, parse_json};
pub use rule::{InvalidRule, Rule, RuleBuilder, ValueType};
pub(crate) use schema::file_uri;
pub use schema::{BodySchema, InvalidSchema};

use std::borrow::Cow;

use crate::error::Problem;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the body, or the name of an argument or header field.
    pub path: String,
    /// What is violated, in JSON Schema's words (`required`, `maxLength`, …).
    pub keyword: Cow<'static, str>,
    /// The same for people.
    pub message: String,
}

/// Which part of a request is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body.
    Body,
    /// The arguments of the query string.
    Arguments,
    /// The header fields.
    Headers,
    /// The key in the path of a resource.
    Key,
}

/// A request that does not fit what the location demands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// The body is no JSON that is taken.
    #[error("the body is not valid: {0}")]
    Json(#[from] JsonFault),
    /// A part of the request violates the rules for it.
    #[error("{}", match .part {
        Part::Body => "the body is not valid",
        Part::Arguments => "the arguments are not valid",
        Part::Headers => "the header fields are not valid",
        Part::Key => "the key is not valid",
    })]
    Violations {
        /// Which part.
        part: Part,
        /// 400 or 422, as the location is configured.
        status: u16,
        /// What is wrong with it; never empty.
        violations: Vec<Violation>,
    },
    /// The body is of another media type than the one that is demanded.
    #[error("the body must be JSON")]
    MediaType,
    /// The body is compressed.
    #[error("a compressed body is not taken")]
    Compressed,
}

impl Problem for InvalidRequest {
    fn status(&self) -> u16 {
        match self {
            Self::Json(_) => 400,
            Self::Violations { status, .. } => *status,
            Self::MediaType | Self::Compressed => 415,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Json(_) => "POSTERN380",
            Self::Violations { part, .. } => match part {
                Part::Body => "POSTERN381",
                Part::Arguments => "POSTERN382",
                Part::Headers => "POSTERN383",
                Part::Key => "POSTERN386",
            },
            Self::MediaType => "POSTERN384",
            Self::Compressed => "POSTERN385",
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Violations { violations, .. } => violations,
            _ => &[],
        }
    }
}

/// What is violated, as `path keyword`.
#[cfg(test)]
fn keywords<T>(result: Result<T, InvalidRequest>) -> Vec<String> {
    let Err(error) = result else {
        return Vec::new();
    };
    let violations = error.violations().iter();
    violations
        .map(|one| format!("{} {}", one.path, one.keyword))
        .collect()
}
