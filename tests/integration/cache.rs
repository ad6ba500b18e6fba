//! The response cache across workers, nodes and faults: what was written is seen, one request asks for all, and nobody gets what is
//! another one's.

use std::fs;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::{Client, Response};
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::shm::{Memory, RESPONSES};
use crate::support::{TempDir, poll_until, process};

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

/// How many statements take their time.
fn asking(postgres: &Postgres) -> u32 {
    let statement = "SELECT count(*) FROM pg_stat_activity
        WHERE query LIKE '%naps%' AND state = 'active' AND pid <> pg_backend_pid()";
    postgres.sql(statement).parse().unwrap()
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
        poll_until("the first one asks", || asking(&postgres) == 1);
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
    poll_until("somebody asks", || asking(&postgres) == 1);
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

#[test]
fn a_worker_that_is_killed_inside_the_store_leaves_nothing_of_it() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn(), "1m", "ttl=1h fallback_ttl=1h", 2));
    let read = |id: u32| {
        let response = nginx.client().get(&format!("/api/items/{id}?select=id"));
        assert_eq!(
            (response.status, response.body),
            (200, format!("{{\"id\":{id}}}"))
        );
    };
    for round in 1..=3 {
        (1..=40).for_each(read);
        let victim = nginx.workers()[0];
        // Chains, orders and lengths lead anywhere.
        Memory::of(victim, 1 << 20, RESPONSES).interrupt(victim, (4..12).chain(16..100_000));
        process::signal(victim, "KILL");
        poll_until("a worker takes its place", || {
            let workers = nginx.workers();
            workers.len() == 2 && !workers.contains(&victim)
        });
        (1..=40).rev().for_each(read);
        let drops = nginx
            .error_log()
            .matches("responses of zone \"edge\" were dropped")
            .count();
        assert_eq!(drops, round);
    }
}

/// When each amount of a row was confirmed to its writer, if it was: the answer may be lost with a worker. The first one is 0.
struct Confirmed([RwLock<Vec<Option<Instant>>>; ROWS]);

const ROWS: usize = 5;

impl Confirmed {
    fn new() -> Self {
        Self(std::array::from_fn(|_| RwLock::new(vec![Some(Instant::now())])))
    }

    /// The last amount.
    fn of(&self, row: usize) -> usize {
        self.0[row].read().unwrap().len() - 1
    }

    fn add(&self, row: usize, at: Option<Instant>) {
        self.0[row].write().unwrap().push(at);
    }

    /// For how long an amount had been out of date at a time; zero if it was not.
    fn lateness(&self, row: usize, amount: usize, at: Instant) -> Duration {
        let confirmed = self.0[row].read().unwrap();
        let later = confirmed.iter().skip(amount + 1).find_map(|next| *next);
        later.map_or(Duration::ZERO, |next| at.saturating_duration_since(next))
    }
}

/// What readers have seen.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    reads: u64,
    /// Those that were older than what had been confirmed before they began.
    late: u64,
    /// The longest that something had been out of date.
    latest: Duration,
}

impl Seen {
    fn add(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            late: self.late + other.late,
            latest: self.latest.max(other.latest),
        }
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
            // A write whose answer was lost may be made after all, also later: it must not undo another one then.
            let target = format!("/api/items/{}?amount=eq.{amount}", row + 1);
            let body = format!("{{\"amount\":{}}}", amount + 1);
            let answered = client.send("PATCH", &target, &[], &body).is_ok();
            let Some(response) = answered.then(|| client.receive("PATCH").ok()).flatten() else {
                break;
            };
            match response.status {
                200 => confirmed.add(row, Some(Instant::now())),
                404 => confirmed.add(row, None),
                _ => continue,
            }
            amount += 1;
        }
    }
}

