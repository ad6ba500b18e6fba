//! What a request costs on the way to PostgreSQL.

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::{Proxy, Traffic};

fn through_proxy(database: &str) -> (Postgres, Proxy, Nginx) {
    through_proxy_to(Postgres::start(), database)
}

fn through_proxy_to(postgres: Postgres, database: &str) -> (Postgres, Proxy, Nginx) {
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&Config::new(&proxy.dsn(), database));
    (postgres, proxy, nginx)
}

/// What requests cost once everything is prepared.
fn cost_of(
    proxy: &Proxy,
    client: &mut Client,
    requests: u64,
    mut request: impl FnMut(&mut Client),
) -> Traffic {
    for _ in 0..3 {
        request(client);
    }
    let before = proxy.traffic();
    for _ in 0..requests {
        request(client);
    }
    let after = proxy.traffic();
    Traffic {
        writes: after.writes - before.writes,
        syncs: after.syncs - before.syncs,
        parses: after.parses - before.parses,
        executes: after.executes - before.executes,
        queries: after.queries - before.queries,
        answers: after.answers - before.answers,
    }
}

#[test]
fn a_read_is_one_write_one_sync_and_nothing_parsed() {
    let (_postgres, proxy, nginx) = through_proxy("connections 1;");
    let cost = cost_of(&proxy, &mut nginx.client(), 100, |client| {
        assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
    });
    // set_config and the statement itself are executed in the one batch.
    assert_eq!(
        cost,
        Traffic {
            writes: 100,
            syncs: 100,
            parses: 0,
            executes: 200,
            queries: 0,
            answers: cost.answers
        }
    );
    assert!(
        cost.answers <= 110,
        "PostgreSQL answers a batch at once: {cost:?}"
    );
}

#[test]
fn a_list_costs_no_more() {
    let (_postgres, proxy, nginx) = through_proxy("connections 1;");
    let cost = cost_of(&proxy, &mut nginx.client(), 50, |client| {
        assert_eq!(client.get("/api/events?limit=20").status, 200);
    });
    assert_eq!(
        (cost.writes, cost.syncs, cost.parses, cost.queries),
        (50, 50, 0, 0)
    );
}

#[test]
fn nor_does_a_write_whoever_wants_to_know_of_it() {
    for listen in ["off", "on"] {
        let (_postgres, proxy, nginx) = through_proxy(&format!("connections 1; listen {listen};"));
        let cost = cost_of(&proxy, &mut nginx.client(), 50, patch(0));
        assert_eq!(
            (cost.writes, cost.syncs, cost.parses, cost.executes, cost.queries),
            (50, 50, 0, 100, 0),
            "listen {listen}"
        );
        assert!(cost.answers <= 55, "listen {listen}: {cost:?}");
        let cost = cost_of(&proxy, &mut nginx.client(), 50, |client| {
            assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
        });
        assert_eq!(cost.executes, 100, "a read tells nothing");
    }
}

/// PostgreSQL sends each report by itself: what is known of a write need not be told.
#[test]
fn a_watched_table_is_not_reported_to_who_writes_it() {
    let postgres = Postgres::start();
    postgres.watch("api.items");
    postgres.sql("ALTER ROLE authenticator SET postern.notify = off");
    let (_postgres, proxy, nginx) = through_proxy_to(postgres, "connections 1; listen on;");
    let cost = cost_of(&proxy, &mut nginx.client(), 50, patch(0));
    assert!(cost.answers <= 55, "{cost:?}");
}

#[test]
fn only_a_write_that_depends_on_what_the_row_is_reads_it_first() {
    let (_postgres, proxy, nginx) = through_proxy("connections 1;");
    let date = "Sun, 01 Nov 2026 11:59:59 GMT";
    for (field, value, batches) in [
        ("If-Match", "*", 50),
        // Nobody knows when the row was changed.
        ("If-Unmodified-Since", date, 50),
        ("If-None-Match", "\"x\"", 100),
    ] {
        let cost = cost_of(
            &proxy,
            &mut nginx.client(),
            50,
            patch_with(0, vec![(field, value)]),
        );
        assert_eq!(
            (cost.writes, cost.syncs, cost.parses, cost.queries),
            (batches, batches, 0, 0),
            "{field}"
        );
    }
}

/// Writes another text each time.
fn patch(number: u32) -> impl FnMut(&mut Client) {
    patch_with(number, Vec::new())
}

fn patch_with(mut number: u32, fields: Vec<(&'static str, &'static str)>) -> impl FnMut(&mut Client) {
    move |client| {
        number += 1;
        let body = format!("{{\"note\":\"{number}\"}}");
        let answer = client.request("PATCH", "/api/items/1?select=note", &fields, &body);
        assert_eq!(answer.body, body);
    }
}

#[test]
fn without_preparation_it_is_still_one_write_and_one_sync() {
    let (_postgres, proxy, nginx) = through_proxy("connections 1; prepare off;");
    let cost = cost_of(&proxy, &mut nginx.client(), 50, |client| {
        assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
    });
    assert_eq!((cost.writes, cost.syncs, cost.queries), (50, 50, 0));
    assert!(
        cost.parses >= 50,
        "an unnamed statement is parsed each time: {cost:?}"
    );
}

#[test]
fn pipelined_requests_share_writes() {
    let (_postgres, proxy, nginx) = through_proxy("connections 1;");
    let mut clients: Vec<Client> = (0..16).map(|_| nginx.client()).collect();
    let cost = cost_of(&proxy, &mut nginx.client(), 20, |_| {
        for client in &mut clients {
            client.send("GET", "/api/books/1?select=id", &[], "").unwrap();
        }
        for client in &mut clients {
            assert_eq!(client.receive("GET").unwrap().body, "{\"id\":1}");
        }
    });
    assert_eq!(cost.syncs, 320, "one Sync a request");
    assert!(
        cost.writes <= 320,
        "never more than one write a request: {cost:?}"
    );
}
