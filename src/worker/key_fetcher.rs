//! Fetches key sets: when the worker starts, on a schedule, and when a token names a key that is not known.

use std::cell::{Cell, RefCell};
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
    waiters: RefCell<Vec<Waker>>,
}

impl Refresh {
    /// Asks for the keys to be fetched now and waits until that has been tried. Answers at once where somebody has asked shortly
    /// before.
    pub(crate) async fn demand(&self) {
        if !self.is_running.get() && !self.accept_demand() {
            return;
        }
        let attempts = self.attempts.get();
        poll_fn(|context| {
            if self.attempts.get() != attempts {
                return Poll::Ready(());
            }
            self.waiters.borrow_mut().push(context.waker().clone());
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
        for waiter in self.waiters.take() {
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
                let url = &self.keys.endpoint().url;
                log(
                    Level::Error,
                    format_args!("keys of {url} could not be fetched: {reason}"),
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
        self.keys
            .store()
            .replace(&configs)
            .map_err(|error| error.to_string())?;
        self.last = text;
        Ok(())
    }
}
