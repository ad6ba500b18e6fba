//! Words that are put together of strings, so that nobody finds them: `'al'+'ert'`, `'sys'.'tem'`, `sel/**/ect`.

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;

/// How long a string is that is read.
const MAX_PART: usize = 24;

/// How many strings are put together, and how long the outcome may be.
const MAX_PARTS: usize = 12;
const MAX_WORD: usize = 64;

/// What scripts are kept from saying.
const SCRIPT: [&[u8]; 11] = [
    b"alert",
    b"eval",
    b"javascript",
    b"<script",
    b"confirm",
    b"prompt",
    b"document",
    b"constructor",
    b"cookie",
    b"location",
    b"fromcharcode",
];

/// What code on servers is kept from saying.
const CODE: [&[u8]; 7] = [
    b"system",
    b"passthru",
    b"shell_exec",
    b"assert",
    b"child_process",
    b"exec",
    b"__class__",
];

/// What statements are kept from saying.
const SQL: [&[u8]; 8] = [
    b"union",
    b"select",
    b"insert",
    b"delete",
    b"update",
    b"drop",
    b"sleep",
    b"benchmark",
];

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    if text.is_prose {
        return;
    }
    if text.shape.has(Shape::STAR) && text.shape.has(Shape::SLASH) {
        commented(text, hits);
    }
    if text.shape.has(Shape::PLUS.or(Shape::DOT))
        && text
            .shape
            .has(Shape::QUOTE.or(Shape::DOUBLE_QUOTE).or(Shape::BACKTICK))
    {
        strings(text, hits);
    }
}

/// `'al'+'ert'`: strings with an operator between them.
fn strings(text: &Text<'_>, hits: &mut Hits) {
    let mut done = 0;
    for at in memchr::memchr2_iter(b'+', b'.', text.bytes) {
        if at < done {
            continue;
        }
        let Some(first) = part_before(text, at) else {
            continue;
        };
        let mut word = [0; MAX_WORD];
        let mut length = copy(&mut word, 0, first);
        let mut end = at;
        for _ in 0..MAX_PARTS {
            let Some((part, next)) = part_behind(text, end) else {
                break;
            };
            length = copy(&mut word, length, part);
            end = next;
        }
        done = end.max(at + 1);
        let word = word.get(..length).unwrap_or_default();
        let is_put_together = end > at && length > first.len();
        let is_hidden = |known: &&[u8]| {
            memchr::memmem::find(word, known).is_some() && memchr::memmem::find(first, known).is_none()
        };
        if is_put_together && SCRIPT.iter().any(&is_hidden) {
            hits.add(Rule::XssCall, at);
        }
        if is_put_together && CODE.iter().any(is_hidden) {
            hits.add(Rule::CodeCall, at);
        }
    }
}

/// The string that ends before an operator.
fn part_before<'a>(text: &Text<'a>, operator: usize) -> Option<&'a [u8]> {
    let before = text.bytes.get(..operator)?.trim_ascii_end();
    let (&quote, inside) = before.split_last()?;
    if !matches!(quote, b'\'' | b'"' | b'`') {
        return None;
    }
    let start = inside
        .iter()
        .rev()
        .take(MAX_PART)
        .position(|&byte| byte == quote)?;
    inside.get(inside.len() - start..)
}

/// The string behind an operator, and where it ends.
fn part_behind<'a>(text: &Text<'a>, operator: usize) -> Option<(&'a [u8], usize)> {
    let operator = text.skip_space(operator);
    if !matches!(text.byte(operator), b'+' | b'.') {
        return None;
    }
    let start = text.skip_space(operator + 1);
    let quote = text.byte(start);
    if !matches!(quote, b'\'' | b'"' | b'`') {
        return None;
    }
    let length = text
        .from(start + 1)
        .iter()
        .take(MAX_PART)
        .position(|&byte| byte == quote)?;
    let end = start + 1 + length;
    Some((text.bytes.get(start + 1..end)?, end + 1))
}

fn copy(word: &mut [u8; MAX_WORD], at: usize, part: &[u8]) -> usize {
    let end = (at + part.len()).min(MAX_WORD);
    if let (Some(place), Some(part)) = (word.get_mut(at..end), part.get(..end.saturating_sub(at))) {
        place.copy_from_slice(part);
    }
    end
}

/// `sel/**/ect`: a word with a comment in it.
fn commented(text: &Text<'_>, hits: &mut Hits) {
    let mut from = 0;
    while let Some(open) = memchr::memmem::find(text.from(from), b"/*").map(|at| from + at) {
        let rest = text.from(open + 2);
        let Some(length) = memchr::memmem::find(rest.get(..rest.len().min(64)).unwrap_or_default(), b"*/")
        else {
            from = open + 2;
            continue;
        };
        let close = open + 2 + length + 2;
        from = close;
        let letters = |byte: &&u8| byte.is_ascii_alphabetic();
        let before = text.bytes.get(..open).unwrap_or_default();
        let head = before.iter().rev().take(12).take_while(letters).count();
        let tail = text.from(close).iter().take(12).take_while(letters).count();
        let mut word = [0; MAX_WORD];
        let length = copy(
            &mut word,
            0,
            before.get(before.len() - head..).unwrap_or_default(),
        );
        let length = copy(
            &mut word,
            length,
            text.from(close).get(..tail).unwrap_or_default(),
        );
        if head > 0 && tail > 0 && word.get(..length).is_some_and(|word| SQL.contains(&word)) {
            hits.add(Rule::SqlUnion, open);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::place::Place;
    use super::super::test_hits::hits_in;
    use super::*;

    fn score(text: &str) -> u16 {
        let hits = hits_in(text, Place::Argument, detect);
        Class::ALL.into_iter().map(|class| hits.score(class)).sum()
    }

    #[test]
    fn words_in_parts_are_put_together() {
        for text in [
            "top['al'+'ert'](1)",
            "a=\"jav\" + \"asc\" + \"ript:\"",
            "'s'.'ys'.'tem'",
            "x=`ev`+`al`",
            "1 uni/**/on sel/*x*/ect 2",
        ] {
            assert!(score(text) >= 5, "{text}");
        }
    }

    #[test]
    fn strings_that_say_nothing_are_left_alone() {
        for text in [
            "'a' + 'b'",
            "\"alert\" + \"s\"",
            "'x'.'y'",
            "a.b.c",
            "it's 1 + 1 isn't it",
            "/* x */ y",
            "select/**/",
            "'+'",
            "'.",
        ] {
            assert_eq!(score(text), 0, "{text}");
        }
    }
}
