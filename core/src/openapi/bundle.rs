//! The JSON Schemas of bodies, which may be in several files, as components of one document.

use std::path::{Path, PathBuf};

use super::node::{Node, reference};
use super::places::{Places, Scope};
use crate::validate::BodySchema;

/// Files that have become components, by their absolute paths.
#[derive(Default)]
pub(super) struct Bundle {
    files: Vec<(PathBuf, String)>,
}

impl Bundle {
    /// Makes components of a schema and all files that it leads to, by `add`; the answer refers to it. `is_free` tells whether a component
    /// can have a name.
    pub(super) fn add(
        &mut self,
        schema: &BodySchema,
        is_free: impl Fn(&str) -> bool,
        mut add: impl FnMut(&str, Node),
    ) -> Node {
        let mut new = Vec::new();
        for (path, text) in schema.files() {
            let file = Path::new(path);
            if self.name_of(file).is_none() {
                let name = self.free_name(file, &is_free);
                self.files.push((file.to_owned(), name));
                new.push((path, text));
            }
        }
        let mut places = Places::default();
        for (path, value) in schema.files() {
            if let (Some(scope), Some(name)) = (Scope::of_file(path), self.name_of(Path::new(path))) {
                places.note_file(&scope, value, &format!("#/components/schemas/{name}"));
            }
        }
        for (path, value) in new {
            let mut value = value.clone();
            if let Some(scope) = Scope::of_file(path) {
                places.lead(&mut value, &scope);
            }
            if let Some(name) = self.name_of(Path::new(path)) {
                add(name, value.into());
            }
        }
        let root = schema
            .files()
            .next()
            .and_then(|(path, _)| self.name_of(Path::new(path)));
        root.map_or(Node::Value(true.into()), |name| reference("schemas", name))
    }

    fn name_of(&self, path: &Path) -> Option<&str> {
        let found = self.files.iter().find(|(other, _)| other == path);
        found.map(|(_, name)| name.as_str())
    }

    /// The name of the file without its folder, which is nobody's business.
    fn free_name(&self, path: &Path, is_free: &impl Fn(&str) -> bool) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let stem: String = stem.chars().map(component_char).collect();
        let is_free = |name: &str| is_free(name) && self.files.iter().all(|(_, other)| other != name);
        let numbered = (2..).map(|number| format!("{stem}_{number}"));
        std::iter::once(stem.clone())
            .chain(numbered)
            .find(|name| is_free(name))
            .unwrap_or(stem)
    }
}

