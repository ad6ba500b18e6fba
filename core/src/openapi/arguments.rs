//! The arguments of a list, with patterns of what is certainly understood. The grammar has more: see `docs/directives.md`.

use super::node::{Node, object};
use crate::api_request::limits;
use crate::schema_cache::{Column, DataType, Relation, TypeClass};

/// A point in time whose calendar is right whatever the month is.
const DATE: &str = "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?";
const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/// Text that means nothing to the grammar around it.
const WORD: &str = "[A-Za-z0-9_ -]+";

/// The arguments of a list of this relation's rows.
pub(super) fn of_list(relation: &Relation, key: &[usize], default_limit: u32, max_limit: u32) -> Vec<Node> {
    let mut arguments = vec![select(relation), order(relation)];
    let limit = object([
        ("type", "integer".into()),
        ("minimum", 0.into()),
        ("maximum", max_limit.into()),
        ("default", default_limit.into()),
    ]);
    arguments.push(argument("limit", "Rows in a page.", limit));
    let cursor = pattern("^[A-Za-z0-9_-]+$").with("maxLength", limits::CURSOR.max as u64);
    let about = "`next_cursor` of the page before: the page that comes after it, with the same order.";
    arguments.push(argument("cursor", about, cursor));
    let offset = object([
        ("type", "integer".into()),
        ("minimum", 0.into()),
        ("maximum", i64::MAX.into()),
        ("default", 0.into()),
    ]);
    let about = "How many rows are passed over; slower the more there are, which the cursor is not.";
    arguments.push(argument("offset", about, offset));
    // One row by its key has a path of its own.
    let of_key = |at: usize| matches!(key, [only] if *only == at);
    let columns = relation.columns.iter().enumerate().filter(|(at, _)| !of_key(*at));
    arguments.extend(columns.filter_map(|(_, column)| condition(column)));
    arguments.extend(tree(relation, "or", "any"));
    arguments.extend(tree(relation, "and", "all"));
    arguments
}

/// `select`, which every request that answers rows takes.
pub(super) fn select(relation: &Relation) -> Node {
    let names = alternatives(relation.columns.iter());
    let item = format!("([A-Za-z_][A-Za-z0-9_]*:)?({names})");
    let about = "The columns to answer, with commas between them: `name`, `label:name`, `price::text`, `metadata->a->>b`. All of them if it is missing.";
    argument("select", about, pattern(&format!("^(\\*|{item}(,{item})*)$")))
}

fn order(relation: &Relation) -> Node {
    let names = alternatives(
        relation
            .columns
            .iter()
            .filter(|column| is_ordered(&column.data_type)),
    );
    let term = format!("({names})(\\.(asc|desc))?(\\.(nullsfirst|nullslast))?");
    let about = "The order, with commas between its terms: `price.desc.nullslast,name`. The key is added, so that it is total.";
    argument("order", about, pattern(&format!("^{term}(,{term})*$")))
}

/// A condition on a column, as an argument of its name.
fn condition(column: &Column) -> Option<Node> {
    if !is_plain(&column.name) || RESERVED.contains(&&*column.name) {
        return None;
    }
    let operations = Operations::of(&column.data_type);
    let mut about = format!("A condition: {}.", operations.examples);
    if let Some(comment) = &column.comment {
        about = format!("{comment} {about}");
    }
    Some(argument(
        &column.name,
        &about,
        pattern(&format!("^(not\\.)?({})$", operations.pattern)),
    ))
}

/// Names that mean something else than a condition.
const RESERVED: [&str; 9] = [
    "select",
    "order",
    "limit",
    "offset",
    "cursor",
    "columns",
    "on_conflict",
    "or",
    "and",
];

/// `or=(a.eq.1,b.gt.2)`
fn tree(relation: &Relation, name: &str, which: &str) -> Option<Node> {
    let columns = relation.columns.iter().filter(|column| is_plain(&column.name));
    let conditions: Vec<String> = columns
        .map(|column| {
            format!(
                "{}\\.(not\\.)?({})",
                column.name,
                Operations::of(&column.data_type).in_tree
            )
        })
        .collect();
    if conditions.is_empty() {
        return None;
    }
    let condition = format!("({})", conditions.join("|"));
    let about = format!(
        "Conditions {which} of which hold, as `(price.gt.5,name.eq.x)`; they may have further `and(…)` and `or(…)` in them."
    );
    Some(argument(
        name,
        &about,
        pattern(&format!("^\\({condition}(,{condition})*\\)$")),
    ))
}

fn argument(name: &str, about: &str, schema: Node) -> Node {
    object([
        ("name", name.into()),
        ("in", "query".into()),
        ("description", about.into()),
        ("schema", schema),
    ])
}

fn pattern(pattern: &str) -> Node {
    object([("type", "string".into()), ("pattern", pattern.into())])
}

fn alternatives<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let names = columns.map(|column| &*column.name).filter(|name| is_plain(name));
    names.collect::<Vec<_>>().join("|")
}

/// A name that needs no quotes, and means nothing in a regular expression.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// json and a few others cannot be compared; arrays and composites that have them neither.
fn is_ordered(data_type: &DataType) -> bool {
    let is_comparable = matches!(
        data_type.class,
        TypeClass::Scalar | TypeClass::Jsonb | TypeClass::TextSearch
    );
    is_comparable
        && !matches!(
            &*data_type.base,
            "xml" | "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle"
        )
}

