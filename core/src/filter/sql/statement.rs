//! Statements and clauses: joined by `union`, stacked behind a semicolon, put behind a value, or sent as they are.

use super::super::rule::Rule;
use super::stream::{Left, OperandKind, Stream};
use super::token::Kind;
use super::words::Word;

/// How surely tokens are a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// A sentence could have them.
    Possible,
    /// Nothing but SQL has them.
    Certain,
}

/// How far `from` is looked for behind `select`.
const SELECT_LIST: usize = 80;

impl Stream<'_> {
    /// `union select`, with whatever may stand between.
    pub(super) fn set_operator(&self, index: usize) -> Option<Rule> {
        let next = self.skip(index + 1, |kind| {
            matches!(
                kind,
                Kind::Open
                    | Kind::Word(Word::Quantifier)
                    | Kind::Break(_)
                    | Kind::Quote(_)
                    | Kind::Other(_)
                    | Kind::Operator(b'+' | b'%')
            )
        });
        if self.is(next, Word::Values)
            && (self.kind(next + 1) == Kind::Open || self.bytes(next + 1) == b"row")
        {
            return Some(Rule::SqlUnion);
        }
        if self.left(index) == Left::Number
            && (self.kind(next) == Kind::End || self.is_comment(next))
            && self.bytes(index) == b"union"
        {
            return Some(Rule::SqlUnion);
        }
        if matches!(self.left(index), Left::Number | Left::Break)
            && self.kind(next) == Kind::Number
            && self.kind(next + 1) == Kind::Comma
        {
            return Some(Rule::SqlUnion);
        }
        if !self.is(next, Word::Select) {
            // What comes next may be hidden; that there is no word of a sentence is telling.
            let dangling = self.is(next.saturating_sub(1), Word::Quantifier) && self.is_end(next);
            return (dangling && !self.text.is_prose).then_some(Rule::SqlWeakStatement);
        }
        let is_sentence = matches!(
            self.kind(next + 1),
            Kind::Name | Kind::Word(Word::Article | Word::Object)
        ) && matches!(
            self.kind(next + 2),
            Kind::Name | Kind::Word(Word::Article | Word::Object | Word::Is) | Kind::Operator(_)
        ) || self.text.is_prose && self.is_end(next + 1);
        if is_sentence {
            // `union select name alias from table`
            let leaves = matches!(self.left(index), Left::Break | Left::Elision | Left::Number);
            return (leaves && self.select(next).is_some()).then_some(Rule::SqlUnion);
        }
        let could_be_words = match self.left(index) {
            Left::Break | Left::Number => false,
            Left::Elision => self.selects_nothing(next),
            _ => self.kind(next + 1) == Kind::Name && self.kind(next + 2) == Kind::End,
        };
        Some(if could_be_words {
            Rule::SqlWeakStatement
        } else {
            Rule::SqlUnion
        })
    }

    /// Whether words follow `select`, without a table, and without what could be had without one.
    fn selects_nothing(&self, select: usize) -> bool {
        let goes_on = matches!(self.kind(select + 2), Kind::Open | Kind::Dot | Kind::Comma);
        matches!(self.kind(select + 1), Kind::Name | Kind::End | Kind::Close)
            && !goes_on
            && !self.is_comment(select + 2)
            && self.select(select).is_none()
    }

    /// `having 1=1`.
    pub(super) fn having(&self, index: usize) -> Option<Rule> {
        let operand = self.operand(index + 1)?;
        self.comparison(operand.end)?;
        let certain =
            operand.kind == OperandKind::Constant || matches!(self.left(index), Left::Break | Left::Number);
        let second = self.comparison(operand.end).and_then(|next| self.operand(next));
        let is_decided = operand.kind == OperandKind::Constant
            && second.is_some_and(|second| second.kind == OperandKind::Constant);
        let follows = matches!(self.left(index), Left::Break | Left::Number);
        (certain && !self.text.is_prose).then_some(if is_decided || follows {
            Rule::SqlClause
        } else {
            Rule::SqlWeakStatement
        })
    }

    /// `order by 10--`, `limit 1,1 --`.
    pub(super) fn order(&self, index: usize) -> Option<Rule> {
        let is_limit = self.is(index, Word::Limit);
        if !is_limit && !self.is(index + 1, Word::By) {
            return None;
        }
        if self.is_quoted(index, index + 2) {
            return None;
        }
        let left = self.left(index);
        let mut operand = self.operand(if is_limit { index + 1 } else { index + 2 })?;
        let mut has_sql = operand.kind == OperandKind::Sql;
        let mut count = 1;
        while self.kind(operand.end) == Kind::Comma && count < 64 {
            let Some(next) = self.operand(operand.end + 1) else {
                break;
            };
            operand = next;
            has_sql |= operand.kind == OperandKind::Sql;
            count += 1;
        }
        let end = operand.end;
        let is_followed = self.is_comment(end)
            || matches!(
                self.kind(end),
                Kind::Word(Word::Having | Word::Procedure | Word::Limit)
            );
        let is_number = operand.kind == OperandKind::Constant && self.is_end(end);
        let is_text = operand.kind == OperandKind::Name && self.is_quoted(index, end);
        match left {
            _ if has_sql && !self.text.is_prose => Some(Rule::SqlClause),
            // The statement around the value must be able to end its string.
            Left::Break
                if is_limit && !is_followed && count == 1 && operand.kind != OperandKind::OpenString =>
            {
                None
            }
            Left::Break | Left::Number if !is_text && (is_followed || self.is_end(end)) => {
                Some(Rule::SqlClause)
            }
            Left::Start | Left::Elision if is_followed => Some(Rule::SqlClause),
            // A column by its number, and nothing else, is asked for to count columns.
            Left::Start if is_number && !is_limit && self.tokens.len() == 3 => Some(Rule::SqlClause),
            Left::Start if is_number && !is_limit => Some(Rule::SqlWeakStatement),
            _ => None,
        }
    }

    /// A statement behind a semicolon.
    pub(super) fn stacked(&self, index: usize) -> Option<Rule> {
        let start = self.skip(index, |kind| matches!(kind, Kind::Semicolon | Kind::Open));
        match self.certainty(start)? {
            Certainty::Certain => Some(Rule::SqlStatement),
            Certainty::Possible if !self.text.is_prose => Some(Rule::SqlStatement),
            Certainty::Possible => Some(Rule::SqlWeakStatement),
        }
    }

    /// A statement behind a quote that ends the string around the value; people forget the semicolon, and some databases need none.
    pub(super) fn statement_after_quote(&self, index: usize) -> Option<Rule> {
        match self.certainty(index)? {
            Certainty::Certain => Some(Rule::SqlStatement),
            Certainty::Possible => None,
        }
    }

    /// A value that is a statement.
    pub(super) fn statement(&self, index: usize) -> Option<Rule> {
        match self.certainty(index)? {
            Certainty::Certain => Some(Rule::SqlStatement),
            Certainty::Possible => Some(Rule::SqlWeakStatement),
        }
    }

    /// `(select …)`.
    pub(super) fn subquery(&self, select: usize) -> Option<Rule> {
        match self.select(select)? {
            Certainty::Certain if !self.text.is_prose => Some(Rule::SqlStatement),
            _ => Some(Rule::SqlWeakStatement),
        }
    }

    /// A query somewhere in the value.
    pub(super) fn embedded_select(&self, index: usize) -> Option<Rule> {
        if self.is_commented(index) || self.is_commented(index + 1) {
            return Some(Rule::SqlWeakStatement);
        }
        let certainty = self.select(index)?;
        let is_number = self.kind(index + 1) == Kind::Number
            && self.kind(index + 2) == Kind::End
            && !self.bytes(index - 1).first().is_some_and(u8::is_ascii_digit);
        match self.left(index) {
            Left::Break | Left::Number if certainty == Certainty::Certain => Some(Rule::SqlStatement),
            _ if certainty == Certainty::Certain && !self.text.is_prose && !is_number => {
                Some(Rule::SqlStatement)
            }
            _ if certainty == Certainty::Certain => Some(Rule::SqlWeakStatement),
            _ => None,
        }
    }

    /// Whether `select` begins a query in an expression, and is no word itself: no other word follows, or what follows is a query.
    pub(super) fn is_query(&self, select: usize) -> bool {
        let is_word = |kind| {
            matches!(
                kind,
                Kind::Name | Kind::Word(Word::Article | Word::Object | Word::Logic | Word::From | Word::To)
            )
        };
        let is_enclosed = select > 0 && self.kind(select - 1) == Kind::Open;
        let next = self.kind(select + 1);
        let is_text = if is_enclosed {
            is_word(next) && is_word(self.kind(select + 2)) && self.comparison(self.closing(select)).is_none()
        } else {
            matches!(next, Kind::End | Kind::Other(b'\''))
                || is_word(next) && !matches!(self.kind(select + 2), Kind::Open | Kind::Dot)
        };
        !is_text || self.select(select).is_some()
    }

    /// Another statement somewhere in the value.
    pub(super) fn embedded_statement(&self, index: usize) -> Option<Rule> {
        if self.certainty(index)? == Certainty::Possible {
            return None;
        }
        let follows =
            matches!(self.left(index), Left::Break | Left::Number | Left::Name) && !self.text.is_prose;
        Some(if follows {
            Rule::SqlStatement
        } else {
            Rule::SqlWeakStatement
        })
    }

    fn certainty(&self, index: usize) -> Option<Certainty> {
        let Kind::Word(word) = self.kind(index) else {
            return None;
        };
        match word {
            Word::Select => self.select(index),
            Word::Insert => self.insert(index),
            Word::Update => self.update(index),
            Word::Delete => self.delete(index),
            Word::Drop | Word::Truncate => self.drop_object(index),
            Word::Create | Word::Alter => self.create(index),
            Word::Execute => self.execute(index),
            Word::Declare => (self.kind(index + 1) == Kind::Variable).then_some(Certainty::Certain),
            Word::Waitfor => self.is(index + 1, Word::Delay).then_some(Certainty::Certain),
            Word::Grant => self.grant(index),
            Word::Copy => self.copy(index),
            Word::Set => (self.kind(index + 1) == Kind::Variable && self.kind(index + 2) == Kind::Compare)
                .then_some(Certainty::Certain),
            Word::If => self.branch(index),
            Word::Administer => self.administer(index),
            _ => None,
        }
    }

    fn select(&self, index: usize) -> Option<Certainty> {
        let first = self.skip(index + 1, |kind| {
            matches!(kind, Kind::Open | Kind::Word(Word::Quantifier))
        });
        let is_certain = match self.kind(first) {
            Kind::Variable => return Some(Certainty::Certain),
            // `select 2 items`
            Kind::Number if self.kind(first + 1) == Kind::Name && self.bytes(first + 1) != b"else" => false,
            Kind::Number | Kind::Word(Word::Constant) | Kind::Break(_) | Kind::Quote(_) => {
                self.is_end(first + 1)
                    || matches!(
                        self.kind(first + 1),
                        Kind::Comma
                            | Kind::Close
                            | Kind::Compare
                            | Kind::Operator(_)
                            | Kind::Name
                            | Kind::Word(Word::From | Word::Where | Word::SetOperator | Word::Constant)
                    )
            }
            Kind::Operator(b'*') => true,
            Kind::Word(Word::Function | Word::CommonFunction | Word::If) => {
                self.kind(first + 1) == Kind::Open
            }
            Kind::Word(Word::Case) => true,
            // `select user()`
            _ => {
                self.kind(first + 1) == Kind::Open
                    && !self.is_spaced(first + 1)
                    && self.kind(first + 2) == Kind::Close
                    && matches!(self.kind(first), Kind::Name | Kind::Word(_))
            }
        };
        if self.is(first, Word::From) {
            return None;
        }
        let from = (first..first + SELECT_LIST)
            .take_while(|&at| at < self.tokens.len() && self.kind(at) != Kind::Semicolon)
            .find(|&at| self.is(at, Word::From));
        match from {
            Some(from) if self.is_table(from + 1) => {
                let is_list = (first..from).any(|at| {
                    matches!(
                        self.kind(at),
                        Kind::Comma
                            | Kind::Dot
                            | Kind::Operator(_)
                            | Kind::Open
                            | Kind::Number
                            | Kind::Word(Word::Function)
                    )
                });
                let ends_as_sql = self.is_clause(self.table_end(from + 1));
                let is_column = from == first + 1;
                let ends_text = self.text.is_prose && self.kind(self.table_end(from + 1)) == Kind::End;
                let is_columns = is_list || is_column && !ends_text;
                Some(if is_certain || is_columns && ends_as_sql {
                    Certainty::Certain
                } else {
                    Certainty::Possible
                })
            }
            Some(_) => is_certain.then_some(Certainty::Possible),
            None if is_certain && !self.text.is_prose => Some(Certainty::Certain),
            None if matches!(
                self.kind(first),
                Kind::Name
                    | Kind::Word(Word::Object | Word::Function | Word::CommonFunction | Word::Catalogue)
            ) && self.kind(first + 1) == Kind::Semicolon =>
            {
                Some(Certainty::Possible)
            }
            None => None,
        }
    }

    /// Whether a table could be named here: no word that a sentence has.
    fn is_table(&self, index: usize) -> bool {
        matches!(
            self.kind(index),
            Kind::Name
                | Kind::Open
                | Kind::Variable
                | Kind::Break(_)
                | Kind::Quote(_)
                | Kind::Word(Word::Catalogue | Word::Object | Word::Function | Word::CommonFunction)
        )
    }

    /// Behind the name of a table.
    fn table_end(&self, index: usize) -> usize {
        let mut end = index + 1;
        while self.kind(end) == Kind::Dot && end < index + 8 {
            end = self.skip(end, |kind| kind == Kind::Dot) + 1;
        }
        end
    }

    /// Whether what follows a table is SQL's: the end, or a clause.
    fn is_clause(&self, index: usize) -> bool {
        self.is_end(index)
            || matches!(
                self.kind(index),
                Kind::Comma
                    | Kind::Close
                    | Kind::Word(
                        Word::Where | Word::Limit | Word::Order | Word::SetOperator | Word::Having | Word::As
                    )
            )
            || self.kind(index) == Kind::Name
                && (self.is(index + 1, Word::Where) || self.kind(index + 1) == Kind::Comma)
    }

    fn insert(&self, index: usize) -> Option<Certainty> {
        if !self.is(index + 1, Word::Into) || !self.is_table(index + 2) {
            return None;
        }
        let end = self.table_end(index + 2);
        let is_certain = matches!(
            self.kind(end),
            Kind::Open | Kind::Word(Word::Values | Word::Select | Word::Set)
        );
        Some(if is_certain {
            Certainty::Certain
        } else {
            Certainty::Possible
        })
    }

    fn update(&self, index: usize) -> Option<Certainty> {
        let end = self.table_end(index + 1);
        let has_set = self.is_table(index + 1) && self.is(end, Word::Set);
        if !has_set {
            return None;
        }
        let column = self.table_end(end + 1);
        Some(if self.kind(column) == Kind::Compare {
            Certainty::Certain
        } else {
            Certainty::Possible
        })
    }

    fn delete(&self, index: usize) -> Option<Certainty> {
        if !self.is(index + 1, Word::From) || !self.is_table(index + 2) {
            return None;
        }
        let end = self.table_end(index + 2);
        match self.kind(end) {
            Kind::Word(Word::Where) => Some(Certainty::Certain),
            _ if self.is_comment(end) || self.kind(end) == Kind::Semicolon => Some(Certainty::Certain),
            Kind::End => Some(Certainty::Possible),
            _ => None,
        }
    }

    fn drop_object(&self, index: usize) -> Option<Certainty> {
        let object = self.kind(index + 1);
        if object == Kind::Name && index > 0 && self.is_comment(index + 2) {
            return Some(Certainty::Certain);
        }
        if !matches!(object, Kind::Word(Word::Object | Word::Procedure)) {
            return None;
        }
        let name = self.skip(index + 2, |kind| {
            matches!(kind, Kind::Word(Word::If | Word::Exists | Word::Not))
        });
        if !self.is_table(name) {
            return None;
        }
        let end = self.table_end(name);
        let is_certain = self.is_comment(end)
            || matches!(self.kind(end), Kind::Semicolon | Kind::Comma)
            || name > index + 2;
        (is_certain || self.is_end(end)).then_some(if is_certain {
            Certainty::Certain
        } else {
            Certainty::Possible
        })
    }

    fn create(&self, index: usize) -> Option<Certainty> {
        let object = self.skip(index + 1, |kind| {
            matches!(
                kind,
                Kind::Word(Word::Insert | Word::Object | Word::If | Word::Not | Word::Exists)
            ) || kind == Kind::Word(Word::Logic)
        });
        if object == index + 1 && !self.is(object, Word::Procedure) {
            return None;
        }
        let name = if self.is(object, Word::Procedure) {
            object + 1
        } else {
            object
        };
        let end = self.table_end(name);
        let clause = self.bytes(end);
        let is_certain = matches!(self.kind(end), Kind::Open | Kind::Word(Word::As | Word::Drop))
            || matches!(
                clause,
                b"identified" | b"add" | b"modify" | b"rename" | b"with" | b"returns" | b"language"
            ) && !self.text.is_prose;
        is_certain.then_some(Certainty::Certain)
    }

    fn execute(&self, index: usize) -> Option<Certainty> {
        let name = self.bytes(index + 1);
        let is_procedure =
            name.starts_with(b"xp_") || name.starts_with(b"sp_") || name == b"master" || name == b"immediate";
        let is_call = self.kind(index + 1) == Kind::Open
            && matches!(
                self.kind(index + 2),
                Kind::Break(_) | Kind::Quote(_) | Kind::Variable | Kind::Word(_)
            )
            && !self.text.is_prose
            && self.bytes(index) != b"call";
        let is_string = matches!(self.kind(index + 1), Kind::Variable);
        if is_procedure || is_string {
            return Some(Certainty::Certain);
        }
        is_call.then_some(Certainty::Possible)
    }

    fn grant(&self, index: usize) -> Option<Certainty> {
        let to = (index + 2..index + 10).find(|&at| self.is(at, Word::To))?;
        let end = self.table_end(to + 1);
        (self.is_table(to + 1) && self.is_end(end)).then_some(Certainty::Possible)
    }

    fn copy(&self, index: usize) -> Option<Certainty> {
        let end = self.table_end(index + 1);
        let is_file = matches!(self.kind(end), Kind::Word(Word::From | Word::To))
            && matches!(
                self.kind(end + 1),
                Kind::Break(_) | Kind::Quote(_) | Kind::Operator(b'/')
            )
            || self.bytes(end + 1) == b"program";
        is_file.then_some(Certainty::Certain)
    }

    /// `if (select …)`, `if 1=1 waitfor …`.
    fn branch(&self, index: usize) -> Option<Certainty> {
        let first = self.skip(index + 1, |kind| {
            matches!(kind, Kind::Open | Kind::Word(Word::Not))
        });
        if self.is(first, Word::Select) || self.is(first, Word::Exists) {
            return Some(Certainty::Certain);
        }
        let condition = self.operand(first)?;
        let value = self.operand(self.comparison(condition.end)?)?;
        let is_constant = condition.kind == OperandKind::Constant && value.kind == OperandKind::Constant;
        (is_constant || condition.kind == OperandKind::Sql).then_some(Certainty::Possible)
    }

    /// Statements that only an injection stacks; alone they are words.
    fn administer(&self, index: usize) -> Option<Certainty> {
        let is_stacked = index > 0;
        let is_load = self.bytes(index) == b"load" && matches!(self.bytes(index + 1), b"data" | b"xml");
        let is_backup = matches!(self.bytes(index), b"backup" | b"restore")
            && self.is(index + 1, Word::Object)
            && self.is(index + 3, Word::To);
        if is_load && self.bytes(index + 2) == b"infile" || is_backup {
            return Some(Certainty::Certain);
        }
        let end = if self.is_table(index + 1) || self.is(index + 1, Word::To) {
            self.table_end(index + 1)
        } else {
            index + 1
        };
        let is_comment =
            self.is_comment(end) || self.kind(end) == Kind::Semicolon && self.is_comment(end + 1);
        let is_block = self.bytes(index) == b"begin"
            && matches!(
                self.kind(index + 1),
                Kind::Word(Word::Administer | Word::Declare | Word::Execute)
            );
        let is_shutdown = self.bytes(index) == b"shutdown" && self.is_end(end) && !self.text.is_prose;
        (is_stacked && (is_comment || is_block || is_shutdown)).then_some(Certainty::Certain)
    }
}
