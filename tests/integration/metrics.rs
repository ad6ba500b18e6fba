//! Metrics of several workers: nothing is lost between them, by a reload, or with a worker that is killed.

use std::collections::BTreeMap;
use std::thread;

use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::shm::{METRICS, Memory};
use crate::support::{poll_until, process};

fn config(dsn: &str) -> Config {
    let mut config = Config::new(dsn, "").workers(4);
    config.server += "location = /metrics { postern_metrics; }";
    config
}

/// Samples by their names with their labels. Every line is checked against the format.
fn scrape(nginx: &Nginx) -> BTreeMap<String, f64> {
    let response = nginx.client().get("/metrics");
    assert_eq!(response.status, 200);
    let mut samples = BTreeMap::new();
    let mut family = String::new();
    for line in response.body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.split(' ');
            if words.next() == Some("TYPE") {
                family = words.next().unwrap().to_owned();
                let kind = words.next().unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with(&family), "{line} below {family}");
        let value: f64 = value.parse().unwrap();
        assert!(samples.insert(name.to_owned(), value).is_none(), "{line} twice");
    }
    samples
}

fn sample(samples: &BTreeMap<String, f64>, name: &str) -> f64 {
    let value = samples.get(name);
    *value.unwrap_or_else(|| panic!("no {name} in {samples:#?}"))
}

const BOOKS: &str = "server=\"\",location=\"/api/books\"";

fn ask(nginx: &Nginx, times: usize) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Connections go to any of the workers.
                for _ in 0..times / 40 {
                    let mut client = nginx.client();
                    for _ in 0..5 {
                        assert_eq!(client.get("/api/books/1?select=id").status, 200);
                    }
                }
            });
        }
    });
}

#[test]
fn workers_count_together() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let before = scrape(&nginx);
    let requests = format!("postern_requests_total{{{BOOKS},method=\"GET\",code=\"2xx\"}}");
    let counted_before = before.get(&requests).copied().unwrap_or_default();
    ask(&nginx, 2000);
    let counted = || sample(&scrape(&nginx), &requests) - counted_before;
    // A request is counted when its response was sent, which its client may have before.
    poll_until("all requests are counted", || counted() >= 2000.0);
    assert_eq!(counted(), 2000.0);
    let samples = scrape(&nginx);
    for histogram in [
        "postern_request_duration_seconds",
        "postern_database_duration_seconds",
    ] {
        let all = sample(&samples, &format!("{histogram}_count{{{BOOKS}}}"));
        assert_eq!(
            sample(&samples, &format!("{histogram}_bucket{{{BOOKS},le=\"+Inf\"}}")),
            all
        );
        assert!(all >= 2000.0 && sample(&samples, &format!("{histogram}_sum{{{BOOKS}}}")) > 0.0);
        assert!(sample(&samples, &format!("{histogram}_bucket{{{BOOKS},le=\"0.01\"}}")) <= all);
    }
    assert_eq!(sample(&samples, "postern_workers"), 4.0);
    // What pools have is told every second.
    poll_until("pools have told", || {
        let samples = scrape(&nginx);
        let of = |name: &str| sample(&samples, &format!("{name}{{database=\"app\"}}"));
        of("postern_pool_batches_total") >= 2000.0
            && of("postern_pool_connections") == of("postern_pool_idle_connections")
            && of("postern_schema_loads_total") == 4.0
            && of("postern_statement_hits_total") >= 1990.0
    });
}

#[test]
fn neither_a_reload_nor_a_killed_worker_loses_what_was_counted() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    ask(&nginx, 200);
    let queries = format!("postern_queries_total{{{BOOKS}}}");
    poll_until("all requests are counted", || {
        sample(&scrape(&nginx), &queries) >= 200.0
    });
    let old = nginx.workers();
    nginx.reload();
    poll_until("the old workers are gone", || {
        old.iter().all(|&pid| !process::is_alive(pid))
    });
    ask(&nginx, 200);
    poll_until("the new ones count on", || {
        sample(&scrape(&nginx), &queries) >= 400.0
    });
    let samples = scrape(&nginx);
    assert_eq!(sample(&samples, "postern_worker_crashes_total"), 0.0);
    assert_eq!(sample(&samples, "postern_workers"), 4.0);
    process::signal(nginx.workers()[0], "KILL");
    poll_until("another one takes its place", || {
        let samples = scrape(&nginx);
        sample(&samples, "postern_worker_crashes_total") == 1.0 && sample(&samples, "postern_workers") == 4.0
    });
    ask(&nginx, 200);
    poll_until("all count on", || sample(&scrape(&nginx), &queries) >= 600.0);
}

#[test]
fn a_database_that_is_away_is_seen() {
    let mut postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let up = |nginx: &Nginx| sample(&scrape(nginx), "postern_database_up{database=\"app\"}");
    poll_until("it is up", || up(&nginx) == 4.0);
    postgres.stop();
    poll_until("it is down", || {
        nginx.client().get("/api/books/1");
        up(&nginx) == 0.0
    });
    let workers = sample(&scrape(&nginx), "postern_database_workers{database=\"app\"}");
    assert_eq!(workers, 4.0);
    let refused = |nginx: &Nginx| sample(&scrape(nginx), "postern_pool_refused_total{database=\"app\"}");
    poll_until("requests are refused", || {
        nginx.client().get("/api/books/1");
        refused(&nginx) > 0.0
    });
    postgres.resume();
    poll_until("it is up again", || up(&nginx) == 4.0);
}

