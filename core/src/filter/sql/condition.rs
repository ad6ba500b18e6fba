//! Conditions and operators that a value adds to a statement, and comments that cut the rest of it off.

use super::super::rule::Rule;
use super::super::shape::Shape;
use super::stream::{Left, Operand, OperandKind, Stream};
use super::token::Kind;
use super::words::Word;

/// What a condition is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// Constants are compared, or one with itself: it is known before any row is looked at.
    Decided,
    /// A call or a query.
    Sql,
    /// A column is compared.
    Column,
    /// No comparison: a constant.
    Constant,
    /// No comparison: a word, or a call of a function that SQL does not have.
    Name,
}

impl Stream<'_> {
    /// What follows `and` and `or`.
    pub(super) fn logic(&self, index: usize) -> Option<Rule> {
        let left = self.left(index);
        let first = self.operand(index + 1)?;
        let (condition, end) = self.condition(first);
        let ends = self.is_end(end);
        match (condition, left) {
            (Condition::Decided, _) => self.decided(index, left),
            (Condition::Sql, Left::Other | Left::Elision | Left::Name | Left::Start)
                if self.text.is_prose =>
            {
                None
            }
            (Condition::Sql, _) => Some(Rule::SqlCondition),
            // "And this is what it looks like"
            (Condition::Column, Left::Start)
                if self.is(first.end, Word::Is) && self.kind(end) != Kind::End =>
            {
                None
            }
            (Condition::Column, Left::Break | Left::Number | Left::Start) => Some(Rule::SqlCondition),
            (Condition::Column, Left::Name) => Some(if ends {
                Rule::SqlCondition
            } else {
                Rule::SqlWeakCondition
            }),
            (_, Left::Elision) => {
                (!self.text.is_prose && self.leaves_string(index, end)).then_some(Rule::SqlCondition)
            }
            (Condition::Constant | Condition::Name, Left::Break) if !self.text.is_prose => {
                self.bare_after_quote(first, end)
            }
            (Condition::Constant, Left::Number) if self.is_comment(end) => Some(Rule::SqlCondition),
            (Condition::Constant, Left::Number)
                if self.kind(end) == Kind::End
                    && self.is(end - 1, Word::Constant)
                    && !self.is(0, Word::Constant) =>
            {
                Some(Rule::SqlCondition)
            }
            (Condition::Constant, Left::Number)
                if self.kind(end) == Kind::End && first.end == first.start + 1 =>
            {
                let same = self.bytes(first.start) == self.bytes(0) || self.bytes(first.start) == b"1";
                same.then_some(Rule::SqlWeakCondition)
            }
            (Condition::Constant, Left::Number) if self.kind(index) == Kind::Logic && ends => {
                Some(Rule::SqlWeakCondition)
            }
            (Condition::Constant, Left::Start) if self.is_comment(end) => Some(Rule::SqlCondition),
            _ => None,
        }
    }

    /// Whether a condition that ends at `end` has a string that is not closed in it, or a comment behind it: no text goes on like this.
    fn leaves_string(&self, index: usize, end: usize) -> bool {
        let opens = |kind| matches!(kind, Kind::Break(_));
        self.is_comment(end) || (index..end).any(|at| opens(self.kind(at)))
    }

    /// `or 1=1`: an attack, unless a text explains it.
    fn decided(&self, index: usize, left: Left) -> Option<Rule> {
        // `5 < 6 and 7 > 3` speaks of numbers.
        let is_arithmetic = left == Left::Other
            && index >= 3
            && self.is_inequality(index - 2)
            && self.is_inequality(index + 2);
        let weak = is_arithmetic
            || self.text.is_prose && matches!(left, Left::Other | Left::Elision)
            || self.kind(index) == Kind::Logic && left == Left::Other;
        Some(if weak {
            Rule::SqlWeakCondition
        } else {
            Rule::SqlCondition
        })
    }

    /// Whether a number is compared with another by size, as people write it.
    fn is_inequality(&self, index: usize) -> bool {
        matches!(self.bytes(index), b"<" | b">" | b"<=" | b">=")
            && self.is_spaced(index)
            && self.is_spaced(index + 1)
            && self.kind(index - 1) == Kind::Number
            && self.kind(index + 1) == Kind::Number
    }

    /// `' or 1`, `' or 'a`, `' or name--`: enough if nothing follows.
    fn bare_after_quote(&self, operand: Operand, end: usize) -> Option<Rule> {
        let goes_on = matches!(self.kind(end), Kind::Logic | Kind::Word(Word::Logic))
            && operand.kind != OperandKind::Name;
        if goes_on && self.condition_follows(end) {
            return Some(Rule::SqlCondition);
        }
        if matches!(
            self.kind(end),
            Kind::Word(Word::Limit | Word::Order | Word::Having)
        ) && operand.kind == OperandKind::Constant
        {
            return Some(Rule::SqlCondition);
        }
        if !self.is_end(end) || self.is_measure(operand, end) {
            return None;
        }
        match operand.kind {
            OperandKind::Constant | OperandKind::OpenString => Some(Rule::SqlCondition),
            _ if self.is_comment(end) => Some(Rule::SqlCondition),
            _ => Some(Rule::SqlWeakCondition),
        }
    }

    /// Whether another operand follows an `and` or `or`.
    fn condition_follows(&self, logic: usize) -> bool {
        self.operand(logic + 1)
            .is_some_and(|operand| operand.kind != OperandKind::Name && self.is_end(operand.end))
    }

    /// `16" or 18"`: lengths in inches or feet.
    fn is_measure(&self, operand: Operand, end: usize) -> bool {
        let quote = (0..operand.start)
            .rev()
            .find(|&at| matches!(self.kind(at), Kind::Break(_)));
        let after_number =
            quote.is_some_and(|at| at > 0 && self.kind(at - 1) == Kind::Number && !self.is_spaced(at));
        after_number
            && self.kind(operand.start) == Kind::Number
            && matches!(self.kind(end), Kind::Break(_) | Kind::Quote(_))
    }

    /// The condition that begins with an operand, and the index behind it.
    fn condition(&self, first: Operand) -> (Condition, usize) {
        let second = self.comparison(first.end).and_then(|index| {
            self.operand(self.skip(index, |kind| {
                matches!(kind, Kind::Compare | Kind::Other(b'@' | b'?'))
            }))
        });
        let Some(second) = second else {
            return (bare(first), first.end);
        };
        let condition = match (first.kind, second.kind) {
            (OperandKind::Sql, _) | (_, OperandKind::Sql) => Condition::Sql,
            (
                OperandKind::Constant | OperandKind::OpenString,
                OperandKind::Constant | OperandKind::OpenString,
            ) => Condition::Decided,
            _ if self.same(first, second) => Condition::Decided,
            _ => Condition::Column,
        };
        (condition, second.end)
    }

    /// `' like '%`, `' in (…)`, `1 between 0 and 2`, `not 1=2`: a condition without `and` and `or`.
    pub(super) fn predicate(&self, index: usize) -> Option<Rule> {
        let left = self.left(index);
        if !matches!(left, Left::Break | Left::Elision | Left::Number) || self.text.is_prose {
            return None;
        }
        if self.is(index, Word::Not) && self.comparison(index).is_none() {
            let (condition, _) = self.condition(self.operand(index + 1)?);
            return matches!(condition, Condition::Decided | Condition::Sql).then_some(Rule::SqlCondition);
        }
        let operand = self.operand(self.comparison(index)?)?;
        let is_sql = match operand.kind {
            OperandKind::Sql => true,
            OperandKind::Constant | OperandKind::OpenString => {
                self.is_end(operand.end)
                    || matches!(
                        self.kind(operand.end),
                        Kind::Logic | Kind::Compare | Kind::Word(Word::Logic)
                    )
            }
            _ => false,
        };
        is_sql.then_some(if left == Left::Break {
            Rule::SqlCondition
        } else {
            Rule::SqlWeakCondition
        })
    }

    /// What follows a quote that could end the string around the value.
    pub(super) fn after_quote(&self, index: usize, quote: u8) -> Option<Rule> {
        let next = self.skip_close(index + 1);
        if quote == b'`' && self.is_closed(index, quote) || self.is_quoted_sign(index) {
            return None;
        }
        match self.kind(next) {
            // `'--flag'` is a word in quotes.
            Kind::Dashes
                if matches!(self.kind(next + 1), Kind::Name | Kind::Word(_))
                    && !self.is_spaced(next + 1)
                    && self.is_set_off(index)
                    && self.is_closed(next, quote) =>
            {
                None
            }
            Kind::Dashes | Kind::Hash | Kind::CommentOpen => self.cut(index, next),
            Kind::Semicolon => self.after_semicolon(next),
            Kind::Operator(_) | Kind::Compare | Kind::Logic | Kind::Word(Word::Arithmetic | Word::Like) => {
                self.calculated(index, next, quote)
            }
            Kind::Comma => self.more_values(next),
            Kind::Break(_) | Kind::Quote(_) if self.is_spaced(next) => None,
            _ if self.is_quoted_word(next) => None,
            _ => self.statement_after_quote(next),
        }
    }

    /// Whether a quote like the one at `index` follows it.
    fn is_closed(&self, index: usize, quote: u8) -> bool {
        self.tokens
            .iter()
            .skip(index + 1)
            .any(|token| matches!(token.kind, Kind::Break(other) | Kind::Quote(other) if other == quote))
    }

    /// `'--`, `')#`, `'/*`: the rest of the statement is cut off.
    fn cut(&self, index: usize, comment: usize) -> Option<Rule> {
        let rest = self.tokens.len() - comment - 1;
        let is_inch = index > 0 && self.kind(index - 1) == Kind::Number && !self.is_spaced(index);
        match self.kind(comment) {
            Kind::Hash if rest == 0 => Some(Rule::SqlComment),
            Kind::Hash => {
                (self.is_spaced(comment + 1) && !self.is_spaced(index) && !self.text.is_prose && !is_inch)
                    .then_some(Rule::SqlWeakComment)
            }
            // `"-----BEGIN CERTIFICATE`
            Kind::Dashes if self.text.from(self.position(comment)).starts_with(b"-----") => None,
            Kind::Dashes if is_inch && rest > 2 => None,
            Kind::Dashes if rest <= 2 || !self.text.is_prose => Some(Rule::SqlComment),
            Kind::CommentOpen => Some(Rule::SqlComment),
            _ => None,
        }
    }

    /// `';--`, `'; drop table x`, `';` at the end.
    fn after_semicolon(&self, semicolon: usize) -> Option<Rule> {
        let next = self.skip(semicolon, |kind| kind == Kind::Semicolon);
        if self.is_comment(next) && self.tokens.len() - next <= 3 {
            return Some(Rule::SqlComment);
        }
        // `name';`, where nothing has opened the quote.
        let is_one_word = !self.text.shape.has(Shape::SPACE.or(Shape::NEWLINE));
        (self.kind(next) == Kind::End && is_one_word && semicolon > 1).then_some(Rule::SqlComment)
    }

    /// `'-'`, `'='`, `'||f()||'`, `'+(select 1)+'`: the string is calculated with.
    fn calculated(&self, index: usize, operator: usize, quote: u8) -> Option<Rule> {
        let first = self.skip(operator, is_operator);
        if self.is_comment(first) && self.tokens.len() - first <= 2 {
            return Some(Rule::SqlOperator);
        }
        if self.is_quoted_word(operator) {
            return None;
        }
        let operand = self.operand(first)?;
        let is_attack = if operand.kind == OperandKind::Sql {
            !self.text.is_prose || !self.is_spaced(operator)
        } else if self.is_quote(first, quote) {
            !self.text.is_prose && self.reopens(first, operand)
        } else {
            let is_inch = index > 0 && self.kind(index - 1) == Kind::Number;
            !is_inch && !self.text.is_prose && self.goes_on(operator, operand, quote)
        };
        is_attack.then_some(Rule::SqlOperator)
    }

    /// Whether the quote at `first`, behind an operator, begins the string again that the statement goes on with.
    fn reopens(&self, first: usize, operand: Operand) -> bool {
        let ends = self.tokens.len() - first <= 3
            || self.tokens.len() <= operand.end
            || self.is_comment(operand.end);
        ends || matches!(
            self.kind(operand.end),
            Kind::Logic | Kind::Word(Word::Logic) | Kind::Compare
        )
    }

    /// Whether an expression that is not a string goes on as no text does: `'||name||'`, `'+1--`, `'*@x or '1`, `'||f(1)`.
    fn goes_on(&self, operator: usize, operand: Operand, quote: u8) -> bool {
        let end = operand.end;
        let is_last = self.tokens.len() <= end + 2;
        let closes = matches!(self.kind(end), Kind::Logic | Kind::Operator(_))
            && self.is_quote(end + 1, quote)
            && is_last;
        let is_value = operand.kind >= OperandKind::Constant;
        let is_cut = self.is_comment(end) && (is_value || self.tokens.len() == end + 1);
        let is_call = operand.kind == OperandKind::Call && self.kind(operator) == Kind::Logic;
        closes || is_cut || is_call || quote != b'"' && self.is_compared(operand)
    }

    /// Whether a condition follows an operand: `… is null`, `… or '1`.
    fn is_compared(&self, operand: Operand) -> bool {
        let second = |next: usize| {
            self.operand(next)
                .filter(|second| second.kind != OperandKind::Name)
        };
        let compares = self.comparison(operand.end).and_then(second).is_some()
            && operand.kind != OperandKind::OpenString;
        let joins = matches!(self.kind(operand.end), Kind::Logic | Kind::Word(Word::Logic))
            && second(operand.end + 1)
                .is_some_and(|second| matches!(self.kind(second.start), Kind::Break(_) | Kind::Quote(_)));
        compares || joins
    }

    /// Whether a quote of this kind stands here.
    fn is_quote(&self, index: usize, quote: u8) -> bool {
        matches!(self.kind(index), Kind::Break(other) | Kind::Quote(other) if other == quote)
    }

    /// `'), (…`, `', null, null)--`: the value goes on with values of its own.
    fn more_values(&self, comma: usize) -> Option<Rule> {
        let mut at = comma;
        let mut has_sql = false;
        let mut values = 0;
        while self.kind(at) == Kind::Comma && values < 40 {
            let operand = self.operand(at + 1)?;
            has_sql |= operand.kind == OperandKind::Sql;
            values += 1;
            at = operand.end;
        }
        let is_cut = self.is_comment(at) && self.tokens.len() - at <= 3;
        (has_sql && (is_cut || !self.text.is_prose) || is_cut && values >= 1).then_some(Rule::SqlOperator)
    }

    /// A number at the start, and a comment: `1--`, `1)#`.
    pub(super) fn after_number(&self, index: usize) -> Option<Rule> {
        if self.left(index + 1) != Left::Number {
            return None;
        }
        let comment = self.skip(index + 1, |kind| matches!(kind, Kind::Close | Kind::Semicolon));
        if !self.is_comment(comment) || self.tokens.len() - comment > 2 {
            return None;
        }
        let is_end = self.tokens.len() == comment + 1;
        let is_sure = comment > index + 1 && is_end
            || self.kind(comment) == Kind::CommentOpen
            || self.kind(comment) == Kind::Dashes
                && (self.is_spaced(comment) || !is_end && self.is_spaced(comment + 1));
        Some(if is_sure {
            Rule::SqlComment
        } else {
            Rule::SqlWeakComment
        })
    }
}

