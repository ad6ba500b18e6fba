//! The types that a client may cast to.

use std::rc::Rc;

use crate::query::Rendering;
use crate::schema_cache::{DataType, QualifiedName, SchemaCache};

use super::PlanError;

/// A type's name as it may stand in SQL text: from the table below or from the catalogue, never the client's own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeName {
    /// One of PostgreSQL's own.
    Builtin {
        /// Its canonical name.
        name: &'static str,
        /// `[]`
        array: bool,
    },
    /// One that a column or an argument has.
    Known(KnownType),
}

/// A type of the catalogue, told from others by its SQL name.
#[derive(Debug, Clone)]
pub struct KnownType(pub Rc<DataType>);

impl PartialEq for KnownType {
    fn eq(&self, other: &Self) -> bool {
        self.0.sql == other.0.sql
    }
}

impl Eq for KnownType {}

impl std::hash::Hash for KnownType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.sql.hash(state);
    }
}

/// Finds the type that `text` means, and how its values are rendered (see [`DataType::rendering`]). `relation` gives the
/// schema of a name that has none.
pub(super) fn resolve(
    text: &str,
    schema: &SchemaCache,
    relation: &QualifiedName,
) -> Result<(TypeName, Rendering, bool), PlanError> {
    if let Some(found) = builtin(text) {
        return Ok(found);
    }
    let qualified = || schema.data_type(&format!("{}.{text}", relation.schema));
    match schema.data_type(text).or_else(qualified) {
        Some(data_type) => {
            let (rendering, to_json) = data_type.rendering();
            Ok((
                TypeName::Known(KnownType(Rc::clone(data_type))),
                rendering,
                to_json,
            ))
        }
        None => Err(PlanError::UnknownType { name: text.into() }),
    }
}

fn builtin(text: &str) -> Option<(TypeName, Rendering, bool)> {
    let (text, array) = match text.strip_suffix("[]") {
        Some(element) => (element, true),
        None => (text, false),
    };
    let entry = BUILTIN
        .iter()
        .find(|entry| entry.spellings.iter().any(|name| name.eq_ignore_ascii_case(text)))?;
    let (rendering, to_json) = match entry.rendering {
        Some(rendering) if !array => (rendering, false),
        _ => (Rendering::Json, true),
    };
    Some((
        TypeName::Builtin {
            name: entry.name,
            array,
        },
        rendering,
        to_json,
    ))
}

struct Builtin {
    name: &'static str,
    spellings: &'static [&'static str],
    /// How the worker renders it, if it does.
    rendering: Option<Rendering>,
}

const fn entry(
    name: &'static str,
    spellings: &'static [&'static str],
    rendering: Option<Rendering>,
) -> Builtin {
    Builtin {
        name,
        spellings,
        rendering,
    }
}

const NUMBER: Option<Rendering> = Some(Rendering::Number);
const TEXT: Option<Rendering> = Some(Rendering::Text);
const JSON: Option<Rendering> = Some(Rendering::Json);

/// PostgreSQL manual, table "Data Types", with the spellings that its grammar and its catalogue know. Types whose input
/// looks something up in the catalogue (`regclass` and its like) are left out on purpose.
const BUILTIN: &[Builtin] = &[
    entry("text", &["text"], TEXT),
    entry("integer", &["integer", "int", "int4"], NUMBER),
    entry("bigint", &["bigint", "int8"], NUMBER),
    entry("smallint", &["smallint", "int2"], NUMBER),
    entry("numeric", &["numeric", "decimal"], NUMBER),
    entry(
        "double precision",
        &["double precision", "float8", "float"],
        NUMBER,
    ),
    entry("real", &["real", "float4"], NUMBER),
    entry("boolean", &["boolean", "bool"], Some(Rendering::Bool)),
    entry("character varying", &["varchar", "character varying"], TEXT),
    entry("character", &["char", "character"], TEXT),
    entry("bpchar", &["bpchar"], TEXT),
    entry("name", &["name"], TEXT),
    entry("uuid", &["uuid"], TEXT),
    entry("json", &["json"], JSON),
    entry("jsonb", &["jsonb"], JSON),
    entry("date", &["date"], TEXT),
    entry(
        "timestamp",
        &["timestamp", "timestamp without time zone"],
        Some(Rendering::Timestamp),
    ),
    entry(
        "timestamptz",
        &["timestamptz", "timestamp with time zone"],
        Some(Rendering::TimestampTz),
    ),
    entry("time", &["time", "time without time zone"], TEXT),
    entry("timetz", &["timetz", "time with time zone"], TEXT),
    entry("interval", &["interval"], TEXT),
    entry("bytea", &["bytea"], TEXT),
    entry("bit", &["bit"], None),
    entry("bit varying", &["varbit", "bit varying"], None),
    entry("money", &["money"], None),
    entry("inet", &["inet"], None),
    entry("cidr", &["cidr"], None),
    entry("macaddr", &["macaddr"], None),
    entry("macaddr8", &["macaddr8"], None),
    entry("xml", &["xml"], None),
    entry("tsvector", &["tsvector"], None),
    entry("tsquery", &["tsquery"], None),
    entry("point", &["point"], None),
    entry("line", &["line"], None),
    entry("lseg", &["lseg"], None),
    entry("box", &["box"], None),
    entry("path", &["path"], None),
    entry("polygon", &["polygon"], None),
    entry("circle", &["circle"], None),
    entry("oid", &["oid"], None),
    entry("int4range", &["int4range"], None),
    entry("int8range", &["int8range"], None),
    entry("numrange", &["numrange"], None),
    entry("daterange", &["daterange"], None),
    entry("tsrange", &["tsrange"], None),
    entry("tstzrange", &["tstzrange"], None),
];

#[cfg(test)]
mod tests {
    use super::{BUILTIN, TypeName, builtin};
    use crate::query::Rendering;

    #[test]
    fn spellings_are_unique_and_lead_to_one_canonical_name() {
        let mut all: Vec<_> = BUILTIN.iter().flat_map(|entry| entry.spellings).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        let (name, rendering, to_json) = builtin("INT4").expect("known");
        assert_eq!(
            name,
            TypeName::Builtin {
                name: "integer",
                array: false
            }
        );
        assert_eq!((rendering, to_json), (Rendering::Number, false));
    }

    #[test]
    fn arrays_are_rendered_by_sql_and_nothing_else_is_a_type() {
        let array = builtin("text[]").expect("known");
        assert_eq!(
            array,
            (
                TypeName::Builtin {
                    name: "text",
                    array: true
                },
                Rendering::Json,
                true
            )
        );
        for bad in [
            "text(1)",
            "text[][]",
            " int",
            "int; drop",
            "",
            "regclass",
            "\"text\"",
        ] {
            assert!(builtin(bad).is_none(), "{bad}");
        }
    }
}
