//! Pages by cursor: together they are the list, whatever the order.

use std::num::NonZeroU32;

use postern_core::config::ResourceConfig;
use postern_core::plan::{self, ResponseShape, cursor};
use postern_core::query::{self, Query};
use postern_core::resource::{Head, RequestParts};
use postern_core::schema_cache::{QualifiedName, SchemaCache};

use crate::session::{Row, Session};
use crate::support::query;

/// Pages of `limit` rows of the table.
fn resource(table: &str, limit: u32) -> ResourceConfig {
    ResourceConfig {
        relation: QualifiedName {
            schema: "walk".into(),
            name: table.into(),
        },
        key: None,
        last_modified: None,
        default_limit: NonZeroU32::new(limit).expect("not zero"),
        max_limit: NonZeroU32::new(1000).expect("not zero"),
        methods: postern_core::sql_endpoint::Methods::ALL,
    }
}

fn page(table: &str, args: &str, limit: u32, schema: &SchemaCache) -> (Query, ResponseShape) {
    let resource = resource(table, limit);
    let parts = RequestParts {
        method: b"GET",
        args: args.as_bytes(),
        ..RequestParts::default()
    };
    let head = Head::parse(&parts, &resource).expect("a good request");
    let request = head.into_request(None).expect("no body");
    let plan = plan::plan(&request, &resource, schema).expect("a good request");
    assert!(plan.read_only);
    (query::build(plan.statement), plan.response)
}

/// Walks from page to page as a client does, and gives the ids in the order in which they came.
fn walk(session: &mut Session, schema: &SchemaCache, table: &str, args: &str, limit: u32) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let (query, response) = page(table, &format!("{args}{next}"), limit, schema);
        let ResponseShape::Page {
            limit,
            cursor: Some(cursor),
        } = response
        else {
            panic!("{args} has no cursor")
        };
        let rows = session
            .batch(&[&query])
            .unwrap_or_else(|error| panic!("{}: {error}", query.statement.sql()));
        let shown = usize::try_from(limit).expect("small").min(rows.len());
        ids.extend(rows[..shown].iter().map(|row| row[0].clone().expect("an id")));
        if rows.len() == shown {
            return ids;
        }
        let last: &Row = &rows[shown - 1];
        let values = cursor
            .columns
            .iter()
            .map(|&column| last[column].as_deref().map(str::as_bytes));
        next = format!(
            "&cursor={}",
            cursor::encode(cursor.fingerprint, values).expect("short")
        );
        assert!(ids.len() <= 1000, "{args} does not end");
    }
}

fn prepare(session: &mut Session, table: &str) -> SchemaCache {
    create_schema(session);
    session.sql(&format!(
        "CREATE TABLE walk.{table} (id uuid PRIMARY KEY, a integer, b text, c timestamptz NOT NULL, d jsonb, e numeric,
            f double precision, g boolean)"
    ));
    // Few values and many NULLs: every tie there can be, also with NULLs in several columns at once.
    session.sql(&format!(
        "INSERT INTO walk.{table} SELECT md5(i::text)::uuid, nullif(i % 5, 0), nullif('t' || i % 4, 't1'),
            '2024-01-01 00:00:00.123456+00'::timestamptz + (i % 7) * interval '1 microsecond',
            CASE WHEN i % 3 > 0 THEN jsonb_build_object('k', nullif(i % 4, 1)) END,
            (ARRAY['1.10', '1.1', 'NaN', NULL, '-5'])[i % 5 + 1]::numeric,
            (ARRAY['0.1', 'Infinity', 'NaN', NULL, '-0', '0', '1e-300'])[i % 7 + 1]::float8,
            (ARRAY[true, false, NULL])[i % 3 + 1]
        FROM generate_series(1, 97) i"
    ));
    session.schema(&["walk"])
}

/// Tests run at the same time, and IF NOT EXISTS does not wait for another that is not committed.
fn create_schema(session: &mut Session) {
    let lock = query("SELECT pg_advisory_xact_lock(1)", &[]);
    session
        .batch(&[&lock, &query("CREATE SCHEMA IF NOT EXISTS walk", &[])])
        .expect("a schema");
}

/// The ids in the order of one ORDER BY without pages.
fn whole(session: &mut Session, table: &str, order: &str, condition: &str) -> Vec<String> {
    let rows = session.sql(&format!(
        "SELECT id FROM walk.{table} WHERE {condition} ORDER BY {order}"
    ));
    rows.into_iter()
        .map(|mut row| row.remove(0).expect("an id"))
        .collect()
}

