//! Whatever a body is, what is taken is JSON with the same members, and its length decides only which parser reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::api_request::{JsonValue, Payload};
use postern_core::error::Problem;
use serde_json::value::RawValue;

fuzz_target!(|body: &[u8]| {
    let payload = Payload::parse(body);
    match &payload {
        Ok(Payload::One(members)) => check_members(members, body),
        Ok(Payload::Many { keys, rows, .. }) => {
            let reference: Vec<&RawValue> = serde_json::from_slice(body).expect("a JSON array");
            assert_eq!(reference.len(), *rows);
            assert!(keys.iter().all(|key| !key.contains('\0')));
        }
        Err(error) => {
            assert!((400..500).contains(&error.status()));
            drop((error.to_string(), error.details().map(|text| text.len())));
        }
    }
    // Spaces at the end make a body long enough for the parser of long arrays.
    let mut padded = body.to_vec();
    padded.resize(body.len() + 1024, b' ');
    match (payload, Payload::parse(&padded)) {
        (
            Ok(Payload::Many { keys, rows, .. }),
            Ok(Payload::Many {
                keys: padded_keys,
                rows: padded_rows,
                ..
            }),
        ) => {
            assert_eq!((keys, rows), (padded_keys, padded_rows));
        }
        (Ok(one), Ok(padded)) => assert_eq!(one, padded),
        // A body that ends too early ends at another column.
        (Err(error), Err(padded)) => assert_eq!(error.to_string(), padded.to_string()),
        (short, long) => panic!("{short:?} but with spaces {long:?}"),
    }
});

fn check_members(members: &[(std::borrow::Cow<'_, str>, JsonValue<'_>)], body: &[u8]) {
    let reference: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).expect("JSON");
    assert_eq!(reference.len(), members.len());
    for (key, value) in members {
        let raw = reference.get(&**key).expect("a key of the body").get();
        match value {
            JsonValue::Number(text) | JsonValue::Nested(text) => assert_eq!(text, raw),
            JsonValue::String(text) => {
                assert!(!text.contains('\0'));
                assert_eq!(serde_json::from_str::<String>(raw).expect("a string"), **text);
            }
            JsonValue::Null => assert_eq!(raw, "null"),
            JsonValue::Bool(value) => assert_eq!(raw, if *value { "true" } else { "false" }),
        }
    }
}
