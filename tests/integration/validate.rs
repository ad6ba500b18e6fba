//! Bodies that are looked at before there is any content: however they arrive, and whoever goes away meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::{TempDir, poll_until};

const SCHEMA: &str = r#"{"required":["name"],"properties":{"name":{"type":"string"}}}"#;

fn start(postgres: &Postgres, dir: &TempDir) -> Nginx {
    let schema = dir.path().join("schema.json");
    fs::write(&schema, SCHEMA).unwrap();
    let mut config = Config::new(&postgres.dsn(), "");
    config.server += &format!(
        "location /checked {{ postern_validate body={}; postern_resource app table=api.items; }}",
        schema.display()
    );
    Nginx::ready(&config)
}

const HEAD: &str =
    "POST /checked?select=name HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[test]
fn a_body_that_comes_slowly_is_waited_for() {
    let (postgres, dir) = (Postgres::start(), TempDir::new("schema"));
    let nginx = start(&postgres, &dir);
    let mut client = nginx.client();
    for (name, status) in [("\"a\"", 201), ("1", 422), ("\"b\"", 201)] {
        let body = format!("{{\"name\":{name}}}");
        let (first, rest) = body.split_at(5);
        client
            .send_raw(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"))
            .unwrap();
        for part in [first, rest] {
            // Another request is served between the parts.
            assert_eq!(nginx.client().get("/api/books/1?select=id").status, 200);
            client
                .send_raw(&format!("{:x}\r\n{part}\r\n", part.len()))
                .unwrap();
        }
        client.send_raw("0\r\n\r\n").unwrap();
        assert_eq!(client.receive("POST").unwrap().status, status, "{body}");
    }
    nginx.assert_log_is_clean();
}

#[test]
fn clients_that_go_away_before_their_body_is_there_leave_nothing_behind() {
    let (postgres, dir) = (Postgres::start(), TempDir::new("schema"));
    let nginx = start(&postgres, &dir);
    let worker = nginx.workers()[0];
    let open_files = || fs::read_dir(format!("/proc/{worker}/fd")).unwrap().count();
    let before = open_files();
    for _ in 0..100 {
        let mut client = nginx.client();
        client
            .send_raw(&format!("{HEAD}Content-Length: 100\r\n\r\n{{\"name\":"))
            .unwrap();
        client.abort();
    }
    poll_until("the connections are closed", || open_files() <= before);
    assert_eq!(
        postgres.sql("SELECT count(*) FROM api.items WHERE name IS NULL"),
        "0"
    );
    nginx.assert_log_is_clean();
}

/// A schema that takes long for what fits none of its alternatives.
const ALTERNATIVES: &str = r#"{"items":{"anyOf":[
    {"required":["a"],"properties":{"a":{"type":"string"}}},
    {"required":["b"],"properties":{"b":{"type":"integer"}}},
    {"required":["c"],"properties":{"c":{"enum":["x","y"]}}},
    {"required":["d"],"properties":{"d":{"pattern":"^[a-z]+$"}}}]}}"#;

/// A worker with a location that sends on what fits [`ALTERNATIVES`].
fn with_alternatives(dir: &TempDir) -> Nginx {
    let schema = dir.path().join("schema.json");
    fs::write(&schema, ALTERNATIVES).unwrap();
    let mut config = Config::new("host=/nowhere user=nobody", "");
    config.http = String::new();
    config.server = format!(
        "location /checked {{ postern_validate body={}; proxy_pass http://127.0.0.1:$server_port/echo; }}
         location /echo {{ postern_validate off; return 200 $content_length; }}",
        schema.display()
    );
    Nginx::start(&config)
}

/// As large as nginx takes it.
fn elements(element: &str) -> String {
    let count = (1_000_000 / (element.len() + 1)).min(10_000);
    format!("[{}]", vec![element; count].join(","))
}

const HOSTILE: &str =
    r#"{"a":1,"b":"1","c":"z","d":"1","filler":"0123456789012345678901234567890123456789"}"#;

