//! The query string, in PostgREST's grammar ("Tables and Views" in its documentation).
//!
//! An argument is split from the others first, then decoded, then read: a `&` or `=` that is percent-encoded belongs to
//! its value. A column that has the name of one of PostgREST's own arguments is named in quotes: `"order"=eq.1`.

mod decode;
mod filter;
mod logic;
mod order;
mod scanner;
mod select;

use std::borrow::Cow;
use std::fmt;

pub(crate) use decode::decode;

use super::error::excerpt;
use super::limits;
use super::{Condition, Feature, Filter, OrderTerm, Page, Part, RequestError, SelectItem};
use filter::{Spent, Within};
use logic::LogicName;
use scanner::{Fault, Scanner};

/// What a query string asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments<'a> {
    /// The columns to answer; empty means all.
    pub select: Vec<SelectItem<'a>>,
    /// The conditions, joined by AND.
    pub filters: Vec<Condition<'a>>,
    /// The order.
    pub order: Vec<OrderTerm<'a>>,
    /// Which part of the list.
    pub page: Page<'a>,
}

/// What the arguments are for; it decides which of them have a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A list of rows: all of them.
    List,
    /// A row that is read or written: `select`, and filters that it must fulfil too.
    Row,
    /// A row that is deleted: filters that it must fulfil too.
    Delete,
    /// New rows: `select`.
    Insert,
}

impl Scope {
    /// Whether an argument of this name has a meaning.
    pub fn takes(self, name: &str) -> bool {
        Name::of(name).applies_to(self)
    }
}

impl<'a> Arguments<'a> {
    /// Reads a query string as it came, without its question mark.
    pub fn parse(query: &'a [u8], scope: Scope) -> Result<Self, RequestError> {
        if limits::QUERY_STRING.is_exceeded_by(query.len()) {
            return Err(RequestError::TooMany(limits::QUERY_STRING));
        }
        let mut reader = Reader {
            scope,
            arguments: Self::default(),
            spent: Spent::default(),
            given: 0,
        };
        let mut start = 0;
        let mut count = 0;
        while let Some(rest) = query.get(start..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'&', rest).unwrap_or(rest.len());
            if let Some(raw) = rest.get(..length).filter(|raw| !raw.is_empty()) {
                count += 1;
                if limits::ARGUMENTS.is_exceeded_by(count) {
                    return Err(RequestError::TooMany(limits::ARGUMENTS));
                }
                reader.read(raw, start)?;
            }
            start += length + 1;
        }
        Ok(reader.arguments)
    }
}

/// The arguments so far.
struct Reader<'a> {
    scope: Scope,
    arguments: Arguments<'a>,
    spent: Spent,
    /// A bit for each [`Keyword`] that was given.
    given: u8,
}

/// An argument that is no filter and can be given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Select,
    Order,
    Limit,
    Offset,
    Cursor,
}

/// What the name of an argument makes of it.
enum Name {
    Keyword(Keyword),
    Logic(LogicName),
    Unsupported(Feature),
    Column,
}

impl<'a> Reader<'a> {
    /// Reads `name=value`, which starts after `offset` bytes of the query string.
    fn read(&mut self, raw: &'a [u8], offset: usize) -> Result<(), RequestError> {
        let (name, value, value_offset) = match memchr::memchr(b'=', raw) {
            Some(at) => {
                let (name, value) = raw.split_at(at);
                (name, value.get(1..).unwrap_or_default(), offset + at + 1)
            }
            None => (raw, &raw[raw.len()..], offset + raw.len()),
        };
        let name = decode(name, offset)?;
        let mut value = Scanner::new(decode(value, value_offset)?);
        let kind = Name::of(&name);
        self.check_scope(&kind, &name)?;
        match kind {
            Name::Column => return self.read_filter(name, value),
            Name::Keyword(keyword) => self.read_keyword(keyword, &mut value),
            Name::Logic(logic) => self.read_tree(logic, &mut value),
            Name::Unsupported(feature) => Err(Fault::Unsupported(feature)),
        }
        .map_err(|fault| value.blame(fault, &name, Part::Value))
    }

    fn check_scope(&mut self, kind: &Name, name: &str) -> Result<(), RequestError> {
        if !kind.applies_to(self.scope) {
            return Err(RequestError::NotApplicable {
                argument: excerpt(name),
                scope: self.scope,
            });
        }
        if let Name::Keyword(keyword) = *kind {
            let bit = 1 << keyword as u8;
            if self.given & bit != 0 {
                return Err(RequestError::Repeated {
                    argument: keyword.name().into(),
                });
            }
            self.given |= bit;
        }
        Ok(())
    }

