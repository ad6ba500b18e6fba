//! Rows -> JSON objects, one or an array of them.

use std::rc::Rc;

use super::value::write_value;
use crate::pg::DataRow;
use crate::query::{OutputColumn, Statement};

/// Appends a row as a JSON object, byte for byte as `row_to_json` writes it. Columns of the row beyond `columns` are hidden.
pub fn write_object(out: &mut Vec<u8>, row: &DataRow<'_>, columns: &[OutputColumn]) {
    let mut values = row.values();
    out.push(b'{');
    for (index, column) in columns.iter().enumerate() {
        // The plan and the row have the same columns; should they not, what is missing is left out and the rest stays JSON.
        let Some(value) = values.next() else { break };
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(column.json_key.as_bytes());
        write_value(out, value, column.rendering);
    }
    out.push(b'}');
}

/// Writes rows as a JSON array: the answer to an insert of many rows.
#[derive(Debug)]
pub struct ArrayWriter {
    statement: Rc<Statement>,
    body: Chunks,
    rows: u64,
}

impl ArrayWriter {
    /// An array of the rows of `statement`.
    pub fn new(statement: Rc<Statement>) -> Self {
        Self {
            statement,
            body: Chunks::starting_with(b"["),
            rows: 0,
        }
    }

    /// Appends a row.
    pub fn push(&mut self, row: &DataRow<'_>) {
        if self.rows > 0 {
            self.body.open.push(b',');
        }
        self.rows += 1;
        write_object(&mut self.body.open, row, self.statement.columns());
    }

    /// How many rows were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What is finished, once it is at least `threshold` bytes: for answers that are sent while rows still come in.
    pub fn take_chunk(&mut self, threshold: usize) -> Option<Vec<u8>> {
        self.body.take(threshold)
    }

    /// The rest of the array.
    pub fn finish(mut self) -> Vec<u8> {
        self.body.open.push(b']');
        self.body.open
    }
}

/// The bytes of a body that may leave in parts.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) open: Vec<u8>,
}

impl Chunks {
    pub(super) fn starting_with(start: &[u8]) -> Self {
        let mut open = Vec::with_capacity(FIRST_CAPACITY);
        open.extend_from_slice(start);
        Self { open }
    }

    pub(super) fn take(&mut self, threshold: usize) -> Option<Vec<u8>> {
        if self.open.is_empty() || self.open.len() < threshold {
            return None;
        }
        // The next part will be about as large as this one.
        let next = Vec::with_capacity(self.open.len().min(MAX_RESERVED));
        Some(std::mem::replace(&mut self.open, next))
    }
}

/// A page of small rows fits without growing.
const FIRST_CAPACITY: usize = 4096;
/// One huge row must not make every part after it reserve as much.
const MAX_RESERVED: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::test_rows::{columns, row};
    use super::{ArrayWriter, write_object};
    use crate::pg::DataRow;
    use crate::query::Statement;

    #[test]
    fn an_object_shows_the_named_columns_only() {
        let body = row(&[Some("1"), None, Some("hidden")]);
        let row = DataRow::parse(&body).expect("well-formed");
        let mut out = Vec::new();
        write_object(&mut out, &row, &columns(&["id", "name"]));
        assert_eq!(out, br#"{"id":1,"name":null}"#);
    }

    #[test]
    fn a_row_with_fewer_values_than_columns_is_still_json() {
        let body = row(&[Some("1")]);
        let row = DataRow::parse(&body).expect("well-formed");
        let mut out = Vec::new();
        write_object(&mut out, &row, &columns(&["id", "name"]));
        assert_eq!(out, br#"{"id":1}"#);
    }

    #[test]
    fn an_array_is_the_same_in_parts_and_as_a_whole() {
        let statement = Rc::new(Statement::new("INSERT", columns(&["id"]), 0));
        let array = || ArrayWriter::new(Rc::clone(&statement));
        let bodies: Vec<_> = (0..100).map(|id| row(&[Some(&id.to_string())])).collect();
        let mut whole = array();
        let mut parted = array();
        let mut parts = Vec::new();
        for body in &bodies {
            let row = DataRow::parse(body).expect("well-formed");
            whole.push(&row);
            parted.push(&row);
            parts.extend(parted.take_chunk(50).unwrap_or_default());
        }
        assert_eq!((whole.rows(), parted.rows()), (100, 100));
        parts.extend(parted.finish());
        let whole = whole.finish();
        assert_eq!(parts, whole);
        assert!(whole.starts_with(br#"[{"id":0},{"id":1},"#) && whole.ends_with(br#"{"id":99}]"#));
        assert_eq!(array().finish(), b"[]");
    }
}
