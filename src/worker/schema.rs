//! Loads the schema cache and keeps it current: anew on `NOTIFY postern, 'reload schema'`, and whenever the connection that
//! listens was lost, as a notification may have been missed.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use postern_core::config::DatabaseConfig;
use postern_core::error::Unavailable;
use postern_core::metrics::DatabaseCounter;
use postern_core::pg::DataRow;
use postern_core::query::introspection;
use postern_core::schema_cache::{SchemaCache, SchemaCacheBuilder, SchemaCacheError};
use tokio::sync::Notify;

use super::connection::Connection;
use super::exchange::{BatchError, Exchange, NoRows, Sink};
use super::pool::{Pool, PoolObserver};
use crate::nginx::executor::{self, Task};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, log, process, time};

/// The channel on which the schema cache is told to reload (PostgreSQL manual, `NOTIFY`).
const CHANNEL: &str = "postern";
const RELOAD: &str = "reload schema";

/// Between two attempts to load.
const RETRY_AFTER_MS: u64 = 1000;

/// The schema cache of one database.
pub(super) struct SchemaLoader {
    me: Weak<Self>,
    config: Rc<DatabaseConfig>,
    pool: Rc<Pool>,
    current: RefCell<Option<Rc<SchemaCache>>>,
    /// Tells all who wait that an attempt to load is over. Whoever does not wait any more leaves nothing behind.
    attempted: Notify,
    listener: RefCell<Weak<Connection>>,
    /// Whether it was told to listen.
    listens: Cell<bool>,
    loading: RefCell<Option<Task>>,
    /// The catalogue may have changed since the load that is under way began.
    stale: Cell<bool>,
    /// Why there is no schema cache.
    failure: Cell<Option<Unavailable>>,
    /// When the schema cache was loaded, in seconds of Unix time.
    loaded_s: Cell<Option<u64>>,
}

impl SchemaLoader {
    /// Starts to connect and to load.
    pub(super) fn start(config: Rc<DatabaseConfig>, pool: Rc<Pool>) -> Rc<Self> {
        let loader = Rc::new_cyclic(|me: &Weak<Self>| Self {
            me: Weak::clone(me),
            config,
            pool,
            current: RefCell::new(None),
            attempted: Notify::new(),
            listener: RefCell::new(Weak::new()),
            listens: Cell::new(false),
            loading: RefCell::new(None),
            stale: Cell::new(false),
            failure: Cell::new(None),
            loaded_s: Cell::new(None),
        });
        let observer: Weak<dyn PoolObserver> = Weak::<Self>::clone(&loader.me);
        loader.pool.set_observer(observer);
        loader.reload();
        loader
    }

    /// Stops loading.
    pub(super) fn stop(&self) {
        self.loading.take();
    }

    /// The schema cache. Waits while the first one is loaded, but not for a database that is down.
    pub(super) async fn current(&self) -> Result<Rc<SchemaCache>, Unavailable> {
        if let Some(schema) = self.now() {
            return Ok(schema);
        }
        let loaded = async {
            loop {
                let attempted = self.attempted.notified();
                if let Some(schema) = self.now() {
                    return Ok(schema);
                }
                if let Some(failure) = self.failure.get() {
                    return Err(failure);
                }
                attempted.await;
            }
        };
        timer::timeout(self.config.acquire_timeout_ms, OnExit::Wait, loaded)
            .await
            .unwrap_or(Err(Unavailable::SchemaCacheNotLoaded))
    }

    /// The schema cache, if there is one already.
    pub(super) fn now(&self) -> Option<Rc<SchemaCache>> {
        self.current.borrow().clone()
    }

    /// When it was loaded, in seconds of Unix time.
    pub(super) fn loaded_s(&self) -> Option<u64> {
        self.loaded_s.get()
    }

