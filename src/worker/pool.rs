//! The connections of one worker to one database, and the requests that wait for them.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use postern_core::config::DatabaseConfig;
use postern_core::error::Unavailable;
use postern_core::metrics::{Block, DatabaseCounter, DatabaseGauge};
use postern_core::query::Query;

use super::connection::{Connection, Owner};
use super::connector::Connector;
use super::counters::Counters;
use super::exchange::{Exchange, Finished, Sink, Ticket};
use crate::nginx::event::Event;
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, log, process, time};

/// Between two attempts to reach a database that is down.
const FIRST_BACKOFF_MS: u64 = 100;
const LAST_BACKOFF_MS: u64 = 5000;

/// A wait behind other requests that is not worth another connection.
const SHORT_WAIT_US: u64 = 1000;

/// How often connections are looked at for their age, at the most.
const SHORTEST_SWEEP_MS: u64 = 1000;

/// Told of what happens on a pool's connections.
pub(crate) trait PoolObserver {
    /// No connection listens for notifications any more, or the first one is ready: `Pool::listener` answers a new one.
    fn connection_ready(&self);
    /// `NOTIFY` on a channel that a connection listens to.
    fn notified(&self, channel: &str, payload: &str);
}

/// Whether the database can be reached, as far as the last attempt told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// It was reached, or nobody has tried yet.
    Up,
    /// So many attempts have failed since it was reached.
    Down { attempts: u32, retry_at_ms: u64 },
}

/// The pool.
pub(crate) struct Pool {
    me: Weak<Self>,
    config: Rc<DatabaseConfig>,
    connector: Connector,
    connections: RefCell<Vec<Rc<Connection>>>,
    /// Attempts to connect that are on their way.
    attempts: RefCell<Vec<Task>>,
    opening: Cell<u32>,
    health: Cell<Health>,
    waiters: RefCell<VecDeque<Rc<Waiter>>>,
    observer: RefCell<Option<Weak<dyn PoolObserver>>>,
    sweep: RefCell<Option<Event>>,
    counters: Counters,
}

/// The right to submit one batch.
pub(crate) struct Lease {
    connection: Option<Rc<Connection>>,
    /// How long it was waited for, in microseconds.
    pub(super) waited_us: u64,
}

/// A request that waits for a lease.
#[derive(Default)]
struct Waiter {
    answer: RefCell<Option<Result<Lease, Unavailable>>>,
    waker: RefCell<Option<Waker>>,
    answered: Cell<bool>,
}

