//! What the golden tests and the tests against a server share: the schema of `golden/schema.sql`, and the way from a request
//! line to a plan.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::expect_used, reason = "a test ends where it fails")]

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use postern_core::api_request::ApiRequest;
use postern_core::config::ResourceConfig;
use postern_core::plan::{self, Plan, ResponseShape, cursor};
use postern_core::resource::{Head, RequestParts};
use postern_core::schema_cache::{QualifiedName, SchemaCache, SchemaCacheBuilder};

/// Where the golden files are.
pub fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The schema as `sql_server.rs` has read it from a server.
pub fn schema() -> SchemaCache {
    let rows = std::fs::read_to_string(golden_dir().join("schema.jsonl")).expect("schema.jsonl");
    schema_of(rows.lines())
}

/// The schema of these rows of the catalogue.
pub fn schema_of<'r>(rows: impl IntoIterator<Item = &'r str>) -> SchemaCache {
    let mut builder = SchemaCacheBuilder::new();
    for row in rows {
        builder.row(row.as_bytes()).expect("a row of the catalogue");
    }
    builder.finish().expect("all types are there")
}

/// Pages of 20 rows, of 100 at most.
pub fn resource(relation: &str, key: Option<&str>) -> ResourceConfig {
    ResourceConfig {
        relation: QualifiedName {
            schema: "api".into(),
            name: relation.into(),
        },
        key: key.map(Box::from),
        last_modified: None,
        default_limit: NonZeroU32::new(20).expect("not zero"),
        max_limit: NonZeroU32::new(100).expect("not zero"),
        methods: postern_core::sql_endpoint::Methods::ALL,
    }
}

/// A request as a golden file has it.
#[derive(Debug, Default, Clone)]
pub struct RequestText {
    pub method: String,
    /// `/relation/id?arguments`
    pub target: String,
    pub body: Option<String>,
    pub key: Option<String>,
}

/// The outcome of a request: the plan, or the error as `status code: message (hint)`.
pub fn plan(request: &RequestText, schema: &SchemaCache) -> Result<Plan, String> {
    let (path, args) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let path: Vec<u8> = percent_decode_str(path.trim_start_matches('/')).collect();
    let split = path.iter().position(|&byte| byte == b'/').unwrap_or(path.len());
    let (relation, tail) = path.split_at(split);
    let relation = std::str::from_utf8(relation).expect("relations are UTF-8");
    let config = resource(relation, request.key.as_deref());
    let args = with_cursor(args, |args| {
        let parsed = parse("GET", b"", args, None, &config)?;
        plan::plan(&parsed, &config, schema).map_err(|error| describe(&error))
    });
    let request = parse(&request.method, tail, &args, request.body.as_deref(), &config)?;
    plan::plan(&request, &config, schema).map_err(|error| describe(&error))
}

fn parse<'a>(
    method: &'a str,
    tail: &'a [u8],
    args: &'a str,
    body: Option<&'a str>,
    config: &ResourceConfig,
) -> Result<ApiRequest<'a>, String> {
    let parts = RequestParts {
        method: method.as_bytes(),
        tail,
        args: args.as_bytes(),
        content_type: body.map(|_| &b"application/json"[..]),
        ..RequestParts::default()
    };
    let head = Head::parse(&parts, config).map_err(|error| describe(&error))?;
    head.into_request(body.map(str::as_bytes))
        .map_err(|error| describe(&error))
}

/// Turns `cursor=[a|NULL]` into a cursor of these values, with the fingerprint that the same list has.
fn with_cursor(args: &str, first_page: impl FnOnce(&str) -> Result<Plan, String>) -> String {
    let Some((before, rest)) = args.split_once("cursor=[") else {
        return args.to_owned();
    };
    let (values, after) = rest.split_once(']').expect("cursor=[…]");
    let without = format!("{}{after}", before.trim_end_matches('&'));
    let shape = first_page(without.trim_start_matches('&'))
        .expect("the first page")
        .response;
    let ResponseShape::Page {
        cursor: Some(shape), ..
    } = shape
    else {
        panic!("{args} has no cursor")
    };
    let values = values
        .split('|')
        .map(|value| (value != "NULL").then_some(value.as_bytes()));
    let cursor = cursor::encode(shape.fingerprint, values).expect("short");
    format!("{before}cursor={cursor}{after}")
}

