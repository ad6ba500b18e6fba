//! Request and schema in, SQL text and parameters out. `UPDATE_GOLDEN=1 cargo test --test golden` writes what is expected anew;
//! the difference is then for a person to read.

mod sql_support;

use postern_core::plan::{Plan, ResponseShape};
use postern_core::query::{self, Rendering, Statement};
use postern_core::schema_cache::SchemaCache;
use sql_support::{Block, Golden, plan, schema};

#[test]
fn requests_become_the_expected_statements() {
    let schema = schema();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut failures = Vec::new();
    for golden in Golden::all() {
        let actual: Vec<_> = golden
            .blocks
            .iter()
            .map(|block| outcome(block, &schema))
            .collect();
        if update {
            std::fs::write(&golden.path, golden.rewritten(&actual)).expect("a golden file can be written");
            continue;
        }
        for (block, actual) in golden.blocks.iter().zip(actual) {
            if block.expected != actual {
                let request = &block.request;
                let (expected, actual) = (block.expected.join("\n  "), actual.join("\n  "));
                failures.push(format!(
                    "{}: {} {}\nexpected\n  {expected}\nactual\n  {actual}\n",
                    golden.path.display(),
                    request.method,
                    request.target
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a golden file says of a request.
fn outcome(block: &Block, schema: &SchemaCache) -> Vec<String> {
    if block.request.method.is_empty() {
        return Vec::new();
    }
    match plan(&block.request, schema) {
        Ok(plan) => describe(plan),
        Err(error) => vec![format!("error {error}")],
    }
}

fn describe(plan: Plan) -> Vec<String> {
    let Plan {
        statement,
        response,
        read_only,
        prefer_generic_plan,
    } = plan;
    let query = query::build(statement);
    let mut lines = vec![query.statement.sql().to_owned()];
    for (position, value) in query.params.iter().enumerate() {
        let value = value.map_or("NULL".into(), |value| {
            format!("'{}'", String::from_utf8_lossy(value))
        });
        lines.push(format!("${} {value}", position + 1));
    }
    let columns = columns(&query.statement);
    if !columns.is_empty() {
        lines.push(columns);
    }
    let flags = [
        (read_only, ", read only"),
        (prefer_generic_plan, ", generic plan"),
    ];
    let flags: String = flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| *name)
        .collect();
    lines.push(format!("-> {}{flags}", describe_response(&response)));
    lines
}

/// The members of the objects with their renderings.
fn columns(statement: &Statement) -> String {
    let shown = statement.columns().iter().map(|column| {
        let rendering = match column.rendering {
            Rendering::Json => "json",
            Rendering::Number => "number",
            Rendering::Bool => "bool",
            Rendering::Text => "text",
            Rendering::Timestamp => "timestamp",
            Rendering::TimestampTz => "timestamptz",
        };
        format!("{}{rendering}", column.json_key)
    });
    let shown = shown.collect::<Vec<_>>().join(" ");
    match (shown.is_empty(), statement.hidden()) {
        (true, _) => String::new(),
        (false, 0) => shown,
        (false, hidden) => format!("{shown} + {hidden} hidden"),
    }
}

fn describe_response(response: &ResponseShape) -> String {
    match response {
        ResponseShape::Page {
            limit,
            cursor: Some(cursor),
        } => {
            format!("page of {limit}, cursor from columns {:?}", cursor.columns)
        }
        ResponseShape::Page { limit, cursor: None } => format!("page of {limit}, no cursor"),
        ResponseShape::Object { .. } => "object".to_owned(),
        ResponseShape::CreatedOne { key } => format!("created, key in columns {key:?}"),
        ResponseShape::CreatedMany => "created many".to_owned(),
        ResponseShape::Deleted => "deleted".to_owned(),
    }
}
