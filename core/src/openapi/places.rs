//! Where the schemas of files are in this document, by their URIs: resolved as the validator does it (JSON Schema 2020-12 core, 8.2), by
//! the `$id`s around a reference, anchors and encoded paths included.

use std::borrow::Cow;
use std::collections::HashMap;

use jsonschema::{Uri, uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::validate::file_uri;

/// Places of schemas.
#[derive(Default)]
pub(super) struct Places {
    /// `#/components/…` by URI and anchor.
    places: HashMap<String, String>,
    /// How often there is a dynamic anchor of a name, that of `$recursiveAnchor` being empty.
    dynamic: HashMap<String, usize>,
}

/// What a schema inherits from those around it.
#[derive(Clone)]
pub(super) struct Scope {
    /// What references are relative to.
    base: Uri<String>,
    /// Up to draft-07, what stands beside a `$ref` means nothing.
    only_reference: bool,
}

/// Keywords whose values are not schemas, whatever they look like.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "example"];

/// Keywords whose members are schemas by names.
const NAMES: [&str; 6] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
    "dependencies",
];

/// Keywords that would lead somewhere else here, and comments, which are for who keeps the file.
const DROPPED: [&str; 5] = ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment"];

/// What stays beside a `$ref` that means nothing there: words for people, and what pointers lead to.
const BESIDE_REFERENCE: [&str; 6] = ["$ref", "$schema", "definitions", "$defs", "title", "description"];

/// What a part of a pointer in a fragment needs no escape for (RFC 3986 section 3.5).
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$');

impl Scope {
    /// That of a file.
    pub(super) fn of_file(path: &str) -> Option<Self> {
        Some(Self {
            base: uri::from_str(&file_uri(path)).ok()?,
            only_reference: false,
        })
    }

    /// That of what is in this schema.
    fn inside(&self, schema: &Map<String, Value>) -> Cow<'_, Self> {
        let mut scope = Cow::Borrowed(self);
        if let Some(draft) = schema.get("$schema").and_then(Value::as_str) {
            let is_old = ["draft-07", "draft-06", "draft-04"]
                .iter()
                .any(|old| draft.contains(old));
            scope.to_mut().only_reference = is_old;
        }
        if let Some(id) = identity(schema, &scope).filter(|id| !id.starts_with('#'))
            && let Ok(base) = uri::resolve_against(&scope.base.borrow(), id)
        {
            scope.to_mut().base = base;
        }
        scope
    }
}

fn identity<'s>(schema: &'s Map<String, Value>, scope: &Scope) -> Option<&'s str> {
    let counts = !(scope.only_reference && schema.contains_key("$ref"));
    schema.get("$id").and_then(Value::as_str).filter(|_| counts)
}

impl Places {
    /// Notes all schemas of a file, which is to be at `place`.
    pub(super) fn note_file(&mut self, scope: &Scope, schema: &Value, place: &str) {
        self.places.insert(key(scope.base.as_str(), ""), place.to_owned());
        self.note(schema, scope, place);
    }

    fn note(&mut self, schema: &Value, scope: &Scope, place: &str) {
        match schema {
            Value::Array(schemas) => {
                for (number, schema) in schemas.iter().enumerate() {
                    self.note(schema, scope, &format!("{place}/{number}"));
                }
            }
            Value::Object(keywords) => {
                let inner = scope.inside(keywords);
                self.note_names(keywords, &inner, place);
                for (keyword, value) in keywords.iter().filter(|(keyword, _)| !is_data(keyword)) {
                    let place = below(place, keyword);
                    match value {
                        Value::Object(named) if is_names(keyword) => {
                            for (name, schema) in named {
                                self.note(schema, &inner, &below(&place, name));
                            }
                        }
                        value => self.note(value, &inner, &place),
                    }
                }
            }
            _ => {}
        }
    }

