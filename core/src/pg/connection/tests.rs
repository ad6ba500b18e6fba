//! Hand-made byte streams against the state machine, in every split.

mod preparation;
mod robustness;

use std::num::NonZeroU32;
use std::rc::Rc;

use super::{Connection, State};
use crate::pg::{Event, ProtocolError, Rejected, Settings, SubmitError};
use crate::query::{Params, Query, Statement};

type Outcome = Result<Vec<String>, ProtocolError>;

/// A backend message.
fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short");
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// Messages from a short notation: `1`, `2`, `3`, `Z` and so on stand for themselves with their usual bodies.
fn stream(script: &str) -> Vec<u8> {
    script.split_whitespace().flat_map(scripted).collect()
}

fn scripted(word: &str) -> Vec<u8> {
    let (tag, argument) = word.split_once(':').unwrap_or((word, ""));
    let tag = tag.as_bytes()[0];
    match tag {
        b'Z' if argument.is_empty() => message(tag, b"I"),
        b'T' if !argument.is_empty() => description(argument),
        b'Z' | b'T' | b'G' | b'H' | b'd' => message(tag, argument.as_bytes()),
        b'D' => {
            let length = i32::try_from(argument.len()).expect("short").to_be_bytes();
            message(tag, &[&[0, 1], &length[..], argument.as_bytes()].concat())
        }
        b'C' => message(tag, format!("{}\0", argument.replace('_', " ")).as_bytes()),
        b'E' | b'N' => {
            let (severity, code) = argument.split_once(',').unwrap_or(("ERROR", argument));
            let (code, routine) = code.split_once('/').unwrap_or((code, "r"));
            message(
                tag,
                format!("V{severity}\0C{code}\0Mm\0R{routine}\0\0").as_bytes(),
            )
        }
        b'S' => message(tag, format!("{}\0", argument.replace('=', "\0")).as_bytes()),
        b'A' => message(
            tag,
            format!("\0\0\0\x01{}\0", argument.replace('=', "\0")).as_bytes(),
        ),
        b'K' => message(tag, &[0, 0, 0, 42, 0, 0, 0, 7]),
        b'R' => message(tag, &[0, 0, 0, 0]),
        _ => message(tag, b""),
    }
}

/// A RowDescription of columns of the type text.
fn description(names: &str) -> Vec<u8> {
    let names: Vec<_> = names.split(',').collect();
    let mut body = u16::try_from(names.len()).expect("few").to_be_bytes().to_vec();
    for name in names {
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&[
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0,
        ]);
    }
    message(b'T', &body)
}

/// Takes every event there is and writes them down.
fn drain(connection: &mut Connection<u32>) -> Outcome {
    let mut seen = Vec::new();
    while let Some(event) = connection.next_event()? {
        seen.push(match event {
            Event::Started => "started".to_owned(),
            Event::Described {
                ticket,
                statement,
                description,
            } => {
                let names: Vec<_> = description.fields().map(|field| field.name).collect();
                format!("{ticket}.{statement} described {}", names.join(","))
            }
            Event::Row {
                ticket,
                statement,
                row,
            } => {
                let values: Vec<_> = row
                    .values()
                    .map(|value| value.map(String::from_utf8_lossy))
                    .collect();
                format!(
                    "{ticket}.{statement} row {}",
                    values[0].as_deref().unwrap_or("NULL")
                )
            }
            Event::Complete {
                ticket,
                statement,
                tag,
            } => format!("{ticket}.{statement} {tag}"),
            Event::Done {
                ticket,
                outcome: Ok(()),
            } => format!("{ticket} done"),
            Event::Done {
                ticket,
                outcome: Err(failure),
            } => {
                let retry = if failure.retry { " retry" } else { "" };
                format!(
                    "{ticket} failed at {}: {}{retry}",
                    failure.statement, failure.error.code
                )
            }
            Event::Notification { channel, payload } => format!("notification {channel}={payload}"),
            Event::Notice(notice) => format!("notice {}", notice.code),
            Event::ParameterChanged { name, value } => format!("parameter {name}={value}"),
            Event::Closed(error) => format!("closed {}", error.code),
        });
    }
    Ok(seen)
}

fn feed(connection: &mut Connection<u32>, script: &str) -> Outcome {
    connection.input().extend_from_slice(&stream(script));
    drain(connection)
}

fn started(settings: Settings) -> Connection<u32> {
    let mut connection = Connection::new(Rc::new(settings), None).expect("valid settings");
    let events = feed(&mut connection, "R S:server_version=15.1 K Z").expect("valid start");
    assert_eq!(events, ["started"]);
    connection.output().clear();
    connection
}

