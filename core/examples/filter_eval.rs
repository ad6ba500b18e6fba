//! Measures the input filter on corpora: how much of what is an attack it finds, class by class and in every place of a request, and how much it takes for one
//! that is none.
//!
//! ```text
//! cargo run --release -p postern-core --example filter_eval -- [--place PLACE] [--split NAME] [--class NAME] [--show N] [--rules] FILE…
//! ```
//!
//! A line of a file is `{"class": "…", "payload": "…"}`, with a `"split"` if it belongs to one; any other line is a payload of the class `text`.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs};

use postern_core::filter::{Body, FilterSettings, Finding, Input, Inspection, Progress, Scratch};

const PLACES: [&str; 10] = [
    "arg",
    "arg_name",
    "segment",
    "json",
    "json_key",
    "field",
    "multipart",
    "file_name",
    "cookie",
    "header",
];

struct Sample {
    class: String,
    payload: String,
}

#[derive(Default)]
struct Options {
    place: Option<String>,
    split: Option<String>,
    class: Option<String>,
    show: usize,
    rules: bool,
    files: Vec<String>,
}

fn main() {
    let options = options();
    let samples: Vec<Sample> = options
        .files
        .iter()
        .flat_map(|file| read(file, &options))
        .collect();
    let settings = FilterSettings::default();
    let mut scratch = Scratch::default();
    let mut table: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    let places = PLACES
        .iter()
        .filter(|place| options.place.as_deref().is_none_or(|only| only == **place));
    let places: Vec<&str> = places.copied().collect();
    for sample in &samples {
        let row = table.entry(&sample.class).or_default();
        row.0 += 1;
        for place in &places {
            let findings = inspect(&sample.payload, place, &settings, &mut scratch);
            if !findings.is_empty() {
                *row.1.entry(place).or_default() += 1;
            }
            for finding in &findings {
                *rules.entry(finding.rule.clone()).or_default() += 1;
            }
        }
    }
    print_table(&table, &places);
    if options.rules {
        for (rule, count) in rules {
            println!("{count:8} {rule}");
        }
    }
    show(
        &samples,
        &options,
        places.first().copied().unwrap_or("arg"),
        &settings,
    );
}

fn print_table(table: &BTreeMap<&str, (usize, BTreeMap<&str, usize>)>, places: &[&str]) {
    let mut head = format!("{:20}{:>7}", "class", "count");
    for place in places {
        let _ = write!(head, "{place:>11}");
    }
    println!("{head}");
    let mut sum = (0, BTreeMap::new());
    for (class, (count, found)) in table {
        print_row(class, *count, found, places);
        sum.0 += count;
        for (place, found) in found {
            *sum.1.entry(*place).or_default() += found;
        }
    }
    print_row("all", sum.0, &sum.1, places);
}

fn print_row(class: &str, count: usize, found: &BTreeMap<&str, usize>, places: &[&str]) {
    let mut row = format!("{class:20}{count:>7}");
    for place in places {
        let share = 100.0 * found.get(place).copied().unwrap_or(0) as f64 / count.max(1) as f64;
        let _ = write!(row, "{share:>10.2}%");
    }
    println!("{row}");
}

/// Prints what is not found; or what is, for samples that begin with `+` in `--show`.
fn show(samples: &[Sample], options: &Options, place: &str, settings: &FilterSettings) {
    let mut scratch = Scratch::default();
    let mut left = options.show;
    for sample in samples {
        if left == 0 {
            return;
        }
        let findings = inspect(&sample.payload, place, settings, &mut scratch);
        if findings.is_empty() != options.rules {
            left -= 1;
            let rules: Vec<_> = findings
                .iter()
                .map(|finding| format!("{}={}", finding.rule, finding.score))
                .collect();
            println!("{:12} {:?} {}", sample.class, sample.payload, rules.join(" "));
        }
    }
}

fn options() -> Options {
    let mut options = Options::default();
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--place" => options.place = arguments.next(),
            "--split" => options.split = arguments.next(),
            "--class" => options.class = arguments.next(),
            "--show" => options.show = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(0),
            "--rules" => options.rules = true,
            _ => options.files.push(argument),
        }
    }
    options
}

fn read(file: &str, options: &Options) -> Vec<Sample> {
    let Ok(text) = fs::read_to_string(file) else {
        println!("cannot read {file}");
        return Vec::new();
    };
    let wanted = |value: Option<&serde_json::Value>, option: &Option<String>| {
        option.is_none() || value.and_then(|value| value.as_str()) == option.as_deref()
    };
    text.lines()
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let Ok(serde_json::Value::Object(record)) = serde_json::from_str(line) else {
                return Some(Sample {
                    class: "text".to_owned(),
                    payload: line.to_owned(),
                });
            };
            let is_wanted =
                wanted(record.get("class"), &options.class) && wanted(record.get("split"), &options.split);
            is_wanted.then(|| Sample {
                class: record
                    .get("class")
                    .and_then(|class| class.as_str())
                    .unwrap_or("text")
                    .to_owned(),
                payload: record
                    .get("payload")
                    .and_then(|payload| payload.as_str())
                    .unwrap_or_default()
                    .to_owned(),
            })
        })
        .collect()
}

/// Puts a payload into a request as a client would, and inspects the request.
fn inspect(payload: &str, place: &str, settings: &FilterSettings, scratch: &mut Scratch) -> Vec<Finding> {
    let encoded = percent_encode(payload);
    let json = serde_json::to_string(payload).unwrap_or_default();
    let header = payload.replace(['\r', '\n'], " ");
    let (mut path, mut args, mut body) = (String::from("/api/items"), String::new(), String::new());
    let mut headers: Vec<(&[u8], &[u8])> = vec![(b"Host", b"example.org"), (b"User-Agent", b"curl/8.5.0")];
    match place {
        "arg" => args = format!("id=1&q={encoded}"),
        "arg_name" => args = format!("id=1&{encoded}=1"),
        "segment" => path = format!("/api/items/{encoded}"),
        "json" => body = format!("{{\"id\":1,\"q\":[{json}]}}"),
        "json_key" => body = format!("{{\"a\":{{{json}:1}}}}"),
        "field" => body = format!("id=1&q={encoded}"),
        "multipart" => {
            body = format!("--b\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n{payload}\r\n--b--\r\n")
        }
        "file_name" => {
            body = format!(
                "--b\r\nContent-Disposition: form-data; name=\"q\"; filename=\"{header}\"\r\n\r\nx\r\n--b--\r\n"
            )
        }
        "cookie" => headers.push((b"Cookie", encoded.as_bytes())),
        _ => headers.push((b"X-Custom", header.as_bytes())),
    }
    let cookie = format!("a=1; q={encoded}");
    if place == "cookie" {
        headers.pop();
        headers.push((b"Cookie", cookie.as_bytes()));
    }
    let input = Input {
        path: path.as_bytes(),
        args: args.as_bytes(),
        headers: &headers,
        body: match place {
            "json" | "json_key" => Body::Json(body.as_bytes()),
            "field" => Body::Form(body.as_bytes()),
            "multipart" | "file_name" => Body::of(b"multipart/form-data; boundary=b", body.as_bytes()),
            _ => Body::None,
        },
    };
    let mut inspection = Inspection::new();
    while inspection.step(settings, &input, scratch, 1 << 14) == Progress::Pending {}
    inspection.findings().to_vec()
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
