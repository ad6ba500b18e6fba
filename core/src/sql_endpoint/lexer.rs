//! Cutting SQL text into what matters here: parameters, words, the ends of statements, and everything that only looks like
//! one of these because it stands in a string or a comment (PostgreSQL manual, "Lexical Structure").

use super::ScriptError;

/// What a piece of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// White space or a comment.
    Space,
    /// A name or a keyword that is not quoted.
    Word(&'a str),
    /// `"name"`
    QuotedName,
    /// `:name`, without its colon.
    Parameter(&'a str),
    /// `;`
    Semicolon,
    /// Anything else: a string, a number, an operator, punctuation.
    Other,
}

/// Reads a text from its front. The pieces that it gives are the whole text, in order.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token with its text; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Token<'a>, &'a str)>, ScriptError> {
        let start = self.position;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            b';' => self.single(Token::Semicolon),
            b'\'' => self.string(Escapes::Doubled)?,
            b'"' => self.quoted_identifier()?,
            b'$' => self.dollar()?,
            b':' => self.colon(),
            b'-' if self.rest().starts_with(b"--") => self.line_comment(),
            b'/' if self.rest().starts_with(b"/*") => self.block_comment()?,
            b'0'..=b'9' => self.number(),
            byte if byte.is_ascii_whitespace() || byte == VERTICAL_TAB => self.white_space(),
            byte if starts_identifier(byte) => self.word()?,
            _ => self.single(Token::Other),
        };
        Ok(Some((token, self.since(start))))
    }

    /// The line that the lexer has got to, counted from 1.
    pub(super) fn line(&self) -> usize {
        line_at(self.text, self.position)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// What was read since `start`. Tokens end before or after ASCII characters, or at the end of identifiers, which take in every
    /// byte that is not ASCII: never inside a character.
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or_default()
    }

    fn single(&mut self, token: Token<'a>) -> Token<'a> {
        self.position += 1;
        token
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.position;
        let rest = self.rest();
        self.position += rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.since(start)
    }

    fn white_space(&mut self) -> Token<'a> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == VERTICAL_TAB);
        Token::Space
    }

    /// Digits with whatever belongs to them (`1e5`, `0x1F`, `1.5`), so that no part of it is taken for a word.
    fn number(&mut self) -> Token<'a> {
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
        Token::Other
    }

    /// An identifier; or, if it is `E`, perhaps the front of a string in which backslashes escape.
    fn word(&mut self) -> Result<Token<'a>, ScriptError> {
        let word = self.skip_while(continues_identifier);
        if word.eq_ignore_ascii_case("e") && self.peek() == Some(b'\'') {
            return self.string(Escapes::Backslash);
        }
        Ok(Token::Word(word))
    }

    /// `::` and `:=` are operators. A colon in front of a name is a parameter; in front of anything else it stands between the bounds
    /// of an array's slice.
    fn colon(&mut self) -> Token<'a> {
        self.position += 1;
        match self.peek() {
            Some(b':' | b'=') => self.single(Token::Other),
            Some(byte) if starts_identifier(byte) => Token::Parameter(self.skip_while(continues_identifier)),
            _ => Token::Other,
        }
    }

    fn string(&mut self, escapes: Escapes) -> Result<Token<'a>, ScriptError> {
        loop {
            self.string_segment(escapes)?;
            // Strings with nothing but white space and a line break between them are one, with the escapes of the first.
            if escapes == Escapes::Doubled || !self.continues_string() {
                return Ok(Token::Other);
            }
        }
    }

    fn string_segment(&mut self, escapes: Escapes) -> Result<(), ScriptError> {
        let start = self.position;
        self.position += 1;
        loop {
            match self.rest() {
                [] => return Err(self.unterminated("string", start)),
                [b'\'', b'\'', ..] => self.position += 2,
                [b'\'', ..] => {
                    self.position += 1;
                    return Ok(());
                }
                [b'\\', _, ..] if escapes == Escapes::Backslash => self.position += 2,
                _ => self.position += 1,
            }
        }
    }

    /// Moves to the quote of a string that continues the one before it, if there is one.
    fn continues_string(&mut self) -> bool {
        let before = self.position;
        while self.peek().is_some() {
            if self.rest().starts_with(b"--") {
                self.line_comment();
            } else if self
                .peek()
                .is_some_and(|byte| byte.is_ascii_whitespace() || byte == VERTICAL_TAB)
            {
                self.white_space();
            } else {
                break;
            }
        }
        let between = self.since(before);
        if self.peek() == Some(b'\'') && between.contains(['\n', '\r']) {
            return true;
        }
        self.position = before;
        false
    }

    fn quoted_identifier(&mut self) -> Result<Token<'a>, ScriptError> {
        let start = self.position;
        self.position += 1;
        // A doubled quote inside is the end of one piece and the beginning of another: to the same effect.
        match memchr::memchr(b'"', self.rest()) {
            Some(end) => {
                self.position += end + 1;
                Ok(Token::QuotedName)
            }
            None => Err(self.unterminated("quoted identifier", start)),
        }
    }

    /// `$tag$ … $tag$`. A number behind the dollar sign would be a parameter without a name.
    fn dollar(&mut self) -> Result<Token<'a>, ScriptError> {
        let start = self.position;
        self.position += 1;
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(ScriptError::Positional { line: self.line() });
        }
        let is_tag = |byte| continues_identifier(byte) && byte != b'$';
        self.skip_while(is_tag);
        if self.peek() != Some(b'$') {
            self.position = start + 1;
            return Ok(Token::Other);
        }
        self.position += 1;
        let tag = self.since(start);
        match memchr::memmem::find(self.rest(), tag.as_bytes()) {
            Some(end) => {
                self.position += end + tag.len();
                Ok(Token::Other)
            }
            None => Err(self.unterminated("dollar-quoted string", start)),
        }
    }

    fn line_comment(&mut self) -> Token<'a> {
        self.skip_while(|byte| byte != b'\n' && byte != b'\r');
        Token::Space
    }

    /// Comments nest.
    fn block_comment(&mut self) -> Result<Token<'a>, ScriptError> {
        let start = self.position;
        let mut depth = 0_usize;
        loop {
            match self.rest() {
                [] => return Err(self.unterminated("comment", start)),
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.position += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.position += 2;
                    if depth == 0 {
                        return Ok(Token::Space);
                    }
                }
                _ => self.position += 1,
            }
        }
    }

    fn unterminated(&self, what: &'static str, start: usize) -> ScriptError {
        ScriptError::Unterminated {
            what,
            line: line_at(self.text, start),
        }
    }
}

