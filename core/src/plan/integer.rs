//! Whole numbers of JSON as PostgreSQL reads them. JSON has one kind of numbers (RFC 8259 section 6): `5.0` and `1e3` are integers there
//! (JSON Schema 2020-12 validation, 6.1.1), and would be none to PostgreSQL's `integer`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// No integer of PostgreSQL has more digits.
const MAX_DIGITS: usize = 19;

/// A number without fraction and exponent, if it is a whole one that an integer may hold; else, and for nearly all numbers, as it came.
pub(super) fn integer(number: &str) -> Cow<'_, str> {
    match memchr::memchr3(b'.', b'e', b'E', number.as_bytes()) {
        None => Cow::Borrowed(number),
        Some(_) => whole(number).map_or(Cow::Borrowed(number), Cow::Owned),
    }
}

/// The same for all numbers in JSON text: an array of them, say.
pub(super) fn integers(json: &str) -> Cow<'_, str> {
    if !may_have_fractions(json.as_bytes()) {
        return Cow::Borrowed(json);
    }
    let mut written = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(|first: char| first == '"' || first == '-' || first.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        let (token, after) = from.split_at(token_length(from));
        match token.starts_with('"') {
            true => written.push_str(token),
            false => written.push_str(&integer(token)),
        }
        rest = after;
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// The same for the members that `is_integer` names, of all objects of an array. `None` where there is nothing to be changed.
pub(super) fn integers_of_rows(json: &[u8], is_integer: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    if !may_have_fractions(json) {
        return None;
    }
    /// A key may have escapes.
    #[derive(serde::Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
    let rows: Vec<BTreeMap<Name<'_>, &RawValue>> = serde_json::from_slice(json).ok()?;
    let mut written = Vec::with_capacity(json.len());
    for (number, row) in rows.iter().enumerate() {
        written.extend_from_slice(if number == 0 { b"[{" } else { b"},{" });
        for (place, (Name(name), value)) in row.iter().enumerate() {
            if place > 0 {
                written.push(b',');
            }
            crate::response::write_json_string(&mut written, name.as_bytes());
            written.push(b':');
            let text = match is_integer(name) {
                true => integers(value.get()),
                false => Cow::Borrowed(value.get()),
            };
            written.extend_from_slice(text.as_bytes());
        }
    }
    written.extend_from_slice(b"}]");
    Some(written)
}

/// Whether there is anything like a number with a fraction or an exponent; a text may look like one, too.
fn may_have_fractions(json: &[u8]) -> bool {
    json.windows(2)
        .any(|pair| matches!(pair, [b'0'..=b'9', b'.' | b'e' | b'E']))
}

/// How long the text or the number is that begins here.
fn token_length(json: &str) -> usize {
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    if !json.starts_with('"') {
        return json.bytes().take_while(|&byte| is_number(byte)).count();
    }
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(json.len(), |end| end + 2)
}

/// The digits of a whole number, with its sign.
fn whole(number: &str) -> Option<String> {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some("0".into());
    }
    // How many places the last significant digit is in front of the point.
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let exponent: i64 = exponent.parse().ok()?;
    let places = exponent
        .checked_add(i64::try_from(zeros).ok()?)?
        .checked_sub(i64::try_from(after.len()).ok()?)?;
    let places = usize::try_from(places)
        .ok()
        .filter(|&places| places <= MAX_DIGITS)?;
    let is_short = significant.len() + places <= MAX_DIGITS;
    is_short.then(|| format!("{sign}{significant}{}", "0".repeat(places)))
}

#[cfg(test)]
mod tests {
    use super::{integer, integers, integers_of_rows};

    #[test]
    fn whole_numbers_have_no_fraction_and_no_exponent() {
        for (number, digits) in [
            ("5", "5"),
            ("-0", "-0"),
            ("5.0", "5"),
            ("-5.00", "-5"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("-1.50e2", "-150"),
            ("100e-2", "1"),
            ("1200.0e-2", "12"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("0e99999999999999999999", "0"),
            ("9.223372036854775807e18", "9223372036854775807"),
        ] {
            assert_eq!(integer(number), digits, "{number}");
        }
    }

    #[test]
    fn what_no_integer_is_stays_as_it_came() {
        for number in [
            "5.5",
            "1e-3",
            "12e-2",
            "1e19",
            "1e400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "1e9223372036854775807",
            "10.0e9223372036854775807",
        ] {
            assert_eq!(integer(number), number);
        }
    }

    #[test]
    fn numbers_of_arrays_are_written_and_texts_are_not() {
        assert_eq!(integers("[1, 5.0,[-1e1], null]"), "[1, 5,[-10], null]");
        assert_eq!(integers(r#"["5.0","\"5.0\\",5.0]"#), r#"["5.0","\"5.0\\",5]"#);
        assert_eq!(integers("5.0"), "5");
    }

    #[test]
    fn of_rows_the_columns_of_integers_are_written() {
        let is_integer = |name: &str| matches!(name, "a" | "ü");
        let rows = br#"[{"a":5.0,"b":5.0},{"b":"1e3","\u0061":[1e3]}, {"\u00fc":2.0}]"#;
        let written = integers_of_rows(rows, is_integer).expect("written");
        assert_eq!(
            String::from_utf8(written).expect("UTF-8"),
            r#"[{"a":5,"b":5.0},{"a":[1000],"b":"1e3"},{"ü":2}]"#
        );
        assert_eq!(integers_of_rows(br#"[{"a":5}]"#, is_integer), None);
    }
}
