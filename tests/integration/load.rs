//! Many clients at once: every response is the right one, nothing is lost, nothing grows.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::{poll_until, process};

#[test]
fn every_response_belongs_to_its_request() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 3;").workers(3));
    let port = nginx.port();
    thread::scope(|scope| {
        for number in 0..256_u32 {
            thread::Builder::new()
                .stack_size(256 << 10)
                .spawn_scoped(scope, move || check_many(&mut Client::connect(port), number))
                .unwrap();
        }
    });
    assert!(postgres.connections() <= 9);
    nginx.assert_log_is_clean();
}

/// Requests whose answers tell whose they are: a key, a header that comes back, a row that is not there, a mistake.
fn check_many(client: &mut Client, number: u32) {
    for round in 0..40 {
        let id = 1 + (number * 7 + round) % 25;
        let name = client.get(&format!("/api/events/{id}?select=id,name"));
        assert_eq!(name.body, format!("{{\"id\":{id},\"name\":\"event {id}\"}}"));
        let mark = format!("{number}-{round}");
        let marked = client.request(
            "GET",
            "/api/context/1?select=m:headers->>x-mark",
            &[("X-Mark", &mark)],
            "",
        );
        assert_eq!(marked.body, format!("{{\"m\":\"{mark}\"}}"));
        match round % 4 {
            0 => assert_eq!(client.get(&format!("/api/events/{}", 1000 + id)).status, 404),
            1 => assert_eq!(client.get("/api/events/x").status, 400),
            2 => {
                let body = format!("{{\"name\":\"{mark}\"}}");
                let answer = client.request(
                    "PATCH",
                    &format!("/api/items/{}?select=name", 1 + number % 40),
                    &[],
                    &body,
                );
                assert_eq!(answer.body, body);
            }
            _ => {
                let list = client.get(&format!("/api/events?select=id&id=gte.{id}&limit=1"));
                assert!(
                    list.body.starts_with(&format!("{{\"data\":[{{\"id\":{id}}}]")),
                    "{}",
                    list.body
                );
            }
        }
    }
}

#[test]
fn wrk_sees_no_error() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "").workers(2));
    let report = wrk(nginx.port(), "/api/books/1?select=id", 3);
    assert!(
        !report.contains("Socket errors") && !report.contains("Non-2xx"),
        "{report}"
    );
    nginx.assert_log_is_clean();
}

#[test]
fn http2_under_load() {
    let postgres = Postgres::start();
    let mut config = Config::new(&postgres.dsn(), "").workers(2);
    config.server += "http2 on;";
    let nginx = Nginx::ready(&config);
    let url = format!("http://127.0.0.1:{}/api/books/1?select=id", nginx.port());
    let output = process::run(Command::new("h2load").args(["-n", "20000", "-c", "32", "-m", "16", &url]));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(
        report.contains("20000 succeeded, 0 failed, 0 errored, 0 timeout"),
        "{report}"
    );
    assert!(report.contains("status codes: 20000 2xx"), "{report}");
    nginx.assert_log_is_clean();
}

#[test]
fn http1_pipelining_keeps_the_order() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), ""));
    let mut client = nginx.client();
    // A slow one first: those behind it may be ready earlier but must not be sent earlier.
    let mut targets = vec!["/api/naps/100".to_owned()];
    targets.extend((0..100).map(|number| format!("/api/events/{}?select=id", 1 + number % 25)));
    let request = |target: &String| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    client
        .send_raw(&targets.iter().map(request).collect::<String>())
        .unwrap();
    assert_eq!(client.receive("GET").unwrap().body, "{\"id\":100,\"slept\":100}");
    for number in 0..100 {
        assert_eq!(
            client.receive("GET").unwrap().body,
            format!("{{\"id\":{}}}", 1 + number % 25)
        );
    }
    nginx.assert_log_is_clean();
}