/// Reads rows until it is over.
fn read(port: u16, first: usize, confirmed: &Confirmed, is_over: &AtomicBool) -> Seen {
    let (mut seen, mut row) = (Seen::default(), first);
    while !is_over.load(Ordering::Relaxed) {
        let Some(mut client) = Client::try_connect(port) else {
            continue;
        };
        for _ in 0..200 {
            row = (row + 1) % ROWS;
            // Now and then the list, which is another entry.
            let target = match seen.reads % 5 {
                0 => format!("/api/items?id=eq.{}&select=amount", row + 1),
                _ => format!("/api/items/{}?select=amount", row + 1),
            };
            let began = Instant::now();
            let Some(response) = client.try_get(&target) else {
                break;
            };
            if response.status != 200 {
                continue;
            }
            let digits = response.body.chars().skip_while(|char| !char.is_ascii_digit());
            let digits: String = digits.take_while(char::is_ascii_digit).collect();
            let amount = digits.parse().unwrap_or_else(|_| panic!("{}", response.body));
            let lateness = confirmed.lateness(row, amount, began);
            seen = seen.add(Seen {
                reads: 1,
                late: u64::from(lateness > Duration::ZERO),
                latest: lateness,
            });
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    seen
}

/// Writers and readers on all rows, while `meanwhile` runs: what the readers of each node have seen. Writers go to the first one.
fn hammer<const NODES: usize>(
    nodes: [&Nginx; NODES],
    confirmed: &Confirmed,
    meanwhile: impl FnOnce(),
) -> [Seen; NODES] {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let is_over = &is_over;
        for row in 0..ROWS {
            scope.spawn(move || write(nodes[0].port(), row, confirmed, is_over));
        }
        let readers = nodes.map(|node| {
            [0, 1, 2, 3].map(|first| scope.spawn(move || read(node.port(), first, confirmed, is_over)))
        });
        meanwhile();
        is_over.store(true, Ordering::Relaxed);
        readers.map(|readers| {
            let seen = readers.map(|reader| reader.join().unwrap());
            seen.into_iter().fold(Seen::default(), Seen::add)
        })
    })
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
    let [seen] = hammer([&nginx], &confirmed, || thread::sleep(Duration::from_secs(3)));
    assert_eq!(seen.late, 0, "{seen:?}");
    assert!(
        seen.reads > 500 && (0..ROWS).all(|row| confirmed.of(row) > 10),
        "{seen:?}"
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
    let [seen] = hammer([&nginx], &confirmed, || {
        for round in 0..6 {
            thread::sleep(Duration::from_millis(300));
            if round % 2 == 0 {
                nginx.reload();
            } else if let Some(&victim) = nginx.workers().last() {
                process::try_signal(victim, "KILL");
            }
        }
    });
    assert_eq!(seen.late, 0, "{seen:?}");
    nginx.wait_until_served();
    for row in 0..ROWS {
        let response = nginx
            .client()
            .get(&format!("/api/items/{}?select=amount", row + 1));
        let amount: usize = response
            .body
            .trim_matches(|char: char| !char.is_ascii_digit())
            .parse()
            .unwrap();
        // A write whose answer was lost with its worker may have been made.
        assert!(amount >= confirmed.of(row), "{}", response.body);
    }
}

#[test]
fn another_node_sees_it_as_soon_as_it_has_heard_of_it() {
    let postgres = Postgres::start();
    amounts_of_zero(&postgres);
    postgres.watch("api.items");
    let config = config(&postgres.dsn(), "4m", "ttl=1h fallback_ttl=0", 2);
    let nodes = [Nginx::ready(&config), Nginx::ready(&config)];
    for node in &nodes {
        poll_until("it listens", || {
            node.error_log().contains("changes in \"app\" are heard of")
        });
    }
    let confirmed = Confirmed::new();
    let [here, there] = hammer([&nodes[0], &nodes[1]], &confirmed, || {
        thread::sleep(Duration::from_secs(3));
    });
    eprintln!("reads of the node that writes: {here:?}; of the other: {there:?}");
    assert_eq!(here.late, 0, "{here:?}");
    assert!(there.latest < Duration::from_secs(2), "{there:?}");
    assert!(here.reads > 500 && there.reads > 500);
    // What somebody else writes is seen by both.
    postgres.sql("UPDATE api.items SET amount = 1000000 WHERE id = 1");
    for node in &nodes {
        poll_until("it is seen", || {
            node.client().get("/api/items/1?select=amount").body == "{\"amount\":1000000}"
        });
    }
}

#[test]
fn no_two_identities_share_a_response() {
    let postgres = Postgres::start();
    let dir = TempDir::new("secret");
    let secret = [b's'; 32];
    fs::write(dir.path().join("key"), secret).unwrap();
    let mut config = config(&postgres.dsn(), "4m", "ttl=1h fallback_ttl=1h", 2);
    config.server += &format!(
        "postern_jwt optional secret_file={}/key;
         location = /who  {{ postern_sql app \"select current_setting('request.jwt.claims', true)::json\"; }}
         location = /role {{ postern_cache edge ttl=1h scope=role; postern_sql app \"select current_user::text\"; }}",
        dir.path().display()
    );
    let nginx = Nginx::ready(&config);
    let key = jsonwebtoken::EncodingKey::from_secret(&secret);
    let (mut client, mut hits) = (nginx.client(), 0);
    // A generator of Knuth's: every run asks the same.
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..2000 {
        let mut claims = serde_json::Map::new();
        let roles = ["web_user", "web_anon", "web_limited"];
        claims.insert("role".into(), roles[random(3) as usize].into());
        for name in ["sub", "tenant", "a", "aa"] {
            match random(4) {
                0 => {}
                1 => drop(claims.insert(name.into(), "a".into())),
                2 => drop(claims.insert(name.into(), if name == "sub" { "aa".into() } else { 1.into() })),
                _ => drop(claims.insert(name.into(), "".into())),
            }
        }
        let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
        let bearer = format!("Bearer {token}");
        let fields = [("Authorization", bearer.as_str())];
        let response = client.request("GET", "/who", &fields, "");
        assert_eq!(response.status, 200, "{}", response.body);
        let told: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(told, serde_json::Value::Object(claims.clone()));
        hits += usize::from(cache_status(&response).contains("hit"));
        let role = client.request("GET", "/role", &fields, "").body;
        assert_eq!(role, claims["role"].to_string());
    }
    assert!(hits > 500, "{hits} of 2000 were stored");
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

#[test]
fn nobody_waits_for_a_client_that_does_not_read() {
    let postgres = Postgres::start();
    postgres.sql(
        "INSERT INTO api.items (id, name, note) \
         SELECT i, 'large ' || i, repeat('x', 30000) FROM generate_series(10001, 11000) i",
    );
    let cache = "ttl=1h fallback_ttl=1h lock_timeout=60s max_entry=64m";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "4m", cache, 2));
    // About 30 MB, which is more than nginx and a socket take by themselves.
    let large = "/api/items?id=gt.10000&limit=1000";
    let mut stalled = nginx.client();
    stalled.send("GET", large, &[], "").unwrap();
    stalled.wait_for_response();
    let started = Instant::now();
    for _ in 0..4 {
        let response = nginx.client().get(large);
        assert_eq!(response.status, 200);
        assert!(response.body.len() > 30_000_000);
    }
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    nginx.assert_no_alert();
}

#[test]
fn clients_that_demand_something_new_all_the_time_keep_nobody_waiting() {
    let postgres = Postgres::start();
    let cache = "ttl=1h fallback_ttl=1h lock_timeout=60s";
    let nginx = Nginx::ready(&config(&postgres.dsn(), "4m", cache, 2));
    let started = Instant::now();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let demands: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = nginx.client();
                    while !is_over.load(Ordering::Relaxed) && started.elapsed() < Duration::from_secs(20) {
                        let fields = [("Cache-Control", "no-cache")];
                        let response = client.request("GET", "/api/naps/100", &fields, "");
                        assert!(cache_status(&response).contains("fwd=request"), "{response:?}");
                    }
                })
            })
            .collect();
        for round in 0..10 {
            nginx.client().request("POST", "/purge?all", &[], "");
            let response = nginx.client().get("/api/naps/100");
            assert_eq!(response.status, 200, "{round}: {}", response.body);
        }
        is_over.store(true, Ordering::Relaxed);
        demands.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert!(started.elapsed() < Duration::from_secs(20));
    nginx.assert_no_alert();
}
