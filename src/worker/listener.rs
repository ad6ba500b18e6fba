//! Hears of changes that others make: one connection of the node listens for notifications, and does nothing else, so that no long
//! statement delays them.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use postern_core::changes::{self, CHANNEL};
use postern_core::config::DatabaseConfig;

use super::changes::ChangeObserver;
use super::connection::{CloseUnlessWanted, Connection, Owner};
use super::connector::Connector;
use super::exchange::{BatchError, Exchange, NoRows};
use crate::conf::DatabaseSettings;
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, log, process, time};

/// Between two attempts to connect.
const FIRST_BACKOFF_MS: u64 = 100;
const LAST_BACKOFF_MS: u64 = 2000;

/// A server that does not take LISTEN (a standby) is asked again after so long: it may be promoted.
const REFUSED_BACKOFF_MS: u64 = 10_000;

/// How often the observer is told that changes are heard of; a little more often than it may count on.
const HEARD_EVERY_MS: u64 = 400;

/// A server that was silent for so long is asked whether it is there: a peer that vanishes says nothing.
const SILENCE_MS: u64 = 5000;

/// How long it may take to answer.
const ANSWER_WITHIN_MS: u64 = 2000;

/// The listener of a database.
pub(super) struct Listener {
    ear: Rc<Ear>,
    task: RefCell<Option<Task>>,
}

/// What the connection talks to.
struct Ear {
    config: Rc<DatabaseConfig>,
    observer: Rc<dyn ChangeObserver>,
    /// When the server was last known to be there, in milliseconds of the monotonic clock.
    alive_at_ms: Cell<u64>,
    /// Waits for the connection to be closed.
    waker: RefCell<Option<Waker>>,
    state: Cell<State>,
}

/// What the log has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet.
    Starting,
    /// Changes are heard of.
    Hearing,
    /// They are not.
    Deaf,
}

/// Why a connection does not listen any more.
enum Loss {
    /// It could not be made, or was lost.
    Lost(String),
    /// The server refuses to let it listen.
    Refused(String),
}

impl Listener {
    /// Starts to connect.
    pub(super) fn start(settings: &Rc<DatabaseSettings>, observer: Rc<dyn ChangeObserver>) -> Self {
        let ear = Rc::new(Ear {
            config: Rc::clone(&settings.config),
            observer,
            alive_at_ms: Cell::new(0),
            waker: RefCell::new(None),
            state: Cell::new(State::Starting),
        });
        let connector = Connector::new(Rc::clone(settings));
        let task = executor::spawn(listen_forever(Rc::clone(&ear), connector));
        Self {
            ear,
            task: RefCell::new(Some(task)),
        }
    }

    /// Whether changes are heard of.
    pub(super) fn is_hearing(&self) -> bool {
        self.ear.state.get() == State::Hearing
    }

    /// Closes the connection; for the end of the worker.
    pub(super) fn stop(&self) {
        self.task.take();
        self.ear.waker.take();
    }
}

/// Connects and listens, again and again, until the worker exits.
async fn listen_forever(ear: Rc<Ear>, connector: Connector) {
    let mut attempts = 0;
    while !process::is_exiting() {
        let loss = ear.listen(&connector).await;
        if process::is_exiting() {
            return;
        }
        if ear.state.get() == State::Hearing {
            attempts = 0;
        }
        ear.tell_deaf(&loss);
        let pause_ms = match loss {
            Loss::Refused(_) => REFUSED_BACKOFF_MS,
            Loss::Lost(_) => FIRST_BACKOFF_MS
                .saturating_mul(1 << attempts.min(10))
                .min(LAST_BACKOFF_MS),
        };
        attempts += 1;
        timer::sleep(pause_ms, OnExit::Abandon).await;
    }
}

impl Ear {
    /// Listens on one connection until it is lost.
    async fn listen(self: &Rc<Self>, connector: &Connector) -> Loss {
        let owner: Rc<dyn Owner> = Rc::<Self>::clone(self);
        let connection = match connector.connect(&owner).await {
            Ok(connection) => connection,
            Err(reason) => return Loss::Lost(reason),
        };
        let _guard = CloseUnlessWanted(Some(Rc::clone(&connection)));
        if let Err(loss) = self.run(&connection, &format!("LISTEN {CHANNEL}")).await {
            return loss;
        }
        // What was changed before the server took the command was not heard.
        self.observer.all_changed();
        self.tell_hearing();
        loop {
            self.observer.heard();
            if self.closed_within(&connection, HEARD_EVERY_MS).await {
                return Loss::Lost("the connection is lost".to_owned());
            }
            let silent_ms = time::monotonic_ms().saturating_sub(self.alive_at_ms.get());
            if silent_ms >= SILENCE_MS
                && let Err(loss) = self.run(&connection, "").await
            {
                return loss;
            }
        }
    }

    /// Runs a command, which has to be answered soon.
    async fn run(&self, connection: &Rc<Connection>, command: &str) -> Result<(), Loss> {
        let exchange = Exchange::new(NoRows, false);
        connection.change_load(1);
        let ticket = Rc::<Exchange<NoRows>>::clone(&exchange);
        connection.submit_simple(ticket, command);
        // The connection holds the exiting worker itself while it waits for an answer.
        let ending = timer::timeout(ANSWER_WITHIN_MS, OnExit::Abandon, exchange.finished()).await;
        match ending {
            Some((_, Ok(()))) => {
                self.alive_at_ms.set(time::monotonic_ms());
                Ok(())
            }
            Some((_, Err(BatchError::Failed(failure)))) => Err(Loss::Refused(failure.error.to_string())),
            Some((_, Err(BatchError::Lost(_) | BatchError::Overtaken))) => {
                Err(Loss::Lost("the connection is lost".to_owned()))
            }
            None => Err(Loss::Lost(format!(
                "the server did not answer within {ANSWER_WITHIN_MS} ms"
            ))),
        }
    }

    /// Whether the connection is closed before `limit_ms` are over.
    async fn closed_within(&self, connection: &Rc<Connection>, limit_ms: u64) -> bool {
        let closed = poll_fn(|context| {
            if !connection.is_ready() {
                return Poll::Ready(());
            }
            self.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        });
        timer::timeout(limit_ms, OnExit::Abandon, pin!(closed))
            .await
            .is_some()
    }

    fn tell_hearing(&self) {
        let before = self.state.replace(State::Hearing);
        let name = &self.config.name;
        match before {
            State::Hearing => {}
            State::Starting => log(Level::Info, format_args!("changes in \"{name}\" are heard of")),
            State::Deaf => log(
                Level::Notice,
                format_args!("changes in \"{name}\" are heard of again"),
            ),
        }
    }

    /// Once for each time, however many attempts fail.
    fn tell_deaf(&self, loss: &Loss) {
        if self.state.replace(State::Deaf) != State::Deaf {
            let (name, Loss::Lost(reason) | Loss::Refused(reason)) = (&self.config.name, loss);
            log(
                Level::Error,
                format_args!("changes in \"{name}\" are not heard of: {reason}"),
            );
        }
    }
}

impl Owner for Ear {
    fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    fn notified(&self, channel: &str, payload: &str) {
        if channel != CHANNEL {
            return;
        }
        self.alive_at_ms.set(time::monotonic_ms());
        match changes::relation(payload) {
            Some(relation) => self.observer.changed(relation),
            None => self.observer.all_changed(),
        }
    }

    fn on_exit(&self) -> OnExit {
        OnExit::Abandon
    }

    fn connection_closed(&self, _connection: &Rc<Connection>) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
