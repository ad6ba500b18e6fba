//! Strings of a body that PostgreSQL's text cannot hold, and nesting that goes too deep.

use std::borrow::Cow;

use super::super::limits;
use super::super::{BodyError, RequestError, TextFault};
use super::position::{Position, malformed, offset_of};

/// The text of a string, from its quotes on; `raw` is a part of `body` that a parser has found to be a string.
pub(super) fn unescape<'a>(body: &str, raw: &'a str) -> Result<Cow<'a, str>, RequestError> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    check_escapes(body, raw)?;
    serde_json::from_str(raw)
        .map(Cow::Owned)
        .map_err(|error| malformed(&error).into())
}

/// Refuses `\u0000` and halves of surrogate pairs anywhere in `raw`, a part of `body` that is JSON.
pub(super) fn check_escapes(body: &str, raw: &str) -> Result<(), RequestError> {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(step) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        at += step;
        let (length, fault) = match code_unit(bytes, at) {
            None => (2, None),
            Some(0) => (6, Some(TextFault::Nul)),
            Some(0xd800..0xdc00) if matches!(code_unit(bytes, at + 6), Some(0xdc00..0xe000)) => (12, None),
            Some(0xd800..0xe000) => (6, Some(TextFault::LoneSurrogate)),
            Some(_) => (6, None),
        };
        if let Some(fault) = fault {
            let Position { line, column } = Position::of(body, offset_of(body, raw) + at);
            return Err(BodyError::Text { fault, line, column }.into());
        }
        at += length;
    }
    Ok(())
}

/// Refuses a key with a NUL; `raw` is its value, a part of `body`, and gives the place.
pub(super) fn check_key(body: &str, key: &str, raw: &str) -> Result<(), RequestError> {
    if memchr::memchr(0, key.as_bytes()).is_none() {
        return Ok(());
    }
    let Position { line, column } = Position::of(body, offset_of(body, raw));
    Err(BodyError::Text {
        fault: TextFault::NulInKey,
        line,
        column,
    }
    .into())
}

/// The code unit of the `\uXXXX` that stands at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Refuses JSON that is nested deeper than the limit; `raw` is valid and has `around` levels around it.
pub(super) fn check_depth(raw: &str, around: usize) -> Result<(), RequestError> {
    let mut depth = around;
    let mut in_string = false;
    let mut escaped = false;
    for &byte in raw.as_bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if limits::JSON_DEPTH.is_exceeded_by(depth) {
                    return Err(RequestError::TooMany(limits::JSON_DEPTH));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