fn connection() -> Connection<u32> {
    started(Settings::new("alice", "app"))
}

fn query(sql: &str, values: &[Option<&str>]) -> Query {
    let mut params = Params::new();
    for value in values {
        match value {
            Some(value) => params.push(value.as_bytes()),
            None => params.push_null(),
        };
    }
    Query {
        statement: Rc::new(Statement::new(sql, [], 0)),
        params,
    }
}

/// The types of the frontend messages in the output, which is emptied; with the names of statements where there are any.
fn sent(connection: &mut Connection<u32>) -> String {
    let output = connection.output().split();
    let (mut rest, mut words) = (&output[..], Vec::new());
    while let [tag, a, b, c, d, tail @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize - 4;
        let (body, next) = tail.split_at(length);
        let strings: Vec<_> = body
            .split(|&byte| byte == 0)
            .map(String::from_utf8_lossy)
            .collect();
        words.push(match tag {
            b'P' => format!("P:{}", strings[0]),
            b'B' => format!("B:{}", strings[1]),
            b'C' => format!("C:{}", &strings[0][1..]),
            tag => char::from(*tag).to_string(),
        });
        rest = next;
    }
    words.join(" ").replace("postern_2a_", "s")
}

fn submit(connection: &mut Connection<u32>, ticket: u32, role: &str, statements: &[&str]) {
    let queries: Vec<_> = statements.iter().map(|sql| query(sql, &[])).collect();
    let queries: Vec<_> = queries.iter().collect();
    assert_eq!(connection.submit(ticket, role, &queries), Ok(()));
}

#[test]
fn the_start_message_names_user_database_and_settings() {
    let mut connection = Connection::<u32>::new(Rc::new(Settings::new("alice", "app")), None).expect("valid");
    let expected =
        b"\0\x03\0\0user\0alice\0database\0app\0application_name\0postern\0client_encoding\0UTF8\0\
        DateStyle\0ISO\0\0";
    assert_eq!(&connection.output()[4..], expected);
    assert_eq!(
        connection.output()[..4],
        u32::try_from(expected.len() + 4).expect("short").to_be_bytes()
    );
    assert_eq!(connection.state(), State::Starting);
}

#[test]
fn a_zero_byte_in_a_start_parameter_is_refused() {
    let outcome = Connection::<u32>::new(Rc::new(Settings::new("al\0ice", "app")), None);
    assert_eq!(outcome.err(), Some(ProtocolError::ZeroByte));
}

