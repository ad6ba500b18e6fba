//! JSON Schema (2020-12, draft-07 and those between) for bodies.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{PatternOptions, Retrieve, Uri, ValidationError, Validator};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{InvalidRequest, Part, Violation};

/// A compiled schema.
pub struct BodySchema {
    validator: Validator,
    /// By absolute path, it first.
    files: Vec<(String, Value)>,
}

/// A schema that does not compile; the reason in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSchema(String);

/// Reads a file that a schema refers to, by the path of its `file:` URI. Schemas are never fetched from anywhere else.
type ReadReferred = dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync;

/// Patterns are matched in time linear in the value; their automata take no more memory than this.
const PATTERN_BYTES: usize = 1 << 20;

impl BodySchema {
    /// Compiles a schema whose file has this absolute path; a `$ref` to a relative one is read by `read`. Without `$schema` it is one
    /// of the draft 2020-12.
    pub fn compile(
        text: &[u8],
        path: &str,
        read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Result<Self, InvalidSchema> {
        let schema: Value = serde_json::from_slice(text).map_err(|error| InvalidSchema(error.to_string()))?;
        if !schema.is_object() && !schema.is_boolean() {
            return Err(InvalidSchema("a schema is an object or a boolean".into()));
        }
        let referred = Arc::new(Mutex::new(Vec::new()));
        let files = Files {
            read: Arc::new(read),
            referred: Arc::clone(&referred),
        };
        let validator = jsonschema::options()
            .with_base_uri(file_uri(path))
            .with_retriever(files)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| InvalidSchema(describe(&error)))?;
        let referred = std::mem::take(&mut *referred.lock().unwrap_or_else(PoisonError::into_inner));
        let mut files = vec![(path.to_owned(), schema)];
        files.extend(referred);
        Ok(Self { validator, files })
    }

    /// The schema and all that it refers to, with their absolute paths; it comes first.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.files.iter().map(|(path, value)| (path.as_str(), value))
    }

    /// Checks a body. At most `max` violations are told.
    pub fn check(&self, body: &Value, status: u16, max: usize) -> Result<(), InvalidRequest> {
        if self.validator.is_valid(body) {
            return Ok(());
        }
        let violations: Vec<_> = self
            .validator
            .iter_errors(body)
            .take(max)
            .map(|error| violation(&error))
            .collect();
        Err(InvalidRequest::Violations {
            part: Part::Body,
            status,
            violations,
        })
    }
}

impl fmt::Debug for BodySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodySchema(…)")
    }
}

/// The client's value is not repeated: it may be long, or a secret.
fn violation(error: &ValidationError<'_>) -> Violation {
    Violation {
        path: error.instance_path().to_string(),
        keyword: Cow::Owned(error.kind().keyword().to_owned()),
        message: error.masked_with("the value").to_string(),
    }
}

fn describe(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    match place.as_str() {
        "" => error.to_string(),
        place => format!("{error} at {place}"),
    }
}

/// What a path has in a URI as it is (RFC 3986 section 3.3).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The URI of a file by its absolute path (RFC 8089).
pub(crate) fn file_uri(path: &str) -> String {
    format!("file://{}", utf8_percent_encode(path, PATH))
}

