//! A body that is an array of objects, read by `serde_json`: exact, with positions, and the last word on what
//! [`tape`](super::tape) does not decide.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::{BodyError, RequestError};
use super::key::{Key, RowKeys};
use super::position::malformed;
use super::text::{check_depth, check_escapes, check_key};

/// The keys of an array's objects, and how many objects it has.
pub(super) fn keys_and_rows(body: &str) -> Result<(Vec<Cow<'_, str>>, usize), RequestError> {
    let mut reader = Reader {
        body,
        keys: RowKeys::default(),
        refusal: None,
    };
    let mut parser = serde_json::Deserializer::from_str(body);
    let outcome = Rows(&mut reader)
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
    match outcome {
        Ok(()) => Ok(reader.keys.finish()),
        Err(error) => Err(reader.refusal.unwrap_or_else(|| {
            if error.is_data() {
                BodyError::NotObjects {
                    reason: Some(error.to_string().into()),
                }
                .into()
            } else {
                malformed(&error).into()
            }
        })),
    }
}

struct Reader<'a> {
    body: &'a str,
    keys: RowKeys<'a>,
    /// Our own reason to stop, which `serde_json` would turn into text.
    refusal: Option<RequestError>,
}

impl<'a> Reader<'a> {
    fn member<E: Error>(&mut self, key: Cow<'a, str>, raw: &str) -> Result<(), E> {
        let outcome = self.check_member(key, raw);
        self.refuse(outcome)
    }

    fn check_member(&mut self, key: Cow<'a, str>, raw: &str) -> Result<(), RequestError> {
        check_key(self.body, &key, raw)?;
        self.keys.key(&key, || key.clone())?;
        match raw.as_bytes().first() {
            Some(b'{' | b'[') => {
                check_depth(raw, 2)?;
                check_escapes(self.body, raw)
            }
            Some(b'"') => check_escapes(self.body, raw),
            _ => Ok(()),
        }
    }

    fn refuse<E: Error>(&mut self, outcome: Result<(), RequestError>) -> Result<(), E> {
        outcome.map_err(|error| {
            self.refusal = Some(error);
            E::custom("refused")
        })
    }
}

/// The array.
struct Rows<'a, 'r>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Rows<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(self.0))?.is_some() {}
        Ok(())
    }
}

/// One object of it.
struct Row<'a, 'r>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Row<'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Not `deserialize_map`, so that anything else is told apart from JSON that is not valid.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Row<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let reader = self.0;
        let outcome = reader.keys.begin_row();
        reader.refuse(outcome)?;
        while let Some(Key(key)) = members.next_key()? {
            let raw: &'de RawValue = members.next_value()?;
            reader.member(key, raw.get())?;
        }
        let outcome = reader.keys.end_row();
        reader.refuse(outcome)
    }
}
