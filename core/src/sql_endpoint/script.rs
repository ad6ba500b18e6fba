//! A script: the statements of an endpoint, ready to be prepared.

use std::borrow::Cow;
use std::rc::Rc;

use super::lexer::{Lexer, Token};
use super::parameter::Parameter;
use super::request_values::RequestValues;
use super::{ScriptError, forbidden};
use crate::api_request::RequestError;
use crate::query::{Params, Query, Statement};

/// The statements, which run as one transaction.
#[derive(Debug, Clone)]
pub struct Script {
    statements: Vec<Prepared>,
}

/// A statement with `$1`, `$2`, … in the place of names.
#[derive(Debug, Clone)]
struct Prepared {
    statement: Rc<Statement>,
    /// What `$1`, `$2`, … stand for.
    parameters: Vec<Parameter>,
}

impl Script {
    /// More statements than this are better put into a function.
    pub const MAX_STATEMENTS: usize = 32;
    /// PostgreSQL counts parameters with 16 bits.
    pub const MAX_PARAMETERS: usize = 65_535;

    /// Reads a script. A semicolon at its end may be there or not.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut lexer = Lexer::new(text);
        let mut statements = Vec::new();
        let mut draft = Draft::default();
        while let Some((token, piece)) = lexer.next()? {
            if token == Token::Semicolon {
                statements.push(std::mem::take(&mut draft).finish(lexer.line())?);
            } else {
                draft.push(token, piece, lexer.line())?;
            }
            if statements.len() > Self::MAX_STATEMENTS {
                return Err(ScriptError::TooManyStatements {
                    max: Self::MAX_STATEMENTS,
                });
            }
        }
        if statements.is_empty() || !draft.is_empty() {
            statements.push(draft.finish(lexer.line())?);
        }
        if statements.len() > Self::MAX_STATEMENTS {
            return Err(ScriptError::TooManyStatements {
                max: Self::MAX_STATEMENTS,
            });
        }
        Ok(Self { statements })
    }

    /// The parameters of all statements.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.statements.iter().flat_map(|statement| &statement.parameters)
    }

    /// The statements, of which there is at least one.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = &Statement> {
        self.statements.iter().map(|statement| &*statement.statement)
    }

    /// The statements with the values of a request.
    pub fn bind<'a, H>(&self, values: &RequestValues<'a, H>) -> Result<Vec<Query>, RequestError>
    where
        H: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    {
        let arguments = if self
            .parameters()
            .any(|parameter| matches!(parameter, Parameter::Argument(_)))
        {
            values.arguments()?
        } else {
            Vec::new()
        };
        let bind = |prepared: &Prepared| {
            let mut params = Params::with_capacity(prepared.parameters.len(), 0);
            for parameter in &prepared.parameters {
                match values.value(parameter, &arguments)? {
                    Some(value) => params.push(&value),
                    None => params.push_null(),
                };
            }
            Ok(Query {
                statement: Rc::clone(&prepared.statement),
                params,
            })
        };
        self.statements.iter().map(bind).collect()
    }
}

/// A statement in the making.
#[derive(Default)]
struct Draft {
    sql: String,
    parameters: Vec<Parameter>,
    /// Its tokens as [`forbidden::find`] wants them.
    outline: Vec<String>,
    has_content: bool,
}

impl Draft {
    fn is_empty(&self) -> bool {
        !self.has_content
    }

    fn push(&mut self, token: Token<'_>, piece: &str, line: usize) -> Result<(), ScriptError> {
        match token {
            Token::Space => {
                self.sql.push_str(piece);
                return Ok(());
            }
            Token::Parameter(name) => {
                self.outline.push(String::new());
                self.push_parameter(Parameter::parse(name, line)?)?;
            }
            Token::Word(_) | Token::QuotedName | Token::Other | Token::Semicolon => {
                self.outline.push(outline(token, piece));
                self.sql.push_str(piece);
            }
        }
        self.has_content = true;
        Ok(())
    }

    /// One number for each name, so that a type which one use of it tells holds for all.
    fn push_parameter(&mut self, parameter: Parameter) -> Result<(), ScriptError> {
        let known = self.parameters.iter().position(|other| *other == parameter);
        let index = known.unwrap_or(self.parameters.len());
        // `x:arg_y` must not become the name `x$1`.
        let joins = |last: char| last.is_alphanumeric() || last == '_' || last == '$';
        if self.sql.ends_with(joins) {
            self.sql.push(' ');
        }
        self.sql.push('$');
        self.sql.push_str(itoa::Buffer::new().format(index + 1));
        self.sql.push_str(parameter.cast());
        if known.is_none() {
            self.parameters.push(parameter);
        }
        if self.parameters.len() > Script::MAX_PARAMETERS {
            return Err(ScriptError::TooManyParameters {
                max: Script::MAX_PARAMETERS,
            });
        }
        Ok(())
    }

    fn finish(self, line: usize) -> Result<Prepared, ScriptError> {
        if self.is_empty() {
            return Err(ScriptError::EmptyStatement { line });
        }
        let outline: Vec<_> = self.outline.iter().map(String::as_str).collect();
        if let Some((keyword, reason)) = forbidden::find(&outline) {
            return Err(ScriptError::Forbidden {
                keyword: keyword.into(),
                reason,
                line,
            });
        }
        Ok(Prepared {
            statement: Rc::new(Statement::described(self.sql.trim_ascii())),
            parameters: self.parameters,
        })
    }
}

/// A token as [`forbidden::find`] wants it: words in lower case, quoted names with their quotes, dots, and nothing of anything else.
fn outline(token: Token<'_>, piece: &str) -> String {
    match token {
        Token::Word(word) => word.to_ascii_lowercase(),
        Token::QuotedName => piece.to_owned(),
        _ if piece == "." => piece.to_owned(),
        _ => String::new(),
    }
}

/// A value, or SQL NULL.
pub(super) type Value<'a> = Option<Cow<'a, [u8]>>;

#[cfg(test)]
mod tests;
