//! The protocol against a real PostgreSQL.

mod support;

use std::io::Write;
use std::num::NonZeroU32;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use postern_core::pg::{ChannelBinding, Password, ProtocolError, Settings, State};
use support::{Client, Cluster, Lost, query};

fn cluster() -> Arc<Cluster> {
    Cluster::shared(|cluster| {
        cluster.psql(
            "SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'sécret';
            SET password_encryption = 'scram-sha-256';
            CREATE ROLE scram LOGIN PASSWORD 'sécret'; CREATE ROLE clear LOGIN PASSWORD 'sécret';
            CREATE ROLE trusted LOGIN",
        );
        cluster.write(
            "pg_hba.conf",
            "local all postgres trust\nlocal all trusted trust\nlocal all clear password\nlocal all md5 md5\n\
            local all scram scram-sha-256\nhost all scram 127.0.0.1/32 scram-sha-256\n",
        );
        cluster.reload();
        // The postmaster reads the file when it gets the signal, a moment later.
        let settings = || Settings::new("clear", "postgres");
        while Client::unix(cluster, settings()).is_ok() {
            std::thread::yield_now();
        }
    })
}

fn settings() -> Settings {
    Settings::new("postgres", "postgres")
}

fn with_password(user: &str, password: &str) -> Settings {
    Settings {
        password: Some(Password::new(password.as_bytes())),
        ..Settings::new(user, "postgres")
    }
}

#[test]
fn every_method_of_authentication_lets_the_right_password_in_and_no_other() {
    let cluster = cluster();
    for user in ["clear", "md5", "scram"] {
        let (mut client, events) = Client::unix(&cluster, with_password(user, "sécret")).expect(user);
        assert_eq!(events, ["started"]);
        let events = client.run(&["SELECT current_user"]).expect(user);
        assert_eq!(events[0], format!("0.0 row {user}"));
        let (_, events) = Client::unix(&cluster, with_password(user, "wrong")).expect(user);
        assert_eq!(events, ["closed 28P01"]);
        let none = Client::unix(&cluster, Settings::new(user, "postgres")).err();
        assert_eq!(
            none,
            Some(Lost::Protocol(ProtocolError::PasswordRequired)),
            "{user}"
        );
    }
    assert!(Client::tcp(&cluster, with_password("scram", "sécret"), None).is_ok());
    Client::trusted(&cluster, Settings::new("trusted", "postgres"));
}

#[test]
fn channel_binding_cannot_be_had_without_tls() {
    let cluster = cluster();
    for user in ["trusted", "clear", "md5", "scram"] {
        let strict = Settings {
            channel_binding: ChannelBinding::Require,
            ..with_password(user, "sécret")
        };
        let lost = Client::unix(&cluster, strict).err();
        assert_eq!(
            lost,
            Some(Lost::Protocol(ProtocolError::ChannelBindingRequired)),
            "{user}"
        );
    }
}

#[test]
fn a_refused_start_says_why() {
    let cluster = cluster();
    let start = |settings| {
        Client::unix(&cluster, settings)
            .map(|(_, events)| events)
            .expect("an answer")
    };
    assert_eq!(start(Settings::new("postgres", "nothing")), ["closed 3D000"]);
    assert_eq!(start(Settings::new("nobody", "postgres")), ["closed 28000"]);
    let mut wrong = settings();
    wrong.options.push(("statement_timeout".into(), "soon".into()));
    assert_eq!(start(wrong), ["closed 22023"]);
}

#[test]
fn the_start_message_configures_the_session() {
    let cluster = cluster();
    let mut settings = settings();
    settings.options.push(("statement_timeout".into(), "1234".into()));
    settings
        .options
        .push(("options".into(), "-c search_path=a,\\ b".into()));
    let mut client = Client::trusted(&cluster, settings);
    assert!(client.connection.parameter("server_version").is_some());
    assert_eq!(client.connection.parameter("client_encoding"), Some("UTF8"));
    assert_eq!(client.connection.parameter("in_hot_standby"), Some("off"));
    let sql = "SELECT current_setting('statement_timeout'), current_setting('search_path'),
        current_setting('application_name'), pg_backend_pid()";
    let pid = client.connection.backend_pid().expect("a process id");
    let events = client.run(&[sql]).expect("an answer");
    assert_eq!(events[0], format!("0.0 row 1234ms|a, b|postern|{pid}"));
}

