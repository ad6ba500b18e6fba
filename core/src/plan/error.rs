//! Why a request does not fit the schema.

use std::borrow::Cow;

use crate::error::Problem;
use crate::schema_cache::QualifiedName;

/// A request that parses but does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The relation of the location is not in the schema cache.
    #[error("relation {schema}.{name} does not exist or is not exposed")]
    UnknownRelation {
        /// Its schema.
        schema: Box<str>,
        /// Its name.
        name: Box<str>,
    },
    /// The arguments name a column that does not exist.
    #[error("column {column:?} does not exist")]
    UnknownColumn {
        /// The name that was asked for.
        column: Box<str>,
        /// A column with a similar name.
        similar: Option<Box<str>>,
    },
    /// The body names a column that does not exist.
    #[error("the body has a member {column:?}, but there is no such column")]
    UnknownMember {
        /// The member's key.
        column: Box<str>,
        /// A column with a similar name.
        similar: Option<Box<str>>,
    },
    /// The body gives a value to a column that takes none.
    #[error("column {column:?} cannot be written")]
    NotWritable {
        /// The column.
        column: Box<str>,
        /// Why not.
        reason: NotWritable,
    },
    /// The body of an update is an array.
    #[error("the body must be one object")]
    NotAnObject,
    /// The relation does not take the statement.
    #[error("the rows of {relation} cannot be changed this way")]
    MethodNotAllowed {
        /// Its name.
        relation: Box<str>,
        /// What can be done here: the value of the Allow header.
        allow: Box<str>,
    },
    /// Rows have no key.
    #[error("the rows of {relation} have no key to be addressed by")]
    NoKey {
        /// The relation's name.
        relation: Box<str>,
    },
    /// The id does not have as many parts as the key has columns.
    #[error("the id has {given} parts, but the key has {expected} columns")]
    KeyParts {
        /// Columns of the key.
        expected: usize,
        /// Parts in the id.
        given: usize,
    },
    /// The body of a replacement has another key than the URL.
    #[error("the body gives column {column:?} another value than the URL")]
    KeyMismatch {
        /// The column.
        column: Box<str>,
    },
    /// The column that tells when a row was last changed has no times.
    #[error("column {column:?} cannot tell when a row was last changed")]
    NotADate {
        /// The column.
        column: Box<str>,
    },
    /// No such type, or none that a value may be cast to.
    #[error("type {name:?} does not exist")]
    UnknownType {
        /// What was asked for.
        name: Box<str>,
    },
    /// A number beyond what PostgreSQL counts with.
    #[error("the offset is too large")]
    OffsetTooLarge,
    /// Not a cursor of ours.
    #[error("the cursor is not valid")]
    CursorMalformed,
    /// A cursor of another relation or another order.
    #[error("the cursor belongs to another list")]
    CursorMismatch,
    /// The last row's values in the columns of the order are too long to be made a cursor of.
    #[error("the values of the order are too long for a cursor")]
    CursorTooLong,
    /// Conditions nested too deeply, or too many values.
    #[error("the request is too complex")]
    TooComplex,
}

/// Why a column takes no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotWritable {
    /// It is computed from other columns.
    Generated,
    /// It is numbered by PostgreSQL, always.
    IdentityAlways,
    /// It is an expression of a view.
    ViewExpression,
}

impl Problem for PlanError {
    fn status(&self) -> u16 {
        match self {
            Self::UnknownRelation { .. } | Self::NoKey { .. } => 404,
            // There is no such page.
            Self::CursorMalformed | Self::CursorMismatch => 404,
            Self::MethodNotAllowed { .. } => 405,
            _ => 400,
        }
    }

    /// PostgREST's code, or the SQLSTATE that PostgreSQL would have answered and PostgREST passed on, where there is one.
    fn code(&self) -> &str {
        match self {
            Self::UnknownRelation { .. } => "PGRST205",
            Self::UnknownColumn { .. } => "42703",
            Self::UnknownMember { .. } => "PGRST204",
            Self::NotWritable {
                reason: NotWritable::ViewExpression,
                ..
            } => "POSTERN200",
            Self::NotWritable { .. } => "428C9",
            Self::MethodNotAllowed { .. } => "POSTERN201",
            Self::NoKey { .. } => "POSTERN202",
            Self::KeyParts { .. } => "POSTERN203",
            Self::KeyMismatch { .. } => "PGRST115",
            Self::UnknownType { .. } => "42704",
            Self::OffsetTooLarge => "POSTERN205",
            Self::CursorMalformed => "POSTERN206",
            Self::CursorMismatch => "POSTERN207",
            Self::CursorTooLong => "POSTERN208",
            Self::TooComplex => "POSTERN209",
            Self::NotAnObject => "POSTERN210",
            Self::NotADate { .. } => "POSTERN211",
        }
    }

    fn details(&self) -> Option<Cow<'_, str>> {
        let Self::NotWritable { reason, .. } = self else {
            return None;
        };
        Some(Cow::Borrowed(match reason {
            NotWritable::Generated => "Its value is computed from other columns.",
            NotWritable::IdentityAlways => "It is an identity column that is generated always.",
            NotWritable::ViewExpression => "It is not a column of the table behind the view.",
        }))
    }

    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::UnknownColumn {
                similar: Some(similar),
                ..
            }
            | Self::UnknownMember {
                similar: Some(similar),
                ..
            } => Some(Cow::Owned(format!("Perhaps you meant {similar:?}."))),
            Self::NotWritable { .. } => Some(Cow::Borrowed("Leave it out of the body.")),
            Self::NoKey { .. } => Some(Cow::Borrowed(
                "Name a unique column with key= in postern_resource.",
            )),
            Self::NotADate { .. } => Some(Cow::Borrowed(
                "Name a timestamptz, timestamp or date with last_modified= in postern_resource.",
            )),
            Self::KeyParts { .. } => Some(Cow::Borrowed("Separate the parts with commas.")),
            Self::CursorMalformed | Self::CursorMismatch => Some(Cow::Borrowed(
                "Pass next_cursor on as it is, with the same order, or start without a cursor.",
            )),
            Self::CursorTooLong => Some(Cow::Borrowed("Order by shorter columns, or page with offset.")),
            _ => None,
        }
    }
}

impl PlanError {
    pub(super) fn unknown_relation(name: &QualifiedName) -> Self {
        Self::UnknownRelation {
            schema: name.schema.clone(),
            name: name.name.clone(),
        }
    }
}