impl Pool {
    /// A pool without connections; the first one is opened when somebody asks.
    pub(super) fn new(config: Rc<DatabaseConfig>, connector: Connector) -> Rc<Self> {
        let pool = Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            config,
            connector,
            connections: RefCell::new(Vec::new()),
            attempts: RefCell::new(Vec::new()),
            opening: Cell::new(0),
            health: Cell::new(Health::Up),
            waiters: RefCell::new(VecDeque::new()),
            observer: RefCell::new(None),
            sweep: RefCell::new(None),
            counters: Counters::default(),
        });
        pool.start_sweep();
        pool
    }

    /// Who is told of what happens.
    pub(super) fn set_observer(&self, observer: Weak<dyn PoolObserver>) {
        self.observer.replace(Some(observer));
    }

    /// What is counted.
    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Writes down what the pool is like now.
    pub(super) fn write_gauges(&self, block: &Block<'_>) {
        let connections = self.connections.borrow();
        let idle = connections
            .iter()
            .filter(|connection| connection.is_idle())
            .count();
        let in_flight: u64 = connections
            .iter()
            .map(|connection| u64::from(connection.load()))
            .sum();
        block.set_database(DatabaseGauge::Open, connections.len() as u64);
        block.set_database(DatabaseGauge::Idle, idle as u64);
        block.set_database(DatabaseGauge::InFlight, in_flight);
        block.set_database(DatabaseGauge::Waiting, self.waiters.borrow().len() as u64);
        // Connections of a worker that is to exit are closed and not made again.
        let serves = !process::is_exiting();
        let is_up = connections.iter().any(|connection| connection.is_ready());
        let limit = if serves { self.config.connections.get() } else { 0 };
        block.set_database(DatabaseGauge::Limit, limit.into());
        block.set_database(DatabaseGauge::Workers, serves.into());
        block.set_database(DatabaseGauge::Up, (serves && is_up).into());
    }

    /// Whether there are all the connections that there may be.
    pub(super) fn is_full(&self) -> bool {
        self.connections.borrow().len() >= self.config.connections.get() as usize
    }

    /// The right to submit one batch: at once where a connection has room, else in the order of asking. A database that
    /// is known to be down is an error at once.
    pub(crate) async fn lease(&self) -> Result<Lease, Unavailable> {
        if self.waiters.borrow().is_empty()
            && let Some(lease) = self.try_lease()
        {
            self.counters.count(DatabaseCounter::Batches);
            return Ok(lease);
        }
        let wait = Wait {
            counters: &self.counters,
            began_us: time::precise_us(),
        };
        // In a place of its own: most requests need not wait, and need no room for that.
        let mut lease = Box::pin(self.wait_for_lease()).await;
        self.counters.count(match &mut lease {
            Ok(lease) => {
                lease.waited_us = wait.waited_us();
                DatabaseCounter::Batches
            }
            Err(_) => DatabaseCounter::Refused,
        });
        lease
    }

    async fn wait_for_lease(&self) -> Result<Lease, Unavailable> {
        if let Some(down) = self.down() {
            return Err(down);
        }
        if self.waiters.borrow().len() >= self.config.queue as usize {
            return Err(Unavailable::QueueFull);
        }
        let waiter = Rc::new(Waiter::default());
        self.waiters.borrow_mut().push_back(Rc::clone(&waiter));
        let _leave = LeaveQueue {
            pool: self,
            waiter: &waiter,
        };
        let answer = poll_fn(|context| match waiter.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                waiter.waker.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        });
        timer::timeout(self.config.acquire_timeout_ms, OnExit::Wait, answer)
            .await
            .unwrap_or(Err(Unavailable::AcquireTimeout))
    }

    /// A connection that can listen for notifications: the oldest one. It gets no new duties by that.
    pub(super) fn oldest(&self) -> Option<Rc<Connection>> {
        self.connections
            .borrow()
            .iter()
            .find(|connection| connection.is_ready())
            .cloned()
    }

    /// Has a connection opened if there is none, so that notifications are heard.
    pub(super) fn ensure_connection(&self) {
        if self.connections.borrow().is_empty() && self.opening.get() == 0 {
            self.open_another();
        }
    }

    /// Closes everything; for the end of the worker.
    pub(super) fn close(&self) {
        self.sweep.take();
        self.attempts.take();
        let connections = self.connections.take();
        for connection in connections {
            connection.close("the worker exits", Unavailable::ConnectionLost);
        }
    }

    /// A connection with room that is not stuck behind a long statement. Where the statements are so fast that one more
    /// hardly waits, those in use are filled first: batches that travel together cost both sides less. Else it is the least
    /// loaded one, and another is opened where all have work.
    fn try_lease(&self) -> Option<Lease> {
        let connections = self.connections.borrow();
        let usable = || {
            let depth = self.config.pipeline.get();
            connections
                .iter()
                .filter(move |connection| connection.is_ready() && connection.load() < depth)
                .filter(|connection| !connection.is_stuck())
        };
        let to_join = usable()
            .filter(|connection| !connection.is_idle() && connection.expected_wait_us() < SHORT_WAIT_US)
            .max_by_key(|connection| connection.load());
        if let Some(connection) = to_join {
            return Some(Lease::new(connection));
        }
        let best = usable().min_by_key(|connection| connection.load());
        if best.is_none_or(|connection| !connection.is_idle()) {
            self.open_another();
        }
        best.map(Lease::new)
    }

    fn down(&self) -> Option<Unavailable> {
        let Health::Down { retry_at_ms, .. } = self.health.get() else {
            return None;
        };
        if self
            .connections
            .borrow()
            .iter()
            .any(|connection| connection.is_ready())
        {
            return None;
        }
        let wait_ms = retry_at_ms.saturating_sub(time::monotonic_ms());
        let retry_after_s = u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        Some(Unavailable::Down { retry_after_s })
    }

    /// Starts an attempt to connect, if there may be another connection and no attempt has to be waited for.
    fn open_another(&self) {
        let limit = self.config.connections.get() as usize;
        let open = self.connections.borrow().len() + self.opening.get() as usize;
        let waiting_for_retry = matches!(self.health.get(), Health::Down { .. }) && self.opening.get() > 0;
        if open >= limit || waiting_for_retry {
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        self.opening.set(self.opening.get() + 1);
        let attempt = executor::spawn(async move {
            me.connect().await;
            me.opening.set(me.opening.get() - 1);
            me.serve_waiters();
        });
        let mut attempts = self.attempts.borrow_mut();
        attempts.retain(|attempt| !attempt.is_finished());
        attempts.push(attempt);
    }

    /// Tries until a connection is made, with growing pauses; once only where others are open.
    async fn connect(self: &Rc<Self>) {
        let owner: Rc<dyn Owner> = Rc::<Self>::clone(self);
        loop {
            match self.connector.connect(&owner).await {
                Ok(connection) if connection.is_ready() => {
                    self.health.set(Health::Up);
                    self.counters.count(DatabaseCounter::Connects);
                    self.connections.borrow_mut().push(connection);
                    self.tell_ready();
                    return;
                }
                Ok(_) => log(Level::Error, format_args!("a new connection was closed at once")),
                Err(reason) => {
                    let name = &self.config.name;
                    log(
                        Level::Error,
                        format_args!("database \"{name}\" cannot be reached: {reason}"),
                    );
                }
            }
            self.counters.count(DatabaseCounter::ConnectFailures);
            let delay_ms = self.note_failure();
            self.refuse_waiters();
            if process::is_exiting() {
                return;
            }
            timer::sleep(delay_ms, OnExit::Abandon).await;
            // Where others are open, whoever needs one more asks again.
            if !self.connections.borrow().is_empty() {
                return;
            }
        }
    }

    /// Doubles the time to the next attempt.
    fn note_failure(&self) -> u64 {
        let attempts = match self.health.get() {
            Health::Up => 1,
            Health::Down { attempts, .. } => attempts.saturating_add(1),
        };
        let delay_ms = FIRST_BACKOFF_MS
            .saturating_mul(1 << attempts.saturating_sub(1).min(10))
            .min(LAST_BACKOFF_MS);
        self.health.set(Health::Down {
            attempts,
            retry_at_ms: time::monotonic_ms().saturating_add(delay_ms),
        });
        delay_ms
    }

    fn refuse_waiters(&self) {
        let Some(down) = self.down() else { return };
        for waiter in self.waiters.take() {
            waiter.answer(Err(down));
        }
    }

    fn tell_ready(&self) {
        if let Some(observer) = self.observer() {
            observer.connection_ready();
        }
    }

    fn observer(&self) -> Option<Rc<dyn PoolObserver>> {
        self.observer.borrow().as_ref().and_then(Weak::upgrade)
    }

    fn serve_waiters(&self) {
        while !self.waiters.borrow().is_empty() {
            let Some(lease) = self.try_lease() else { return };
            // Answering only wakes a task: nobody looks at the queue meanwhile.
            if let Some(waiter) = self.waiters.borrow_mut().pop_front() {
                waiter.answer(Ok(lease));
            }
        }
    }

    /// Looks at the age of connections from time to time.
    fn start_sweep(&self) {
        let ages = [self.config.idle_timeout_ms, self.config.max_lifetime_ms];
        let Some(shortest_ms) = ages.into_iter().filter(|&age_ms| age_ms > 0).min() else {
            return;
        };
        let period_ms = (shortest_ms / 4).max(SHORTEST_SWEEP_MS);
        let me = Weak::clone(&self.me);
        let event = Event::new(move || {
            if let Some(pool) = me.upgrade() {
                pool.retire_old();
                if let Some(event) = &*pool.sweep.borrow() {
                    event.set_timer(period_ms, true);
                }
            }
        });
        event.set_timer(period_ms, true);
        self.sweep.replace(Some(event));
    }

    fn retire_old(&self) {
        let now_ms = time::monotonic_ms();
        let is_old =
            |limit_ms: u64, since_ms: u64| limit_ms > 0 && now_ms.saturating_sub(since_ms) >= limit_ms;
        let connections = self.connections.borrow().clone();
        for (position, connection) in connections.iter().enumerate() {
            let outlived = is_old(self.config.max_lifetime_ms, connection.opened_at_ms());
            // The first one stays: it listens for notifications.
            let unused = position > 0
                && connection.is_idle()
                && is_old(self.config.idle_timeout_ms, connection.since_ms());
            if outlived || unused {
                connection.drain();
            }
        }
    }
}

