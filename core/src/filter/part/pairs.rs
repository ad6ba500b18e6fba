//! Names and values with separators between them: arguments, forms, cookies.

use std::ops::Range;

use super::super::decode::Transport;
use super::super::place::Place;
use super::super::shape::Shape;
use super::{Found, Part, SLICE};

/// What separates pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Separator {
    /// `&`, in arguments.
    Arguments,
    /// `&`, in a body.
    Form,
    /// `;`, in cookies.
    Cookies,
}

/// Where in a list of pairs an inspection is.
#[derive(Clone, Debug)]
pub(in super::super) struct PairsCursor {
    separator: Separator,
    at: usize,
    /// What of the pair that was reached last is still to be given.
    pending: [Option<Part>; 2],
}

/// What names are made of. Another one is looked at together with its value as well, since an attack that stands where a pair should be has
/// equals signs of its own.
const NAME: Shape = Shape::PLAIN
    .or(Shape::BRACKET)
    .or(Shape::STAR)
    .or(Shape::BANG)
    .or(Shape::OTHER);

impl PairsCursor {
    pub(in super::super) fn new(separator: Separator) -> Self {
        Self {
            separator,
            at: 0,
            pending: [None, None],
        }
    }

    /// The next name or value in `pairs`.
    pub(in super::super) fn next_part(&mut self, pairs: &[u8]) -> Found {
        if let Some(part) = self.pending.iter_mut().find_map(Option::take) {
            return Found::Part(part);
        }
        let limit = self.at.saturating_add(SLICE);
        while self.at < pairs.len() {
            if self.at >= limit {
                return Found::More;
            }
            let start = self.at;
            let end = self.pair_end(pairs, start);
            self.at = end + 1;
            let pair = pairs.get(start..end).unwrap_or_default();
            if pair.is_empty() {
                continue;
            }
            let blank = if self.separator == Separator::Cookies {
                pair.len() - pair.trim_ascii_start().len()
            } else {
                0
            };
            let start = start + blank;
            let equals =
                memchr::memchr(b'=', pair.get(blank..).unwrap_or_default()).map(|length| start + length);
            let name = start..equals.unwrap_or(end);
            if let Some(equals) = equals {
                let is_odd = !Shape::of(pairs.get(name.clone()).unwrap_or_default()).is_within(NAME);
                let whole = is_odd.then(|| self.part(true, start..end, name.clone()));
                self.pending = [whole, Some(self.part(false, equals + 1..end, name.clone()))];
            }
            return Found::Part(self.part(true, name.clone(), name));
        }
        Found::End
    }

    fn part(&self, is_name: bool, range: Range<usize>, name: Range<usize>) -> Part {
        let (place, transport) = match (self.separator, is_name) {
            (Separator::Arguments, true) => (Place::ArgumentName, Transport::Form),
            (Separator::Arguments, false) => (Place::Argument, Transport::Form),
            (Separator::Form, true) => (Place::FieldName, Transport::Form),
            (Separator::Form, false) => (Place::Field, Transport::Form),
            (Separator::Cookies, true) => (Place::CookieName, Transport::Plain),
            (Separator::Cookies, false) => (Place::Cookie, Transport::Plain),
        };
        Part {
            place,
            transport,
            range,
            name,
        }
    }

    fn pair_end(&self, pairs: &[u8], start: usize) -> usize {
        let rest = pairs.get(start..).unwrap_or_default();
        match self.separator {
            Separator::Arguments | Separator::Form => {
                memchr::memchr(b'&', rest).map_or(pairs.len(), |length| start + length)
            }
            // A semicolon in the value of a cookie begins no other cookie unless a name follows.
            Separator::Cookies => memchr::memchr_iter(b';', rest)
                .find(|&at| begins_cookie(rest.get(at + 1..).unwrap_or_default()))
                .map_or(pairs.len(), |length| start + length),
        }
    }
}

/// Whether a name and an equals sign come first.
fn begins_cookie(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let name = rest
        .iter()
        .take(256)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'_' | b'-' | b'.' | b'!' | b'$' | b'%' | b'*' | b'~' | b'#' | b'&' | b'+' | b'^' | b'|'
                )
        })
        .count();
    rest.is_empty() || name > 0 && rest.get(name) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(separator: Separator, pairs: &str) -> Vec<(Place, &str, &str)> {
        let mut cursor = PairsCursor::new(separator);
        let mut parts = Vec::new();
        while let Found::Part(part) = cursor.next_part(pairs.as_bytes()) {
            parts.push((part.place, &pairs[part.name], &pairs[part.range]));
        }
        parts
    }

    #[test]
    fn arguments_are_names_and_values() {
        assert_eq!(
            parts(Separator::Arguments, "a=1&&b[x]=2=3&c&=d"),
            [
                (Place::ArgumentName, "a", "a"),
                (Place::Argument, "a", "1"),
                (Place::ArgumentName, "b[x]", "b[x]"),
                (Place::Argument, "b[x]", "2=3"),
                (Place::ArgumentName, "c", "c"),
                (Place::ArgumentName, "", ""),
                (Place::Argument, "", "d"),
            ]
        );
    }

    #[test]
    fn a_name_that_is_none_is_seen_with_its_value() {
        assert_eq!(
            parts(Separator::Form, "' or 1=1"),
            [
                (Place::FieldName, "' or 1", "' or 1"),
                (Place::FieldName, "' or 1", "' or 1=1"),
                (Place::Field, "' or 1", "1"),
            ]
        );
    }

    #[test]
    fn a_semicolon_in_a_cookie_is_part_of_it() {
        assert_eq!(
            parts(Separator::Cookies, "a=1; b=2; drop table x; c=3;"),
            [
                (Place::CookieName, "a", "a"),
                (Place::Cookie, "a", "1"),
                (Place::CookieName, "b", "b"),
                (Place::Cookie, "b", "2; drop table x"),
                (Place::CookieName, "c", "c"),
                (Place::Cookie, "c", "3"),
            ]
        );
    }
}