#[test]
fn parameters_and_results_are_text_of_any_type() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    let sql =
        "SELECT $1::int + 1, $2::text, $3::jsonb, $4::timestamptz = '2024-01-02 03:04Z', $5::float8, ''";
    let values = [
        Some("41"),
        None,
        Some("{\"a\":1}"),
        Some("2024-01-02T03:04:00Z"),
        Some("0.1"),
    ];
    assert!(client.connection.submit(3, "r", &[&query(sql, &values)]).is_ok());
    let events = client.finish().expect("an answer");
    assert_eq!(
        events,
        ["3.0 row 42|NULL|{\"a\": 1}|t|0.1|", "3.0 SELECT 1", "3 done"]
    );
    let wrong = query(sql, &[Some("x"), None, None, None, None]);
    assert!(client.connection.submit(4, "r", &[&wrong]).is_ok());
    assert_eq!(client.finish().expect("an answer"), ["4 failed at 0: 22P02"]);
}

#[test]
fn settings_of_a_batch_end_with_it_and_reach_its_main_statement() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    let context = "SELECT set_config('role', 'trusted', true), set_config('request.path', '/x', true)";
    let main = "SELECT current_user, current_setting('request.path', true)";
    for _ in 0..2 {
        let events = client.run(&[context, main]).expect("an answer");
        assert_eq!(events[2], "0.1 row trusted|/x");
        assert_eq!(client.run(&[main]).expect("an answer")[0], "0.0 row postgres|");
    }
}

#[test]
fn a_hundred_batches_in_flight_are_answered_in_order_and_fail_alone() {
    let cluster = cluster();
    let pipeline = NonZeroU32::new(100).expect("positive");
    for prepare in [true, false] {
        let mut client = Client::trusted(
            &cluster,
            Settings {
                pipeline,
                prepare,
                ..settings()
            },
        );
        for ticket in 0..100 {
            let value = ticket.to_string();
            let (one, divisor) = (query("SELECT $1::int", &[Some(&value)]), (ticket % 7).to_string());
            let two = query("SELECT 100 / $1::int", &[Some(&divisor)]);
            assert!(client.connection.submit(ticket, "r", &[&one, &two]).is_ok());
        }
        let events = client.finish().expect("answers");
        let expected: Vec<_> = (0..100).flat_map(pipelined).collect();
        assert_eq!(events, expected);
    }
}

fn pipelined(ticket: u32) -> Vec<String> {
    let mut events = vec![format!("{ticket}.0 row {ticket}"), format!("{ticket}.0 SELECT 1")];
    match ticket % 7 {
        0 => events.push(format!("{ticket} failed at 1: 22012")),
        divisor => events.extend([
            format!("{ticket}.1 row {}", 100 / divisor),
            format!("{ticket}.1 SELECT 1"),
            format!("{ticket} done"),
        ]),
    }
    events
}

#[test]
fn an_error_at_commit_is_the_error_of_its_batch() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    client
        .run(&["CREATE TEMP TABLE d (id int PRIMARY KEY, up int REFERENCES d DEFERRABLE INITIALLY DEFERRED)"])
        .expect("a table");
    client.submit(1, &["INSERT INTO d VALUES (1, 2)"]);
    client.submit(2, &["SELECT count(*) FROM d"]);
    let events = client.finish().expect("answers");
    assert_eq!(
        events,
        [
            "1.0 INSERT 0 1",
            "1 failed at 1: 23503",
            "2.0 row 0",
            "2.0 SELECT 1",
            "2 done"
        ]
    );
}