fn send_hostile(nginx: &Nginx) -> Client {
    let mut client = nginx.client();
    client.send("POST", "/checked", &[], &elements(HOSTILE)).unwrap();
    client
}

#[test]
fn bodies_that_take_long_to_check_hold_up_nobody() {
    let dir = TempDir::new("schema");
    let nginx = with_alternatives(&dir);
    let hostile: Vec<_> = (0..8).map(|_| send_hostile(&nginx)).collect();
    let pending = AtomicUsize::new(hostile.len());
    let mut served = 0;
    thread::scope(|scope| {
        for mut client in hostile {
            let pending = &pending;
            scope.spawn(move || {
                let response = client.receive("POST").unwrap();
                pending.fetch_sub(1, Ordering::Relaxed);
                assert_eq!(response.status, 422);
                let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
                assert_eq!(body["details"].as_array().unwrap().len(), 20);
            });
        }
        // Each takes tens of milliseconds. If the loop did it, it would serve one or two others in between.
        let mut other = nginx.client();
        while pending.load(Ordering::Relaxed) != 0 {
            assert_eq!(other.get("/alive").status, 200);
            served += 1;
        }
    });
    assert!(served >= 40, "{served} others were served meanwhile");
    let body = elements(r#"{"b":1,"filler":"0123456789"}"#);
    let response = nginx.client().request("POST", "/checked", &[], &body);
    assert_eq!((response.status, response.body), (200, body.len().to_string()));
    nginx.assert_log_is_clean();
}

#[test]
fn clients_that_go_away_while_their_body_is_checked_leave_their_turn_to_others() {
    let dir = TempDir::new("schema");
    let nginx = with_alternatives(&dir);
    let worker = nginx.workers()[0];
    for round in 0..5 {
        let clients: Vec<_> = (0..6).map(|_| send_hostile(&nginx)).collect();
        for (number, mut client) in clients.into_iter().enumerate() {
            if number % 2 == round % 2 {
                client.abort();
            } else {
                assert_eq!(client.receive("POST").unwrap().status, 422);
            }
        }
    }
    assert_eq!(nginx.workers(), [worker]);
    nginx.assert_log_is_clean();
}

#[test]
fn a_reload_lets_checks_end() {
    let dir = TempDir::new("schema");
    let nginx = with_alternatives(&dir);
    let clients: Vec<_> = (0..16).map(|_| send_hostile(&nginx)).collect();
    // nginx has read the bodies when another request is answered.
    assert_eq!(nginx.client().get("/alive").status, 200);
    nginx.reload();
    for mut client in clients {
        assert_eq!(client.receive("POST").unwrap().status, 422);
    }
    let response = nginx
        .client()
        .request("POST", "/checked", &[], &elements(HOSTILE));
    assert_eq!(response.status, 422);
    nginx.assert_log_is_clean();
}

/// The content handler of such a request starts in the turn in which its check ends, and has no timer of its own yet.
#[test]
fn a_reload_lets_what_comes_after_a_check_end() {
    let (postgres, dir) = (Postgres::start(), TempDir::new("schema"));
    let nginx = start(&postgres, &dir);
    let body = format!("{{\"name\":\"a\",\"note\":\"{}\"}}", "x".repeat(600_000));
    for _ in 0..5 {
        let old = nginx.workers();
        let mut client = nginx.client();
        client
            .send_raw(&format!(
                "{HEAD}Content-Length: {}\r\n\r\n{}",
                body.len(),
                &body[..body.len() - 1]
            ))
            .unwrap();
        nginx.reload();
        let title = || fs::read_to_string(format!("/proc/{}/cmdline", old[0])).unwrap();
        poll_until("the old worker is told to end", || {
            title().contains("shutting down")
        });
        client.send_raw(&body[body.len() - 1..]).unwrap();
        assert_eq!(client.receive("POST").unwrap().status, 201);
        drop(client);
        poll_until("the old worker is gone", || {
            nginx.workers().iter().all(|pid| !old.contains(pid))
        });
    }
    nginx.assert_log_is_clean();
}
