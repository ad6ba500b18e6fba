//! Paths that leave their directory.
//!
//! What a file system, a library or a filter that cleans up too little makes of a path is read leniently: any run of dots with a separator
//! behind it is a step, whatever stands between the dots.

use super::hits::{Hits, Text};
use super::place::Place;
use super::rule::Rule;
use super::shape::Shape;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    absolute(text, hits);
    if text.shape.has(Shape::BACKSLASH) {
        share(text, hits);
    }
    if text
        .shape
        .has(Shape::DOT.or(Shape::HIGH).or(Shape::PERCENT).or(Shape::OTHER))
        || text.shape.has(Shape::DIGIT) && text.shape.has(Shape::LETTER)
    {
        dots(text, hits);
    }
    if text.shape.has(Shape::CONTROL) {
        nul(text, hits);
    }
}

/// A value that is the path of a file from the root on, in a directory that applications do not serve.
fn absolute(text: &Text<'_>, hits: &mut Hits) {
    let path = text.bytes.trim_ascii();
    let is_absolute = matches!(path, [b'/' | b'\\', b'a'..=b'z' | b'[', ..])
        || matches!(path, [b'a'..=b'z', b':', b'/' | b'\\', ..]);
    // A segment that begins with a slash has been encoded to do so.
    let is_request = matches!(text.place, Place::Path | Place::Header);
    if is_absolute
        && !is_request
        && !text.is_prose
        && !text.shape.has(Shape::NEWLINE)
        && !text.shape.has(Shape::ANGLE)
    {
        hits.add(Rule::TraversalAbsolute, 0);
    }
}

/// Steps up.
fn dots(text: &Text<'_>, hits: &mut Hits) {
    let mut steps = 0;
    let mut first = None;
    let mut at = 0;
    while let Some(found) = text
        .from(at)
        .iter()
        .position(|byte| matches!(byte, b'.' | b'%' | b'0' | b'?' | 0xc0 | 0xe2))
    {
        let start = at + found;
        if !may_be_dots(text.byte(start), text.byte(start + 1)) {
            at = start + 1;
            continue;
        }
        let end = dots_end(text, start);
        at = end.max(start + 1);
        if end > start && is_step(text, start, end) {
            steps += 1;
            first.get_or_insert(start);
        }
    }
    let Some(first) = first else {
        return;
    };
    let is_path = matches!(text.place, Place::Path | Place::PathSegment)
        && matches!(text.before(first), 0 | b'/' | b'\\');
    let is_text = text.shape.has(Shape::SPACE.or(Shape::NEWLINE)) || text.is_prose;
    let rule = if is_path || steps >= 3 || !is_text {
        Rule::TraversalDots
    } else {
        Rule::TraversalWeakDots
    };
    hits.add(rule, first);
    if !text.is_prose && steps >= 2 {
        hits.add(Rule::TraversalDots, first);
    }
}

/// Whether two bytes can begin a run of dots: most points end sentences, and most zeros numbers.
fn may_be_dots(first: u8, second: u8) -> bool {
    match first {
        b'.' => !(second.is_ascii_alphabetic() || matches!(second, b'1'..=b'9' | b' ')),
        b'0' => second == b'x',
        b'?' => matches!(second, b'.' | b'?'),
        _ => true,
    }
}

/// Where a run of at least two dots ends; a run that is shorter ends where it begins. Dots may be written `0x2e` and in other ways that
/// careless decoders take for dots.
fn dots_end(text: &Text<'_>, start: usize) -> usize {
    let mut count = 0;
    let mut at = start;
    let mut has_wildcard = false;
    loop {
        let rest = text.from(at);
        let length = match rest {
            [b'.', ..] => 1,
            // Windows takes a wildcard for a dot.
            [b'?', ..] if has_wildcard || at == start || count == 1 => {
                has_wildcard = true;
                1
            }
            [0xe2, 0x80, 0xa5 | 0xa6, ..] => {
                count += 1;
                3
            }
            // What some decoders leave of a dot when they cut its bits off.
            [0xc0, 0x2e | 0x5e | 0x6e | 0xee | 0xfe, ..] => 2,
            _ => dot_literal(rest),
        };
        // Two wildcards are dots, more are none: no run of them is read again and again.
        if length == 0 || has_wildcard && count == 3 {
            break;
        }
        count += 1;
        at += length;
        // `.%00.` and `.\t.` are two dots to who drops what cannot be seen.
        if matches!(text.byte(at), 1..=8 | b'\t' | 0x7f) && matches!(text.byte(at + 1), b'.') {
            at += 1;
        }
    }
    // A slash behind a wildcard makes a pattern of files or the query of a URL; behind dots that are one, nothing else does.
    let is_pattern = has_wildcard && (count > 2 || matches!(text.byte(at), b'/' | b'\n' | b'\r'));
    if count >= 2 && !is_pattern { at } else { start }
}

/// The length of a dot that is written as a number.
fn dot_literal(rest: &[u8]) -> usize {
    [
        &b"0x2e"[..],
        b"%2e",
        b"%2%e",
        b"%c0%ae",
        b"%c0.",
        b"%c0%2e",
        b"%c0%5e",
        b"%%c0%6e",
        b"%c0%6e",
        b"%c0%ee",
        b"%c0%fe",
        b"%uff0e",
    ]
    .iter()
    .find(|literal| rest.starts_with(literal))
    .map_or(0, |literal| literal.len())
}

