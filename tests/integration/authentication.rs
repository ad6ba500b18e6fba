//! How nginx proves itself to PostgreSQL, and PostgreSQL itself to nginx.

use std::fs;
use std::process::Command;

use crate::support::certificates::Certificates;
use crate::support::nginx::{Config, Nginx, test_config};
use crate::support::postgres::Postgres;
use crate::support::{TempDir, process};

fn tcp_dsn(postgres: &Postgres, more: &str) -> String {
    format!(
        "host=127.0.0.1 port={} dbname=fixture user=authenticator {more}",
        postgres.port()
    )
}

/// A server that wants this method of everyone who comes by TCP, and a password that it knows in that form.
fn server_with(method: &str) -> Postgres {
    let encryption = if method == "md5" { "md5" } else { "scram-sha-256" };
    let hba = format!("host all all 127.0.0.1/32 {method}\n");
    let settings = format!("listen_addresses = '127.0.0.1'\npassword_encryption = '{encryption}'");
    let postgres = Postgres::with(&hba, &settings);
    postgres.sql("ALTER ROLE authenticator PASSWORD 'pass word'");
    postgres
}

#[track_caller]
fn assert_served(config: &Config) {
    let nginx = Nginx::ready(config);
    assert_eq!(nginx.client().get("/api/books/1?select=id").body, "{\"id\":1}");
    nginx.assert_log_is_clean();
}

#[track_caller]
fn assert_refused(config: &Config) {
    let nginx = Nginx::start(config);
    for _ in 0..5 {
        let answer = nginx.client().get("/api/books/1?select=id");
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(
            !answer.body.contains("password") && !answer.body.contains("authenticator"),
            "{}",
            answer.body
        );
    }
    nginx.assert_no_alert();
    assert!(
        !nginx.error_log().contains("pass word"),
        "the log shows a password"
    );
}

#[test]
fn scram_md5_password_and_trust() {
    for method in ["scram-sha-256", "md5", "password", "trust"] {
        let postgres = server_with(method);
        assert_served(&Config::new(&tcp_dsn(&postgres, "password='pass word'"), ""));
    }
}

#[test]
fn a_wrong_password_is_503_and_says_nothing() {
    for method in ["scram-sha-256", "md5", "password"] {
        let postgres = server_with(method);
        assert_refused(&Config::new(&tcp_dsn(&postgres, "password=wrong"), ""));
        assert_refused(&Config::new(&tcp_dsn(&postgres, ""), ""));
    }
}

#[test]
fn the_password_can_come_from_a_file() {
    let postgres = server_with("scram-sha-256");
    let dir = TempDir::new("password");
    let file = dir.path().join("password");
    fs::write(&file, "pass word\n").unwrap();
    process::set_mode(&file, 0o600);
    assert_served(&Config::new(
        &tcp_dsn(&postgres, ""),
        &format!("password_file {};", file.display()),
    ));
}

/// A server that takes TLS connections only.
fn tls_server(certificates: &Certificates) -> Postgres {
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nssl = on\nssl_cert_file = '{0}/server.crt'\nssl_key_file = '{0}/server.key'",
        certificates.path().display()
    );
    if process::is_root() {
        process::run(
            Command::new("chown")
                .arg("postgres")
                .arg(certificates.path().join("server.key")),
        );
    }
    process::set_mode(&certificates.path().join("server.key"), 0o600);
    let postgres = Postgres::with("hostssl all all 127.0.0.1/32 scram-sha-256\n", &settings);
    postgres.sql("ALTER ROLE authenticator PASSWORD 'pass word'");
    postgres
}

#[test]
fn tls_in_every_mode() {
    let certificates = Certificates::new();
    let postgres = tls_server(&certificates);
    let dsn = |host: &str, more: &str| {
        let port = postgres.port();
        format!(
            "host={host} hostaddr=127.0.0.1 port={port} dbname=fixture user=authenticator password='pass word' {more}"
        )
    };
    let (ca, other) = (certificates.root("ca"), certificates.root("other"));
    for served in [
        dsn("localhost", "sslmode=prefer"),
        dsn("localhost", "sslmode=require"),
        dsn("elsewhere.example", "sslmode=require"),
        dsn("localhost", &format!("sslmode=verify-full sslrootcert={ca}")),
        dsn(
            "elsewhere.example",
            &format!("sslmode=verify-ca sslrootcert={ca}"),
        ),
        dsn(
            "localhost",
            &format!("sslmode=verify-full sslrootcert={ca} channel_binding=require"),
        ),
    ] {
        assert_served(&Config::new(&served, ""));
    }
    assert_eq!(postgres.sql("SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'authenticator' AND NOT ssl"), "0");
    for refused in [
        // The server takes no connection without TLS.
        dsn("localhost", "sslmode=disable"),
        dsn(
            "elsewhere.example",
            &format!("sslmode=verify-full sslrootcert={ca}"),
        ),
        dsn("localhost", &format!("sslmode=verify-full sslrootcert={other}")),
        dsn("localhost", &format!("sslmode=verify-ca sslrootcert={other}")),
    ] {
        assert_refused(&Config::new(&refused, ""));
    }
}

#[test]
fn tls_required_of_a_server_without_it_is_refused_and_preferred_goes_on() {
    let postgres = server_with("scram-sha-256");
    assert_refused(&Config::new(
        &tcp_dsn(&postgres, "password='pass word' sslmode=require"),
        "",
    ));
    assert_served(&Config::new(
        &tcp_dsn(&postgres, "password='pass word' sslmode=prefer"),
        "",
    ));
}

#[test]
fn a_root_certificate_that_is_not_there_fails_the_configuration() {
    let dsn = "host=localhost user=x sslmode=verify-full sslrootcert=/nonexistent/root.crt";
    let (accepted, said) = test_config(&Config::new(dsn, ""));
    assert!(!accepted && said.contains("/nonexistent/root.crt"), "{said}");
}
