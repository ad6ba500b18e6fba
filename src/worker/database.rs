//! A database: its pool, its schema cache, and the one way to run statements on it.

use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::rc::{Rc, Weak};

use postern_core::cache::{DatabaseId, Generations, HEARD_FOR_MS, fingerprint};
use postern_core::config::{DatabaseConfig, Listen};
use postern_core::error::{Error, Unavailable};
use postern_core::health::{Check, DatabaseHealth, Status};
use postern_core::metrics::{Block, DatabaseCounter, DatabaseGauge};
use postern_core::plan::StatementPlan;
use postern_core::query::context::{self, Context, ContextStatements};
use postern_core::query::{Query, StatementCache};
use postern_core::schema_cache::SchemaCache;

use super::cache;
use super::changes::{Announced, Announcer, ChangeObserver, Changes, LoggedChanges};
use super::connector::Connector;
use super::exchange::{BatchError, Finished, News, Sink, Ticket};
use super::listener::Listener;
use super::pool::{Lease, Pool};
use super::probe::Probe;
use super::schema::SchemaLoader;
use crate::conf::DatabaseSettings;
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{process, time};

/// A database of this worker.
pub(crate) struct Database {
    config: Rc<DatabaseConfig>,
    /// Whose catalogue it is, and whose data.
    id: DatabaseId,
    data: DatabaseId,
    fingerprint: u64,
    pool: Rc<Pool>,
    schema: Rc<SchemaLoader>,
    statements: RefCell<Statements>,
    context_statements: RefCell<ContextStatements>,
    anonymous_role: Option<Rc<str>>,
    /// The search path that every request has to set; `None` where connections have it from their start.
    search_path: Option<String>,
    /// Whom changes are made known to; nobody where there is no cache.
    announcer: Option<Rc<Announcer>>,
    listener: Option<Listener>,
    probe: Probe,
}

/// Statements by their shape, for one snapshot of the catalogue.
struct Statements {
    cache: StatementCache,
    schema: Weak<SchemaCache>,
}

/// How often a batch is sent again before its request gets an error.
pub(super) const REPEATS: u32 = 3;

/// How long a health check waits for the catalogue.
const SCHEMA_TIMEOUT_MS: u64 = 2000;

/// How many statements are kept as text; their prepared forms are counted for each connection.
const STATEMENT_SHAPES: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Statements that run in one implicit transaction.
pub(crate) struct Batch {
    /// The role that they run as; part of the key of prepared statements. Empty for the login role.
    pub(crate) role: Rc<str>,
    /// The settings of the request, then its statement.
    pub(crate) queries: Vec<Query>,
    /// Nothing is changed, so that the batch may be sent again where its connection was lost.
    pub(crate) read_only: bool,
    /// What is known to change when it is committed.
    pub(crate) changes: Changes,
    /// How long it has waited for room on a connection, in microseconds; `None` as long as it was not sent.
    pub(crate) pool_us: Cell<Option<u64>>,
}

impl Database {
    /// Starts to load the schema cache; connections are opened as they are needed. `observer` is told of all changes; without one nothing
    /// is done for that.
    pub(super) fn start(
        settings: &Rc<DatabaseSettings>,
        observer: Option<Rc<dyn ChangeObserver>>,
    ) -> Rc<Self> {
        let config = Rc::clone(&settings.config);
        let pool = Pool::new(Rc::clone(&config), Connector::new(Rc::clone(settings)));
        let schema = SchemaLoader::start(Rc::clone(&config), Rc::clone(&pool));
        let statements = Statements {
            cache: StatementCache::new(STATEMENT_SHAPES),
            schema: Weak::new(),
        };
        let search_path = (config.context.search_path && !config.prepare)
            .then(|| context::search_path(config.schemas.iter().map(|schema| &**schema)));
        let observer = observed(&config, observer);
        let listens = config.listen != Listen::Off && process::is_first_worker();
        let listener = observer
            .as_ref()
            .filter(|_| listens)
            .map(|observer| Listener::start(settings, Rc::clone(observer)));
        Rc::new(Self {
            id: DatabaseId::of(&config.name),
            data: DatabaseId::of(&settings.data_place()),
            fingerprint: fingerprint(&format!("{settings:?}")),
            announcer: observer.map(|observer| Announcer::new(observer, config.query_timeout_ms)),
            listener,
            probe: Probe::new(Rc::clone(&pool)),
            anonymous_role: config.anonymous_role.as_deref().map(Rc::from),
            statements: RefCell::new(statements),
            context_statements: RefCell::new(ContextStatements::new()),
            config,
            pool,
            schema,
            search_path,
        })
    }

