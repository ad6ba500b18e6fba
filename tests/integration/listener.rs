//! Changes that others make are heard of, by one connection of the node, and it is known when they are not.

use std::fs;

use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::{poll_until, process};

/// The connections that listen for changes.
const LISTENERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN postern_changes'";

const HEARS: &str = "changes in \"app\" are heard of";
const HEARS_AGAIN: &str = "changes in \"app\" are heard of again";
const IS_DEAF: &str = "changes in \"app\" are not heard of: ";
const EVERYTHING: &str = "\"app\": everything may have changed";

fn wait_for(nginx: &Nginx, since: usize, text: &str) {
    poll_until(text, || nginx.error_log()[since..].contains(text));
}

fn count(nginx: &Nginx, since: usize, text: &str) -> usize {
    nginx.error_log()[since..].matches(text).count()
}

fn start(config: &Config) -> Nginx {
    let nginx = Nginx::ready(config);
    wait_for(&nginx, 0, HEARS);
    nginx
}

#[test]
fn one_worker_listens_and_hears_what_others_write() {
    let postgres = Postgres::start();
    postgres.watch("api.items");
    let nginx = start(&Config::new(&postgres.dsn(), "listen on;").workers(3));
    assert_eq!(postgres.sql(LISTENERS), "1");
    assert_eq!(
        count(&nginx, 0, EVERYTHING),
        1,
        "what was changed before is not known"
    );
    for (statement, heard) in [
        (
            "UPDATE api.items SET note = 'x' WHERE id = 1",
            "\"app\": api.items has changed",
        ),
        (
            "COPY api.items (name) FROM PROGRAM 'echo a'",
            "\"app\": api.items has changed",
        ),
        ("TRUNCATE api.items", "\"app\": api.items has changed"),
        (
            "NOTIFY postern_changes, 'api.stored'",
            "\"app\": api.stored has changed",
        ),
        ("NOTIFY postern_changes, '*'", EVERYTHING),
        ("NOTIFY postern_changes", EVERYTHING),
    ] {
        let since = nginx.error_log().len();
        postgres.sql(statement);
        wait_for(&nginx, since, heard);
    }
    let since = nginx.error_log().len();
    postgres.sql("NOTIFY other, '*'; NOTIFY postern_changes, 'api.last'");
    wait_for(&nginx, since, "\"app\": api.last has changed");
    assert_eq!(count(&nginx, since, "\"app\": "), 1);
    nginx.assert_log_is_clean();
}

#[test]
fn nobody_listens_where_nobody_wants_to_know() {
    let postgres = Postgres::start();
    let pools = ["", "listen off;", "prepare off;"];
    for database in pools {
        let nginx = Nginx::ready(&Config::new(&postgres.dsn(), database).workers(2));
        assert_eq!(postgres.sql(LISTENERS), "0", "{database}");
        let answer = nginx
            .client()
            .request("PATCH", "/api/items/1", &[], "{\"note\":\"x\"}");
        assert_eq!(answer.status, 200);
        assert_eq!(count(&nginx, 0, "\"app\": "), 0, "{database}");
    }
}

#[test]
fn without_a_master_the_only_process_listens() {
    let postgres = Postgres::start();
    let mut config = Config::new(&postgres.dsn(), "listen on;");
    config.master = false;
    let nginx = start(&config);
    postgres.sql("NOTIFY postern_changes, 'api.items'");
    wait_for(&nginx, 0, "\"app\": api.items has changed");
}

#[test]
fn a_long_statement_delays_nothing() {
    let postgres = Postgres::start();
    let nginx = start(&Config::new(
        &postgres.dsn(),
        "listen on; connections 1; query_timeout 60s;",
    ));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/30000", &[], "").unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    poll_until("the statement runs", || postgres.sql(sleeping) == "1");
    postgres.sql("NOTIFY postern_changes, 'api.items'");
    wait_for(&nginx, 0, "\"app\": api.items has changed");
    assert_eq!(postgres.sql(sleeping), "1");
    slow.abort();
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
}

#[test]
fn a_lost_connection_is_made_again_and_everything_may_have_changed_meanwhile() {
    let mut postgres = Postgres::start();
    let nginx = start(&Config::new(&postgres.dsn(), "listen on;"));
    for _ in 0..3 {
        let since = nginx.error_log().len();
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN postern_changes'",
        );
        wait_for(&nginx, since, IS_DEAF);
        wait_for(&nginx, since, HEARS_AGAIN);
        assert_eq!(count(&nginx, since, EVERYTHING), 1);
        assert_eq!(postgres.sql(LISTENERS), "1");
    }
    let since = nginx.error_log().len();
    postgres.stop();
    wait_for(&nginx, since, IS_DEAF);
    // Several attempts fail and say no more about it.
    poll_until("attempts to connect", || {
        count(&nginx, since, "cannot be reached") >= 3
            || count(&nginx, since, "(111: Connection refused)") >= 3
            || count(&nginx, since, "No such file or directory") >= 3
    });
    assert_eq!(count(&nginx, since, IS_DEAF), 1);
    postgres.resume();
    wait_for(&nginx, since, HEARS_AGAIN);
    postgres.sql("NOTIFY postern_changes, 'api.items'");
    wait_for(&nginx, since, "\"app\": api.items has changed");
    nginx.assert_no_alert();
}

