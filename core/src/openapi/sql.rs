//! The operations of a `postern_sql`.

use super::node::{Node, object, texts};
use super::operation::{Operation, Success, is_said_otherwise, parameter};
use super::pattern::with_pattern;
use super::{Components, Endpoint};
use crate::config::SqlConfig;
use crate::sql_endpoint::{BodyType, Parameter, ResultShape};

/// What can be done on the path of a script.
pub(super) fn path(
    endpoint: &Endpoint<'_>,
    config: &SqlConfig,
    issues_token: bool,
    components: &mut Components,
) -> Node {
    let mut item = object([]);
    let parameters: Vec<Node> = endpoint
        .path
        .parameters
        .iter()
        .map(|one| {
            let schema = with_pattern(object([("type", "string".into())]), &one.pattern);
            parameter(&one.name, "path", true, schema)
        })
        .collect();
    if !parameters.is_empty() {
        item = item.with("parameters", parameters);
    }
    for method in METHODS
        .into_iter()
        .filter(|method| config.methods.contains(method.to_ascii_uppercase().as_bytes()))
    {
        item = item.with(
            method,
            operation(endpoint, config, issues_token, method, components),
        );
    }
    item
}

/// What it is listed under: the first part of its path, unless the configuration says otherwise.
pub(super) fn tag<'a>(endpoint: &Endpoint<'a>) -> &'a str {
    let path = endpoint.path.text.trim_start_matches('/');
    endpoint
        .tag
        .unwrap_or_else(|| path.split('/').next().unwrap_or_default())
}

/// HEAD is what GET is, without content.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn operation(
    endpoint: &Endpoint<'_>,
    config: &SqlConfig,
    issues_token: bool,
    method: &'static str,
    components: &mut Components,
) -> Node {
    let reads = method == "get";
    let mut operation = Operation::new(endpoint, method, method)
        .tag(tag(endpoint))
        .summary(format!("{} {}", method.to_ascii_uppercase(), endpoint.path.text))
        .parameters(values(config))
        .success(success(endpoint, config, issues_token, components));
    if config.shape != Some(ResultShape::Array) {
        operation = operation.finds();
    }
    let uses = |wanted: &Parameter| config.script.parameters().any(|used| used == wanted);
    operation = if reads {
        operation.reads()
    } else {
        operation.writes()
    };
    // What is demanded of a body counts, whether or not the script uses it.
    let verb = method.to_ascii_uppercase();
    let is_checked = endpoint.rules.bodies.iter().any(|(checked, _)| *checked == verb);
    if !reads && (is_checked || uses(&Parameter::Body) && config.body == BodyType::Json) {
        operation = operation.body_of("application/json", object([]), false);
    } else if !reads && (uses(&Parameter::Body) || uses(&Parameter::BodyBytes)) {
        operation = operation.body_of("*/*", object([]), false);
    }
    operation.finish(components)
}

/// The values of a request that the script uses, each once.
fn values(config: &SqlConfig) -> Vec<Node> {
    let mut seen: Vec<&Parameter> = Vec::new();
    let mut nodes = Vec::new();
    for used in config.script.parameters() {
        let (name, place) = match used {
            Parameter::Argument(name) => (name, "query"),
            Parameter::Header(name) => (name, "header"),
            Parameter::Cookie(name) => (name, "cookie"),
            _ => continue,
        };
        let is_told = place == "header" && is_said_otherwise(name);
        if !is_told && !seen.contains(&used) {
            seen.push(used);
            nodes.push(parameter(name, place, false, object([("type", "string".into())])));
        }
    }
    nodes
}

fn success(
    endpoint: &Endpoint<'_>,
    config: &SqlConfig,
    issues_token: bool,
    components: &mut Components,
) -> Success {
    let schema = match (endpoint.response, config.shape) {
        (Some(schema), _) => components.body_schema(schema),
        _ if issues_token => token(),
        (None, Some(ResultShape::Object)) => object([("type", "object".into())]),
        (None, Some(ResultShape::Array)) => {
            let row = object([("type", "object".into())]);
            object([("type", "array".into()), ("items", row)])
        }
        (None, Some(ResultShape::Value) | None) => object([]),
    };
    Success {
        // A script may choose another one of them.
        status: "2XX",
        about: "What the statements answer; nothing (204) where they answer no rows.".into(),
        schema: Some(schema),
        headers: Vec::new(),
    }
}

/// RFC 6749 section 5.1, with what the script adds. A session that ends has no token.
fn token() -> Node {
    let text = || object([("type", "string".into())]);
    object([
        ("type", "object".into()),
        (
            "properties",
            object([
                ("access_token", text()),
                ("token_type", object([("const", "Bearer".into())])),
                (
                    "expires_in",
                    object([("type", "integer".into()), ("description", "Seconds.".into())]),
                ),
                ("refresh_token", text()),
            ]),
        ),
        (
            "dependentRequired",
            object([("access_token", texts(["token_type", "expires_in"]))]),
        ),
    ])
}
