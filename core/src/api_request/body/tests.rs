use std::borrow::Cow;

use proptest::prelude::*;

use super::super::limits;
use super::super::{BodyError, JsonValue, Payload, RequestError, TextFault};
use super::{array, tape};

fn one(body: &str) -> Result<Vec<(Cow<'_, str>, JsonValue<'_>)>, RequestError> {
    match Payload::parse(body.as_bytes())? {
        Payload::One(members) => Ok(members),
        Payload::Many { .. } => panic!("{body} is an array"),
    }
}

fn many(body: &str) -> Result<(Vec<String>, usize), RequestError> {
    match Payload::parse(body.as_bytes())? {
        Payload::One(_) => panic!("{body} is an object"),
        Payload::Many { keys, json, rows } => {
            assert!(matches!(json, Cow::Borrowed(json) if json == body.as_bytes()));
            Ok((keys.into_iter().map(Cow::into_owned).collect(), rows))
        }
    }
}

fn body_error(body: &[u8]) -> BodyError {
    match Payload::parse(body) {
        Err(RequestError::Body(error)) => error,
        other => panic!("{body:?}: {other:?}"),
    }
}

#[test]
fn values_are_told_apart_and_keep_their_text() {
    let body = r#" {"a":null,"b":true,"c":false,"d":"x","e":-0.10e+5,"f":{"x": [1,2]},"g":[],"":12345678901234567890} "#;
    let members = one(body).expect("an object");
    let expected = [
        ("a", JsonValue::Null),
        ("b", JsonValue::Bool(true)),
        ("c", JsonValue::Bool(false)),
        ("d", JsonValue::String(Cow::Borrowed("x"))),
        ("e", JsonValue::Number(Cow::Borrowed("-0.10e+5"))),
        ("f", JsonValue::Nested(Cow::Borrowed("{\"x\": [1,2]}"))),
        ("g", JsonValue::Nested(Cow::Borrowed("[]"))),
        ("", JsonValue::Number(Cow::Borrowed("12345678901234567890"))),
    ];
    assert_eq!(members, expected.map(|(key, value)| (Cow::Borrowed(key), value)));
    for (key, value) in &members {
        assert!(matches!(key, Cow::Borrowed(_)), "{key}");
        if let JsonValue::String(text) | JsonValue::Number(text) | JsonValue::Nested(text) = value {
            assert!(matches!(text, Cow::Borrowed(_)), "{key}");
        }
    }
}

#[test]
fn numbers_of_any_size_keep_every_digit() {
    let long = "9".repeat(400);
    for number in ["1e400", "0.1", "-0", "12345678901234567890123", "1E-999", &long] {
        let body = format!("{{\"n\":{number}}}");
        assert_eq!(
            one(&body).expect("an object")[0].1,
            JsonValue::Number(Cow::Borrowed(number))
        );
        let rows = format!("[{}]", vec![body; 100].join(","));
        assert_eq!(many(&rows), Ok((vec!["n".to_owned()], 100)), "{number}");
    }
}

#[test]
fn strings_and_keys_are_unescaped() {
    let body = r#"{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","é":"é"}"#;
    let expected = [("a\n", "\"\\/\u{8}\u{c}\n\r\té😀"), ("é", "é")];
    let expected = expected.map(|(key, value)| (Cow::Borrowed(key), JsonValue::String(Cow::Borrowed(value))));
    assert_eq!(one(body).expect("an object"), expected);
}

#[test]
fn nothing_is_no_body() {
    for body in ["", " ", "\r\n\t "] {
        assert_eq!(body_error(body.as_bytes()), BodyError::Missing, "{body:?}");
    }
}

#[test]
fn scalars_and_arrays_of_scalars_are_refused() {
    for body in ["1", "\"x\"", "null", "true", " -1.5e3 "] {
        assert_eq!(
            body_error(body.as_bytes()),
            BodyError::NotObjects { reason: None },
            "{body}"
        );
    }
    for body in ["[1]", "[{},null]", "[[]]", "[{\"a\":1},\"x\"]", "[[[1]]]"] {
        let error = body_error(body.as_bytes());
        assert!(
            matches!(error, BodyError::NotObjects { reason: Some(_) }),
            "{body}: {error:?}"
        );
    }
    let BodyError::NotObjects { reason: Some(reason) } = body_error(b"[{},\n 1]") else {
        panic!("no reason")
    };
    assert_eq!(
        &*reason,
        "invalid type: integer `1`, expected an object at line 2 column 2"
    );
}

