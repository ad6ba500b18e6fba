//! Why a request cannot be understood, whatever the schema is.

use std::borrow::Cow;

use super::{Scope, limits::Limit};
use crate::error::Problem;

/// A request that cannot be understood whatever the schema is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The path goes deeper than a row.
    #[error("path is not found")]
    PathNotFound,
    /// The key in the path can be the key of no row.
    #[error("key in the path is not valid")]
    InvalidKey(KeyFault),
    /// The method is not served here; `allow` is the value of the Allow header.
    #[error("method is not allowed")]
    MethodNotAllowed {
        /// Comma-separated methods.
        allow: Box<str>,
    },
    /// The client accepts no JSON (RFC 9110 section 12.5.1).
    #[error("none of the acceptable media types is available")]
    NotAcceptable,
    /// The body is not JSON (RFC 9110 section 8.3).
    #[error("media type of the body is not supported")]
    UnsupportedMediaType {
        /// The Content-Type field, shortened, where there is one.
        received: Option<Box<str>>,
    },
    /// The body is compressed (RFC 9110 section 8.4).
    #[error("content coding of the body is not supported")]
    UnsupportedContentCoding {
        /// The Content-Encoding field, shortened.
        received: Box<str>,
    },
    /// The query string does not decode to text.
    #[error("failed to decode the query string")]
    Encoding {
        /// What is wrong.
        fault: EncodingFault,
        /// Where, in bytes of the query string, counted from 1.
        position: usize,
    },
    /// An argument does not follow the grammar.
    #[error("failed to parse argument \"{argument}\"")]
    Syntax {
        /// The argument's name, shortened.
        argument: Box<str>,
        /// Whether its name or its value is wrong.
        part: Part,
        /// Where, in characters, counted from 1.
        position: usize,
        /// The character there; `None` at the end.
        found: Option<char>,
        /// What would have been right.
        expected: &'static str,
    },
    /// A filter whose operator does not exist.
    #[error("failed to parse argument \"{argument}\"")]
    UnknownOperator {
        /// The argument's name, shortened.
        argument: Box<str>,
        /// What stands where the operator should, shortened.
        operator: Box<str>,
    },
    /// Something of PostgREST's grammar that a resource does not serve.
    #[error("{feature} not supported on a resource")]
    Unsupported {
        /// The argument's name, shortened.
        argument: Box<str>,
        /// What it asks for.
        feature: Feature,
    },
    /// An argument that can be given once is given again.
    #[error("argument \"{argument}\" is given more than once")]
    Repeated {
        /// Its name.
        argument: Cow<'static, str>,
    },
    /// An argument that has no meaning for what is to be done.
    #[error("argument \"{argument}\" cannot be used {scope}")]
    NotApplicable {
        /// Its name, shortened.
        argument: Box<str>,
        /// What is to be done.
        scope: Scope,
    },
    /// `limit` or `offset` is below zero.
    #[error("the range is negative")]
    NegativeRange {
        /// Its name.
        argument: Box<str>,
    },
    /// `limit` is more than the resource gives at once.
    #[error("limit is too large")]
    LimitTooLarge {
        /// What was asked for.
        limit: u64,
        /// What is served at most.
        max: u32,
    },
    /// There is more of something than is served.
    #[error("too many {}", .0.name)]
    TooMany(Limit),
    /// The body is not what the method takes.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Which part of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is before `=`.
    Name,
    /// What is after it.
    Value,
}

/// Why the key in the path can be the key of no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It is not UTF-8.
    #[error("the key is not valid UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// It has a NUL, which no text in PostgreSQL has.
    #[error("the key has a NUL character at byte {0}")]
    Nul(usize),
}

/// Why a query string does not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingFault {
    /// `%` without two hexadecimal digits.
    #[error("\"%\" is not followed by two hexadecimal digits")]
    Percent,
    /// The bytes are not UTF-8.
    #[error("the decoded text is not valid UTF-8")]
    NotUtf8,
    /// A NUL, which no text in PostgreSQL has.
    #[error("the decoded text has a NUL character")]
    Nul,
}

