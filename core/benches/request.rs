//! What it costs to understand a request: the head without and with arguments, and bodies of several sizes, beside what the
//! parsers that were chosen from cost on the same bodies (docs/adr/0002-json-parsers.md).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZeroU32;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use postern_core::api_request::Payload;
use postern_core::config::ResourceConfig;
use postern_core::resource::{Head, RequestParts};
use postern_core::schema_cache::QualifiedName;
use serde_json::value::RawValue;
use simd_json::{Buffers, INPUT_PADDING, Tape};

fn resource() -> ResourceConfig {
    ResourceConfig {
        relation: QualifiedName {
            schema: "api".into(),
            name: "resources".into(),
        },
        key: None,
        last_modified: None,
        default_limit: NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN),
        max_limit: NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN),
        methods: postern_core::sql_endpoint::Methods::ALL,
    }
}

/// An object of about `size` bytes, as applications send them: half of it text, the rest numbers, dates and flags.
fn object(seed: usize, size: usize) -> String {
    let mut object = format!(
        r#"{{"name":"resource number {seed}","owner_id":{seed},"price":{seed}.25,"active":true,"created_at":"2025-06-01T12:00:00Z""#
    );
    let mut field = 0_usize;
    while field * 41 + 200 < size {
        field += 1;
        let _ = write!(
            object,
            r#","field_{field}":"some text of the usual length {seed}""#
        );
    }
    object.push_str(r#","parent":null}"#);
    object
}

fn array(rows: usize, size: usize) -> String {
    let rows: Vec<_> = (0..rows).map(|row| object(row, size)).collect();
    format!("[{}]", rows.join(","))
}

fn heads(c: &mut Criterion) {
    let resource = resource();
    let accept = Some(&b"application/json"[..]);
    let mut group = c.benchmark_group("head");
    let by_id = RequestParts {
        method: b"GET",
        tail: b"/42",
        accept,
        ..Default::default()
    };
    group.bench_function("get_by_id", |b| {
        b.iter(|| {
            let head = Head::parse(black_box(&by_id), &resource);
            head.and_then(|head| head.into_request(None)).is_ok()
        });
    });
    let list = RequestParts {
        method: b"GET",
        args: b"select=id,name,owner_id,created_at&status=eq.active&price=gte.10&name=ilike.*abc*\
            &order=created_at.desc,id&limit=20",
        accept,
        ..Default::default()
    };
    group.bench_function("list_3_filters_order_select", |b| {
        b.iter(|| {
            Head::parse(black_box(&list), &resource)
                .and_then(|head| head.into_request(None))
                .is_ok()
        });
    });
    let browser = RequestParts {
        method: b"GET",
        args:
            b"select=id%2Cname%2Cowner_id&or=%28status.eq.active%2Cprice.gte.10%29&order=created_at.desc%2Cid",
        accept: Some(b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ..Default::default()
    };
    group.bench_function("list_percent_encoded", |b| {
        b.iter(|| {
            Head::parse(black_box(&browser), &resource)
                .and_then(|head| head.into_request(None))
                .is_ok()
        });
    });
    let body = object(7, 200);
    let post = RequestParts {
        method: b"POST",
        accept,
        content_type: Some(b"application/json"),
        ..Default::default()
    };
    group.bench_function("post_200_bytes", |b| {
        b.iter(|| {
            let head = Head::parse(black_box(&post), &resource);
            head.and_then(|head| head.into_request(Some(body.as_bytes())))
                .is_ok()
        });
    });
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let bodies = [
        ("object_200", object(7, 200)),
        ("object_870", object(7, 870)),
        ("array_10_rows", array(10, 200)),
        ("array_100_rows", array(100, 200)),
        ("array_250_kib", array(280, 870)),
        ("array_1_mib", array(1100, 870)),
    ];
    for (name, body) in &bodies {
        let body = body.as_bytes();
        assert!(Payload::parse(body).is_ok(), "{name} is refused");
        let mut group = c.benchmark_group(*name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("postern", |b| b.iter(|| Payload::parse(black_box(body)).is_ok()));
        group.bench_function("simd_json_tape", |b| {
            b.iter(|| {
                let mut input = Vec::with_capacity(body.len() + INPUT_PADDING);
                input.extend_from_slice(black_box(body));
                input.resize(body.len() + INPUT_PADDING, b' ');
                let mut buffers = Buffers::new(body.len());
                let mut tape = Tape::null();
                let outcome = simd_json::fill_tape_padded(&mut input, body.len(), &mut buffers, &mut tape);
                black_box(&tape.0);
                outcome.is_ok()
            });
        });
        group.bench_function("serde_json_raw_map", |b| {
            b.iter(|| match body.first() {
                Some(b'{') => serde_json::from_slice::<BTreeMap<&str, &RawValue>>(black_box(body)).is_ok(),
                _ => serde_json::from_slice::<Vec<BTreeMap<&str, &RawValue>>>(black_box(body)).is_ok(),
            });
        });
        group.bench_function("serde_json_value", |b| {
            b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(body)).is_ok());
        });
        group.finish();
    }
}

criterion_group!(benches, heads, bodies);
criterion_main!(benches);