#[test]
fn the_server_keeps_no_more_statements_than_the_cache() {
    let cluster = cluster();
    let statements = NonZeroU32::new(4).expect("positive");
    let mut client = Client::trusted(
        &cluster,
        Settings {
            statements,
            ..settings()
        },
    );
    let count = "SELECT count(*) FROM pg_prepared_statements";
    for round in 0..40 {
        let sql = format!("SELECT {}", round % 11);
        let ticket = round % 5;
        client.submit(
            ticket,
            &[
                &sql,
                if round % 3 == 0 {
                    "SELECT 1 / 0"
                } else {
                    "SELECT 1"
                },
            ],
        );
        if round % 4 == 0 {
            client.finish().expect("answers");
        }
    }
    client.finish().expect("answers");
    client.run(&[count]).expect("an answer");
    // The count itself is prepared; whatever it displaced is closed in front of the second one.
    assert_eq!(client.run(&[count]).expect("an answer")[0], "0.0 row 4");
}

#[test]
fn after_a_change_of_the_schema_a_batch_succeeds_at_the_second_attempt() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    client.run(&["CREATE TEMP TABLE a (x int)"]).expect("a table");
    client.run(&["CREATE TEMP TABLE b (x int)"]).expect("a table");
    let batch = ["SELECT * FROM a", "SELECT * FROM b"];
    client.run(&batch).expect("an answer");
    client.run(&["ALTER TABLE a ADD y int"]).expect("altered");
    client.run(&["ALTER TABLE b ADD y int"]).expect("altered");
    assert_eq!(
        client.run(&batch).expect("an answer"),
        ["0 failed at 0: 0A000 retry"]
    );
    assert_eq!(
        client.run(&batch).expect("an answer"),
        ["0.0 SELECT 0", "0.1 SELECT 0", "0 done"]
    );
    assert_eq!(
        client.run(&batch).expect("an answer").last().map(String::as_str),
        Some("0 done")
    );
}

#[test]
fn after_discard_all_a_batch_succeeds_at_the_second_attempt() {
    let cluster = cluster();
    let batch = ["SELECT 1", "SELECT 2"];
    for discard in ["DISCARD ALL", "DEALLOCATE ALL"] {
        let mut client = Client::trusted(&cluster, settings());
        client.run(&batch).expect("an answer");
        assert!(client.connection.submit_simple(9, discard).is_ok());
        client.finish().expect("discarded");
        assert_eq!(
            client.run(&batch).expect("an answer"),
            ["0 failed at 0: 26000 retry"]
        );
        assert_eq!(
            client.run(&batch).expect("an answer").last().map(String::as_str),
            Some("0 done")
        );
    }
}

#[test]
fn notifications_notices_and_changed_parameters_come_in_between() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    assert!(
        client
            .connection
            .submit_simple(1, "LISTEN postern; SELECT 1")
            .is_ok()
    );
    assert_eq!(
        client.finish().expect("an answer"),
        ["1.0 LISTEN", "1.1 row 1", "1.1 SELECT 1", "1 done"]
    );
    cluster.psql("NOTIFY postern, 'reload schema'");
    let events = client
        .until(|event| event.starts_with("notification"))
        .expect("a notification");
    assert_eq!(events, ["notification postern=reload schema"]);
    let events = client
        .run(&["DO $$ BEGIN RAISE WARNING 'careful'; END $$"])
        .expect("an answer");
    assert_eq!(events, ["notice 01000", "0.0 DO", "0 done"]);
    let events = client.run(&["SET TimeZone = 'Asia/Tokyo'"]).expect("an answer");
    assert!(
        events.contains(&"parameter TimeZone=Asia/Tokyo".to_owned()),
        "{events:?}"
    );
    assert_eq!(client.connection.parameter("TimeZone"), Some("Asia/Tokyo"));
}