#[test]
fn clients_that_go_away_harm_nobody() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 2;"));
    let mut steady = nginx.client();
    for number in 0..300 {
        let mut client = nginx.client();
        let target = if number % 3 == 0 {
            "/api/naps/100"
        } else {
            "/api/events?limit=25"
        };
        client.send("GET", target, &[], "").unwrap();
        client.abort();
        if number % 10 == 0 {
            assert_eq!(steady.get("/api/books/2?select=id").body, "{\"id\":2}");
        }
    }
    // Half a body, and gone.
    for _ in 0..50 {
        let mut client = nginx.client();
        let head = "POST /api/items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        client.send_raw(head).unwrap();
        client.abort();
    }
    assert_eq!(steady.get("/api/books/3?select=id").body, "{\"id\":3}");
    assert!(postgres.connections() <= 2);
    nginx.assert_no_alert();
}

#[test]
fn a_reload_under_load_fails_no_request() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 2;").workers(2));
    let (port, stop, answered) = (nginx.port(), AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..16_u32 {
            let (stop, answered) = (&stop, &answered);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    one_connection_until_it_ends(port, number, stop, answered);
                }
            });
        }
        for round in 1..=5 {
            let enough = answered.load(Ordering::Relaxed) + 300;
            poll_until("load goes on", || answered.load(Ordering::Relaxed) > enough);
            nginx.reload();
            assert!(process::is_alive(nginx.pid()), "round {round}");
        }
        let enough = answered.load(Ordering::Relaxed) + 300;
        poll_until("load goes on", || answered.load(Ordering::Relaxed) > enough);
        stop.store(true, Ordering::Relaxed);
    });
    poll_until("old workers leave", || nginx.workers().len() == 2);
    poll_until("their connections close", || postgres.connections() <= 4);
    nginx.assert_log_is_clean();
}

/// nginx closes an idle connection of an exiting worker; the request that crosses this on its way is the client's to send
/// again, as with plain nginx. A connection that ends inside a response is a failure.
fn one_connection_until_it_ends(port: u16, number: u32, stop: &AtomicBool, answered: &AtomicU64) {
    let mut client = Client::connect(port);
    while !stop.load(Ordering::Relaxed) {
        let id = 1 + number % 25;
        let target = format!("/api/events/{id}?select=id");
        let Some(response) = client.try_get(&target) else {
            return;
        };
        assert_eq!(
            (response.status, response.body.as_str()),
            (200, &*format!("{{\"id\":{id}}}"))
        );
        answered.fetch_add(1, Ordering::Relaxed);
        if response.header("connection") == Some("close") {
            return;
        }
    }
}

#[test]
fn memory_stays_flat() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), ""));
    let worker = nginx.workers()[0];
    for target in [
        "/api/books/1",
        "/api/events?limit=25",
        "/api/books/99",
        "/api/books/1?select=nope",
    ] {
        requests(nginx.port(), target, 10_000);
    }
    let early = process::rss_kib(worker);
    for target in [
        "/api/books/1",
        "/api/events?limit=25",
        "/api/books/99",
        "/api/books/1?select=nope",
    ] {
        requests(nginx.port(), target, 40_000);
    }
    let late = process::rss_kib(worker);
    assert!(
        late <= early + 1024,
        "a worker grew from {early} KiB to {late} KiB in 160000 requests"
    );
    nginx.assert_no_alert();
}

/// At least so many requests over 32 connections.
fn requests(port: u16, target: &str, count: u32) {
    let url = format!("http://127.0.0.1:{port}{target}");
    process::run(Command::new("h2load").args(["--h1", "-n", &count.to_string(), "-c", "32", &url]));
}

fn wrk(port: u16, target: &str, seconds: u32) -> String {
    let duration = format!("-d{seconds}s");
    let url = format!("http://127.0.0.1:{port}{target}");
    let output = process::run(Command::new("wrk").args(["-t2", "-c256", &duration, &url]));
    String::from_utf8(output.stdout).unwrap()
}