/// A character of the name of a component (`OpenAPI` 3.1 section 4.8.7).
pub(super) fn component_char(character: char) -> char {
    if character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-') {
        character
    } else {
        '_'
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Bundle;
    use crate::validate::BodySchema;

    /// What becomes of the schema `/x/a.json` and of the files beside it.
    fn bundled(
        schema: &Value,
        read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> serde_json::Map<String, Value> {
        let text = schema.to_string();
        let schema = BodySchema::compile(text.as_bytes(), "/x/a.json", read).expect("a schema");
        let mut components = serde_json::Map::new();
        let _ = Bundle::default().add(
            &schema,
            |_| true,
            |name, node| {
                components.insert(name.to_owned(), serde_json::to_value(node).expect("JSON"));
            },
        );
        components
    }

    fn no_file(path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path}"))
    }

    #[test]
    fn anchors_become_pointers() {
        let read = |path: &str| match path {
            "/x/b.json" => Ok(br##"{"properties":{"a/b":{"$anchor":"there","type":"string"}}}"##.to_vec()),
            other => no_file(other),
        };
        let schema = json!({
            "$defs": {"a b": {"$anchor": "here", "type": "integer"}},
            "properties": {"one": {"$ref": "#here"}, "two": {"$ref": "b.json#there"}},
        });
        let components = bundled(&schema, read);
        assert_eq!(
            components["a"],
            json!({
                "$defs": {"a b": {"type": "integer"}},
                "properties": {
                    "one": {"$ref": "#/components/schemas/a/$defs/a%20b"},
                    "two": {"$ref": "#/components/schemas/b/properties/a~1b"},
                },
            })
        );
        assert_eq!(
            components["b"],
            json!({"properties": {"a/b": {"type": "string"}}})
        );
    }

    #[test]
    fn names_of_files_may_be_encoded() {
        let read = |path: &str| match path {
            "/x/b c.json" => Ok(b"{}".to_vec()),
            other => no_file(other),
        };
        let components = bundled(
            &json!({"anyOf": [{"$ref": "b%20c.json"}, {"$ref": "%62%20c.json#"}]}),
            read,
        );
        let place = json!({"$ref": "#/components/schemas/b_c"});
        assert_eq!(components["a"]["anyOf"], json!([place, place]));
    }

    #[test]
    fn references_are_relative_to_the_names_around_them() {
        let read = |path: &str| match path {
            "/x/parts/c.json" => Ok(b"{\"type\":\"string\"}".to_vec()),
            other => no_file(other),
        };
        let schema = json!({
            "$id": "https://example.org/root.json",
            "$defs": {
                "inner": {
                    "$id": "inner.json",
                    "$defs": {"n": {"type": "integer"}},
                    "properties": {"n": {"$ref": "#/$defs/n"}, "self": {"$ref": "#"}},
                },
                "parts": {"$id": "file:///x/parts/", "properties": {"c": {"$ref": "c.json"}}},
            },
            "properties": {
                "inner": {"$ref": "https://example.org/inner.json#/$defs/n"},
                "root": {"$ref": "root.json"},
            },
        });
        let a = &bundled(&schema, read)["a"];
        let at = |pointer: &str| a.pointer(pointer).and_then(Value::as_str).expect("a reference");
        for (pointer, place) in [
            ("/$defs/inner/properties/n/$ref", "a/$defs/inner/$defs/n"),
            ("/$defs/inner/properties/self/$ref", "a/$defs/inner"),
            ("/$defs/parts/properties/c/$ref", "c"),
            ("/properties/inner/$ref", "a/$defs/inner/$defs/n"),
            ("/properties/root/$ref", "a"),
        ] {
            assert_eq!(at(pointer), format!("#/components/schemas/{place}"), "{pointer}");
        }
        assert!(!a.to_string().contains("$id"), "{a}");
    }

    #[test]
    fn an_old_draft_has_its_own_anchors_and_nothing_beside_a_reference() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"n": {"$id": "#n", "type": "integer"}},
            "properties": {"n": {"$ref": "#n", "type": "string", "description": "a number"}},
        });
        let a = &bundled(&schema, no_file)["a"];
        assert_eq!(
            a["properties"]["n"],
            json!({"$ref": "#/components/schemas/a/definitions/n", "description": "a number"})
        );
    }

    #[test]
    fn a_dynamic_reference_leads_where_it_can_only_lead() {
        let schema = json!({
            "$dynamicAnchor": "node",
            "properties": {"next": {"$dynamicRef": "#node"}},
        });
        let a = &bundled(&schema, no_file)["a"];
        assert_eq!(
            *a,
            json!({"properties": {"next": {"$ref": "#/components/schemas/a"}}})
        );
    }

    #[test]
    fn references_lead_to_components() {
        let read = |path: &str| match path {
            "/x/parts/name.json" => Ok(br##"{"$defs":{"n":{"maxLength":5}},"$ref":"#/$defs/n"}"##.to_vec()),
            other => Err(format!("no file {other}")),
        };
        let text = json!({
            "$id": "a.json",
            "properties": {
                "$ref": {"const": {"$ref": "data"}},
                "default": {"$comment": "not for clients", "$ref": "#"},
                "name": {"$ref": "./parts/../parts/name.json#/$defs/n"},
                "next": {"$ref": "#"},
            },
        });
        // The name in `$id` is resolved against the place of the file, and is the same.
        let schema = BodySchema::compile(text.to_string().as_bytes(), "/x/a.json", read).expect("a schema");
        let mut components = Vec::new();
        let node = Bundle::default().add(
            &schema,
            |name| name != "a",
            |name, node| components.push((name.to_owned(), serde_json::to_value(node).expect("JSON"))),
        );
        assert_eq!(
            serde_json::to_value(node).expect("JSON"),
            json!({"$ref": "#/components/schemas/a_2"})
        );
        let find = |wanted: &str| -> Value {
            let found = components.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone()).expect("a component")
        };
        assert_eq!(
            find("a_2"),
            json!({"properties": {
                "$ref": {"const": {"$ref": "data"}},
                "default": {"$ref": "#/components/schemas/a_2"},
                "name": {"$ref": "#/components/schemas/name/$defs/n"},
                "next": {"$ref": "#/components/schemas/a_2"},
            }})
        );
        assert_eq!(
            find("name"),
            json!({"$defs": {"n": {"maxLength": 5}}, "$ref": "#/components/schemas/name/$defs/n"})
        );
    }
}
