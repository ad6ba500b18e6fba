//! Bodies that are looked at before there is any content: however they arrive, and whoever goes away meanwhile.

use std::fs;

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
