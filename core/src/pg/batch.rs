//! One batch in flight: which messages it still owes us, and in which order.

use super::statements::Prepared;
use super::{Failure, ProtocolError, ServerError};

/// A batch that was written: statements, then one Sync; or one simple query.
#[derive(Debug)]
pub(super) struct Batch<T> {
    /// What the driver submitted with it.
    pub(super) ticket: T,
    kind: Kind,
    /// CloseComplete messages that come before everything else. A Close cannot fail, so it never decides the outcome.
    closes: usize,
    /// How many statements there are (extended) and how many are complete.
    statements: usize,
    complete: usize,
    stage: Stage,
    failure: Option<Failure>,
    /// Statements parsed before this serial are the ones that it may have used by name.
    pub(super) epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Extended,
    Simple,
}

/// What has to come next. NoticeResponse, NotificationResponse and ParameterStatus may come at any time, and an
/// ErrorResponse instead of anything; neither is seen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// ParseComplete.
    Parse,
    /// BindComplete.
    Bind,
    /// What the rows consist of: RowDescription, or NoData.
    Describe,
    /// Rows, then the end of the statement.
    Execute,
    /// The data of a `COPY … TO STDOUT`, which is thrown away, then the end of the statement.
    CopyOut,
    /// ReadyForQuery. After an error the server skips everything before it.
    Sync,
}

/// A statement of a batch.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) preparation: Preparation,
    /// Whether the server was asked what its rows consist of.
    pub(super) described: bool,
}

/// Where the server has a statement from.
#[derive(Debug)]
pub(super) enum Preparation {
    /// Parsed in the batch itself; with the entry that ParseComplete confirms, unless it has no name.
    Parse(Option<Prepared>),
    /// Prepared by an earlier batch.
    Known,
}

/// What a message means to the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing to be told.
    Nothing,
    /// The current statement has been parsed.
    Parsed,
    /// What the rows of this statement consist of.
    Described(usize),
    /// A row of this statement.
    Row(usize),
    /// This statement is complete, and the next step, if any, is the current one.
    Complete(usize),
    /// The server waits for data of a COPY; whether this is the last statement.
    CopyIn {
        /// Nothing of the batch but its Sync follows.
        last: bool,
    },
    /// The batch is over.
    Done,
}

impl<T> Batch<T> {
    /// A batch of `statements`, of which `first` is the first.
    pub(super) fn extended(
        ticket: T,
        closes: usize,
        statements: usize,
        first: Option<&Step>,
        epoch: u64,
    ) -> Self {
        let stage = Stage::of(first);
        Self {
            ticket,
            kind: Kind::Extended,
            closes,
            statements,
            complete: 0,
            stage,
            failure: None,
            epoch,
        }
    }

    /// A simple query.
    pub(super) fn simple(ticket: T) -> Self {
        let (kind, stage) = (Kind::Simple, Stage::Execute);
        Self {
            ticket,
            kind,
            closes: 0,
            statements: 0,
            complete: 0,
            stage,
            failure: None,
            epoch: 0,
        }
    }

    pub(super) fn is_simple(&self) -> bool {
        self.kind == Kind::Simple
    }

    /// The steps that are not complete, as far as they are known.
    pub(super) fn remaining(&self) -> usize {
        self.statements.saturating_sub(self.complete)
    }

    /// Takes a message by its type; `next` is the step after the current one.
    pub(super) fn accept(
        &mut self,
        tag: u8,
        current: Option<&Step>,
        next: Option<&Step>,
    ) -> Result<Reaction, ProtocolError> {
        match (tag, self.stage) {
            (b'3', _) if self.closes > 0 => {
                self.closes -= 1;
                return Ok(Reaction::Nothing);
            }
            _ if self.closes > 0 => return Err(ProtocolError::Unexpected { tag }),
            (b'D', Stage::Execute) => return Ok(Reaction::Row(self.complete)),
            (b'1', Stage::Parse) => {
                self.stage = Stage::Bind;
                return Ok(Reaction::Parsed);
            }
            (b'2', Stage::Bind) if current.is_some_and(|step| step.described) => self.stage = Stage::Describe,
            (b'2', Stage::Bind) => self.stage = Stage::Execute,
            (b'T', Stage::Describe) => {
                self.stage = Stage::Execute;
                return Ok(Reaction::Described(self.complete));
            }
            // A statement without rows.
            (b'n', Stage::Describe) => self.stage = Stage::Execute,
            (b'C', Stage::Execute | Stage::CopyOut) | (b'I', Stage::Execute) => {
                return Ok(self.end_statement(next));
            }
            (b'Z', Stage::Sync) => return Ok(Reaction::Done),
            (b'Z', Stage::Execute) if self.is_simple() => return Ok(Reaction::Done),
            // Only a simple query describes its rows without being asked.
            (b'T', Stage::Execute) if self.is_simple() => {}
            (b'G', Stage::Execute) => {
                return Ok(Reaction::CopyIn {
                    last: self.remaining() <= 1,
                });
            }
            (b'H', Stage::Execute) => self.refuse_copy(),
            (b'd' | b'c', Stage::CopyOut) => {}
            _ => return Err(ProtocolError::Unexpected { tag }),
        }
        Ok(Reaction::Nothing)
    }

    /// The server reports an error and skips the rest of the batch.
    pub(super) fn fail(&mut self, error: Box<ServerError>, current: Option<&Step>) {
        let known = current.is_some_and(|step| matches!(step.preparation, Preparation::Known));
        let by_name = self.stage == Stage::Bind && known;
        let retry = by_name && error.is_stale_statement();
        self.stage = Stage::Sync;
        self.closes = 0;
        // A second error can only come from undoing what the first one left; the first one is the reason.
        if self.failure.is_none() {
            self.failure = Some(Failure {
                error,
                statement: self.complete,
                retry,
            });
        }
    }

    /// Whether it failed because a statement is not prepared any more.
    pub(super) fn is_stale(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.retry)
    }

    /// The ticket and the outcome, once it is over.
    pub(super) fn finish(self) -> (T, Result<(), Failure>) {
        (self.ticket, self.failure.map_or(Ok(()), Err))
    }

    fn end_statement(&mut self, next: Option<&Step>) -> Reaction {
        let statement = self.complete;
        self.complete += 1;
        self.stage = match self.kind {
            Kind::Simple => Stage::Execute,
            Kind::Extended if self.remaining() == 0 => Stage::Sync,
            Kind::Extended => Stage::of(next),
        };
        Reaction::Complete(statement)
    }

    /// There is nobody who wants the data, but the server sends it to the end before it looks at anything else.
    fn refuse_copy(&mut self) {
        self.stage = Stage::CopyOut;
        let error = ServerError {
            severity: "ERROR".into(),
            code: "0A000".into(),
            message: "COPY TO STDOUT is not supported".into(),
            ..ServerError::default()
        };
        let failure = Failure {
            error: Box::new(error),
            statement: self.complete,
            retry: false,
        };
        self.failure.get_or_insert(failure);
    }
}

impl Stage {
    fn of(step: Option<&Step>) -> Self {
        match step.map(|step| &step.preparation) {
            Some(Preparation::Parse(_)) => Self::Parse,
            Some(Preparation::Known) => Self::Bind,
            None => Self::Sync,
        }
    }
}
