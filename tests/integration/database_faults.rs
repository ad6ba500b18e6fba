//! PostgreSQL goes, stalls, comes back: 503 at once while it is away, no reload when it is there again.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::{Client, Response};
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::{poll, poll_until};

#[track_caller]
fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.body);
    let retry_after = response
        .header("retry-after")
        .and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(
        retry_after.is_some_and(|seconds| seconds >= 1),
        "{:?}",
        response.headers
    );
    assert!(response.body.starts_with("{\"code\":"), "{}", response.body);
}

#[test]
fn a_restart_is_503_while_it_lasts_and_forgotten_after_it() {
    let mut postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "").workers(2));
    let mut client = nginx.client();
    postgres.stop();
    poll_until("nginx notices", || client.get("/api/books/1").status == 503);
    let started = Instant::now();
    for _ in 0..200 {
        assert_unavailable(&nginx.client().get("/api/books/1"));
    }
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "a database that is known to be down is not waited for"
    );
    assert_eq!(client.get("/alive").status, 200);
    postgres.resume();
    nginx.wait_until_served();
    assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
    nginx.assert_no_alert();
}

#[test]
fn nginx_starts_before_postgresql() {
    let mut postgres = Postgres::start();
    postgres.stop();
    let nginx = Nginx::start(&Config::new(&postgres.dsn(), ""));
    assert_unavailable(&nginx.client().get("/api/books/1"));
    postgres.resume();
    nginx.wait_until_served();
    nginx.assert_no_alert();
}

#[test]
fn terminated_backends_are_replaced() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 2;"));
    let mut client = nginx.client();
    for _ in 0..20 {
        postgres
            .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator'");
        // The end of an idle connection is seen before the next request uses it, or that one request pays for it.
        poll("requests are served again", || {
            (client.get("/api/books/1?select=id").status == 200).then_some(())
        });
        for _ in 0..5 {
            assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
        }
    }
    nginx.assert_no_alert();
}

#[test]
fn a_read_in_flight_when_its_backend_is_terminated_gets_an_answer() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 1; query_timeout 60s;"));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/5000", &[], "").unwrap();
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    poll_until("the statement runs", || postgres.sql(sleeping) == "1");
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    // A read changes nothing, so it may be asked again on another connection.
    let answer = slow.receive("GET").unwrap();
    assert!(
        matches!(answer.status, 200 | 503),
        "{} {}",
        answer.status,
        answer.body
    );
    poll_until("requests are served again", || {
        slow.get("/api/books/1?select=id").status == 200
    });
    nginx.assert_no_alert();
}

#[test]
fn connections_cut_under_load_fail_only_what_was_on_them() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(&proxy.dsn(), "connections 2;"));
    let port = nginx.port();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..16_u32)
            .map(|number| scope.spawn(move || count_served(&mut Client::connect(port), 1 + number)))
            .collect();
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(20));
            proxy.cut();
        }
        let served: u32 = clients.into_iter().map(|client| client.join().unwrap()).sum();
        assert!(served > 0);
    });
    nginx.wait_until_served();
    nginx.assert_no_alert();
}

/// Every answer is either the right row or 503.
fn count_served(client: &mut Client, id: u32) -> u32 {
    let mut served = 0;
    for _ in 0..300 {
        let response = client.get(&format!("/api/events/{id}?select=id"));
        match response.status {
            200 => {
                assert_eq!(response.body, format!("{{\"id\":{id}}}"));
                served += 1;
            }
            status => assert_eq!(status, 503, "{}", response.body),
        }
    }
    served
}

#[test]
fn a_server_that_stalls_is_given_up_after_query_timeout() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(
        &proxy.dsn(),
        "connections 1; query_timeout 500ms; connect_timeout 500ms;",
    ));
    proxy.stall(true);
    let started = Instant::now();
    let answer = nginx.client().get("/api/books/1");
    assert!(
        matches!(answer.status, 503 | 504),
        "{} {}",
        answer.status,
        answer.body
    );
    assert!(
        started.elapsed() >= Duration::from_millis(400),
        "it was given its time"
    );
    proxy.stall(false);
    nginx.wait_until_served();
    nginx.assert_no_alert();
}

#[test]
fn a_server_that_takes_connections_and_drops_them_is_down() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(&proxy.dsn(), "connections 2;"));
    proxy.refuse(true);
    proxy.cut();
    poll_until("nginx notices", || {
        nginx.client().get("/api/books/1").status == 503
    });
    let before = proxy.accepted();
    for _ in 0..200 {
        assert_unavailable(&nginx.client().get("/api/books/1"));
    }
    assert!(
        proxy.accepted() - before < 50,
        "{} attempts to connect for 200 requests",
        proxy.accepted() - before
    );
    proxy.refuse(false);
    nginx.wait_until_served();
    nginx.assert_no_alert();
}

#[test]
fn a_server_with_too_many_clients_is_unavailable_not_broken() {
    let postgres = Postgres::with(
        "local all all trust\n",
        "max_connections = 5\nsuperuser_reserved_connections = 3",
    );
    let nginx = Nginx::start(&Config::new(&postgres.dsn(), "connections 8;"));
    nginx.wait_until_served();
    let port = nginx.port();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || {
                let mut client = Client::connect(port);
                for _ in 0..50 {
                    let status = client.get("/api/books/1").status;
                    assert!(matches!(status, 200 | 503), "{status}");
                }
            });
        }
    });
    nginx.wait_until_served();
    nginx.assert_no_alert();
}

#[test]
fn the_second_host_takes_over() {
    let mut first = Postgres::start();
    let second = Postgres::start();
    let dsn = format!(
        "host={},{} port={},{} dbname=fixture user=authenticator",
        first.socket_dir().display(),
        second.socket_dir().display(),
        first.port(),
        second.port()
    );
    second.sql("UPDATE api.books SET title = 'second' WHERE id = 1");
    let nginx = Nginx::ready(&Config::new(&dsn, ""));
    assert_eq!(
        nginx.client().get("/api/books/1?select=title").body,
        "{\"title\":\"The Silent Door\"}"
    );
    first.stop();
    poll_until("the second host answers", || {
        nginx.client().get("/api/books/1?select=title").body == "{\"title\":\"second\"}"
    });
    nginx.assert_no_alert();
}

#[test]
fn a_read_only_host_is_passed_over_for_read_write() {
    let first = Postgres::with("local all all trust\n", "default_transaction_read_only = on");
    let second = Postgres::start();
    second.sql("UPDATE api.books SET title = 'second' WHERE id = 1");
    let dsn = format!(
        "host={},{} port={},{} dbname=fixture user=authenticator target_session_attrs=read-write",
        first.socket_dir().display(),
        second.socket_dir().display(),
        first.port(),
        second.port()
    );
    let nginx = Nginx::ready(&Config::new(&dsn, ""));
    assert_eq!(
        nginx.client().get("/api/books/1?select=title").body,
        "{\"title\":\"second\"}"
    );
    nginx.assert_no_alert();
}
