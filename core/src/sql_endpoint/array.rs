//! Arrays of PostgreSQL's text format -> JSON arrays (PostgreSQL manual, "Array Input and Output Syntax").

use crate::query::Rendering;
use crate::response::{write_json_string, write_value};

/// Appends an array as `to_json` writes it; a text that is none as a string.
pub(super) fn write_array(out: &mut Vec<u8>, text: &[u8], element: Rendering) {
    let start = out.len();
    let mut reader = Reader {
        rest: without_bounds(text),
        element,
        depth: 0,
    };
    if reader.write(out).is_none() {
        out.truncate(start);
        write_json_string(out, text);
    }
}

/// `[2:3][0:1]={…}` has bounds in front where they do not begin at 1.
fn without_bounds(text: &[u8]) -> &[u8] {
    match text {
        [b'[', ..] => memchr::memchr(b'=', text)
            .and_then(|end| text.get(end + 1..))
            .unwrap_or(text),
        _ => text,
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    element: Rendering,
    depth: usize,
}

/// PostgreSQL has no more dimensions (`MAXDIM`).
const MAX_DEPTH: usize = 6;

impl Reader<'_> {
    /// Writes everything; `None` where the text is not an array.
    fn write(&mut self, out: &mut Vec<u8>) -> Option<()> {
        if self.next()? != b'{' {
            return None;
        }
        self.open(out)?;
        while self.depth > 0 {
            match self.next()? {
                b'{' => self.open(out)?,
                b'}' => {
                    out.push(b']');
                    self.depth -= 1;
                }
                b',' => out.push(b','),
                b'"' => {
                    let text = self.quoted()?;
                    write_value(out, Some(&text), self.element);
                }
                first => {
                    let text = self.unquoted(first)?;
                    write_value(out, text.as_deref(), self.element);
                }
            }
        }
        self.rest.is_empty().then_some(())
    }

    fn open(&mut self, out: &mut Vec<u8>) -> Option<()> {
        out.push(b'[');
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.next()?),
                byte => text.push(byte),
            }
        }
    }

    /// An element without quotes has neither escapes nor delimiters in it.
    fn unquoted(&mut self, first: u8) -> Option<Option<Vec<u8>>> {
        let end = memchr::memchr2(b',', b'}', self.rest)?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let text = [&[first], text].concat();
        Some((text != b"NULL").then_some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::write_array;
    use crate::query::Rendering;

    fn json(text: &str, element: Rendering) -> String {
        let mut out = b"x".to_vec();
        write_array(&mut out, text.as_bytes(), element);
        String::from_utf8(out).expect("the tests use UTF-8").split_off(1)
    }

    #[test]
    fn elements_are_rendered_as_their_type() {
        let cases = [
            ("{}", Rendering::Number, "[]"),
            ("{1,-2,NULL,NaN}", Rendering::Number, r#"[1,-2,null,"NaN"]"#),
            ("{t,f}", Rendering::Bool, "[true,false]"),
            (
                r#"{a,"b c","","NULL","q\"\\x","{,}"}"#,
                Rendering::Text,
                r#"["a","b c","","NULL","q\"\\x","{,}"]"#,
            ),
            (r#"{"{\"a\": 1}",2}"#, Rendering::Json, r#"[{"a": 1},2]"#),
            ("{{1,2},{3,4}}", Rendering::Number, "[[1,2],[3,4]]"),
            ("[2:3]={1,2}", Rendering::Number, "[1,2]"),
            ("[0:0][-1:0]={{1,2}}", Rendering::Number, "[[1,2]]"),
            (
                r#"{"2024-01-01 00:00:00+00"}"#,
                Rendering::TimestampTz,
                r#"["2024-01-01T00:00:00+00:00"]"#,
            ),
        ];
        for (text, element, expected) in cases {
            assert_eq!(json(text, element), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_array_is_a_string() {
        for text in [
            "",
            "1 2 3",
            "{",
            "{1",
            "{1}x",
            r#"{"a"#,
            "[1:2]",
            "{{{{{{{1}}}}}}}",
            "x{}",
        ] {
            assert_eq!(json(text, Rendering::Text), format!("{text:?}"), "{text}");
        }
    }
}
