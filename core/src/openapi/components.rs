//! What operations share (`OpenAPI` 3.1 section 4.8.7): schemas, responses, header fields, security schemes.

use std::borrow::Cow;
use std::rc::Rc;

use super::bundle::{Bundle, component_char};
use super::node::{Members, Node, object, reference, texts};
use super::{TokenSchemes, column};
use crate::schema_cache::Relation;
use crate::validate::BodySchema;

/// What has been used so far.
pub(super) struct Components {
    schemas: Members,
    /// Names of schemas that nothing else can have.
    taken: Vec<String>,
    names: Vec<Named>,
    bundle: Bundle,
    responses: Vec<&'static str>,
    headers: Vec<&'static str>,
    schemes: Members,
    /// Names of operations.
    operations: Vec<String>,
}

/// A relation as it is addressed, and what it is called. It is known by its place: two databases may have equal names.
struct Named {
    relation: Rc<Relation>,
    key: Vec<usize>,
    name: String,
}

/// What a relation has schemas of: rows, new ones, replacements, changes.
const SUFFIXES: [&str; 4] = ["", "_new", "_replacement", "_change"];

impl Default for Components {
    fn default() -> Self {
        Self {
            schemas: Members::new(),
            taken: [column::JSON, ERROR].map(str::to_owned).into(),
            names: Vec::new(),
            bundle: Bundle::default(),
            responses: Vec::new(),
            headers: Vec::new(),
            schemes: Members::new(),
            operations: Vec::new(),
        }
    }
}

impl Components {
    /// A name for an operation that no other one has, like this one.
    pub(super) fn operation_id(&mut self, name: String) -> String {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let is_free = |name: &String| !self.operations.contains(name);
        let id = std::iter::once(name.clone())
            .chain(numbered)
            .find(is_free)
            .unwrap_or(name);
        self.operations.push(id.clone());
        id
    }

    /// What the schemas of a relation are called that is addressed by this key: its name, or that with its schema or a number where it is
    /// taken.
    pub(super) fn name_of(&mut self, relation: &Rc<Relation>, key: &[usize]) -> String {
        let is_it = |named: &&Named| Rc::ptr_eq(&named.relation, relation) && named.key == key;
        if let Some(named) = self.names.iter().find(is_it) {
            return named.name.clone();
        }
        let plain = |text: &str| -> String { text.chars().map(component_char).collect() };
        let short = plain(&relation.name.name);
        let long = format!("{}.{short}", plain(&relation.name.schema));
        let numbered = (2..).map(|number| format!("{short}_{number}"));
        let all = |name: &str| SUFFIXES.map(|suffix| format!("{name}{suffix}"));
        let is_free = |name: &String| all(name).iter().all(|one| !self.taken.contains(one));
        let mut names = [short.clone(), long].into_iter().chain(numbered);
        let name = names.find(is_free).unwrap_or(short.clone());
        self.taken.extend(all(&name));
        self.names.push(Named {
            relation: Rc::clone(relation),
            key: key.to_owned(),
            name: name.clone(),
        });
        name
    }

    /// Adds a schema, once.
    pub(super) fn add_schema(&mut self, name: &str, node: Node) {
        if self.schemas.iter().all(|(other, _)| other != name) {
            self.schemas.push((Cow::Owned(name.to_owned()), node));
        }
    }

    /// The schema of a file.
    pub(super) fn body_schema(&mut self, schema: &BodySchema) -> Node {
        let taken = &self.taken;
        let is_free = |name: &str| taken.iter().all(|other| other != name);
        let mut added = Members::new();
        let node = self.bundle.add(schema, is_free, |name, node| {
            added.push((Cow::Owned(name.to_owned()), node));
        });
        self.taken.extend(added.iter().map(|(name, _)| name.to_string()));
        self.schemas.extend(added);
        node
    }

    /// A response of this status.
    pub(super) fn response(&mut self, status: &'static str) -> Node {
        if !self.responses.contains(&status) {
            self.responses.push(status);
        }
        reference("responses", response_name(status))
    }

    /// A header field of responses.
    pub(super) fn header(&mut self, name: &'static str) -> Node {
        if !self.headers.contains(&name) {
            self.headers.push(name);
        }
        reference("headers", name)
    }

