//! A worker that is killed while it has a zone: what it leaves is put into the shared memory, as a debugger would.

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::shm::{LIMITS, Memory};
use crate::support::{poll_until, process};

/// The order of use leads nowhere, and the hash to a place that there is not.
fn nonsense() -> impl Iterator<Item = u64> {
    [3, 4].into_iter().chain(16..1000)
}

#[test]
fn a_worker_that_is_killed_inside_the_lock_leaves_a_zone_that_is_repaired() {
    let nginx = Nginx::start(&Config {
        workers: 2,
        http: "postern_zone edge 1m;".to_owned(),
        server: "location /a { postern_limit key=$arg_k rate=3r/h name=k; alias /nonexistent; }".to_owned(),
        listen: "",
        main: "",
        master: true,
    });
    let status = |key: u32| nginx.client().get(&format!("/a?k={key}")).status;
    for round in 0..3 {
        for key in 0..50 {
            assert_eq!(status(key), 404, "{key} in round {round}");
        }
        let victim = nginx.workers()[0];
        Memory::of(victim, 1 << 20, LIMITS).interrupt(victim, nonsense());
        process::signal(victim, "KILL");
        poll_until("a worker takes its place", || {
            let workers = nginx.workers();
            workers.len() == 2 && !workers.contains(&victim)
        });
    }
    // Everything that was counted still is.
    for key in 0..50 {
        assert_eq!(status(key), 429, "{key}");
    }
    assert_eq!(status(50), 404);
    let repairs = nginx
        .error_log()
        .matches("zone \"edge\" was repaired, a process died while it used it")
        .count();
    assert_eq!(repairs, 3);
}

#[test]
fn the_only_worker_repairs_the_zone_that_its_predecessor_has_left() {
    let nginx = Nginx::start(&Config {
        workers: 1,
        http: "postern_zone edge 1m;".to_owned(),
        server: "location /a { postern_limit key=$arg_k rate=1r/h name=k; alias /nonexistent; }".to_owned(),
        listen: "",
        main: "",
        master: true,
    });
    let status = |key: u32| nginx.client().get(&format!("/a?k={key}")).status;
    for key in 0..20 {
        assert_eq!(status(key), 404, "{key}");
    }
    let victim = nginx.workers()[0];
    Memory::of(victim, 1 << 20, LIMITS).interrupt(victim, nonsense());
    process::signal(victim, "KILL");
    poll_until("a worker takes its place", || {
        let workers = nginx.workers();
        workers.len() == 1 && !workers.contains(&victim)
    });
    for key in 0..20 {
        assert_eq!(status(key), 429, "{key}");
    }
    let log = nginx.error_log();
    assert!(
        log.contains("zone \"edge\" was repaired, a process died while it used it"),
        "{log}"
    );
}

#[test]
fn zones_are_locked_in_an_order_that_no_reload_changes() {
    let config = |zones: &str| {
        Config {
        workers: 1,
        http: zones.to_owned(),
        server: "root /nonexistent;
            location /a { postern_limit zone=a key=ip rate=9r/h name=a; postern_limit zone=b key=ip rate=9r/h name=b; }"
            .to_owned(),
        listen: "",
        main: "",
        master: true,
    }
    };
    for zones in [
        "postern_zone a 1m; postern_zone b 2m;",
        "postern_zone b 2m; postern_zone a 1m;",
    ] {
        let nginx = Nginx::start(&config(zones));
        let worker = nginx.workers()[0];
        let (first, second) = (
            Memory::of(worker, 1 << 20, LIMITS),
            Memory::of(worker, 2 << 20, LIMITS),
        );
        // Somebody has the first lock: whoever waits for it must not have the other meanwhile.
        first.take(nginx.pid());
        let mut client = nginx.client();
        client
            .send_raw("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        poll_until("the worker waits", || first.waiting() == 1);
        assert_eq!(second.holder(), 0, "{zones}");
        // The one who waits has to be woken, which killing does as well.
        first.take(0);
        process::signal(worker, "KILL");
    }
}

#[test]
fn a_reload_that_swaps_zones_under_load_stops_nobody() {
    let config = |zones: &str| {
        Config {
        workers: 2,
        http: zones.to_owned(),
        server: "root /nonexistent;
            location /a { postern_limit zone=a key=ip rate=1r/h name=a dry_run; postern_limit zone=b key=ip rate=1r/h name=b dry_run; }"
            .to_owned(),
        listen: "",
        main: "",
        master: true,
    }
    };
    let orders = [
        "postern_zone a 1m; postern_zone b 2m;",
        "postern_zone b 2m; postern_zone a 1m;",
    ];
    let nginx = Nginx::start(&config(orders[0]));
    let (port, is_over) = (nginx.port(), std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(stopped) {
                    if let Some(mut client) = Client::try_connect(port) {
                        while !is_over.load(stopped) {
                            if client.try_get("/a").is_none() {
                                break;
                            }
                        }
                    }
                }
            });
        }
        for round in 1..=6 {
            nginx.rewrite(&config(orders[round % 2]));
            nginx.reload();
        }
        is_over.store(true, stopped);
    });
    poll_until("the old workers go", || nginx.workers().len() == 2);
    assert_eq!(nginx.client().get("/a").status, 404);
    nginx.assert_no_alert();
}
