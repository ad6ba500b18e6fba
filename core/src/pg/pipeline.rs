//! The batches in flight, oldest first, and their steps.

use std::collections::VecDeque;

use super::batch::{Batch, Preparation, Reaction, Step};
use super::statements::Prepared;
use super::{Failure, ProtocolError, ServerError};

/// Two queues, so that a batch costs no allocation of its own: the steps of all batches lie one after another.
#[derive(Debug)]
pub(super) struct Pipeline<T> {
    batches: VecDeque<Batch<T>>,
    /// The steps that are not complete. The first ones belong to the first batch.
    steps: VecDeque<Step>,
}

impl<T> Pipeline<T> {
    pub(super) fn new() -> Self {
        Self {
            batches: VecDeque::new(),
            steps: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Adds a step to the batch that is being written.
    pub(super) fn push_step(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// Takes back the last steps, as their batch could not be written.
    pub(super) fn drop_steps(&mut self, count: usize) {
        self.steps.truncate(self.steps.len().saturating_sub(count));
    }

    /// Ends the batch that is being written; its steps are the last `statements` ones.
    pub(super) fn push_extended(&mut self, ticket: T, closes: usize, statements: usize, epoch: u64) {
        let first = self.steps.len().saturating_sub(statements);
        self.batches.push_back(Batch::extended(
            ticket,
            closes,
            statements,
            self.steps.get(first),
            epoch,
        ));
    }

    pub(super) fn push_simple(&mut self, ticket: T) {
        self.batches.push_back(Batch::simple(ticket));
    }

    /// Gives a message to the first batch.
    pub(super) fn accept(&mut self, tag: u8) -> Result<Reaction, ProtocolError> {
        let Some(batch) = self.batches.front_mut() else {
            return Err(ProtocolError::Unexpected { tag });
        };
        let reaction = batch.accept(tag, self.steps.front(), self.steps.get(1))?;
        if matches!(reaction, Reaction::Complete(_)) && !batch.is_simple() {
            self.steps.pop_front();
        }
        Ok(reaction)
    }

    /// What ParseComplete confirms.
    pub(super) fn take_parsed(&mut self) -> Option<Prepared> {
        match self.steps.front_mut().map(|step| &mut step.preparation) {
            Some(Preparation::Parse(prepared)) => prepared.take(),
            _ => None,
        }
    }

    /// Notes an error for the first batch. If there is none, the error comes back.
    pub(super) fn fail(&mut self, error: Box<ServerError>) -> Result<(), Box<ServerError>> {
        match self.batches.front_mut() {
            Some(batch) => {
                batch.fail(error, self.steps.front());
                Ok(())
            }
            None => Err(error),
        }
    }

    /// Ends the first batch. Its statements that were never reached go with it.
    pub(super) fn finish(&mut self) -> Option<Finished<T>> {
        let batch = self.batches.pop_front()?;
        self.steps.drain(..batch.remaining().min(self.steps.len()));
        let stale_before = batch.is_stale().then_some(batch.epoch);
        let (ticket, outcome) = batch.finish();
        Some(Finished {
            ticket,
            outcome,
            stale_before,
        })
    }

    /// The first batch.
    pub(super) fn front(&self) -> Option<&Batch<T>> {
        self.batches.front()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Batch<T>> {
        self.batches.front_mut()
    }

    pub(super) fn tickets(&self) -> impl Iterator<Item = &T> {
        self.batches.iter().map(|batch| &batch.ticket)
    }

    pub(super) fn tickets_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.batches.iter_mut().map(|batch| &mut batch.ticket)
    }

    pub(super) fn into_tickets(self) -> impl Iterator<Item = T> {
        self.batches.into_iter().map(|batch| batch.ticket)
    }
}

/// A batch that is over.
pub(super) struct Finished<T> {
    pub(super) ticket: T,
    pub(super) outcome: Result<(), Failure>,
    /// Statements parsed before this serial cannot be relied on any more.
    pub(super) stale_before: Option<u64>,
}
