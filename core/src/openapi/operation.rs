//! One operation: a method on a path (`OpenAPI` 3.1 section 4.8.10).

use super::node::{Members, Node, object, texts};
use super::pattern::with_pattern;
use super::{Authentication, Components, Content, Endpoint};
use crate::validate::{ArgumentRule, Rule};

/// An operation in the making.
pub(super) struct Operation<'a> {
    endpoint: &'a Endpoint<'a>,
    method: &'static str,
    id: String,
    tag: String,
    summary: String,
    description: Option<String>,
    parameters: Vec<Node>,
    body: Option<Body>,
    success: Option<Success>,
    /// When there is no content (204), where there is some otherwise.
    nothing: Option<&'static str>,
    reads: bool,
    writes: bool,
    finds: bool,
}

/// What is answered when all goes well.
pub(super) struct Success {
    /// The status, or a range of them (`2XX`).
    pub(super) status: &'static str,
    /// For people.
    pub(super) about: String,
    /// The content; `None` where there is none.
    pub(super) schema: Option<Node>,
    /// Names of header fields that come with it.
    pub(super) headers: Vec<&'static str>,
}

/// What is sent.
struct Body {
    media_type: &'static str,
    schema: Node,
    is_required: bool,
}

const JSON: &str = "application/json";

impl Success {
    /// 200 with content.
    pub(super) fn ok(about: &str, schema: Node) -> Self {
        Self {
            status: "200",
            about: about.into(),
            schema: Some(schema),
            headers: Vec::new(),
        }
    }

    /// The same with these header fields.
    pub(super) fn with_headers(mut self, headers: impl IntoIterator<Item = &'static str>) -> Self {
        self.headers.extend(headers);
        self
    }
}

impl<'a> Operation<'a> {
    /// What `method` does on the path of an endpoint; `verb` says it in a word.
    pub(super) fn new(endpoint: &'a Endpoint<'a>, method: &'static str, verb: &str) -> Self {
        let name = |byte: char| if byte.is_ascii_alphanumeric() { byte } else { '_' };
        let path: String = endpoint.path.text.trim_matches('/').chars().map(name).collect();
        Self {
            endpoint,
            method,
            id: format!("{verb}_{path}"),
            tag: String::new(),
            summary: String::new(),
            description: None,
            parameters: Vec::new(),
            body: None,
            success: None,
            nothing: None,
            reads: false,
            writes: false,
            finds: false,
        }
    }

    pub(super) fn tag(mut self, tag: &str) -> Self {
        self.tag = tag.into();
        self
    }

    /// What it does in a line; what the configuration says takes its place.
    pub(super) fn summary(mut self, summary: String) -> Self {
        self.summary = summary;
        self
    }

    pub(super) fn description(mut self, about: &str) -> Self {
        self.description = Some(about.into());
        self
    }

