//! The worker's JSON against PostgreSQL's own: `write_object` of a bare row must be `row_to_json` of it, byte for byte. And errors
//! as a real server reports them against the statuses that they should have.
#![expect(clippy::expect_used, reason = "a test ends where it fails")]

mod render_data;
mod support;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use postern_core::error::Error;
use postern_core::pg::{Connection, DataRow, Event, ServerError, Settings};
use postern_core::query::{OutputColumn, Params, Query, Rendering, Statement};
use postern_core::response::{render, write_json_string, write_object};
use postern_core::sql_endpoint::{Outcome, ResultShape, ResultWriter};
use support::{Cluster, query};

use render_data::{COLUMNS, FORMATS, NAMES, ZONES};

fn cluster() -> Arc<Cluster> {
    Cluster::shared(|cluster| {
        cluster.psql(
            "CREATE TYPE mood AS ENUM ('sad', 'very \"happy\"');
            CREATE DOMAIN int_domain AS integer; CREATE DOMAIN text_domain AS varchar(20);
            CREATE DOMAIN time_domain AS timestamp; CREATE DOMAIN timetz_domain AS timestamptz;
            CREATE TABLE parents (id integer PRIMARY KEY CHECK (id > 0));
            CREATE TABLE children (id integer PRIMARY KEY REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
            CREATE ROLE web; CREATE ROLE authenticator LOGIN NOINHERIT; GRANT web TO authenticator;
            INSERT INTO parents VALUES (1)",
        );
        cluster.psql(&create_table());
    })
}

/// One row for each place in the lists of values; a list that is shorter ends in NULLs, so every column has at least one.
fn create_table() -> String {
    let name = |index: usize| match NAMES.get(index) {
        Some(name) => format!("\"{}\"", name.replace('"', "\"\"")),
        None => format!("c{index}"),
    };
    let definitions: Vec<_> = COLUMNS
        .iter()
        .enumerate()
        .map(|(index, (sql_type, ..))| format!("{} {sql_type}", name(index)))
        .collect();
    let rows = COLUMNS
        .iter()
        .map(|(.., values)| values.len())
        .max()
        .expect("columns")
        + 1;
    let row = |row: usize| {
        let values: Vec<_> = COLUMNS
            .iter()
            .map(|(.., values)| values.get(row).copied().unwrap_or("NULL"))
            .collect();
        format!("INSERT INTO everything VALUES ({row}, {});", values.join(", "))
    };
    let inserts: String = (0..rows).map(row).collect();
    format!(
        "CREATE TABLE everything (row integer, {}); {inserts}",
        definitions.join(", ")
    )
}

fn columns() -> Vec<OutputColumn> {
    let name = |index: usize| {
        NAMES
            .get(index)
            .map_or_else(|| format!("c{index}"), |name| (*name).to_owned())
    };
    let of_table = COLUMNS
        .iter()
        .enumerate()
        .map(|(index, &(_, rendering, _))| (name(index), rendering));
    let all = [("row".to_owned(), Rendering::Number)]
        .into_iter()
        .chain(of_table);
    all.map(|(name, rendering)| OutputColumn {
        json_key: json_key(&name),
        rendering,
    })
    .collect()
}

fn json_key(name: &str) -> Box<str> {
    let mut key = Vec::new();
    write_json_string(&mut key, name.as_bytes());
    key.push(b':');
    String::from_utf8(key).expect("UTF-8").into()
}

fn settings(options: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::new("postgres", "postgres");
    settings
        .options
        .retain(|(name, _)| options.iter().all(|(other, _)| !name.eq_ignore_ascii_case(other)));
    settings
        .options
        .extend(options.iter().map(|&(name, value)| (name.into(), value.into())));
    settings
}

/// Compares both renderings of every row of the table.
fn compare(options: &[(&str, &str)]) {
    let cluster = cluster();
    let mut session = Session::start(&cluster, settings(options));
    let columns = columns();
    let mut ours: Vec<Vec<u8>> = Vec::new();
    let result = session.run("SELECT * FROM everything ORDER BY row", |row| {
        let mut json = Vec::new();
        write_object(&mut json, row, &columns);
        ours.push(json);
    });
    result.expect("the table can be read");
    let mut theirs: Vec<Vec<u8>> = Vec::new();
    let result = session.run(
        "SELECT row_to_json(e)::text FROM everything e ORDER BY row",
        |row| {
            theirs.push(row.values().next().flatten().expect("a value").to_vec());
        },
    );
    result.expect("the table can be read");
    assert!(ours.len() > 10);
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let difference = ours
            .iter()
            .zip(theirs)
            .position(|(a, b)| a != b)
            .unwrap_or(ours.len().min(theirs.len()));
        let around = |json: &[u8]| {
            let start = difference.saturating_sub(40);
            String::from_utf8_lossy(&json[start..json.len().min(difference + 40)]).into_owned()
        };
        assert!(
            ours == theirs,
            "{options:?}\n ours: {}\ntheirs: {}",
            around(ours),
            around(theirs)
        );
    }
}