    fn read_keyword(&mut self, keyword: Keyword, value: &mut Scanner<'a>) -> Result<(), Fault> {
        let arguments = &mut self.arguments;
        match keyword {
            Keyword::Select => arguments.select = select::select(value)?,
            Keyword::Order => arguments.order = order::order(value)?,
            Keyword::Limit => arguments.page.limit = Some(count(value)?),
            Keyword::Offset => arguments.page.offset = count(value)?,
            Keyword::Cursor => arguments.page.cursor = Some(cursor(value)?),
        }
        Ok(())
    }

    fn read_tree(&mut self, name: LogicName, value: &mut Scanner<'a>) -> Result<(), Fault> {
        let condition = logic::tree(value, name, 0, &mut self.spent)?;
        value.skip_spaces();
        value.expect_end("the end of the argument")?;
        self.arguments.filters.push(condition);
        Ok(())
    }

    fn read_filter(&mut self, name: Cow<'a, str>, mut value: Scanner<'a>) -> Result<(), RequestError> {
        let mut column = Scanner::new(name);
        let field = column.field().and_then(|field| match column.peek() {
            // `relation.column=eq.1` is a condition on what is embedded.
            Some(b'.') => Err(Fault::Unsupported(Feature::Embedding)),
            _ => column.expect_end("\"->\" or the end of the name").map(|()| field),
        });
        let field = field.map_err(|fault| column.blame(fault, column.text(), Part::Name))?;
        let (negated, operation) = filter::operation(&mut value, Within::Argument, &mut self.spent)
            .and_then(|operation| value.expect_end("the end of the argument").map(|()| operation))
            .map_err(|fault| value.blame(fault, column.text(), Part::Value))?;
        self.arguments.filters.push(Condition::Filter(Filter {
            field,
            negated,
            operation,
        }));
        Ok(())
    }
}

impl Keyword {
    fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Order => "order",
            Self::Limit => "limit",
            Self::Offset => "offset",
            Self::Cursor => "cursor",
        }
    }
}

impl Name {
    fn applies_to(&self, scope: Scope) -> bool {
        match self {
            Self::Keyword(Keyword::Select) => scope != Scope::Delete,
            Self::Keyword(_) => scope == Scope::List,
            Self::Logic(_) | Self::Column => scope != Scope::Insert,
            Self::Unsupported(_) => true,
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "select" => Self::Keyword(Keyword::Select),
            "order" => Self::Keyword(Keyword::Order),
            "limit" => Self::Keyword(Keyword::Limit),
            "offset" => Self::Keyword(Keyword::Offset),
            "cursor" => Self::Keyword(Keyword::Cursor),
            "columns" => Self::Unsupported(Feature::Columns),
            "on_conflict" => Self::Unsupported(Feature::OnConflict),
            _ => LogicName::parse(name).map_or(Self::Column, Self::Logic),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "with a list",
            Self::Row => "with one row",
            Self::Delete => "when a row is deleted",
            Self::Insert => "when rows are inserted",
        })
    }
}

/// The value of `limit` or `offset`: a number that PostgreSQL's bigint holds.
fn count(value: &mut Scanner<'_>) -> Result<u64, Fault> {
    const EXPECTED: &str = "a non-negative integer";
    let from = value.at();
    let is_negative = value.eat("-");
    let digits = value.at();
    value.skip_while(|byte| byte.is_ascii_digit());
    if digits == value.at() {
        return Err(value.unexpected(EXPECTED));
    }
    value.expect_end("a digit or the end of the argument")?;
    if is_negative {
        return Err(Fault::Negative);
    }
    let count = value
        .slice(from, value.at())
        .parse()
        .ok()
        .filter(|&count| i64::try_from(count).is_ok());
    count.ok_or(Fault::Unexpected {
        at: from,
        expected: "an integer that fits 63 bits",
    })
}

fn cursor<'a>(value: &mut Scanner<'a>) -> Result<Cow<'a, str>, Fault> {
    let cursor = value.take_rest();
    if limits::CURSOR.is_exceeded_by(cursor.len()) {
        return Err(Fault::TooMany(limits::CURSOR));
    }
    if cursor.is_empty() {
        Err(value.unexpected("a cursor"))
    } else {
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests;