    pub(super) fn parameters(mut self, parameters: impl IntoIterator<Item = Node>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// A body of JSON.
    pub(super) fn body(self, schema: Node) -> Self {
        self.body_of(JSON, schema, true)
    }

    pub(super) fn body_of(mut self, media_type: &'static str, schema: Node, is_required: bool) -> Self {
        self.body = Some(Body {
            media_type,
            schema,
            is_required,
        });
        self
    }

    pub(super) fn success(mut self, success: Success) -> Self {
        self.success = Some(success);
        self
    }

    /// There may be nothing to answer, for this reason.
    pub(super) fn or_nothing(mut self, reason: &'static str) -> Self {
        self.nothing = Some(reason);
        self
    }

    /// A client may have the answer already.
    pub(super) fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    /// It may be in conflict with what is there.
    pub(super) fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// It is about something that may not be there.
    pub(super) fn finds(mut self) -> Self {
        self.finds = true;
        self
    }

    /// The operation as it is written.
    pub(super) fn finish(mut self, components: &mut Components) -> Node {
        let rules = &self.endpoint.rules;
        // What a resource does not know means nothing there, whatever the rules say of it.
        let takes_any = matches!(self.endpoint.content, Content::Sql { .. });
        for rule in rules.arguments {
            let schema = argument_schema(rule);
            apply(
                &mut self.parameters,
                rule.name(),
                "query",
                rule.rule(),
                schema,
                takes_any,
            );
        }
        for (name, rule) in rules.fields.iter().filter(|(name, _)| !is_said_otherwise(name)) {
            // Repeated fields are one list (RFC 9110 section 5.2), each member of which has to satisfy the rule.
            apply(
                &mut self.parameters,
                name,
                "header",
                rule,
                value_schema(rule),
                true,
            );
        }
        let summary = self.endpoint.summary.unwrap_or(&self.summary);
        let mut node = object([
            ("operationId", components.operation_id(self.id.clone()).into()),
            ("tags", texts([&self.tag])),
            ("summary", summary.into()),
        ]);
        node = node.with_some(
            "description",
            self.endpoint.description.or(self.description.as_deref()),
        );
        if let Some(security) = self.security(components) {
            node = node.with("security", security);
        }
        if !self.parameters.is_empty() {
            node = node.with("parameters", std::mem::take(&mut self.parameters));
        }
        let body = self.body.take();
        let has_body = body.is_some();
        if let Some(body) = body {
            node = node.with("requestBody", self.request_body(body, components));
        }
        let responses = self.responses(has_body, components);
        node.with("responses", Node::Object(responses))
    }

    fn security(&self, components: &mut Components) -> Option<Node> {
        let schemes = &self.endpoint.schemes;
        let mut ways: Vec<Node> = match self.endpoint.authentication {
            Authentication::None => return None,
            Authentication::Optional => vec![object([])],
            Authentication::Required => Vec::new(),
        };
        for name in components.schemes(schemes) {
            ways.push(object([]).with(name, Node::Array(Vec::new())));
        }
        Some(ways.into())
    }

    fn request_body(&self, body: Body, components: &mut Components) -> Node {
        let Body {
            media_type,
            mut schema,
            is_required,
        } = body;
        let method = self.method.to_ascii_uppercase();
        let rule = self
            .endpoint
            .rules
            .bodies
            .iter()
            .find(|(name, _)| *name == method);
        if let Some((_, rule)) = rule {
            let own = components.body_schema(rule);
            schema = match schema {
                // Nothing was known of it before.
                Node::Object(members) if members.is_empty() => own,
                schema => object([("allOf", vec![schema, own].into())]),
            };
        }
        object([
            ("required", (is_required || rule.is_some()).into()),
            ("content", object([(media_type, object([("schema", schema)]))])),
        ])
    }

    fn responses(&mut self, has_body: bool, components: &mut Components) -> Members {
        let mut responses = Members::new();
        if let Some(success) = self.success.take() {
            let Success {
                status,
                about,
                schema,
                headers,
            } = success;
            let mut response = object([("description", about.into())]);
            if !headers.is_empty() {
                let fields = headers
                    .into_iter()
                    .map(|name| (name.into(), components.header(name)));
                response = response.with("headers", Node::Object(fields.collect()));
            }
            if let Some(schema) = schema {
                response = response.with("content", object([(JSON, object([("schema", schema)]))]));
            }
            responses.push((status.into(), response));
        }
        if let Some(reason) = self.nothing {
            responses.push(("204".into(), object([("description", reason.into())])));
        }
        let endpoint = self.endpoint;
        let errors = [
            (self.reads, "304"),
            (true, "400"),
            (endpoint.authentication != Authentication::None, "401"),
            (endpoint.authentication != Authentication::None, "403"),
            (self.finds, "404"),
            (self.writes, "409"),
            (self.writes && self.finds, "412"),
            (has_body, "415"),
            (endpoint.rules.status == Some(422), "422"),
            (endpoint.is_limited, "429"),
            (true, "503"),
            (true, "default"),
        ];
        for (_, status) in errors.into_iter().filter(|(is_possible, _)| *is_possible) {
            responses.push((status.into(), components.response(status)));
        }
        responses
    }
}

/// Puts what a rule says of a parameter in the place of what was known of it; adds it, where it may be added.
fn apply(
    parameters: &mut Vec<Node>,
    name: &str,
    place: &'static str,
    rule: &Rule,
    schema: Node,
    is_added: bool,
) {
    let is_it = |node: &Node| {
        let Node::Object(members) = node else {
            return false;
        };
        let has = |member: &str, value: &str| {
            let mut members = members.iter();
            members.any(|(other, node)| other == member && *node == value.into())
        };
        has("name", name) && has("in", place)
    };
    match parameters.iter_mut().find(|node| is_it(node)) {
        Some(Node::Object(members)) => {
            if let Some((_, known)) = members.iter_mut().find(|(member, _)| member == "schema") {
                *known = schema;
            }
            if rule.is_required() {
                members.push(("required".into(), true.into()));
            }
        }
        _ if is_added => parameters.push(parameter(name, place, rule.is_required(), schema)),
        _ => {}
    }
}

fn argument_schema(rule: &ArgumentRule) -> Node {
    let value = rule.default_value().map(|value| rule.rule().value_of(&value));
    let schema = rule_schema(rule.rule());
    match value {
        Some(value) if rule.rule().is_repeated() => schema.with("default", Node::Array(vec![value.into()])),
        Some(value) => schema.with("default", value),
        None => schema,
    }
}

/// Header fields that a description has other places for, where it passes over them as parameters (`OpenAPI` 3.1 section 4.8.12).
pub(super) fn is_said_otherwise(field: &str) -> bool {
    matches!(field, "accept" | "content-type" | "authorization")
}

/// A parameter of a request.
pub(super) fn parameter(name: &str, place: &'static str, is_required: bool, schema: Node) -> Node {
    let node = object([("name", name.into()), ("in", place.into())]);
    let node = if is_required {
        node.with("required", true)
    } else {
        node
    };
    node.with("schema", schema)
}

/// A rule as a schema.
pub(super) fn rule_schema(rule: &Rule) -> Node {
    let schema = value_schema(rule);
    if rule.is_repeated() {
        object([("type", "array".into()), ("items", schema)])
    } else {
        schema
    }
}

/// The same for a single value.
fn value_schema(rule: &Rule) -> Node {
    let schema = rule.schema().into();
    match rule.pattern() {
        Some(pattern) => with_pattern(schema, pattern),
        None => schema,
    }
}
