//! The response cache across workers, nodes and faults: what was written is seen, one request asks for all, and nobody gets what is
//! another one's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::{Client, Response};
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::{poll_until, process};

/// The locations of the other tests, all with a cache.
fn config(dsn: &str, zone: &str, cache: &str, workers: usize) -> Config {
    let mut config = Config::new(dsn, "").workers(workers);
    config.http += &format!("postern_zone edge {zone};");
    config.server += &format!("postern_cache edge {cache}; location = /purge {{ postern_purge edge; }}");
    config
}

fn cache_status(response: &Response) -> &str {
    response.header("cache-status").unwrap_or_default()
}

#[test]
fn of_a_thousand_who_miss_at_once_one_asks() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let nginx = Nginx::ready(&config(&proxy.dsn(), "4m", "ttl=1h fallback_ttl=1h", 4));
    let mut clients: Vec<Client> = (0..1000).map(|_| nginx.client()).collect();
    let before = proxy.traffic();
    for client in &mut clients {
        client.send("GET", "/api/naps/500", &[], "").unwrap();
    }
    let mut made = 0;
    for client in &mut clients {
        let response = client.receive("GET").unwrap();
        assert_eq!(response.status, 200, "{}", response.body);
        assert!(response.body.starts_with("{\"id\":500"), "{}", response.body);
        made += usize::from(cache_status(&response).ends_with("fwd=uri-miss; stored"));
    }
    let after = proxy.traffic();
    assert_eq!(made, 1);
    // The context of the request, and its statement.
    assert_eq!(after.executes - before.executes, 2);
    nginx.assert_log_is_clean();
}

#[test]
fn who_waits_is_not_let_down_by_one_that_goes_away() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "4m", "ttl=1h fallback_ttl=1h", 2));
    for _ in 0..5 {
        nginx.client().request("POST", "/purge?all", &[], "");
        let mut first = nginx.client();
        first.send("GET", "/api/naps/100", &[], "").unwrap();
        poll_until("the first one asks", || {
            postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()")
                == "1"
        });
        let mut others: Vec<Client> = (0..20).map(|_| nginx.client()).collect();
        for client in &mut others {
            client.send("GET", "/api/naps/100", &[], "").unwrap();
        }
        first.abort();
        for client in &mut others {
            assert_eq!(client.receive("GET").unwrap().status, 200);
        }
    }
    nginx.assert_no_alert();
}

#[test]
fn nobody_waits_for_a_worker_that_was_killed() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(
        &postgres.dsn(),
        "4m",
        "ttl=1h fallback_ttl=1h lock_timeout=60s",
        2,
    ));
    // Whichever worker has it, the others wait for it.
    let mut clients: Vec<Client> = (0..40).map(|_| nginx.client()).collect();
    for client in &mut clients {
        client.send("GET", "/api/naps/500", &[], "").unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    for pid in nginx.workers() {
        process::signal(pid, "KILL");
    }
    for client in &mut clients {
        let _ = client.receive("GET");
    }
    poll_until("new workers answer", || {
        Client::try_connect(nginx.port())
            .and_then(|mut client| client.try_get("/api/naps/500"))
            .is_some_and(|response| response.status == 200)
    });
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
}

/// What a writer has had confirmed, by rows.
struct Confirmed([AtomicU64; ROWS]);

const ROWS: usize = 5;

impl Confirmed {
    fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    fn of(&self, row: usize) -> u64 {
        self.0[row].load(Ordering::SeqCst)
    }
}

/// Counts the amount of a row up, one by one, until it is over.
fn write(port: u16, row: usize, confirmed: &Confirmed, is_over: &AtomicBool) {
    let mut amount = confirmed.of(row);
    while !is_over.load(Ordering::Relaxed) {
        let Some(mut client) = Client::try_connect(port) else {
            continue;
        };
        for _ in 0..20 {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let target = format!("/api/items/{}", row + 1);
            let body = format!("{{\"amount\":{}}}", amount + 1);
            let answered = client.send("PATCH", &target, &[], &body).is_ok();
            let Some(response) = answered.then(|| client.receive("PATCH").ok()).flatten() else {
                break;
            };
            if response.status == 200 {
                amount += 1;
                confirmed.0[row].store(amount, Ordering::SeqCst);
            }
        }
    }
}

