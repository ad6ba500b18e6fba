//! The rows of a script's last statement that has any -> JSON.

use tokio_postgres::types::{Kind, Type};

use super::EndpointError;
use super::array::write_array;
use crate::pg::{DataRow, RowDescription};
use crate::query::Rendering;
use crate::response::{write_json_string, write_value};

/// What is made of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultShape {
    /// The one value of the one row.
    Value,
    /// The one row as an object.
    Object,
    /// All rows as an array of objects.
    Array,
}

/// What came of them.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A JSON text.
    Json(Vec<u8>),
    /// A function that answers `void`: there is nothing to say.
    Void,
    /// One row was asked for, and there is none.
    NoRow,
}

/// Writes rows as they come.
#[derive(Debug)]
pub struct ResultWriter {
    shape: ResultShape,
    columns: Vec<Column>,
    max_bytes: usize,
    body: Vec<u8>,
    rows: u64,
    error: Option<EndpointError>,
}

#[derive(Debug)]
struct Column {
    /// The key of the JSON object, with quotes and colon.
    json_key: Vec<u8>,
    form: Form,
}

/// What the text of a column's values is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain(Rendering),
    /// An array of elements that are rendered so.
    Array(Rendering),
    Void,
}

impl ResultWriter {
    /// A result of these columns. Where no shape is wanted, one column is a value and several are an array. At most `max_bytes` of
    /// JSON are written.
    pub fn new(description: &RowDescription<'_>, wanted: Option<ResultShape>, max_bytes: usize) -> Self {
        let shape = wanted.unwrap_or(match description.columns() {
            1 => ResultShape::Value,
            _ => ResultShape::Array,
        });
        let columns: Vec<_> = description
            .fields()
            .map(|field| {
                let mut json_key = Vec::with_capacity(field.name.len() + 3);
                write_json_string(&mut json_key, field.name.as_bytes());
                json_key.push(b':');
                Column {
                    json_key,
                    form: form(field.type_oid),
                }
            })
            .collect();
        let error =
            (shape == ResultShape::Value && columns.len() != 1).then_some(EndpointError::SeveralColumns {
                columns: columns.len(),
            });
        Self {
            shape,
            columns,
            max_bytes,
            body: if shape == ResultShape::Array {
                b"[".to_vec()
            } else {
                Vec::new()
            },
            rows: 0,
            error,
        }
    }

    /// Appends a row.
    pub fn push(&mut self, row: &DataRow<'_>) {
        self.rows = self.rows.saturating_add(1);
        if self.error.is_some() {
            return;
        }
        match self.shape {
            ResultShape::Array => {
                if self.rows > 1 {
                    self.body.push(b',');
                }
                self.write_object(row);
            }
            _ if self.rows > 1 => self.fail(EndpointError::SeveralRows),
            ResultShape::Object => self.write_object(row),
            ResultShape::Value => {
                if let (Some(column), Some(value)) = (self.columns.first(), row.values().next()) {
                    write_column(&mut self.body, value, column.form);
                }
            }
        }
        if self.body.len() > self.max_bytes {
            self.fail(EndpointError::TooLarge {
                max_bytes: self.max_bytes,
            });
        }
    }

    /// The result as a whole.
    pub fn finish(mut self) -> Result<Outcome, EndpointError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let is_void = matches!(self.columns.as_slice(), [column] if column.form == Form::Void);
        match self.shape {
            _ if is_void => Ok(Outcome::Void),
            ResultShape::Array => {
                self.body.push(b']');
                Ok(Outcome::Json(self.body))
            }
            _ if self.rows == 0 => Ok(Outcome::NoRow),
            _ => Ok(Outcome::Json(self.body)),
        }
    }

    fn fail(&mut self, error: EndpointError) {
        self.body = Vec::new();
        self.error = Some(error);
    }

    fn write_object(&mut self, row: &DataRow<'_>) {
        self.body.push(b'{');
        for (index, (column, value)) in self.columns.iter().zip(row.values()).enumerate() {
            if index > 0 {
                self.body.push(b',');
            }
            self.body.extend_from_slice(&column.json_key);
            write_column(&mut self.body, value, column.form);
        }
        self.body.push(b'}');
    }
}

fn write_column(out: &mut Vec<u8>, value: Option<&[u8]>, form: Form) {
    match (value, form) {
        (Some(text), Form::Array(element)) => write_array(out, text, element),
        (value, Form::Plain(rendering)) => write_value(out, value, rendering),
        (None, _) | (_, Form::Void) => out.extend_from_slice(b"null"),
    }
}

/// Types that are not PostgreSQL's own are text: enums, ranges, extensions. What only the catalogue knows (composites, and arrays of
/// such types) keeps PostgreSQL's notation; `to_json` in the statement makes more of it.
fn form(type_oid: u32) -> Form {
    let Some(data_type) = Type::from_oid(type_oid) else {
        return Form::Plain(Rendering::Text);
    };
    match data_type.kind() {
        _ if data_type == Type::VOID => Form::Void,
        // Boxes are separated by semicolons, and old-fashioned vectors have no braces.
        Kind::Array(element) if data_type.name().starts_with('_') && *element != Type::BOX => {
            Form::Array(rendering(element))
        }
        _ => Form::Plain(rendering(&data_type)),
    }
}

