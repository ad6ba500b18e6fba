//! nginx's own life: start, test, reload, stop, crash of a worker, without a master, another nginx.

use std::path::Path;
use std::process::Command;

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx, test_config};
use crate::support::postgres::Postgres;
use crate::support::proxy::Proxy;
use crate::support::{poll_until, process, project};

#[test]
fn testing_a_configuration_connects_to_nothing() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(postgres.socket());
    let (accepted, said) = test_config(&Config::new(&proxy.dsn(), ""));
    assert!(accepted, "{said}");
    assert!(said.contains("test is successful"), "{said}");
    assert_eq!(proxy.accepted(), 0);
}

#[test]
fn only_workers_connect() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "").workers(2));
    let sockets = |pid: u32| {
        let folder = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let links = folder.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        links
            .filter(|link| link.to_string_lossy().starts_with("socket:"))
            .count()
    };
    // One that listens, and a pair to each worker.
    assert!(
        sockets(nginx.pid()) <= 1 + 2 * 2,
        "the master has {} sockets",
        sockets(nginx.pid())
    );
    assert!(postgres.connections() >= 1);
}

#[test]
fn a_killed_worker_is_replaced_and_the_others_serve_on() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&Config::new(&postgres.dsn(), "").workers(2));
    for _ in 0..5 {
        let victim = nginx.workers()[0];
        process::signal(victim, "KILL");
        poll_until("a worker takes its place", || {
            let workers = nginx.workers();
            workers.len() == 2 && !workers.contains(&victim)
        });
        nginx.wait_until_served();
    }
    poll_until("PostgreSQL drops the dead worker's connections", || {
        postgres.connections() <= 10
    });
}

#[test]
fn a_reload_keeps_serving_and_takes_the_new_settings() {
    let postgres = Postgres::start();
    let mut config = Config::new(&postgres.dsn(), "");
    let nginx = Nginx::ready(&config);
    assert_eq!(nginx.client().get("/api/pairs").status, 404);
    config.server += "location /api/parents { postern_resource app table=api.parents; }";
    nginx.rewrite(&config);
    nginx.reload();
    poll_until("the new location is served", || {
        nginx.client().get("/api/parents/1").status == 200
    });
    nginx.assert_no_alert();
}

#[test]
fn a_broken_configuration_changes_nothing() {
    let postgres = Postgres::start();
    let config = Config::new(&postgres.dsn(), "");
    let nginx = Nginx::ready(&config);
    nginx.rewrite(&Config::new(&postgres.dsn(), "colour red;"));
    nginx.signal("HUP");
    poll_until("the reload fails", || {
        nginx.error_log().contains("unknown directive \"colour\"")
    });
    assert_eq!(nginx.client().get("/api/books/1").status, 200);
}

#[test]
fn a_graceful_stop_finishes_what_is_in_flight() {
    let postgres = Postgres::start();
    let mut nginx = Nginx::ready(&Config::new(&postgres.dsn(), "connections 1;").workers(2));
    let mut slow: Vec<Client> = (0..4).map(|_| nginx.client()).collect();
    for client in &mut slow {
        client.send("GET", "/api/naps/500", &[], "").unwrap();
    }
    poll_until("a statement runs", || {
        postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
    });
    nginx.signal("QUIT");
    for client in &mut slow {
        assert_eq!(client.receive("GET").unwrap().body, "{\"id\":500,\"slept\":500}");
    }
    assert!(nginx.wait().success());
    poll_until("all connections are closed", || postgres.connections() == 0);
    nginx.assert_log_is_clean();
}

#[test]
fn an_idle_nginx_stops_at_once_and_says_goodbye() {
    let postgres = Postgres::start();
    let mut nginx = Nginx::ready(&Config::new(&postgres.dsn(), "").workers(2));
    nginx.signal("QUIT");
    assert!(nginx.wait().success());
    poll_until("all connections are closed", || postgres.connections() == 0);
    let log = postgres.log();
    assert!(
        !log.contains("unexpected EOF"),
        "connections end with Terminate: {log}"
    );
    nginx.assert_log_is_clean();
}

#[test]
fn a_fast_stop_does_not_wait() {
    let postgres = Postgres::start();
    let mut nginx = Nginx::ready(&Config::new(&postgres.dsn(), "query_timeout 60s;"));
    let mut slow = nginx.client();
    slow.send("GET", "/api/naps/5000", &[], "").unwrap();
    poll_until("the statement runs", || {
        postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1"
    });
    nginx.signal("TERM");
    assert!(nginx.wait().success());
    nginx.assert_no_alert();
}

#[test]
fn without_a_master() {
    let postgres = Postgres::start();
    let mut config = Config::new(&postgres.dsn(), "");
    config.master = false;
    let mut nginx = Nginx::ready(&config);
    assert_eq!(nginx.client().get("/api/books/1?select=id").body, "{\"id\":1}");
    nginx.signal("QUIT");
    assert!(nginx.wait().success());
    poll_until("all connections are closed", || postgres.connections() == 0);
    nginx.assert_log_is_clean();
}

#[test]
fn in_the_nginx_of_debian() {
    let binary = Path::new("/usr/sbin/nginx");
    let module = std::env::var_os("POSTERN_DEBIAN_MODULE").map_or_else(
        || project().join("build/nginx-1.22.1/ngx_http_postern_module.so"),
        Into::into,
    );
    if !binary.exists() || !module.exists() {
        eprintln!("skipped: needs {} and {}", binary.display(), module.display());
        return;
    }
    let version = Command::new(binary).arg("-v").output().unwrap();
    assert!(String::from_utf8_lossy(&version.stderr).contains("nginx/1.22.1"));
    let postgres = Postgres::start();
    let nginx = Nginx::start_with(binary, &module, &Config::new(&postgres.dsn(), "").workers(2));
    nginx.wait_until_served();
    let mut client = nginx.client();
    assert_eq!(client.get("/api/books/1?select=id").body, "{\"id\":1}");
    assert_eq!(
        client
            .request("PATCH", "/api/items/1?select=note", &[], "{\"note\":\"x\"}")
            .body,
        "{\"note\":\"x\"}"
    );
    nginx.reload();
    nginx.wait_until_served();
    nginx.assert_log_is_clean();
}

#[test]
fn the_log_says_what_the_module_is_made_of() {
    let nginx = Nginx::start(&Config {
        http: String::new(),
        server: String::new(),
        ..Config::new("host=/nowhere user=nobody", "")
    });
    let log = nginx.error_log();
    let line = log
        .lines()
        .find(|line| line.contains("[notice]") && line.contains("postern: "));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    for fact in [
        concat!("postern: ", env!("CARGO_PKG_VERSION"), " (commit "),
        ") for nginx/1.",
        ", built by rustc 1.",
    ] {
        assert!(line.contains(fact), "{line}");
    }
}
