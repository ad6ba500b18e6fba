//! SQL that leaves the place of a value in a statement.
//!
//! A value is cut into tokens once. Where a token can begin a continuation of the statement around the value (a quote, `or`, `union`, a
//! semicolon, a function), what follows is read as SQL, and what stands before it tells whether it comes from outside: a quote that nothing in
//! the value has opened, a number at the start, nothing at all. Sentences fail at one of the two.

mod condition;
mod quoted;
mod statement;
mod stream;
mod token;
mod words;

pub(super) use token::Token;

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;
use stream::{Left, OperandKind, Stream};
use token::Kind;
use words::Word;

/// Without any of these there are no two words, and nothing to leave a string with.
const NEEDED: Shape = Shape::SPACE
    .or(Shape::NEWLINE)
    .or(Shape::CONTROL)
    .or(Shape::QUOTE)
    .or(Shape::DOUBLE_QUOTE)
    .or(Shape::BACKTICK)
    .or(Shape::PAREN)
    .or(Shape::STAR)
    .or(Shape::HASH)
    .or(Shape::SEMICOLON)
    .or(Shape::AT);

pub(super) fn detect(text: &Text<'_>, tokens: &mut Vec<Token>, hits: &mut Hits) {
    if !text.shape.has(NEEDED) && !text.shape.has(Shape::DASH.or(Shape::EQUALS)) {
        return;
    }
    token::tokenize(text, tokens);
    let stream = Stream { text, tokens };
    for index in 0..tokens.len() {
        if let Some(rule) = stream.rule(index) {
            hits.add(rule, stream.position(index));
        }
    }
    if stream.commented_words() >= 2 {
        hits.add(Rule::SqlObfuscated, 0);
    }
}

