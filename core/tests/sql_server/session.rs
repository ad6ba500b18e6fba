//! A server with the schema of the golden tests, and one connection to it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use postern_core::pg::{Connection, DataRow, Event, ServerError, Settings};
use postern_core::query::{self, Query, introspection};
use postern_core::schema_cache::SchemaCache;

use crate::sql_support::{RequestText, golden_dir, plan, schema_of};
use crate::support::{Cluster, query};

/// A row of the last statement of a batch, as text.
pub type Row = Vec<Option<String>>;

/// The server that the tests of this binary share. Each test makes what it needs under names of its own.
fn cluster() -> Arc<Cluster> {
    Cluster::shared(|cluster| {
        cluster.psql(&golden_schema());
    })
}

/// `golden/schema.sql`
pub fn golden_schema() -> String {
    std::fs::read_to_string(golden_dir().join("schema.sql")).expect("schema.sql")
}

/// A connection, which keeps the server running.
pub struct Session {
    connection: Connection<()>,
    stream: UnixStream,
    _cluster: Arc<Cluster>,
}

impl Session {
    pub fn start() -> Self {
        Self::start_in("postgres")
    }

    pub fn start_in(database: &str) -> Self {
        let cluster = cluster();
        let stream = UnixStream::connect(cluster.socket()).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let settings = Settings::new("postgres", database);
        let connection = Connection::new(Rc::new(settings), None).expect("good settings");
        let mut session = Self {
            connection,
            stream,
            _cluster: cluster,
        };
        session.until_end(0).expect("the connection starts");
        session
    }

    /// Runs a batch and gives the rows of its last statement.
    pub fn batch(&mut self, queries: &[&Query]) -> Result<Vec<Row>, Box<ServerError>> {
        assert!(self.connection.submit((), "postgres", queries).is_ok());
        self.until_end(queries.len() - 1)
    }

    /// Runs one statement without parameters that must succeed.
    pub fn sql(&mut self, sql: &str) -> Vec<Row> {
        self.batch(&[&query(sql, &[])])
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs several statements.
    pub fn script(&mut self, sql: &str) {
        assert!(self.connection.submit_simple((), sql).is_ok());
        self.until_end(0).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Plans a request and runs it.
    pub fn request(
        &mut self,
        request: &RequestText,
        schema: &SchemaCache,
    ) -> Result<Vec<Row>, Box<ServerError>> {
        let plan = plan(request, schema).unwrap_or_else(|error| panic!("{request:?}: {error}"));
        self.batch(&[&query::build(plan.statement)])
    }

    /// Reads the catalogue.
    pub fn catalogue(&mut self, schemas: &[&str]) -> Vec<String> {
        let catalogue = introspection::catalogue(schemas.iter().copied());
        let rows = self
            .batch(&[&introspection::context(), &catalogue])
            .expect("the catalogue");
        rows.into_iter().flatten().flatten().collect()
    }

    /// The schema cache of these schemas.
    pub fn schema(&mut self, schemas: &[&str]) -> SchemaCache {
        schema_of(self.catalogue(schemas).iter().map(String::as_str))
    }

    fn until_end(&mut self, wanted: usize) -> Result<Vec<Row>, Box<ServerError>> {
        let mut rows = Vec::new();
        let mut bytes = vec![0; 65536];
        loop {
            while let Some(event) = self
                .connection
                .next_event()
                .expect("the server keeps to the protocol")
            {
                match event {
                    Event::Row { statement, row, .. } if statement == wanted => rows.push(texts(&row)),
                    Event::Started | Event::Done { outcome: Ok(()), .. } => return Ok(rows),
                    Event::Done {
                        outcome: Err(failure),
                        ..
                    } => return Err(failure.error),
                    Event::Closed(error) => return Err(error),
                    _ => {}
                }
            }
            let output = self.connection.output().split();
            self.stream.write_all(&output).expect("the server reads");
            let length = self.stream.read(&mut bytes).expect("the server answers");
            assert!(length > 0, "the server closed the connection");
            self.connection.input().extend_from_slice(&bytes[..length]);
        }
    }
}

fn texts(row: &DataRow<'_>) -> Row {
    row.values()
        .map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned()))
        .collect()
}

/// A GET.
pub fn get(target: impl Into<String>) -> RequestText {
    RequestText {
        method: "GET".to_owned(),
        target: target.into(),
        ..RequestText::default()
    }
}

/// A request with a body.
pub fn send(method: &str, target: &str, body: &str) -> RequestText {
    RequestText {
        method: method.to_owned(),
        target: target.to_owned(),
        body: Some(body.to_owned()),
        key: None,
    }
}
