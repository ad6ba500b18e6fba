//! The corpora of the project, `tests/corpora`: attacks of every class are found and texts pass, whatever place of a request they are in.
#![expect(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use postern_core::filter::{Body, FilterSettings, Input, Inspection, Progress, Scratch};

const ATTACKS: &str = include_str!("../../tests/corpora/attacks.jsonl");
const BENIGN: &str = include_str!("../../tests/corpora/benign.jsonl");

/// How many percent of a class must be found; of the others it is what `ELSE` says.
const MINIMUM: [(&str, usize); 4] = [("sqli", 98), ("xss", 100), ("traversal", 98), ("rce", 98)];
const ELSE: usize = 90;

const PLACES: [&str; 7] = [
    "segment",
    "argument",
    "argument name",
    "json",
    "json key",
    "cookie",
    "header",
];

struct Sample {
    class: String,
    payload: String,
}

fn samples(corpus: &str) -> Vec<Sample> {
    corpus
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |key: &str| record[key].as_str().expect("a string").to_owned();
            Sample {
                class: text("class"),
                payload: text("payload"),
            }
        })
        .collect()
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The class of what is found in a request that has the payload in a place.
fn finding(payload: &str, place: &str) -> Option<String> {
    let (encoded, json) = (encode(payload), serde_json::to_string(payload).expect("JSON"));
    let (mut path, mut args, mut body, mut cookie) =
        ("/api".to_owned(), String::new(), String::new(), String::new());
    let mut header = String::new();
    match place {
        "segment" => path = format!("/api/{encoded}"),
        "argument" => args = format!("q={encoded}"),
        "argument name" => args = format!("{encoded}=1"),
        "json" => body = format!("{{\"a\":[{json}]}}"),
        "json key" => body = format!("{{{json}:1}}"),
        "cookie" => cookie = format!("a=1; b={encoded}"),
        "header" => header = payload.to_owned(),
        _ => unreachable!("a place of the table"),
    }
    let headers: [(&[u8], &[u8]); 2] = [(b"Cookie", cookie.as_bytes()), (b"X-Test", header.as_bytes())];
    let input = Input {
        path: path.as_bytes(),
        args: args.as_bytes(),
        headers: &headers,
        body: if body.is_empty() {
            Body::None
        } else {
            Body::Json(body.as_bytes())
        },
    };
    let mut inspection = Inspection::new();
    let settings = FilterSettings::default();
    while inspection.step(&settings, &input, &mut Scratch::default(), 1 << 14) == Progress::Pending {}
    inspection.findings().first().map(|finding| finding.rule.clone())
}

#[test]
fn attacks_are_found_in_every_place() {
    let samples = samples(ATTACKS);
    assert!(samples.len() >= 300, "{} attacks", samples.len());
    for place in PLACES {
        let mut classes: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
        for sample in &samples {
            let (count, missed) = classes.entry(&sample.class).or_default();
            *count += 1;
            if finding(&sample.payload, place).is_none() {
                missed.push(&sample.payload);
            }
        }
        for (class, (count, missed)) in classes {
            let minimum = MINIMUM
                .iter()
                .find(|(known, _)| *known == class)
                .map_or(ELSE, |(_, minimum)| *minimum);
            assert!(
                (count - missed.len()) * 100 >= minimum * count,
                "{class} in {place}: {missed:#?}"
            );
        }
    }
}

#[test]
fn texts_pass_in_every_place() {
    let samples = samples(BENIGN);
    assert!(samples.len() >= 400, "{} texts", samples.len());
    for place in PLACES {
        let found: Vec<_> = samples
            .iter()
            .filter_map(|sample| finding(&sample.payload, place).map(|rule| (&sample.payload, rule)))
            .collect();
        assert!(found.len() * 100 <= samples.len(), "in {place}: {found:#?}");
    }
}