impl Stream<'_> {
    /// The rule that matches at a token.
    fn rule(&self, index: usize) -> Option<Rule> {
        match self.kind(index) {
            Kind::Word(word) => self.word_rule(index, word),
            Kind::Logic => self.logic(index),
            Kind::Break(quote) => self.after_quote(index, quote),
            Kind::Semicolon => self.stacked(index + 1),
            Kind::Number | Kind::Variable => self.after_number(index),
            Kind::Open if self.is(self.skip_open(index), Word::Select) => {
                self.subquery(self.skip_open(index))
            }
            _ if index == 0 => self.statement(0),
            _ => None,
        }
        .or_else(|| {
            if index == 0 {
                self.statement(self.skip_open(0)).or_else(|| self.expression())
            } else {
                None
            }
        })
    }

    fn word_rule(&self, index: usize, word: Word) -> Option<Rule> {
        if self.is_quoted_word(index) {
            return None;
        }
        match word {
            Word::Logic => self.logic(index),
            Word::SetOperator => self.set_operator(index),
            Word::Having | Word::Where => self.having(index),
            Word::Order | Word::Limit => self.order(index),
            Word::Like | Word::Between | Word::In | Word::Is | Word::Not => self.predicate(index),
            Word::Into if self.is(index + 1, Word::Outfile) => Some(Rule::SqlClause),
            Word::Procedure if self.is(index + 1, Word::Analyse) => Some(Rule::SqlClause),
            Word::Waitfor if self.is(index + 1, Word::Delay) || self.bytes(index + 1) == b"time" => {
                Some(Rule::SqlFunction)
            }
            Word::Function => self.function(index),
            Word::CommonFunction if self.is_call(index) && self.kind(index + 2) == Kind::Variable => {
                Some(Rule::SqlWeakFunction)
            }
            Word::Catalogue => self.catalogue(index),
            Word::If if self.is_call(index) => self.conditional(index),
            Word::Case => self.case(index),
            Word::Select if index > 0 => self.embedded_select(index),
            Word::Insert
            | Word::Update
            | Word::Delete
            | Word::Drop
            | Word::Create
            | Word::Alter
            | Word::Declare
            | Word::Execute
                if index > 0 =>
            {
                self.embedded_statement(index)
            }
            _ => None,
        }
    }

    /// `sleep(5)`, `extractvalue(…)`. Some names are those of functions in other languages too.
    fn function(&self, index: usize) -> Option<Rule> {
        if self.kind(index + 1) != Kind::Open || self.is_spaced(index + 1) && self.text.is_prose {
            return self.bytes(index).starts_with(b"xp_").then_some(Rule::SqlFunction);
        }
        let is_method = index > 0 && matches!(self.kind(index - 1), Kind::Dot | Kind::Other(b':'));
        let name = self.bytes(index);
        match name {
            b"sleep" => (!is_method).then(|| self.sleep(index)).flatten(),
            _ if is_common_elsewhere(name) => {
                (!is_method && !self.text.is_prose && self.calls_sql(index)).then_some(Rule::SqlWeakFunction)
            }
            _ if is_method && !name.contains(&b'_') => None,
            _ => Some(if self.text.is_prose {
                Rule::SqlWeakFunction
            } else {
                Rule::SqlFunction
            }),
        }
    }

    /// `sleep(5)`, which other languages call as well, and which is a word.
    fn sleep(&self, index: usize) -> Option<Rule> {
        let time = self.skip_open(index + 1);
        let is_time = matches!(self.kind(time), Kind::Number | Kind::Break(_) | Kind::Quote(_))
            && !matches!(self.kind(time + 1), Kind::Name);
        let alone = matches!(self.left(index), Left::Start | Left::Break | Left::Number)
            || self.continues_statement(index);
        is_time.then_some(if alone {
            Rule::SqlFunction
        } else {
            Rule::SqlWeakFunction
        })
    }

    /// Whether the word before is one that an expression of SQL follows.
    fn continues_statement(&self, index: usize) -> bool {
        index > 0
            && matches!(
                self.kind(index - 1),
                Kind::Logic
                    | Kind::Operator(_)
                    | Kind::Compare
                    | Kind::Open
                    | Kind::Comma
                    | Kind::Semicolon
                    | Kind::Word(
                        Word::Logic
                            | Word::Select
                            | Word::By
                            | Word::Limit
                            | Word::Then
                            | Word::Not
                            | Word::Like
                    )
            )
    }

    /// Whether what a call is given is SQL: another call or a query; or whether it is given to an operator.
    fn calls_sql(&self, index: usize) -> bool {
        let inside = self.skip_open(index + 1);
        let end = self.closing(index + 2);
        matches!(
            self.kind(inside),
            Kind::Word(Word::Select | Word::Function | Word::CommonFunction) | Kind::Variable
        ) || self.comparison(end).is_some()
            || matches!(self.left(index), Left::Break)
    }

    fn catalogue(&self, index: usize) -> Option<Rule> {
        let name = self.bytes(index);
        let is_word = matches!(
            name,
            b"dual" | b"master" | b"table_name" | b"column_name" | b"schema_name"
        );
        (!is_word || index > 0 && self.is(index - 1, Word::From)).then_some(Rule::SqlCatalogue)
    }

    /// `if(1=1,…)`.
    fn conditional(&self, index: usize) -> Option<Rule> {
        let condition = self.operand(index + 2)?;
        let value = self.operand(self.comparison(condition.end)?)?;
        let has_results = self.kind(value.end) == Kind::Comma;
        (condition.kind >= OperandKind::Constant && (has_results || self.left(index) == Left::Break))
            .then_some(Rule::SqlFunction)
    }

    /// `case when … then`.
    fn case(&self, index: usize) -> Option<Rule> {
        let when = (index + 1..index + 6).find(|&at| self.is(at, Word::When))?;
        let then = (when + 1..when + 30).find(|&at| self.is(at, Word::Then))?;
        let is_condition =
            (when + 1..then).any(|at| self.comparison(at).is_some() || self.is(at, Word::Select));
        (is_condition && !self.text.is_prose).then_some(Rule::SqlFunction)
    }

    /// How many words of SQL have a comment before them, where a space should be.
    fn commented_words(&self) -> usize {
        let is_sql = |kind| matches!(kind, Kind::Word(word) if word != Word::Article);
        (1..self.tokens.len())
            .filter(|&index| {
                self.is_commented(index) && (is_sql(self.kind(index)) || is_sql(self.kind(index - 1)))
            })
            .count()
    }
}

/// Functions that programs call which have nothing to do with SQL.
fn is_common_elsewhere(name: &[u8]) -> bool {
    matches!(
        name,
        b"substr"
            | b"substring"
            | b"ord"
            | b"chr"
            | b"bin"
            | b"cast"
            | b"convert"
            | b"instr"
            | b"locate"
            | b"strcmp"
            | b"ltrim"
            | b"rtrim"
            | b"polygon"
            | b"char_length"
            | b"row_count"
            | b"linestring"
            | b"ascii"
            | b"lpad"
            | b"rpad"
            | b"crypt_gen"
            | b"soundex"
            | b"varchar"
            | b"nvarchar"
            | b"varbinary"
            | b"nchar"
            | b"elt"
            | b"datediff"
            | b"dateadd"
            | b"getdate"
            | b"generate_series"
            | b"nullif"
            | b"ifnull"
            | b"listagg"
            | b"make_set"
            | b"to_number"
            | b"to_char"
            | b"json_object"
            | b"json_array"
            | b"json_type"
            | b"json_value"
            | b"object_id"
            | b"user_name"
            | b"is_member"
            | b"is_null"
    )
}

#[cfg(test)]
mod tests;