/// What `$ref` may lead to.
struct Files {
    read: Arc<ReadReferred>,
    /// What was read.
    referred: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() != "file" {
            return Err(format!("\"{uri}\" is not a file").into());
        }
        let path = uri
            .path()
            .decode()
            .to_string()
            .map_err(|_| "the path is not UTF-8")?
            .into_owned();
        let value: Value = serde_json::from_slice(&(self.read)(&path)?)?;
        let mut referred = self.referred.lock().unwrap_or_else(PoisonError::into_inner);
        referred.push((path, value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::BodySchema;
    use crate::error::Problem;

    fn none(_: &str) -> Result<Vec<u8>, String> {
        Err("there is no other file".into())
    }

    fn compile(schema: serde_json::Value) -> Result<BodySchema, String> {
        BodySchema::compile(schema.to_string().as_bytes(), "/schemas/a.json", none)
            .map_err(|error| error.to_string())
    }

    fn violations(schema: serde_json::Value, body: serde_json::Value) -> Vec<(String, String)> {
        match compile(schema).expect("a schema").check(&body, 422, 10) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let violations = error.violations().iter();
                violations
                    .map(|one| (one.path.clone(), one.keyword.to_string()))
                    .collect()
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_and_no_value_repeated() {
        let schema = json!({
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "maxLength": 3},
                "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
                "mail": {"format": "email"},
            },
            "additionalProperties": false,
        });
        let body = json!({"tags": ["a", "secret"], "mail": "secret", "other": "secret"});
        let error = compile(schema.clone())
            .expect("a schema")
            .check(&body, 422, 10)
            .expect_err("wrong");
        let mut told: Vec<_> = error
            .violations()
            .iter()
            .map(|one| format!("{} {}", one.path, one.keyword))
            .collect();
        told.sort();
        assert_eq!(
            told,
            [
                " additionalProperties",
                " required",
                "/mail format",
                "/tags/1 enum"
            ]
        );
        assert!(
            error
                .violations()
                .iter()
                .all(|one| !one.message.contains("secret")),
            "{error:?}"
        );
        assert!(violations(schema, json!({"name": "abc", "tags": []})).is_empty());
    }

    #[test]
    fn no_more_than_so_many_violations_are_told() {
        let schema = compile(json!({"items": {"type": "string"}})).expect("a schema");
        let error = schema.check(&json!([1, 2, 3, 4]), 400, 2).expect_err("wrong");
        assert_eq!((error.status(), error.violations().len()), (400, 2));
    }

    #[test]
    fn drafts_mean_what_they_say() {
        let tuple = |draft: &str| json!({"$schema": draft, "items": [{"type": "string"}], "prefixItems": [{"type": "number"}]});
        assert!(violations(tuple("http://json-schema.org/draft-07/schema#"), json!(["a"])).is_empty());
        let new = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "number"}]});
        assert_eq!(
            violations(new, json!(["a"])),
            [("/0".to_owned(), "type".to_owned())]
        );
        assert_eq!(
            violations(json!({"prefixItems": [{"type": "number"}]}), json!(["a"])).len(),
            1
        );
    }

    #[test]
    fn references_lead_to_files_beside_it_and_nowhere_else() {
        let read = |path: &str| match path {
            "/schemas/parts/b.json" => Ok(br##"{"$defs":{"id":{"type":"integer"}}}"##.to_vec()),
            other => Err(format!("no file {other}")),
        };
        let schema = br#"{"properties":{"id":{"$ref":"parts/b.json#/$defs/id"}}}"#;
        let schema = BodySchema::compile(schema, "/schemas/a.json", read).expect("a schema");
        assert!(schema.check(&json!({"id": 1}), 422, 1).is_ok());
        assert!(schema.check(&json!({"id": "x"}), 422, 1).is_err());
        for (reference, said) in [
            ("parts/c.json", "no file /schemas/parts/c.json"),
            ("https://example.org/x", "is not a file"),
        ] {
            let schema = json!({"$ref": reference}).to_string();
            let error =
                BodySchema::compile(schema.as_bytes(), "/schemas/a.json", read).expect_err("not there");
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn a_path_may_have_any_characters() {
        let read = |path: &str| match path {
            "/my schemas/100%/b#1.json" => Ok(br#"{"type":"integer"}"#.to_vec()),
            other => Err(format!("no file {other}")),
        };
        let schema = BodySchema::compile(br#"{"$ref":"b%231.json"}"#, "/my schemas/100%/a?.json", read);
        let schema = schema.expect("a schema");
        assert!(schema.check(&json!(1), 422, 1).is_ok() && schema.check(&json!("x"), 422, 1).is_err());
        let files: Vec<_> = schema.files().map(|(path, _)| path).collect();
        assert_eq!(files, ["/my schemas/100%/a?.json", "/my schemas/100%/b#1.json"]);
    }

    #[test]
    fn what_is_no_schema_is_refused_with_a_reason() {
        for schema in [
            json!({"type": "text"}),
            json!({"minLength": -1}),
            json!({"pattern": "("}),
            json!([]),
            json!({"$ref": "#/$defs/none"}),
        ] {
            let error = compile(schema.clone()).expect_err("no schema");
            assert!(!error.is_empty() && !error.contains('\n'), "{schema}: {error}");
        }
        assert!(BodySchema::compile(b"{", "/a.json", none).is_err());
    }

    #[test]
    fn a_pattern_takes_linear_time() {
        let schema = compile(json!({"pattern": "^(a+)+$"})).expect("a schema");
        let body = json!(format!("{}b", "a".repeat(100_000)));
        assert!(schema.check(&body, 422, 1).is_err());
    }
}
