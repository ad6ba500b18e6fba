//! The connection: one state machine from the start message to the end.

use std::num::NonZeroUsize;
use std::rc::Rc;

use bytes::{Buf, BytesMut};
use postgres_protocol::message::frontend;

use super::authentication::{Authentication, Progress};
use super::batch::Reaction;
use super::frame::{Body, Frame};
use super::parameters::Parameters;
use super::pipeline::Pipeline;
use super::statements::StatementCache;
use super::{CommandTag, DataRow, Event, Failure, ProtocolError, RowDescription, ServerError, Settings};

/// A connection to PostgreSQL without its socket. `T`, the ticket, is what the driver wants back with each batch.
///
/// The driver reads from the socket into [`Self::input`], takes events with [`Self::next_event`] until there is none, and
/// writes [`Self::output`] to the socket. After an error, or [`Event::Closed`], it closes the socket and fails
/// [`Self::into_tickets`].
pub struct Connection<T> {
    pub(super) settings: Rc<Settings>,
    input: BytesMut,
    /// How much of `input` has been turned into events. It is cut off later, as the last event still borrows it.
    consumed: usize,
    pub(super) output: BytesMut,
    phase: Phase,
    pub(super) statements: StatementCache,
    pub(super) pipeline: Pipeline<T>,
    parameters: Parameters,
    backend: Option<BackendKey>,
}

/// Where a connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Authentication and the server's first words are not over.
    Starting,
    /// Batches may be submitted.
    Ready,
    /// Nothing can be sent or will be received.
    Closed,
}

enum Phase {
    Authenticating(Authentication),
    /// Authenticated; the server reports its parameters and then that it is ready.
    Settling,
    Ready,
    Closed,
}

/// What a CancelRequest needs.
#[derive(Debug, Clone, Copy)]
struct BackendKey {
    pid: i32,
    secret: i32,
}

/// An event that does not borrow the input yet, so that a loop can produce it.
enum Signal<T> {
    Started,
    Described(usize),
    Row(usize),
    Complete(usize),
    Done(T, Result<(), Failure>),
    Notification,
    Notice(Box<ServerError>),
    Parameter,
    Closed(Box<ServerError>),
}

impl<T> Connection<T> {
    /// A connection whose start message is in the output. `tls_server_end_point` is the hash of the server's certificate
    /// (RFC 5929) if the bytes travel inside TLS, for channel binding; see [`crate::tls::TlsSession::server_end_point`].
    pub fn new(settings: Rc<Settings>, tls_server_end_point: Option<Vec<u8>>) -> Result<Self, ProtocolError> {
        let mut output = BytesMut::with_capacity(OUTPUT_CAPACITY);
        frontend::startup_message(settings.startup_parameters(), &mut output)
            .map_err(|_| ProtocolError::ZeroByte)?;
        let capacity = usize::try_from(settings.statements.get())
            .ok()
            .and_then(NonZeroUsize::new);
        Ok(Self {
            settings,
            input: BytesMut::new(),
            consumed: 0,
            output,
            phase: Phase::Authenticating(Authentication::Begun(tls_server_end_point)),
            statements: StatementCache::new(capacity.unwrap_or(NonZeroUsize::MIN)),
            pipeline: Pipeline::new(),
            parameters: Parameters::default(),
            backend: None,
        })
    }

    /// Where the driver appends what it read. It must not change what is in there already.
    pub fn input(&mut self) -> &mut BytesMut {
        self.input
            .advance(std::mem::take(&mut self.consumed).min(self.input.len()));
        &mut self.input
    }

