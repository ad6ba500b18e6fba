//! Defaults of columns that are constants, in JSON. What PostgreSQL prints of them (`pg_get_expr`) says how they are written, and not what
//! they become in the column: `'-5'::integer` is the default of a `numeric` as well, and of a `text`.

use serde_json::Value;

use crate::schema_cache::{DataType, TypeClass};

/// The value of a default for a column of this type. `None` for what is known only when a row is made, and for what would look another
/// way in JSON.
pub(super) fn literal(text: &str, data_type: &DataType) -> Option<Value> {
    let constant = constant(text)?;
    match data_type.class {
        TypeClass::Json | TypeClass::Jsonb => serde_json::from_str(&constant).ok(),
        TypeClass::Array => array(&constant, data_type.base.strip_suffix("[]")?),
        _ if !data_type.enum_labels.is_empty() => Some(constant.into()),
        TypeClass::Scalar => scalar(&constant, &data_type.base),
        TypeClass::TextSearch | TypeClass::Composite => None,
    }
}

/// What stands in `'…'::type`, or a number or a truth as it is. An escape has two readings, by a setting of the server.
fn constant(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let is_plain = matches!(text, "true" | "false") || text.parse::<f64>().is_ok_and(f64::is_finite);
        return is_plain.then(|| text.to_owned());
    };
    let (value, cast) = quoted.rsplit_once("'::")?;
    let is_type =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b' ' | b'"' | b'[' | b']');
    let without_quotes = value.replace("''", "");
    let is_constant = cast.bytes().all(is_type) && !without_quotes.contains(['\'', '\\']);
    is_constant.then(|| value.replace("''", "'"))
}

fn scalar(text: &str, base: &str) -> Option<Value> {
    match base {
        "smallint" | "integer" | "bigint" => text.parse::<i64>().ok().map(Value::from),
        "numeric" | "real" | "double precision" => number(text),
        "boolean" => match text {
            "true" | "t" => Some(true.into()),
            "false" | "f" => Some(false.into()),
            _ => None,
        },
        // As rows have them they depend on settings, or have a fraction.
        "timestamp with time zone"
        | "timestamp without time zone"
        | "time with time zone"
        | "interval"
        | "money" => None,
        _ => Some(text.into()),
    }
}

/// A number in JSON, whole ones as whole ones. `NaN` and infinities are none.
fn number(text: &str) -> Option<Value> {
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => serde_json::from_str(text).ok().filter(Value::is_number),
    }
}

/// `{a,b}`: elements without quotes, in one dimension.
fn array(text: &str, element: &str) -> Option<Value> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    if inner.is_empty() {
        return Some(Value::Array(Vec::new()));
    }
    if inner.contains(['{', '}', '"', ' ']) || !ELEMENTS.contains(&element) {
        return None;
    }
    let elements = inner.split(',').map(|one| match one {
        "NULL" => Some(Value::Null),
        one => scalar(one, element),
    });
    elements.collect()
}

/// What arrays of are told of: those of other types may have separators of their own, or labels.
const ELEMENTS: [&str; 11] = [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "boolean",
    "text",
    "character varying",
    "uuid",
    "date",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::literal;
    use crate::schema_cache::{DataType, TypeClass, TypeKind};

    fn of(text: &str, base: &str) -> Option<Value> {
        let class = match base {
            "json" => TypeClass::Json,
            "jsonb" => TypeClass::Jsonb,
            base if base.ends_with("[]") => TypeClass::Array,
            _ => TypeClass::Scalar,
        };
        let data_type = DataType {
            sql: base.into(),
            base: base.into(),
            category: 'X',
            class,
            kind: TypeKind::Other,
            enum_labels: Box::default(),
        };
        literal(text, &data_type)
    }

    /// The texts are what PostgreSQL 15 prints.
    #[test]
    fn constants_are_told_in_the_type_of_the_column() {
        for (text, base, value) in [
            ("5", "integer", json!(5)),
            ("'-5'::integer", "integer", json!(-5)),
            ("'-5'::integer", "bigint", json!(-5)),
            ("'-1'::integer", "smallint", json!(-1)),
            ("'-9223372036854775808'::bigint", "bigint", json!(i64::MIN)),
            ("1.5", "numeric", json!(1.5)),
            ("'-1.5'::numeric", "numeric", json!(-1.5)),
            ("'-0.5'::numeric", "real", json!(-0.5)),
            ("'-1'::integer", "double precision", json!(-1)),
            ("'1000'::numeric", "numeric", json!(1000)),
            ("true", "boolean", json!(true)),
            ("'draft'::api.resource_status", "text", json!("draft")),
            ("''::text", "text", json!("")),
            ("'it''s'::text", "text", json!("it's")),
            ("'ab'::bpchar", "character", json!("ab")),
            ("'x'::\"char\"", "\"char\"", json!("x")),
            ("5", "text", json!("5")),
            ("'-5'::integer", "text", json!("-5")),
            ("'{}'::text[]", "text[]", json!([])),
            ("'{a,NULL}'::text[]", "text[]", json!(["a", null])),
            ("'{1,-2}'::integer[]", "integer[]", json!([1, -2])),
            ("'{t,f}'::boolean[]", "boolean[]", json!([true, false])),
            ("'{}'::jsonb", "jsonb", json!({})),
            ("'{\"a\": \"it''s\"}'::jsonb", "jsonb", json!({"a": "it's"})),
            ("'null'::jsonb", "jsonb", Value::Null),
            ("'[]'::json", "json", json!([])),
            ("'2020-01-01'::date", "date", json!("2020-01-01")),
        ] {
            assert_eq!(of(text, base), Some(value), "{text} of {base}");
        }
    }

    #[test]
    fn expressions_are_not_told_nor_what_json_writes_otherwise() {
        for (text, base) in [
            ("now()", "timestamp with time zone"),
            ("gen_random_uuid()", "uuid"),
            ("CURRENT_DATE", "date"),
            ("(2 + 3)", "integer"),
            ("-", "integer"),
            ("('a'::text || 'b'::text)", "text"),
            ("'a'::text || 'b'::text", "text"),
            ("nextval('api.s'::regclass)", "bigint"),
            ("'a\\b'::text", "text"),
            ("'NaN'::numeric", "numeric"),
            ("'Infinity'::double precision", "double precision"),
            ("ARRAY[1, 2]", "integer[]"),
            ("'{{1},{2}}'::integer[]", "integer[]"),
            ("'{a,\"b c\"}'::text[]", "text[]"),
            (
                "'2020-01-01 00:00:00+00'::timestamp with time zone",
                "timestamp with time zone",
            ),
        ] {
            assert_eq!(of(text, base), None, "{text} of {base}");
        }
    }
}
