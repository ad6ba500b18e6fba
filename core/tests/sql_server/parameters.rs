//! A bare `$n` next to a column takes the column's type, so that an index on the column serves it.

use postern_core::query;

use crate::session::{Session, get};
use crate::sql_support::{RequestText, plan};

/// A column's type, its value in the only row, and the type that PostgreSQL gives the parameter.
const TYPES: &[(&str, &str, &str)] = &[
    ("uuid", "0b5b6a3e-7f3f-4f0e-9a55-0d6a1f4a0001", "uuid"),
    ("integer", "7", "integer"),
    ("smallint", "7", "smallint"),
    ("bigint", "9007199254740993", "bigint"),
    ("numeric(10,2)", "1.50", "numeric"),
    ("double precision", "0.1", "double precision"),
    ("boolean", "true", "boolean"),
    ("text", "a,b\"c\\d{}", "text"),
    ("character varying(40)", "NULL", "text"),
    ("character(5)", "ab", "character"),
    ("name", "n", "name"),
    ("date", "2024-02-29", "date"),
    ("time", "01:02:03", "time without time zone"),
    (
        "timestamp",
        "2024-02-29 01:02:03.4",
        "timestamp without time zone",
    ),
    (
        "timestamptz",
        "2024-02-29 01:02:03.4+02",
        "timestamp with time zone",
    ),
    ("interval", "1 day 2:00", "interval"),
    ("bytea", "\\x00ff", "bytea"),
    ("inet", "10.0.0.1", "inet"),
    ("jsonb", "{\"a\": \"b\\\"c\"}", "jsonb"),
    ("types.mood", "very sad", "types.mood"),
    ("types.positive", "7", "integer"),
    ("types.label", "x", "text"),
    ("int4range", "[1,5)", "int4range"),
];

/// Each test has a database of its own, as the names of types are part of what is expected.
fn prepare(database: &str) -> Session {
    Session::start().sql(&format!("CREATE DATABASE {database}"));
    let mut session = Session::start_in(database);
    session.sql("CREATE SCHEMA types");
    session.sql("CREATE TYPE types.mood AS ENUM ('ok', 'very sad')");
    session.sql("CREATE DOMAIN types.positive AS integer CHECK (value > 0)");
    session.sql("CREATE DOMAIN types.label AS varchar(20)");
    for (number, (sql_type, value, _)) in TYPES.iter().enumerate() {
        session.sql(&format!(
            "CREATE TABLE types.t{number} (id integer PRIMARY KEY, x {sql_type})"
        ));
        session.sql(&format!("CREATE INDEX i{number} ON types.t{number} (x)"));
        session.sql(&format!(
            "INSERT INTO types.t{number} VALUES (1, '{value}'), (2, NULL)"
        ));
    }
    session
}

fn percent(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// `types.tN` seen as a relation of `api`, which is what the helpers ask for.
fn schema(session: &mut Session) -> postern_core::schema_cache::SchemaCache {
    let rows = session.catalogue(&["types"]);
    let rows: Vec<_> = rows
        .iter()
        .map(|row| row.replace("\"schema\" : \"types\"", "\"schema\" : \"api\""))
        .collect();
    crate::sql_support::schema_of(rows.iter().map(String::as_str))
}

fn sql_of(request: &RequestText, schema: &postern_core::schema_cache::SchemaCache) -> query::Query {
    let mut query = query::build(plan(request, schema).expect("a good request").statement);
    let sql = query.statement.sql().replace("\"api\".", "\"types\".");
    query.statement = std::rc::Rc::new(query::Statement::new(sql, [], 0));
    query
}

#[test]
fn equality_and_lists_find_the_row_by_index() {
    let mut session = prepare("indexed");
    let schema = schema(&mut session);
    session.sql("SET enable_seqscan = off");
    for (number, (sql_type, value, parameter)) in TYPES.iter().enumerate() {
        let encoded = percent(value);
        let quoted = percent(&format!(
            "\"{}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        ));
        for condition in [
            format!("eq.{encoded}"),
            format!("in.({quoted})"),
            format!("not.isdistinct.{encoded}"),
        ] {
            let query = sql_of(
                &get(format!("/t{number}?select=id&order=id&x={condition}")),
                &schema,
            );
            let rows = session
                .batch(&[&query])
                .unwrap_or_else(|error| panic!("{sql_type} {condition}: {error}"));
            assert_eq!(rows, [[Some("1".to_owned())]], "{sql_type} {condition}");
        }
        let query = sql_of(&get(format!("/t{number}?select=x&x=eq.{encoded}")), &schema);
        session.sql(&format!("PREPARE typed AS {}", query.statement.sql()));
        let types = session.sql("SELECT parameter_types[1] FROM pg_prepared_statements WHERE name = 'typed'");
        assert_eq!(types[0][0].as_deref(), Some(*parameter), "{sql_type}");
        let literal = value.replace('\'', "''");
        let explained = session.sql(&format!("EXPLAIN EXECUTE typed('{literal}')"));
        session.sql("DEALLOCATE typed");
        let explained: Vec<_> = explained.into_iter().flatten().flatten().collect();
        // Half of the rows have the same boolean; no index is wanted there.
        let by_index = explained.iter().any(|line| line.contains("Index Cond: "));
        assert!(by_index || *sql_type == "boolean", "{sql_type}: {explained:?}");
    }
}

#[test]
fn a_value_that_is_not_of_the_type_is_the_clients_error() {
    let mut session = prepare("mistyped");
    let schema = schema(&mut session);
    for (number, (sql_type, ..)) in TYPES.iter().enumerate() {
        let query = sql_of(
            &get(format!("/t{number}?x=eq.%7Bnot%22of%27this%5Ctype")),
            &schema,
        );
        if let Err(error) = session.batch(&[&query]) {
            assert!(error.code.starts_with("22"), "{sql_type}: {error}");
        }
    }
    let id = session
        .batch(&[&sql_of(&get("/t1/x%27y"), &schema)])
        .map_err(|error| error.code);
    assert_eq!(id, Err("22P02".into()));
    let huge = session
        .batch(&[&sql_of(&get("/t1/99999999999999999999"), &schema)])
        .map_err(|error| error.code);
    assert_eq!(huge, Err("22003".into()));
}