#[test]
fn copy_is_refused_and_the_connection_goes_on() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    client.run(&["CREATE TEMP TABLE c (x int)"]).expect("a table");
    let events = client.run(&["SELECT 1", "COPY c FROM STDIN"]).expect("an answer");
    assert_eq!(events.last().map(String::as_str), Some("0 failed at 1: 57014"));
    assert!(client.connection.submit_simple(1, "COPY c FROM STDIN").is_ok());
    assert_eq!(client.finish().expect("an answer"), ["1 failed at 0: 57014"]);
    let out = "COPY (SELECT * FROM generate_series(1, 10000)) TO STDOUT";
    let events = client.run(&[out, "SELECT 2"]).expect("an answer");
    assert_eq!(
        events,
        [
            "0.0 COPY 10000",
            "0.1 row 2",
            "0.1 SELECT 1",
            "0 failed at 0: 0A000"
        ]
    );
    assert_eq!(client.run(&["SELECT 3"]).expect("an answer")[0], "0.0 row 3");
}

#[test]
fn an_open_transaction_ends_a_shared_connection() {
    let cluster = cluster();
    let lost = Client::trusted(&cluster, settings()).run(&["BEGIN"]).err();
    assert_eq!(lost, Some(Lost::Protocol(ProtocolError::TransactionLeftOpen)));
    let mut own = Client::trusted(
        &cluster,
        Settings {
            transactions: true,
            ..settings()
        },
    );
    own.run(&["BEGIN"]).expect("begun");
    assert_eq!(
        own.run(&["SELECT 1 / 0"]).expect("an answer"),
        ["0 failed at 0: 22012"]
    );
    assert_eq!(
        own.run(&["SELECT 1"]).expect("an answer"),
        ["0 failed at 0: 25P02"]
    );
    assert_eq!(
        own.run(&["ROLLBACK"]).expect("an answer"),
        ["0.0 ROLLBACK", "0 done"]
    );
}

#[test]
fn a_terminated_session_gives_its_tickets_back() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    client.submit(1, &["SELECT pg_terminate_backend(pg_backend_pid())"]);
    client.submit(2, &["SELECT 1"]);
    let events = client.until(|_| false).expect("an answer");
    assert_eq!(events.last().map(String::as_str), Some("closed 57P01"));
    assert_eq!(client.connection.state(), State::Closed);
    assert_eq!(client.connection.into_tickets().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_cancel_request_ends_the_statement_that_runs() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    client.submit(1, &["SELECT 'running'", "SELECT pg_sleep(60)"]);
    client.submit(2, &["SELECT 2"]);
    client.write().expect("written");
    let pid = client.connection.backend_pid().expect("a process id");
    while cluster.psql(&format!(
        "SELECT wait_event FROM pg_stat_activity WHERE pid = {pid}"
    )) != "PgSleep"
    {}
    let message = client.connection.cancel_request().expect("a key");
    let mut stream = UnixStream::connect(cluster.socket()).expect("the server listens");
    stream.write_all(&message).expect("written");
    let events = client.finish().expect("answers");
    assert!(events.contains(&"1 failed at 1: 57014".to_owned()), "{events:?}");
    assert_eq!(events.last().map(String::as_str), Some("2 done"));
}

#[test]
fn a_row_may_be_as_long_as_the_limit_and_no_longer() {
    let cluster = cluster();
    let mut client = Client::trusted(
        &cluster,
        Settings {
            max_message: 1 << 20,
            ..settings()
        },
    );
    // The count of columns and the length of the value take 6 bytes, the length of the message 4.
    let events = client
        .run(&["SELECT repeat('x', (1 << 20) - 10)"])
        .expect("an answer");
    assert_eq!(events[0].len(), "0.0 row ".len() + (1 << 20) - 10);
    let lost = client.run(&["SELECT repeat('x', (1 << 20) - 9)"]).err();
    assert!(
        matches!(
            lost,
            Some(Lost::Protocol(ProtocolError::TooLong { tag: b'D', .. }))
        ),
        "{lost:?}"
    );
}

#[test]
fn terminate_ends_the_session() {
    let cluster = cluster();
    let mut client = Client::trusted(&cluster, settings());
    let pid = client.connection.backend_pid().expect("a process id");
    client.connection.terminate();
    client.write().expect("written");
    let count = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while cluster.psql(&count) != "0" {
        assert!(std::time::Instant::now() < deadline, "the session is still there");
    }
}
