//! SQL to tokens. Quotes are tokens of their own and hide nothing: which of them opens and which closes a string depends on the
//! statement around the value, which is not known here.

use super::super::hits::Text;
use super::words::{WORDS, Word};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Number,
    /// A word without a meaning in SQL.
    Name,
    Word(Word),
    /// A quote that could end the string that a statement puts the value into, since as many like it open as close before it.
    Break(u8),
    /// A quote that ends a string which began in the value.
    Quote(u8),
    Compare,
    /// `||` and `&&`.
    Logic,
    /// Any other operator, and a star.
    Operator(u8),
    Open,
    Close,
    Comma,
    Semicolon,
    Dot,
    /// `@x`, `@@version`.
    Variable,
    /// `--`.
    Dashes,
    Hash,
    /// `/*` that is not closed.
    CommentOpen,
    Other(u8),
    /// Behind the last token.
    End,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// White space stands before it.
    pub(super) spaced: bool,
    /// A comment stands before it.
    pub(super) commented: bool,
}

/// The length of the longest word that loses a vowel before another: `quell'`.
const MAX_ELISION: usize = 5;

/// Cuts a text into tokens, which replace those in `tokens`.
pub(super) fn tokenize(text: &Text<'_>, tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut lexer = Lexer {
        text: text.bytes,
        at: 0,
        open: [false; 3],
    };
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// Whether a string is open, for each kind of quote.
    open: [bool; 3],
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Option<Token> {
        let (spaced, commented) = self.skip_blank();
        let &byte = self.text.get(self.at)?;
        let start = self.at;
        let kind = match byte {
            b'a'..=b'z' | b'_' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) => self.number(),
            b'\'' => self.quote(0, byte),
            b'"' => self.quote(1, byte),
            b'`' => self.quote(2, byte),
            b'@' => self.variable(),
            _ => self.symbol(byte),
        };
        Some(Token {
            kind,
            start: position(start),
            end: position(self.at),
            spaced,
            commented,
        })
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips white space and comments. What MySQL runs in a comment, `/*!50000 … */`, is no comment.
    fn skip_blank(&mut self) -> (bool, bool) {
        let (mut spaced, mut commented) = (false, false);
        loop {
            match self.peek(0) {
                Some(0..=b' ' | 0x7f) => {
                    self.at += 1;
                    spaced = true;
                }
                Some(b'/') if self.peek(1) == Some(b'*') => {
                    if self.peek(2) == Some(b'!') {
                        self.at += 3;
                        let digits = self
                            .rest()
                            .iter()
                            .take(6)
                            .take_while(|byte| byte.is_ascii_digit());
                        self.at += digits.count();
                    } else {
                        match memchr::memmem::find(self.rest().get(2..).unwrap_or_default(), b"*/") {
                            Some(length) => self.at += length + 4,
                            None => return (spaced, commented),
                        }
                    }
                    commented = true;
                }
                Some(b'*') if self.peek(1) == Some(b'/') => {
                    self.at += 2;
                    commented = true;
                }
                _ => return (spaced, commented),
            }
        }
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.at += self
            .rest()
            .iter()
            .position(|&byte| !is_word_byte(byte))
            .unwrap_or(self.rest().len());
        match self.text.get(start..self.at).and_then(|word| WORDS.find(word)) {
            Some(word) => Kind::Word(word),
            None => Kind::Name,
        }
    }

    /// A number; letters that follow it belong to it, unless they are a word of their own: `1or 1=1`, but `3d`.
    fn number(&mut self) -> Kind {
        let hex = self.rest().starts_with(b"0x");
        self.at += if hex { 2 } else { 0 };
        let is_digit = |byte: &u8| {
            if hex {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_digit() || *byte == b'.'
            }
        };
        self.at += self.rest().iter().take_while(|byte| is_digit(byte)).count();
        if !hex && self.peek(0) == Some(b'e') && self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.at += self
                .rest()
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
        }
        if self.peek(0).is_some_and(is_word_byte) {
            let end = self.at;
            match self.word() {
                Kind::Word(word) if word != Word::Article => self.at = end,
                _ => return Kind::Name,
            }
        }
        Kind::Number
    }

    fn variable(&mut self) -> Kind {
        let ats = self.rest().iter().take_while(|&&byte| byte == b'@').count();
        self.at += ats;
        let name = self.rest().iter().take_while(|&&byte| is_word_byte(byte)).count();
        self.at += name;
        if ats <= 2 && (name > 0 || self.peek(0) == Some(b'`')) {
            Kind::Variable
        } else {
            Kind::Other(b'@')
        }
    }

    fn quote(&mut self, index: usize, quote: u8) -> Kind {
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        self.at += 1;
        let inside_word = before.is_some_and(|byte| byte.is_ascii_alphabetic() || byte >= 0x80)
            && self
                .peek(0)
                .is_some_and(|byte| byte.is_ascii_alphabetic() || byte >= 0x80);
        if quote == b'\'' && inside_word && (self.is_elision() || !self.is_before_operator()) {
            return Kind::Other(quote);
        }
        let Some(open) = self.open.get_mut(index) else {
            return Kind::Other(quote);
        };
        *open = !*open;
        if *open {
            Kind::Break(quote)
        } else {
            Kind::Quote(quote)
        }
    }

    /// Whether the quote just read stands for a vowel: `l'union`, `dell'or`.
    fn is_elision(&self) -> bool {
        let end = self.at.saturating_sub(1);
        let before = self.text.get(..end).unwrap_or_default();
        let letters = before
            .iter()
            .rev()
            .take(MAX_ELISION + 1)
            .take_while(|&&byte| is_word_byte(byte));
        let start = end - letters.count();
        matches!(
            self.text.get(start..end),
            Some(
                b"c" | b"d"
                    | b"j"
                    | b"l"
                    | b"m"
                    | b"n"
                    | b"qu"
                    | b"un"
                    | b"all"
                    | b"dall"
                    | b"dell"
                    | b"nell"
                    | b"sull"
                    | b"quell"
            )
        )
    }

    /// Whether the word that comes next is one that continues a statement: not an apostrophe then, but the end of a string.
    fn is_before_operator(&self) -> bool {
        let word = self
            .rest()
            .split(|&byte| !is_word_byte(byte))
            .next()
            .unwrap_or_default();
        matches!(
            WORDS.find(word),
            Some(
                Word::Logic
                    | Word::Like
                    | Word::Between
                    | Word::SetOperator
                    | Word::Having
                    | Word::Order
                    | Word::Where
                    | Word::Arithmetic
                    | Word::Waitfor
                    | Word::Limit
            )
        )
    }

    fn symbol(&mut self, byte: u8) -> Kind {
        let (kind, length) = match (byte, self.peek(1)) {
            (b'-', Some(b'-')) => (Kind::Dashes, 2),
            (b'/', Some(b'*')) => (Kind::CommentOpen, 2),
            (b'|', Some(b'|')) | (b'&', Some(b'&')) => (Kind::Logic, 2),
            (b'<', Some(b'=')) if self.peek(2) == Some(b'>') => (Kind::Compare, 3),
            (b'<', Some(b'=' | b'>')) | (b'>' | b'!' | b':' | b'^' | b'=', Some(b'=')) => (Kind::Compare, 2),
            (b'!', Some(b'<' | b'>')) | (b'-' | b'#', Some(b'>')) => (Kind::Compare, 2),
            (b':', Some(b':')) => (Kind::Other(b':'), 2),
            (b'=' | b'<' | b'>', _) => (Kind::Compare, 1),
            (b'(', _) => (Kind::Open, 1),
            (b')', _) => (Kind::Close, 1),
            (b',', _) => (Kind::Comma, 1),
            (b';', _) => (Kind::Semicolon, 1),
            (b'.', _) => (Kind::Dot, 1),
            (b'#', _) => (Kind::Hash, 1),
            (b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'^' | b'~' | b'!', _) => {
                (Kind::Operator(byte), 1)
            }
            _ => (Kind::Other(byte), 1),
        };
        self.at += length;
        kind
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
