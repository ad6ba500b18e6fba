//! Writing batches.

use std::borrow::Borrow;

use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

use super::batch::{Preparation, Step};
use super::statements::{self, StatementCache};
use super::{Connection, Rejected, State, SubmitError};
use crate::query::Query;

impl<T> Connection<T> {
    /// Writes one batch: for each statement Parse (unless it is prepared for this role), Bind and Execute, then one Sync.
    /// The server runs it as one transaction. Parameters and results are in text format.
    pub fn submit(
        &mut self,
        ticket: T,
        role: &str,
        statements: &[impl Borrow<Query>],
    ) -> Result<(), Rejected<T>> {
        if let Err(reason) = self.admit() {
            return Err(Rejected { ticket, reason });
        }
        let (epoch, written) = (self.statements.next_serial(), self.output.len());
        let mut steps = 0;
        match self.write_batch(role, statements, &mut steps) {
            Ok(closes) => {
                self.statements.closed();
                self.pipeline.push_extended(ticket, closes, steps, epoch);
                Ok(())
            }
            Err(reason) => {
                self.output.truncate(written);
                self.pipeline.drop_steps(steps);
                Err(Rejected { ticket, reason })
            }
        }
    }

    /// Writes a simple query, which may consist of several statements: for LISTEN and other settings of a session. Its
    /// rows come as those of the statements 0, 1, …
    pub fn submit_simple(&mut self, ticket: T, sql: &str) -> Result<(), Rejected<T>> {
        let written = self.output.len();
        let result = self
            .admit()
            .and_then(|()| frontend::query(sql, &mut self.output).map_err(|_| SubmitError::Encode));
        match result {
            Ok(()) => {
                self.pipeline.push_simple(ticket);
                Ok(())
            }
            Err(reason) => {
                self.output.truncate(written);
                Err(Rejected { ticket, reason })
            }
        }
    }

    fn admit(&self) -> Result<(), SubmitError> {
        let limit = usize::try_from(self.settings.pipeline.get()).unwrap_or(usize::MAX);
        match self.state() {
            State::Ready if self.in_flight() < limit => Ok(()),
            State::Ready => Err(SubmitError::Full),
            State::Starting | State::Closed => Err(SubmitError::NotReady),
        }
    }

    /// Writes the messages and answers how many of them are Close; counts the steps that it has added.
    fn write_batch(
        &mut self,
        role: &str,
        queries: &[impl Borrow<Query>],
        steps: &mut usize,
    ) -> Result<usize, SubmitError> {
        // In front of everything, no error of the batch can make the server skip them.
        for name in self.statements.unwanted() {
            frontend::close(b'S', name, &mut self.output).map_err(|_| SubmitError::Encode)?;
        }
        for query in queries {
            let step = self.write_statement(role, query.borrow())?;
            self.pipeline.push_step(step);
            *steps += 1;
        }
        frontend::sync(&mut self.output);
        Ok(self.statements.unwanted().len())
    }

    fn write_statement(&mut self, role: &str, query: &Query) -> Result<Step, SubmitError> {
        Ok(Step {
            preparation: self.write_prepared(role, query)?,
            described: query.statement.is_described(),
        })
    }

    fn write_prepared(&mut self, role: &str, query: &Query) -> Result<Preparation, SubmitError> {
        let output = &mut self.output;
        if !self.settings.prepare {
            write_parse("", query, output)?;
            write_execution("", query, output)?;
            return Ok(Preparation::Parse(None));
        }
        let cache: &mut StatementCache = &mut self.statements;
        let key = statements::key(role, &query.statement);
        if let Some(known) = cache.find(key, role, &query.statement) {
            write_execution(&known.name, query, output)?;
            return Ok(Preparation::Known);
        }
        let prepared = cache.allocate(key, role, &query.statement);
        write_parse(&prepared.name, query, output)?;
        write_execution(&prepared.name, query, output)?;
        Ok(Preparation::Parse(Some(prepared)))
    }
}

/// The types of the parameters are left to the server.
fn write_parse(name: &str, query: &Query, output: &mut bytes::BytesMut) -> Result<(), SubmitError> {
    frontend::parse(name, query.statement.sql(), [], output).map_err(|_| SubmitError::Encode)
}

/// Bind, perhaps Describe, and Execute of the unnamed portal, all rows.
fn write_execution(name: &str, query: &Query, output: &mut bytes::BytesMut) -> Result<(), SubmitError> {
    let write_value = |value: Option<&[u8]>, output: &mut bytes::BytesMut| {
        Ok(match value {
            Some(value) => {
                output.extend_from_slice(value);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    };
    // No formats at all means text, for parameters and for results.
    frontend::bind("", name, [], query.params.iter(), write_value, [], output)
        .map_err(|_| SubmitError::Encode)?;
    if query.statement.is_described() {
        frontend::describe(b'P', "", output).map_err(|_| SubmitError::Encode)?;
    }
    frontend::execute("", 0, output).map_err(|_| SubmitError::Encode)
}
