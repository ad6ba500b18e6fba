//! Pages that are sent while their rows come in: complete over HTTP/2 too, and no client can hold what others need.

use std::io::ErrorKind;
use std::process::Command;

use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::{poll_until, process};

/// About 30 MB, which is more than nginx and a socket take by themselves.
const LARGE: &str = "/api/items?id=gt.10000&limit=1000";

fn with_large_page(database: &str) -> (Postgres, Nginx) {
    let postgres = Postgres::start();
    postgres.sql(
        "INSERT INTO api.items (id, name, note) \
         SELECT i, 'large ' || i, repeat('x', 30000) FROM generate_series(10001, 11000) i",
    );
    let mut config = Config::new(&postgres.dsn(), database);
    config.server += "http2 on; location = /metrics { postern_metrics; }";
    let nginx = Nginx::ready(&config);
    (postgres, nginx)
}

/// Streams of one connection take turns; none is cut off, and nothing of it is an error.
#[test]
fn streams_that_wait_for_each_other_are_all_complete() {
    let (_postgres, nginx) = with_large_page("");
    let url = format!("http://127.0.0.1:{}{LARGE}", nginx.port());
    let output = process::run(Command::new("h2load").args(["-n", "8", "-c", "1", "-m", "8", &url]));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(
        report.contains("8 succeeded, 0 failed, 0 errored, 0 timeout"),
        "{report}"
    );
    nginx.assert_log_is_clean();
}

/// They were served until the query timeout closed the connection with everything behind them: requests that waited for a
/// connection were refused, and those behind them failed.
#[test]
fn clients_that_do_not_read_hold_no_connection() {
    let (_postgres, nginx) = with_large_page("connections 2; acquire_timeout 5s;");
    let mut stalled: Vec<_> = (0..6).map(|_| nginx.client()).collect();
    for client in &mut stalled {
        client.send("GET", LARGE, &[], "").unwrap();
    }
    let mut other = nginx.client();
    for round in 0..20 {
        assert_eq!(other.get("/api/books/1?select=id").body, "{\"id\":1}");
        let note = format!("{{\"note\":\"{round}\"}}");
        let answer = other.request("PATCH", "/api/items/1?select=note", &[], &note);
        assert_eq!(answer.body, note);
    }
}

/// The batch that was given up comes to its end on the connection before its request looks: the request has to learn of it
/// all the same. It waited for ever.
#[test]
fn a_response_that_was_given_up_is_cut_off_as_soon_as_its_client_reads_again() {
    let (_postgres, nginx) = with_large_page("connections 1;");
    let mut stalled = nginx.client();
    stalled.send("GET", LARGE, &[], "").unwrap();
    let mut other = nginx.client();
    assert_eq!(other.get("/api/books/1?select=id").body, "{\"id\":1}");
    let error = stalled.receive("GET").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    let log = nginx.error_log();
    assert!(
        log.contains("response is cut off: the client takes its response too slowly"),
        "{log}"
    );
    let is_told = |line: &str| nginx.client().get("/metrics").body.contains(line);
    poll_until("it is counted as broken off, and as the client's doing", || {
        is_told("postern_broken_responses_total{server=\"\",location=\"/api/items\"} 1\n")
            && is_told(
                "postern_requests_total{server=\"\",location=\"/api/items\",method=\"GET\",code=\"4xx\"} 1\n",
            )
    });
}