    /// Loads in the background; once more if asked while it is at it.
    fn reload(&self) {
        let under_way = self
            .loading
            .borrow()
            .as_ref()
            .is_some_and(|task| !task.is_finished());
        if under_way {
            self.stale.set(true);
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        let task = executor::spawn(async move { me.load_until_current().await });
        self.loading.replace(Some(task));
    }

    /// Has the listener hear of changes, before what may have changed is read.
    async fn listen(&self) {
        let connection = self.listener.borrow().upgrade();
        // A pooler that shares connections has no use for LISTEN: the schema cache is then loaded at a reload of nginx.
        let (Some(connection), true) = (connection, self.config.prepare) else {
            return;
        };
        if !self.listens.replace(true) {
            connection.change_load(1);
            let exchange = Exchange::new(NoRows, false);
            let ticket = Rc::clone(&exchange);
            connection.submit_simple(ticket, &format!("LISTEN {CHANNEL}"));
            // A connection that is lost has another one listen; a standby cannot, and is read once.
            if let (_, Err(BatchError::Failed(failure))) = exchange.finished().await {
                let (name, error) = (&self.config.name, &failure.error);
                log(
                    Level::Error,
                    format_args!("schema changes of \"{name}\" are not heard of: {error}"),
                );
            }
        }
    }

    async fn load_until_current(&self) {
        self.listen().await;
        loop {
            self.stale.set(false);
            match self.load().await {
                Ok(schema) => {
                    let relations = schema.relations().len();
                    log(
                        Level::Info,
                        format_args!(
                            "schema cache of \"{}\" has {relations} relations",
                            self.config.name
                        ),
                    );
                    self.current.replace(Some(Rc::new(schema)));
                    self.loaded_s.set(Some(time::unix_s()));
                    self.pool.counters().count(DatabaseCounter::SchemaLoads);
                    self.failure.set(None);
                    self.attempted.notify_waiters();
                    if !self.stale.get() {
                        return;
                    }
                }
                Err(error) => {
                    log(
                        Level::Error,
                        format_args!("schema cache of \"{}\" is not loaded: {error}", self.config.name),
                    );
                    self.failure.set(Some(error.unavailable()));
                    self.pool.counters().count(DatabaseCounter::SchemaFailures);
                    self.attempted.notify_waiters();
                    timer::sleep(RETRY_AFTER_MS, OnExit::Abandon).await;
                }
            }
        }
    }

    async fn load(&self) -> Result<SchemaCache, LoadError> {
        let lease = self.pool.lease().await.map_err(LoadError::Unavailable)?;
        let context = introspection::context();
        let catalogue = introspection::catalogue(self.config.schemas.iter().map(|schema| &**schema));
        let (rows, ending) = lease
            .submit(
                CatalogueRows::default(),
                false,
                "",
                &[&context, &catalogue],
                |ticket| ticket,
            )
            .await;
        match ending {
            Ok(()) => rows.finish().map_err(LoadError::Catalogue),
            Err(BatchError::Failed(failure)) => Err(LoadError::Refused(failure.error.to_string())),
            Err(BatchError::Lost(loss)) => Err(LoadError::Unavailable(loss)),
            Err(BatchError::Overtaken) => Err(LoadError::Unavailable(Unavailable::ConnectionLost)),
        }
    }
}

/// Why the schema cache is not loaded.
#[derive(Debug)]
enum LoadError {
    Unavailable(Unavailable),
    Refused(String),
    Catalogue(SchemaCacheError),
}

impl LoadError {
    fn unavailable(&self) -> Unavailable {
        match self {
            Self::Unavailable(reason) => *reason,
            Self::Refused(_) | Self::Catalogue(_) => Unavailable::SchemaCacheNotLoaded,
        }
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable(reason) => reason.fmt(formatter),
            Self::Refused(reason) => formatter.write_str(reason),
            Self::Catalogue(error) => error.fmt(formatter),
        }
    }
}

impl PoolObserver for SchemaLoader {
    fn connection_ready(&self) {
        let listens = self
            .listener
            .borrow()
            .upgrade()
            .is_some_and(|connection| connection.is_ready());
        if listens || process::is_exiting() {
            return;
        }
        let Some(connection) = self.pool.oldest() else {
            self.pool.ensure_connection();
            return;
        };
        self.listener.replace(Rc::downgrade(&connection));
        self.listens.set(false);
        // An attempt that waits for its next try starts over now that there is a connection.
        self.loading.take();
        self.reload();
    }

    fn notified(&self, channel: &str, payload: &str) {
        if channel == CHANNEL && payload == RELOAD {
            self.reload();
        }
    }
}

/// Collects the catalogue's rows, each one a JSON text.
#[derive(Default)]
struct CatalogueRows {
    builder: SchemaCacheBuilder,
    error: Option<SchemaCacheError>,
}

impl CatalogueRows {
    fn finish(self) -> Result<SchemaCache, SchemaCacheError> {
        match self.error {
            Some(error) => Err(error),
            None => self.builder.finish(),
        }
    }
}

impl Sink for CatalogueRows {
    fn row(&mut self, statement: usize, row: &DataRow<'_>) {
        if statement == 1
            && self.error.is_none()
            && let Some(Some(json)) = row.values().next()
        {
            self.error = self.builder.row(json).err();
        }
    }
}
