//! The body of a write, taken apart as far as parameters need it.

use std::borrow::Cow;

/// The body of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload<'a> {
    /// A JSON object: its members in order, no key twice.
    One(Vec<(Cow<'a, str>, JsonValue<'a>)>),
    /// A JSON array of objects that all have these keys. PostgreSQL takes it apart (`json_to_recordset`).
    Many {
        /// The keys, in the order of the first object.
        keys: Vec<Cow<'a, str>>,
        /// The whole array as it came.
        json: Cow<'a, [u8]>,
        /// How many objects it has.
        rows: usize,
    },
}

/// A member's value as far as a parameter needs it.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An object or an array, as JSON text.
    Nested(Cow<'a, str>),
}

impl JsonValue<'_> {
    /// Its text, unescaped; empty for `null`, `true` and `false`.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Null | Self::Bool(_) => "",
            Self::Number(text) | Self::String(text) | Self::Nested(text) => text,
        }
    }

    /// The JSON text of the value, for columns of json, array, composite and other such types.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Number(text) | Self::Nested(text) => out.extend_from_slice(text.as_bytes()),
            Self::String(text) => crate::response::write_json_string(out, text.as_bytes()),
        }
    }
}
