//! A body that is one object, read by `serde_json`: values keep their text, errors have a position.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::error::excerpt;
use super::super::limits;
use super::super::{BodyError, JsonValue, RequestError};
use super::key::{self, Key};
use super::position::malformed;
use super::text::{check_depth, check_escapes, check_key, unescape};

/// The members of an object, in order.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, JsonValue<'a>)>;

/// Reads a body that is one object.
pub(super) fn members(body: &str) -> Result<Members<'_>, RequestError> {
    let mut refusal = None;
    let mut parser = serde_json::Deserializer::from_str(body);
    let seed = MembersSeed {
        body,
        refusal: &mut refusal,
    };
    let members = seed
        .deserialize(&mut parser)
        .and_then(|members| parser.end().map(|()| members));
    let members = members.map_err(|error| refusal.unwrap_or_else(|| malformed(&error).into()))?;
    match key::duplicate(members.iter().map(|(key, _)| &**key)) {
        Some(key) => Err(BodyError::DuplicateKey {
            key: excerpt(key),
            row: None,
        }
        .into()),
        None => Ok(members),
    }
}

/// Says what is wrong with a body that begins neither an object nor an array.
pub(super) fn refuse_scalar(body: &str) -> RequestError {
    match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => BodyError::NotObjects { reason: None }.into(),
        Err(error) => malformed(&error).into(),
    }
}

/// A value as a parameter needs it; `raw` is its text, a part of `body` that is valid JSON.
fn value<'a>(body: &str, raw: &'a str) -> Result<JsonValue<'a>, RequestError> {
    Ok(match raw.as_bytes().first() {
        Some(b'n') => JsonValue::Null,
        Some(b't') => JsonValue::Bool(true),
        Some(b'f') => JsonValue::Bool(false),
        Some(b'"') => JsonValue::String(unescape(body, raw)?),
        Some(b'{' | b'[') => {
            check_depth(raw, 1)?;
            check_escapes(body, raw)?;
            JsonValue::Nested(Cow::Borrowed(raw))
        }
        _ => JsonValue::Number(Cow::Borrowed(raw)),
    })
}

/// Reads the members, and keeps our own reason to refuse one, which `serde_json` would turn into text.
struct MembersSeed<'a, 'r> {
    body: &'a str,
    refusal: &'r mut Option<RequestError>,
}

impl<'de> DeserializeSeed<'de> for MembersSeed<'de, '_> {
    type Value = Members<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MembersSeed<'de, '_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        let Self { body, refusal } = self;
        let mut refuse = |error| {
            *refusal = Some(error);
            A::Error::custom("refused")
        };
        while let Some(Key(key)) = map.next_key()? {
            let raw: &'de RawValue = map.next_value()?;
            let value = check_key(body, &key, raw.get()).and_then(|()| value(body, raw.get()));
            members.push((key, value.map_err(&mut refuse)?));
            if limits::MEMBERS.is_exceeded_by(members.len()) {
                return Err(refuse(RequestError::TooMany(limits::MEMBERS)));
            }
        }
        Ok(members)
    }
}

/// Room for so many members is made at once.
const USUAL_MEMBERS: usize = 8;
