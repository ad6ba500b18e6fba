//! The JSON Schemas of bodies, which may be in several files, as components of one document.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::node::{Node, reference};
use crate::validate::BodySchema;

/// Files that have become components, by their absolute paths.
#[derive(Default)]
pub(super) struct Bundle {
    files: Vec<(PathBuf, String)>,
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
            let path = Path::new(path);
            if self.name_of(path).is_none() {
                let name = self.free_name(path, &is_free);
                self.files.push((path.to_owned(), name));
                new.push((path, text));
            }
        }
        for (path, value) in new {
            let mut value = value.clone();
            if let Value::Object(members) = &mut value {
                // It is another one now: where it is in this document.
                members.remove("$id");
            }
            self.lead_to_components(&mut value, path);
            if let Some(name) = self.name_of(path) {
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

    /// Has every `$ref` of a schema lead to where it leads to in this document, and takes comments away: they are for who keeps the file.
    fn lead_to_components(&self, schema: &mut Value, path: &Path) {
        match schema {
            Value::Array(schemas) => {
                schemas
                    .iter_mut()
                    .for_each(|schema| self.lead_to_components(schema, path));
            }
            Value::Object(keywords) => {
                keywords.remove("$comment");
                for (keyword, value) in keywords {
                    self.lead_keyword(keyword, value, path);
                }
            }
            _ => {}
        }
    }

    fn lead_keyword(&self, keyword: &str, value: &mut Value, path: &Path) {
        match value {
            Value::String(target) if keyword == "$ref" => {
                if let Some(place) = self.place_of(target, path) {
                    *target = place;
                }
            }
            // Names of the schema's author, whatever they look like.
            Value::Object(named) if NAMES.contains(&keyword) => {
                named
                    .values_mut()
                    .for_each(|schema| self.lead_to_components(schema, path));
            }
            value if !DATA.contains(&keyword) => self.lead_to_components(value, path),
            _ => {}
        }
    }

    /// Where `target` is in this document, as it stands in the file `path`.
    fn place_of(&self, target: &str, path: &Path) -> Option<String> {
        let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
        let file = match file.strip_prefix("file://").unwrap_or(file) {
            "" => path.to_owned(),
            relative => normal(&path.parent()?.join(relative)),
        };
        let name = self.name_of(&file)?;
        Some(format!("#/components/schemas/{name}{pointer}"))
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

/// Without `.` and `..`, as a URI is resolved (RFC 3986 section 5.2.4).
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Bundle;
    use crate::validate::BodySchema;

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