    /// Closes what is open.
    pub(super) fn stop(&self) {
        self.schema.stop();
        self.probe.stop();
        if let Some(listener) = &self.listener {
            listener.stop();
        }
        if let Some(announcer) = &self.announcer {
            announcer.stop();
        }
        self.pool.close();
    }

    /// The settings.
    pub(crate) fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    /// The schema cache; waits for the first one to be loaded.
    pub(crate) async fn schema(&self) -> Result<Rc<SchemaCache>, Unavailable> {
        self.schema.current().await
    }

    /// By what caches know its data.
    pub(crate) fn data(&self) -> DatabaseId {
        self.data
    }

    /// A hash of its settings.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Something in this relation (`schema.table`) may have changed.
    pub(crate) fn changed(&self, relation: &str) {
        if let Some(announcer) = &self.announcer {
            announcer.observer().changed(relation);
        }
    }

    /// Anything may have changed.
    pub(crate) fn all_changed(&self) {
        if let Some(announcer) = &self.announcer {
            announcer.observer().all_changed();
        }
    }

    /// The catalogue that requests are answered from, by its fingerprint. A worker that has none yet takes the others' word for it.
    pub(crate) fn schema_fingerprint(&self, generations: &Generations<'_>) -> Option<u64> {
        match self.schema.now() {
            Some(schema) => {
                let fingerprint = schema.fingerprint();
                if generations.schema(self.id) != Some(fingerprint) {
                    generations.set_schema(self.id, fingerprint);
                }
                Some(fingerprint)
            }
            None => generations.schema(self.id),
        }
    }

    /// Whether changes that are made elsewhere should be heard of.
    pub(crate) fn listens(&self) -> bool {
        self.config.listen != Listen::Off
    }

    /// The role of a request without a token; `None` where it is the role that the connections log in with.
    pub(crate) fn anonymous_role(&self) -> Option<&Rc<str>> {
        self.anonymous_role.as_ref()
    }

    /// The search path that a request has to set.
    pub(crate) fn search_path_for_request(&self) -> Option<&str> {
        self.search_path.as_deref()
    }

    /// Whether somebody wants to know what changes, so that triggers report what a batch changes.
    pub(crate) fn is_observed(&self) -> bool {
        self.announcer.is_some()
    }

    /// The query of a plan that was made with `schema`.
    pub(crate) fn query(&self, schema: &Rc<SchemaCache>, plan: StatementPlan) -> Query {
        let mut statements = self.statements.borrow_mut();
        if !std::ptr::eq(statements.schema.as_ptr(), Rc::as_ptr(schema)) {
            statements.cache.clear();
            statements.schema = Rc::downgrade(schema);
        }
        let made_before = statements.cache.made();
        let query = statements.cache.query(plan);
        let is_known = statements.cache.made() == made_before;
        self.pool.counters().count(if is_known {
            DatabaseCounter::StatementHits
        } else {
            DatabaseCounter::StatementMisses
        });
        query
    }

    /// What there is to say of it: asked for at most once a second.
    pub(crate) async fn health(&self) -> DatabaseHealth {
        let (database, pool) = self.probe.ask().await;
        if database.status != Status::Fail {
            // A worker that has just started may be about to know it.
            let _ = timer::timeout(SCHEMA_TIMEOUT_MS, OnExit::Wait, self.schema.current()).await;
        }
        let schema = match self.schema.loaded_s() {
            Some(loaded_s) => Check {
                age_ms: time::unix_s().saturating_sub(loaded_s) * 1000,
                ..Check::default()
            },
            None => Check::now(Status::Fail, Some(Unavailable::SchemaCacheNotLoaded.to_string())),
        };
        DatabaseHealth {
            database,
            schema,
            pool,
            listener: self.listener_health(),
        }
    }

    /// The first worker listens for all; through the zone of a cache the others know of it.
    fn listener_health(&self) -> Option<Check> {
        if !self.listens() || !self.is_observed() {
            return None;
        }
        let age_ms = match &self.listener {
            Some(listener) => listener.is_hearing().then_some(0),
            None => cache::heard_ms(self.data)?.map(|heard_ms| time::shared_ms().saturating_sub(heard_ms)),
        };
        let is_hearing = age_ms.is_some_and(|age_ms| age_ms < HEARD_FOR_MS);
        let deaf = || "changes that others make are not heard of".to_owned();
        Some(Check {
            status: if is_hearing { Status::Pass } else { Status::Warn },
            age_ms: age_ms.unwrap_or_default(),
            output: (!is_hearing).then(deaf),
        })
    }

    /// Writes down what was counted.
    pub(super) fn write_counters(&self, block: &Block<'_>) {
        self.pool.counters().flush(block);
    }

