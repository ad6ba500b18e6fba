//! One value of a row: PostgreSQL's text format -> JSON.

use super::json::{write_escaped, write_json_string};
use crate::query::Rendering;

/// Appends a value as JSON, byte for byte as `to_json` writes it. `None` is NULL.
///
/// The session must have DateStyle ISO. Text that does not look as it does under that setting is still written as a correct
/// JSON string, unchanged.
pub fn write_value(out: &mut Vec<u8>, value: Option<&[u8]>, rendering: Rendering) {
    let Some(text) = value else {
        out.extend_from_slice(b"null");
        return;
    };
    match rendering {
        Rendering::Json => out.extend_from_slice(text),
        Rendering::Number => write_number(out, text),
        Rendering::Bool => out.extend_from_slice(if text == b"t" { b"true" } else { b"false" }),
        Rendering::Text => write_json_string(out, text),
        Rendering::Timestamp => write_timestamp(out, text, false),
        Rendering::TimestampTz => write_timestamp(out, text, true),
    }
}

/// PostgreSQL's numbers are JSON numbers, but for `NaN`, `Infinity` and `-Infinity`, which become strings.
fn write_number(out: &mut Vec<u8>, text: &[u8]) {
    match text {
        [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => out.extend_from_slice(text),
        _ => write_json_string(out, text),
    }
}

/// `2024-01-01 01:17:00.5+02 BC` -> `"2024-01-01T01:17:00.5+02:00 BC"`. `infinity` and `-infinity` have no time of day and
/// stay as they are.
fn write_timestamp(out: &mut Vec<u8>, text: &[u8], with_offset: bool) {
    let Some((date, time)) = split_at_space(text) else {
        write_json_string(out, text);
        return;
    };
    let (clock, era) = split_at_space(time).unwrap_or((time, b""));
    out.reserve(text.len() + 8);
    out.push(b'"');
    write_escaped(out, date);
    out.push(b'T');
    write_escaped(out, clock);
    if with_offset && offset_is_hours_only(clock) {
        out.extend_from_slice(b":00");
    }
    if !era.is_empty() {
        out.push(b' ');
        write_escaped(out, era);
    }
    out.push(b'"');
}

fn split_at_space(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let position = memchr::memchr(b' ', text)?;
    let (before, after) = text.split_at_checked(position)?;
    Some((before, after.get(1..)?))
}

/// Whether the offset is `+hh` without minutes. PostgreSQL leaves `:00` out in DateStyle ISO and writes it in JSON, as XML
/// Schema demands; seconds it writes in both.
fn offset_is_hours_only(clock: &[u8]) -> bool {
    matches!(clock, [.., b'+' | b'-', b'0'..=b'9', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::write_value;
    use crate::query::Rendering;

    fn json(text: &str, rendering: Rendering) -> String {
        let mut out = Vec::new();
        write_value(&mut out, Some(text.as_bytes()), rendering);
        String::from_utf8(out).expect("the tests use UTF-8")
    }

    #[test]
    fn numbers_that_json_lacks_are_strings() {
        for text in ["0", "-0", "1e+20", "-1.5", "123456789012345678901234567890.5"] {
            assert_eq!(json(text, Rendering::Number), text);
        }
        for text in ["NaN", "Infinity", "-Infinity", "", "-"] {
            assert_eq!(json(text, Rendering::Number), format!("\"{text}\""));
        }
    }

    #[test]
    fn timestamps_are_iso_8601() {
        let cases = [
            ("2024-01-01 01:17:00.5", "2024-01-01T01:17:00.5"),
            ("0044-03-15 00:00:00 BC", "0044-03-15T00:00:00 BC"),
            ("294276-12-31 23:59:59.999999", "294276-12-31T23:59:59.999999"),
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
        ];
        for (text, expected) in cases {
            assert_eq!(json(text, Rendering::Timestamp), format!("\"{expected}\""));
        }
    }

    #[test]
    fn offsets_have_hours_and_minutes() {
        let cases = [
            ("2024-01-01 01:17:00+00", "2024-01-01T01:17:00+00:00"),
            ("2024-01-01 01:17:00.25-08", "2024-01-01T01:17:00.25-08:00"),
            ("2024-01-01 01:17:00+05:30", "2024-01-01T01:17:00+05:30"),
            ("1800-01-01 01:17:00+05:30:15", "1800-01-01T01:17:00+05:30:15"),
            ("0044-03-15 00:00:00+01 BC", "0044-03-15T00:00:00+01:00 BC"),
            ("infinity", "infinity"),
        ];
        for (text, expected) in cases {
            assert_eq!(json(text, Rendering::TimestampTz), format!("\"{expected}\""));
        }
    }

    #[test]
    fn a_timestamp_of_another_datestyle_is_still_a_json_string() {
        for text in [
            "Mon Jan 01 01:17:00 2024 CET",
            "01.01.2024 01:17:00 \"x\"",
            " ",
            "a ",
            " b  c",
        ] {
            let written = json(text, Rendering::TimestampTz);
            let read: String = serde_json::from_str(&written).expect("JSON");
            assert_eq!(read.len(), text.len());
        }
    }

    #[test]
    fn null_and_booleans() {
        let mut out = Vec::new();
        write_value(&mut out, None, Rendering::Text);
        assert_eq!(out, b"null");
        assert_eq!(json("t", Rendering::Bool), "true");
        assert_eq!(json("f", Rendering::Bool), "false");
        assert_eq!(json("{ \"a\" :1}\n", Rendering::Json), "{ \"a\" :1}\n");
    }
}
