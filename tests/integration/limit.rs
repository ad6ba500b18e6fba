//! Rate limits across workers, reloads and time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx, test_config};
use crate::support::{poll_until, process};

/// Locations that are limited, without a database.
fn config(zones: &str, locations: &str) -> Config {
    Config {
        workers: 4,
        http: zones.to_owned(),
        server: format!(
            "root /nonexistent; error_page 404 =200 @ok; location @ok {{ return 200 ok; }} {locations}"
        ),
        listen: "",
        main: "",
        master: true,
    }
}

/// Sends requests on so many connections, which come and go, until `is_over`; counts those that were admitted.
fn flood(port: u16, clients: usize, target: &str, is_over: impl Fn(usize) -> bool + Sync) -> usize {
    let (sent, admitted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while !is_over(sent.load(Ordering::Relaxed)) {
                    let Some(mut client) = Client::try_connect(port) else {
                        continue;
                    };
                    for _ in 0..10 {
                        sent.fetch_add(1, Ordering::Relaxed);
                        let Some(response) = client.try_get(target) else {
                            break;
                        };
                        if response.status == 200 {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        } else {
                            assert_eq!(response.status, 429, "{response:?}");
                        }
                    }
                }
            });
        }
    });
    admitted.into_inner()
}

#[test]
fn limits_are_exact_across_workers() {
    let nginx = Nginx::start(&config(
        "postern_zone edge 1m;",
        "location /small { postern_limit key=ip rate=50r/h; }
         location /large { postern_limit key=ip rate=777r/h; }
         location /both { postern_limit key=ip rate=300r/h name=a; postern_limit key=endpoint rate=200r/h name=b; }",
    ));
    assert_eq!(flood(nginx.port(), 8, "/small", |sent| sent >= 1000), 50);
    assert_eq!(flood(nginx.port(), 8, "/large", |sent| sent >= 4000), 777);
    assert_eq!(flood(nginx.port(), 8, "/both", |sent| sent >= 2000), 200);
    // What the second limit rejected was given back to the first.
    let remaining = nginx.client().get("/both");
    assert_eq!(
        remaining.header("ratelimit"),
        Some("\"a\";r=100;t=3600, \"b\";r=0;t=3600")
    );
    nginx.assert_no_alert();
}

#[test]
fn what_was_counted_survives_reloads_under_load() {
    let config = config(
        "postern_zone edge 1m;",
        "location /a { postern_limit key=ip rate=500r/h; }",
    );
    let nginx = Nginx::start(&config);
    let port = nginx.port();
    let admitted = thread::scope(|scope| {
        let flood = scope.spawn(|| flood(port, 4, "/a", |sent| sent >= 4000));
        for _ in 0..3 {
            nginx.reload();
        }
        flood.join().unwrap()
    });
    assert_eq!(admitted, 500);
    nginx.reload();
    poll_until("the old workers go", || nginx.workers().len() == 4);
    assert_eq!(nginx.client().get("/a").status, 429);
    nginx.assert_no_alert();
}

#[test]
fn a_zone_of_another_size_starts_anew() {
    let location = "location /a { postern_limit key=ip rate=1r/h; }";
    let nginx = Nginx::start(&config("postern_zone edge 1m;", location));
    assert_eq!(nginx.client().get("/a").status, 200);
    assert_eq!(nginx.client().get("/a").status, 429);
    let before = nginx.workers();
    nginx.rewrite(&config("postern_zone edge 2m;", location));
    nginx.reload();
    poll_until("the old workers go", || {
        nginx.workers().iter().all(|pid| !before.contains(pid))
    });
    assert_eq!(nginx.client().get("/a").status, 200);
    assert_eq!(nginx.client().get("/a").status, 429);
}

#[test]
fn a_rate_that_is_raised_by_a_reload_keeps_the_count() {
    let location = |rate| format!("location /a {{ postern_limit key=ip rate={rate} name=a; }}");
    let nginx = Nginx::start(&config("postern_zone edge 1m;", &location("2r/h")));
    assert_eq!([(); 3].map(|()| nginx.client().get("/a").status), [200, 200, 429]);
    let before = nginx.workers();
    nginx.rewrite(&config("postern_zone edge 1m;", &location("3r/h")));
    nginx.reload();
    poll_until("the old workers go", || {
        nginx.workers().iter().all(|pid| !before.contains(pid))
    });
    assert_eq!([(); 2].map(|()| nginx.client().get("/a").status), [200, 429]);
}

#[test]
fn who_waits_as_long_as_retry_after_says_is_admitted() {
    let nginx = Nginx::start(&config(
        "postern_zone edge 1m;",
        "location /small { postern_limit key=ip rate=3r/2s; }
         location /large { postern_limit key=ip rate=100r/2s; }",
    ));
    for (target, limit) in [("/small", 3), ("/large", 100)] {
        let mut client = nginx.client();
        for _ in 0..limit {
            assert_eq!(client.get(target).status, 200);
        }
        let rejected = client.get(target);
        assert_eq!(rejected.status, 429);
        let seconds: u64 = rejected.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=2).contains(&seconds), "{rejected:?}");
        assert_eq!(
            rejected.header("x-ratelimit-reset"),
            rejected.header("retry-after")
        );
        thread::sleep(Duration::from_secs(seconds));
        assert_eq!(client.get(target).status, 200, "{target}");
    }
}