#[test]
fn the_worker_writes_the_bytes_of_row_to_json_in_every_time_zone() {
    for zone in ZONES {
        compare(&[("TimeZone", zone)]);
    }
}

#[test]
fn the_worker_writes_the_bytes_of_row_to_json_whatever_the_output_format() {
    for &format in FORMATS {
        compare(&[format]);
    }
}

#[test]
fn text_of_any_bytes_is_escaped_as_postgresql_does() {
    let cluster = cluster();
    let mut session = Session::start(&cluster, settings(&[]));
    let sql = "SELECT i, t, to_json(t)::text FROM (SELECT i, repeat('x', i % 40) || chr(i) || repeat('y', i % 7) AS t
        FROM generate_series(1, 70000) i WHERE i NOT BETWEEN 55296 AND 57343) s";
    let mut rows = 0;
    let result = session.run(sql, |row| {
        let values: Vec<_> = row.values().map(|value| value.expect("not null")).collect();
        let mut json = Vec::new();
        write_json_string(&mut json, values[1]);
        assert!(
            json == values[2],
            "character {}",
            String::from_utf8_lossy(values[0])
        );
        rows += 1;
    });
    result.expect("the statement runs");
    assert_eq!(rows, 70000 - 2048);
}

#[test]
fn the_result_of_a_script_is_what_to_json_gives() {
    let cluster = cluster();
    let mut session = Session::start(&cluster, settings(&[]));
    let row = session.result("SELECT to_json(e) FROM (SELECT * FROM everything ORDER BY 1 LIMIT 1) e");
    let described = session.object("SELECT * FROM everything ORDER BY 1 LIMIT 1");
    assert_eq!(described, row);
    for (sql_type, _, values) in COLUMNS {
        // What arrays of one's own types are made of is in the catalogue only.
        if sql_type.contains("domain") || *sql_type == "mood" {
            continue;
        }
        let list: Vec<_> = values
            .iter()
            .map(|value| format!("({value})::{sql_type}"))
            .collect();
        let first = list.first().expect("a value");
        for array in [
            format!("ARRAY[{}, NULL]", list.join(", ")),
            format!("ARRAY[ARRAY[{first}, NULL], ARRAY[{first}, {first}]]"),
            format!("'{{}}'::{sql_type}[]"),
        ] {
            let json = session.result(&format!("SELECT to_json({array})"));
            let result = session.result(&format!("SELECT {array}"));
            assert_eq!(result, json, "{array}");
        }
    }
    let bounds = session.result("SELECT '[2:3][-1:0]={{1,2},{3,4}}'::int[]");
    assert_eq!(bounds, "[[1,2],[3,4]]");
}