    /// Writes down what it is like now.
    pub(super) fn write_gauges(&self, block: &Block<'_>) {
        self.pool.write_gauges(block);
        let loaded_s = self.schema.loaded_s().unwrap_or_default();
        block.set_database(DatabaseGauge::SchemaLoadedS, loaded_s);
        let listener = self.listener.as_ref().filter(|_| !process::is_exiting());
        block.set_database(DatabaseGauge::Listeners, listener.is_some().into());
        let is_hearing = listener.is_some_and(Listener::is_hearing);
        block.set_database(DatabaseGauge::Listening, is_hearing.into());
    }

    /// The query that makes these settings; `None` where there are none.
    pub(crate) fn context(&self, context: &Context<'_>) -> Option<Query> {
        self.context_statements.borrow_mut().query(context)
    }

    /// Runs a batch: one write, one round trip. `sink` is made anew where the batch has to be sent again: a statement was
    /// not prepared any more; or nothing is changed by asking again, and the connection was lost or is stuck. `parts` gets
    /// what can be sent before the end; after the first part nothing is sent again.
    pub(crate) async fn run<S: Sink, P: Parts<S>>(
        &self,
        batch: &Batch,
        sink: impl Fn() -> S,
        parts: &mut P,
    ) -> Result<S, Error> {
        let mut repeats = REPEATS;
        loop {
            let lease = self.pool.lease().await?;
            batch
                .pool_us
                .set(Some(batch.pool_us.get().unwrap_or_default() + lease.waited_us));
            // The last attempt keeps its place, however long the statement before it takes.
            let repeatable = batch.read_only && repeats > 0;
            let mut submitted = self.submit(lease, batch, repeatable, sink());
            let (rows, ending) = loop {
                let part = match submitted.next(P::take).await {
                    News::Part(part) => part,
                    News::End(rows, ending) => break (rows, ending),
                };
                // In a place of its own: most results are small, and need no room for that.
                Box::pin(parts.send(part)).await?;
            };
            match ending {
                Ok(()) => return Ok(rows),
                Err(error) if repeats > 0 && !parts.began() && is_worth_repeating(&error, batch) => {
                    self.pool.counters().count(DatabaseCounter::Repeats);
                    repeats -= 1;
                }
                Err(BatchError::Failed(failure)) => return Err(Error::Database(failure.error)),
                Err(BatchError::Lost(loss)) => return Err(Error::Unavailable(loss)),
                Err(BatchError::Overtaken) => return Err(Error::Unavailable(Unavailable::AcquireTimeout)),
            }
        }
    }

    /// Sends a batch.
    fn submit<S: Sink>(&self, lease: Lease, batch: &Batch, repeatable: bool, sink: S) -> Finished<S> {
        let announce = |ticket| self.announced(ticket, batch);
        lease.submit(sink, repeatable, &batch.role, &batch.queries, announce)
    }

    /// The ticket of a batch, which makes known what it changes.
    fn announced(&self, ticket: Rc<dyn Ticket>, batch: &Batch) -> Rc<dyn Ticket> {
        match (&self.announcer, &batch.changes) {
            (None, _) | (_, Changes::Nothing) => ticket,
            (Some(announcer), changes) => Announced::new(ticket, Rc::clone(announcer), changes.clone()),
        }
    }
}

/// Who is told of changes: the log, where it is asked for, and who else wants it.
fn observed(
    config: &DatabaseConfig,
    observer: Option<Rc<dyn ChangeObserver>>,
) -> Option<Rc<dyn ChangeObserver>> {
    if observer.is_none() && config.listen != Listen::On {
        return None;
    }
    Some(Rc::new(LoggedChanges {
        name: config.name.clone(),
        next: observer,
    }))
}

/// Where the bytes of a large result go before its end.
pub(crate) trait Parts<S> {
    /// Takes what the sink can give out.
    fn take(sink: &mut S) -> Option<Vec<u8>>;
    /// Sends it; an error means that nobody is there to take it.
    async fn send(&mut self, part: Vec<u8>) -> Result<(), Error>;
    /// Whether a part was sent.
    fn began(&self) -> bool;
}

/// A result that is small, and sent when it is whole.
pub(crate) struct Whole;

impl<S: Sink> Parts<S> for Whole {
    fn take(_sink: &mut S) -> Option<Vec<u8>> {
        None
    }

    async fn send(&mut self, _part: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    fn began(&self) -> bool {
        false
    }
}

fn is_worth_repeating(error: &BatchError, batch: &Batch) -> bool {
    match error {
        BatchError::Failed(failure) => failure.retry,
        BatchError::Lost(loss) => batch.read_only && *loss == Unavailable::ConnectionLost,
        BatchError::Overtaken => true,
    }
}