#[test]
fn after_the_start_parameters_and_key_are_known() {
    let connection = connection();
    assert_eq!(connection.state(), State::Ready);
    assert_eq!(connection.parameter("server_version"), Some("15.1"));
    assert_eq!(connection.backend_pid(), Some(42));
    let cancel = connection.cancel_request().expect("there is a key");
    assert_eq!(&cancel[..], b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x2a\0\0\0\x07");
}

#[test]
fn a_batch_is_parse_bind_execute_for_each_statement_and_one_sync() {
    let mut connection = connection();
    let main = query("SELECT $1, $2, $3", &[Some("x"), None, Some("")]);
    assert_eq!(connection.submit(1, "role", &[&main]), Ok(()));
    let output = connection.output().split();
    let expected = b"P\0\0\0\x25postern_2a_0\0SELECT $1, $2, $3\0\0\0\
        B\0\0\0\x25\0postern_2a_0\0\0\0\0\x03\0\0\0\x01x\xff\xff\xff\xff\0\0\0\0\0\0\
        E\0\0\0\x09\0\0\0\0\0\
        S\0\0\0\x04";
    assert_eq!(
        output.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
}

/// The answers to what is in flight in [`busy`], with everything that may come in between and an error in the middle.
const BUSY: &str = "1 2 D:a C:SELECT_1 N:WARNING,01000 1 2 D:b D:c C:SELECT_2 A:chan=load Z S:TimeZone=UTC \
    2 D:d C:SELECT_1 2 D:e E:22012 Z";

fn busy() -> Connection<u32> {
    let mut connection = connection();
    submit(&mut connection, 7, "r", &["one", "two"]);
    let first = feed(&mut connection, "1 2 C:SELECT_0 1 2 C:SELECT_0 Z").expect("valid");
    assert_eq!(first.last().map(String::as_str), Some("7 done"));
    submit(&mut connection, 1, "s", &["one", "two"]);
    submit(&mut connection, 2, "r", &["one", "two", "three"]);
    connection
}

#[test]
fn every_split_of_the_stream_gives_the_same_events() {
    let expected = [
        "1.0 row a",
        "1.0 SELECT 1",
        "notice 01000",
        "1.1 row b",
        "1.1 row c",
        "1.1 SELECT 2",
        "notification chan=load",
        "1 done",
        "parameter TimeZone=UTC",
        "2.0 row d",
        "2.0 SELECT 1",
        "2.1 row e",
        "2 failed at 1: 22012",
    ];
    let bytes = stream(BUSY);
    // Two parts at every place, then parts of equal size from one byte on, then parts of random sizes.
    let mut splits: Vec<Vec<usize>> = (0..=bytes.len()).map(|at| vec![at]).collect();
    splits.extend((1..20).map(|size| (0..bytes.len()).step_by(size).collect()));
    let mut random = Random(1);
    splits.extend((0..200).map(|_| random.cuts(bytes.len())));
    for cuts in splits {
        let mut connection = busy();
        let (mut seen, mut start) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            connection.input().extend_from_slice(&bytes[start..cut]);
            seen.extend(drain(&mut connection).expect("valid stream"));
            start = cut;
        }
        assert_eq!(seen, expected);
        assert_eq!(connection.in_flight(), 0);
        assert!(connection.input().is_empty());
    }
}

#[test]
fn a_message_that_is_out_of_place_closes_the_connection() {
    let mut connection = busy();
    assert_eq!(feed(&mut connection, BUSY).map(|events| events.len()), Ok(13));
    assert_eq!(
        feed(&mut connection, "1").err(),
        Some(ProtocolError::Unexpected { tag: b'1' })
    );
    assert_eq!(connection.state(), State::Closed);
    assert_eq!(feed(&mut connection, "Z"), Ok(vec![]));
}

#[test]
fn a_simple_query_may_have_several_results() {
    let mut connection = connection();
    assert_eq!(connection.submit_simple(1, "LISTEN a; SELECT 1; "), Ok(()));
    submit(&mut connection, 2, "a", &[]);
    let events = feed(&mut connection, "C:LISTEN T D:1 C:SELECT_1 Z Z").expect("valid");
    assert_eq!(
        events,
        ["1.0 LISTEN", "1.1 row 1", "1.1 SELECT 1", "1 done", "2 done"]
    );
    assert_eq!(connection.submit_simple(3, ""), Ok(()));
    assert_eq!(feed(&mut connection, "I Z").expect("valid"), ["3.0 ", "3 done"]);
    assert_eq!(connection.submit_simple(4, "oops"), Ok(()));
    submit(&mut connection, 5, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "E:42601 Z 1 2 C:X Z").expect("valid").len(),
        3
    );
}

#[test]
fn a_fatal_error_closes_the_connection_and_the_tickets_come_back_in_order() {
    for fatal in ["E:FATAL,57P01", "E:PANIC,XX000"] {
        let mut connection = connection();
        submit(&mut connection, 1, "a", &["one"]);
        submit(&mut connection, 2, "a", &["one"]);
        let events = feed(&mut connection, &format!("1 2 D:x {fatal} Z")).expect("valid");
        assert_eq!(
            events,
            ["1.0 row x".to_owned(), format!("closed {}", &fatal[8..])]
        );
        assert_eq!(connection.state(), State::Closed);
        let rejected = connection.submit(3, "a", &[] as &[Query]);
        assert_eq!(
            rejected,
            Err(Rejected {
                ticket: 3,
                reason: SubmitError::NotReady
            })
        );
        assert_eq!(connection.front(), Some(&1));
        assert_eq!(connection.into_tickets().collect::<Vec<_>>(), [1, 2]);
    }
}

#[test]
fn an_error_with_nothing_in_flight_or_before_the_start_closes_the_connection() {
    let mut idle = connection();
    assert_eq!(feed(&mut idle, "E:57P05"), Ok(vec!["closed 57P05".to_owned()]));
    let mut fresh = Connection::new(Rc::new(Settings::new("alice", "app")), None).expect("valid");
    assert_eq!(
        feed(&mut fresh, "E:FATAL,28P01"),
        Ok(vec!["closed 28P01".to_owned()])
    );
    assert_eq!(fresh.state(), State::Closed);
}

