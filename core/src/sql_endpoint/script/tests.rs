//! From a text and a request to statements and their parameters.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::{Script, ScriptError};
use crate::api_request::{EncodingFault, RequestError};
use crate::auth::test_tokens::{key, sign, verifier_of};
use crate::sql_endpoint::RequestValues;

fn texts(script: &str) -> Vec<String> {
    let script = Script::parse(script).expect("good");
    script
        .statements()
        .map(|statement| statement.sql().to_owned())
        .collect()
}

const HEADERS: [(&[u8], &[u8]); 6] = [
    (b"X-One", b"1"),
    (b"x-many", b"a"),
    (b"X-Many", b"b"),
    (b"X-Bytes", b"caf\xe9"),
    (b"Cookie", b"sid=s1; sid=s2; theme=dark"),
    (b"Accept-Language", b"en"),
];

/// The values of all parameters of a script, `None` for NULL.
fn bind(script: &str, args: &str, body: Option<&[u8]>) -> Result<Vec<Option<String>>, RequestError> {
    let verifier = verifier_of(vec![key(None, 1)]);
    let token = sign(1, r#"{"sub":"u1","role":"web","n":[1, 2],"deep":{"a":"b"}}"#);
    let identity = verifier.verify(token.as_bytes(), 0).expect("good");
    let values = RequestValues {
        method: b"POST",
        path: b"/a b",
        remote_addr: Some(b"192.0.2.1"),
        args: args.as_bytes(),
        headers: HEADERS.into_iter(),
        body,
        identity: Some(&identity),
        role: "web",
        variable: &|name| (name == "id").then_some(&b"42"[..]),
    };
    let queries = Script::parse(script).expect("good").bind(&values)?;
    let text = |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
    Ok(queries
        .iter()
        .flat_map(|query| query.params.iter().map(text))
        .collect())
}

#[test]
fn names_become_numbers_and_equal_names_one_number() {
    assert_eq!(
        texts(" select f(:body, :arg_a), :arg_a::int ; select :arg_a -- the end\n;"),
        ["select f($1, $2), $2::int", "select $1 -- the end"]
    );
    assert_eq!(
        texts("select ':body', $$;$$, a[1:2], :body_bytes"),
        ["select ':body', $$;$$, a[1:2], $1::pg_catalog.bytea"]
    );
    assert_eq!(texts("select 1where:arg_a=1"), ["select 1where $1=1"]);
    assert_eq!(
        texts("/* first */ select 1; /* second */ select 2"),
        ["/* first */ select 1", "/* second */ select 2"]
    );
}

#[test]
fn a_header_is_one_parameter_however_it_is_written() {
    assert_eq!(texts("select :header_x_a, :header_X_A"), ["select $1, $1"]);
    assert_eq!(texts("select :arg_x, :arg_X"), ["select $1, $2"]);
}

#[test]
fn scripts_that_cannot_be_used_are_refused() {
    let fails = |text: &str| Script::parse(text).expect_err(text).to_string();
    for text in [
        "",
        "  ",
        ";",
        "select 1;;",
        "-- nothing",
        "select 1; /* more */ ;",
    ] {
        assert!(fails(text).starts_with("empty statement"), "{text}");
    }
    assert_eq!(
        fails("select 1,\n:colour"),
        "unknown parameter \":colour\" at line 2 of the SQL"
    );
    assert_eq!(
        fails("select $1"),
        "parameter without a name at line 1 of the SQL"
    );
    assert_eq!(fails("select 'a"), "unterminated string at line 1 of the SQL");
    for text in [
        "begin",
        "COMMIT; select 1",
        "select 1; rollback",
        "/* x */ end",
        "set role x",
        "SET session x = 1",
        "reset all",
        "listen a",
        "copy t to stdout",
        "discard all",
        "call p()",
        "DO $$ begin commit; end $$",
    ] {
        assert!(fails(text).contains("cannot be used"), "{text}");
    }
    for text in [
        "set \"search_path\" = local",
        "set\"x\"to transaction",
        "close all",
        "create temp table x (a int)",
        "CREATE LOCAL TEMPORARY TABLE x (a int)",
        "create global temp sequence s",
        "create or replace temporary view v as select 1",
        "explain analyze create temp table x as select 1",
        "create /* :a */ temp\n table x ()",
        "select 1 as a into temp x",
        "select 1 as a into temporary table x from t",
        "with y as (select 1) select * into local temp x from y",
        "create domain pg_temp.uuid as pg_catalog.uuid",
        "create table \"pg_temp\" . x (a int)",
        "insert into pg_temp.x values (1)",
        "declare c cursor with hold for select 1",
        "declare \"for\" no scroll cursor\nwith hold for select 1",
    ] {
        assert!(fails(text).contains("cannot be used"), "{text}");
    }
    assert_eq!(
        fails("select 1;\nselect 1 into temp x"),
        "\"temp\" cannot be used at line 2 of the SQL: connections are shared by requests"
    );
    for text in [
        "insert into temp values (1)",
        "merge into temp using t on true when matched then do nothing",
        "insert into t (temp) select temp from temporary",
        "create table temp (a int)",
        "create table x as select 'create temp', \"into\" from t",
        "select \"create\" temp, t.into temp",
        "declare c cursor without hold for with hold as (select 1) select * from hold",
        "declare c cursor for select 1",
        "set local search_path = pg_catalog, pg_temp",
        "select 'pg_temp.x', \"close\", pg_temp from t",
        "set local x = 1",
        "set constraints all deferred",
        "select begin from t",
        "notify a",
    ] {
        assert!(Script::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn scripts_have_limits() {
    let statements = |count: usize| "select 1;".repeat(count);
    assert_eq!(
        Script::parse(&statements(32)).map(|script| script.statements().len()),
        Ok(32)
    );
    assert!(matches!(
        Script::parse(&statements(33)),
        Err(ScriptError::TooManyStatements { max: 32 })
    ));
    let parameters = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!(":arg_{n}")).collect();
        format!("select {}", names.join(","))
    };
    assert!(Script::parse(&parameters(300)).is_ok());
}

#[test]
fn every_kind_of_parameter_has_its_value() {
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(
        bind(
            "select :method, :path, :remote_addr, :header_x_one, :header_X_MANY, :header_x_none, :header_x_bytes, \
             :cookie_sid, :cookie_none, :claim_sub, :claim_role, :claim_n, :claim_deep, :claim_none, :var_id, :var_none",
            "",
            None
        ),
        Ok(vec![
            text("POST"),
            text("/a b"),
            text("192.0.2.1"),
            text("1"),
            text("a, b"),
            None,
            text("caf\u{fffd}"),
            text("s1"),
            None,
            text("u1"),
            text("web"),
            text("[1, 2]"),
            text(r#"{"a":"b"}"#),
            None,
            text("42"),
            None,
        ])
    );
    assert_eq!(
        bind(
            "select :body; select :body_bytes, :arg_a, :arg_b, :arg_c",
            "a=x+%C3%A9&b&d=1",
            Some(b"{}")
        ),
        Ok(vec![text("{}"), text("\\x7b7d"), text("x é"), text(""), None])
    );
    assert_eq!(bind("select :body, :body_bytes", "", None), Ok(vec![None, None]));
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    let fault = |fault, position| Err(RequestError::Encoding { fault, position });
    assert_eq!(
        bind("select :arg_a", "b=1&a=%zz", None),
        fault(EncodingFault::Percent, 7)
    );
    assert_eq!(
        bind("select :arg_a", "b=%ff", None),
        fault(EncodingFault::NotUtf8, 3)
    );
    assert_eq!(bind("select :arg_a", "%00=1", None), fault(EncodingFault::Nul, 1));
    assert_eq!(
        bind("select :arg_a", "a=1&a=2", None),
        Err(RequestError::Repeated { argument: "a".into() })
    );
    // What the script does not ask for is not looked at.
    assert_eq!(
        bind("select :arg_a", "b=1&b=2&&a=", None),
        Ok(vec![Some(String::new())])
    );
    assert_eq!(bind("select 1", "a=%zz", None), Ok(vec![]));
    let many: String = (0..129).map(|n| format!("{n}=&")).collect();
    assert!(matches!(
        bind("select :arg_a", &many, None),
        Err(RequestError::TooMany(_))
    ));
    let long = "x".repeat(32 * 1024 + 1);
    assert!(matches!(
        bind("select :arg_a", &long, None),
        Err(RequestError::TooMany(_))
    ));
}

#[test]
fn a_body_that_is_no_text_is_refused_unless_bytes_are_wanted() {
    assert!(matches!(
        bind("select :body", "", Some(b"a\xff")),
        Err(RequestError::Body(_))
    ));
    assert_eq!(
        bind("select :body_bytes", "", Some(b"a\xff\0")),
        Ok(vec![Some("\\x61ff00".to_owned())])
    );
}

/// A piece of SQL that is whole in itself and ends no statement.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("select".to_owned()),
        Just(" ".to_owned()),
        Just(":arg_a ".to_owned()),
        Just("::int".to_owned()),
        "[a-df-z_]{1,4} ".prop_map(|word| word),
        "[^'\\\\]{0,5}".prop_map(|text| format!("'{text}' ")),
        "[^'\\\\]{0,5}".prop_map(|text| format!(" E'{text}\\'' ")),
        "[^\"]{1,5}".prop_map(|text| format!("\"{text}\" ")),
        "[^$]{0,5}".prop_map(|text| format!(" $q${text}$q$ ")),
        "[^*/]{0,5}".prop_map(|text| format!("/*{text}/*;*/*/ ")),
        "[^\n\r]{0,5}".prop_map(|text| format!("--{text}\n")),
    ]
}

proptest! {
    #[test]
    fn any_text_is_a_script_or_an_error(text in any::<String>()) {
        if let Ok(script) = Script::parse(&text) {
            assert!((1..=Script::MAX_STATEMENTS).contains(&script.statements().len()));
        }
    }

    #[test]
    fn statements_end_only_at_semicolons_of_their_own(
        statements in proptest::collection::vec(proptest::collection::vec(piece(), 0..8), 1..8)
    ) {
        // Each begins with a word, so that none is empty or forbidden.
        let text: Vec<_> = statements.iter().map(|pieces| format!("select {}", pieces.concat())).collect();
        let script = Script::parse(&text.join(";")).expect("good");
        assert_eq!(script.statements().len(), statements.len());
        for (statement, pieces) in script.statements().zip(&statements) {
            let uses = pieces.iter().filter(|piece| *piece == ":arg_a ").count();
            let hidden: usize = pieces.iter().filter(|piece| *piece != ":arg_a ").map(|piece| piece.matches("$1").count()).sum();
            assert_eq!(statement.sql().matches("$1").count(), uses + hidden);
        }
    }
}
