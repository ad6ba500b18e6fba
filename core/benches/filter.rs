//! What it costs to inspect a request: the requests that there are most of, bodies with texts, and attacks.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use postern_core::filter::{Body, FilterSettings, Input, Inspection, Progress, Scratch};

const USER_AGENT: &[u8] =
    b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// What an API client sends.
const PLAIN: [(&[u8], &[u8]); 6] = [
    (b"Host", b"api.example.org"),
    (b"User-Agent", b"curl/8.5.0"),
    (b"Accept", b"application/json"),
    (b"Authorization", b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
    (b"X-Request-Id", b"7b7e0a5c-2f4d-4f4e-9a55-0f6ad2ed0f3c"),
    (b"Connection", b"keep-alive"),
];

/// What a browser sends.
const BROWSER: [(&[u8], &[u8]); 6] = [
    (b"Host", b"api.example.org"),
    (b"User-Agent", USER_AGENT),
    (b"Accept", b"application/json, text/plain, */*"),
    (
        b"Referer",
        b"https://app.example.org/resources/list?page=2&sort=name",
    ),
    (
        b"Cookie",
        b"_ga=GA1.2.1234567890.1700000000; sid=0f6ad2ed0f3c4e9a; theme=dark",
    ),
    (b"X-Requested-With", b"XMLHttpRequest"),
];

/// A document of 870 bytes: names, numbers, and two sentences.
const JSON: &str = include_str!("filter_body.json");

fn inspect(input: &Input<'_>, settings: &FilterSettings, scratch: &mut Scratch) -> usize {
    let mut inspection = Inspection::new();
    while inspection.step(settings, black_box(input), scratch, 1 << 14) == Progress::Pending {}
    inspection.findings().len()
}

fn requests(c: &mut Criterion) {
    let settings = FilterSettings::default();
    let mut scratch = Scratch::default();
    let mut group = c.benchmark_group("filter");
    let get = Input {
        path: b"/api/resources/42",
        args: b"select=id,name,price&order=created_at.desc",
        headers: &PLAIN,
        body: Body::None,
    };
    let browser = Input {
        headers: &BROWSER,
        ..get
    };
    let post = Input {
        path: b"/api/resources",
        args: b"",
        headers: &PLAIN,
        body: Body::Json(JSON.as_bytes()),
    };
    let attack = Input {
        args: b"id=1%27%20or%20%271%27%3D%271",
        ..get
    };
    for (name, input, findings) in [
        ("get", get, 0),
        ("get_browser", browser, 0),
        ("post_json_870_bytes", post, 0),
        ("get_attack", attack, 1),
    ] {
        assert_eq!(inspect(&input, &settings, &mut scratch), findings, "{name}");
        group.bench_function(name, |b| b.iter(|| inspect(&input, &settings, &mut scratch)));
    }
    group.finish();
}

fn long_bodies(c: &mut Criterion) {
    let settings = FilterSettings::default();
    let mut scratch = Scratch::default();
    let mut group = c.benchmark_group("filter_1_mib");
    group.throughput(Throughput::Bytes(1 << 20));
    group.sample_size(10);
    for byte in [b'a', b'\'', b'<', b'(', b'%', b'.', b'{'] {
        let body = vec![byte; 1 << 20];
        let input = Input {
            body: Body::Text(&body),
            ..Input::default()
        };
        group.bench_function(format!("{:?}", char::from(byte)), |b| {
            b.iter(|| inspect(&input, &settings, &mut scratch))
        });
    }
    group.finish();
}

criterion_group!(benches, requests, long_bodies);
criterion_main!(benches);
