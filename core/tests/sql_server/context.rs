//! The settings of a request.

use postern_core::query::context::{Context, ContextStatements, search_path};

use crate::session::Session;
use crate::support::query;

#[test]
fn settings_hold_for_the_rest_of_the_batch_and_not_a_moment_longer() {
    let mut session = Session::start();
    session.sql("CREATE ROLE context_role NOLOGIN");
    let mut statements = ContextStatements::new();
    let path = search_path(["api", "we\"ird"]);
    let context = Context {
        role: Some("context_role"),
        claims: Some(br#"{"sub":"a'b"}"#),
        headers: Some(b"{}"),
        cookies: Some(b"{}"),
        method: Some(b"GET"),
        path: Some(b"/x"),
        traceparent: Some("00-a-b-01"),
        application_name: Some("postern/a"),
        search_path: Some(&path),
        reports: Some("on\napi.a"),
        read_only: true,
        generic_plan: true,
    };
    let settings = statements.query(&context).expect("all of them");
    let all = "SELECT current_user, current_setting('request.jwt.claims'), current_setting('request.method'),
        current_setting('request.path'), current_setting('search_path'), current_setting('transaction_read_only'),
        current_setting('plan_cache_mode'), current_setting('request.headers'), current_setting('request.cookies'),
        current_setting('request.traceparent'), current_setting('application_name'), current_setting('postern.reports')";
    let rows = session.batch(&[&settings, &query(all, &[])]).expect("settings");
    let values: Vec<_> = rows[0]
        .iter()
        .map(|value| value.as_deref().unwrap_or_default())
        .collect();
    let expected = [
        "context_role",
        r#"{"sub":"a'b"}"#,
        "GET",
        "/x",
        r#""api", "we""ird""#,
        "on",
        "force_generic_plan",
        "{}",
        "{}",
        "00-a-b-01",
        "postern/a",
        "on\napi.a",
    ];
    assert_eq!(values, expected);
    let after = "SELECT current_user, coalesce(current_setting('request.path', true), ''),
        current_setting('transaction_read_only'), current_setting('plan_cache_mode'),
        coalesce(current_setting('postern.reports', true), '')";
    let after: Vec<_> = session.sql(after).remove(0).into_iter().flatten().collect();
    assert_eq!(after, ["postgres", "", "off", "auto", ""]);
}

#[test]
fn a_read_only_transaction_writes_nothing() {
    let mut session = Session::start();
    session.sql("CREATE TABLE IF NOT EXISTS public.read_only_test (a integer)");
    let mut statements = ContextStatements::new();
    let insert = query("INSERT INTO public.read_only_test VALUES (1)", &[]);
    let mut insert_with = |session: &mut Session, read_only| {
        let context = Context {
            role: Some("postgres"),
            read_only,
            ..Context::default()
        };
        let settings = statements.query(&context).expect("settings");
        session.batch(&[&settings, &insert]).map_err(|error| error.code)
    };
    assert_eq!(insert_with(&mut session, true), Err("25006".into()));
    assert_eq!(insert_with(&mut session, false), Ok(Vec::new()));
}
