//! JSON read strictly and within limits, before anything looks at what it means.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How large a JSON text may be in each direction. nginx's `client_max_body_size` bounds it as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Objects and arrays inside each other; at most 127.
    pub depth: u32,
    /// Members of one object.
    pub members: u32,
    /// Elements of one array.
    pub elements: u32,
    /// Bytes of one string or name, as UTF-8.
    pub string_bytes: u32,
}

impl Default for JsonLimits {
    /// More than honest requests have, and few enough that no later step is slow.
    fn default() -> Self {
        Self {
            depth: 32,
            members: 1000,
            elements: 10_000,
            string_bytes: 1 << 20,
        }
    }
}

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// It is no JSON (RFC 8259).
    #[error("no JSON at line {line}, column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1 (0 at the end of the text before).
        column: usize,
    },
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// A name stands twice in one object: readers disagree on which one counts.
    #[error("a name is repeated in an object")]
    RepeatedName,
    /// Objects and arrays are nested too deeply.
    #[error("it is nested too deeply")]
    Depth,
    /// An object has too many members.
    #[error("an object has too many members")]
    Members,
    /// An array has too many elements.
    #[error("an array has too many elements")]
    Elements,
    /// A string is too long.
    #[error("a string is too long")]
    StringLength,
}

/// Reads a text that is one JSON value.
pub fn parse_json(text: &[u8], limits: &JsonLimits) -> Result<Value, JsonFault> {
    if text.trim_ascii().is_empty() {
        return Err(JsonFault::Empty);
    }
    let fault = Cell::new(None);
    let reader = Reader {
        limits,
        fault: &fault,
        depth: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        fault.get().unwrap_or(JsonFault::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

#[derive(Clone, Copy)]
struct Reader<'r> {
    limits: &'r JsonLimits,
    /// Which limit was passed: serde's errors are text only.
    fault: &'r Cell<Option<JsonFault>>,
    depth: u32,
}

impl Reader<'_> {
    fn fail<E: Error>(self, fault: JsonFault) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= self.limits.depth {
            return Err(self.fail(JsonFault::Depth));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn text<E: Error>(self, text: &str) -> Result<String, E> {
        if text.len() > self.limits.string_bytes as usize {
            return Err(self.fail(JsonFault::StringLength));
        }
        Ok(text.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // serde_json has already refused what is not finite.
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut elements = Vec::new();
        while let Some(value) = values.next_element_seed(inner)? {
            if elements.len() >= self.limits.elements as usize {
                return Err(self.fail(JsonFault::Elements));
            }
            elements.push(value);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = values.next_key_seed(Name(self))? {
            if members.len() >= self.limits.members as usize {
                return Err(self.fail(JsonFault::Members));
            }
            if members.insert(name, values.next_value_seed(inner)?).is_some() {
                return Err(self.fail(JsonFault::RepeatedName));
            }
        }
        Ok(Value::Object(members))
    }
}

struct Name<'r>(Reader<'r>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        self.0.text(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{JsonFault, JsonLimits, parse_json};

    const LIMITS: JsonLimits = JsonLimits {
        depth: 3,
        members: 2,
        elements: 3,
        string_bytes: 4,
    };

    fn fault(text: &str) -> Option<JsonFault> {
        parse_json(text.as_bytes(), &LIMITS).err()
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = r#" {"a":[null,true,-1.5e3],"b":{"ab\u0041":"é\n"}} "#;
        assert_eq!(
            parse_json(text.as_bytes(), &LIMITS),
            Ok(json!({"a": [null, true, -1500.0], "b": {"abA": "é\n"}}))
        );
        assert_eq!(
            parse_json(b"12345678901234567890", &LIMITS),
            Ok(json!(12_345_678_901_234_567_890_u64))
        );
    }

    #[test]
    fn each_limit_holds() {
        assert_eq!(fault("[[[1]]]"), None);
        assert_eq!(fault("[[[[1]]]]"), Some(JsonFault::Depth));
        assert_eq!(fault(r#"{"a":1,"b":2}"#), None);
        assert_eq!(fault(r#"{"a":1,"b":2,"c":3}"#), Some(JsonFault::Members));
        assert_eq!(fault("[1,2,3]"), None);
        assert_eq!(fault("[1,2,3,4]"), Some(JsonFault::Elements));
        assert_eq!(fault(r#""abcd""#), None);
        assert_eq!(fault(r#""abcde""#), Some(JsonFault::StringLength));
        assert_eq!(fault(r#""ééé""#), Some(JsonFault::StringLength));
        assert_eq!(fault(r#"{"abcde":1}"#), Some(JsonFault::StringLength));
    }

    #[test]
    fn a_repeated_name_is_refused_however_it_is_written() {
        assert_eq!(fault(r#"{"a":1,"a":1}"#), Some(JsonFault::RepeatedName));
        assert_eq!(fault(r#"[{"a":1,"\u0061":2}]"#), Some(JsonFault::RepeatedName));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        assert_eq!(
            fault("{\"a\":\n x}"),
            Some(JsonFault::Syntax { line: 2, column: 2 })
        );
        assert_eq!(fault(""), Some(JsonFault::Empty));
        assert_eq!(fault(" \n"), Some(JsonFault::Empty));
        for text in [
            "{",
            "1 2",
            "{a:1}",
            "[1,]",
            "'a'",
            "NaN",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "1e999",
            "\u{feff}1",
        ] {
            assert!(matches!(fault(text), Some(JsonFault::Syntax { .. })), "{text}");
        }
        assert!(parse_json(b"\"\xff\"", &LIMITS).is_err());
    }

    #[test]
    fn no_depth_is_too_deep_for_the_stack() {
        let limits = JsonLimits {
            depth: u32::MAX,
            ..LIMITS
        };
        assert!(parse_json("[".repeat(1_000_000).as_bytes(), &limits).is_err());
    }
}
