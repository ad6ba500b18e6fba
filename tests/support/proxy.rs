//! A proxy between nginx and PostgreSQL on a unix socket: counts what nginx writes, message by message, and fails on demand.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::TempDir;

/// What has gone from nginx to PostgreSQL over all connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Reads that brought bytes. Where requests come one at a time, these are nginx's writes.
    pub(crate) writes: u64,
    /// Sync messages.
    pub(crate) syncs: u64,
    /// Parse messages.
    pub(crate) parses: u64,
    /// Execute messages.
    pub(crate) executes: u64,
    /// Simple queries.
    pub(crate) queries: u64,
    /// Reads from PostgreSQL that brought bytes.
    pub(crate) answers: u64,
}

#[derive(Default)]
struct State {
    writes: AtomicU64,
    syncs: AtomicU64,
    parses: AtomicU64,
    executes: AtomicU64,
    queries: AtomicU64,
    answers: AtomicU64,
    accepted: AtomicU64,
    stalled: AtomicBool,
    refusing: AtomicBool,
    closed: AtomicBool,
    streams: Mutex<Vec<UnixStream>>,
}

/// The proxy. It ends with the value.
pub(crate) struct Proxy {
    dir: TempDir,
    state: Arc<State>,
}

impl Proxy {
    /// In front of a server's socket.
    pub(crate) fn start(server: PathBuf) -> Self {
        let dir = TempDir::new("proxy");
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).unwrap();
        super::process::set_mode(&dir.path().join(".s.PGSQL.5432"), 0o777);
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.closed.load(Ordering::SeqCst) {
                    break;
                }
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                if !shared.refusing.load(Ordering::SeqCst) {
                    serve(stream.unwrap(), &server, &shared);
                }
            }
        });
        Self { dir, state }
    }

    /// A connection string through the proxy.
    pub(crate) fn dsn(&self) -> String {
        format!(
            "host={} dbname=fixture user=authenticator",
            self.dir.path().display()
        )
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let state = &self.state;
        Traffic {
            writes: state.writes.load(Ordering::SeqCst),
            syncs: state.syncs.load(Ordering::SeqCst),
            parses: state.parses.load(Ordering::SeqCst),
            executes: state.executes.load(Ordering::SeqCst),
            queries: state.queries.load(Ordering::SeqCst),
            answers: state.answers.load(Ordering::SeqCst),
        }
    }

    /// How often nginx has connected.
    pub(crate) fn accepted(&self) -> u64 {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// Holds back all that PostgreSQL answers, or lets it go.
    pub(crate) fn stall(&self, stalled: bool) {
        self.state.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Closes every new connection at once, or serves them again.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        for stream in self.state.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.closed.store(true, Ordering::SeqCst);
        self.stall(false);
        self.cut();
        // Wakes the thread that accepts.
        let _ = UnixStream::connect(self.dir.path().join(".s.PGSQL.5432"));
    }
}

fn serve(client: UnixStream, server: &Path, state: &Arc<State>) {
    let Ok(server) = UnixStream::connect(server) else {
        return;
    };
    let mut streams = state.streams.lock().unwrap();
    streams.push(client.try_clone().unwrap());
    streams.push(server.try_clone().unwrap());
    drop(streams);
    let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let shared = Arc::clone(state);
    thread::spawn(move || {
        let mut messages = Messages::default();
        copy(client, server, |bytes| {
            shared.writes.fetch_add(1, Ordering::SeqCst);
            messages.count(bytes, &shared);
        });
    });
    let shared = Arc::clone(state);
    thread::spawn(move || {
        copy(from_server, to_client, |_| {
            shared.answers.fetch_add(1, Ordering::SeqCst);
            while shared.stalled.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        });
    });
}

fn copy(mut from: UnixStream, mut to: UnixStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// Takes frontend messages apart (PostgreSQL manual, "Message Formats"). The first has no type.
#[derive(Default)]
struct Messages {
    pending: Vec<u8>,
    started: bool,
}

impl Messages {
    fn count(&mut self, bytes: &[u8], state: &State) {
        self.pending.extend_from_slice(bytes);
        loop {
            let type_length = usize::from(self.started);
            let Some(length) = self.pending.get(type_length..type_length + 4) else {
                return;
            };
            let end = type_length + u32::from_be_bytes(length.try_into().unwrap()) as usize;
            if self.pending.len() < end {
                return;
            }
            if self.started {
                let counter = match self.pending[0] {
                    b'S' => Some(&state.syncs),
                    b'P' => Some(&state.parses),
                    b'E' => Some(&state.executes),
                    b'Q' => Some(&state.queries),
                    _ => None,
                };
                if let Some(counter) = counter {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            }
            self.started = true;
            self.pending.drain(..end);
        }
    }
}
