//! The keys and values of a JSON document at any depth, without recursion and without a parser: a document that is not quite JSON is inspected as
//! well, since some other parser may take it.

use std::ops::Range;

use super::super::decode::Transport;
use super::super::place::Place;
use super::{Found, Part, SLICE};

/// How much white space may stand between a key and its colon.
const MAX_BLANK: usize = 4096;

/// Keys of more levels than this are not remembered; the values in them are inspected all the same.
const MAX_NAMES: usize = 32;

/// Where in a document an inspection is.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct JsonCursor {
    at: usize,
    state: State,
    depth: usize,
    /// The key in force at each level.
    keys: Vec<Range<usize>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// In a string that begins here, behind its quote.
    String(usize),
    /// In something that is neither string nor punctuation.
    Scalar(usize),
}

impl JsonCursor {
    /// The next key or value of `document`.
    pub(in super::super) fn next_part(&mut self, document: &[u8]) -> Found {
        let limit = self.at.saturating_add(SLICE).min(document.len());
        while self.at < limit {
            let part = match self.state {
                State::Between => {
                    self.punctuation(document);
                    None
                }
                State::String(start) => self.string(document, start, limit),
                State::Scalar(start) => self.scalar(document, start, limit),
            };
            if let Some(part) = part {
                return Found::Part(part);
            }
        }
        if self.at < document.len() {
            return Found::More;
        }
        match std::mem::take(&mut self.state) {
            State::Between => Found::End,
            State::String(start) | State::Scalar(start) => {
                let value = start..document.len();
                if value.is_empty() {
                    Found::End
                } else {
                    Found::Part(self.value(value))
                }
            }
        }
    }

    /// The keys that lead to the value that was found last.
    pub(in super::super) fn keys(&self) -> &[Range<usize>] {
        &self.keys
    }

    fn punctuation(&mut self, document: &[u8]) {
        match document.get(self.at) {
            Some(b'{' | b'[') => self.open(),
            Some(b'}' | b']') => self.close(),
            Some(b'"') => self.state = State::String(self.at + 1),
            Some(b',' | b':' | b' ' | b'\t' | b'\r' | b'\n') | None => {}
            Some(_) => {
                self.state = State::Scalar(self.at);
                return;
            }
        }
        self.at += 1;
    }

    fn open(&mut self) {
        self.depth = self.depth.saturating_add(1);
        if self.depth <= MAX_NAMES {
            self.keys.push(0..0);
        }
    }