const SUFFIXES: [(&str, &str); 6] = [
    ("", ""),
    (".desc", " DESC"),
    (".nullsfirst", " NULLS FIRST"),
    (".desc.nullslast", " DESC NULLS LAST"),
    (".asc.nullslast", " NULLS LAST"),
    (".desc.nullsfirst", " DESC NULLS FIRST"),
];

#[test]
fn every_order_of_two_nullable_columns_and_the_key_is_walked_completely() {
    let mut session = Session::start();
    let schema = prepare(&mut session, "nulls");
    for (a_asked, a_sql) in SUFFIXES {
        for (b_asked, b_sql) in SUFFIXES {
            for (id_asked, id_sql) in [("", ""), (",id", ", id"), (",id.desc", ", id DESC")] {
                let args = format!("select=id&order=a{a_asked},b{b_asked}{id_asked}");
                let follows = if b_sql.contains("DESC") {
                    ", id DESC"
                } else {
                    ", id"
                };
                let id_sql = if id_sql.is_empty() { follows } else { id_sql };
                let expected = whole(
                    &mut session,
                    "nulls",
                    &format!("a{a_sql}, b{b_sql}{id_sql}"),
                    "true",
                );
                assert_eq!(walk(&mut session, &schema, "nulls", &args, 7), expected, "{args}");
            }
        }
    }
}

#[test]
fn values_of_every_kind_come_back_from_a_cursor_as_they_were() {
    let mut session = Session::start();
    let schema = prepare(&mut session, "kinds");
    for (asked, sql) in [
        ("c,id", "c, id"),
        ("c.desc", "c DESC, id DESC"),
        ("c.desc,id", "c DESC, id"),
        ("d->>k", "d->>'k', id"),
        ("d->k.desc", "d->'k' DESC, id DESC"),
        ("d.desc.nullslast,a", "d DESC NULLS LAST, a, id"),
        ("e,f", "e, f, id"),
        ("f.desc,e.nullsfirst", "f DESC, e NULLS FIRST, id"),
        (
            "g,b.desc,c,a.desc.nullslast",
            "g, b DESC, c, a DESC NULLS LAST, id DESC",
        ),
        ("g.desc,a.desc,b.desc", "g DESC, a DESC, b DESC, id DESC"),
        ("id.desc", "id DESC"),
    ] {
        let expected = whole(&mut session, "kinds", sql, "true");
        for limit in [1, 5, 96, 97] {
            let walked = walk(
                &mut session,
                &schema,
                "kinds",
                &format!("select=id&order={asked}"),
                limit,
            );
            assert_eq!(walked, expected, "{asked} {limit}");
        }
    }
}

#[test]
fn filters_hold_on_every_page_and_in_every_part() {
    let mut session = Session::start();
    let schema = prepare(&mut session, "filtered");
    let args =
        "select=id,a,tags:d&order=a,b.desc&or=(c.lt.2024-01-01T00:00:00.123459Z,g.is.null)&b=not.eq.t2";
    let condition = "(c < '2024-01-01T00:00:00.123459Z' OR g IS NULL) AND NOT b = 't2'";
    let expected = whole(&mut session, "filtered", "a, b DESC, id DESC", condition);
    assert!(expected.len() > 20);
    assert_eq!(walk(&mut session, &schema, "filtered", args, 4), expected);
}

/// What is answered under a column's name is not what is ordered by.
#[test]
fn the_order_is_that_of_the_column_and_not_of_its_cast() {
    let mut session = Session::start();
    create_schema(&mut session);
    session.sql(
        "CREATE TABLE walk.casts AS SELECT i AS id, i * 3 AS c1, i % 3 AS o1 FROM generate_series(1, 40) i",
    );
    session.sql("ALTER TABLE walk.casts ADD PRIMARY KEY (id)");
    let schema = session.schema(&["walk"]);
    for order in ["id", "c1", "o1", "o1.desc,c1"] {
        let sql = order.replace(".desc", " DESC");
        let expected = whole(&mut session, "casts", &format!("casts.{sql}, id"), "true");
        for select in [
            "id::text,c1::text,o1::text",
            "id::text,id,o1::text,o1,c1::text,c1",
            "id,c1:o1,o1:c1,tag:id",
        ] {
            let walked = walk(
                &mut session,
                &schema,
                "casts",
                &format!("select={select}&order={order}"),
                4,
            );
            assert_eq!(walked, expected, "{select} by {order}");
        }
    }
}

