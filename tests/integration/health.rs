//! Readiness: what it says while the database, or the connection that listens, comes and goes, and that probes cost nothing.

use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;

fn config(dsn: &str, database: &str) -> Config {
    let mut config = Config::new(dsn, database).workers(2);
    config.http += "postern_zone edge 1m;";
    config.server += "postern_cache edge ttl=1h;
        location = /readyz { postern_health ready; }
        location = /healthz { postern_health live; }";
    config
}

/// The status of the response, and of one check.
fn check(nginx: &Nginx, name: &str) -> (u16, String) {
    let response = nginx.client().get("/readyz");
    let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    let status = &body["checks"]["app"][name]["status"];
    (response.status, status.as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_database_that_goes_away_and_comes_back_is_told() {
    let mut postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), ""));
    poll_until("all is well", || {
        check(&nginx, "database") == (200, "pass".into()) && check(&nginx, "listener").1 == "pass"
    });
    postgres.stop();
    poll_until("it is away", || check(&nginx, "database") == (503, "fail".into()));
    assert_eq!(nginx.client().get("/healthz").status, 200);
    postgres.resume();
    poll_until("it is back", || check(&nginx, "database") == (200, "pass".into()));
}

/// A server that takes connections and says nothing more.
#[test]
fn a_database_that_does_not_answer_is_no_ready_one() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&config(&proxy.dsn(), ""));
    poll_until("all is well", || {
        check(&nginx, "database") == (200, "pass".into())
    });
    proxy.stall(true);
    poll_until("it does not answer", || {
        check(&nginx, "database") == (503, "fail".into())
    });
    proxy.stall(false);
    poll_until("it answers", || check(&nginx, "database") == (200, "pass".into()));
}

#[test]
fn a_pool_that_is_exhausted_is_told() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(
        &postgres.dsn(),
        "connections 1; pipeline 1; acquire_timeout 300ms;",
    ));
    let mut busy: Vec<_> = (0..8).map(|_| nginx.client()).collect();
    for client in &mut busy {
        client
            .send("GET", "/api/naps/500", &[("Cache-Control", "no-store")], "")
            .unwrap();
    }
    poll_until("no connection is free", || {
        check(&nginx, "pool") == (503, "fail".into())
    });
    poll_until("one is free again", || {
        check(&nginx, "pool") == (200, "pass".into())
    });
}

/// Requests wait for a connection longer than a check does: it was told as a database that does not answer.
#[test]
fn a_pool_is_exhausted_before_its_requests_give_up() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "connections 1; pipeline 1;"));
    let mut busy: Vec<_> = (0..8).map(|_| nginx.client()).collect();
    for client in &mut busy {
        client
            .send("GET", "/api/naps/5000", &[("Cache-Control", "no-store")], "")
            .unwrap();
    }
    // Of one answer: the other worker has a pool of its own.
    poll_until("no connection is free", || {
        let body: serde_json::Value = serde_json::from_str(&nginx.client().get("/readyz").body).unwrap();
        let checks = &body["checks"]["app"];
        checks["pool"]["status"] == "fail" && checks["database"]["status"] == "warn"
    });
}

/// A question that waits behind a long statement is asked again elsewhere: it was told as a pool without room.
#[test]
fn long_statements_do_not_fail_checks_while_there_is_room() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "connections 4;"));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(4);
    let mut naps: Vec<_> = (0..4).map(|_| nginx.client()).collect();
    while std::time::Instant::now() < deadline {
        for client in &mut naps {
            client
                .send("GET", "/api/naps/500", &[("Cache-Control", "no-store")], "")
                .unwrap();
        }
        for _ in 0..8 {
            assert_eq!(check(&nginx, "pool"), (200, "pass".into()));
        }
        for client in &mut naps {
            client.receive("GET").unwrap();
        }
    }
}

#[test]
fn a_listener_that_is_lost_is_a_warning() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&config(&proxy.dsn(), ""));
    poll_until("changes are heard of", || {
        check(&nginx, "listener") == (200, "pass".into())
    });
    proxy.refuse(true);
    let listeners =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen postern_changes%'";
    poll_until("they are not", || {
        postgres.sql(listeners);
        check(&nginx, "listener").1 == "warn"
    });
    proxy.refuse(false);
    poll_until("they are again", || {
        check(&nginx, "listener") == (200, "pass".into())
    });
}

#[test]
fn probes_do_not_load_the_database() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&config(&proxy.dsn(), ""));
    let before = proxy.traffic();
    let started = std::time::Instant::now();
    for _ in 0..500 {
        assert_eq!(nginx.client().get("/readyz").status, 200);
    }
    let seconds = started.elapsed().as_secs();
    let asked = proxy.traffic().executes - before.executes;
    // Each of two workers once a second, at most; and once more at the beginning and at the end.
    assert!(asked <= 2 * (seconds + 2), "{asked} questions in {seconds} s");
}

/// The client for which a database was asked took the question with it: whoever waited for the answer asked anew, and where every client
/// gave up before the end nobody ever got one.
#[test]
fn a_client_that_goes_away_leaves_its_check_to_the_others() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&config(&proxy.dsn(), "").workers(1));
    proxy.stall(true);
    let before = proxy.traffic().executes;
    let mut first = nginx.client();
    first.send("GET", "/readyz", &[], "").unwrap();
    poll_until("it is asked", || proxy.traffic().executes > before);
    let mut second = nginx.client();
    second.send("GET", "/readyz", &[], "").unwrap();
    first.abort();
    assert_eq!(second.receive("GET").unwrap().status, 503);
    assert_eq!(proxy.traffic().executes - before, 1);
    proxy.stall(false);
    poll_until("it answers", || check(&nginx, "database") == (200, "pass".into()));
}
