//! Reading tokens: operands, conditions, and what stands before them.

use super::super::hits::Text;
use super::token::{Kind, Token};
use super::words::Word;

/// How far an operand is followed. Longer ones say no more.
const REACH: usize = 24;

/// The tokens of a text.
pub(super) struct Stream<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) tokens: &'a [Token],
}

/// What an operand of a condition is, from the one that says least on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OperandKind {
    /// A word, which may be a column.
    Name,
    /// A number, a string, `null`.
    Constant,
    /// A string that does not end: the statement around the value ends it.
    OpenString,
    /// A call of a function of any name.
    Call,
    /// A call of a function that SQL has, a query, `case when`.
    Sql,
}

/// An operand and the index of the token behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub(super) kind: OperandKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What stands before an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// A quote that could end the string around the value.
    Break,
    /// An apostrophe behind a word that loses its vowel, `l'or`, or a quote that is to look like one.
    Elision,
    /// The first token of the value, a number; or a parenthesis behind it.
    Number,
    /// The first token of the value, a word.
    Name,
    /// Nothing.
    Start,
    /// Anything else.
    Other,
}

impl<'a> Stream<'a> {
    pub(super) fn kind(&self, index: usize) -> Kind {
        self.tokens.get(index).map_or(Kind::End, |token| token.kind)
    }

    pub(super) fn is(&self, index: usize, word: Word) -> bool {
        self.kind(index) == Kind::Word(word)
    }

