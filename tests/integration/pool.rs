//! The pool: never more connections than configured, waiting in order, refusal in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;

#[test]
fn connections_never_exceed_the_configured_number() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 2;").workers(2));
    let (port, stop) = (nginx.port(), AtomicBool::new(false));
    thread::scope(|scope| {
        for number in 0..64_u32 {
            let stop = &stop;
            scope.spawn(move || {
                let mut client = Client::connect(port);
                while !stop.load(Ordering::Relaxed) {
                    let target = if number % 8 == 0 {
                        "/api/naps/100"
                    } else {
                        "/api/events?limit=25"
                    };
                    assert_eq!(client.get(target).status, 200);
                }
            });
        }
        let deadline = Instant::now() + Duration::from_secs(2);
        let mut most = 0;
        while Instant::now() < deadline {
            most = most.max(postgres.connections());
        }
        stop.store(true, Ordering::Relaxed);
        assert!(
            (2..=4).contains(&most),
            "{most} connections for two workers of two"
        );
    });
    nginx.assert_log_is_clean();
}

#[test]
fn connections_are_reused() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(&proxy.dsn(), "connections 2;"));
    let before = proxy.accepted();
    let mut client = nginx.client();
    for _ in 0..500 {
        assert_eq!(client.get("/api/books/1").status, 200);
    }
    assert!(
        proxy.accepted() <= before + 2,
        "{} new connections",
        proxy.accepted() - before
    );
}

#[test]
fn a_slow_statement_does_not_delay_fast_ones() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 2; query_timeout 60s;"));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/5000", &[], "").unwrap();
    poll_until("the slow statement runs", || running(&postgres) == 1);
    let mut fast = nginx.client();
    for _ in 0..500 {
        assert_eq!(fast.get("/api/books/1?select=id").body, "{\"id\":1}");
    }
    assert_eq!(
        running(&postgres),
        1,
        "the fast ones were answered while the slow one runs"
    );
    postgres.sql(CANCEL);
    assert_eq!(slow.receive("GET").unwrap().status, 500);
    nginx.assert_no_alert();
}

#[test]
fn several_slow_statements_do_not_either() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 4; query_timeout 60s;"));
    let mut slow: Vec<Client> = (0..3).map(|_| nginx.client()).collect();
    for (index, client) in slow.iter_mut().enumerate() {
        client.send("GET", "/api/naps/5000", &[], "").unwrap();
        poll_until("the slow statement runs", || running(&postgres) == index + 1);
    }
    let mut fast = nginx.client();
    for _ in 0..200 {
        assert_eq!(fast.get("/api/books/1?select=id").body, "{\"id\":1}");
    }
    assert_eq!(running(&postgres), 3);
}

const CANCEL: &str = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator' AND wait_event = 'PgSleep'";

/// How many statements sleep.
fn running(postgres: &Postgres) -> usize {
    postgres
        .sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        .parse()
        .unwrap()
}

#[test]
fn who_cannot_get_a_connection_waits_and_then_gets_503_in_order() {
    let postgres = Postgres::start();
    let database = "connections 1; pipeline 1; acquire_timeout 1s; query_timeout 60s;";
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), database));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/5000", &[], "").unwrap();
    poll_until("the slow statement runs", || running(&postgres) == 1);

    let port = nginx.port();
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let mut client = Client::connect(port);
            client.send("GET", "/api/books/1", &[], "").unwrap();
            // The next one is sent once nginx has had time to queue this one: it has answered something else since.
            assert_eq!(Client::connect(port).get("/alive").status, 200);
            thread::spawn(move || {
                let response = client.receive("GET").unwrap();
                (
                    response.status,
                    response.header("retry-after").map(str::to_owned),
                    Instant::now(),
                )
            })
        })
        .collect();
    let answers: Vec<_> = waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
    for (status, retry_after, _) in &answers {
        assert_eq!(*status, 503);
        assert!(
            retry_after
                .as_deref()
                .is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds >= 1))
        );
    }
    assert_eq!(
        running(&postgres),
        1,
        "they were refused while the slow statement still runs"
    );
    nginx.assert_no_alert();
}

