//! The schema cache: what the catalogue says, and how soon it is noticed that it says something else.

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::{poll_until, process};

fn config(postgres: &Postgres) -> Config {
    let mut config = Config::new(&postgres.dsn(), "").workers(2);
    config.server += "location /api/later { postern_resource app table=api.later; }";
    config
}

/// Every worker has seen it when many fresh connections in a row have.
fn poll_everywhere(nginx: &Nginx, what: &str, holds: impl Fn(&mut Client) -> bool) {
    let mut in_a_row = 0;
    poll_until(what, || {
        in_a_row = if holds(&mut nginx.client()) {
            in_a_row + 1
        } else {
            0
        };
        in_a_row == 20
    });
}

#[test]
fn a_notification_makes_every_worker_see_the_new_schema() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    assert_eq!(nginx.client().get("/api/later").status, 404);
    postgres.sql("CREATE TABLE api.later (id integer PRIMARY KEY); GRANT SELECT ON api.later TO web_anon");
    postgres.sql("NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the new table is served", |client| {
        client.get("/api/later").status == 200
    });

    postgres.sql("ALTER TABLE api.later ADD COLUMN word text DEFAULT 'w'; INSERT INTO api.later VALUES (1)");
    postgres.sql("NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the new column is served", |client| {
        client.get("/api/later/1").body == "{\"id\":1,\"word\":\"w\"}"
    });
    nginx.assert_no_alert();
}

/// Each worker keeps the description that it has made.
#[test]
fn the_description_follows_the_schema() {
    let postgres = Postgres::start();
    let mut config = config(&postgres);
    config.server += "location = /openapi.json { postern_openapi; }";
    let nginx = Nginx::ready(&config);
    let described = |client: &mut Client| -> serde_json::Value {
        serde_json::from_str(&client.get("/openapi.json").body).unwrap()
    };
    assert_eq!(
        described(&mut nginx.client())["paths"]["/api/later"],
        serde_json::Value::Null
    );
    postgres.sql("CREATE TABLE api.later (id integer PRIMARY KEY); NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the new table is described", |client| {
        described(client)["paths"]["/api/later"].is_object()
    });
    postgres.sql("ALTER TABLE api.later ADD COLUMN word text; NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the new column is described", |client| {
        described(client)["components"]["schemas"]["later"]["properties"]["word"].is_object()
    });
    nginx.assert_no_alert();
}

#[test]
fn requests_are_answered_while_the_schema_is_loaded_again() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    let mut client = nginx.client();
    for _ in 0..20 {
        postgres.sql("NOTIFY postern, 'reload schema'");
        for _ in 0..20 {
            assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
        }
    }
    nginx.assert_log_is_clean();
}

#[test]
fn other_notifications_mean_nothing() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    postgres.sql("NOTIFY postern, 'something else'; NOTIFY other, 'reload schema'; NOTIFY postern");
    assert_eq!(nginx.client().get("/api/books/1").status, 200);
    nginx.assert_no_alert();
}

#[test]
fn a_notification_is_not_missed_while_the_connection_that_listens_is_lost() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator'");
    postgres.sql("CREATE TABLE api.later (id integer PRIMARY KEY); GRANT SELECT ON api.later TO web_anon");
    postgres.sql("NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the new table is served", |client| {
        client.get("/api/later").status == 200
    });
    nginx.assert_no_alert();
}

#[test]
fn a_reload_of_nginx_loads_it_too() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    postgres.sql("CREATE TABLE api.later (id integer PRIMARY KEY); GRANT SELECT ON api.later TO web_anon");
    nginx.reload();
    poll_everywhere(&nginx, "the new table is served", |client| {
        client.get("/api/later").status == 200
    });
}

#[test]
fn a_changed_table_does_not_break_prepared_statements() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres));
    let mut client = nginx.client();
    for _ in 0..10 {
        assert_eq!(client.get("/api/books/1").status, 200);
    }
    postgres.sql("ALTER TABLE api.books ALTER COLUMN pages TYPE bigint");
    // "cached plan must not change result type" is at most the fate of one request on each connection.
    poll_everywhere(&nginx, "the changed table is served", |client| {
        client.get("/api/books/1").status == 200
    });
    postgres.sql("NOTIFY postern, 'reload schema'");
    poll_everywhere(&nginx, "the changed table is served", |client| {
        client.get("/api/books/1").status == 200
    });
    nginx.assert_no_alert();
}

#[test]
fn thousands_of_tables() {
    let postgres = Postgres::start();
    // In pieces: a transaction holds a lock for every table that it makes.
    for start in (0..3000).step_by(500) {
        let end = start + 499;
        postgres.sql(&format!(
            "SET max_parallel_workers = 0; DO $$ BEGIN FOR n IN {start}..{end} LOOP \
             EXECUTE format('CREATE TABLE api.many_%s (id integer PRIMARY KEY, a text, b text)', n); END LOOP; END $$"
        ));
    }
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA api TO web_anon");
    let mut config = config(&postgres);
    config.server += "location /api/many { postern_resource app table=api.many_2999; }";
    let nginx = Nginx::ready(&config);
    assert_eq!(
        nginx.client().get("/api/many").body,
        "{\"data\":[],\"next_cursor\":null}"
    );
    nginx.assert_log_is_clean();
}

/// Each one left its place in the list of those who wait until the load was over: 84 bytes.
#[test]
fn clients_that_do_not_wait_for_the_schema_leave_nothing_behind() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    proxy.stall(true);
    let database = "connect_timeout 10m; acquire_timeout 10m;";
    let mut config = Config::new(&proxy.dsn(), database);
    config.server += "location = /quick { return 204; }";
    let nginx = Nginx::start(&config);
    let worker = nginx.workers()[0];
    let mut other = nginx.client();
    let mut come_and_go = |rounds: usize| {
        for _ in 0..rounds {
            let mut clients: Vec<_> = (0..100).map(|_| nginx.client()).collect();
            for client in &mut clients {
                client.send("GET", "/api/books/1", &[], "").unwrap();
            }
            // Two turns of the loop later all of them wait.
            for _ in 0..2 {
                assert_eq!(other.get("/quick").status, 204);
            }
            clients.into_iter().for_each(Client::abort);
        }
    };
    come_and_go(20);
    let early = process::rss_kib(worker);
    come_and_go(100);
    let late = process::rss_kib(worker);
    assert!(
        late <= early + 256,
        "a worker grew from {early} KiB to {late} KiB with 10000 clients that went away"
    );
    proxy.stall(false);
    nginx.wait_until_served();
}