#[test]
fn what_is_not_json_is_refused_with_its_position() {
    let cases = [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("{\"a\":1,}", "trailing comma at line 1 column 8"),
        ("{\"a\" 1}", "expected `:` at line 1 column 6"),
        ("{\n\"a\":\n1 2}", "expected `,` or `}` at line 3 column 3"),
        ("{a:1}", "key must be a string at line 1 column 2"),
        ("{} {}", "trailing characters at line 1 column 4"),
        ("[{}", "EOF while parsing a list at line 1 column 3"),
        ("[{},]", "trailing comma at line 1 column 5"),
        ("{\"a\":01}", "invalid number at line 1 column 7"),
        ("nul", "EOF while parsing a value at line 1 column 3"),
    ];
    for (body, reason) in cases {
        assert_eq!(
            body_error(body.as_bytes()),
            BodyError::Malformed {
                reason: reason.into()
            },
            "{body}"
        );
    }
    for body in [
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":NaN}",
        "{\"a\":'x'}",
        "{\"a\":\"x\ny\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":[1,]}",
        "{,}",
        "]",
        "}",
        "{\"a\":1}x",
        "/**/{}",
        "{\"a\":\"x}",
        "{\"a\":tru}",
        "x",
    ] {
        let error = body_error(body.as_bytes());
        assert!(matches!(error, BodyError::Malformed { .. }), "{body}: {error:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    assert_eq!(body_error(b"{\"a\":\"\xff\"}"), BodyError::NotUtf8 { offset: 6 });
    assert_eq!(body_error(b"{\"a\":\"\xc3\"}"), BodyError::NotUtf8 { offset: 6 });
    assert_eq!(
        body_error(b"{\"a\":\"\xed\xa0\x80\"}"),
        BodyError::NotUtf8 { offset: 6 }
    );
    assert_eq!(body_error(b"[{\"\xff\":1}]"), BodyError::NotUtf8 { offset: 3 });
    assert_eq!(body_error(b"\xef\xbb\xbf{}"), BodyError::ByteOrderMark);
}