    pub(super) fn is_commented(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.commented)
    }

    pub(super) fn is_spaced(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.spaced)
    }

    /// Where a token begins in the text.
    pub(super) fn position(&self, index: usize) -> usize {
        self.tokens
            .get(index)
            .map_or(self.text.bytes.len(), |token| token.start as usize)
    }

    pub(super) fn bytes(&self, index: usize) -> &'a [u8] {
        self.tokens
            .get(index)
            .and_then(|token| self.text.bytes.get(token.start as usize..token.end as usize))
            .unwrap_or_default()
    }

    /// The first index from `index` on whose token is not of these kinds; many of them are not skipped.
    pub(super) fn skip(&self, index: usize, kinds: impl Fn(Kind) -> bool) -> usize {
        let skipped = self
            .tokens
            .iter()
            .skip(index)
            .take(REACH)
            .take_while(|token| kinds(token.kind));
        index + skipped.count()
    }

    pub(super) fn skip_open(&self, index: usize) -> usize {
        self.skip(index, |kind| kind == Kind::Open)
    }

    pub(super) fn skip_close(&self, index: usize) -> usize {
        self.skip(index, |kind| kind == Kind::Close)
    }

    /// Whether a statement could end here: at the end of the value, at a comment, a semicolon or a quote.
    pub(super) fn is_end(&self, index: usize) -> bool {
        matches!(
            self.kind(index),
            Kind::End
                | Kind::Dashes
                | Kind::Hash
                | Kind::CommentOpen
                | Kind::Semicolon
                | Kind::Break(_)
                | Kind::Quote(_)
                | Kind::Other(b'\\')
        )
    }

    /// Whether a comment begins here.
    pub(super) fn is_comment(&self, index: usize) -> bool {
        matches!(self.kind(index), Kind::Dashes | Kind::Hash | Kind::CommentOpen)
    }

    /// What stands before the token at `index`.
    pub(super) fn left(&self, index: usize) -> Left {
        let mut before = index;
        while before > 0
            && index - before < REACH
            && matches!(self.kind(before - 1), Kind::Close | Kind::Semicolon)
        {
            before -= 1;
        }
        if before == 0 {
            return Left::Start;
        }
        match self.kind(before - 1) {
            Kind::Break(_) => Left::Break,
            Kind::Other(b'\'') => Left::Elision,
            Kind::Number | Kind::Variable if self.skip(0, is_sign_or_open) == before - 1 => Left::Number,
            Kind::Word(Word::Constant) if before == 1 => Left::Number,
            _ if before != index && self.kind(index - 1) == Kind::Close && before <= 3 => Left::Number,
            Kind::Name if before == 1 => Left::Name,
            Kind::Operator(b'-' | b'+' | b'*' | b'%') | Kind::Other(b'\\') if before == 1 => Left::Number,
            _ => Left::Other,
        }
    }

    /// The operand that begins at `index`.
    pub(super) fn operand(&self, index: usize) -> Option<Operand> {
        let mut operand = self.term(index)?;
        // What is calculated with operands is one: `1+1`, `'a'||'b'`.
        for _ in 0..REACH {
            let is_operator = matches!(
                self.kind(operand.end),
                Kind::Operator(_) | Kind::Word(Word::Arithmetic)
            ) || self.bytes(operand.end) == b"||";
            if !is_operator {
                break;
            }
            let Some(next) = self.term(operand.end + 1) else {
                break;
            };
            operand.kind = operand.kind.max(next.kind);
            operand.end = next.end;
        }
        Some(operand)
    }

    /// An operand without operators.
    fn term(&self, index: usize) -> Option<Operand> {
        let start = self.skip(index, is_prefix);
        if start > index + REACH {
            return None;
        }
        let (kind, end) = match self.kind(start) {
            Kind::Number | Kind::Variable => (OperandKind::Constant, start + 1),
            Kind::Word(Word::Constant) => (OperandKind::Constant, start + 1),
            Kind::Break(quote) | Kind::Quote(quote) => self.string(start, quote),
            Kind::Word(Word::Select) if self.is_query(start) => (OperandKind::Sql, self.closing(start)),
            Kind::Word(Word::Exists) if matches!(self.kind(start + 1), Kind::Open | Kind::Close) => {
                (OperandKind::Sql, self.closing(start + 2))
            }
            Kind::Word(Word::Case) if self.has_when(start) => (OperandKind::Sql, self.closing(start)),
            Kind::Word(Word::Function) if self.kind(start + 1) == Kind::Open => {
                (OperandKind::Sql, self.closing(start + 2))
            }
            Kind::Word(Word::CommonFunction | Word::If | Word::Insert) if self.is_call(start) => {
                (OperandKind::Sql, self.closing(start + 2))
            }
            Kind::Word(
                Word::Catalogue
                | Word::Object
                | Word::CommonFunction
                | Word::Function
                | Word::Procedure
                | Word::Prefix
                | Word::Article,
            )
            | Kind::Name => self.name(start),
            _ => return None,
        };
        let end = self.skip_close(self.skip_cast(end));
        Some(Operand { kind, start, end })
    }

    /// Behind `::type`.
    fn skip_cast(&self, index: usize) -> usize {
        if self.bytes(index) == b"::" {
            index + 2
        } else {
            index
        }
    }

    /// Whether what stands behind `case` is a condition.
    fn has_when(&self, case: usize) -> bool {
        (case + 1..case + REACH / 2).any(|at| self.is(at, Word::When))
    }

    /// Whether a word is called: the parenthesis stands at it, as people do not write it in sentences.
    pub(super) fn is_call(&self, index: usize) -> bool {
        self.kind(index + 1) == Kind::Open && (!self.is_spaced(index + 1) || !self.text.is_prose)
    }

    /// A string from its quote on; one that does not end is at most one token long, or a number with its sign.
    fn string(&self, start: usize, quote: u8) -> (OperandKind, usize) {
        let close = (start + 1..start + REACH)
            .take_while(|&index| index < self.tokens.len())
            .find(|&index| matches!(self.kind(index), Kind::Break(other) | Kind::Quote(other) if other == quote));
        match close {
            Some(index) => (OperandKind::Constant, index + 1),
            None => {
                let signs = usize::from(matches!(self.kind(start + 1), Kind::Operator(b'+' | b'-')));
                (OperandKind::OpenString, self.tokens.len().min(start + 2 + signs))
            }
        }
    }

    /// A column with the names of its table and schema; or a call.
    fn name(&self, start: usize) -> (OperandKind, usize) {
        let mut end = start + 1;
        while self.kind(end) == Kind::Dot
            && matches!(self.kind(end + 1), Kind::Name | Kind::Word(_))
            && end < start + REACH
        {
            end += 2;
        }
        if self.kind(end) == Kind::Open && !self.is_spaced(end) {
            return (OperandKind::Call, self.closing(end + 1));
        }
        (OperandKind::Name, end)
    }

    /// Behind the parenthesis that closes what is open at `index`.
    pub(super) fn closing(&self, index: usize) -> usize {
        let mut depth = 1;
        let limit = self.tokens.len().min(index + 4 * REACH);
        for at in index..limit {
            match self.kind(at) {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        limit
    }

    /// The operator of a comparison at `index`; gives the index behind it.
    pub(super) fn comparison(&self, index: usize) -> Option<usize> {
        match self.kind(index) {
            Kind::Compare => Some(index + 1),
            Kind::Word(Word::Not) => match self.kind(index + 1) {
                Kind::Word(Word::Like | Word::In | Word::Between) => Some(index + 2),
                _ => None,
            },
            Kind::Word(Word::Like | Word::Is | Word::Between) => Some(index + 1),
            Kind::Word(Word::In) if self.kind(index + 1) == Kind::Open => Some(index + 1),
            _ => None,
        }
    }

    /// Whether two operands are written alike.
    pub(super) fn same(&self, one: Operand, other: Operand) -> bool {
        let words = |operand: Operand| {
            (operand.start..operand.end)
                .filter(|&index| !matches!(self.kind(index), Kind::Break(_) | Kind::Quote(_) | Kind::Close))
                .take(REACH)
        };
        let mut others = words(other);
        words(one).all(|index| {
            others
                .next()
                .is_some_and(|other| self.bytes(index) == self.bytes(other))
        }) && others.next().is_none()
    }
}

fn is_sign_or_open(kind: Kind) -> bool {
    matches!(kind, Kind::Open | Kind::Operator(b'-' | b'+'))
}

fn is_prefix(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Open
            | Kind::Operator(b'-' | b'+' | b'~' | b'!')
            | Kind::Word(Word::Not | Word::Prefix | Word::Quantifier)
    )
}