#[test]
fn copy_to_stdout_is_thrown_away_and_fails_its_batch() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["COPY t TO STDOUT", "two"]);
    submit(&mut connection, 2, "a", &["one"]);
    let events = feed(&mut connection, "1 2 H d:data d c C:COPY_1 1 2 C:X Z 1 2 C:X Z").expect("valid");
    assert_eq!(
        events,
        ["1.0 COPY 1", "1.1 X", "1 failed at 0: 0A000", "2.0 X", "2 done"]
    );
}

#[test]
fn copy_from_stdin_is_refused_with_the_sync_that_the_server_ignored() {
    let mut extended = connection();
    submit(&mut extended, 1, "a", &["COPY t FROM STDIN"]);
    sent(&mut extended);
    assert_eq!(feed(&mut extended, "1 2 G"), Ok(vec![]));
    assert_eq!(sent(&mut extended), "f S");
    assert_eq!(
        feed(&mut extended, "E:57014 Z"),
        Ok(vec!["1 failed at 0: 57014".to_owned()])
    );
    let mut simple = connection();
    assert_eq!(simple.submit_simple(1, "COPY t FROM STDIN"), Ok(()));
    sent(&mut simple);
    assert_eq!(feed(&mut simple, "G"), Ok(vec![]));
    assert_eq!(sent(&mut simple), "f");
    assert_eq!(
        feed(&mut simple, "E:57014 Z"),
        Ok(vec!["1 failed at 0: 57014".to_owned()])
    );
}

#[test]
fn copy_from_stdin_with_more_behind_it_closes_the_connection() {
    let mut within = connection();
    submit(&mut within, 1, "a", &["COPY t FROM STDIN", "two"]);
    assert_eq!(feed(&mut within, "1 2 G").err(), Some(ProtocolError::CopyIn));
    let mut behind = connection();
    submit(&mut behind, 1, "a", &["COPY t FROM STDIN"]);
    submit(&mut behind, 2, "a", &["one"]);
    assert_eq!(feed(&mut behind, "1 2 G").err(), Some(ProtocolError::CopyIn));
}

#[test]
fn a_transaction_may_stay_open_only_on_a_connection_of_its_own() {
    for status in ["Z:T", "Z:E"] {
        let mut shared = connection();
        submit(&mut shared, 1, "a", &["BEGIN"]);
        assert_eq!(
            feed(&mut shared, &format!("1 2 C:BEGIN {status}")).err(),
            Some(ProtocolError::TransactionLeftOpen)
        );
        let mut own = started(Settings {
            transactions: true,
            ..Settings::new("alice", "app")
        });
        submit(&mut own, 1, "a", &["BEGIN"]);
        assert_eq!(
            feed(&mut own, &format!("1 2 C:BEGIN {status}"))
                .expect("allowed")
                .last(),
            Some(&"1 done".into())
        );
    }
}

#[test]
fn a_batch_that_is_not_taken_leaves_no_trace() {
    let one = NonZeroU32::MIN;
    let mut connection = started(Settings {
        pipeline: one,
        ..Settings::new("alice", "app")
    });
    let (good, bad) = (query("one", &[]), query("zero \0 byte", &[]));
    let rejected = connection.submit(1, "a", &[&good, &bad]);
    assert_eq!(
        rejected,
        Err(Rejected {
            ticket: 1,
            reason: SubmitError::Encode
        })
    );
    let many = query("many", &vec![None; 65_536]);
    assert!(connection.submit(1, "a", &[&many]).is_err());
    assert!(connection.submit_simple(1, "\0").is_err());
    assert_eq!((connection.output().len(), connection.in_flight()), (0, 0));
    submit(&mut connection, 2, "a", &["one"]);
    let full = Err(Rejected {
        ticket: 3,
        reason: SubmitError::Full,
    });
    assert_eq!(connection.submit(3, "a", &[&good]), full);
    assert_eq!(connection.submit_simple(3, "SELECT 1"), full);
    assert_eq!(
        feed(&mut connection, "1 2 C:X Z").expect("valid"),
        ["2.0 X", "2 done"]
    );
}

#[test]
fn terminate_says_good_bye_and_hears_nothing_more() {
    let mut connection = connection();
    connection.terminate();
    assert_eq!(sent(&mut connection), "X");
    assert_eq!(
        (connection.state(), feed(&mut connection, "Z")),
        (State::Closed, Ok(vec![]))
    );
}

/// A generator that needs no crate: the splits only have to differ.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }

    fn cuts(&mut self, length: usize) -> Vec<usize> {
        let mut cuts: Vec<_> = (0..self.below(12)).map(|_| self.below(length)).collect();
        cuts.sort_unstable();
        cuts
    }
}
