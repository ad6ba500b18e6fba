//! What reading a relation depends on and what writing one changes, as a server's catalogue tells it.

use postern_core::schema_cache::{Effect, QualifiedName, SchemaCache};

use crate::session::Session;

fn relation<'a>(schema: &'a SchemaCache, name: &str) -> &'a postern_core::schema_cache::Relation {
    let (namespace, relation) = name.split_once('.').expect("schema.name");
    let name = QualifiedName {
        schema: namespace.into(),
        name: relation.into(),
    };
    schema.relation(&name).expect("exposed")
}

fn reads(schema: &SchemaCache, name: &str) -> String {
    relation(schema, name).reads.join(" ")
}

fn writes(schema: &SchemaCache, name: &str) -> String {
    match &relation(schema, name).writes {
        Effect::Relations(names) => names.join(" "),
        Effect::Everything => "everything".to_owned(),
    }
}

fn session_with(statements: &[&str]) -> Session {
    let mut session = Session::start();
    for statement in statements {
        session.sql(statement);
    }
    session
}

#[test]
fn views_depend_on_what_is_behind_them_in_any_schema() {
    let mut session = session_with(&[
        "CREATE SCHEMA dep_views",
        "CREATE SCHEMA dep_views_behind",
        "CREATE TABLE dep_views_behind.t (id integer PRIMARY KEY, x integer)",
        "CREATE TABLE dep_views_behind.u (id integer PRIMARY KEY)",
        "CREATE TABLE dep_views_behind.unused (id integer PRIMARY KEY)",
        "CREATE VIEW dep_views_behind.inner_view AS SELECT * FROM dep_views_behind.t",
        "CREATE VIEW dep_views.plain AS SELECT * FROM dep_views_behind.inner_view",
        "CREATE VIEW dep_views.filtered AS SELECT id FROM dep_views_behind.t
            WHERE x IN (SELECT id FROM dep_views_behind.u)",
        "CREATE MATERIALIZED VIEW dep_views.stored AS SELECT * FROM dep_views_behind.t",
        "CREATE VIEW dep_views.over_stored AS SELECT * FROM dep_views.stored",
        "CREATE VIEW dep_views.system AS SELECT relname FROM pg_class",
    ]);
    let schema = session.schema(&["dep_views"]);
    assert_eq!(
        reads(&schema, "dep_views.plain"),
        "dep_views.plain dep_views_behind.inner_view dep_views_behind.t"
    );
    assert_eq!(
        writes(&schema, "dep_views.plain"),
        reads(&schema, "dep_views.plain")
    );
    assert_eq!(
        reads(&schema, "dep_views.filtered"),
        "dep_views.filtered dep_views_behind.t dep_views_behind.u"
    );
    assert_eq!(reads(&schema, "dep_views.stored"), "dep_views.stored");
    assert_eq!(
        reads(&schema, "dep_views.over_stored"),
        "dep_views.over_stored dep_views.stored"
    );
    assert_eq!(reads(&schema, "dep_views.system"), "dep_views.system");
}

#[test]
fn functions_count_as_far_as_postgresql_knows_what_they_read() {
    let mut session = session_with(&[
        "CREATE SCHEMA dep_functions",
        "CREATE TABLE dep_functions.t (id integer)",
        "CREATE FUNCTION dep_functions.inner_count() RETURNS bigint STABLE
            BEGIN ATOMIC SELECT count(*) FROM dep_functions.t; END",
        "CREATE FUNCTION dep_functions.known() RETURNS bigint STABLE
            BEGIN ATOMIC SELECT dep_functions.inner_count(); END",
        "CREATE FUNCTION dep_functions.unknown() RETURNS bigint STABLE LANGUAGE sql
            AS 'SELECT count(*) FROM dep_functions.t'",
        "CREATE FUNCTION dep_functions.pure(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'",
        "CREATE VIEW dep_functions.a AS SELECT dep_functions.known()",
        "CREATE VIEW dep_functions.b AS SELECT dep_functions.unknown()",
        "CREATE VIEW dep_functions.c AS SELECT dep_functions.pure(1), now()",
    ]);
    let schema = session.schema(&["dep_functions"]);
    let opaque = |name| relation(&schema, name).opaque;
    assert_eq!(
        (reads(&schema, "dep_functions.a"), opaque("dep_functions.a")),
        ("dep_functions.a dep_functions.t".to_owned(), false)
    );
    assert_eq!(
        (reads(&schema, "dep_functions.b"), opaque("dep_functions.b")),
        ("dep_functions.b".to_owned(), true)
    );
    assert!(!opaque("dep_functions.c") && !opaque("dep_functions.t"));
}