/// Whether a run of dots is a step: a separator behind it, or before it at the end of the value; no word beside it.
fn is_step(text: &Text<'_>, start: usize, end: usize) -> bool {
    let before = text.before(start);
    if before.is_ascii_alphanumeric()
        && !text.bytes.get(..start).unwrap_or_default().ends_with(b"0x2f")
        && !text.bytes.get(..start).unwrap_or_default().ends_with(b"0x5c")
    {
        return false;
    }
    let rest = text.from(end);
    let at_end = matches!(rest, [] | [0, ..]) && is_separator(before);
    at_end || separator_length(rest) > 0
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The length of a separator, however it is written; 0 where there is none.
fn separator_length(rest: &[u8]) -> usize {
    match rest {
        [b'/' | b'\\', ..] => 1,
        // Some servers cut path parameters off; others skip what is invisible.
        [b';' | 0..=8 | b'\t' | b'\r' | 0x7f, rest @ ..] => match rest {
            [b'/' | b'\\', ..] => 2,
            _ => match literal_length(rest) {
                0 => 0,
                length => length + 1,
            },
        },
        _ => literal_length(rest),
    }
}

/// The length of a separator that is written as a number, or as some decoders leave it.
fn literal_length(rest: &[u8]) -> usize {
    // Digits that are none still make a slash to decoders that do not look at them.
    if let [b'%', b'c', b'0' | b'1', b'%', high, low, ..] = rest
        && high.is_ascii_alphanumeric()
        && low.is_ascii_alphanumeric()
    {
        return 6;
    }
    [
        &b"2f"[..],
        b"5c",
        b"0x2f",
        b"0x5c",
        b"%2f",
        b"%5c",
        b"%c0/",
        b"%c0\\",
        b"%c1\\",
        b"%u2215",
        b"%u2216",
        b"%uefc8",
        b"%uf025",
        b"%bg%qf",
        b"%2%f",
        b"%5%c",
        b"\xc1\xaf",
        b"\xc0\xaf",
        b"%%32%%66",
        b"%%35%%63",
        b"\xc1\x1c",
        b"\xc0%9v",
        b"\xc0%qf",
        b"\xc1%8s",
        b"\xc1%pc",
        b"%/",
        b"\xef\xbf\xbd/",
    ]
    .iter()
    .find(|literal| rest.starts_with(literal))
    .map_or(0, |literal| literal.len())
}

/// Dots and slashes that are written as numbers, one behind the other: a value of letters and digits only.
pub(super) fn digits(text: &Text<'_>, hits: &mut Hits) {
    if let Some(at) = memchr::memmem::find(text.bytes, b"0x2e0x2e0x") {
        hits.add(Rule::TraversalDots, at);
    }
}

/// A file on a server of another: `\\10.0.0.1\share\x`.
fn share(text: &Text<'_>, hits: &mut Hits) {
    let Some(rest) = text.bytes.trim_ascii().strip_prefix(b"\\\\") else {
        return;
    };
    let host = rest
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'@'))
        .count();
    let has_dot = memchr::memchr(b'.', rest.get(..host).unwrap_or_default()).is_some();
    if has_dot && rest.get(host) == Some(&b'\\') && !text.is_prose {
        hits.add(Rule::TraversalFile, 0);
    }
}

/// A NUL that ends the name of a file for the system, but not for the application.
fn nul(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr_iter(0, text.bytes) {
        let before = text.bytes.get(..at).unwrap_or_default();
        let is_file = before
            .iter()
            .rev()
            .take(64)
            .any(|byte| matches!(byte, b'/' | b'\\' | b'.'));
        let ends = matches!(text.byte(at + 1), 0 | b'.') || text.bytes.len() == at + 1;
        if is_file && ends {
            hits.add(Rule::TraversalNul, at);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::test_hits::hits_in;
    use super::*;

    fn score(text: &str, place: Place) -> u16 {
        hits_in(text, place, detect).score(Class::Traversal)
    }

    #[test]
    fn steps_are_found_however_they_are_written() {
        for text in [
            "../x",
            "a/../../x",
            "..\\..\\x",
            "....//....//x",
            "..;/x",
            "/..",
            "..././..././x",
            "0x2e0x2e0x2fx",
            "…/x",
            "..\0/x",
            "x.php\0.png",
        ] {
            assert!(score(text, Place::Argument) >= 3, "{text:?}");
        }
    }

    #[test]
    fn dots_are_not_steps() {
        for text in [
            "...",
            "wait.. what",
            "a..b",
            "1..10",
            "v1.2/x",
            "end.../",
            "..",
            "0..=9",
            "x/.well-known/y",
            "./x",
        ] {
            assert_eq!(score(text, Place::Argument), 0, "{text:?}");
        }
    }

    #[test]
    fn a_text_may_have_a_step() {
        let text = "see the guide in ../docs for how that is done by others";
        assert!(score(text, Place::Json) < 5);
        assert!(score("/a/../b c", Place::Path) >= 5);
    }
}
