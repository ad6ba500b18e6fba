//! Rows for the unit tests of this module.

use crate::query::{OutputColumn, Rendering};

/// The body of a DataRow message.
pub(crate) fn row(values: &[Option<&str>]) -> Vec<u8> {
    let count = u16::try_from(values.len()).expect("few columns");
    let mut body = count.to_be_bytes().to_vec();
    for value in values {
        match value {
            Some(text) => {
                let length = i32::try_from(text.len()).expect("short values");
                body.extend_from_slice(&length.to_be_bytes());
                body.extend_from_slice(text.as_bytes());
            }
            None => body.extend_from_slice(&(-1i32).to_be_bytes()),
        }
    }
    body
}

/// Columns of numbers.
pub(super) fn columns(names: &[&str]) -> Vec<OutputColumn> {
    let column = |name: &&str| OutputColumn {
        json_key: format!("\"{name}\":").into(),
        rendering: Rendering::Number,
    };
    names.iter().map(column).collect()
}