impl Owner for Pool {
    fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    fn notified(&self, channel: &str, payload: &str) {
        if let Some(observer) = self.observer() {
            observer.notified(channel, payload);
        }
    }

    fn capacity_freed(&self) {
        self.serve_waiters();
    }

    fn connection_closed(&self, connection: &Rc<Connection>) {
        let mut connections = self.connections.borrow_mut();
        let before = connections.len();
        connections.retain(|other| !Rc::ptr_eq(other, connection));
        let was_ours = connections.len() < before;
        drop(connections);
        if was_ours {
            self.tell_ready();
            self.serve_waiters();
        }
    }

    fn room(&self) -> usize {
        let depth = self.config.pipeline.get();
        let connections = self.connections.borrow();
        let usable = connections
            .iter()
            .filter(|connection| connection.is_ready() && !connection.is_stuck())
            .map(|connection| depth.saturating_sub(connection.load()) as usize)
            .sum::<usize>();
        let to_open = (self.config.connections.get() as usize).saturating_sub(connections.len());
        usable + to_open * depth as usize
    }

    fn has_waiters(&self) -> bool {
        !self.waiters.borrow().is_empty()
    }
}

impl Lease {
    fn new(connection: &Rc<Connection>) -> Self {
        connection.change_load(1);
        Self {
            connection: Some(Rc::clone(connection)),
            waited_us: 0,
        }
    }

