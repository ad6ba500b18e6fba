//! A database: its pool, its schema cache, and the one way to run statements on it.

use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::rc::{Rc, Weak};

use postern_core::config::DatabaseConfig;
use postern_core::error::{Error, Unavailable};
use postern_core::plan::StatementPlan;
use postern_core::query::context::{self, Context, ContextStatements};
use postern_core::query::{Query, StatementCache};
use postern_core::schema_cache::SchemaCache;

use super::connector::Connector;
use super::exchange::{BatchError, Sink};
use super::pool::Pool;
use super::schema::SchemaLoader;
use crate::conf::DatabaseSettings;
use crate::nginx::time;

/// A database of this worker.
pub(crate) struct Database {
    config: Rc<DatabaseConfig>,
    pool: Rc<Pool>,
    schema: Rc<SchemaLoader>,
    statements: RefCell<Statements>,
    context_statements: RefCell<ContextStatements>,
    anonymous_role: Option<Rc<str>>,
    /// The search path that every request has to set; `None` where connections have it from their start.
    search_path: Option<String>,
}

/// Statements by their shape, for one snapshot of the catalogue.
struct Statements {
    cache: StatementCache,
    schema: Weak<SchemaCache>,
}

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
}

/// How long a batch took.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    /// Batches sent to PostgreSQL.
    pub(crate) queries: Cell<u32>,
    /// From the submission to the end, in microseconds.
    pub(crate) query_us: Cell<u64>,
}

impl Database {
    /// Starts to load the schema cache; connections are opened as they are needed.
    pub(super) fn start(settings: &Rc<DatabaseSettings>) -> Rc<Self> {
        let config = Rc::clone(&settings.config);
        let pool = Pool::new(Rc::clone(&config), Connector::new(Rc::clone(settings)));
        let schema = SchemaLoader::start(Rc::clone(&config), Rc::clone(&pool));
        let statements = Statements {
            cache: StatementCache::new(STATEMENT_SHAPES),
            schema: Weak::new(),
        };
        let search_path = (config.context.search_path && !config.prepare)
            .then(|| context::search_path(config.schemas.iter().map(|schema| &**schema)));
        Rc::new(Self {
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

    /// The role of a request without a token; `None` where it is the role that the connections log in with.
    pub(crate) fn anonymous_role(&self) -> Option<&Rc<str>> {
        self.anonymous_role.as_ref()
    }

    /// The search path that a request has to set.
    pub(crate) fn search_path_for_request(&self) -> Option<&str> {
        self.search_path.as_deref()
    }

    /// The query of a plan that was made with `schema`.
    pub(crate) fn query(&self, schema: &Rc<SchemaCache>, plan: StatementPlan) -> Query {
        let mut statements = self.statements.borrow_mut();
        if !std::ptr::eq(statements.schema.as_ptr(), Rc::as_ptr(schema)) {
            statements.cache.clear();
            statements.schema = Rc::downgrade(schema);
        }
        statements.cache.query(plan)
    }

    /// The query that makes these settings; `None` where there are none.
    pub(crate) fn context(&self, context: &Context<'_>) -> Option<Query> {
        self.context_statements.borrow_mut().query(context)
    }

    /// Runs a batch: one write, one round trip. `sink` is made anew where the batch has to be sent a second time: a
    /// statement was not prepared any more, or the connection was lost and nothing is changed by asking again.
    pub(crate) async fn run<S: Sink>(
        &self,
        batch: &Batch,
        timing: &Timing,
        sink: impl Fn() -> S,
    ) -> Result<S, Error> {
        let queries: Vec<&Query> = batch.queries.iter().collect();
        let mut first_time = true;
        loop {
            let lease = self.pool.lease().await?;
            let started_us = time::precise_us();
            let (rows, ending) = lease.submit(sink(), &batch.role, &queries).await;
            timing.queries.set(timing.queries.get() + 1);
            let took_us = time::precise_us().saturating_sub(started_us);
            timing.query_us.set(timing.query_us.get().saturating_add(took_us));
            let again = match &ending {
                Ok(()) => false,
                Err(BatchError::Failed(failure)) => failure.retry,
                Err(BatchError::Lost(loss)) => batch.read_only && *loss == Unavailable::ConnectionLost,
            };
            if again && std::mem::take(&mut first_time) {
                continue;
            }
            return match ending {
                Ok(()) => Ok(rows),
                Err(BatchError::Failed(failure)) => Err(Error::Database(failure.error)),
                Err(BatchError::Lost(loss)) => Err(Error::Unavailable(loss)),
            };
        }
    }
}