/// How a quote is written inside a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// Twice.
    Doubled,
    /// Twice, or behind a backslash, which takes any character with it: `E'…'`.
    Backslash,
}

const VERTICAL_TAB: u8 = 0x0b;

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn continues_identifier(byte: u8) -> bool {
    starts_identifier(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn line_at(text: &str, position: usize) -> usize {
    let before = text.as_bytes().get(..position).unwrap_or_default();
    1 + memchr::memchr_iter(b'\n', before).count()
}

#[cfg(test)]
mod tests {
    use super::{Lexer, ScriptError, Token};

    fn lex(text: &str) -> Result<Vec<(Token<'_>, &str)>, ScriptError> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        while let Some(token) = lexer.next()? {
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn parameters(text: &str) -> Vec<&str> {
        let tokens = lex(text).expect("terminated");
        let whole: String = tokens.iter().map(|(_, piece)| *piece).collect();
        assert_eq!(whole, text, "every byte is part of a token");
        tokens
            .iter()
            .filter_map(|(token, _)| match token {
                Token::Parameter(name) => Some(*name),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn names_behind_a_colon_are_parameters() {
        assert_eq!(parameters("select f(:a, x=:b_2,:_c)::int"), ["a", "b_2", "_c"]);
        assert_eq!(parameters("a:b"), ["b"]);
        assert_eq!(parameters(":größe$1"), ["größe$1"]);
    }

    #[test]
    fn casts_assignments_and_slices_are_not() {
        for text in [
            "select 1::int",
            "f(a := 1)",
            "a[1:2]",
            "a[:2]",
            "a[1:]",
            "a[:]",
            "a[1 : n]",
            "x :: text",
        ] {
            assert!(parameters(text).is_empty(), "{text}");
        }
        assert_eq!(parameters("a[1: :n]"), ["n"]);
        assert_eq!(parameters(":a::text"), ["a"]);
        assert_eq!(parameters("f(a:=:b)"), ["b"]);
    }

    #[test]
    fn strings_and_comments_hide_what_is_in_them() {
        let hidden = [
            "':a;'",
            "'it''s :a'",
            r"'\' ",
            r"E'\' :a'",
            r"e'\\' ",
            "E'a'\n':a \\' b' ",
            "E'a' -- comment '\n  '\\':a'",
            "\":a\"\":b\"",
            "$$ :a ' ; $$",
            "$x$ :a $$ :b $y$ $x$",
            "$ü$ :a $ü$",
            "-- :a ' ;\n",
            "/* :a /* ' */ :b */",
            "U&'\\0061 :a'",
            "n':a'",
        ];
        for text in hidden {
            assert!(parameters(text).is_empty(), "{text}");
            assert_eq!(parameters(&format!("{text} :z")), ["z"], "{text}");
        }
    }

    #[test]
    fn what_only_resembles_them_does_not() {
        // A dollar sign inside a name, a backslash in a plain string, an E that ends a longer name.
        assert_eq!(parameters("a$b$ :c"), ["c"]);
        assert_eq!(parameters(r"'\' || :a"), ["a"]);
        assert_eq!(parameters(r"le'\' || :a"), ["a"]);
        assert_eq!(parameters(r"1e'\' || :a"), ["a"]);
        assert_eq!(parameters("E'a' '\\' || :a"), ["a"]);
        assert_eq!(parameters("a - :b / :c * :d"), ["b", "c", "d"]);
        assert_eq!(parameters("$ :a"), ["a"]);
    }

    #[test]
    fn what_does_not_end_is_an_error_with_its_line() {
        let cases = [
            ("select 1,\n'a", "string", 2),
            (r"E'a\'", "string", 1),
            ("\n\n\"a", "quoted identifier", 3),
            ("$a$ $b$", "dollar-quoted string", 1),
            ("/* /* */", "comment", 1),
        ];
        for (text, what, line) in cases {
            assert_eq!(lex(text), Err(ScriptError::Unterminated { what, line }), "{text}");
        }
        assert_eq!(lex("select\n $1"), Err(ScriptError::Positional { line: 2 }));
    }
}