    /// Submits the batch: its statements run in one implicit transaction, and its end comes after their commit. One that
    /// changes nothing is `repeatable`: it need not wait behind a long statement. `announce` gives the ticket of one that
    /// changes something.
    pub(crate) fn submit<S: Sink>(
        mut self,
        sink: S,
        repeatable: bool,
        role: &str,
        queries: &[impl Borrow<Query>],
        announce: impl FnOnce(Rc<dyn Ticket>) -> Rc<dyn Ticket>,
    ) -> Finished<S> {
        let exchange = Exchange::new(sink, repeatable);
        if let Some(connection) = self.connection.take() {
            connection.submit(announce(Rc::<Exchange<S>>::clone(&exchange)), role, queries);
        }
        exchange.finished()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.lease_returned();
        }
    }
}

impl Waiter {
    fn answer(&self, answer: Result<Lease, Unavailable>) {
        self.answered.set(true);
        self.answer.replace(Some(answer));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A wait for a connection, which is counted also if its request goes away.
struct Wait<'a> {
    counters: &'a Counters,
    began_us: u64,
}

impl Wait<'_> {
    fn waited_us(&self) -> u64 {
        time::precise_us().saturating_sub(self.began_us)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.counters.count(DatabaseCounter::Waits);
        self.counters.add(DatabaseCounter::WaitUs, self.waited_us());
    }
}

/// A request that goes away leaves the queue.
struct LeaveQueue<'a> {
    pool: &'a Pool,
    waiter: &'a Rc<Waiter>,
}

impl Drop for LeaveQueue<'_> {
    fn drop(&mut self) {
        if !self.waiter.answered.get() {
            self.pool
                .waiters
                .borrow_mut()
                .retain(|other| !Rc::ptr_eq(other, self.waiter));
        }
    }
}