#[test]
fn errors_of_a_real_server_have_postgrest_s_statuses() {
    let cluster = cluster();
    let mut session = Session::start(&cluster, Settings::new("authenticator", "postgres"));
    let cases = [
        // What the request context can run into.
        ("SELECT set_config('role', 'ghost', true)", true, 401, "22023"),
        ("SELECT set_config('role', 'postgres', true)", true, 403, "42501"),
        ("SELECT * FROM pg_authid", true, 403, "42501"),
        ("SELECT * FROM pg_authid", false, 401, "42501"),
        // What a client can cause.
        ("SELECT 'x'::integer", true, 400, "22P02"),
        ("SELECT 1 / 0", true, 400, "22012"),
        ("SELECT nothing()", true, 404, "42883"),
        ("SELECT * FROM nothing", true, 404, "42P01"),
        ("SELECT nothing FROM pg_class", true, 400, "42703"),
        ("SELECT (SELECT oid FROM pg_class)", true, 500, "21000"),
        ("DO $$ BEGIN RAISE 'no'; END $$", true, 400, "P0001"),
        ("DO $$ BEGIN RAISE sqlstate 'PT402'; END $$", true, 402, "PT402"),
        ("DO $$ BEGIN ASSERT false; END $$", true, 500, "P0004"),
        (
            "DO $$ BEGIN RAISE insufficient_resources; END $$",
            true,
            503,
            "53000",
        ),
        (
            "DO $$ BEGIN RAISE sqlstate 'PGRST' USING message = '{\"code\":\"c\",\"message\":\"m\"}',
                detail = '{\"status\":418,\"headers\":{}}'; END $$",
            true,
            418,
            "c",
        ),
    ];
    for (sql, authenticated, status, code) in cases {
        check_error(&mut session, sql, authenticated, status, code);
    }
    let mut session = Session::start(&cluster, settings(&[("statement_timeout", "20")]));
    let cases = [
        ("INSERT INTO parents VALUES (1)", 409, "23505"),
        // Found at the commit.
        ("INSERT INTO children VALUES (2)", 409, "23503"),
        ("INSERT INTO parents VALUES (0)", 400, "23514"),
        ("INSERT INTO parents VALUES (NULL)", 400, "23502"),
        ("SELECT pg_sleep(10)", 500, "57014"),
    ];
    for (sql, status, code) in cases {
        check_error(&mut session, sql, true, status, code);
    }
    let mut session = Session::start(&cluster, settings(&[("default_transaction_read_only", "on")]));
    check_error(&mut session, "INSERT INTO parents VALUES (3)", true, 405, "25006");
}

fn check_error(session: &mut Session, sql: &str, authenticated: bool, status: u16, code: &str) {
    let error = session.run(sql, |_| ()).expect_err(sql);
    let response = render(&Error::Database(error), authenticated);
    assert_eq!((response.status, &*response.code), (status, code), "{sql}");
    let body: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    let names: Vec<_> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["code", "details", "hint", "message"]);
    assert_eq!(response.www_authenticate.is_some(), status == 401, "{sql}");
    assert_eq!(response.retry_after_s.is_some(), status == 503, "{sql}");
}

/// A connection that runs one statement after another and shows its rows while they are there.
struct Session {
    connection: Connection<()>,
    stream: UnixStream,
}

impl Session {
    fn start(cluster: &Cluster, settings: Settings) -> Self {
        let stream = UnixStream::connect(cluster.socket()).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let connection = Connection::new(Rc::new(settings), None).expect("good settings");
        let mut session = Self { connection, stream };
        session.until_end(|_| ()).expect("the connection starts");
        session
    }

    fn run(&mut self, sql: &str, on_row: impl FnMut(&DataRow<'_>)) -> Result<(), Box<ServerError>> {
        assert!(self.connection.submit((), "", &[&query(sql, &[])]).is_ok());
        self.until_end(on_row)
    }

    /// The result of a statement whose columns only the server knows: a value where it has one.
    fn result(&mut self, sql: &str) -> String {
        self.described(sql, None)
    }

    /// The same as an object.
    fn object(&mut self, sql: &str) -> String {
        self.described(sql, Some(ResultShape::Object))
    }

    fn described(&mut self, sql: &str, shape: Option<ResultShape>) -> String {
        let query = Query {
            statement: Rc::new(Statement::described(sql)),
            params: Params::new(),
        };
        assert!(self.connection.submit((), "", &[&query]).is_ok());
        let mut writer = None;
        self.take_events(|event| match event {
            Event::Described { description, .. } => {
                writer = Some(ResultWriter::new(description, shape, 64 << 20));
            }
            Event::Row { row, .. } => writer.as_mut().expect("rows are described first").push(row),
            _ => {}
        })
        .expect(sql);
        match writer.expect("a result").finish().expect("one row") {
            Outcome::Json(json) => String::from_utf8(json).expect("UTF-8"),
            outcome => panic!("{sql}: {outcome:?}"),
        }
    }

    fn until_end(&mut self, mut on_row: impl FnMut(&DataRow<'_>)) -> Result<(), Box<ServerError>> {
        self.take_events(|event| {
            if let Event::Row { row, .. } = event {
                on_row(row);
            }
        })
    }

    fn take_events(&mut self, mut look: impl FnMut(&Event<'_, ()>)) -> Result<(), Box<ServerError>> {
        let mut bytes = vec![0; 65536];
        loop {
            while let Some(event) = self
                .connection
                .next_event()
                .expect("the server keeps to the protocol")
            {
                look(&event);
                match event {
                    Event::Started | Event::Done { outcome: Ok(()), .. } => return Ok(()),
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
