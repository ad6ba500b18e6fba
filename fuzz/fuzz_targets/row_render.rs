//! Rows of any bytes: what comes out is JSON wherever the renderer is to make it so, and the same in parts and as a whole.
#![no_main]

use std::convert::Infallible;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use postern_core::pg::DataRow;
use postern_core::query::{OutputColumn, Rendering, Statement};
use postern_core::response::{PageWriter, write_object};

/// Json and Number pass on what PostgreSQL has already made a JSON value; these make one of any text.
const RENDERINGS: [Rendering; 4] = [
    Rendering::Text,
    Rendering::TimestampTz,
    Rendering::Bool,
    Rendering::Timestamp,
];

fuzz_target!(|data: &[u8]| {
    let Some(row) = DataRow::parse(data) else { return };
    let columns: Vec<_> = RENDERINGS
        .into_iter()
        .cycle()
        .take(row.columns().min(50))
        .enumerate()
        .map(|(index, rendering)| OutputColumn {
            json_key: format!("\"{index}\":").into(),
            rendering,
        })
        .collect();
    let mut object = Vec::new();
    write_object(&mut object, &row, &columns);
    if row
        .values()
        .flatten()
        .all(|value| std::str::from_utf8(value).is_ok())
    {
        let read: serde_json::Value = serde_json::from_slice(&object).expect("the object is JSON");
        for (index, value) in row.values().take(columns.len()).enumerate() {
            let read = &read[index.to_string()];
            match (value, columns[index].rendering) {
                (None, _) => assert!(read.is_null()),
                (Some(text), Rendering::Text) => assert_eq!(read.as_str().map(str::as_bytes), Some(text)),
                (Some(text), Rendering::Bool) => assert_eq!(read.as_bool(), Some(text == b"t")),
                (Some(_), _) => assert!(read.is_string()),
            }
        }
    }
    let cursor_columns: Vec<usize> = (0..row.columns()).rev().take(3).collect();
    let statement = Rc::new(Statement::new("", columns, 0));
    let page = |threshold: usize| {
        let mut writer = PageWriter::new(Rc::clone(&statement), 2, cursor_columns.clone());
        let mut sent = Vec::new();
        for _ in 0..3 {
            writer.push(&row);
            sent.extend(writer.take_chunk(threshold).unwrap_or_default());
        }
        let page = writer
            .finish(|values| Ok::<_, Infallible>(values.len().to_string()))
            .expect("infallible");
        assert_eq!((page.rows, page.more), (2, true));
        sent.extend(page.body);
        sent
    };
    assert_eq!(page(1), page(usize::MAX));
});
