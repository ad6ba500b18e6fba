//! A cursor over the decoded text of one name or value, with the words that the grammars share.

use std::borrow::Cow;

use super::super::error::excerpt;
use super::super::limits::{self, Limit};
use super::super::{Feature, FieldPath, Part, PathOperand, PathStep, RequestError};

/// Why a grammar stopped; it becomes a [`RequestError`] where the argument is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Something else was expected here.
    Unexpected { at: usize, expected: &'static str },
    /// These bytes should have been an operator.
    UnknownOperator { from: usize, to: usize },
    /// A count below zero.
    Negative,
    /// Understood, but not served.
    Unsupported(Feature),
    /// There is more of something than is served.
    TooMany(Limit),
}

/// The text, and how far it has been read. What is taken out of it borrows from the request if the text does.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: Cow<'a, str>,
    /// In bytes, always between two characters.
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Takes `token` if it is next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn expect(&mut self, token: &str, expected: &'static str) -> Result<(), Fault> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    pub(super) fn expect_end(&self, expected: &'static str) -> Result<(), Fault> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn skip_spaces(&mut self) {
        self.skip_while(|byte| byte == b' ');
    }

    /// Reads on over the bytes that `matches`; it must not tell the bytes of one character apart.
    pub(super) fn skip_while(&mut self, mut matches: impl FnMut(u8) -> bool) {
        let rest = self.rest().as_bytes();
        self.at += rest.iter().position(|&byte| !matches(byte)).unwrap_or(rest.len());
    }

    /// Reads on over one ASCII character that has been looked at.
    pub(super) fn skip_ascii(&mut self) {
        self.at = self.text.len().min(self.at + 1);
    }

    /// The text between two places.
    pub(super) fn slice(&self, from: usize, to: usize) -> Cow<'a, str> {
        match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(from..to).unwrap_or_default()),
            Cow::Owned(text) => Cow::Owned(text.get(from..to).unwrap_or_default().to_owned()),
        }
    }

    /// The same without the spaces around it.
    pub(super) fn slice_trimmed(&self, from: usize, to: usize) -> Cow<'a, str> {
        let text = self.text.get(from..to).unwrap_or_default();
        let from = to - text.trim_start_matches(' ').len();
        let to = from + text.trim_matches(' ').len();
        self.slice(from, to)
    }

    /// Everything that is left.
    pub(super) fn take_rest(&mut self) -> Cow<'a, str> {
        let from = std::mem::replace(&mut self.at, self.text.len());
        self.slice(from, self.at)
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> Fault {
        Fault::Unexpected {
            at: self.at,
            expected,
        }
    }

    /// `"…"`, where a backslash takes the meaning from the character after it. The caller has seen the quote.
    pub(super) fn quoted(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let from = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = from;
        loop {
            let Some(step) = memchr::memchr2(b'"', b'\\', self.rest().as_bytes()) else {
                self.at = self.text.len();
                return Err(self.unexpected("a closing quote"));
            };
            let found = self.at + step;
            self.at = found + 1;
            if self.text.as_bytes().get(found) == Some(&b'"') {
                return Ok(match unescaped {
                    None => self.slice(from, found),
                    Some(mut text) => {
                        text.push_str(self.text.get(copied..found).unwrap_or_default());
                        Cow::Owned(text)
                    }
                });
            }
            unescaped
                .get_or_insert_default()
                .push_str(self.text.get(copied..found).unwrap_or_default());
            copied = self.at;
            // Whatever is escaped is kept, a quote and a backslash too.
            match self.rest().chars().next() {
                Some(escaped) => self.at += escaped.len_utf8(),
                None => return Err(self.unexpected("a character after the backslash")),
            }
        }
    }

    /// The name of a column, quoted or made of letters, digits, `_`, `$`, spaces and dashes.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, Fault> {
        const EXPECTED: &str =
            "the name of a column (letters, digits, \"_\", \"$\", or anything in double quotes)";
        self.skip_spaces();
        if self.peek() == Some(b'"') {
            let name = self.quoted()?;
            self.skip_spaces();
            return if name.is_empty() {
                Err(self.unexpected(EXPECTED))
            } else {
                Ok(name)
            };
        }
        let is_name = |c: char| matches!(c, '_' | '$' | ' ') || c.is_alphanumeric();
        self.bare(is_name, EXPECTED)
    }

    /// A run of characters that `matches`, and of dashes that begin no arrow, without the spaces around it.
    fn bare(
        &mut self,
        matches: impl Fn(char) -> bool,
        expected: &'static str,
    ) -> Result<Cow<'a, str>, Fault> {
        let from = self.at;
        let rest = self.rest();
        let is_dash = |at: usize, c: char| c == '-' && rest.as_bytes().get(at + 1) != Some(&b'>');
        let end = rest
            .char_indices()
            .find(|&(at, c)| !matches(c) && !is_dash(at, c));
        self.at += end.map_or(rest.len(), |(at, _)| at);
        let run = self.slice_trimmed(from, self.at);
        if run.is_empty() {
            Err(self.unexpected(expected))
        } else {
            Ok(run)
        }
    }

    /// A column and the path into it.
    pub(super) fn field(&mut self) -> Result<FieldPath<'a>, Fault> {
        let column = self.name()?;
        Ok(FieldPath {
            column,
            path: self.path()?,
        })
    }

    /// `->a->0->>b`, perhaps nothing.
    pub(super) fn path(&mut self) -> Result<Vec<PathStep<'a>>, Fault> {
        let mut path = Vec::new();
        while self.eat("->") {
            if path.last().is_some_and(|step: &PathStep<'_>| step.as_text) {
                self.at -= 2;
                return Err(self.unexpected("the end of the path, because \"->>\" gives text"));
            }
            let as_text = self.eat(">");
            path.push(PathStep {
                as_text,
                operand: self.path_operand()?,
            });
            if limits::PATH_STEPS.is_exceeded_by(path.len()) {
                return Err(Fault::TooMany(limits::PATH_STEPS));
            }
        }
        Ok(path)
    }

    fn path_operand(&mut self) -> Result<PathOperand<'a>, Fault> {
        const EXPECTED: &str =
            "a key (anything but \"(\", \")\", \":\", \".\", \",\", \">\", or in double quotes) or an index";
        if self.peek() == Some(b'"') {
            let key = self.quoted()?;
            self.skip_spaces();
            return Ok(PathOperand::Key(key));
        }
        let from = self.at;
        let key = self.bare(
            |c| !matches!(c, '(' | ')' | ':' | '.' | ',' | '>' | '-'),
            EXPECTED,
        )?;
        let digits = key.strip_prefix('-').unwrap_or(&key);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(PathOperand::Key(key));
        }
        key.parse()
            .map(PathOperand::Index)
            .map_err(|_| Fault::Unexpected {
                at: from,
                expected: "an index that fits 32 bits",
            })
    }

    /// The error of this argument, told to the client.
    pub(super) fn blame(&self, fault: Fault, argument: &str, part: Part) -> RequestError {
        let argument = excerpt(argument);
        match fault {
            Fault::Unexpected { at, expected } => {
                let (before, after) = self.text.split_at_checked(at).unwrap_or((&self.text, ""));
                let position = before.chars().count() + 1;
                RequestError::Syntax {
                    argument,
                    part,
                    position,
                    found: after.chars().next(),
                    expected,
                }
            }
            Fault::UnknownOperator { from, to } => RequestError::UnknownOperator {
                argument,
                operator: excerpt(&self.slice(from, to)),
            },
            Fault::Negative => RequestError::NegativeRange { argument },
            Fault::Unsupported(feature) => RequestError::Unsupported { argument, feature },
            Fault::TooMany(limit) => RequestError::TooMany(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Result<FieldPath<'_>, Fault> {
        let mut scanner = Scanner::new(Cow::Borrowed(text));
        let field = scanner.field()?;
        scanner.expect_end("the end")?;
        Ok(field)
    }

    fn show(field: &FieldPath<'_>) -> String {
        let mut text = format!("{:?}", field.column);
        for step in &field.path {
            text.push_str(if step.as_text { " ->> " } else { " -> " });
            match &step.operand {
                PathOperand::Key(key) => text.push_str(&format!("{key:?}")),
                PathOperand::Index(index) => text.push_str(&index.to_string()),
            }
        }
        text
    }

    #[test]
    fn fields_are_read() {
        let cases = [
            ("a", r#""a""#),
            (" a b ", r#""a b""#),
            ("a-b", r#""a-b""#),
            ("a-", r#""a-""#),
            ("naïve_数$1", r#""naïve_数$1""#),
            (r#""a.b,(c)""#, r#""a.b,(c)""#),
            (r#""a\"b\\c\d""#, r#""a\"b\\cd""#),
            ("data->a", r#""data" -> "a""#),
            ("data -> a ->> b", r#""data" -> "a" ->> "b""#),
            ("data->a-b->>c", r#""data" -> "a-b" ->> "c""#),
            ("data->0->>-1", r#""data" -> 0 ->> -1"#),
            ("data->007", r#""data" -> 7"#),
            ("data->23-xy", r#""data" -> "23-xy""#),
            ("data->--34", r#""data" -> "--34""#),
            ("data->!@#$%^&*_d", r#""data" -> "!@#$%^&*_d""#),
            (r#"data->"a.b"->>"0""#, r#""data" -> "a.b" ->> "0""#),
            (r#"data->"""#, r#""data" -> """#),
        ];
        for (text, expected) in cases {
            assert_eq!(
                field(text).map(|field| show(&field)),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn fields_are_refused() {
        let cases = [
            ("", 0),
            ("  ", 2),
            (".a", 0),
            ("a.b", 1),
            (r#""""#, 2),
            (r#""a"#, 2),
            (r#""a\"#, 3),
            (r#""a"b"#, 3),
            ("data->", 6),
            ("data->>", 7),
            ("data->>a->b", 8),
            ("data->>>a", 7),
            ("data->2147483648", 6),
            ("data>a", 4),
        ];
        for (text, at) in cases {
            match field(text) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_path_has_a_limit() {
        let max = limits::PATH_STEPS.max;
        assert!(field(&format!("a{}", "->b".repeat(max))).is_ok());
        let error = field(&format!("a{}", "->b".repeat(max + 1))).expect_err("too long");
        assert_eq!(error, Fault::TooMany(limits::PATH_STEPS));
    }

    #[test]
    fn pieces_of_a_decoded_text_are_owned_and_the_same() {
        let borrowed = field("data->a->>\"b\"").expect("a field");
        let mut scanner = Scanner::new(Cow::Owned("data->a->>\"b\"".to_owned()));
        assert_eq!(scanner.field().expect("a field"), borrowed);
    }
}