/// What a column of a type can be held against.
struct Operations {
    /// What stands behind `not.`, as a regular expression.
    pattern: String,
    /// The same where the value must not have what ends it in a tree.
    in_tree: String,
    /// For people.
    examples: &'static str,
}

impl Operations {
    fn of(data_type: &DataType) -> Self {
        if !data_type.enum_labels.is_empty() {
            return Self::of_labels(data_type);
        }
        match (&*data_type.base, data_type.class) {
            ("smallint", _) => Self::of_numbers("-?[0-9]{1,4}"),
            ("integer", _) => Self::of_numbers("-?[0-9]{1,9}"),
            ("bigint", _) => Self::of_numbers("-?[0-9]{1,18}"),
            ("numeric" | "real" | "double precision", _) => Self::of_numbers("-?[0-9]{1,9}(\\.[0-9]{1,6})?"),
            ("boolean", _) => Self {
                pattern: "(eq|neq|isdistinct)\\.(true|false)|is\\.(null|not_null|true|false|unknown)".into(),
                in_tree: "(eq|neq)\\.(true|false)|is\\.(null|not_null|true|false|unknown)".into(),
                examples: "`is.true`, `not.is.true`, `is.null`",
            },
            ("text" | "character varying", _) => Self::of_text(),
            ("uuid", _) => Self::of_values(UUID, "`eq.…`, `neq.…`, `in.(…,…)`, `is.null`"),
            ("date", _) => Self::of_values(DATE, "`gte.2026-01-31`, `lt.2026-02-28`, `is.null`"),
            ("timestamp with time zone", _) => {
                let time = format!("{DATE}T{TIME}(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])");
                Self::of_values(
                    &time,
                    "`gte.2026-01-31T00:00:00Z`, `lt.2026-02-28T12:00:00+01:00`, `is.null`",
                )
            }
            ("text[]", TypeClass::Array) => Self::of_arrays(),
            (_, TypeClass::Jsonb) => Self::of_jsonb(),
            _ => Self {
                pattern: "is\\.(null|not_null)".into(),
                in_tree: "is\\.(null|not_null)".into(),
                examples: "`is.null`, `not.is.null`, and what the operators of its type allow",
            },
        }
    }

    fn of_numbers(value: &str) -> Self {
        Self::of_values(
            value,
            "`eq.5`, `gte.5`, `lt.10`, `in.(1,2)`, `not.eq.5`, `is.null`",
        )
    }

    fn of_values(value: &str, examples: &'static str) -> Self {
        let compare = format!("(eq|neq|gt|gte|lt|lte|isdistinct)\\.{value}");
        let list = format!("in\\.\\({value}(,{value})*\\)");
        let pattern = format!("{compare}|{list}|is\\.(null|not_null)");
        Self {
            in_tree: pattern.clone(),
            pattern,
            examples,
        }
    }

    fn of_labels(data_type: &DataType) -> Self {
        let labels = data_type.enum_labels.iter().filter(|label| is_plain(label));
        let labels: Vec<&str> = labels.map(AsRef::as_ref).collect();
        Self::of_values(
            &format!("({})", labels.join("|")),
            "`eq.…`, `in.(…,…)`, `not.eq.…`, `is.null`",
        )
    }

    fn of_text() -> Self {
        // PostgreSQL's text has no NUL; a backslash in a pattern is an escape, which something has to follow.
        let compare = "(eq|neq|gt|gte|lt|lte|isdistinct|plfts|phfts|wfts)\\.[^\\u0000]*";
        let matches = "(like|ilike)\\.[^\\u0000\\\\]*";
        let regular = format!("(match|imatch)\\.{WORD}");
        let list = format!("in\\.\\({WORD}(,{WORD})*\\)");
        Self {
            pattern: format!("{compare}|{matches}|{regular}|{list}|is\\.(null|not_null)"),
            in_tree: format!("(eq|neq|gt|gte|lt|lte|like|ilike)\\.{WORD}|{list}|is\\.(null|not_null)"),
            examples: "`eq.x`, `ilike.*x*`, `in.(x,y)`, `wfts.x`, `not.eq.x`, `is.null`",
        }
    }

    fn of_arrays() -> Self {
        let array = "\\{([A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*)?\\}";
        let pattern = format!("(cs|cd|ov|eq|neq)\\.{array}|is\\.(null|not_null)");
        Self {
            in_tree: "is\\.(null|not_null)".into(),
            pattern,
            examples: "`cs.{a,b}` (has both), `ov.{a,b}` (has one of them), `cd.{a,b}` (has no others)",
        }
    }

    fn of_jsonb() -> Self {
        let value = "(\"[A-Za-z0-9_ ]*\"|[0-9]|[1-9][0-9]{1,8}|true|false|null)";
        Self {
            pattern: format!("(cs|cd|eq|neq)\\.\\{{(\"[A-Za-z0-9_]+\":{value})?\\}}|is\\.(null|not_null)"),
            in_tree: "is\\.(null|not_null)".into(),
            examples: "`cs.{\"a\":1}` (has it); a member is compared as `metadata->>a=eq.x`",
        }
    }
}