/// Reads rows until it is over; counts how often one was older than what had been confirmed `delay` before, and all reads.
fn read(port: u16, first: usize, confirmed: &Confirmed, is_over: &AtomicBool, late: &AtomicU64) -> u64 {
    let (mut reads, mut row) = (0, first);
    while !is_over.load(Ordering::Relaxed) {
        let Some(mut client) = Client::try_connect(port) else {
            continue;
        };
        for _ in 0..200 {
            row = (row + 1) % ROWS;
            let at_least = confirmed.of(row);
            // Now and then the list, which is another entry.
            let target = match reads % 5 {
                0 => format!("/api/items?id=eq.{}&select=amount", row + 1),
                _ => format!("/api/items/{}?select=amount", row + 1),
            };
            let Some(response) = client.try_get(&target) else {
                break;
            };
            if response.status != 200 {
                continue;
            }
            let digits = response.body.chars().skip_while(|char| !char.is_ascii_digit());
            let digits: String = digits.take_while(char::is_ascii_digit).collect();
            let amount: u64 = digits.parse().unwrap_or_else(|_| panic!("{}", response.body));
            if amount < at_least {
                late.fetch_add(1, Ordering::SeqCst);
            }
            reads += 1;
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    reads
}

/// Writers and readers on all rows, while `meanwhile` runs. The answer are the reads, and how many of them were too old.
fn hammer(port: u16, confirmed: &Confirmed, meanwhile: impl FnOnce()) -> (u64, u64) {
    let (is_over, late) = (AtomicBool::new(false), AtomicU64::new(0));
    let reads = thread::scope(|scope| {
        for row in 0..ROWS {
            scope.spawn({
                let is_over = &is_over;
                move || write(port, row, confirmed, is_over)
            });
        }
        let readers: Vec<_> = (0..6)
            .map(|first| {
                let (is_over, late) = (&is_over, &late);
                scope.spawn(move || read(port, first, confirmed, is_over, late))
            })
            .collect();
        meanwhile();
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    (reads, late.into_inner())
}

fn amounts_of_zero(postgres: &Postgres) {
    postgres.sql(&format!("UPDATE api.items SET amount = 0 WHERE id <= {ROWS}"));
}

#[test]
fn whoever_reads_after_a_write_sees_it_on_any_worker() {
    let postgres = Postgres::start();
    amounts_of_zero(&postgres);
    let nginx = Nginx::ready(&config(
        &postgres.dsn(),
        "4m",
        "ttl=1h fallback_ttl=1h stale=1h",
        4,
    ));
    let confirmed = Confirmed::new();
    let (reads, late) = hammer(nginx.port(), &confirmed, || thread::sleep(Duration::from_secs(3)));
    assert_eq!(late, 0, "of {reads} reads");
    assert!(
        reads > 500 && (0..ROWS).all(|row| confirmed.of(row) > 10),
        "{reads}"
    );
    nginx.assert_log_is_clean();
}

#[test]
fn nor_do_reloads_and_killed_workers_bring_anything_old_back() {
    let postgres = Postgres::start();
    amounts_of_zero(&postgres);
    let config = config(&postgres.dsn(), "4m", "ttl=1h fallback_ttl=1h stale=1h", 3);
    let nginx = Nginx::ready(&config);
    let confirmed = Confirmed::new();
    let (reads, late) = hammer(nginx.port(), &confirmed, || {
        for round in 0..6 {
            thread::sleep(Duration::from_millis(300));
            if round % 2 == 0 {
                nginx.reload();
            } else if let Some(&victim) = nginx.workers().last() {
                process::try_signal(victim, "KILL");
            }
        }
    });
    assert_eq!(late, 0, "of {reads} reads");
    nginx.wait_until_served();
    for row in 0..ROWS {
        let response = nginx
            .client()
            .get(&format!("/api/items/{}?select=amount", row + 1));
        let amount: u64 = response
            .body
            .trim_matches(|char: char| !char.is_ascii_digit())
            .parse()
            .unwrap();
        // A write whose answer was lost with its worker may have been made.
        assert!(amount >= confirmed.of(row), "{}", response.body);
    }
}

#[test]
fn a_zone_that_is_full_answers_right_all_the_same() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "64k", "ttl=1h fallback_ttl=1h", 2));
    let mut client = nginx.client();
    for round in 0..5 {
        for id in 1..=40 {
            for select in ["id", "id,name", "name,id,amount"] {
                let response = client.get(&format!("/api/items/{id}?select={select}"));
                assert_eq!(response.status, 200);
                assert!(
                    response.body.contains(&format!("\"id\":{id}"))
                        || response.body.contains(&format!("item {id}\"")),
                    "{} in round {round}",
                    response.body
                );
            }
        }
    }
    nginx.assert_log_is_clean();
}

#[test]
fn while_the_database_is_away_what_is_old_is_sent_and_said_to_be() {
    let mut postgres = Postgres::start();
    let nginx = Nginx::ready(&config(
        &postgres.dsn(),
        "4m",
        "ttl=1s fallback_ttl=1s stale=1h",
        2,
    ));
    assert_eq!(nginx.client().get("/api/books/2?select=id").body, "{\"id\":2}");
    postgres.stop();
    poll_until("an old response is sent", || {
        let response = nginx.client().get("/api/books/2?select=id");
        assert_eq!(response.body, "{\"id\":2}");
        cache_status(&response).starts_with("postern; hit; ttl=-")
    });
    assert_eq!(nginx.client().get("/api/books/3?select=id").status, 503);
    postgres.resume();
    poll_until("a new one is made", || {
        cache_status(&nginx.client().get("/api/books/2?select=id")).contains("stored")
    });
}

#[test]
fn a_purge_reaches_every_worker() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "4m", "ttl=1h fallback_ttl=1h", 4));
    for _ in 0..10 {
        for _ in 0..12 {
            assert_eq!(nginx.client().get("/api/books/2?select=title").status, 200);
        }
        // A change that nobody tells of.
        postgres.sql("UPDATE api.books SET title = title || '!' WHERE id = 2");
        let title = postgres.sql("SELECT title FROM api.books WHERE id = 2");
        assert_eq!(
            nginx
                .client()
                .request("POST", "/purge?prefix=/api/books/2", &[], "")
                .status,
            200
        );
        for _ in 0..12 {
            let response = nginx.client().get("/api/books/2?select=title");
            assert_eq!(response.body, format!("{{\"title\":\"{title}\"}}"));
        }
    }
}