/// A peer that vanishes sends no farewell.
#[test]
fn a_server_that_falls_silent_is_noticed() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = start(&Config::new(&proxy.dsn(), "listen on; connect_timeout 500ms;"));
    let since = nginx.error_log().len();
    proxy.stall(true);
    wait_for(
        &nginx,
        since,
        "changes in \"app\" are not heard of: the server did not answer within 2000 ms",
    );
    proxy.stall(false);
    wait_for(&nginx, since, HEARS_AGAIN);
    assert_eq!(count(&nginx, since, EVERYTHING), 1);
}

#[test]
fn a_server_that_is_there_is_asked_and_kept() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = start(&Config::new(&proxy.dsn(), "listen on;"));
    let (before, accepted) = (proxy.traffic().queries, proxy.accepted());
    poll_until("the silent server is asked twice", || {
        proxy.traffic().queries >= before + 2
    });
    assert_eq!(proxy.accepted(), accepted);
    assert_eq!(count(&nginx, 0, IS_DEAF), 0);
}

#[test]
fn the_next_worker_listens_when_one_is_killed_or_exits() {
    let postgres = Postgres::start();
    let mut nginx = start(&Config::new(&postgres.dsn(), "listen on;").workers(2));
    for victim in nginx.workers() {
        process::signal(victim, "KILL");
    }
    let hears = format!("{HEARS}\n");
    poll_until("a new worker listens", || count(&nginx, 0, &hears) >= 2);
    let before = nginx.workers();
    nginx.reload();
    poll_until("the listener does not hold the old workers", || {
        nginx.workers().iter().all(|pid| !before.contains(pid))
    });
    poll_until("one listens", || postgres.sql(LISTENERS) == "1");
    nginx.signal("QUIT");
    assert!(nginx.wait().success());
    poll_until("nobody listens", || postgres.sql(LISTENERS) == "0");
    assert_eq!(
        count(&nginx, 0, "[alert]"),
        2,
        "only the workers that were killed: {}",
        nginx.error_log()
    );
}

#[test]
fn an_exiting_worker_does_not_wait_for_a_server_that_does_not_answer() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let mut nginx = start(&Config::new(&proxy.dsn(), "listen on; connect_timeout 60s;"));
    // The next attempt of the listener hangs, while the connections of the pool are idle.
    poll_until("the listener waits for an answer", || {
        proxy.stall(false);
        let (attempts, since) = (proxy.accepted(), nginx.error_log().len());
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN postern_changes'",
        );
        wait_for(&nginx, since, IS_DEAF);
        proxy.stall(true);
        poll_until("it connects again", || proxy.accepted() > attempts);
        nginx.error_log().matches(HEARS_AGAIN).count() == nginx.error_log().matches(IS_DEAF).count() - 1
    });
    nginx.signal("QUIT");
    assert!(nginx.wait().success());
    nginx.assert_no_alert();
}

#[test]
fn a_standby_cannot_be_listened_to_and_says_so_once() {
    let mut postgres = Postgres::start();
    postgres.stop();
    let signal = postgres.socket_dir().join("data/standby.signal");
    fs::write(&signal, "").unwrap();
    postgres.resume();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "listen on;"));
    wait_for(&nginx, 0, IS_DEAF);
    assert_eq!(count(&nginx, 0, "during recovery"), 2, "{}", nginx.error_log());
    assert_eq!(count(&nginx, 0, EVERYTHING), 0);
}

#[test]
fn the_sample_application_tells_of_its_changes() {
    let postgres = Postgres::start();
    postgres.with_sample_application();
    let dsn = postgres.dsn().replace("dbname=fixture", "dbname=app");
    let mut config = Config::new(&dsn, "listen on;");
    config.http = config.http.replace("web_anon", "anonymous");
    let nginx = Nginx::start(&config);
    wait_for(&nginx, 0, HEARS);
    let since = nginx.error_log().len();
    postgres.app_sql("INSERT INTO data.users (email, name) VALUES ('a@example.org', 'A')");
    wait_for(&nginx, since, "\"app\": data.users has changed");
    wait_for(&nginx, since, "\"app\": data.audit_log has changed");
}