    fn close(&mut self) {
        if self.depth <= MAX_NAMES {
            self.keys.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads on in a string; gives it once its end is there.
    fn string(&mut self, document: &[u8], start: usize, limit: usize) -> Option<Part> {
        while self.at < limit {
            let rest = document.get(self.at..limit)?;
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = limit;
                return None;
            };
            self.at += length;
            if document.get(self.at) == Some(&b'\\') {
                // An escaped quote ends nothing, wherever the slice ends.
                self.at += 2;
                continue;
            }
            let range = start..self.at;
            self.at += 1;
            self.state = State::Between;
            return self.string_part(document, range);
        }
        None
    }

    fn string_part(&mut self, document: &[u8], range: Range<usize>) -> Option<Part> {
        let next = document
            .get(self.at..)?
            .iter()
            .take(MAX_BLANK)
            .find(|byte| !byte.is_ascii_whitespace());
        if next != Some(&b':') {
            return (!range.is_empty()).then(|| self.value(range));
        }
        if self.depth <= MAX_NAMES
            && let Some(key) = self.keys.last_mut()
        {
            *key = range.clone();
        }
        Some(Part {
            place: Place::JsonKey,
            transport: Transport::Json,
            name: range.clone(),
            range,
        })
    }

    /// Reads on in a number, a literal, or whatever stands in their place.
    fn scalar(&mut self, document: &[u8], start: usize, limit: usize) -> Option<Part> {
        let rest = document.get(self.at..limit)?;
        let Some(length) = rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b'"' | b'\n'))
        else {
            self.at = limit;
            return None;
        };
        self.at += length;
        self.state = State::Between;
        let scalar = document.get(start..self.at)?;
        let is_harmless = scalar.len() <= 64
            && scalar
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b' '))
            && scalar.trim_ascii_end().iter().all(|byte| *byte != b' ');
        (!is_harmless).then(|| self.value(start..self.at))
    }

    fn value(&self, range: Range<usize>) -> Part {
        Part {
            place: Place::Json,
            transport: Transport::Json,
            range,
            name: self.keys.last().cloned().unwrap_or(0..0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(document: &str) -> Vec<(Place, String)> {
        let mut cursor = JsonCursor::default();
        let mut parts = Vec::new();
        loop {
            match cursor.next_part(document.as_bytes()) {
                Found::Part(part) => parts.push((part.place, document[part.range].to_owned())),
                Found::More => {}
                Found::End => return parts,
            }
        }
    }

    #[test]
    fn keys_and_values_are_found_at_any_depth() {
        let document = r#"{"a": "b", "c\"d": {"e": [1, "f", {"g" : null}]}, "h": -1.5e3, "": ""}"#;
        let expected: Vec<_> = [
            (Place::JsonKey, "a"),
            (Place::Json, "b"),
            (Place::JsonKey, "c\\\"d"),
            (Place::JsonKey, "e"),
            (Place::Json, "f"),
            (Place::JsonKey, "g"),
            (Place::JsonKey, "h"),
            (Place::JsonKey, ""),
        ]
        .map(|(place, text)| (place, text.to_owned()))
        .into();
        assert_eq!(parts(document), expected);
    }

    #[test]
    fn what_is_not_json_is_found_too() {
        assert_eq!(parts("1 or 1=1"), [(Place::Json, "1 or 1=1".to_owned())]);
        assert_eq!(parts("{'a': 1}"), [(Place::Json, "'a': 1".to_owned())]);
        assert_eq!(parts("\"open"), [(Place::Json, "open".to_owned())]);
        assert_eq!(parts("}}]]\"x\""), [(Place::Json, "x".to_owned())]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn long_strings_are_read_in_slices() {
        let document = format!("[\"{}\",\"x\"]", "\\\\".repeat(SLICE));
        let mut cursor = JsonCursor::default();
        let mut more = 0;
        let part = loop {
            match cursor.next_part(document.as_bytes()) {
                Found::More => more += 1,
                Found::Part(part) => break part,
                Found::End => panic!("the string was not found"),
            }
        };
        assert!(more >= 1);
        assert_eq!(part.range, 2..2 + 2 * SLICE);
    }

    #[test]
    fn the_keys_lead_to_the_value() {
        let document = br#"{"a":{"b":["x"]}}"#;
        let mut cursor = JsonCursor::default();
        while let Found::Part(part) = cursor.next_part(document) {
            if part.place == Place::Json {
                let keys: Vec<_> = cursor.keys().iter().map(|key| &document[key.clone()]).collect();
                assert_eq!(keys, [&b"a"[..], b"b", b""]);
            }
        }
    }

    proptest! {
        #[test]
        fn every_string_of_a_document_is_found(strings in proptest::collection::vec("[^\\x00]{1,20}", 1..8)) {
            let document = serde_json::to_string(&strings).expect("a document");
            let found: Vec<_> = parts(&document).into_iter().map(|(_, text)| serde_json::from_str::<String>(&format!("\"{text}\"")).expect("a string")).collect();
            prop_assert_eq!(found, strings);
        }

        #[test]
        fn nesting_costs_no_memory(depth in 0_usize..5000) {
            let mut cursor = JsonCursor::default();
            let document = "[".repeat(depth);
            while cursor.next_part(document.as_bytes()) != Found::End {}
            prop_assert!(cursor.keys().len() <= MAX_NAMES);
        }
    }
}