/// What PostgREST's grammar knows and a resource does not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Feature {
    /// `relation(…)` and conditions on what is embedded.
    #[error("embedding of other relations is")]
    Embedding,
    /// `count()`, `column.sum()` and its like.
    #[error("aggregate functions are")]
    Aggregate,
    /// `eq(any).{…}`
    #[error("modifiers of operators are")]
    Modifier,
    /// `columns=`
    #[error("a list of the columns to write is")]
    Columns,
    /// `on_conflict=`
    #[error("insertion with conflict resolution is")]
    OnConflict,
}

/// Why a body is not what the method takes. Lines and columns are counted from 1, columns in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is none.
    #[error("body is missing or empty")]
    Missing,
    /// It is not UTF-8 (RFC 8259 section 8.1).
    #[error("body is not valid UTF-8")]
    NotUtf8 {
        /// How many bytes before the first wrong one.
        offset: usize,
    },
    /// It begins with a byte order mark (RFC 8259 section 8.1).
    #[error("body begins with a byte order mark")]
    ByteOrderMark,
    /// It is not JSON.
    #[error("body is not valid JSON")]
    Malformed {
        /// What the parser has met, with its position.
        reason: Box<str>,
    },
    /// A string that PostgreSQL's text cannot hold.
    #[error("body has a string that cannot be stored")]
    Text {
        /// What is wrong.
        fault: TextFault,
        /// The line of the escape.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// It is a string, a number, a boolean or null, or an array with such a value in it.
    #[error("body is neither an object nor an array of objects")]
    NotObjects {
        /// What stands where an object should, with its position.
        reason: Option<Box<str>>,
    },
    /// The method takes exactly one object.
    #[error("body is not one object")]
    NotOneObject,
    /// An object that has a key twice.
    #[error("key \"{key}\" is given more than once")]
    DuplicateKey {
        /// The key, shortened.
        key: Box<str>,
        /// Which object of an array, counted from 1.
        row: Option<usize>,
    },
    /// An object of an array that has other keys than the first. The words are PostgREST's.
    #[error("All object keys must match")]
    KeysDiffer {
        /// Which object, counted from 1.
        row: usize,
    },
}

/// What PostgreSQL's text cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// `\u0000`
    #[error("\\u0000 cannot be stored as text")]
    Nul,
    /// The same in the key of the value at this place.
    #[error("the key of this value has \\u0000, which cannot be stored as text")]
    NulInKey,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair is no character")]
    LoneSurrogate,
}

impl Problem for RequestError {
    fn status(&self) -> u16 {
        match self {
            Self::PathNotFound => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::NotAcceptable => 406,
            Self::TooMany(limit) if *limit == super::limits::QUERY_STRING => 414,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentCoding { .. } => 415,
            _ => 400,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Encoding { .. } | Self::Syntax { .. } | Self::UnknownOperator { .. } => "PGRST100",
            Self::Body(_) => "PGRST102",
            Self::NegativeRange { .. } => "PGRST103",
            Self::NotAcceptable | Self::UnsupportedMediaType { .. } => "PGRST107",
            Self::MethodNotAllowed { .. } => "PGRST117",
            Self::PathNotFound => "PGRST125",
            Self::InvalidKey(_) => "POSTERN100",
            Self::UnsupportedContentCoding { .. } => "POSTERN101",
            Self::Unsupported { .. } => "POSTERN102",
            Self::Repeated { .. } => "POSTERN103",
            Self::NotApplicable { .. } => "POSTERN104",
            Self::LimitTooLarge { .. } => "POSTERN106",
            Self::TooMany(_) => "POSTERN107",
        }
    }

