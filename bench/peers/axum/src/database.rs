//! Connections, and the one way in which a statement is run: as the caller's role, in one transaction, sent in one go.
//!
//! Connections are shared: what several requests have to ask travels behind each other, and nobody waits for a connection to
//! become free. That is faster than to lend each to one request at a time.

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join4;
use tokio::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::auth::Identity;
use crate::error::Error;
use crate::items;

const CONTEXT: &str =
    "SELECT num_nonnulls(set_config('role', $1, true), set_config('request.jwt.claims', $2, true))";

/// What can be asked.
#[derive(Clone, Copy)]
pub(crate) enum Query {
    ById,
    Page,
    Insert,
}

/// The connections of one worker.
pub(crate) struct Pool {
    config: Config,
    slots: Vec<Slot>,
    next: AtomicUsize,
}

/// A connection, and who makes it anew.
#[derive(Default)]
struct Slot {
    session: RwLock<Option<Arc<Session>>>,
    connecting: Mutex<()>,
}

/// A connection with its prepared statements.
struct Session {
    client: Client,
    context: Statement,
    by_id: Statement,
    page: Statement,
    insert: Statement,
}

impl Pool {
    pub(crate) fn new(dsn: &str, size: usize) -> Result<Self, tokio_postgres::Error> {
        let mut config = Config::from_str(dsn)?;
        // A limit that is a parameter would be planned anew each time.
        config.options("-c plan_cache_mode=force_generic_plan");
        Ok(Pool {
            config,
            slots: (0..size).map(|_| Slot::default()).collect(),
            next: AtomicUsize::new(0),
        })
    }

    /// The rows of a statement.
    ///
    /// Futures that are joined are polled in their order, and tokio-postgres sends what a future has to say when it is polled for
    /// the first time. So the four messages are next to each other, whoever shares the connection: one thread polls all of them.
    pub(crate) async fn run(
        &self,
        identity: &Identity,
        query: Query,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let session = self.session().await?;
        let client = &session.client;
        let claims: &str = &identity.claims;
        let settings: [&(dyn ToSql + Sync); 2] = [&identity.role, &claims];
        let (begin, statement) = match query {
            Query::ById => ("BEGIN READ ONLY", &session.by_id),
            Query::Page => ("BEGIN READ ONLY", &session.page),
            Query::Insert => ("BEGIN", &session.insert),
        };
        let (begun, set, rows, committed) = join4(
            client.batch_execute(begin),
            client.query(&session.context, &settings),
            client.query(statement, parameters),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun?;
        set?;
        let rows = rows?;
        committed?;
        Ok(rows)
    }

    /// The next connection, made if there is none.
    async fn session(&self) -> Result<Arc<Session>, Error> {
        let slot = &self.slots[self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len()];
        if let Some(session) = slot.open() {
            return Ok(session);
        }
        let _alone = slot.connecting.lock().await;
        if let Some(session) = slot.open() {
            return Ok(session);
        }
        let session = Arc::new(
            Session::connect(&self.config)
                .await
                .map_err(|_| Error::Unavailable)?,
        );
        *slot.session.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
        Ok(session)
    }
}

impl Slot {
    fn open(&self) -> Option<Arc<Session>> {
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner);
        session
            .as_ref()
            .filter(|session| !session.client.is_closed())
            .map(Arc::clone)
    }
}

impl Session {
    async fn connect(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        // It ends with the connection, which `is_closed` tells.
        tokio::spawn(connection);
        Ok(Session {
            context: client.prepare(CONTEXT).await?,
            by_id: client.prepare(items::BY_ID).await?,
            page: client.prepare(items::PAGE).await?,
            insert: client.prepare(items::INSERT).await?,
            client,
        })
    }
}
