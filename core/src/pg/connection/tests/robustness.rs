//! Servers that do not keep to the protocol.

use std::rc::Rc;

use super::super::{Connection, State};
use super::{Random, busy, connection, drain, feed, message, started, submit};
use crate::pg::{ProtocolError, Settings, SubmitError};

#[test]
fn malformed_messages_are_refused() {
    let bodies: [(u8, &[u8]); 16] = [
        (b'D', b""),
        (b'D', b"\0\x01\0\0\0\x09x"),
        (b'D', b"\0\0x"),
        (b'C', b"no end"),
        (b'C', b"a\0b"),
        (b'C', b"\xff\0"),
        (b'E', b""),
        (b'E', b"SERROR\0"),
        (b'N', b"x"),
        (b'S', b"name\0"),
        (b'S', b"a\0b\0c"),
        (b'A', b"\0\0\0"),
        (b'A', b"\0\0\0\x01chan\0"),
        (b'A', b"\0\0\0\x01\xff\0x\0"),
        (b'S', b"\xff\0x\0"),
        (b'S', b""),
    ];
    for (tag, body) in bodies {
        let mut connection = connection();
        submit(&mut connection, 1, "a", &["one"]);
        feed(&mut connection, "1 2").expect("valid");
        connection.input().extend_from_slice(&message(tag, body));
        let outcome = drain(&mut connection);
        assert_eq!(
            outcome,
            Err(ProtocolError::Malformed { tag }),
            "{}",
            body.escape_ascii()
        );
        assert_eq!(connection.state(), State::Closed);
    }
}

#[test]
fn ready_for_query_needs_a_known_status() {
    for status in [&b""[..], b"X", b"II"] {
        let mut connection = connection();
        submit(&mut connection, 1, "a", &[]);
        connection.input().extend_from_slice(&message(b'Z', status));
        assert_eq!(
            drain(&mut connection),
            Err(ProtocolError::Malformed { tag: b'Z' })
        );
    }
}

#[test]
fn messages_that_do_not_fit_the_state_are_refused() {
    // In front of the colon what has arrived before, behind it what may not come then.
    let table = [
        (": 2 3 C D I Z T G H d c W n s t v V K R x", true),
        ("1: 1 3 C D I Z T G H d c W n s t v K R", true),
        ("1 2: 1 2 3 Z T d c W n s t v K R", true),
        ("1 2 C: 1 2 3 C D I T G H d c W K R", true),
        ("1 E:22012: 1 2 3 C D I T G H d c W K R", true),
        ("1 2 H: 1 2 3 D I Z T G H W", true),
        (": 1 2 3 C D I Z T G H d c W K R x", false),
    ];
    for (script, in_flight) in table {
        let (before, after) = script.rsplit_once(": ").expect("a colon");
        for word in after.split_whitespace() {
            let mut connection = connection();
            if in_flight {
                submit(&mut connection, 1, "a", &["one"]);
            }
            feed(&mut connection, before).expect("valid so far");
            let outcome = feed(&mut connection, word);
            assert_eq!(
                outcome,
                Err(ProtocolError::Unexpected {
                    tag: word.as_bytes()[0]
                }),
                "{before} | {word}"
            );
        }
    }
}

#[test]
fn before_the_start_only_its_own_messages_are_taken() {
    for (before, after) in [("", "Z K S:a=b N:01000 D C 1 v x"), ("R", "R 1 2 C D T A:a=b")] {
        for word in after.split_whitespace() {
            let mut connection =
                Connection::<u32>::new(Rc::new(Settings::new("alice", "app")), None).expect("valid");
            feed(&mut connection, before).expect("valid so far");
            let outcome = feed(&mut connection, word);
            assert_eq!(
                outcome,
                Err(ProtocolError::Unexpected {
                    tag: word.as_bytes()[0]
                }),
                "{before} | {word}"
            );
            assert_eq!(
                connection.submit_simple(1, "").err().map(|r| r.reason),
                Some(SubmitError::NotReady)
            );
        }
    }
}

#[test]
fn long_messages_are_refused_before_they_arrive() {
    let mut fresh = Connection::<u32>::new(Rc::new(Settings::new("alice", "app")), None).expect("valid");
    fresh.input().extend_from_slice(b"E\0\x01\0\0");
    assert!(matches!(
        drain(&mut fresh),
        Err(ProtocolError::TooLong { limit: 30_000, .. })
    ));
    let mut ready = started(Settings {
        max_message: 1000,
        ..Settings::new("alice", "app")
    });
    ready.input().extend_from_slice(b"D\0\0\x03\xe9");
    assert!(matches!(
        drain(&mut ready),
        Err(ProtocolError::TooLong {
            limit: 1000,
            length: 1001,
            ..
        })
    ));
}

#[test]
fn random_bytes_never_do_worse_than_an_error() {
    let mut random = Random(42);
    let tags = b"123CDEIZTGHdcNASRKWxvnst";
    for _ in 0..20_000 {
        let mut connection = busy();
        let mut bytes = Vec::new();
        for _ in 0..random.below(8) {
            let length = random.below(12);
            let body: Vec<u8> = (0..length)
                .map(|_| b"\0\x01\x02IET\xffa"[random.below(8)])
                .collect();
            bytes.extend(message(tags[random.below(tags.len())], &body));
        }
        for cut in random.cuts(bytes.len()) {
            if let Some(byte) = bytes.get_mut(cut) {
                *byte ^= 1 << random.below(8);
            }
        }
        connection.input().extend_from_slice(&bytes);
        if drain(&mut connection).is_err() {
            assert_eq!(connection.state(), State::Closed);
        }
        assert!(connection.in_flight() <= 2);
    }
}
