//! Which statements are parsed, bound by name and closed.

use std::num::NonZeroU32;

use std::rc::Rc;

use super::{connection, feed, sent, started, submit};
use crate::pg::{ProtocolError, Settings};
use crate::query::{Params, Query, Statement};

#[test]
fn a_confirmed_statement_is_bound_by_name_for_its_role_only() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    assert_eq!(sent(&mut connection), "P:s0 B:s0 E S");
    feed(&mut connection, "1 2 C:SELECT_0 Z").expect("valid");
    submit(&mut connection, 2, "a", &["one"]);
    submit(&mut connection, 3, "b", &["one"]);
    assert_eq!(sent(&mut connection), "B:s0 E S P:s1 B:s1 E S");
    assert_eq!(
        feed(&mut connection, "2 C:SELECT_0 Z 1 2 C:SELECT_0 Z")
            .expect("valid")
            .last(),
        Some(&"3 done".into())
    );
}

#[test]
fn first_uses_in_flight_prepare_each_for_itself_and_the_spare_ones_are_closed() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    submit(&mut connection, 2, "a", &["one"]);
    assert_eq!(sent(&mut connection), "P:s0 B:s0 E S P:s1 B:s1 E S");
    feed(&mut connection, "1 2 C:SELECT_0 Z 1 2 C:SELECT_0 Z").expect("valid");
    submit(&mut connection, 3, "a", &["one"]);
    assert_eq!(sent(&mut connection), "C:s0 B:s1 E S");
    assert_eq!(
        feed(&mut connection, "3 2 C:SELECT_0 Z").expect("valid").last(),
        Some(&"3 done".into())
    );
}

#[test]
fn an_error_keeps_what_was_parsed_before_it_and_nothing_else() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["good", "bad", "after"]);
    submit(&mut connection, 2, "a", &["good", "bad", "after"]);
    assert_eq!(
        sent(&mut connection),
        "P:s0 B:s0 E P:s1 B:s1 E P:s2 B:s2 E S P:s3 B:s3 E P:s4 B:s4 E P:s5 B:s5 E S"
    );
    let events = feed(
        &mut connection,
        "1 2 C:SELECT_0 E:42601 Z 1 2 C:SELECT_0 1 E:22P02 Z",
    )
    .expect("valid");
    assert_eq!(
        events,
        [
            "1.0 SELECT 0",
            "1 failed at 1: 42601",
            "2.0 SELECT 0",
            "2 failed at 1: 22P02"
        ]
    );
    // "bad" was parsed the second time, "after" never.
    submit(&mut connection, 3, "a", &["good", "bad", "after"]);
    assert_eq!(sent(&mut connection), "C:s0 B:s3 E B:s4 E P:s6 B:s6 E S");
}

#[test]
fn an_error_at_commit_fails_the_batch_after_all_its_statements() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    let events = feed(&mut connection, "1 2 C:INSERT_0_1 E:23503 Z").expect("valid");
    assert_eq!(events, ["1.0 INSERT 0 1", "1 failed at 1: 23503"]);
}

#[test]
fn displaced_statements_are_closed_in_front_of_the_next_batch() {
    let two = NonZeroU32::new(2).expect("positive");
    let mut connection = started(Settings {
        statements: two,
        ..Settings::new("alice", "app")
    });
    submit(&mut connection, 1, "a", &["one", "two", "three"]);
    feed(&mut connection, "1 2 C:X 1 2 C:X 1 2 C:X Z").expect("valid");
    sent(&mut connection);
    submit(&mut connection, 2, "a", &["one"]);
    submit(&mut connection, 3, "a", &["three"]);
    assert_eq!(sent(&mut connection), "C:s0 P:s3 B:s3 E S B:s2 E S");
    // The Close succeeds although its batch fails, and does not count.
    let events = feed(&mut connection, "3 1 E:22P02 Z 2 C:X Z").expect("valid");
    assert_eq!(events, ["2 failed at 0: 22P02", "3.0 X", "3 done"]);
    submit(&mut connection, 4, "a", &["one", "two"]);
    assert_eq!(sent(&mut connection), "C:s1 B:s3 E P:s4 B:s4 E S");
}

