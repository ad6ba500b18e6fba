//! A request's body: JSON (RFC 8259), an object or an array of objects.
//!
//! What is checked here is what PostgreSQL would refuse with less to say, or would not refuse: a key given twice, a string
//! that text cannot hold, objects of different keys. Values stay as they were written, so that a number reaches PostgreSQL
//! with every digit. docs/adr/0002-json-parsers.md says why two parsers are at work.

mod array;
mod key;
mod object;
mod position;
mod tape;
mod text;

use std::borrow::Cow;

use super::{BodyError, Payload, RequestError};

impl<'a> Payload<'a> {
    /// Reads a whole body. What needs no unescaping borrows from it.
    pub fn parse(body: &'a [u8]) -> Result<Self, RequestError> {
        let first = body
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        match first {
            None => Err(BodyError::Missing.into()),
            Some(b'[') => {
                let (keys, rows) = match tape::keys_and_rows(body) {
                    Some(found) => found,
                    None => array::keys_and_rows(text(body)?)?,
                };
                Ok(Self::Many {
                    keys,
                    json: Cow::Borrowed(body),
                    rows,
                })
            }
            Some(b'{') => Ok(Self::One(object::members(text(body)?)?)),
            Some(_) => Err(object::refuse_scalar(text(body)?)),
        }
    }
}

fn text(body: &[u8]) -> Result<&str, RequestError> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(BodyError::ByteOrderMark.into());
    }
    std::str::from_utf8(body).map_err(|error| {
        BodyError::NotUtf8 {
            offset: error.valid_up_to(),
        }
        .into()
    })
}

#[cfg(test)]
mod tests;
