//! JSON Schemas of columns (JSON Schema 2020-12, which `OpenAPI` 3.1 uses).

use super::default::literal;
use super::node::{Node, object, texts};
use crate::schema_cache::{Column, DataType, Relation, SchemaCache, TypeClass};

/// How many levels of arrays and composite types are described; below that, anything goes.
const MAX_DEPTH: usize = 4;

/// What a column's values are.
pub(super) fn value(data_type: &DataType, schema: &SchemaCache) -> Node {
    at_depth(data_type, schema, 0)
}

/// A column in a row that is read: its type, whether it may be null, its comment.
pub(super) fn readable(column: &Column, schema: &SchemaCache) -> Node {
    let node = nullable(value(&column.data_type, schema), column.nullable);
    let node = node.with_some("description", column.comment.as_deref());
    if column.writable() {
        node
    } else {
        node.with("readOnly", true)
    }
}

/// A column in a row that is written, with its default.
pub(super) fn writable(column: &Column, schema: &SchemaCache) -> Node {
    let node = match column.data_type.class {
        TypeClass::Json | TypeClass::Jsonb => json(),
        _ => value(&column.data_type, schema),
    };
    let node = nullable(without_nul(node), column.nullable);
    let default = column.default.as_deref();
    node.with_some("description", column.comment.as_deref())
        .with_some(
            "default",
            default.and_then(|text| literal(text, &column.data_type)),
        )
}

/// PostgreSQL's text cannot hold the character 0 (PostgreSQL manual, 8.3).
const NO_NUL: &str = "^[^\\u0000]*$";

/// Any value that can be stored, null excepted.
fn json() -> Node {
    let types = texts(["boolean", "number", "string", "array", "object"]);
    object([("type", types)]).with("$ref", format!("#/components/schemas/{JSON}"))
}

/// What [`json_schema`] is called.
pub(super) const JSON: &str = "Json";

/// JSON that can be stored.
pub(super) fn json_schema() -> Node {
    let text = || object([("pattern", NO_NUL.into())]);
    let any = || super::node::reference("schemas", JSON);
    let alternatives = vec![
        object([("type", texts(["null", "boolean", "number"]))]),
        object([("type", "string".into()), ("pattern", NO_NUL.into())]),
        object([("type", "array".into()), ("items", any())]),
        object([
            ("type", "object".into()),
            ("propertyNames", text()),
            ("additionalProperties", any()),
        ]),
    ];
    object([("anyOf", alternatives.into())])
}

/// The same, where it is any text, for a text that is to be stored; or an array of them.
fn without_nul(node: Node) -> Node {
    let Node::Object(members) = node else { return node };
    let is_narrower = members
        .iter()
        .any(|(name, _)| matches!(&**name, "format" | "enum"));
    let is_text = !is_narrower
        && members.iter().any(|(name, node)| match node {
            Node::Array(types) => name == "type" && *types == ["string".into(), "null".into()],
            node => name == "type" && *node == "string".into(),
        });
    let node = members.into_iter().map(|(name, node)| match &*name {
        "items" => (name, without_nul(node)),
        _ => (name, node),
    });
    let node = Node::Object(node.collect());
    if is_text {
        node.with("pattern", NO_NUL)
    } else {
        node
    }
}

/// Whether a new row has to have a value for it.
pub(super) fn is_required(column: &Column) -> bool {
    !column.nullable && column.default.is_none() && column.writable() && !is_identity(column)
}

fn is_identity(column: &Column) -> bool {
    column.generated != crate::schema_cache::Generated::No
}

/// An object with these columns of a relation.
pub(super) fn row<'a>(columns: impl Iterator<Item = &'a Column>, of: impl Fn(&Column) -> Node) -> Node {
    let members = columns.map(|column| (column.name.to_string().into(), of(column)));
    object([("type", "object".into())]).with("properties", Node::Object(members.collect()))
}

fn at_depth(data_type: &DataType, schema: &SchemaCache, depth: usize) -> Node {
    if !data_type.enum_labels.is_empty() {
        return object([("type", "string".into()), ("enum", texts(&data_type.enum_labels))]);
    }
    match data_type.class {
        TypeClass::Scalar => scalar(data_type),
        TypeClass::TextSearch => typed("string", None),
        TypeClass::Json | TypeClass::Jsonb => object([]),
        TypeClass::Array => array(data_type, schema, depth),
        TypeClass::Composite => typed("object", None),
    }
}