    /// What a schema can be referred to by, besides pointers.
    fn note_names(&mut self, schema: &Map<String, Value>, scope: &Scope, place: &str) {
        let base = scope.base.as_str();
        match identity(schema, scope).map(|id| id.strip_prefix('#').ok_or(id)) {
            Some(Ok(anchor)) => _ = self.places.insert(key(base, anchor), place.to_owned()),
            Some(Err(_)) => _ = self.places.insert(key(base, ""), place.to_owned()),
            None => {}
        }
        let dynamic = schema.get("$dynamicAnchor").and_then(Value::as_str);
        let fixed = schema.get("$anchor").and_then(Value::as_str);
        for anchor in [fixed, dynamic].into_iter().flatten() {
            self.places.insert(key(base, anchor), place.to_owned());
        }
        let recursive = schema.get("$recursiveAnchor").filter(|value| **value == true);
        for name in dynamic.into_iter().chain(recursive.map(|_| "")) {
            *self.dynamic.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Has every reference of a schema lead to where it leads to in this document.
    pub(super) fn lead(&self, schema: &mut Value, scope: &Scope) {
        match schema {
            Value::Array(schemas) => schemas.iter_mut().for_each(|schema| self.lead(schema, scope)),
            Value::Object(keywords) => {
                let inner = scope.inside(keywords);
                if inner.only_reference && keywords.contains_key("$ref") {
                    keywords.retain(|keyword, _| BESIDE_REFERENCE.contains(&keyword.as_str()));
                }
                self.lead_references(keywords, &inner);
                keywords.retain(|keyword, _| !DROPPED.contains(&keyword.as_str()));
                for (keyword, value) in keywords.iter_mut().filter(|(keyword, _)| !is_data(keyword)) {
                    match value {
                        // Names of the schema's author, whatever they look like.
                        Value::Object(named) if is_names(keyword) => {
                            named.values_mut().for_each(|schema| self.lead(schema, &inner));
                        }
                        value => self.lead(value, &inner),
                    }
                }
            }
            _ => {}
        }
    }

    fn lead_references(&self, schema: &mut Map<String, Value>, scope: &Scope) {
        if let Some(Value::String(target)) = schema.get_mut("$ref")
            && let Some(place) = self.place_of(target, scope)
        {
            *target = place;
        }
        for keyword in ["$dynamicRef", "$recursiveRef"] {
            let Some(Value::String(target)) = schema.remove(keyword) else {
                continue;
            };
            // Where one anchor has the name, it leads there whatever has led here. Else nothing is said, which is never too much.
            let anchor = target.split_once('#').map_or("", |(_, anchor)| anchor);
            let is_one = self.dynamic.get(anchor).is_none_or(|&anchors| anchors == 1);
            if let Some(place) = self.place_of(&target, scope).filter(|_| is_one) {
                schema.entry("$ref").or_insert_with(|| place.into());
            }
        }
    }

    /// Where `target` is in this document; `None` for what is in no file, as the schemas of JSON Schema itself.
    fn place_of(&self, target: &str, scope: &Scope) -> Option<String> {
        let target = uri::resolve_against(&scope.base.borrow(), target).ok()?;
        let target = target.as_str();
        let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
        if fragment.starts_with('/') {
            let root = self.places.get(&key(file, ""))?;
            return Some(format!("{root}{fragment}"));
        }
        let anchor = percent_decode_str(fragment).decode_utf8().ok()?;
        self.places.get(&key(file, &anchor)).cloned()
    }
}

/// A URI may write the name of a file in several ways.
fn key(uri: &str, anchor: &str) -> String {
    let uri = uri.split('#').next().unwrap_or_default();
    let uri = match uri.starts_with("file:") {
        true => percent_decode_str(uri).decode_utf8_lossy(),
        false => Cow::Borrowed(uri),
    };
    format!("{uri}#{anchor}")
}

/// A pointer to a member (RFC 6901 sections 3 and 6).
fn below(place: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{place}/{}", utf8_percent_encode(&name, FRAGMENT))
}

fn is_data(keyword: &str) -> bool {
    DATA.contains(&keyword)
}

fn is_names(keyword: &str) -> bool {
    NAMES.contains(&keyword)
}