/// An error as the response layer would show it, in one line.
pub fn describe(error: &dyn postern_core::error::Problem) -> String {
    let mut text = format!("{} {}: {error}", error.status(), error.code());
    for more in [error.details(), error.hint()].into_iter().flatten() {
        text.push_str(" / ");
        text.push_str(&more);
    }
    text
}

/// A golden file: its comments, its requests, and what is expected of each.
pub struct Golden {
    pub path: PathBuf,
    pub blocks: Vec<Block>,
}

/// What stands between two empty lines.
#[derive(Default)]
pub struct Block {
    pub comment: Vec<String>,
    pub request: RequestText,
    pub expected: Vec<String>,
}

impl Golden {
    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(golden_dir()).expect("the golden files");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|name| name == "golden"))
            .collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).expect("a golden file");
        let mut blocks = vec![Block::default()];
        for line in text.lines() {
            let block = blocks.last_mut().expect("never empty");
            if line.is_empty() {
                blocks.push(Block::default());
            } else if line.starts_with('#') {
                block.comment.push(line.to_owned());
            } else if let Some(body) = line.strip_prefix("> ") {
                block.request.body = Some(body.to_owned());
            } else if let Some(key) = line.strip_prefix("key=") {
                block.request.key = Some(key.to_owned());
            } else if let Some(expected) = line.strip_prefix("  ") {
                block.expected.push(expected.to_owned());
            } else {
                let (method, target) = line.split_once(' ').expect("METHOD /target");
                block.request.method = method.to_owned();
                block.request.target = target.to_owned();
            }
        }
        blocks.retain(|block| !block.comment.is_empty() || !block.request.method.is_empty());
        Self { path, blocks }
    }

    /// The file with what was expected replaced by `actual`.
    pub fn rewritten(&self, actual: &[Vec<String>]) -> String {
        let blocks = self
            .blocks
            .iter()
            .zip(actual)
            .map(|(block, actual)| block.text(actual));
        blocks.collect::<Vec<_>>().join("\n")
    }
}

impl Block {
    fn text(&self, expected: &[String]) -> String {
        let mut lines = self.comment.clone();
        if !self.request.method.is_empty() {
            lines.push(format!("{} {}", self.request.method, self.request.target));
        }
        lines.extend(self.request.key.iter().map(|key| format!("key={key}")));
        lines.extend(self.request.body.iter().map(|body| format!("> {body}")));
        lines.extend(expected.iter().map(|line| format!("  {line}")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Texts that have broken one program or another.
pub const HOSTILE: &[&str] = &[
    "'; DROP TABLE api.resources; --",
    "\"; DROP TABLE api.resources; --",
    "' OR '1'='1",
    "\\'; SELECT pg_sleep(10); --",
    "$1",
    "$$; DROP TABLE x; $$",
    "1); DELETE FROM api.resources; --",
    "/*",
    "*/ OR true",
    "--",
    "id\" IS NOT NULL OR \"id",
    "E'\\x27'",
    "U&'\\0027'",
    "\u{2019} OR 1=1",
    "\u{ff07}; SELECT 1",
    "{\"a\",\"b\"}",
    "NULL",
    "null",
    "",
    " ",
    "%' AND 1=1 AND '%'='",
    "a\\",
    "\\",
    "\n\r\t",
    "(SELECT 1)",
    "pg_catalog.pg_class",
    "ctid",
    "xmax",
    "tableoid",
];