#[test]
fn a_statement_that_the_server_lost_is_prepared_again_and_the_batch_may_be_retried() {
    for code in ["26000", "0A000/RevalidateCachedQuery"] {
        let mut connection = connection();
        submit(&mut connection, 1, "a", &["one", "two"]);
        feed(&mut connection, "1 2 C:X 1 2 C:X Z").expect("valid");
        submit(&mut connection, 2, "a", &["one", "two"]);
        sent(&mut connection);
        let events = feed(&mut connection, &format!("2 C:X E:{code} Z")).expect("valid");
        assert_eq!(
            events,
            ["2.0 X".to_owned(), format!("2 failed at 1: {} retry", &code[..5])]
        );
        submit(&mut connection, 2, "a", &["one", "two"]);
        let again = sent(&mut connection);
        assert!(
            again == "C:s0 C:s1 P:s2 B:s2 E P:s3 B:s3 E S" || again == "C:s1 C:s0 P:s2 B:s2 E P:s3 B:s3 E S"
        );
        assert_eq!(
            feed(&mut connection, "3 3 1 2 C:X 1 2 C:X Z")
                .expect("valid")
                .last(),
            Some(&"2 done".into())
        );
    }
}

#[test]
fn batches_in_flight_behind_a_lost_statement_fail_alone_and_keep_what_is_new() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    feed(&mut connection, "1 2 C:X Z").expect("valid");
    submit(&mut connection, 2, "a", &["one"]);
    submit(&mut connection, 3, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "E:26000 Z").expect("valid"),
        ["2 failed at 0: 26000 retry"]
    );
    submit(&mut connection, 2, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "E:26000 Z 3 1 2 C:X Z").expect("valid"),
        ["3 failed at 0: 26000 retry", "2.0 X", "2 done"]
    );
    sent(&mut connection);
    submit(&mut connection, 3, "a", &["one"]);
    assert_eq!(sent(&mut connection), "B:s1 E S");
}

#[test]
fn the_same_codes_are_no_reason_to_retry_where_no_prepared_statement_was_bound() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "1 E:26000 Z").expect("valid"),
        ["1 failed at 0: 26000"]
    );
    submit(&mut connection, 2, "a", &["one"]);
    // From inside the statement, for instance EXECUTE in a function; and a feature that really is not supported.
    assert_eq!(
        feed(&mut connection, "2 E:26000 Z").expect("valid"),
        ["2 failed at 0: 26000"]
    );
    submit(&mut connection, 3, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "E:0A000 Z").expect("valid"),
        ["3 failed at 0: 0A000"]
    );
}

#[test]
fn without_preparing_every_batch_parses_the_unnamed_statement() {
    let mut connection = started(Settings {
        prepare: false,
        ..Settings::new("alice", "app")
    });
    for ticket in 1..3 {
        submit(&mut connection, ticket, "a", &["one", "two"]);
        assert_eq!(sent(&mut connection), "P: B: E P: B: E S");
        let events = feed(&mut connection, "1 2 C:X 1 2 C:X Z").expect("valid");
        assert_eq!(events.last(), Some(&format!("{ticket} done")));
    }
}

#[test]
fn a_statement_that_asks_for_it_is_described_with_every_execution() {
    let mut connection = connection();
    let statement = Rc::new(Statement::described("one"));
    let query = Query {
        statement,
        params: Params::new(),
    };
    assert_eq!(connection.submit(1, "a", &[&query, &query]), Ok(()));
    assert_eq!(sent(&mut connection), "P:s0 B:s0 D E P:s1 B:s1 D E S");
    assert_eq!(
        feed(&mut connection, "1 2 T:a,b D:x C:X 1 2 n C:Y Z").expect("valid"),
        ["1.0 described a,b", "1.0 row x", "1.0 X", "1.1 Y", "1 done"]
    );
    assert_eq!(connection.submit(2, "a", &[&query]), Ok(()));
    assert_eq!(
        feed(&mut connection, "3 2 T:c C:X Z").expect("valid"),
        ["2.0 described c", "2.0 X", "2 done"]
    );
    // Not what was asked for: rows before their description, or one that nobody wants.
    assert_eq!(connection.submit(3, "a", &[&query]), Ok(()));
    assert_eq!(
        feed(&mut connection, "2 D:x"),
        Err(ProtocolError::Unexpected { tag: b'D' })
    );
}

#[test]
fn a_description_that_nobody_asked_for_is_refused() {
    let mut connection = connection();
    submit(&mut connection, 1, "a", &["one"]);
    assert_eq!(
        feed(&mut connection, "1 2 T:a"),
        Err(ProtocolError::Unexpected { tag: b'T' })
    );
}
