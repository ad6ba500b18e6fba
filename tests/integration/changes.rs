//! Writes through this node are made known when they are over, before they are answered. The error log shows what a cache would be
//! told.

use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;

/// A table that reports others, as their triggers would, and takes its time for it where a row asks for that: one at once, and one when
/// the transaction is committed.
const TABLES: &str = "
    CREATE TABLE api.noted (id integer PRIMARY KEY, pause double precision NOT NULL DEFAULT 0);
    CREATE TABLE api.followers (id integer REFERENCES api.noted ON DELETE CASCADE);
    CREATE FUNCTION api.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('postern.reports', true) LIKE 'on%' THEN RAISE INFO 'data.%', TG_ARGV[0] USING ERRCODE = 'PN001'; END IF;
        PERFORM pg_sleep(NEW.pause); RETURN NEW;
    END $$;
    CREATE TRIGGER note BEFORE INSERT ON api.noted FOR EACH ROW EXECUTE FUNCTION api.note('behind');
    CREATE CONSTRAINT TRIGGER note_later AFTER INSERT ON api.noted DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION api.note('\"far, behind\"');
    GRANT ALL ON api.noted TO web_anon";

const LOCATIONS: &str = "
    location /api/noted { postern_resource app table=api.noted; }
    location = /all { postern_sql app \"insert into api.noted values (:arg_id::int)\"; }
    location = /reported { postern_sql app \"insert into api.noted values (:arg_id::int)\" changes=reported; }
    location = /listed { postern_sql app \"insert into api.noted values (:arg_id::int)\" changes=api.a,api.b; }
    location = /none { postern_sql app \"insert into api.noted values (:arg_id::int)\" changes=none; }
    location = /slow { postern_sql app \"insert into api.noted values (:arg_id::int, 0.5)\" changes=none; }
    location = /report { postern_sql app \"select from api.report(:arg_name, :arg_count::int)\" changes=reported; }
    location = /reads { postern_sql app \"select 1\" read_only; }";

/// Nobody else listens: what the log has to say comes from this node's own writes.
fn start(postgres: &Postgres, dsn: &str, database: &str) -> Nginx {
    postgres.sql(TABLES);
    let mut config = Config::new(dsn, &format!("listen on; {database}"));
    config.server += LOCATIONS;
    let nginx = Nginx::ready(&config);
    poll_until("the listener is there", || {
        nginx.error_log().contains("changes in \"app\" are heard of")
    });
    nginx
}

/// What was made known since the log was so long.
fn told(nginx: &Nginx, since: usize) -> Vec<String> {
    let log = nginx.error_log();
    let changes = log[since..].lines().filter_map(|line| {
        let (_, change) = line.split_once("postern: \"app\": ")?;
        Some(change.trim_end_matches(" has changed").to_owned())
    });
    changes.collect()
}

/// What a write to the table tells: what is known of it, then what was reported.
const ALL: [&str; 4] = [
    "api.followers",
    "api.noted",
    "data.behind",
    "data.\"far, behind\"",
];

const EVERYTHING: &str = "everything may have changed";

#[test]
fn a_write_is_known_before_it_is_answered() {
    let postgres = Postgres::start();
    let nginx = start(&postgres, &postgres.dsn(), "");
    let mut client = nginx.client();
    let mut send = |method: &str, target: &str, body: &str, status: u16| {
        let since = nginx.error_log().len();
        let answer = client.request(
            method,
            target,
            &[("Content-Length", "0")][..usize::from(body.is_empty())],
            body,
        );
        assert_eq!(answer.status, status, "{}", answer.body);
        // Not polled for: it is there when the response is.
        told(&nginx, since)
    };
    assert_eq!(
        send("PATCH", "/api/items/1", "{\"note\":\"x\"}", 200),
        ["api.items"]
    );
    assert_eq!(send("POST", "/api/noted", "{\"id\":1}", 201), ALL);
    assert_eq!(send("DELETE", "/api/noted/1", "", 204), ALL[..2]);
    assert_eq!(send("POST", "/all?id=2", "", 204), [EVERYTHING]);
    assert_eq!(send("POST", "/reported?id=3", "", 204), ALL[2..]);
    assert_eq!(
        send("POST", "/listed?id=4", "", 204),
        ["api.a", "api.b", "data.behind", "data.\"far, behind\""]
    );
    for (method, target, body, status) in [
        ("POST", "/none?id=5", "", 204),
        ("POST", "/reads", "", 200),
        ("GET", "/reads", "", 200),
        ("GET", "/api/items/1", "", 200),
        // Errors of the server undo everything.
        ("POST", "/api/noted", "{\"id\":2}", 409),
        ("POST", "/all?id=2", "", 409),
        ("POST", "/api/deferred", "{\"id\":1,\"parent_id\":99}", 409),
    ] {
        let told = send(method, target, body, status);
        assert!(told.is_empty(), "{method} {target}: {told:?}");
    }
    nginx.assert_no_alert();
}

/// The connection is one: what it says of a batch is that batch's.
#[test]
fn a_report_belongs_to_the_write_that_is_at_work() {
    let postgres = Postgres::start();
    let nginx = start(&postgres, &postgres.dsn(), "connections 1;");
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let [mut first, mut second] = [nginx.client(), nginx.client()];
    let since = nginx.error_log().len();
    let body = "{\"id\":1,\"pause\":0.5}";
    first.send("POST", "/api/noted", &[], body).unwrap();
    poll_until("the first one is at work", || postgres.sql(sleeping) == "1");
    let none = second.request("POST", "/none?id=2", &[("Content-Length", "0")], "");
    assert_eq!(none.status, 204, "{}", none.body);
    assert_eq!(first.receive("POST").unwrap().status, 201);
    assert_eq!(told(&nginx, since), ALL);

    let since = nginx.error_log().len();
    let target = "/slow?id=3";
    first
        .send("POST", target, &[("Content-Length", "0")], "")
        .unwrap();
    poll_until("the first one is at work", || postgres.sql(sleeping) == "1");
    let answer = second.request("POST", "/api/noted", &[], "{\"id\":4}");
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(first.receive("POST").unwrap().status, 204);
    assert_eq!(told(&nginx, since), ALL);
    nginx.assert_no_alert();
}

/// A function may report as well. What is too much, or no name, is everything.
#[test]
fn what_a_function_reports_is_bounded() {
    let postgres = Postgres::start();
    postgres.sql(
        "CREATE FUNCTION api.report(name text, count integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
             FOR number IN 1..count LOOP
                 RAISE INFO USING ERRCODE = 'PN001', MESSAGE = format(name, number);
             END LOOP;
         END $$",
    );
    let nginx = start(&postgres, &postgres.dsn(), "");
    let mut client = nginx.client();
    let mut report = |name: &str, count: usize| {
        let since = nginx.error_log().len();
        let target = format!("/report?name={name}&count={count}");
        let answer = client.request("POST", &target, &[("Content-Length", "0")], "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        told(&nginx, since)
    };
    let names = |count: usize| (1..=count).map(|number| format!("data.t{number}"));
    assert_eq!(report("data.t%25s", 100), names(100).collect::<Vec<_>>());
    assert_eq!(report("data.t%25s", 101), [EVERYTHING]);
    assert_eq!(report("data.t", 200), ["data.t"]);
    for name in ["*", "t", "", "data.a%0Adata.b"] {
        assert_eq!(report(name, 2), [EVERYTHING], "{name}");
    }
    nginx.assert_no_alert();
}

/// A rule or an INSTEAD OF trigger does what it likes.
#[test]
fn a_view_with_an_instead_of_trigger_changes_everything() {
    let postgres = Postgres::start();
    postgres.sql(
        "CREATE VIEW api.diverted AS SELECT id, note FROM api.items;
         CREATE FUNCTION api.divert() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER divert INSTEAD OF INSERT ON api.diverted FOR EACH ROW EXECUTE FUNCTION api.divert();
         GRANT ALL ON api.diverted TO web_anon",
    );
    let mut config = Config::new(&postgres.dsn(), "listen on;");
    config.server += "location /api/diverted { postern_resource app table=api.diverted key=id; }";
    let nginx = Nginx::ready(&config);
    poll_until("the listener is there", || {
        nginx.error_log().contains("changes in \"app\" are heard of")
    });
    let since = nginx.error_log().len();
    let answer = nginx
        .client()
        .request("POST", "/api/diverted", &[], "{\"id\":1,\"note\":\"x\"}");
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(told(&nginx, since), [EVERYTHING]);
}

#[test]
fn a_write_whose_client_is_gone_is_known_with_all_that_it_has_reported() {
    let postgres = Postgres::start();
    let nginx = start(&postgres, &postgres.dsn(), "");
    let since = nginx.error_log().len();
    let mut client = nginx.client();
    client
        .send("POST", "/api/noted", &[], "{\"id\":1,\"pause\":0.5}")
        .unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    poll_until("the statement runs", || postgres.sql(sleeping) == "1");
    client.abort();
    poll_until("nginx notices", || {
        nginx.error_log()[since..].contains("client prematurely closed connection")
    });
    assert!(told(&nginx, since).is_empty());
    poll_until("the change is known", || told(&nginx, since) == ALL);
    assert_eq!(postgres.sql("SELECT count(*) FROM api.noted"), "1");
    nginx.assert_no_alert();
}

/// Nobody knows whether the server has committed, or will.
#[test]
fn a_write_whose_connection_is_lost_may_have_changed_everything_until_it_must_be_over() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = start(&postgres, &proxy.dsn(), "connections 1; query_timeout 2s;");
    let since = nginx.error_log().len();
    let mut client = nginx.client();
    client
        .send("POST", "/api/noted", &[], "{\"id\":1,\"pause\":1}")
        .unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    poll_until("the statement runs", || postgres.sql(sleeping) == "1");
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator' AND wait_event = 'PgSleep'",
    );
    assert_eq!(client.receive("POST").unwrap().status, 503);
    assert_eq!(told(&nginx, since), [EVERYTHING]);
    // Three seconds on: the time that the server gives a statement, and one more.
    poll_until("it is said again", || told(&nginx, since).len() == 4);
    assert!(told(&nginx, since).iter().all(|change| change == EVERYTHING));
    nginx.assert_no_alert();
}