    /// The names of the ways to send a token.
    pub(super) fn schemes(&mut self, places: &TokenSchemes<'_>) -> Vec<Cow<'static, str>> {
        let bearer = object([
            ("type", "http".into()),
            ("scheme", "bearer".into()),
            ("bearerFormat", "JWT".into()),
        ]);
        let elsewhere = |name: &str, place: &'static str| {
            object([
                ("type", "apiKey".into()),
                ("in", place.into()),
                ("name", name.into()),
            ])
        };
        let cookie = places
            .cookie
            .map(|name| (format!("cookie_{name}"), elsewhere(name, "cookie")));
        let argument = places
            .argument
            .map(|name| (format!("argument_{name}"), elsewhere(name, "query")));
        let all = [Some(("token".to_owned(), bearer)), cookie, argument];
        let mut names = Vec::new();
        for (name, scheme) in all.into_iter().flatten() {
            let name: String = name.chars().map(component_char).collect();
            if self.schemes.iter().all(|(other, _)| *other != name) {
                self.schemes.push((name.clone().into(), scheme));
            }
            names.push(Cow::Owned(name));
        }
        names
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Node {
        let responses: Members = std::mem::take(&mut self.responses)
            .into_iter()
            .map(|status| (response_name(status).into(), self.response_node(status)))
            .collect();
        self.schemas.push((column::JSON.into(), column::json_schema()));
        self.schemas.push((ERROR.into(), error()));
        let headers = self.headers.iter().map(|&name| (name.into(), header_node(name)));
        let node = object([
            ("schemas", Node::Object(self.schemas)),
            ("responses", Node::Object(responses)),
            ("headers", Node::Object(headers.collect())),
        ]);
        if self.schemes.is_empty() {
            return node;
        }
        node.with("securitySchemes", Node::Object(self.schemes))
    }

    fn response_node(&mut self, status: &'static str) -> Node {
        let fields: &[&'static str] = match status {
            "401" => &["WWW-Authenticate"],
            "429" | "503" => &["Retry-After"],
            "304" => &["ETag"],
            _ => &[],
        };
        let mut node = object([("description", response_text(status).into())]);
        if !fields.is_empty() {
            let fields = fields.iter().map(|&name| (name.into(), self.header(name)));
            node = node.with("headers", Node::Object(fields.collect()));
        }
        if status == "304" {
            return node;
        }
        let content = object([("schema", reference("schemas", ERROR))]);
        node.with("content", object([("application/json", content)]))
    }
}

fn response_name(status: &str) -> &'static str {
    match status {
        "304" => "NotModified",
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "412" => "PreconditionFailed",
        "415" => "UnsupportedMediaType",
        "422" => "Invalid",
        "429" => "TooManyRequests",
        "503" => "Unavailable",
        _ => "Failed",
    }
}

fn response_text(status: &str) -> &'static str {
    match status {
        "304" => "What the client has already (If-None-Match, If-Modified-Since) is still right.",
        "400" => "The request cannot be understood, or a value violates a constraint.",
        "401" => "A token is needed, or the one that came is not good.",
        "403" => "The role of the request may not do this.",
        "404" => "There is nothing of this name, or it is not for this user to see.",
        "409" => "Another row has the same value, or refers to this one.",
        "412" => "It is not in the state that If-Match, If-None-Match or If-Unmodified-Since demands.",
        "415" => "The body is not JSON, or compressed.",
        "422" => "The request is not valid; `details` says all that is wrong with it.",
        "429" => "Too many requests; the next one is admitted after Retry-After.",
        "503" => "The database cannot be asked at the moment.",
        _ => "Anything else that goes wrong.",
    }
}

/// What the body of errors is called.
const ERROR: &str = "Error";

/// The body of all errors, which `docs/errors.md` explains.
fn error() -> Node {
    let about = |text: &'static str| object([("description", text.into())]);
    let text = |about: &'static str| object([("type", "string".into()), ("description", about.into())]);
    object([
        ("type", "object".into()),
        ("required", texts(["code", "message", "details", "hint"])),
        (
            "properties",
            object([
                ("code", text("For programs: an SQLSTATE, PGRSTnnn or POSTERNnnn.")),
                ("message", text("What is wrong.")),
                (
                    "details",
                    about("What exactly; of a request that is not valid, an array of all that is wrong."),
                ),
                (
                    "hint",
                    object([
                        ("type", texts(["string", "null"])),
                        ("description", "What to do about it.".into()),
                    ]),
                ),
            ]),
        ),
    ])
}

fn header_node(name: &str) -> Node {
    let (about, schema) = match name {
        "ETag" => (
            "What this representation is known by (RFC 9110 section 8.8.3).",
            text_schema(),
        ),
        "Link" => ("The next page, `rel=\"next\"` (RFC 8288).", text_schema()),
        "Last-Modified" => ("When the row was last changed.", text_schema()),
        "Location" => ("The path of the row that was made.", text_schema()),
        "WWW-Authenticate" => (
            "What is wrong with the token (RFC 6750 section 3).",
            text_schema(),
        ),
        _ => (
            "After how many seconds to try again.",
            object([("type", "integer".into()), ("minimum", 0.into())]),
        ),
    };
    object([("description", about.into()), ("schema", schema)])
}

fn text_schema() -> Node {
    object([("type", "string".into())])
}
