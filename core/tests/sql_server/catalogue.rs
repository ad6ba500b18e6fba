//! Introspection.

use postern_core::query::Rendering;
use postern_core::schema_cache::{
    ArgumentMode, Generated, QualifiedName, RelationKind, TypeClass, TypeKind, Volatility,
};

use crate::session::{Session, golden_schema};
use crate::sql_support::golden_dir;

/// `golden/schema.jsonl` is what a server says of `golden/schema.sql`.
#[test]
fn the_golden_schema_is_that_of_a_server() {
    // Keeps the server where no other test does.
    let mut server = Session::start();
    server.sql("CREATE DATABASE golden");
    let mut session = Session::start_in("golden");
    session.script(&golden_schema());
    let mut rows = session.catalogue(&["api"]);
    // A number that is another one in every database.
    rows.retain(|row| !row.starts_with("{\"definitions\""));
    rows.sort_unstable();
    let actual: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let path = golden_dir().join("schema.jsonl");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).expect("schema.jsonl can be written");
        return;
    }
    assert_eq!(actual, std::fs::read_to_string(path).expect("schema.jsonl"));
}

fn name(schema: &str, name: &str) -> QualifiedName {
    QualifiedName {
        schema: schema.into(),
        name: name.into(),
    }
}

#[test]
fn relations_are_what_they_are() {
    let schema = Session::start().schema(&["api", "data"]);
    let relation = |relation: &str| schema.relation(&name("api", relation)).expect("exposed");
    let people = relation("people");
    assert_eq!(people.kind, RelationKind::Table);
    assert_eq!(people.comment.as_deref(), Some("Who may own a resource."));
    assert_eq!(
        (&*people.primary_key, &*people.unique_keys),
        (&[0][..], &[vec![2]][..])
    );
    let email = people.column("email").expect("a column");
    assert_eq!(&*email.data_type.sql, "api.work_email");
    assert_eq!(email.data_type.kind, TypeKind::Plain(Rendering::Text));
    assert_eq!(email.comment.as_deref(), Some("Where to write to."));
    assert_eq!(
        people.column("labels").expect("a column").data_type.class,
        TypeClass::Array
    );
    assert_eq!(
        people.column("address").expect("a column").data_type.class,
        TypeClass::Composite
    );
    assert_eq!(
        people.column("id").expect("a column").generated,
        Generated::IdentityAlways
    );
    assert_eq!(
        people.column("initials").expect("a column").generated,
        Generated::Stored
    );
    let status = relation("resources").column("status").expect("a column").clone();
    assert_eq!(status.default.as_deref(), Some("'draft'::api.status"));
    assert_eq!(status.data_type.enum_labels.len(), 3);
    let foreign_key = &relation("memberships").foreign_keys[0];
    assert_eq!(
        (&foreign_key.references, &*foreign_key.columns[0]),
        (&name("api", "people"), "person_id")
    );
    assert_eq!(relation("note_authors").kind, RelationKind::MaterializedView);
    assert!(schema.relation(&name("data", "notes")).is_some());
    assert!(
        schema.relation(&name("api", "events_2024")).is_none(),
        "a partition is a part of its table"
    );
}

#[test]
fn a_view_over_one_table_has_its_keys_and_its_nulls() {
    let schema = Session::start().schema(&["api"]);
    for view in ["notes", "short_notes"] {
        let view = schema.relation(&name("api", view)).expect("exposed");
        assert_eq!((view.kind, &*view.primary_key), (RelationKind::View, &[0][..]));
        assert!(!view.column("text").expect("a column").nullable);
        assert!(view.writable.insert && view.writable.update && view.writable.delete);
    }
    let notes = schema.relation(&name("api", "notes")).expect("exposed");
    let shouted = notes.column("shouted").expect("a column");
    assert!(shouted.nullable && !shouted.writable());
    let counts = schema.relation(&name("api", "note_counts")).expect("exposed");
    assert!(counts.primary_key.is_empty() && !counts.writable.insert);
}

