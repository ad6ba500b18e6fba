//! Fetches key sets: when the worker starts, on a schedule, and when a token names a key that is not known.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use bytes::Bytes;

use super::http_client::fetch;
use crate::conf::RemoteKeys;
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, log, time};

/// Tokens with unknown keys, which anybody can make up, have the keys fetched no more often than this.
const SHORTEST_DEMAND_MS: u64 = 10_000;

/// Between attempts that fail.
const FIRST_PAUSE_MS: u64 = 1000;
const LAST_PAUSE_MS: u64 = 60_000;

/// How the fetching of a key set goes, in one worker.
#[derive(Default)]
pub(crate) struct Refresh {
    is_running: Cell<bool>,
    is_demanded: Cell<bool>,
    /// When somebody last asked, in milliseconds of the monotonic clock.
    demanded_at_ms: Cell<Option<u64>>,
    /// How many attempts have ended.
    attempts: Cell<u64>,
    fetcher: RefCell<Option<Waker>>,
    /// Requests that wait for the attempt that is running, by the order in which they came.
    waiters: RefCell<BTreeMap<u64, Waker>>,
    waiters_so_far: Cell<u64>,
}

/// More requests do not wait for keys: they are refused at once.
const MAX_WAITERS: usize = 1000;

impl Refresh {
    /// Asks for the keys to be fetched now and waits until that has been tried. Answers at once where somebody has asked shortly
    /// before.
    pub(crate) async fn demand(&self) {
        if !self.is_running.get() && !self.accept_demand() {
            return;
        }
        let attempts = self.attempts.get();
        if self.waiters.borrow().len() >= MAX_WAITERS {
            return;
        }
        let waiter = Waiter::new(self);
        poll_fn(|context| {
            if self.attempts.get() != attempts {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.waiters.borrow_mut().insert(waiter.number, waker);
            Poll::Pending
        })
        .await;
    }

    fn accept_demand(&self) -> bool {
        let now_ms = time::monotonic_ms();
        let is_early = |last_ms| now_ms.saturating_sub(last_ms) < SHORTEST_DEMAND_MS;
        if self.demanded_at_ms.get().is_some_and(is_early) && !self.is_demanded.get() {
            return false;
        }
        self.demanded_at_ms.set(Some(now_ms));
        self.is_demanded.set(true);
        if let Some(fetcher) = self.fetcher.take() {
            fetcher.wake();
        }
        true
    }

    fn begin(&self) {
        self.is_running.set(true);
        self.is_demanded.set(false);
    }

    fn end(&self) {
        self.is_running.set(false);
        self.attempts.set(self.attempts.get() + 1);
        for (_, waiter) in self.waiters.take() {
            waiter.wake();
        }
    }

    /// Until the time has come, or somebody asks.
    async fn wait(&self, delay_ms: u64) {
        let mut alarm = pin!(timer::sleep(delay_ms, OnExit::Abandon));
        poll_fn(|context| {
            if self.is_demanded.get() {
                return Poll::Ready(());
            }
            self.fetcher.replace(Some(context.waker().clone()));
            alarm.as_mut().poll(context)
        })
        .await;
    }
}

/// A request that waits; one that goes away leaves nothing behind.
struct Waiter<'r> {
    refresh: &'r Refresh,
    number: u64,
}

impl<'r> Waiter<'r> {
    fn new(refresh: &'r Refresh) -> Self {
        let number = refresh.waiters_so_far.get();
        refresh.waiters_so_far.set(number + 1);
        Self { refresh, number }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.refresh.waiters.borrow_mut().remove(&self.number);
    }
}

/// Keeps a key set fetched as long as the task lives.
pub(super) fn start(keys: &Rc<RemoteKeys>) -> Task {
    let keys = Rc::clone(keys);
    keys.refresh().begin();
    executor::spawn(async move {
        let mut fetcher = Fetcher {
            keys,
            last: Bytes::new(),
            pause_ms: FIRST_PAUSE_MS,
        };
        loop {
            fetcher.keys.refresh().begin();
            let delay_ms = fetcher.refresh().await;
            fetcher.keys.refresh().end();
            fetcher.keys.refresh().wait(delay_ms).await;
        }
    })
}

struct Fetcher {
    keys: Rc<RemoteKeys>,
    /// What was fetched last: the same keys need not be prepared again, and what they have verified stays.
    last: Bytes,
    pause_ms: u64,
}

impl Fetcher {
    /// Tries to get the keys; the last good ones stay where it fails. Answers when to try again.
    async fn refresh(&mut self) -> u64 {
        match self.try_refresh().await {
            Ok(()) => {
                self.pause_ms = FIRST_PAUSE_MS;
                self.keys.refresh_ms()
            }
            Err(reason) => {
                let endpoint = self.keys.endpoint();
                log(
                    Level::Error,
                    format_args!("keys of {endpoint} could not be fetched: {reason}"),
                );
                let pause_ms = self.pause_ms.min(self.keys.refresh_ms());
                self.pause_ms = (self.pause_ms * 2).min(LAST_PAUSE_MS);
                pause_ms
            }
        }
    }

    async fn try_refresh(&mut self) -> Result<(), String> {
        let text = fetch(self.keys.endpoint())
            .await
            .map_err(|error| error.to_string())?;
        if text == self.last {
            return Ok(());
        }
        let configs = self.keys.parse(&text).map_err(|error| error.to_string())?;
        if configs.is_empty() {
            // That is what the issuer says: it may have withdrawn what was stolen.
            let endpoint = self.keys.endpoint();
            log(
                Level::Error,
                format_args!("no usable key in the key set of {endpoint}"),
            );
        }
        self.keys
            .store()
            .replace(&configs)
            .map_err(|error| error.to_string())?;
        self.last = text;
        Ok(())
    }
}
