//! The operations of a `postern_resource`.

use std::rc::Rc;

use super::arguments::{self, is_plain};
use super::column::{self, key_positions};
use super::node::{Node, object, reference, texts};
use super::operation::{Operation, Success, rule_schema};
use super::{Components, Endpoint, LocationKind};
use crate::config::ResourceConfig;
use crate::schema_cache::{Column, Relation, SchemaCache};

/// What all operations of a resource have in common.
pub(super) struct Resource<'a> {
    endpoint: &'a Endpoint<'a>,
    config: &'a ResourceConfig,
    relation: &'a Rc<Relation>,
    schema: &'a SchemaCache,
    /// Its columns by name that address a row.
    key: Vec<usize>,
    /// What its schemas are called.
    name: String,
}

impl<'a> Resource<'a> {
    /// A relation behind a location; `None` if there is no such relation, or it is not exposed.
    pub(super) fn new(
        endpoint: &'a Endpoint<'a>,
        config: &'a ResourceConfig,
        schema: &'a SchemaCache,
        components: &mut Components,
    ) -> Option<Self> {
        let relation = schema.relation(&config.relation)?;
        let mut resource = Self {
            endpoint,
            config,
            relation,
            schema,
            key: key_positions(relation, config.key.as_deref()),
            name: String::new(),
        };
        resource.name = components.name_of(relation, &resource.key);
        resource.add_schemas(components);
        Some(resource)
    }

    /// What it is listed under, and what is said of that.
    pub(super) fn tag(&self) -> (String, Option<String>) {
        match self.endpoint.tag {
            Some(tag) => (tag.to_owned(), None),
            None => {
                let about = self.relation.comment.as_deref().map(str::to_owned);
                (self.relation.name.name.to_string(), about)
            }
        }
    }

    /// Its paths with what can be done there, but for those that are taken.
    pub(super) fn paths(
        &self,
        is_taken: impl Fn(&str) -> bool,
        components: &mut Components,
    ) -> Vec<(String, Node)> {
        let mut paths = Vec::new();
        let path = &self.endpoint.path.text;
        if !is_taken(path) {
            paths.push((path.clone(), self.collection(components)));
        }
        let item = format!("{}/{{{}}}", path.trim_end_matches('/'), self.key_name());
        // Nothing is below an exact location.
        let has_items = !self.key.is_empty() && self.endpoint.kind != LocationKind::Exact;
        if has_items && !is_taken(&item) {
            paths.push((item, self.item(components)));
        }
        paths
    }

    fn collection(&self, components: &mut Components) -> Node {
        let mut collection = object([]);
        if self.serves("GET") {
            collection = collection.with("get", self.list(components));
        }
        if self.relation.writable.insert && self.serves("POST") {
            collection = collection.with("post", self.insert(components));
        }
        collection
    }

    fn serves(&self, method: &str) -> bool {
        self.config.methods.contains(method.as_bytes())
    }

    fn item(&self, components: &mut Components) -> Node {
        let mut item = object([("parameters", vec![self.key_parameter()].into())]);
        if self.serves("GET") {
            item = item.with("get", self.read(components));
        }
        if self.relation.writable.update && self.serves("PUT") {
            item = item.with("put", self.replace(components));
        }
        if self.relation.writable.update && self.serves("PATCH") {
            item = item.with("patch", self.update(components));
        }
        if self.relation.writable.delete && self.serves("DELETE") {
            item = item.with("delete", self.delete(components));
        }
        item
    }

    fn list(&self, components: &mut Components) -> Node {
        let page = object([
            ("type", "object".into()),
            ("required", texts(["data", "next_cursor"])),
            (
                "properties",
                object([
                    ("data", object([("type", "array".into()), ("items", self.row())])),
                    (
                        "next_cursor",
                        object([
                            ("type", texts(["string", "null"])),
                            (
                                "description",
                                "The cursor of the next page; null on the last one.".into(),
                            ),
                        ]),
                    ),
                ]),
            ),
        ]);
        let config = self.config;
        let arguments = arguments::of_list(
            self.relation,
            &self.key,
            config.default_limit.get(),
            config.max_limit.get(),
        );
        self.operation("get", "list", format!("List {}", self.noun()))
            .parameters(arguments)
            .success(Success::ok("A page of rows.", page).with_headers(["Link", "ETag"]))
            .reads()
            .finds()
            .finish(components)
    }

    fn read(&self, components: &mut Components) -> Node {
        let headers: &[&'static str] = match self.config.last_modified {
            Some(_) => &["ETag", "Last-Modified"],
            None => &["ETag"],
        };
        self.operation("get", "read", format!("Read one of {}", self.noun()))
            .parameters([arguments::select(self.relation)])
            .success(Success::ok("The row.", self.row()).with_headers(headers.iter().copied()))
            .reads()
            .finds()
            .finish(components)
    }

