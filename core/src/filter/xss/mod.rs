//! HTML, script and style that a browser would run.
//!
//! Tags are read as lenient browsers read them, and judged by what they do: a tag that runs script, an attribute that handles an event, a URL
//! that is script. A value that stands inside a tag or a script already needs no tag, so that attributes and calls are looked for without one too.

mod attribute;
mod tag;
mod url;
mod words;

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    if text.shape.has(Shape::ANGLE) {
        tag::detect(text, hits);
    }
    if text.shape.has(Shape::EQUALS) {
        handlers(text, hits);
    }
    if text.shape.has(Shape::COLON) {
        url::detect(text, hits);
    }
    if text.shape.has(Shape::BRACKET) || text.shape.has(Shape::BRACE) {
        symbols(text, hits);
    }
    if text.shape.has(Shape::BRACKET) && !text.is_prose {
        computed_call(text, hits);
    }
}

/// `onerror=` where an attribute could begin: at the start, after white space, a quote or a slash.
fn handlers(text: &Text<'_>, hits: &mut Hits) {
    for equals in memchr::memchr_iter(b'=', text.bytes) {
        let before = text.bytes.get(..equals).unwrap_or_default();
        let end = before.len() - before.iter().rev().take_while(|byte| is_blank(**byte)).count();
        // The longest name of an event has fewer letters.
        let letters = before
            .get(..end)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(48)
            .take_while(|byte| byte.is_ascii_alphabetic());
        let start = end - letters.count();
        let name = text.bytes.get(start..end).unwrap_or_default();
        let is_separate = matches!(text.before(start), 0..=b' ' | b'"' | b'\'' | b'`' | b'/' | b'<' | b'>' | b'(' | b'?' | 0x80..);
        if is_separate
            && words::is_handler(name)
            && !(text.byte(equals + 1) == b'=' || is_setting(text, start, equals))
        {
            hits.add(Rule::XssHandler, start);
        }
    }
}

/// Whether `onload=x` is an argument of a URL or a setting: nothing but a word behind it, and no sign that it was put into a tag.
fn is_setting(text: &Text<'_>, start: usize, equals: usize) -> bool {
    let value = text.from(text.skip_space(equals + 1));
    let word = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        .count();
    let is_word = matches!(value.get(word), None | Some(b'&' | b';' | b',' | b' ' | b'\n'))
        && !text.shape.has(Shape::ANGLE);
    is_word && matches!(text.before(start), 0..=b' ' | b'?') && (word == 0) == value.is_empty()
}

/// Objects whose members are all that a page has.
const GLOBALS: [&[u8]; 8] = [
    b"top",
    b"self",
    b"window",
    b"this",
    b"parent",
    b"frames",
    b"globalthis",
    b"document",
];

/// How long the name of a member may be that is computed.
const MAX_MEMBER: usize = 80;

/// `top["al"+x](1)`, `self[['a','b'].join('')](2)`: a call of a member whose name is put together.
fn computed_call(text: &Text<'_>, hits: &mut Hits) {
    for close in memchr::memchr_iter(b']', text.bytes) {
        if !matches!(text.byte(close + 1), b'(' | b'`') {
            continue;
        }
        let before = text.bytes.get(..close).unwrap_or_default();
        let mut depth = 1;
        let open = before.iter().rev().take(MAX_MEMBER).position(|byte| {
            match byte {
                b']' => depth += 1,
                b'[' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some(length) = open else {
            continue;
        };
        let (object, member) = before.split_at(before.len() - length - 1);
        let object = object.strip_suffix(b"?.").unwrap_or(object);
        let name = object
            .iter()
            .rev()
            .take(12)
            .take_while(|byte| byte.is_ascii_alphabetic());
        let name = object.get(object.len() - name.count()..).unwrap_or_default();
        let is_computed = member
            .get(1..)
            .unwrap_or_default()
            .iter()
            .any(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'/' | b'['));
        if is_computed && GLOBALS.contains(&name) {
            hits.add(Rule::XssCall, close);
            return;
        }
    }
}

/// How many signs in a row no text and no JSON has.
const SYMBOLS: usize = 24;

/// Script of brackets and signs: `[][(![]+[])[+[]]+…`.
fn symbols(text: &Text<'_>, hits: &mut Hits) {
    let mut run = 0;
    let mut kinds = 0_u8;
    for (at, byte) in text.bytes.iter().enumerate() {
        let kind = match byte {
            b'[' | b']' => 1,
            b'(' | b')' => 2,
            b'!' => 4,
            b'+' => 8,
            b'{' | b'}' | b'$' | b'_' | b'"' | b'\'' | b',' | b';' | b'=' | b'~' | b'-' | b'.' | b':'
            | b'/' | b'\\' | b'^' | b'*' => 16,
            _ => 0,
        };
        if kind == 0 {
            run = 0;
            kinds = 0;
            continue;
        }
        run += 1;
        kinds |= kind;
        if run >= SYMBOLS && kinds & 11 == 11 {
            hits.add(Rule::XssSymbols, at + 1 - run);
            return;
        }
    }
}

/// What HTML takes for a space, and the bytes that browsers skip.
fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

#[cfg(test)]
mod tests;
