//! The text of a statement and the shape of its rows.

use std::hash::{BuildHasher, Hasher};

/// How the text of a column, as PostgreSQL sends it in a DataRow, becomes a JSON value. The result is byte for byte what
/// `to_json` gives (PostgreSQL `src/backend/utils/adt/json.c`, `datum_to_json`). Columns of any other type are put through
/// `to_json` in SQL and arrive as [`Rendering::Json`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rendering {
    /// Already JSON: json, jsonb, and whatever SQL put through `to_json`.
    Json,
    /// int2, int4, int8, float4, float8, numeric: the text itself, quoted where it is not a JSON number (NaN, Infinity).
    Number,
    /// bool: `t` and `f`.
    Bool,
    /// date, time, timetz, interval, text, varchar, bpchar, name, uuid, bytea, enums, …: an escaped string.
    Text,
    /// timestamp: ISO 8601 with a `T` between date and time.
    Timestamp,
    /// timestamptz: the same, with the offset in hours and minutes.
    TimestampTz,
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The key of the JSON object, already escaped and quoted, with its colon: `"name":`.
    pub json_key: Box<str>,
    /// How its value is rendered.
    pub rendering: Rendering,
}

/// SQL text with `$1`, `$2`, … for every value, and the shape of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: Box<str>,
    hash: u64,
    columns: Box<[OutputColumn]>,
    hidden: usize,
    described: bool,
}

impl Statement {
    /// A statement whose rows have `columns`, then `hidden` more that are not shown (the values that a cursor is made of).
    pub fn new(sql: impl Into<Box<str>>, columns: impl Into<Box<[OutputColumn]>>, hidden: usize) -> Self {
        let sql = sql.into();
        let mut hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::new().build_hasher();
        hasher.write(sql.as_bytes());
        Self {
            hash: hasher.finish(),
            sql,
            columns: columns.into(),
            hidden,
            described: false,
        }
    }

    /// A statement whose columns only the server knows; it is asked for them with every execution, so that they are always those of
    /// the rows that follow.
    pub fn described(sql: impl Into<Box<str>>) -> Self {
        Self {
            described: true,
            ..Self::new(sql, [], 0)
        }
    }

    /// The SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// A hash of the text, computed once; part of the key of a connection's prepared statements.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The columns that are shown, in order.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Whether the server is asked for the columns.
    pub fn is_described(&self) -> bool {
        self.described
    }

    /// How many columns follow that are not shown.
    pub fn hidden(&self) -> usize {
        self.hidden
    }
}
