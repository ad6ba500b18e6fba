//! What it costs to get from a request to a query: with every identifier checked and all parameters written.

use std::hint::black_box;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use postern_core::api_request::{Action, ApiRequest, Page};
use postern_core::config::ResourceConfig;
use postern_core::plan::{self, plan};
use postern_core::query::context::{Context, ContextStatements};
use postern_core::query::{self, StatementCache};
use postern_core::resource::{Head, RequestParts};
use postern_core::schema_cache::{QualifiedName, SchemaCache, SchemaCacheBuilder};

fn schema() -> SchemaCache {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schema.jsonl");
    let rows = std::fs::read_to_string(path).unwrap_or_default();
    let mut builder = SchemaCacheBuilder::new();
    for row in rows.lines() {
        drop(builder.row(row.as_bytes()));
    }
    builder.finish().unwrap_or_default()
}

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

/// A request of one of the shapes that matter, parsed beforehand: parsing has its own benchmark.
fn request<'a>(args: &'a str, tail: &'a str, method: &'a str, body: Option<&'a str>) -> ApiRequest<'a> {
    let parts = RequestParts {
        method: method.as_bytes(),
        tail: tail.as_bytes(),
        args: args.as_bytes(),
        content_type: body.map(|_| &b"application/json"[..]),
        ..RequestParts::default()
    };
    let head = Head::parse(&parts, &resource()).ok();
    let request = head.and_then(|head| head.into_request(body.map(str::as_bytes)).ok());
    request.unwrap_or(ApiRequest {
        action: Action::List,
        select: Vec::new(),
        filters: Vec::new(),
        order: Vec::new(),
        page: Page::default(),
    })
}

const BODY: &str = r#"{"title":"A title","status":"draft","priority":3,"data":{"a":[1,2]},"price":1.5}"#;

fn plans(criterion: &mut Criterion) {
    let (schema, resource) = (schema(), resource());
    let mut group = criterion.benchmark_group("plan");
    let filtered =
        "select=id,title,data->a&status=eq.draft&priority=gt.3&title=like.a*&order=created_at.desc&limit=50";
    for (name, request) in [
        (
            "read by id",
            request("", "/0b5b6a3e-7f3f-4f0e-9a55-0d6a1f4a0001", "GET", None),
        ),
        ("list", request("", "", "GET", None)),
        ("list, filtered and ordered", request(filtered, "", "GET", None)),
        ("insert of five columns", request("", "", "POST", Some(BODY))),
        (
            "delete",
            request("", "/0b5b6a3e-7f3f-4f0e-9a55-0d6a1f4a0001", "DELETE", None),
        ),
    ] {
        group.bench_function(format!("{name}: plan alone"), |bencher| {
            bencher.iter(|| plan(black_box(&request), &resource, &schema));
        });
        let mut cache = StatementCache::new(NonZeroUsize::MIN.saturating_add(511));
        group.bench_function(format!("{name}: statement known"), |bencher| {
            bencher.iter(|| {
                plan(black_box(&request), &resource, &schema).map(|plan| cache.query(plan.statement))
            });
        });
        group.bench_function(format!("{name}: statement new"), |bencher| {
            bencher.iter(|| {
                plan(black_box(&request), &resource, &schema).map(|plan| query::build(plan.statement))
            });
        });
    }
    group.finish();
}

fn contexts(criterion: &mut Criterion) {
    let claims = [b'x'; 200];
    let headers = [b'x'; 600];
    let context = Context {
        role: Some("app_user"),
        claims: Some(&claims),
        headers: Some(&headers),
        method: Some(b"GET"),
        path: Some(b"/api/resources/17"),
        search_path: Some("\"api\""),
        read_only: true,
        ..Context::default()
    };
    let mut statements = ContextStatements::new();
    criterion.bench_function("context", |bencher| {
        bencher.iter(|| statements.query(black_box(&context)))
    });
}

fn cursors(criterion: &mut Criterion) {
    let (schema, resource) = (schema(), resource());
    let list = request("order=created_at.desc", "", "GET", None);
    let Ok(plan) = plan(&list, &resource, &schema) else {
        return;
    };
    let plan::ResponseShape::Page {
        cursor: Some(shape), ..
    } = plan.response
    else {
        return;
    };
    let values = [
        Some(&b"2024-01-01 00:00:00.123456+00"[..]),
        Some(b"0b5b6a3e-7f3f-4f0e-9a55-0d6a1f4a0001"),
    ];
    criterion.bench_function("cursor: encode", |bencher| {
        bencher.iter(|| plan::cursor::encode(shape.fingerprint, black_box(values)));
    });
}

criterion_group!(benches, plans, contexts, cursors);
criterion_main!(benches);