impl Stream<'_> {
    /// A value that is an expression and a comment: `(1 or 'a') --`.
    pub(super) fn expression(&self) -> Option<Rule> {
        let mut operand = self.operand(0)?;
        let quoted = if matches!(self.kind(0), Kind::Break(_)) {
            operand.end
        } else {
            0
        };
        for _ in 0..16 {
            let operator = self.skip_close(operand.end);
            let is_operator = matches!(
                self.kind(operator),
                Kind::Logic | Kind::Word(Word::Logic | Word::In | Word::Like | Word::Is)
            );
            let next = if is_operator {
                self.operand(operator + 1)
            } else {
                None
            };
            let Some(next) = next else {
                break;
            };
            operand = next;
        }
        let end = self.skip_close(operand.end);
        let is_cut = self.is_comment(end) && self.tokens.len() <= end + 2;
        // `"…" -- author`, `"…" #tag`.
        let is_quotation = end == quoted && self.kind(end + 1) != Kind::End;
        let is_expression = operand.start > 0 || end > 2;
        (is_cut
            && is_expression
            && !is_quotation
            && !self.text.is_prose
            && (self.is_spaced(end) || self.kind(end - 1) == Kind::Close || self.kind(0) == Kind::Number))
            .then_some(Rule::SqlComment)
    }
}

fn is_operator(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Operator(_) | Kind::Compare | Kind::Logic | Kind::Word(Word::Arithmetic | Word::Like)
    )
}

fn bare(operand: Operand) -> Condition {
    match operand.kind {
        OperandKind::Sql => Condition::Sql,
        OperandKind::Constant | OperandKind::OpenString => Condition::Constant,
        OperandKind::Name | OperandKind::Call => Condition::Name,
    }
}
