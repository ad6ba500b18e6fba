//! One connection to PostgreSQL: moves bytes between a socket and the protocol, and hands what comes out to tickets and to
//! its owner.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell, RefMut};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use bytes::BytesMut;
use postern_core::changes;
use postern_core::config::DatabaseConfig;
use postern_core::error::Unavailable;
use postern_core::pg::{self, Event};
use postern_core::query::Query;

use super::exchange::{BatchError, Stopped, Ticket};
use super::pace::Pace;
use super::transport::{Established, Transport};
use crate::nginx::addr::Address;
use crate::nginx::executor::{self, Deferred};
use crate::nginx::peer::{Peer, PeerHandler, Received};
use crate::nginx::timer::OnExit;
use crate::nginx::{Level, log, time};

/// How many reads a connection makes before the others of the worker get their turn.
const READS_PER_TURN: usize = 8;

/// Room for one read: a page of rows, or the short answers of many requests.
const READ_SIZE: usize = 16 << 10;

/// A connection whose server has worked on one batch for so long gets no new ones, and those behind it that can be sent
/// elsewhere are.
const STUCK_AFTER_MS: u64 = 50;

/// A client that takes nothing of its response for so long is given up where others wait for the connection.
const STALLED_AFTER_MS: u64 = 1000;

/// How long after `query_timeout` the server's own `statement_timeout` may take to arrive.
const TIMEOUT_GRACE_MS: u64 = 1000;

/// Where a connection is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The socket connects, TLS and authentication are on their way.
    Opening,
    /// Batches may be submitted.
    Ready,
    /// No more batches: it is closed when those in flight are over.
    Draining,
    /// Gone, with the reason.
    Closed(Rc<str>),
}

/// Why a connection could not be opened.
#[derive(Debug)]
pub(super) struct OpenError {
    pub(super) reason: Rc<str>,
    /// It failed in the TLS handshake.
    pub(super) in_tls: bool,
}

/// Whose connection it is: a pool, or somebody who listens on it.
pub(super) trait Owner {
    /// The settings.
    fn config(&self) -> &DatabaseConfig;
    /// `NOTIFY` on a channel that the connection listens to.
    fn notified(&self, channel: &str, payload: &str);
    /// The connection is gone.
    fn connection_closed(&self, connection: &Rc<Connection>);
    /// Whether an exiting worker waits for a connection that is being made.
    fn on_exit(&self) -> OnExit {
        OnExit::Wait
    }
    /// A batch is over, or a lease was given back.
    fn capacity_freed(&self) {}
    /// How many batches could be sent at once without waiting behind a long statement.
    fn room(&self) -> usize {
        0
    }
    /// Whether requests wait for a connection.
    fn has_waiters(&self) -> bool {
        false
    }
}

type Protocol = pg::Connection<Rc<dyn Ticket>>;

/// A connection. Its owner and the leases on it share it.
pub(crate) struct Connection {
    me: Weak<Self>,
    owner: Weak<dyn Owner>,
    address: Address,
    query_timeout_ms: u64,
    opened_at_ms: u64,
    stage: RefCell<Stage>,
    peer: RefCell<Option<Peer>>,
    transport: RefCell<Transport>,
    settings: Rc<pg::Settings>,
    /// `None` until the transport is established.
    protocol: RefCell<Option<Protocol>>,
    /// Leases and batches in flight.
    load: Cell<u32>,
    /// When the batch that the server works on became the first, or the connection idle.
    since_ms: Cell<u64>,
    pace: Pace,
    flush_is_queued: Cell<bool>,
    was_established: Cell<bool>,
    /// Since when nothing is read because a client does not take its response.
    stopped_since_ms: Cell<Option<u64>>,
    opener: RefCell<Option<Waker>>,
}

