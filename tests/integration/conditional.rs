//! Optimistic locking: of those who change the same row at once, each either sees what the others have done or is told to look again.

use std::thread;

use crate::support::http::Response;
use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;

/// A table, and a view on it that PostgreSQL itself can write through, with the rights of who asks.
const TABLES: &str = "
    CREATE TABLE api.counters (id integer PRIMARY KEY, amount integer NOT NULL, ratio double precision, at timestamptz DEFAULT now(), data jsonb);
    INSERT INTO api.counters VALUES (1, 0, 0.1, now(), '{\"a\": 1}'), (2, 0, 1e-300, now(), NULL);
    CREATE VIEW api.counters_view WITH (security_invoker = true) AS SELECT id, amount, ratio, at, data FROM api.counters;
    CREATE VIEW api.waiting AS SELECT id, amount, data FROM api.counters WHERE (SELECT pg_advisory_xact_lock_shared(7))::text = '';
    CREATE TABLE hidden.go ();
    GRANT SELECT, UPDATE, DELETE ON api.counters, api.counters_view, api.waiting TO web_anon";

const CLIENTS: usize = 8;
const ROUNDS: usize = 25;

fn start() -> (Postgres, Nginx) {
    let postgres = Postgres::start();
    postgres.sql(TABLES);
    let mut config = Config::new(&postgres.dsn(), "").workers(2);
    config.http += "postern_zone edge 1m;";
    config.server += "
        location /table   { postern_resource app table=api.counters; }
        location /view    { postern_cache edge ttl=1h; postern_resource app table=api.counters_view key=id; }
        location /waiting { postern_resource app table=api.waiting key=id; }";
    let nginx = Nginx::ready(&config);
    (postgres, nginx)
}

#[test]
fn no_change_that_was_made_under_a_tag_is_lost() {
    let (_postgres, nginx) = start();
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

#[test]
fn who_only_wants_the_row_to_be_there_is_never_refused() {
    let (_postgres, nginx) = start();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let mut client = nginx.client();
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let body = format!("{{\"amount\":{}}}", number * ROUNDS + round);
                    let answer = client.request("PATCH", "/table/1", &[("If-Match", "*")], &body);
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
    nginx.assert_log_is_clean();
}

#[test]
fn a_row_that_comes_in_between_is_not_written_by_who_wants_none() {
    let (postgres, nginx) = start();
    let between = "INSERT INTO api.counters (id, amount) VALUES (9, 1)";
    let answer = write_around(&postgres, &nginx, "/waiting/9", ("If-None-Match", "*"), between);
    assert_eq!(answer.status, 404, "{}", answer.body);
    assert_eq!(postgres.sql("SELECT amount FROM api.counters WHERE id = 9"), "1");
}

#[test]
fn what_comes_in_between_is_held_against_what_was_demanded() {
    let (postgres, nginx) = start();
    let target = "/waiting/1?select=data->a";
    let read = nginx.client().get(target);
    assert_eq!((read.status, &*read.body), (200, "{\"a\":1}"));
    let demand = ("If-Match", read.header("etag").unwrap());
    // Something that the client has not asked for.
    let between = "UPDATE api.counters SET data = '{\"a\": 1, \"b\": 2}' WHERE id = 1";
    let answer = write_around(&postgres, &nginx, target, demand, between);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let amount = "SELECT amount FROM api.counters WHERE id = 1";
    assert_eq!(postgres.sql(amount), "50");
    // And something that it has.
    let between = "UPDATE api.counters SET amount = 3, data = '{\"a\": 2}' WHERE id = 1";
    let answer = write_around(&postgres, &nginx, target, demand, between);
    assert_eq!(answer.status, 412, "{}", answer.body);
    assert_eq!(postgres.sql(amount), "3");
}

/// Holds the lock that the view takes, until there is a row that says go.
const HOLD: &str = "DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(7);
    LOOP EXIT WHEN EXISTS (SELECT FROM hidden.go); PERFORM pg_sleep(0.01); END LOOP;
END $$";

/// Sends a conditional write, and has something happen after the statement that reads the row has begun, and before it has ended.
fn write_around(
    postgres: &Postgres,
    nginx: &Nginx,
    target: &str,
    demand: (&str, &str),
    between: &str,
) -> Response {
    postgres.sql("TRUNCATE hidden.go");
    let locks = |granted: &str| {
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND granted =";
        postgres.sql(&format!("{locks} {granted}")) == "1"
    };
    thread::scope(|scope| {
        scope.spawn(|| postgres.sql(HOLD));
        poll_until("the lock is held", || locks("true"));
        let answer = scope.spawn(|| {
            nginx
                .client()
                .request("PATCH", target, &[demand], "{\"amount\":50}")
        });
        poll_until("the request waits", || locks("false"));
        postgres.sql(between);
        postgres.sql("INSERT INTO hidden.go DEFAULT VALUES");
        answer.join().unwrap()
    })
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
