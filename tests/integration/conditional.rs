//! Optimistic locking: of those who change the same row at once, each either sees what the others have done or is told to look again.

use std::thread;

use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;

/// A table, and a view on it that PostgreSQL itself can write through, with the rights of who asks.
const TABLES: &str = "
    CREATE TABLE api.counters (id integer PRIMARY KEY, amount integer NOT NULL, ratio double precision, at timestamptz DEFAULT now(), data jsonb);
    INSERT INTO api.counters VALUES (1, 0, 0.1, now(), '{\"a\": 1}'), (2, 0, 1e-300, now(), NULL);
    CREATE VIEW api.counters_view WITH (security_invoker = true) AS SELECT id, amount, ratio, at, data FROM api.counters;
    GRANT SELECT, UPDATE, DELETE ON api.counters, api.counters_view TO web_anon";

const CLIENTS: usize = 8;
const ROUNDS: usize = 25;

#[test]
fn no_change_that_was_made_under_a_tag_is_lost() {
    let postgres = Postgres::start();
    postgres.sql(TABLES);
    let mut config = Config::new(&postgres.dsn(), "").workers(2);
    config.http += "postern_zone edge 1m;";
    config.server += "
        location /table { postern_resource app table=api.counters; }
        location /view  { postern_cache edge ttl=1h; postern_resource app table=api.counters_view key=id; }";
    let nginx = Nginx::ready(&config);
    for target in ["/table/1", "/view/2"] {
        let refused: usize = thread::scope(|scope| {
            let clients = [(); CLIENTS].map(|()| scope.spawn(|| count_up(&nginx, target)));
            clients.map(|client| client.join().unwrap()).into_iter().sum()
        });
        let amount = nginx.client().get(&format!("{target}?select=amount")).body;
        assert_eq!(amount, format!("{{\"amount\":{}}}", CLIENTS * ROUNDS), "{target}");
        assert!(refused > 0, "nobody came in between");
    }
    nginx.assert_log_is_clean();
}

/// Reads, adds one and writes under the tag that was read, until it has been done so often; how often somebody else was faster.
fn count_up(nginx: &Nginx, target: &str) -> usize {
    let (mut client, mut done, mut refused) = (nginx.client(), 0, 0);
    while done < ROUNDS {
        let read = client.get(target);
        assert_eq!(read.status, 200, "{}", read.body);
        let row: serde_json::Value = serde_json::from_str(&read.body).unwrap();
        let body = format!("{{\"amount\":{}}}", row["amount"].as_u64().unwrap() + 1);
        let fields = [("If-Match", read.header("etag").unwrap())];
        match client.request("PATCH", target, &fields, &body).status {
            200 => done += 1,
            412 => refused += 1,
            status => panic!("{status}"),
        }
    }
    refused
}
