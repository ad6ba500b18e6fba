//! Measures what the input filter costs at worst: how long inspections of hostile requests take, and how long the longest of their slices.
//!
//! ```text
//! cargo run --release -p postern-core --example filter_cost
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::{Duration, Instant};

use postern_core::filter::{Body, FilterSettings, Input, Inspection, Progress, Scratch, prepare};

/// The budget of a step, in bytes: what the module gives it.
const BUDGET: usize = 1 << 13;

const MIB: usize = 1 << 20;

/// How often a usual request is inspected: the fastest time is taken, which other work on the machine disturbs least.
const ROUNDS: usize = 200_000;

fn main() {
    prepare();
    usual_requests();
    println!(
        "{:34}{:>10}{:>12}{:>12}{:>10}",
        "request", "bytes", "total us", "slice us", "findings"
    );
    for byte in 1..=255_u8 {
        let body = vec![byte; MIB];
        measure(&format!("text of {:?}", char::from(byte)), &[], &body, Kind::Text);
    }
    for unit in [
        "%25",
        "%u0041",
        "\\u0041",
        "&#60;",
        "\\x41",
        "' or ",
        "(select ",
        "/**/",
        "/*",
        "--",
        "union ",
        "<a ",
        "<script ",
        "on=",
        "{{1*1}}",
        "${",
        "../",
        "..\\",
        ";ls ",
        "`a`",
        "a:",
        "'a'=",
        "a b ",
        "javascript:",
        "a'",
        "='",
        "1,",
        "select a from b ",
        "\u{ff07}",
        "or(",
        "case when ",
        "\n",
        "a\n",
        "<<<",
        "\"'`",
        "order by 1,",
        "'||",
        "$a[",
        "))((",
        "x=1&",
        "]]",
        "alert",
        "$x{",
        "\"\\\"",
        "0x",
        "+1",
        "1 or ",
        "'+'",
        "etc/",
    ] {
        let body = unit.repeat(MIB / unit.len());
        measure(&format!("text of {unit:?}"), &[], body.as_bytes(), Kind::Text);
    }
    let pairs = |unit: &str| unit.repeat(10_000);
    measure("10 000 arguments", pairs("a=1&").as_bytes(), &[], Kind::Text);
    measure(
        "10 000 arguments to decode",
        pairs("a%20=%27&").as_bytes(),
        &[],
        Kind::Text,
    );
    measure("arrays in arrays", &[], "[".repeat(MIB).as_bytes(), Kind::Json);
    measure(
        "objects in objects",
        &[],
        "{\"a\":".repeat(MIB / 5).as_bytes(),
        Kind::Json,
    );
    measure(
        "short strings",
        &[],
        "\"a'\",".repeat(MIB / 5).as_bytes(),
        Kind::Json,
    );
    measure(
        "one long string",
        &[],
        format!("\"{}\"", "\\\\".repeat(MIB / 2)).as_bytes(),
        Kind::Json,
    );
    measure(
        "one escaped string",
        &[],
        format!("\"{}\"", "\\u0027".repeat(MIB / 6)).as_bytes(),
        Kind::Json,
    );
    measure(
        "empty parts",
        &[],
        "--b\r\n".repeat(MIB / 5).as_bytes(),
        Kind::Multipart,
    );
    measure(
        "small parts",
        &[],
        "--b\r\nname=\"'\"\r\n\r\nx".repeat(MIB / 18).as_bytes(),
        Kind::Multipart,
    );
}

/// Measures what most requests cost.
fn usual_requests() {
    let settings = FilterSettings::default();
    let mut scratch = Scratch::default();
    let agent: &[u8] = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    let client: [(&[u8], &[u8]); 3] = [
        (b"Host", b"api.example.org"),
        (b"User-Agent", b"curl/8.5.0"),
        (b"Accept", b"*/*"),
    ];
    let browser: [(&[u8], &[u8]); 4] = [
        (b"Host", b"api.example.org"),
        (b"User-Agent", agent),
        (
            b"Referer",
            b"https://app.example.org/resources/list?page=2&sort=name",
        ),
        (
            b"Cookie",
            b"_ga=GA1.2.1234567890.1700000000; sid=0f6ad2ed0f3c4e9a; theme=dark",
        ),
    ];
    let get = Input {
        path: b"/api/resources/42",
        args: b"select=id,name,price&order=created_at.desc",
        headers: &client,
        body: Body::None,
    };
    let document = include_bytes!("../benches/filter_body.json");
    for (name, input) in [
        ("GET of a client", get),
        (
            "GET of a browser",
            Input {
                headers: &browser,
                ..get
            },
        ),
        (
            "POST of 870 bytes of JSON",
            Input {
                body: Body::Json(document),
                ..get
            },
        ),
    ] {
        let mut fastest = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let mut inspection = Inspection::new();
            while inspection.step(&settings, &input, &mut scratch, BUDGET) == Progress::Pending {}
            fastest = fastest.min(start.elapsed());
        }
        println!("{name:34}{:>10} ns", fastest.as_nanos());
    }
}

enum Kind {
    Text,
    Json,
    Multipart,
}

fn measure(name: &str, args: &[u8], body: &[u8], kind: Kind) {
    // Everything is looked at: nothing ends the inspection early.
    let settings = FilterSettings {
        max_findings: usize::MAX,
        ..FilterSettings::default()
    };
    let mut scratch = Scratch::default();
    let input = Input {
        path: b"/",
        args,
        headers: &[],
        body: match kind {
            Kind::Text => Body::Text(body),
            Kind::Json => Body::Json(body),
            Kind::Multipart => Body::Multipart { boundary: b"b", body },
        },
    };
    let mut inspection = Inspection::new();
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    loop {
        let slice = Instant::now();
        let progress = inspection.step(&settings, &input, &mut scratch, BUDGET);
        longest = longest.max(slice.elapsed());
        if progress == Progress::Done {
            break;
        }
    }
    println!(
        "{name:34}{:>10}{:>12}{:>12}{:>10}",
        args.len() + body.len(),
        start.elapsed().as_micros(),
        longest.as_micros(),
        inspection.findings().len()
    );
}