#[test]
fn tables_are_watched_with_their_partitions_and_new_ones_too() {
    let postgres = Postgres::start();
    postgres.watch("api.items");
    let watched = |schema: &str| {
        postgres.sql(&format!(
            "SELECT string_agg(tgrelid::regclass::text, ' ' ORDER BY tgrelid::regclass::text) FROM pg_trigger \
             WHERE tgname = 'postern_changed' AND tgrelid::regclass::text LIKE '{schema}.%'"
        ))
    };
    postgres.sql(
        "CREATE SCHEMA w; CREATE SCHEMA elsewhere;
         CREATE TABLE w.a (id integer);
         CREATE TABLE w.e (y integer, id integer) PARTITION BY LIST (y);
         CREATE TABLE w.e1 PARTITION OF w.e FOR VALUES IN (1);
         CREATE VIEW w.v AS SELECT id FROM w.a",
    );
    postgres.sql("SELECT postern.watch('w.e'); SELECT postern.watch('w.e')");
    assert_eq!(watched("w"), "w.e w.e1");
    postgres.sql(
        "CREATE TABLE elsewhere.e2 PARTITION OF w.e FOR VALUES IN (2); CREATE TABLE elsewhere.b (id integer)",
    );
    assert_eq!(
        (watched("w"), watched("elsewhere")),
        ("w.e w.e1".into(), "elsewhere.e2".into())
    );
    postgres.sql("SELECT postern.watch_schema('w')");
    postgres.sql("CREATE TABLE w.c (id integer); CREATE TABLE w.d AS SELECT 1 AS id");
    assert_eq!(watched("w"), "w.a w.c w.d w.e w.e1");
    postgres.sql("SELECT postern.unwatch('w.e')");
    assert_eq!(
        (watched("w"), watched("elsewhere")),
        ("w.a w.c w.d".into(), "".into())
    );
    postgres.sql("SELECT postern.unwatch_schema('w'); CREATE TABLE w.f (id integer)");
    assert_eq!(watched("w"), "");
}

/// Whoever writes needs no right on the schema of the trigger, and each table is told of once, to whom it is of use.
#[test]
fn a_transaction_reports_each_table_once() {
    let postgres = Postgres::start();
    postgres.watch("api.items");
    postgres.sql("CREATE TABLE api.\"odd\nname\" (id integer); SELECT postern.watch('api.children')");
    postgres.sql("SELECT postern.watch('api.\"odd\nname\"')");
    let reported = |reports: &str| {
        let messages = postgres.messages(&format!(
            "BEGIN; {reports}
             INSERT INTO api.\"odd\nname\" VALUES (1); SET LOCAL ROLE web_anon;
             UPDATE api.items SET note = 'x' WHERE id = 1; UPDATE api.items SET note = 'y' WHERE id = 1;
             DELETE FROM api.children; ROLLBACK;
             UPDATE api.items SET note = 'x' WHERE id = 1"
        ));
        let reports = messages.lines().filter_map(|line| line.strip_prefix("INFO:  "));
        reports.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        reported("SET LOCAL postern.reports = on;"),
        ["*", "api.items", "api.children"]
    );
    assert_eq!(
        reported("SET LOCAL postern.reports = E'on\napi.items\napi.other';"),
        ["*", "api.children"]
    );
    assert!(reported("").is_empty());
    assert!(reported("SET LOCAL postern.reports = off;").is_empty());
}

#[test]
fn one_node_need_not_be_notified_of_its_own_writes() {
    let postgres = Postgres::start();
    postgres.watch("api.items");
    postgres.sql("ALTER ROLE authenticator SET postern.notify = off");
    // What a trigger of somebody's own writes is reported by that of its table.
    postgres.sql(
        "CREATE TABLE api.changes (item integer); GRANT INSERT ON api.changes TO web_anon;
         SELECT postern.watch('api.changes');
         CREATE FUNCTION api.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO api.changes VALUES (NEW.id); RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER keep AFTER UPDATE ON api.items DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION api.keep()",
    );
    let nginx = start(&Config::new(&postgres.dsn(), "listen on;"));
    let since = nginx.error_log().len();
    let mut client = nginx.client();
    for (written, note) in ["a", "b"].iter().enumerate() {
        let body = format!("{{\"note\":\"{note}\"}}");
        assert_eq!(client.request("PATCH", "/api/items/1", &[], &body).status, 200);
        assert_eq!(
            count(&nginx, since, "\"app\": api.changes has changed"),
            written + 1
        );
    }
    postgres.sql("NOTIFY postern_changes, 'api.last'");
    wait_for(&nginx, since, "\"app\": api.last has changed");
    // Notifications come in the order of commits: none has come for those before.
    assert_eq!(count(&nginx, since, "\"app\": api.items has changed"), 2);
    postgres.sql("UPDATE api.items SET note = 'c' WHERE id = 1");
    poll_until("others are heard of", || {
        count(&nginx, since, "\"app\": api.items has changed") == 3
    });
}