fn rendering(data_type: &Type) -> Rendering {
    match *data_type {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => {
            Rendering::Number
        }
        Type::BOOL => Rendering::Bool,
        Type::JSON | Type::JSONB => Rendering::Json,
        Type::TIMESTAMP => Rendering::Timestamp,
        Type::TIMESTAMPTZ => Rendering::TimestampTz,
        _ => Rendering::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::{EndpointError, Outcome, ResultShape, ResultWriter};
    use crate::pg::{DataRow, RowDescription};
    use crate::response::test_rows::row;

    const TEXT: u32 = 25;
    const INT4: u32 = 23;
    const TEXT_ARRAY: u32 = 1009;
    const VOID: u32 = 2278;

    fn writer(columns: &[(&str, u32)], wanted: Option<ResultShape>) -> ResultWriter {
        let mut body = u16::try_from(columns.len()).expect("few").to_be_bytes().to_vec();
        for (name, oid) in columns {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&[0; 7]);
            body.extend_from_slice(&oid.to_be_bytes());
            body.extend_from_slice(&[0; 8]);
        }
        let description = RowDescription::parse(&body).expect("well-formed");
        ResultWriter::new(&description, wanted, 40)
    }

    fn finish(mut writer: ResultWriter, rows: &[&[Option<&str>]]) -> Result<String, String> {
        for values in rows {
            let body = row(values);
            writer.push(&DataRow::parse(&body).expect("well-formed"));
        }
        match writer.finish() {
            Ok(Outcome::Json(body)) => Ok(String::from_utf8(body).expect("UTF-8")),
            Ok(outcome) => Err(format!("{outcome:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn one_column_is_a_value_and_several_are_an_array() {
        let value = |oid, text| finish(writer(&[("f", oid)], None), &[&[text]]);
        assert_eq!(value(INT4, Some("1")).as_deref(), Ok("1"));
        assert_eq!(value(TEXT, Some("a\"b")).as_deref(), Ok(r#""a\"b""#));
        assert_eq!(value(114, Some(r#"{"a": 1}"#)).as_deref(), Ok(r#"{"a": 1}"#));
        assert_eq!(
            value(TEXT_ARRAY, Some("{a,NULL}")).as_deref(),
            Ok(r#"["a",null]"#)
        );
        assert_eq!(value(TEXT_ARRAY, None).as_deref(), Ok("null"));
        assert_eq!(value(INT4, None).as_deref(), Ok("null"));
        assert_eq!(value(99_999, Some("happy")).as_deref(), Ok(r#""happy""#));
        assert_eq!(value(VOID, Some("")), Err("Void".into()));
        let columns = [("id", INT4), ("a \"b\"", TEXT)];
        let rows: [&[_]; 2] = [&[Some("1"), Some("x")], &[Some("2"), None]];
        assert_eq!(
            finish(writer(&columns, None), &rows[..1]).as_deref(),
            Ok(r#"[{"id":1,"a \"b\"":"x"}]"#)
        );
        assert_eq!(finish(writer(&columns, None), &[]).as_deref(), Ok("[]"));
        assert_eq!(
            finish(writer(&columns, Some(ResultShape::Object)), &rows[1..]).as_deref(),
            Ok(r#"{"id":2,"a \"b\"":null}"#)
        );
        assert_eq!(
            finish(
                writer(&columns[..1], Some(ResultShape::Array)),
                &[&[Some("1")], &[Some("2")]]
            )
            .as_deref(),
            Ok(r#"[{"id":1},{"id":2}]"#)
        );
        assert_eq!(finish(writer(&[], None), &[&[], &[]]).as_deref(), Ok("[{},{}]"));
    }

    #[test]
    fn no_row_is_told_from_null() {
        assert_eq!(finish(writer(&[("f", INT4)], None), &[]), Err("NoRow".into()));
        assert_eq!(
            finish(writer(&[("f", INT4)], Some(ResultShape::Object)), &[]),
            Err("NoRow".into())
        );
    }

    #[test]
    fn results_that_do_not_fit_are_errors() {
        let two: [&[_]; 2] = [&[Some("1")], &[Some("2")]];
        for shape in [None, Some(ResultShape::Object)] {
            assert_eq!(
                finish(writer(&[("f", INT4)], shape), &two),
                Err(EndpointError::SeveralRows.to_string())
            );
        }
        assert_eq!(
            finish(
                writer(&[("a", INT4), ("b", INT4)], Some(ResultShape::Value)),
                &[&[Some("1"), Some("2")]]
            ),
            Err(EndpointError::SeveralColumns { columns: 2 }.to_string())
        );
        let long = "x".repeat(41);
        for shape in [None, Some(ResultShape::Object), Some(ResultShape::Array)] {
            assert_eq!(
                finish(writer(&[("f", TEXT)], shape), &[&[Some(&long)]]),
                Err(EndpointError::TooLarge { max_bytes: 40 }.to_string())
            );
        }
    }
}