/// An array of what the catalogue knows of its elements, any of which may be null.
fn array(data_type: &DataType, schema: &SchemaCache, depth: usize) -> Node {
    let element = data_type
        .base
        .strip_suffix("[]")
        .and_then(|name| schema.data_type(name));
    let items = match element {
        Some(element) if depth < MAX_DEPTH => at_depth(element, schema, depth + 1),
        _ => match data_type.base.strip_suffix("[]") {
            Some(name) => named(name).unwrap_or_else(|| object([])),
            None => object([]),
        },
    };
    typed("array", None).with("items", nullable(items, true))
}

fn scalar(data_type: &DataType) -> Node {
    let arguments = arguments(&data_type.sql);
    match (&*data_type.base, arguments.as_slice()) {
        ("character varying", &[length]) | ("character", &[length]) => {
            typed("string", None).with("maxLength", length)
        }
        ("numeric", &[precision, scale]) => decimal(precision, scale),
        ("numeric", &[precision]) => decimal(precision, 0),
        // What SQL renders is a string, unless its name says otherwise.
        (name, _) => named(name).unwrap_or_else(|| typed("string", None)),
    }
}

/// A type of PostgreSQL's own without a modifier.
fn named(name: &str) -> Option<Node> {
    Some(match name {
        "smallint" => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => integer(i64::from(i32::MIN), i64::from(i32::MAX)).with("format", "int32"),
        "bigint" => integer(i64::MIN, i64::MAX).with("format", "int64"),
        "real" => typed("number", Some("float")),
        "double precision" => typed("number", Some("double")),
        "numeric" => typed("number", None),
        "boolean" => typed("boolean", None),
        "text" | "character varying" | "character" | "bpchar" | "name" => typed("string", None),
        "uuid" => typed("string", Some("uuid")),
        "date" => typed("string", Some("date")),
        "timestamp with time zone" => typed("string", Some("date-time")),
        "json" | "jsonb" => object([]),
        _ => return None,
    })
}

/// `numeric(precision, scale)`: values are rounded to the scale and must not need more digits then (PostgreSQL manual, 8.1.2).
fn decimal(precision: u32, scale: u32) -> Node {
    let node = typed("number", None);
    // Beyond what a double holds exactly, a bound would be another number.
    let Some(digits) = precision
        .checked_sub(scale)
        .filter(|&digits| digits <= 15 && precision <= 15)
    else {
        return node;
    };
    let bound = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let step = 10_f64.powi(-i32::try_from(scale).unwrap_or(0));
    let bound = bound - step;
    node.with("minimum", -bound).with("maximum", bound)
}

fn integer(minimum: i64, maximum: i64) -> Node {
    typed("integer", None)
        .with("minimum", minimum)
        .with("maximum", maximum)
}

/// `{"type": name, "format": format}`
fn typed(name: &'static str, format: Option<&'static str>) -> Node {
    object([("type", name.into())]).with_some("format", format)
}

/// The same, or null.
fn nullable(node: Node, is_nullable: bool) -> Node {
    let Node::Object(members) = node else { return node };
    if !is_nullable {
        return Node::Object(members);
    }
    let members = members.into_iter().map(|(name, node)| {
        let node = match (&*name, node) {
            ("type", Node::Array(mut types)) => {
                types.push("null".into());
                Node::Array(types)
            }
            ("type", node) => Node::Array(vec![node, "null".into()]),
            ("enum", Node::Array(mut values)) => {
                values.push(Node::Value(serde_json::Value::Null));
                Node::Array(values)
            }
            (_, node) => node,
        };
        (name, node)
    });
    Node::Object(members.collect())
}

/// The numbers in `numeric(12,2)`.
fn arguments(sql: &str) -> Vec<u32> {
    let inner = sql.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let numbers = inner.map(|(numbers, _)| numbers.split(',').map(|one| one.trim().parse().ok()).collect());
    numbers.flatten().unwrap_or_default()
}

/// Positions of the columns that identify a row: that of the directive, else those of the primary key.
pub(super) fn key_positions(relation: &Relation, key: Option<&str>) -> Vec<usize> {
    match key {
        Some(name) => relation.position(name).into_iter().collect(),
        None => relation.primary_key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{arguments, decimal};

    #[test]
    fn modifiers_are_bounds() {
        assert_eq!(arguments("numeric(12,2)"), [12, 2]);
        assert_eq!(arguments("character varying(40)"), [40]);
        assert!(arguments("text").is_empty() && arguments("geometry(Point,4326)").is_empty());
        let json = serde_json::to_string(&decimal(5, 2)).expect("JSON");
        assert_eq!(json, r#"{"type":"number","minimum":-999.99,"maximum":999.99}"#);
    }
}
