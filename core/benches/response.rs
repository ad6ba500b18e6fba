//! What it costs to write a response: rows as JSON, the context of a request, an error.

use std::convert::Infallible;
use std::hint::black_box;
use std::rc::Rc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use postern_core::error::Error;
use postern_core::pg::{DataRow, ServerError};
use postern_core::query::{OutputColumn, Rendering, Statement};
use postern_core::request_context::{write_cookies_json, write_headers_json};
use postern_core::response::{PageWriter, next_link, render, write_json_string, write_object};

/// A row as applications have them.
const COLUMNS: [(&str, Rendering, &str); 8] = [
    ("id", Rendering::Number, "123456"),
    (
        "owner_id",
        Rendering::Text,
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("name", Rendering::Text, "resource number 123456"),
    (
        "description",
        Rendering::Text,
        "a sentence of the usual length, without anything to escape in it",
    ),
    ("price", Rendering::Number, "1234.50"),
    ("active", Rendering::Bool, "t"),
    ("attributes", Rendering::Json, r#"{"color": "blue", "size": 12}"#),
    (
        "created_at",
        Rendering::TimestampTz,
        "2024-01-01 01:17:00.123456+00",
    ),
];

fn columns() -> Vec<OutputColumn> {
    COLUMNS
        .iter()
        .map(|(name, rendering, _)| OutputColumn {
            json_key: format!("\"{name}\":").into(),
            rendering: *rendering,
        })
        .collect()
}

/// The body of a DataRow message: the columns, then the id once more for the cursor.
fn row() -> Vec<u8> {
    let values = COLUMNS.iter().map(|(.., value)| *value).chain(["123456"]);
    let mut body = vec![0, 9];
    for value in values {
        body.extend_from_slice(&u32::try_from(value.len()).unwrap_or_default().to_be_bytes());
        body.extend_from_slice(value.as_bytes());
    }
    body
}

fn rows(c: &mut Criterion) {
    let (columns, body) = (columns(), row());
    let statement = Rc::new(Statement::new("SELECT", columns.clone(), 1));
    let mut group = c.benchmark_group("rows");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one object of 8 columns", |b| {
        let mut out = Vec::with_capacity(4096);
        b.iter(|| {
            out.clear();
            if let Some(row) = DataRow::parse(black_box(&body)) {
                write_object(&mut out, &row, &columns);
            }
            out.len()
        });
    });
    group.throughput(Throughput::Elements(20));
    group.bench_function("page of 20", |b| {
        b.iter(|| {
            let mut page = PageWriter::new(Rc::clone(&statement), 20, vec![8]);
            for _ in 0..21 {
                if let Some(row) = DataRow::parse(black_box(&body)) {
                    page.push(&row);
                }
            }
            page.finish(|_| Ok::<_, Infallible>("eyJpZCI6MTIzNDU2fQ".to_owned()))
        });
    });
    group.finish();
}

fn strings(c: &mut Criterion) {
    let mut group = c.benchmark_group("strings");
    let long = "a sentence of the usual length, without anything to escape. ".repeat(1000);
    let lines = "a line of text, then a line break that is escaped\n".repeat(1000);
    for (name, text) in [
        ("short", "resource number 123456"),
        ("plain", &*long),
        ("lines", &*lines),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            let mut out = Vec::with_capacity(2 * text.len() + 2);
            b.iter(|| {
                out.clear();
                write_json_string(&mut out, black_box(text.as_bytes()));
                out.len()
            });
        });
    }
    group.finish();
}

/// What a browser sends.
const HEADERS: [(&[u8], &[u8]); 10] = [
    (b"Host", b"api.example.org"),
    (
        b"User-Agent",
        b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    (b"Accept", b"application/json, text/plain, */*"),
    (b"Accept-Language", b"en-GB,en;q=0.5"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (
        b"Authorization",
        b"Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    ),
    (b"Origin", b"https://app.example.org"),
    (b"Connection", b"keep-alive"),
    (b"Referer", b"https://app.example.org/"),
    (b"Sec-Fetch-Mode", b"cors"),
];

fn context(c: &mut Criterion) {
    let mut group = c.benchmark_group("context");
    group.bench_function("10 headers", |b| {
        let mut out = Vec::with_capacity(4096);
        b.iter(|| {
            out.clear();
            write_headers_json(&mut out, black_box(HEADERS));
            out.len()
        });
    });
    group.bench_function("3 cookies", |b| {
        let mut out = Vec::with_capacity(4096);
        b.iter(|| {
            out.clear();
            write_cookies_json(
                &mut out,
                black_box([&b"session=0123456789abcdef; theme=dark; lang=en"[..]]),
            );
            out.len()
        });
    });
    // As much as nginx's default buffers hold, of names that are as alike as they can be: it must not be quadratic.
    let names: Vec<_> = (0..5000).map(|i| format!("a{i:04}")).collect();
    group.bench_function("5000 headers", |b| {
        let mut out = Vec::with_capacity(1 << 18);
        b.iter(|| {
            out.clear();
            write_headers_json(&mut out, names.iter().map(|name| (name.as_bytes(), &b"1"[..])));
            out.len()
        });
    });
    group.finish();
}

fn errors(c: &mut Criterion) {
    let error = Error::Database(Box::new(ServerError {
        severity: "ERROR".into(),
        code: "23505".into(),
        message: "duplicate key value violates unique constraint \"resources_pkey\"".into(),
        detail: Some("Key (id)=(1) already exists.".into()),
        ..ServerError::default()
    }));
    c.bench_function("error", |b| b.iter(|| render(black_box(&error), true)));
    c.bench_function("link", |b| {
        b.iter(|| {
            next_link(
                b"/api/resources",
                black_box(b"limit=20&order=created_at.desc&cursor=old"),
                "eyJpZCI6MTJ9",
            )
        })
    });
}

criterion_group!(benches, rows, strings, context, errors);
criterion_main!(benches);