    /// What the driver has to write; it advances the buffer by what it wrote.
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// The next event, or `None` if more bytes are needed. An error closes the connection.
    pub fn next_event(&mut self) -> Result<Option<Event<'_, T>>, ProtocolError> {
        let (signal, frame) = loop {
            if matches!(self.phase, Phase::Closed) {
                return Ok(None);
            }
            let step = self.find_frame().and_then(|frame| match frame {
                Some(frame) => self.accept(frame).map(|signal| Some((signal, frame))),
                None => Ok(None),
            });
            match step {
                Ok(Some((Some(signal), frame))) => break (signal, frame),
                Ok(Some((None, _))) => {}
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.phase = Phase::Closed;
                    return Err(error);
                }
            }
        };
        self.event(signal, frame).map(Some)
    }

    /// Where the connection is in its life.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Authenticating(_) | Phase::Settling => State::Starting,
            Phase::Ready => State::Ready,
            Phase::Closed => State::Closed,
        }
    }

    /// How many batches are in flight.
    pub fn in_flight(&self) -> usize {
        self.pipeline.len()
    }

    /// The ticket of the batch that the server is working on.
    pub fn front(&self) -> Option<&T> {
        self.pipeline.front().map(|batch| &batch.ticket)
    }

    /// The tickets of the batches in flight, oldest first.
    pub fn tickets(&self) -> impl Iterator<Item = &T> {
        self.pipeline.tickets()
    }

    /// The same, for a driver that marks a ticket whose request has gone away.
    pub fn tickets_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.pipeline.tickets_mut()
    }

    /// What was in flight when the connection was lost, oldest first.
    pub fn into_tickets(self) -> impl Iterator<Item = T> {
        self.pipeline.into_tickets()
    }

    /// The process id of the server process.
    pub fn backend_pid(&self) -> Option<i32> {
        self.backend.map(|key| key.pid)
    }

    /// The latest value of a parameter that the server reports: `server_version`, and from PostgreSQL 14 on
    /// `in_hot_standby` and `default_transaction_read_only`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.value(name)
    }

    /// The message that, sent on a connection of its own, cancels what the server is working on for this one.
    pub fn cancel_request(&self) -> Option<BytesMut> {
        let key = self.backend?;
        let mut message = BytesMut::with_capacity(16);
        frontend::cancel_request(key.pid, key.secret, &mut message);
        Some(message)
    }

    /// Says good-bye: puts the last message into the output. Batches in flight are given up, so a driver that wants their
    /// answers waits for them first.
    pub fn terminate(&mut self) {
        frontend::terminate(&mut self.output);
        self.phase = Phase::Closed;
    }

    /// The next message, if it is complete.
    fn find_frame(&mut self) -> Result<Option<Frame>, ProtocolError> {
        let limit = match self.phase {
            Phase::Ready => self.settings.max_message,
            // Whoever it is has not authenticated; nothing legitimate is long here.
            _ => self.settings.max_message.min(MAX_STARTUP_MESSAGE),
        };
        let frame = Frame::find(&self.input, self.consumed, limit)?;
        if let Some(frame) = frame {
            self.consumed = frame.end;
        }
        Ok(frame)
    }

    fn accept(&mut self, frame: Frame) -> Result<Option<Signal<T>>, ProtocolError> {
        if frame.tag == b'E' {
            return self.accept_error(frame);
        }
        match self.phase {
            Phase::Ready => self.accept_ready(frame),
            Phase::Settling => self.accept_settling(frame),
            Phase::Authenticating(_) => self.accept_authentication(frame).map(|()| None),
            Phase::Closed => Ok(None),
        }
    }

    fn accept_ready(&mut self, frame: Frame) -> Result<Option<Signal<T>>, ProtocolError> {
        match frame.tag {
            b'N' => self
                .server_error(frame)
                .map(|notice| Some(Signal::Notice(notice))),
            b'A' => Ok(Some(Signal::Notification)),
            b'S' => self.accept_parameter(frame).map(|()| Some(Signal::Parameter)),
            tag => {
                let reaction = self.pipeline.accept(tag)?;
                self.react(reaction, frame)
            }
        }
    }

    fn react(&mut self, reaction: Reaction, frame: Frame) -> Result<Option<Signal<T>>, ProtocolError> {
        match reaction {
            Reaction::Nothing => Ok(None),
            Reaction::Parsed => {
                if let Some(prepared) = self.pipeline.take_parsed() {
                    self.statements.confirm(prepared);
                }
                Ok(None)
            }
            Reaction::Described(statement) => Ok(Some(Signal::Described(statement))),
            Reaction::Row(statement) => Ok(Some(Signal::Row(statement))),
            Reaction::Complete(statement) => Ok(Some(Signal::Complete(statement))),
            Reaction::CopyIn { last } => self.refuse_copy(last).map(|()| None),
            Reaction::Done => {
                self.check_transaction(frame)?;
                Ok(self.finish_batch())
            }
        }
    }

    /// An error belongs to the first batch, unless the server ends the connection with it.
    fn accept_error(&mut self, frame: Frame) -> Result<Option<Signal<T>>, ProtocolError> {
        let error = self.server_error(frame)?;
        let unclaimed = match self.phase {
            Phase::Ready if !error.is_fatal() => self.pipeline.fail(error),
            _ => Err(error),
        };
        Ok(unclaimed.err().map(|error| {
            self.phase = Phase::Closed;
            Signal::Closed(error)
        }))
    }

    fn accept_authentication(&mut self, frame: Frame) -> Result<(), ProtocolError> {
        if frame.tag != b'R' {
            return Err(ProtocolError::Unexpected { tag: frame.tag });
        }
        let Phase::Authenticating(state) = std::mem::replace(&mut self.phase, Phase::Closed) else {
            return Ok(());
        };
        let (state, progress) = state.request(frame.body(&self.input), &self.settings, &mut self.output)?;
        self.phase = match progress {
            Progress::Continue => Phase::Authenticating(state),
            Progress::Accepted => Phase::Settling,
        };
        Ok(())
    }

    fn accept_settling(&mut self, frame: Frame) -> Result<Option<Signal<T>>, ProtocolError> {
        match frame.tag {
            b'S' => self.accept_parameter(frame)?,
            b'K' => self.accept_key(frame)?,
            b'N' => {
                return self
                    .server_error(frame)
                    .map(|notice| Some(Signal::Notice(notice)));
            }
            b'Z' => {
                self.check_transaction(frame)?;
                self.phase = Phase::Ready;
                return Ok(Some(Signal::Started));
            }
            tag => return Err(ProtocolError::Unexpected { tag }),
        }
        Ok(None)
    }

    fn accept_key(&mut self, frame: Frame) -> Result<(), ProtocolError> {
        let mut body = Body(frame.body(&self.input));
        let (Some(pid), Some(secret), true) = (body.i32(), body.i32(), body.is_empty()) else {
            return Err(ProtocolError::Malformed { tag: frame.tag });
        };
        self.statements.distinguish(pid);
        self.backend = Some(BackendKey { pid, secret });
        Ok(())
    }

    fn accept_parameter(&mut self, frame: Frame) -> Result<(), ProtocolError> {
        let (name, value) = two_strings(frame.body(&self.input)).ok_or(malformed(frame))?;
        self.parameters.set(name, value)
    }

    fn server_error(&self, frame: Frame) -> Result<Box<ServerError>, ProtocolError> {
        ServerError::parse(frame.body(&self.input))
            .map(Box::new)
            .ok_or(malformed(frame))
    }

    /// A transaction that stays open would swallow the next request, with the role of this one.
    fn check_transaction(&self, frame: Frame) -> Result<(), ProtocolError> {
        match frame.body(&self.input) {
            b"I" => Ok(()),
            b"T" | b"E" if self.settings.transactions => Ok(()),
            b"T" | b"E" => Err(ProtocolError::TransactionLeftOpen),
            _ => Err(malformed(frame)),
        }
    }

    fn finish_batch(&mut self) -> Option<Signal<T>> {
        let finished = self.pipeline.finish()?;
        if let Some(serial) = finished.stale_before {
            self.statements.forget_before(serial);
        }
        Some(Signal::Done(finished.ticket, finished.outcome))
    }

    /// The server waits for data that nobody has. It ignored the Sync that was sent, so another has to follow the refusal;
    /// anything else that was sent already has broken its protocol, and the connection with it.
    fn refuse_copy(&mut self, last: bool) -> Result<(), ProtocolError> {
        let simple = self.pipeline.front().is_some_and(|batch| batch.is_simple());
        if self.pipeline.len() != 1 || !(last || simple) {
            return Err(ProtocolError::CopyIn);
        }
        frontend::copy_fail("COPY FROM STDIN is not supported", &mut self.output)
            .map_err(|_| ProtocolError::CopyIn)?;
        if !simple {
            frontend::sync(&mut self.output);
        }
        Ok(())
    }

    /// Gives a signal what it borrows from the message.
    fn event(&mut self, signal: Signal<T>, frame: Frame) -> Result<Event<'_, T>, ProtocolError> {
        let Self {
            input,
            pipeline,
            phase,
            ..
        } = self;
        let body = frame.body(input);
        let event = match signal {
            Signal::Described(statement) => {
                pipeline
                    .front_mut()
                    .zip(RowDescription::parse(body))
                    .map(|(batch, description)| Event::Described {
                        ticket: &mut batch.ticket,
                        statement,
                        description,
                    })
            }
            Signal::Row(statement) => pipeline
                .front_mut()
                .zip(DataRow::parse(body))
                .map(|(batch, row)| {
                    let ticket = &mut batch.ticket;
                    Event::Row {
                        ticket,
                        statement,
                        row,
                    }
                }),
            Signal::Complete(statement) => pipeline.front_mut().zip(command_tag(body)).map(|(batch, tag)| {
                let ticket = &mut batch.ticket;
                Event::Complete {
                    ticket,
                    statement,
                    tag,
                }
            }),
            Signal::Done(ticket, outcome) => Some(Event::Done { ticket, outcome }),
            Signal::Notification => {
                notification(body).map(|(channel, payload)| Event::Notification { channel, payload })
            }
            Signal::Parameter => {
                two_strings(body).map(|(name, value)| Event::ParameterChanged { name, value })
            }
            Signal::Notice(notice) => Some(Event::Notice(notice)),
            Signal::Started => Some(Event::Started),
            Signal::Closed(error) => Some(Event::Closed(error)),
        };
        event.ok_or_else(|| {
            *phase = Phase::Closed;
            malformed(frame)
        })
    }
}

fn malformed(frame: Frame) -> ProtocolError {
    ProtocolError::Malformed { tag: frame.tag }
}

fn two_strings(body: &[u8]) -> Option<(&str, &str)> {
    let mut body = Body(body);
    let strings = (body.utf8()?, body.utf8()?);
    body.is_empty().then_some(strings)
}

/// The text of a CommandComplete without its zero, which most drivers never look at; an EmptyQueryResponse has none.
fn command_tag(body: &[u8]) -> Option<CommandTag<'_>> {
    match body {
        [] => Some(CommandTag::new(b"")),
        [tag @ .., 0] if tag.is_ascii() => Some(CommandTag::new(tag)),
        _ => None,
    }
}

/// The channel and the payload; in front of them is the process that notified.
fn notification(body: &[u8]) -> Option<(&str, &str)> {
    let mut body = Body(body);
    body.i32()?;
    two_strings(body.0)
}

/// Enough for a start message, and for a batch of two statements with their parameters.
const OUTPUT_CAPACITY: usize = 4096;

/// The longest message before the connection is ready, in bytes. libpq has the same limit.
const MAX_STARTUP_MESSAGE: usize = 30_000;

#[cfg(test)]
mod tests;