#[test]
fn strings_that_text_cannot_hold_are_refused_where_they_are() {
    use TextFault::{LoneSurrogate, Nul, NulInKey};
    let cases = [
        (r#"{"a":"\u0000"}"#, Nul, 1, 7),
        ("{\"a\":\n \"x\\\\\\u0000\"}", Nul, 2, 6),
        (r#"{"a":"\ud800"}"#, LoneSurrogate, 1, 7),
        (r#"{"a":"\udc00\ud800"}"#, LoneSurrogate, 1, 7),
        (r#"{"a":"\ud800\ud800\udc00"}"#, LoneSurrogate, 1, 7),
        (r#"{"a":"\ud83d\ude00\ud800x"}"#, LoneSurrogate, 1, 19),
        (r#"{"a":{"b":["\u0000"]}}"#, Nul, 1, 13),
        (r#"{"a":{"\ud800":1}}"#, LoneSurrogate, 1, 8),
        (r#"{"\u0000":1}"#, NulInKey, 1, 11),
        (r#"[{"a":1},{"a":"\u0000"}]"#, Nul, 1, 16),
        (r#"[{"a":["\udfff"]}]"#, LoneSurrogate, 1, 9),
        (r#"[{"a\u0000":1}]"#, NulInKey, 1, 13),
    ];
    for (body, fault, line, column) in cases {
        assert_eq!(
            body_error(body.as_bytes()),
            BodyError::Text { fault, line, column },
            "{body}"
        );
    }
    for body in [r#"{"\ud800":1}"#, r#"[{"\ud800":1}]"#] {
        assert!(
            matches!(body_error(body.as_bytes()), BodyError::Malformed { .. }),
            "{body}"
        );
    }
    // A backslash before it makes it no escape.
    assert!(one(r#"{"a":"\\u0000","b":["\\ud800"]}"#).is_ok());
}

#[test]
fn a_key_is_given_once() {
    let error = |key: &str, row| BodyError::DuplicateKey { key: key.into(), row };
    assert_eq!(body_error(br#"{"a":1,"b":2,"a":3}"#), error("a", None));
    assert_eq!(body_error(br#"{"a":1,"\u0061":3}"#), error("a", None));
    assert_eq!(body_error(br#"[{"a":1,"a":1}]"#), error("a", Some(1)));
    assert_eq!(
        body_error(br#"[{"a":1,"b":1},{"b":1,"b":1}]"#),
        error("b", Some(2))
    );
    let mut wide: Vec<_> = (0..200).map(|index| format!("\"k{index}\":0")).collect();
    wide.push("\"k77\":0".to_owned());
    assert_eq!(
        body_error(format!("{{{}}}", wide.join(",")).as_bytes()),
        error("k77", None)
    );
    // Within a value it is PostgreSQL's to decide: json keeps both, jsonb the last.
    assert!(one(r#"{"a":{"b":1,"b":2}}"#).is_ok());
}

#[test]
fn objects_of_an_array_have_the_same_keys() {
    assert_eq!(many("[]"), Ok((Vec::new(), 0)));
    assert_eq!(many("[{}]"), Ok((Vec::new(), 1)));
    assert_eq!(many("[{},{}]"), Ok((Vec::new(), 2)));
    let keys = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let body = r#"[{"a":1,"b":[{"x":1}],"c":"x"},{"c":null,"a":{"a":1},"b":2}]"#;
    assert_eq!(many(body), Ok((keys(&["a", "b", "c"]), 2)));
    assert_eq!(many(r#"[{"a":1},{"\u0061":2}]"#), Ok((keys(&["a"]), 2)));
    for (body, row) in [
        (r#"[{"a":1},{}]"#, 2),
        (r#"[{},{"a":1}]"#, 2),
        (r#"[{"a":1},{"a":1},{"b":1}]"#, 3),
        (r#"[{"a":1,"b":1},{"a":1}]"#, 2),
        (r#"[{"a":1},{"a":1,"b":1}]"#, 2),
    ] {
        assert_eq!(
            body_error(body.as_bytes()),
            BodyError::KeysDiffer { row },
            "{body}"
        );
    }
}

#[test]
fn long_arrays_are_refused_as_short_ones_are() {
    let rows = vec![r#"{"a":"some text","b":1}"#; 200].join(",");
    let body = |last: &str| format!("[{rows},\n{last}]");
    assert_eq!(
        many(&body(r#"{"b":1,"a":2}"#)),
        Ok((vec!["a".to_owned(), "b".to_owned()], 201))
    );
    assert_eq!(
        body_error(body(r#"{"a":1}"#).as_bytes()),
        BodyError::KeysDiffer { row: 201 }
    );
    assert_eq!(
        body_error(body(r#"{"a":1,"a":1}"#).as_bytes()),
        BodyError::DuplicateKey {
            key: "a".into(),
            row: Some(201)
        }
    );
    assert_eq!(
        body_error(body(r#"{"a":1,"b":"\u0000"}"#).as_bytes()),
        BodyError::Text {
            fault: TextFault::Nul,
            line: 2,
            column: 13
        }
    );
    assert_eq!(
        body_error(body(r#"{"a":1,"b":"\udead"}"#).as_bytes()),
        BodyError::Text {
            fault: TextFault::LoneSurrogate,
            line: 2,
            column: 13
        }
    );
    assert!(matches!(
        body_error(body("7").as_bytes()),
        BodyError::NotObjects { reason: Some(_) }
    ));
    assert!(matches!(
        body_error(body("").as_bytes()),
        BodyError::Malformed { .. }
    ));
    assert_eq!(
        many(&body(r#"{"a":"\\u0000","b":1e999}"#)).map(|(_, rows)| rows),
        Ok(201)
    );
}

#[test]
fn a_body_of_any_length_gives_the_same() {
    for rows in [1, 40, 20_000] {
        let body = format!("[{}]", vec![r#"{"b":"text","a":1e9}"#; rows].join(" , "));
        assert_eq!(many(&body), Ok((vec!["b".to_owned(), "a".to_owned()], rows)));
    }
}

#[test]
fn nesting_has_a_limit() {
    let max = limits::JSON_DEPTH.max;
    let too_deep = Err(RequestError::TooMany(limits::JSON_DEPTH));
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let object = |depth: usize| format!("{{\"a\":{}}}", nest(depth - 1));
    assert!(one(&object(max)).is_ok());
    assert_eq!(one(&object(max + 1)).map(drop), too_deep);
    assert_eq!(one(&object(100_000)).map(drop), too_deep);
    assert!(
        one(r#"{"a":["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[","\"["]}"#).is_ok()
    );
    for rows in [1, 100] {
        let array = |depth: usize| format!("[{}]", vec![object(depth - 1); rows].join(","));
        assert!(many(&array(max)).is_ok());
        assert_eq!(many(&array(max + 1)).map(drop), too_deep);
    }
    assert!(Payload::parse("[".repeat(1 << 20).as_bytes()).is_err());
}

#[test]
fn members_and_rows_have_limits() {
    let object = |members: usize| {
        let members: Vec<_> = (0..members).map(|index| format!("\"k{index}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    let max = limits::MEMBERS.max;
    assert_eq!(one(&object(max)).map(|members| members.len()), Ok(max));
    assert_eq!(
        one(&object(max + 1)).map(drop),
        Err(RequestError::TooMany(limits::MEMBERS))
    );
    assert_eq!(
        many(&format!("[{}]", object(max + 1))).map(drop),
        Err(RequestError::TooMany(limits::MEMBERS))
    );
    let rows = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    assert_eq!(
        many(&rows(limits::ROWS.max)).map(|(_, rows)| rows),
        Ok(limits::ROWS.max)
    );
    assert_eq!(
        many(&rows(limits::ROWS.max + 1)).map(drop),
        Err(RequestError::TooMany(limits::ROWS))
    );
}

#[test]
fn keys_in_another_order_take_linear_time() {
    let order: Vec<_> = (0..1500).map(|index| format!("\"k{index}\":0")).collect();
    let reverse: Vec<_> = order.iter().rev().cloned().collect();
    let rows = [vec![order.join(",")], vec![reverse.join(","); 60]].concat();
    let body = format!("[{{{}}}]", rows.join("},{"));
    assert_eq!(many(&body).map(|(keys, rows)| (keys.len(), rows)), Ok((1500, 61)));
}

/// JSON text of any shape, with escapes and spaces, and with what PostgreSQL cannot hold.
fn json(depth: u32) -> impl Strategy<Value = String> {
    let string = "\"([a-c é]|\\\\[nt\"\\\\/]|\\\\u0041|\\\\ud83d\\\\ude00|\\\\u0000|\\\\ud800){0,3}\"";
    let leaf = prop_oneof![
        4 => "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        4 => string,
        2 => "null|true|false",
        1 => "-|01|1\\.|nul|\"|\u{1}|",
    ];
    leaf.prop_recursive(depth, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((string, inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    /// Both parsers of arrays agree: what the fast one takes, the exact one takes with the same result.
    #[test]
    fn the_fast_parser_takes_nothing_that_the_exact_one_refuses(
        rows in prop::collection::vec(("[ab]", json(3)), 1..4)
    ) {
        let rows: Vec<_> = rows.iter().map(|(key, value)| format!("{{\"{key}\":{value}}}")).collect();
        // Spaces make it long enough for the fast parser.
        let body = format!("[{}{}]", " ".repeat(1100), rows.join(","));
        if let Some((keys, rows)) = tape::keys_and_rows(body.as_bytes()) {
            prop_assert_eq!(array::keys_and_rows(&body), Ok((keys, rows)));
        }
    }

    /// What is taken is JSON, and its members are those that `serde_json` finds.
    #[test]
    fn members_are_those_of_the_json(members in prop::collection::vec(("[a-d]", json(3)), 0..4)) {
        let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let body = format!("{{{}}}", members.join(","));
        let reference = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&body);
        if let Ok(Payload::One(members)) = Payload::parse(body.as_bytes()) {
            for (key, value) in &members {
                let mut text = Vec::new();
                value.write_json(&mut text);
                let text = serde_json::from_slice::<serde_json::Value>(&text).ok();
                match &reference {
                    Ok(reference) => prop_assert_eq!(text.as_ref(), reference.get(&**key)),
                    // A number that `serde_json::Value` cannot hold.
                    Err(error) => prop_assert!(error.to_string().starts_with("number out of range"), "{}", error),
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Payload::parse(&body);
        let _ = Payload::parse(&[b"[", &body[..]].concat());
        let _ = Payload::parse(&[b"{\"a\":", &body[..]].concat());
    }
}