impl Connection {
    /// Opens a connection and waits until it is ready. Dropping the future closes it.
    pub(super) async fn open(
        owner: &Rc<dyn Owner>,
        address: &Address,
        transport: Transport,
        settings: Rc<pg::Settings>,
    ) -> Result<Rc<Self>, OpenError> {
        let now_ms = time::monotonic_ms();
        let connection = Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            owner: Rc::downgrade(owner),
            address: address.clone(),
            query_timeout_ms: owner.config().query_timeout_ms,
            opened_at_ms: now_ms,
            stage: RefCell::new(Stage::Opening),
            peer: RefCell::new(None),
            transport: RefCell::new(transport),
            settings,
            protocol: RefCell::new(None),
            load: Cell::new(0),
            since_ms: Cell::new(now_ms),
            pace: Pace::new(),
            flush_is_queued: Cell::new(false),
            was_established: Cell::new(false),
            stopped_since_ms: Cell::new(None),
            opener: RefCell::new(None),
        });
        let mut guard = CloseUnlessWanted(Some(Rc::clone(&connection)));
        let handler: Rc<dyn PeerHandler> = Rc::<Self>::clone(&connection);
        let peer = Peer::connect(address, handler).map_err(|error| OpenError {
            reason: error.to_string().into(),
            in_tls: false,
        })?;
        connection.peer.replace(Some(peer));
        poll_fn(|context| {
            let stage = connection.stage.borrow();
            match &*stage {
                Stage::Opening => {
                    connection.opener.replace(Some(context.waker().clone()));
                    Poll::Pending
                }
                Stage::Closed(reason) => {
                    let in_tls = matches!(*connection.transport.borrow(), Transport::Tls(_));
                    let in_tls = in_tls && !connection.was_established.get();
                    Poll::Ready(Err(OpenError {
                        reason: Rc::clone(reason),
                        in_tls,
                    }))
                }
                Stage::Ready | Stage::Draining => Poll::Ready(Ok(())),
            }
        })
        .await?;
        guard.0 = None;
        Ok(connection)
    }

    /// Leases and batches in flight.
    pub(super) fn load(&self) -> u32 {
        self.load.get()
    }

    /// Counts a lease in or a lease or batch out.
    pub(super) fn change_load(&self, change: i32) {
        self.load.set(self.load.get().saturating_add_signed(change));
    }

    /// Whether batches may be submitted.
    pub(super) fn is_ready(&self) -> bool {
        *self.stage.borrow() == Stage::Ready
    }

    /// Whether nobody uses it.
    pub(super) fn is_idle(&self) -> bool {
        self.load.get() == 0
    }

    /// Whether the server has worked on one batch for so long that others should not wait behind it.
    pub(super) fn is_stuck(&self) -> bool {
        self.in_flight() > 0 && self.busy_ms() >= STUCK_AFTER_MS
    }

    /// How long one more batch would wait for those before it, at the pace of the last ones, in microseconds.
    pub(super) fn expected_wait_us(&self) -> u64 {
        self.pace.batch_us().saturating_mul(self.load.get().into())
    }

    fn busy_ms(&self) -> u64 {
        time::monotonic_ms().saturating_sub(self.since_ms.get())
    }

    /// Since when it has been idle, or the server has worked on the same batch, in milliseconds of the monotonic clock.
    pub(super) fn since_ms(&self) -> u64 {
        self.since_ms.get()
    }

    /// When it was opened, in milliseconds of the monotonic clock.
    pub(super) fn opened_at_ms(&self) -> u64 {
        self.opened_at_ms
    }

    /// The value of a parameter that the server reports (`server_version`, `in_hot_standby`, …).
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.protocol()?.parameter(name).map(str::to_owned)
    }

    /// Sends a batch; its end is told to the ticket, and only then does its load go.
    pub(super) fn submit(&self, ticket: Rc<dyn Ticket>, role: &str, queries: &[impl Borrow<Query>]) {
        self.submit_with(ticket, |protocol, ticket| protocol.submit(ticket, role, queries));
    }

    /// Sends a command without parameters.
    pub(super) fn submit_simple(&self, ticket: Rc<dyn Ticket>, command: &str) {
        self.submit_with(ticket, |protocol, ticket| protocol.submit_simple(ticket, command));
    }

    fn submit_with(
        &self,
        ticket: Rc<dyn Ticket>,
        submit: impl FnOnce(&mut Protocol, Rc<dyn Ticket>) -> Result<(), pg::Rejected<Rc<dyn Ticket>>>,
    ) {
        let refused = match self.protocol() {
            Some(mut protocol) => submit(&mut protocol, ticket)
                .err()
                .map(|rejected| (rejected.ticket, rejected.reason)),
            None => Some((ticket, pg::SubmitError::NotReady)),
        };
        if let Some((ticket, reason)) = refused {
            log(Level::Error, format_args!("a statement was not sent: {reason}"));
            self.change_load(-1);
            ticket.finish(Err(BatchError::Lost(Unavailable::ConnectionLost)));
            return;
        }
        if self.in_flight() == 1 {
            self.pace.begin();
            self.since_ms.set(time::monotonic_ms());
            self.with_peer(|peer| {
                peer.set_idle(false);
                peer.set_timeout(STUCK_AFTER_MS);
            });
        }
        self.queue_flush();
    }

    fn in_flight(&self) -> usize {
        self.protocol.borrow().as_ref().map_or(0, Protocol::in_flight)
    }

    fn protocol(&self) -> Option<RefMut<'_, Protocol>> {
        RefMut::filter_map(self.protocol.borrow_mut(), Option::as_mut).ok()
    }

    /// A lease was given back unused.
    pub(super) fn lease_returned(&self) {
        self.change_load(-1);
        self.close_if_drained();
        if let Some(owner) = self.owner.upgrade() {
            owner.capacity_freed();
        }
    }

    /// No more batches; closed when those in flight are over.
    pub(super) fn drain(&self) {
        if self.is_ready() {
            self.stage.replace(Stage::Draining);
        }
        self.close_if_drained();
    }

    fn close_if_drained(&self) {
        if self.is_idle() && *self.stage.borrow() == Stage::Draining {
            self.close("no longer needed", Unavailable::ConnectionLost);
        }
    }

    /// Closes the connection. What is in flight fails with `loss`.
    pub(super) fn close(&self, reason: &str, loss: Unavailable) {
        if matches!(*self.stage.borrow(), Stage::Closed(_)) {
            return;
        }
        self.stage.replace(Stage::Closed(reason.into()));
        let protocol = self.protocol.take();
        if let (Some(peer), Some(mut protocol)) = (self.peer.take(), protocol) {
            protocol.terminate();
            // The farewell is a courtesy: nothing depends on it.
            let _ = self.transport.borrow_mut().send(&peer, protocol.output());
            drop(peer);
            for ticket in protocol.into_tickets() {
                self.change_load(-1);
                ticket.finish(Err(BatchError::Lost(loss)));
            }
        }
        if let Some(waker) = self.opener.take() {
            waker.wake();
        }
        if let (Some(owner), Some(me)) = (self.owner.upgrade(), self.me.upgrade()) {
            owner.connection_closed(&me);
        }
    }

    fn queue_flush(&self) {
        if !self.flush_is_queued.replace(true)
            && let Some(me) = self.me.upgrade()
        {
            executor::defer(me);
        }
    }

    fn with_peer<T>(&self, use_peer: impl FnOnce(&Peer) -> T) -> Option<T> {
        self.peer.borrow().as_ref().map(use_peer)
    }

    fn flush(&self) {
        let sent = self.with_peer(|peer| match self.protocol() {
            Some(mut protocol) => self.transport.borrow_mut().send(peer, protocol.output()),
            None => Ok(()),
        });
        if let Some(Err(error)) = sent {
            self.fail(&error.to_string());
        }
    }

    /// Goes on until the protocol can begin; then it does.
    fn establish(&self) {
        let Some(established) = self.with_peer(|peer| self.transport.borrow_mut().establish(peer)) else {
            return;
        };
        match established {
            Ok(Established::No) => {}
            Ok(Established::Yes(end_point)) => {
                match pg::Connection::new(Rc::clone(&self.settings), end_point) {
                    Ok(protocol) => {
                        self.was_established.set(true);
                        self.protocol.replace(Some(protocol));
                        self.flush();
                    }
                    Err(error) => self.fail(&error.to_string()),
                }
            }
            Ok(Established::Closed) => self.fail("the server closed the connection"),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    /// Reads until there is nothing, or it is the others' turn.
    fn read(&self) {
        for _ in 0..READS_PER_TURN {
            if self.stops_for_request() {
                return;
            }
            let received = self.with_peer(|peer| {
                let Some(mut protocol) = self.protocol() else {
                    return Ok(Received::WouldBlock);
                };
                let input: &mut BytesMut = protocol.input();
                input.reserve(READ_SIZE);
                self.transport.borrow_mut().receive(peer, input)
            });
            match received {
                None | Some(Ok(Received::WouldBlock)) => return,
                Some(Ok(Received::Bytes(_))) => self.digest(),
                Some(Ok(Received::Closed)) => return self.fail("the server closed the connection"),
                Some(Err(error)) => return self.fail(&error.to_string()),
            }
        }
        self.with_peer(Peer::read_again);
    }

    /// Whether the request that the rows are for cannot take more; it will say when it can.
    fn stops_for_request(&self) -> bool {
        let Some(protocol) = self.protocol() else {
            return false;
        };
        let (Some(ticket), Some(me)) = (protocol.front(), self.me.upgrade()) else {
            return false;
        };
        let full = ticket.is_full();
        if full {
            ticket.stopped(me);
            if self.stopped_since_ms.get().is_none() {
                self.stopped_since_ms.set(Some(time::monotonic_ms()));
                self.with_peer(|peer| {
                    peer.clear_timeout();
                    peer.set_timeout(STALLED_AFTER_MS);
                });
            }
        }
        full
    }

    /// The client of the first batch does not take its response. It is given up, and not the connection with everything
    /// behind it, once its time is over, or earlier where others wait.
    fn check_stalled(&self, stopped_since_ms: u64) {
        let limit_ms = self.query_timeout_ms.saturating_add(TIMEOUT_GRACE_MS);
        let stalled_ms = time::monotonic_ms().saturating_sub(stopped_since_ms);
        let others_wait =
            self.in_flight() > 1 || self.owner.upgrade().is_some_and(|owner| owner.has_waiters());
        if self.busy_ms() < limit_ms && !(others_wait && stalled_ms >= STALLED_AFTER_MS) {
            self.with_peer(|peer| peer.set_timeout(STALLED_AFTER_MS));
            return;
        }
        let front = self
            .protocol()
            .and_then(|protocol| protocol.front().map(Rc::clone));
        if let Some(ticket) = front {
            ticket.finish(Err(BatchError::Lost(Unavailable::ClientTooSlow)));
        }
        // What still comes is read to nobody.
        self.stopped_since_ms.set(None);
        self.since_ms.set(time::monotonic_ms());
        self.with_peer(|peer| {
            peer.set_timeout(STUCK_AFTER_MS);
            peer.read_again();
        });
    }

    /// Looks at what has come.
    fn digest(&self) {
        let mut news = News::default();
        let result = self.take_events(&mut news);
        if news.done > 0 {
            self.batches_done(news.done);
        }
        if news.started {
            self.started();
        }
        if let Some(owner) = self.owner.upgrade() {
            for (channel, payload) in news.notifications {
                owner.notified(&channel, &payload);
            }
            if news.done > 0 {
                owner.capacity_freed();
            }
        }
        if let Some(reason) = news.closed {
            self.fail(&reason);
        } else if let Err(error) = result {
            self.fail(&error.to_string());
        } else if self
            .protocol()
            .is_some_and(|mut protocol| !protocol.output().is_empty())
        {
            // Authentication answers at once.
            self.queue_flush();
        }
    }

    fn take_events(&self, news: &mut News) -> Result<(), pg::ProtocolError> {
        let Some(mut protocol) = self.protocol() else {
            return Ok(());
        };
        while let Some(event) = protocol.next_event()? {
            match event {
                Event::Described {
                    ticket,
                    statement,
                    description,
                } => ticket.described(statement, &description),
                Event::Row {
                    ticket,
                    statement,
                    row,
                } => ticket.row(statement, &row),
                Event::Done { ticket, outcome } => {
                    news.done += 1;
                    ticket.finish(outcome.map_err(BatchError::Failed));
                }
                Event::Started => news.started = true,
                Event::Notification { channel, payload } => {
                    news.notifications.push((channel.into(), payload.into()));
                }
                Event::Closed(error) => news.closed = Some(error.to_string()),
                Event::Notice(notice) => match (changes::reported(&notice), protocol.front()) {
                    (Some(report), Some(ticket)) => ticket.reported(report),
                    _ => log(
                        Level::Info,
                        format_args!("{} says: {notice}", self.address.name()),
                    ),
                },
                Event::Complete { .. } | Event::ParameterChanged { .. } => {}
            }
        }
        Ok(())
    }

    /// Lets what waits behind the batch that the server works on be sent elsewhere, as far as there is room for it: the
    /// server still runs it here as well, so that more would only make a loaded database slower.
    fn let_others_overtake(&self) {
        let room = self.owner.upgrade().map_or(0, |owner| owner.room());
        let waiting: Vec<_> = match self.protocol() {
            Some(protocol) => protocol.tickets().skip(1).map(Rc::clone).collect(),
            None => return,
        };
        waiting
            .iter()
            .filter(|ticket| ticket.overtake())
            .take(room)
            .for_each(drop);
    }

    fn batches_done(&self, done: u32) {
        let was_stuck = self.busy_ms() >= STUCK_AFTER_MS;
        self.pace.note(done);
        self.load.set(self.load.get().saturating_sub(done));
        self.since_ms.set(time::monotonic_ms());
        if self.in_flight() > 0 {
            if was_stuck {
                self.with_peer(|peer| {
                    peer.clear_timeout();
                    peer.set_timeout(STUCK_AFTER_MS);
                });
            }
            return;
        }
        self.with_peer(|peer| {
            peer.clear_timeout();
            peer.set_idle(true);
        });
        self.close_if_drained();
    }

    fn started(&self) {
        self.stage.replace(Stage::Ready);
        self.with_peer(|peer| peer.set_idle(true));
        if let Some(waker) = self.opener.take() {
            waker.wake();
        }
    }

    fn fail(&self, reason: &str) {
        if !matches!(*self.stage.borrow(), Stage::Opening) {
            log(
                Level::Error,
                format_args!("connection to {} is lost: {reason}", self.address.name()),
            );
        }
        self.close(reason, Unavailable::ConnectionLost);
    }
}

/// What a read brought for the owner, told when the protocol is not borrowed any more.
#[derive(Default)]
struct News {
    started: bool,
    done: u32,
    notifications: Vec<(Box<str>, Box<str>)>,
    closed: Option<String>,
}

impl PeerHandler for Connection {
    fn on_read(&self) {
        if self.protocol.borrow().is_none() {
            self.establish();
        }
        self.read();
    }

    fn on_write(&self) {
        if self.protocol.borrow().is_some() {
            return self.flush();
        }
        match self.with_peer(Peer::connect_result) {
            Some(Ok(())) => self.establish(),
            Some(Err(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Some(Err(error)) => self.fail(&error.to_string()),
            None => {}
        }
    }

    fn on_timeout(&self) {
        if let Some(stopped_since_ms) = self.stopped_since_ms.get() {
            return self.check_stalled(stopped_since_ms);
        }
        // Batches may have ended since the timer was set: the one that is worked on now has its own time.
        let busy_ms = self.busy_ms();
        let limit_ms = self.query_timeout_ms.saturating_add(TIMEOUT_GRACE_MS);
        if busy_ms >= limit_ms {
            log(
                Level::Error,
                format_args!("{} did not answer within {limit_ms} ms", self.address.name()),
            );
            self.close("the server did not answer in time", Unavailable::QueryTimeout);
        } else if busy_ms >= STUCK_AFTER_MS {
            let wait_ms = if self.in_flight() > 1 {
                STUCK_AFTER_MS
            } else {
                limit_ms - busy_ms
            };
            self.with_peer(|peer| peer.set_timeout(wait_ms.min(limit_ms - busy_ms)));
            self.let_others_overtake();
        } else {
            self.with_peer(|peer| peer.set_timeout(STUCK_AFTER_MS - busy_ms));
        }
    }

    fn on_idle_close(&self) {
        self.close("the worker exits", Unavailable::ConnectionLost);
    }
}

impl Stopped for Connection {
    fn go_on(&self) {
        if self.stopped_since_ms.take().is_some() {
            self.with_peer(|peer| {
                peer.clear_timeout();
                peer.set_timeout(STUCK_AFTER_MS);
            });
        }
        self.with_peer(Peer::read_again);
    }
}

impl Deferred for Connection {
    fn run(&self) {
        self.flush_is_queued.set(false);
        self.flush();
    }
}

/// Closes a connection whose opening was given up.
pub(super) struct CloseUnlessWanted(pub(super) Option<Rc<Connection>>);

impl Drop for CloseUnlessWanted {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.close("the attempt was given up", Unavailable::ConnectionLost);
        }
    }
}