/// Rows that come or go between two pages neither hide nor repeat others, which an offset would do.
#[test]
fn rows_that_come_and_go_do_not_move_the_others() {
    let mut session = Session::start();
    let schema = prepare(&mut session, "moving");
    let before = whole(&mut session, "moving", "c, id", "true");
    let (query, response) = page("moving", "select=id&order=c", 10, &schema);
    let rows = session.batch(&[&query]).expect("a page");
    let ResponseShape::Page {
        cursor: Some(cursor), ..
    } = response
    else {
        panic!("no cursor")
    };
    let values = cursor
        .columns
        .iter()
        .map(|&column| rows[9][column].as_deref().map(str::as_bytes));
    let next = cursor::encode(cursor.fingerprint, values).expect("short");
    session.sql(&format!(
        "DELETE FROM walk.moving WHERE id IN ('{}', '{}')",
        before[2], before[9]
    ));
    session.sql("INSERT INTO walk.moving (id, c) SELECT md5('new' || i)::uuid, '2023-01-01' FROM generate_series(1, 5) i");
    let (query, _) = page("moving", &format!("select=id&order=c&cursor={next}"), 10, &schema);
    let rows = session.batch(&[&query]).expect("a page");
    let ids: Vec<_> = rows[..10]
        .iter()
        .map(|row| row[0].clone().expect("an id"))
        .collect();
    assert_eq!(ids, before[10..20]);
}

/// A page far into a large table costs what the first one costs: PostgreSQL starts to read where the cursor is.
#[test]
fn a_late_page_reads_no_more_rows_than_an_early_one() {
    let mut session = Session::start();
    create_schema(&mut session);
    session.sql(
        "CREATE TABLE walk.deep AS SELECT i AS id, nullif(i % 20000, 7) AS a, now() + i * interval '1s' AS c
            FROM generate_series(1, 60000) i",
    );
    session.sql("ALTER TABLE walk.deep ADD PRIMARY KEY (id), ALTER c SET NOT NULL");
    session.sql("CREATE INDEX ON walk.deep (a, id)");
    session.sql("CREATE INDEX ON walk.deep (a DESC, id)");
    session.sql("CREATE INDEX ON walk.deep (c, id)");
    session.sql("ANALYZE walk.deep");
    let schema = session.schema(&["walk"]);
    for (order, values) in [
        ("id", "50000"),
        ("c.desc", "2020-01-01|3"),
        ("c", "2020-01-01|3"),
        ("a", "19990|5"),
        ("a.desc", "10|30010"),
        ("a.desc.nullslast,id", "10|30010"),
        ("a.desc,id", "NULL|7"),
        ("a", "NULL|20007"),
    ] {
        let read = rows_read(&mut session, &schema, order, values);
        assert!(read <= 4 * 22, "{order} reads {read} rows");
    }
}

/// Rows that the scans of the page after these values give, and those that they throw away.
fn rows_read(session: &mut Session, schema: &SchemaCache, order: &str, values: &str) -> u64 {
    let resource = resource("deep", 20);
    let parse = |args: &str| {
        let parts = RequestParts {
            method: b"GET",
            args: args.as_bytes(),
            ..RequestParts::default()
        };
        let head = Head::parse(&parts, &resource).expect("a good request");
        plan::plan(&head.into_request(None).expect("no body"), &resource, schema).expect("a good request")
    };
    let first = parse(&format!("order={order}"));
    let ResponseShape::Page {
        cursor: Some(cursor), ..
    } = first.response
    else {
        panic!("no cursor")
    };
    let values = values
        .split('|')
        .map(|value| (value != "NULL").then_some(value.as_bytes()));
    let next = cursor::encode(cursor.fingerprint, values).expect("short");
    let plan = parse(&format!("order={order}&cursor={next}"));
    assert!(plan.prefer_generic_plan);
    let query = query::build(plan.statement);
    let values: Vec<_> = query
        .params
        .iter()
        .map(|value| format!("'{}'", String::from_utf8_lossy(value.expect("no NULL"))))
        .collect();
    session.sql("SET plan_cache_mode = force_generic_plan");
    session.sql(&format!("PREPARE late AS {}", query.statement.sql()));
    let arguments = if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    };
    let rows = session.sql(&format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE late{arguments}"));
    session.sql("DEALLOCATE late");
    let json: String = rows.into_iter().flatten().flatten().collect();
    let explained: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    scanned(&explained[0]["Plan"])
}

fn scanned(node: &serde_json::Value) -> u64 {
    let below: u64 = node["Plans"].as_array().into_iter().flatten().map(scanned).sum();
    if !node["Node Type"]
        .as_str()
        .is_some_and(|name| name.contains("Scan"))
    {
        return below;
    }
    let count = |name: &str| node[name].as_u64().unwrap_or(0);
    below + count("Actual Rows") + count("Rows Removed by Filter") + count("Rows Removed by Index Recheck")
}