#[test]
fn who_waits_is_served_when_a_connection_becomes_free() {
    let postgres = Postgres::start();
    let database = "connections 1; pipeline 1; acquire_timeout 10s;";
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), database));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/500", &[], "").unwrap();
    poll_until("the slow statement runs", || running(&postgres) == 1);
    let mut waiting: Vec<Client> = (0..20).map(|_| nginx.client()).collect();
    for (index, client) in waiting.iter_mut().enumerate() {
        client
            .send("GET", &format!("/api/events/{}?select=id", index + 1), &[], "")
            .unwrap();
    }
    assert_eq!(slow.receive("GET").unwrap().status, 200);
    for (index, client) in waiting.iter_mut().enumerate() {
        assert_eq!(
            client.receive("GET").unwrap().body,
            format!("{{\"id\":{}}}", index + 1)
        );
    }
    nginx.assert_log_is_clean();
}

#[test]
fn a_full_queue_refuses_at_once() {
    let postgres = Postgres::start();
    let database = "connections 1; pipeline 1; queue 3; acquire_timeout 60s; query_timeout 60s;";
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), database));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/5000", &[], "").unwrap();
    poll_until("the slow statement runs", || running(&postgres) == 1);
    let mut waiting: Vec<Client> = (0..3).map(|_| nginx.client()).collect();
    for client in &mut waiting {
        client.send("GET", "/api/books/1?select=id", &[], "").unwrap();
        assert_eq!(nginx.client().get("/alive").status, 200);
    }
    let refused = nginx.client().get("/api/books/1?select=id");
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(running(&postgres), 1);
    postgres.sql(CANCEL);
    for client in &mut waiting {
        assert_eq!(client.receive("GET").unwrap().body, "{\"id\":1}");
    }
    nginx.assert_no_alert();
}

#[test]
fn idle_connections_are_closed_and_opened_again() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(
        &postgres.dsn(),
        "connections 3; idle_timeout 200ms;",
    ));
    for _ in 0..2 {
        let mut slow: Vec<Client> = (0..3).map(|_| nginx.client()).collect();
        for client in &mut slow {
            client.send("GET", "/api/naps/500", &[], "").unwrap();
        }
        poll_until("more connections open", || postgres.connections() > 1);
        for client in &mut slow {
            assert_eq!(client.receive("GET").unwrap().status, 200);
        }
        // One stays: it listens for changes of the schema.
        poll_until("idle connections close", || postgres.connections() == 1);
    }
    nginx.assert_log_is_clean();
}

#[test]
fn old_connections_are_replaced_without_a_failure() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(&proxy.dsn(), "connections 1; max_lifetime 100ms;"));
    let before = proxy.accepted();
    let mut client = nginx.client();
    poll_until("connections are replaced", || {
        assert_eq!(client.get("/api/books/1").status, 200);
        proxy.accepted() >= before + 3
    });
    nginx.assert_log_is_clean();
}

/// A server that has no more connections for this role was asked again at once, hundreds of times a second.
#[test]
fn a_server_that_is_full_is_not_asked_all_the_time() {
    let postgres = Postgres::start();
    postgres.sql("ALTER ROLE authenticator CONNECTION LIMIT 1");
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 4; pipeline 1;"));
    let mut clients: Vec<_> = (0..8).map(|_| nginx.client()).collect();
    for client in &mut clients {
        client.send("GET", "/api/naps/100", &[], "").unwrap();
    }
    // Eight naps one after another take 0.8 s; all that time there is reason to ask for another connection.
    for client in &mut clients {
        assert_eq!(client.receive("GET").unwrap().status, 200);
    }
    let attempts = nginx.error_log().matches("cannot be reached").count();
    assert!((1..60).contains(&attempts), "{attempts} attempts");
}