    fn details(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(match self {
            Self::InvalidKey(fault) => fault.to_string(),
            Self::MethodNotAllowed { allow } => format!("the methods here are {allow}"),
            Self::UnsupportedMediaType {
                received: Some(received),
            } => format!("Content-Type is \"{received}\""),
            Self::UnsupportedMediaType { received: None } => "there is no Content-Type".to_owned(),
            Self::UnsupportedContentCoding { received } => format!("Content-Encoding is \"{received}\""),
            Self::Encoding { fault, position } => format!("{fault}, at byte {position} of the query string"),
            Self::Syntax {
                argument,
                part,
                position,
                found,
                expected,
            } => {
                let part = part.phrase();
                match found {
                    Some(found) => format!(
                        "unexpected {} at character {position} of {part} \"{argument}\", expected {expected}",
                        quoted(*found)
                    ),
                    None => format!("unexpected end of {part} \"{argument}\", expected {expected}"),
                }
            }
            Self::UnknownOperator { argument, operator } => {
                format!("unknown operator \"{operator}\" in argument \"{argument}\"")
            }
            Self::Unsupported { argument, .. } => format!("argument \"{argument}\" asks for it"),
            Self::NegativeRange { argument } => format!("{argument} must be greater than or equal to zero"),
            Self::LimitTooLarge { limit, max } => format!("limit is {limit}, at most {max} is served"),
            Self::TooMany(limit) => format!("at most {} {} are served", limit.max, limit.name),
            Self::Body(error) => return error.details(),
            Self::PathNotFound | Self::NotAcceptable | Self::Repeated { .. } | Self::NotApplicable { .. } => {
                return None;
            }
        }))
    }

    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(match self {
            Self::PathNotFound => "the path of a row is the resource's path, a slash and the row's key",
            Self::NotAcceptable => "accept application/json",
            Self::UnsupportedMediaType { .. } => "send the body as application/json in UTF-8",
            Self::UnsupportedContentCoding { .. } => "send the body without Content-Encoding",
            Self::UnknownOperator { .. } => {
                "a filter is column=operator.value; the operators are eq, neq, gt, gte, lt, lte, like, ilike, match, \
                 imatch, in, is, isdistinct, fts, plfts, phfts, wfts, cs, cd and ov, each perhaps after \"not.\""
            }
            Self::Repeated { .. } => "give it once; what is a list is separated by commas",
            Self::Body(BodyError::Missing | BodyError::NotObjects { .. }) => {
                "send a JSON object or an array of JSON objects"
            }
            Self::Body(BodyError::NotOneObject) => "send one JSON object",
            _ => return None,
        }))
    }
}

impl RequestError {
    /// The error for a body that is not JSON, from its Content-Type.
    pub(crate) fn unsupported_media_type(received: Option<&[u8]>) -> Self {
        Self::UnsupportedMediaType {
            received: received.map(|field| excerpt(&String::from_utf8_lossy(field))),
        }
    }

    /// The error for a body that is compressed, from its Content-Encoding.
    pub(crate) fn unsupported_content_coding(received: &[u8]) -> Self {
        Self::UnsupportedContentCoding {
            received: excerpt(&String::from_utf8_lossy(received)),
        }
    }
}

impl BodyError {
    fn details(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Malformed { reason } | Self::NotObjects { reason: Some(reason) } => Cow::Borrowed(reason),
            Self::NotUtf8 { offset } => {
                Cow::Owned(format!("the first wrong byte comes after {offset} others"))
            }
            Self::Text { fault, line, column } => {
                Cow::Owned(format!("{fault}, at line {line} column {column}"))
            }
            Self::DuplicateKey { row: Some(row), .. } => {
                Cow::Owned(format!("it is in object {row} of the array"))
            }
            Self::KeysDiffer { row } => {
                Cow::Owned(format!("object {row} of the array has other keys than the first"))
            }
            Self::Missing
            | Self::ByteOrderMark
            | Self::NotObjects { reason: None }
            | Self::NotOneObject
            | Self::DuplicateKey { row: None, .. } => return None,
        })
    }
}

impl Part {
    fn phrase(self) -> &'static str {
        match self {
            Self::Name => "the name of argument",
            Self::Value => "argument",
        }
    }
}

/// At most so much of a client's text comes back in an error.
const EXCERPT_CHARS: usize = 64;

/// The beginning of a client's text, as an error shows it.
pub(crate) fn excerpt(text: &str) -> Box<str> {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// A character in quotes that tell it from them.
fn quoted(found: char) -> String {
    if found == '"' {
        "'\"'".to_owned()
    } else {
        format!("\"{found}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_says_where_and_what() {
        let error = RequestError::Syntax {
            argument: "or".into(),
            part: Part::Value,
            position: 17,
            found: Some(')'),
            expected: "an operator",
        };
        assert_eq!(error.to_string(), "failed to parse argument \"or\"");
        assert_eq!(
            error.details().as_deref(),
            Some("unexpected \")\" at character 17 of argument \"or\", expected an operator")
        );
        assert_eq!((error.status(), error.code()), (400, "PGRST100"));
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(&*excerpt("short"), "short");
        let long = "é".repeat(70);
        assert_eq!(excerpt(&long).chars().count(), EXCERPT_CHARS + 1);
    }
}