/// They were counted as requests that had asked nothing.
#[test]
fn a_client_that_goes_away_has_asked_all_the_same() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    for _ in 0..3 {
        let mut client = nginx.client();
        client.send("GET", "/api/naps/500", &[], "").unwrap();
        let asking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()";
        poll_until("it asks", || postgres.sql(asking) != "0");
        client.abort();
    }
    let naps = "server=\"\",location=\"/api/naps\"";
    poll_until("they are counted", || {
        let samples = scrape(&nginx);
        samples.get(&format!("postern_queries_total{{{naps}}}")) == Some(&3.0)
    });
    let samples = scrape(&nginx);
    assert_eq!(
        sample(
            &samples,
            &format!("postern_requests_total{{{naps},method=\"GET\",code=\"4xx\"}}")
        ),
        3.0
    );
    assert!(
        sample(
            &samples,
            &format!("postern_database_duration_seconds_sum{{{naps}}}")
        ) > 0.0
    );
}

/// It was counted as a success, and the status page knew nothing of it: the head that the client got said 200.
#[test]
fn a_page_that_breaks_off_is_a_failure() {
    let postgres = Postgres::start();
    // About 30 MB, which is more than nginx and a socket take by themselves.
    postgres.sql(
        "INSERT INTO api.items (id, name, note) \
         SELECT i, 'large ' || i, repeat('x', 30000) FROM generate_series(10001, 11000) i",
    );
    let proxy = Proxy::start(postgres.socket());
    let mut config = config(&proxy.dsn()).workers(1);
    config.server += "location = /status { postern_status; }";
    let nginx = Nginx::ready(&config);
    let mut client = nginx.client();
    client
        .send("GET", "/api/items?id=gt.10000&limit=1000", &[], "")
        .unwrap();
    client.wait_for_response();
    proxy.cut();
    assert!(client.receive("GET").is_err());
    let items = "server=\"\",location=\"/api/items\"";
    let broken = format!("postern_broken_responses_total{{{items}}}");
    poll_until("it is counted", || scrape(&nginx).get(&broken) == Some(&1.0));
    let samples = scrape(&nginx);
    let class = |code: &str| {
        sample(
            &samples,
            &format!("postern_requests_total{{{items},method=\"GET\",code=\"{code}\"}}"),
        )
    };
    assert_eq!((class("2xx"), class("5xx")), (0.0, 1.0));
    let told: serde_json::Value =
        serde_json::from_str(&nginx.client().get("/status?format=json").body).unwrap();
    let failure = &told["failures"][0];
    assert_eq!(
        (&failure["path"], &failure["status"], &failure["code"]),
        (&"/api/items".into(), &503.into(), &"PGRST001".into())
    );
}

/// The number of a worker that was killed may be given to another process. Its slot stayed taken as long as that one was there.
#[test]
fn a_process_that_has_a_worker_s_number_is_not_that_worker() {
    let postgres = Postgres::start();
    let mut config = config(&postgres.dsn()).workers(1);
    config.http += "postern_metrics_zone 1m;";
    let nginx = Nginx::ready(&config);
    let memory = Memory::of(nginx.pid(), 1 << 20, METRICS);
    // Those who have taken slots stand behind the header; there are at least eight.
    let owner = |slot: u64| memory.shared_word(8 + slot);
    let own = owner(0);
    assert_eq!(own & 0xffff_ffff, u64::from(nginx.workers()[0]));
    assert_eq!((1..8).map(owner).collect::<Vec<_>>(), [0; 7]);
    let count = |name: &str| sample(&scrape(&nginx), name);
    // One of the same number that began a tick earlier.
    memory.set_shared_word(8 + 5, own - (1 << 32));
    assert_eq!(count("postern_workers"), 1.0);
    assert_eq!(count("postern_worker_crashes_total"), 0.0);
    nginx.reload();
    poll_until("the next worker finds it", || {
        count("postern_worker_crashes_total") == 1.0 && owner(5) == 0
    });
}

/// Subrequests of a page that wait side by side had one place for when they began: the first one that was answered took it away.
#[test]
fn parallel_subrequests_are_counted_each_by_itself() {
    let postgres = Postgres::start();
    // Each of them on a connection of its own.
    let mut config = Config::new(&postgres.dsn(), "pipeline 1;");
    config.server += "location = /metrics { postern_metrics; }
    location = /page {
        ssi on;
        default_type text/html;
        return 200 '<!--#include virtual=\"/api/naps/100\" --><!--#include virtual=\"/api/naps/5000\" -->';
    }";
    let nginx = Nginx::ready(&config);
    let mut client = nginx.client();
    client.send("GET", "/page", &[], "").unwrap();
    let asking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()";
    poll_until("both ask", || postgres.sql(asking) == "2");
    poll_until("one is answered", || postgres.sql(asking) == "1");
    client.abort();
    let page = "server=\"\",location=\"= /page\"";
    let told = |name: &str| scrape(&nginx).get(&format!("{name}{{{page}}}")).copied();
    poll_until("both are counted", || told("postern_queries_total") == Some(2.0));
    // Each has waited as long as the first one takes, at least.
    let waited = told("postern_database_duration_seconds_sum").unwrap();
    assert!((0.2..5.0).contains(&waited), "{waited}");
}
