//! Scripts of `postern_sql` when something goes wrong around them, and what they cost on the way to PostgreSQL.

use std::thread;

use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;
use crate::support::proxy::{Proxy, Traffic};

/// The fixtures, and these locations.
fn config(dsn: &str, database: &str, locations: &str) -> Config {
    let mut config = Config::new(dsn, database);
    config.server += locations;
    config
}

const COUNT: &str = "SELECT count(*) FROM api.log WHERE text LIKE 'fault%'";

#[test]
fn a_script_is_one_write_and_nothing_is_parsed_twice() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let locations = "location = /a { postern_sql app \"select :arg_a::int; select :arg_a::int + 1\"; }";
    let nginx = Nginx::ready(&config(&proxy.dsn(), "connections 1;", locations));
    let mut client = nginx.client();
    for _ in 0..3 {
        assert_eq!(client.get("/a?a=1").body, "2");
    }
    let before = proxy.traffic();
    for n in 0..50 {
        assert_eq!(client.get(&format!("/a?a={n}")).body, (n + 1).to_string());
    }
    let after = proxy.traffic();
    // The settings of the request, two statements, the settings of the response.
    assert_eq!(
        (after.writes - before.writes, after.syncs - before.syncs),
        (50, 50)
    );
    assert_eq!(
        (after.parses, after.executes - before.executes),
        (before.parses, 200)
    );
    let Traffic { queries, .. } = after;
    assert_eq!(queries, before.queries);
}

#[test]
fn a_database_that_is_away_is_503_and_served_again_when_it_is_back() {
    let mut postgres = Postgres::start();
    let locations = "location = /a { postern_sql app \"select :arg_a\"; }";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "", locations));
    let mut client = nginx.client();
    postgres.stop();
    poll_until("nginx notices", || client.get("/a?a=1").status == 503);
    let response = client.request("POST", "/a?a=1", &[("Content-Length", "0")], "");
    assert_eq!(
        (response.status, response.header("retry-after").is_some()),
        (503, true)
    );
    postgres.resume();
    poll_until("it is served again", || client.get("/a?a=1").body == "\"1\"");
    nginx.assert_no_alert();
}

#[test]
fn a_script_that_writes_is_not_sent_again_when_its_connection_is_lost() {
    let postgres = Postgres::start();
    postgres.sql(
        "CREATE SEQUENCE api.deaths;
         CREATE FUNCTION api.die() RETURNS void LANGUAGE sql SECURITY DEFINER
         AS 'SELECT nextval(''api.deaths''), pg_terminate_backend(pg_backend_pid())'",
    );
    let locations = "
        location = /die  { postern_sql app \"insert into api.log (text) values ('fault'); select api.die()\"; }
        location = /fail { postern_sql app \"insert into api.log (text) values ('fault'); select 1 / :arg_n::int\"; }";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "", locations));
    let mut client = nginx.client();
    let post = [("Content-Length", "0")];
    let response = client.request("POST", "/die", &post, "");
    assert_eq!(response.status, 503, "{}", response.body);
    assert!(response.body.contains("PGRST001"), "{}", response.body);
    assert_eq!(
        postgres.sql("SELECT last_value, is_called FROM api.deaths"),
        "1|t"
    );
    poll_until("requests are served again", || {
        client.request("POST", "/fail?n=0", &post, "").status == 400
    });
    assert_eq!(postgres.sql(COUNT), "0");
    assert_eq!(client.request("POST", "/fail?n=1", &post, "").body, "1");
    assert_eq!(postgres.sql(COUNT), "1");
    nginx.assert_no_alert();
}

#[test]
fn a_statement_that_takes_too_long_is_ended_and_undone() {
    let postgres = Postgres::start();
    let locations = "location = /a {
        postern_sql app \"insert into api.log (text) values ('fault'); select pg_sleep(:arg_s::float)\";
    }";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "query_timeout 300ms;", locations));
    let mut client = nginx.client();
    let response = client.request("POST", "/a?s=30", &[("Content-Length", "0")], "");
    assert_eq!(response.status, 500, "{}", response.body);
    assert!(response.body.contains("57014"), "{}", response.body);
    assert_eq!(postgres.sql(COUNT), "0");
}

#[test]
fn a_client_that_goes_away_does_no_harm_and_others_are_served() {
    let postgres = Postgres::start();
    let locations = "location = /a { postern_sql app \"select pg_sleep(:arg_s::float)\"; }";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "connections 1;", locations));
    for _ in 0..5 {
        let mut client = nginx.client();
        client
            .send("POST", "/a?s=0.1", &[("Content-Length", "0")], "")
            .unwrap();
        client.abort();
    }
    assert_eq!(nginx.client().get("/a?s=0").status, 204);
    nginx.assert_log_is_clean();
}

#[test]
fn scripts_go_on_through_reloads() {
    let postgres = Postgres::start();
    let locations = |answer: &str| format!("location = /a {{ postern_sql app \"select '{answer}'\"; }}");
    let nginx = Nginx::ready(&config(&postgres.dsn(), "", &locations("one")).workers(2));
    let port = nginx.port();
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|body| body != "\"three\"") {
            let response = crate::support::http::Client::connect(port).get("/a");
            assert_eq!(response.status, 200, "{}", response.body);
            seen.push(response.body);
        }
        seen.dedup();
        seen
    });
    for answer in ["two", "three"] {
        nginx.rewrite(&config(&postgres.dsn(), "", &locations(answer)).workers(2));
        nginx.reload();
    }
    let seen = reader.join().unwrap();
    assert!(
        seen.iter()
            .all(|body| ["\"one\"", "\"two\"", "\"three\""].contains(&body.as_str()))
    );
    nginx.assert_no_alert();
}