#[test]
fn no_window_has_more_than_the_limit() {
    let nginx = Nginx::start(&config(
        "postern_zone edge 1m;",
        "location /a { postern_limit key=ip rate=100r/s; }",
    ));
    let (port, end) = (nginx.port(), Instant::now() + Duration::from_millis(3500));
    // When a request was admitted is known to lie between its beginning and its end.
    let request = |client: &mut Client| {
        let began = Instant::now();
        let status = client.get("/a").status;
        (status == 200).then(|| (began, Instant::now()))
    };
    let mut admitted: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(port);
                    let mut admitted = Vec::new();
                    while Instant::now() < end {
                        admitted.extend(request(&mut client));
                    }
                    admitted
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    admitted.sort_unstable();
    for window in admitted.windows(101) {
        // On a busy machine an answer may take long: the request that began last need not be the one that ended last.
        let first = window.iter().map(|(began, _)| *began).min().unwrap();
        let last = window.iter().map(|(_, ended)| *ended).max().unwrap();
        // Times are whole milliseconds: what was admitted at the end of one is taken for what was at its beginning.
        assert!(
            last.duration_since(first) >= Duration::from_millis(999),
            "101 requests were admitted within a second"
        );
    }
    assert!(admitted.len() >= 300, "only {} in 3.5 s", admitted.len());
}

#[test]
fn zones_that_are_used_together_do_not_wait_for_each_other() {
    let nginx = Nginx::start(&config(
        "postern_zone one 1m; postern_zone two 1m;",
        "location /a { postern_limit zone=one key=ip rate=600r/h name=x; postern_limit zone=two key=ip rate=999r/h name=y; }
         location /b { postern_limit zone=two key=ip rate=999r/h name=y; postern_limit zone=one key=ip rate=600r/h name=x; }",
    ));
    let port = nginx.port();
    let admitted: usize = thread::scope(|scope| {
        let floods =
            ["/a", "/b"].map(|target| scope.spawn(move || flood(port, 3, target, |sent| sent >= 1500)));
        floods.into_iter().map(|flood| flood.join().unwrap()).sum()
    });
    assert_eq!(admitted, 600);
}

#[test]
fn workers_that_are_killed_under_load_neither_lose_counts_nor_stop_others() {
    let nginx = Nginx::start(&config(
        "postern_zone edge 1m;",
        "location /a { postern_limit key=ip rate=2000r/h; } location /b { postern_limit key=ip rate=10r/h name=b; }",
    ));
    let port = nginx.port();
    let admitted = thread::scope(|scope| {
        let flood = scope.spawn(|| flood(port, 6, "/a", |sent| sent >= 12_000));
        let mut killed = 0;
        while !flood.is_finished() {
            // The one that was killed last may still be listed.
            let victim = nginx.workers().first().copied();
            killed += u32::from(victim.is_some_and(|pid| process::try_signal(pid, "KILL")));
            poll_until("there are workers again", || nginx.workers().len() == 4);
        }
        assert!(killed > 3, "only {killed} workers were killed");
        flood.join().unwrap()
    });
    // A request may have been counted, and its worker killed before the client had the answer.
    assert!((1900..=2000).contains(&admitted), "{admitted}");
    poll_until("the limit is reached", || {
        Client::try_connect(port)
            .and_then(|mut client| client.try_get("/a"))
            .is_some_and(|response| response.status == 429)
    });
    assert_eq!(flood(port, 4, "/b", |sent| sent >= 100), 10);
}

#[test]
fn a_zone_for_few_clients_is_warned_of() {
    let location = |key| format!("location /a {{ postern_limit key={key} rate=1r/s; }}");
    let (accepted, said) = test_config(&config("postern_zone edge 64k;", &location("ip")));
    assert!(accepted, "{said}");
    assert!(said.contains("[warn] "), "{said}");
    assert!(said.contains("zone \"edge\" has room for "), "{said}");
    for (zone, key) in [
        ("postern_zone edge 64k;", "endpoint"),
        ("postern_zone edge 1m;", "ip"),
    ] {
        let (accepted, said) = test_config(&config(zone, &location(key)));
        assert!(accepted && !said.contains("has room for"), "{said}");
    }
}

#[test]
fn a_body_that_nginx_throws_away_is_not_waited_for() {
    let nginx = Nginx::start(&config(
        "postern_zone edge 1m;",
        "location /a { client_max_body_size 10; error_page 413 @big; }
         location @big { postern_limit key=$postern_body_email rate=1r/h name=account; try_files /nothing =404; }",
    ));
    let mut client = nginx.client();
    client
        .send_raw("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        .unwrap();
    let response = client.receive("POST").unwrap();
    assert!([404, 405, 413].contains(&response.status), "{response:?}");
    nginx.assert_no_alert();
}
