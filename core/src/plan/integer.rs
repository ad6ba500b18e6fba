//! Whole numbers of JSON as PostgreSQL reads them. JSON has one kind of numbers (RFC 8259 section 6): `5.0` and `1e3` are integers there
//! (JSON Schema 2020-12 validation, 6.1.1), and would be none to PostgreSQL's `integer`.

use std::borrow::Cow;

/// No integer of PostgreSQL has more digits.
const MAX_DIGITS: usize = 19;

/// A number without fraction and exponent, if it is a whole one that an integer may hold; else, and for nearly all numbers, as it came.
pub(super) fn integer(number: &str) -> Cow<'_, str> {
    match memchr::memchr3(b'.', b'e', b'E', number.as_bytes()) {
        None => Cow::Borrowed(number),
        Some(at) => match number.split_at(at) {
            (digits, fraction) if is_nothing(fraction) && digits.len() <= MAX_DIGITS && digits != "-0" => {
                Cow::Borrowed(digits)
            }
            _ => whole(number).map_or(Cow::Borrowed(number), Cow::Owned),
        },
    }
}

/// `.0`, as most programs write it that have one kind of numbers.
fn is_nothing(fraction: &str) -> bool {
    let digits = fraction.strip_prefix('.');
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit == b'0'))
}

/// The same for all numbers in JSON text: an array of them, say.
pub(super) fn integers(json: &str) -> Cow<'_, str> {
    rewrite(json, None).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// The same for the members that `is_integer` names, of all objects of an array. `None` where there is nothing to be changed.
pub(super) fn integers_of_rows(json: &[u8], is_integer: impl Fn(&str) -> bool) -> Option<String> {
    rewrite(std::str::from_utf8(json).ok()?, Some(&is_integer))
}

/// How deep the members of the objects of an array are.
const ROW: usize = 2;

/// Goes once through JSON text, which is valid, and writes its numbers anew: of the members that are named, or all. It takes nothing apart, as a
/// large body is looked at in one go.
fn rewrite(json: &str, is_named: Option<&dyn Fn(&str) -> bool>) -> Option<String> {
    if !may_have_fractions(json.as_bytes()) {
        return None;
    }
    let mut written = String::with_capacity(json.len());
    let (mut depth, mut is_key, mut is_wanted) = (0_usize, false, is_named.is_none());
    let mut rest = json;
    while let Some(&first) = rest.as_bytes().first() {
        let (token, after) = rest.split_at(token_length(rest));
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' if is_key => is_wanted = is_named.is_none_or(|is_named| is_named(&text(token))),
            _ => {}
        }
        is_key = depth == ROW && is_named.is_some() && matches!(first, b'{' | b',');
        match first {
            b'-' | b'0'..=b'9' if is_wanted => written.push_str(&integer(token)),
            _ => written.push_str(token),
        }
        // Columns of the type json keep their text as it came.
        let (space, after) = after.split_at(after.len() - after.trim_ascii_start().len());
        written.push_str(space);
        rest = after;
    }
    Some(written)
}

/// What a text in JSON says; it may have escapes.
fn text(token: &str) -> Cow<'_, str> {
    if !token.contains('\\') {
        return Cow::Borrowed(token.trim_matches('"'));
    }
    serde_json::from_str(token).map_or(Cow::Borrowed(token), Cow::Owned)
}

/// Whether there is anything like a number with a fraction or an exponent; a text may look like one, too.
fn may_have_fractions(json: &[u8]) -> bool {
    json.windows(2)
        .any(|pair| matches!(pair, [b'0'..=b'9', b'.' | b'e' | b'E']))
}

/// How long the text, the number, the word or the sign is that begins here; never 0.
fn token_length(json: &str) -> usize {
    let ends_word = |byte: u8| {
        matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"') || byte.is_ascii_whitespace()
    };
    if !json.starts_with('"') {
        let length = json.bytes().position(ends_word).unwrap_or(json.len());
        return length.max(1);
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
            written,
            r#"[{"a":5,"b":5.0},{"b":"1e3","\u0061":[1000]}, {"\u00fc":2}]"#
        );
        let nested = br#" [{ "b" : {"a": 5.0,"c":[{"a":6.0}]},"a":{"b":7.0}},{}, {"b":8.0}]"#;
        assert_eq!(
            integers_of_rows(nested, is_integer).expect("written"),
            r#" [{ "b" : {"a": 5.0,"c":[{"a":6.0}]},"a":{"b":7}},{}, {"b":8.0}]"#
        );
        assert_eq!(integers_of_rows(br#"[{"a":5}]"#, is_integer), None);
    }
}