/// What a column of a view is must be known for certain or not at all: a subquery's target list looks the same.
#[test]
fn a_view_that_could_be_misread_is_not() {
    let mut session = Session::start();
    session.sql("CREATE SCHEMA misread");
    for statement in [
        "CREATE TABLE misread.a (id integer PRIMARY KEY, x integer NOT NULL, \"b c\" integer NOT NULL)",
        "CREATE TABLE misread.b (id integer PRIMARY KEY, x integer)",
        // The view's own first column is an expression, and the subquery's has its number and name.
        "CREATE VIEW misread.expression AS SELECT a.id + 1 AS id, a.x FROM misread.a
            WHERE a.x IN (SELECT b.id FROM misread.b)",
        // An outer join can make NULL of any column.
        "CREATE VIEW misread.outer_join AS SELECT a.id, b.id AS other FROM misread.b LEFT JOIN misread.a USING (id)",
        // A subquery's target with the number and the name of a column of the view.
        "CREATE VIEW misread.swapped AS SELECT x AS id, id AS x, \"b c\" FROM misread.a
            WHERE x < (SELECT max(b.id) AS id FROM misread.b)",
        "CREATE VIEW misread.with_local AS SELECT id FROM misread.a WHERE id > 5 WITH LOCAL CHECK OPTION",
        "CREATE VIEW misread.limited AS SELECT id FROM misread.a LIMIT 5",
    ] {
        session.sql(statement);
    }
    let schema = session.schema(&["misread"]);
    let view = |view: &str| schema.relation(&name("misread", view)).expect("exposed");
    let nullable = |relation: &str, column: &str| view(relation).column(column).expect("a column").nullable;
    assert!(nullable("expression", "id") && view("expression").primary_key.is_empty());
    assert!(nullable("outer_join", "id") && view("outer_join").primary_key.is_empty());
    assert!(nullable("swapped", "id") && !nullable("swapped", "x"));
    assert_eq!(view("swapped").primary_key, [1]);
    assert_eq!(view("with_local").primary_key, [0]);
    assert!(view("limited").primary_key.is_empty() && nullable("limited", "id"));
}

#[test]
fn functions_have_their_arguments() {
    let schema = Session::start().schema(&["api"]);
    let add = schema.functions(&name("api", "add"));
    assert_eq!(add.len(), 2);
    let add = add
        .iter()
        .find(|function| function.variadic)
        .expect("the variadic one");
    let modes: Vec<_> = add
        .arguments
        .iter()
        .map(|argument| (&*argument.name, argument.mode))
        .collect();
    let expected = [
        ("a", ArgumentMode::In),
        ("b", ArgumentMode::In),
        ("rest", ArgumentMode::Variadic),
        ("sum", ArgumentMode::Out),
    ];
    assert_eq!(modes, expected);
    assert_eq!(
        (add.defaults, add.volatility, add.returns_set),
        (2, Volatility::Immutable, false)
    );
    assert_eq!(
        (&*add.returns.sql, add.comment.as_deref()),
        ("integer", Some("Adds."))
    );
    let page = &schema.functions(&name("api", "page_of"))[0];
    assert!(page.returns_set && page.arguments[1].mode == ArgumentMode::Table);
    assert!(
        schema.functions(&name("api", "clean")).is_empty(),
        "procedures are not functions"
    );
}

/// Names of types and in defaults have to be good whatever the search path of a request is.
#[test]
fn the_catalogue_does_not_depend_on_the_search_path() {
    let mut session = Session::start();
    session.sql("CREATE TYPE public.unqualified AS ENUM ('a')");
    session.sql("CREATE SCHEMA paths");
    session.sql("CREATE TABLE paths.t (a unqualified DEFAULT 'a', b oid, c name)");
    session.sql("SET search_path = public, paths");
    let schema = session.schema(&["paths"]);
    let table = schema.relation(&name("paths", "t")).expect("exposed");
    let column = &table.columns[0];
    assert_eq!(&*column.data_type.sql, "public.unqualified");
    assert_eq!(column.default.as_deref(), Some("'a'::public.unqualified"));
    assert_eq!(
        session.sql("SHOW search_path")[0][0].as_deref(),
        Some("public, paths")
    );
}

/// The bytes of a plain rendering are those of to_json only where no cast to json says otherwise.
#[test]
fn a_type_with_a_cast_to_json_is_left_to_sql() {
    let mut session = Session::start();
    for statement in [
        "CREATE SCHEMA casts",
        "CREATE TYPE casts.mood AS ENUM ('sad')",
        "CREATE TYPE casts.plain AS ENUM ('sad')",
        "CREATE DOMAIN casts.mood_domain AS casts.mood",
        "CREATE DOMAIN casts.number AS integer",
        "CREATE FUNCTION casts.mood_json(casts.mood) RETURNS json LANGUAGE sql AS $$ SELECT '{\"mood\":1}'::json $$",
        "CREATE CAST (casts.mood AS json) WITH FUNCTION casts.mood_json(casts.mood)",
        "CREATE TABLE casts.t (a casts.mood, b casts.plain, c casts.mood_domain, d casts.number, e casts.mood[])",
    ] {
        session.sql(statement);
    }
    let schema = session.schema(&["casts"]);
    let table = schema.relation(&name("casts", "t")).expect("exposed");
    let kinds: Vec<_> = table.columns.iter().map(|column| column.data_type.kind).collect();
    let plain = |rendering| TypeKind::Plain(rendering);
    let expected = [
        TypeKind::Other,
        plain(Rendering::Text),
        TypeKind::Other,
        plain(Rendering::Number),
        TypeKind::Other,
    ];
    assert_eq!(kinds, expected);
}
