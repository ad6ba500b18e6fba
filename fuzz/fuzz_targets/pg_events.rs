//! Whatever a server sends, a connection answers with events or an error. The first byte of the input chooses what is in
//! flight, the others are the server's, in pieces whose sizes they choose themselves.
#![no_main]

use std::num::NonZeroU32;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use postern_core::pg::{Connection, Event, Password, Settings, State};
use postern_core::query::{Params, Query, Statement};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let settings = Settings {
        password: Some(Password::new(*b"secret")),
        prepare: choice & 1 == 0,
        statements: NonZeroU32::MIN,
        max_message: 1 << 16,
        transactions: choice & 2 == 0,
        ..Settings::new("alice", "app")
    };
    let mut connection = Connection::new(Rc::new(settings), None).expect("no zero bytes");
    if choice & 4 == 0 {
        connection.input().extend_from_slice(STARTED);
        drain(&mut connection);
        assert_eq!(connection.state(), State::Ready);
    }
    let mut rest = bytes;
    while let Some((&size, tail)) = rest.split_first() {
        let (piece, next) = tail.split_at_checked(usize::from(size)).unwrap_or((tail, &[]));
        submit(&mut connection, choice);
        let in_flight = connection.in_flight();
        connection.input().extend_from_slice(piece);
        drain(&mut connection);
        assert!(connection.in_flight() <= in_flight);
        rest = next;
    }
});

/// AuthenticationOk, BackendKeyData, ReadyForQuery.
const STARTED: &[u8] = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I";

fn submit(connection: &mut Connection<u8>, choice: u8) {
    let query = |sql: &str| Query {
        statement: Rc::new(Statement::new(sql, [], 0)),
        params: Params::new(),
    };
    let queries = ["SELECT 1", "SELECT 2", "SELECT 3"].map(query);
    let count = usize::from(choice >> 4 & 3);
    // A full pipeline, or a closed connection, is none of the fuzzer's business.
    if choice & 8 == 0 {
        let _ = connection.submit(choice, "role", &queries.each_ref()[..count]);
    } else {
        let _ = connection.submit_simple(choice, "SELECT 1; SELECT 2");
    }
    connection.output().clear();
}

fn drain(connection: &mut Connection<u8>) {
    loop {
        match connection.next_event() {
            Ok(Some(Event::Row { row, .. })) => assert_eq!(row.values().count(), row.columns()),
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(_) => {
                assert_eq!(connection.state(), State::Closed);
                return;
            }
        }
    }
}