    fn insert(&self, components: &mut Components) -> Node {
        let new = reference("schemas", &format!("{}_new", self.name));
        let rows = object([("type", "array".into()), ("items", new.clone())]);
        let answer = vec![
            self.row(),
            object([("type", "array".into()), ("items", self.row())]),
        ];
        let success = Success {
            status: "201",
            about: "The row as it is now; of an array of rows, an array.".into(),
            schema: Some(object([("oneOf", answer.into())])),
            headers: vec!["Location"],
        };
        self.operation("post", "create", format!("Add to {}", self.noun()))
            .parameters([arguments::select(self.relation)])
            .body(object([("oneOf", vec![new, rows].into())]))
            .success(success)
            .or_nothing("A trigger has kept the row from being made.")
            .writes()
            .finish(components)
    }

    fn replace(&self, components: &mut Components) -> Node {
        let about = "Every column gets the value of the body, or its default.";
        self.change("put", "replace", "Replace", about, "_replacement", components)
    }

    fn update(&self, components: &mut Components) -> Node {
        let about = "Columns that the body does not name stay as they are.";
        self.change("patch", "update", "Change", about, "_change", components)
    }

    fn change(
        &self,
        method: &'static str,
        verb: &str,
        word: &str,
        about: &str,
        suffix: &str,
        components: &mut Components,
    ) -> Node {
        self.operation(method, verb, format!("{word} one of {}", self.noun()))
            .description(about)
            .parameters([arguments::select(self.relation)])
            .body(reference("schemas", &format!("{}{suffix}", self.name)))
            .success(Success::ok("The row as it is now.", self.row()))
            .writes()
            .finds()
            .finish(components)
    }

    fn delete(&self, components: &mut Components) -> Node {
        let success = Success {
            status: "204",
            about: "The row is gone.".into(),
            schema: None,
            headers: Vec::new(),
        };
        self.operation("delete", "delete", format!("Delete one of {}", self.noun()))
            .success(success)
            .writes()
            .finds()
            .finish(components)
    }

    fn operation(&self, method: &'static str, verb: &str, summary: String) -> Operation<'a> {
        Operation::new(self.endpoint, method, verb)
            .tag(self.endpoint.tag.unwrap_or(&self.relation.name.name))
            .summary(summary)
    }

    fn noun(&self) -> &str {
        &self.relation.name.name
    }

    fn row(&self) -> Node {
        reference("schemas", &self.name)
    }

    /// Schemas of a row that is read, that is new, that replaces another, and of a change.
    fn add_schemas(&self, components: &mut Components) {
        let relation = self.relation;
        let read = column::row(relation.columns.iter(), |one| column::readable(one, self.schema));
        components.add_schema(
            &self.name,
            read.with_some("description", relation.comment.as_deref()),
        );
        if relation.writable.insert && self.serves("POST") {
            self.add_written(components, "_new", |_| true, true);
        }
        let is_changed = |method| relation.writable.update && !self.key.is_empty() && self.serves(method);
        if is_changed("PUT") {
            self.add_written(components, "_replacement", |at| !self.key.contains(&at), true);
        }
        if is_changed("PATCH") {
            self.add_written(components, "_change", |at| !self.key.contains(&at), false);
        }
    }

    fn add_written(
        &self,
        components: &mut Components,
        suffix: &str,
        is_taken: impl Fn(usize) -> bool,
        is_whole: bool,
    ) {
        let columns = self.relation.columns.iter().enumerate();
        let taken: Vec<&Column> = columns
            .filter(|(at, column)| is_taken(*at) && column.writable())
            .map(|(_, column)| column)
            .collect();
        let mut node = column::row(taken.iter().copied(), |one| column::writable(one, self.schema));
        let required: Vec<&str> = taken
            .iter()
            .filter(|one| column::is_required(one))
            .map(|one| &*one.name)
            .collect();
        if is_whole && !required.is_empty() {
            node = node.with("required", texts(required));
        }
        let node = node.with("additionalProperties", false);
        components.add_schema(&format!("{}{suffix}", self.name), node);
    }

    fn key_name(&self) -> String {
        let names = self.key.iter().filter_map(|&at| self.relation.columns.get(at));
        match names.collect::<Vec<_>>().as_slice() {
            [column] if is_plain(&column.name) => column.name.to_string(),
            _ => "key".to_owned(),
        }
    }

    fn key_parameter(&self) -> Node {
        let columns: Vec<&Column> = self
            .key
            .iter()
            .filter_map(|&at| self.relation.columns.get(at))
            .collect();
        let (about, schema) = match columns.as_slice() {
            [column] => {
                let schema = match &self.endpoint.rules.key {
                    Some(rule) => rule_schema(rule),
                    None => column::value(&column.data_type, self.schema),
                };
                (column.comment.as_deref().unwrap_or("The key of the row."), schema)
            }
            _ => (
                "The values of the key, with commas between them.",
                object([("type", "string".into()), ("minLength", 1.into())]),
            ),
        };
        object([
            ("name", self.key_name().into()),
            ("in", "path".into()),
            ("required", true.into()),
            ("description", about.into()),
            ("schema", schema),
        ])
    }
}
