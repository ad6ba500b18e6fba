//! What a connection tells its driver.

use std::fmt;

use super::{DataRow, RowDescription, ServerError};

/// One thing that happened. Rows, tags and texts are borrowed from the input buffer: they are looked at before the next
/// call. `T` is what the driver submitted with the batch.
#[derive(Debug)]
pub enum Event<'a, T> {
    /// The connection is ready; batches may be submitted.
    Started,
    /// What the rows of a statement consist of, for one that asks for it ([`crate::query::Statement::described`]) and has rows.
    Described {
        /// What was submitted with the batch.
        ticket: &'a mut T,
        /// The index of the statement in its batch.
        statement: usize,
        /// The columns.
        description: RowDescription<'a>,
    },
    /// A row of the result of a statement.
    Row {
        /// What was submitted with the batch.
        ticket: &'a mut T,
        /// The index of the statement in its batch.
        statement: usize,
        /// The row.
        row: DataRow<'a>,
    },
    /// A statement has been executed, but its batch can still fail and be rolled back.
    Complete {
        /// What was submitted with the batch.
        ticket: &'a mut T,
        /// The index of the statement in its batch.
        statement: usize,
        /// What the statement did.
        tag: CommandTag<'a>,
    },
    /// A batch is over, committed or rolled back. Only now may its request be answered.
    Done {
        /// What was submitted with the batch.
        ticket: T,
        /// Whether it took effect.
        outcome: Result<(), Failure>,
    },
    /// `NOTIFY` on a channel that this connection listens to.
    Notification {
        /// The channel.
        channel: &'a str,
        /// The payload, which may be empty.
        payload: &'a str,
    },
    /// A warning or another message that is no error.
    Notice(Box<ServerError>),
    /// A reported parameter has a new value (PostgreSQL manual, "Asynchronous Operations").
    ParameterChanged {
        /// The name of the parameter.
        name: &'a str,
        /// Its new value.
        value: &'a str,
    },
    /// The server ends the connection, for instance because it shuts down or refuses the password. No event follows;
    /// what is in flight has failed with this error, but whether the first batch took effect is not known.
    Closed(Box<ServerError>),
}

/// Why a batch had no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the server said.
    pub error: Box<ServerError>,
    /// The index of the statement that failed; the number of statements where the commit failed.
    pub statement: usize,
    /// The server no longer accepts a statement that was prepared earlier, because the schema changed or somebody
    /// deallocated it. It will be prepared anew, so the driver may submit the same batch once more.
    pub retry: bool,
}

/// The command tag of a statement, for instance `INSERT 0 3`; empty for an empty statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandTag<'a>(&'a [u8]);

impl<'a> CommandTag<'a> {
    pub(super) fn new(tag: &'a [u8]) -> Self {
        Self(tag)
    }

    /// How many rows were affected or returned; `None` for a command that does not count rows.
    pub fn rows(self) -> Option<u64> {
        let count = self.0.rsplit(|&byte| byte == b' ').next()?;
        std::str::from_utf8(count).ok()?.parse().ok()
    }
}

/// As the server sent it.
impl fmt::Display for CommandTag<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::CommandTag;

    #[test]
    fn the_count_is_the_last_word_of_a_tag_if_it_is_a_number() {
        let rows = |tag: &str| CommandTag::new(tag.as_bytes()).rows();
        assert_eq!(rows("INSERT 0 3"), Some(3));
        assert_eq!(rows("SELECT 20"), Some(20));
        assert_eq!(rows("CREATE TABLE"), None);
        assert_eq!(rows("BEGIN"), None);
        assert_eq!(rows(""), None);
    }
}