#[test]
fn policies_for_reading_count_and_others_do_not() {
    let mut session = session_with(&[
        "CREATE SCHEMA dep_policies",
        "CREATE TABLE dep_policies.members (team integer, person text)",
        "CREATE TABLE dep_policies.teams (id integer)",
        "CREATE TABLE dep_policies.writers (person text)",
        "CREATE TABLE dep_policies.t (id integer, team integer)",
        "CREATE TABLE dep_policies.off (id integer)",
        "CREATE VIEW dep_policies.v AS SELECT * FROM dep_policies.t",
        "ALTER TABLE dep_policies.t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE dep_policies.members ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY a ON dep_policies.t FOR SELECT
            USING (team IN (SELECT team FROM dep_policies.members WHERE person = current_user))",
        "CREATE POLICY b ON dep_policies.t FOR INSERT
            WITH CHECK (EXISTS (SELECT FROM dep_policies.writers WHERE person = current_user))",
        "CREATE POLICY c ON dep_policies.members USING (EXISTS (SELECT FROM dep_policies.teams))",
        "CREATE POLICY d ON dep_policies.off USING (EXISTS (SELECT FROM dep_policies.teams))",
    ]);
    let schema = session.schema(&["dep_policies"]);
    assert_eq!(
        reads(&schema, "dep_policies.t"),
        "dep_policies.members dep_policies.t dep_policies.teams"
    );
    assert_eq!(
        reads(&schema, "dep_policies.v"),
        "dep_policies.members dep_policies.t dep_policies.teams dep_policies.v"
    );
    assert_eq!(writes(&schema, "dep_policies.t"), "dep_policies.t");
    assert_eq!(reads(&schema, "dep_policies.off"), "dep_policies.off");
}

#[test]
fn partitions_and_foreign_keys_are_followed() {
    let mut session = session_with(&[
        "CREATE SCHEMA dep_tables",
        "CREATE TABLE dep_tables.events (year integer, id integer, PRIMARY KEY (year, id)) PARTITION BY LIST (year)",
        "CREATE TABLE dep_tables.events_1 PARTITION OF dep_tables.events FOR VALUES IN (1)",
        "CREATE TABLE dep_tables.events_2 PARTITION OF dep_tables.events FOR VALUES IN (2)",
        "CREATE VIEW dep_tables.first AS SELECT * FROM dep_tables.events_1",
        "CREATE TABLE dep_tables.owners (id integer PRIMARY KEY)",
        "CREATE TABLE dep_tables.things (id integer PRIMARY KEY, owner integer REFERENCES dep_tables.owners ON DELETE CASCADE)",
        "CREATE TABLE dep_tables.parts (thing integer REFERENCES dep_tables.things ON UPDATE SET NULL)",
        "CREATE TABLE dep_tables.notes (thing integer REFERENCES dep_tables.things)",
    ]);
    let schema = session.schema(&["dep_tables"]);
    let all = "dep_tables.events dep_tables.events_1 dep_tables.events_2";
    assert_eq!(reads(&schema, "dep_tables.events"), all);
    assert_eq!(writes(&schema, "dep_tables.events"), all);
    assert_eq!(
        reads(&schema, "dep_tables.first"),
        "dep_tables.events dep_tables.events_1 dep_tables.first"
    );
    assert_eq!(
        writes(&schema, "dep_tables.owners"),
        "dep_tables.owners dep_tables.parts dep_tables.things"
    );
    assert_eq!(reads(&schema, "dep_tables.owners"), "dep_tables.owners");
    assert_eq!(writes(&schema, "dep_tables.parts"), "dep_tables.parts");
}

#[test]
fn rules_and_instead_of_triggers_can_write_anything() {
    let mut session = session_with(&[
        "CREATE SCHEMA dep_diverted",
        "CREATE TABLE dep_diverted.t (id integer)",
        "CREATE TABLE dep_diverted.ruled (id integer)",
        "CREATE RULE r AS ON INSERT TO dep_diverted.ruled DO ALSO INSERT INTO dep_diverted.t VALUES (1)",
        "CREATE VIEW dep_diverted.v AS SELECT id FROM dep_diverted.t",
        "CREATE VIEW dep_diverted.over AS SELECT id FROM dep_diverted.v",
        "CREATE FUNCTION dep_diverted.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER instead INSTEAD OF INSERT ON dep_diverted.v FOR EACH ROW EXECUTE FUNCTION dep_diverted.f()",
    ]);
    let schema = session.schema(&["dep_diverted"]);
    for name in ["ruled", "v", "over"] {
        let name = format!("dep_diverted.{name}");
        assert_eq!(writes(&schema, &name), "everything", "{name}");
    }
    assert_eq!(writes(&schema, "dep_diverted.t"), "dep_diverted.t");
    assert_eq!(reads(&schema, "dep_diverted.v"), "dep_diverted.t dep_diverted.v");
}

#[test]
fn the_fingerprint_changes_with_what_is_behind_the_names() {
    // A database of its own: what other tests do is seen everywhere. The first session keeps the server.
    let mut server = Session::start();
    server.sql("CREATE DATABASE dep_fingerprint");
    let mut session = Session::start_in("dep_fingerprint");
    for statement in [
        "CREATE TABLE t (id integer)",
        "CREATE VIEW v AS SELECT id FROM t WHERE id > 1",
        "CREATE POLICY p ON t USING (id > 1)",
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ] {
        session.sql(statement);
    }
    let mut before = session.schema(&["public"]).fingerprint();
    assert_eq!(
        Session::start_in("dep_fingerprint")
            .schema(&["public"])
            .fingerprint(),
        before
    );
    for statement in [
        "CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE id > 2",
        "ALTER POLICY p ON t USING (id > 2)",
        "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "GRANT SELECT ON t TO PUBLIC",
        "ALTER TABLE t ADD COLUMN x text",
    ] {
        session.sql(statement);
        let after = session.schema(&["public"]).fingerprint();
        assert_ne!(after, before, "{statement}");
        before = after;
    }
}
