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

/// A table of which a change shows in a date, and not in every column.
const DATED: &str = "
    CREATE TABLE api.dated (id integer PRIMARY KEY, name text NOT NULL, note text NOT NULL, at timestamptz NOT NULL);
    INSERT INTO api.dated SELECT id, 'before', 'before', '2001-01-15 12:00:00Z' FROM generate_series(1, 9) AS id;
    GRANT SELECT, UPDATE, DELETE ON api.dated TO web_anon";

const AT_NOON: (&str, &str) = ("If-Unmodified-Since", "Mon, 15 Jan 2001 12:00:00 GMT");

#[test]
fn a_date_is_held_against_a_change_that_is_not_selected() {
    let (postgres, nginx) = dated();
    let change = "UPDATE api.dated SET note = 'theirs', at = '2001-01-15 12:00:01Z' WHERE id = 1";
    assert_eq!(
        overtake(&postgres, &nginx, change, "/dated/1?select=name", AT_NOON),
        412
    );
    assert_eq!(
        postgres.sql("SELECT name, note FROM api.dated WHERE id = 1"),
        "before|theirs"
    );
    // What does not show in the date has not been modified, as far as anybody can tell.
    let change = "UPDATE api.dated SET note = 'theirs' WHERE id = 2";
    assert_eq!(overtake(&postgres, &nginx, change, "/dated/2", AT_NOON), 200);
    assert_eq!(
        postgres.sql("SELECT name, note FROM api.dated WHERE id = 2"),
        "ours|theirs"
    );
}

#[test]
fn any_row_is_one_that_has_been_changed_as_well() {
    let (postgres, nginx) = dated();
    let any = ("If-Match", "*");
    let change = "UPDATE api.dated SET note = 'theirs' WHERE id = 1";
    assert_eq!(overtake(&postgres, &nginx, change, "/dated/1", any), 200);
    assert_eq!(
        postgres.sql("SELECT name, note FROM api.dated WHERE id = 1"),
        "ours|theirs"
    );
    // But not one that is gone.
    let change = "DELETE FROM api.dated WHERE id = 2";
    assert_eq!(overtake(&postgres, &nginx, change, "/dated/2", any), 412);
}

#[test]
fn a_row_that_is_hidden_from_the_write_is_there_all_the_same() {
    let (_postgres, nginx) = dated();
    let mut client = nginx.client();
    let etag = client.get("/dated/1").header("etag").unwrap().to_owned();
    for demand in ["*", &etag] {
        let mut patch = |target: &str| {
            let fields = [("If-Match", demand)];
            client
                .request("PATCH", target, &fields, "{\"note\":\"x\"}")
                .status
        };
        assert_eq!(patch("/dated/1?name=eq.nobody"), 404, "{demand}");
        assert_eq!(patch("/dated/999"), 412, "{demand}");
    }
}

/// A table whose triggers do the work of a write themselves answers that no row was written.
#[test]
fn a_write_that_a_trigger_takes_over_is_made_once() {
    let (postgres, nginx) = dated();
    postgres.sql(
        "CREATE TABLE api.queue (id integer);
         CREATE FUNCTION data.enqueue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
             'BEGIN INSERT INTO api.queue VALUES (old.id); RETURN NULL; END';
         CREATE TRIGGER enqueue BEFORE UPDATE ON api.dated FOR EACH ROW EXECUTE FUNCTION data.enqueue()",
    );
    let mut client = nginx.client();
    let etag = client.get("/dated/1").header("etag").unwrap().to_owned();
    for (number, field) in [
        ("If-Match", &*etag),
        ("If-Match", "*"),
        ("If-None-Match", "\"x\""),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = client.request("PATCH", "/dated/1", &[field], "{\"note\":\"x\"}");
        assert_eq!(answer.status, 404, "{field:?}: {}", answer.body);
        assert_eq!(
            postgres.sql("SELECT count(*) FROM api.queue"),
            (number + 1).to_string()
        );
    }
}

#[test]
fn a_tag_is_held_against_what_is_selected() {
    let (postgres, nginx) = dated();
    for (id, column, status) in [(1, "name", 412), (2, "note", 200)] {
        let target = format!("/dated/{id}?select=name");
        let tag = nginx.client().get(&target).header("etag").unwrap().to_owned();
        let change = format!("UPDATE api.dated SET {column} = 'theirs', at = now() WHERE id = {id}");
        assert_eq!(
            overtake(&postgres, &nginx, &change, &target, ("If-Match", &tag)),
            status,
            "{column}"
        );
    }
    assert_eq!(
        postgres.sql("SELECT name, note FROM api.dated WHERE id = 1"),
        "theirs|before"
    );
    assert_eq!(
        postgres.sql("SELECT name, note FROM api.dated WHERE id = 2"),
        "ours|theirs"
    );
}

fn dated() -> (Postgres, Nginx) {
    let postgres = Postgres::start();
    postgres.sql(DATED);
    let mut config = Config::new(&postgres.dsn(), "");
    config.server += "location /dated { postern_resource app table=api.dated last_modified=at; }";
    let nginx = Nginx::ready(&config);
    (postgres, nginx)
}

/// The status of a conditional write that has judged the row when somebody else's change, which it has to wait for, is committed.
fn overtake(postgres: &Postgres, nginx: &Nginx, change: &str, target: &str, field: (&str, &str)) -> u16 {
    // One transaction, which ends when somebody waits for the row, and fails when nobody comes.
    let change = format!(
        "{change};
        DO $$ BEGIN
            FOR pause IN 1..4000 LOOP
                IF EXISTS (SELECT FROM pg_locks WHERE NOT granted) THEN RETURN; END IF;
                PERFORM pg_sleep(0.005);
            END LOOP;
            RAISE 'nobody waits';
        END $$"
    );
    thread::scope(|scope| {
        scope.spawn(|| postgres.sql(&change));
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        poll_until("the row is held", || postgres.sql(sleeping) != "0");
        let mut client = nginx.client();
        client
            .request("PATCH", target, &[field], "{\"name\":\"ours\"}")
            .status
    })
}
