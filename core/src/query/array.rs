//! Array literals (PostgreSQL manual, "Array Input and Output Syntax").

/// Appends the elements as an array literal. Each one is quoted, so that an empty string, the word NULL, braces and commas
/// stay what they are.
pub(crate) fn write_literal<'a>(out: &mut Vec<u8>, elements: impl IntoIterator<Item = &'a str>) {
    out.push(b'{');
    for (position, element) in elements.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.push(b'"');
        for &byte in element.as_bytes() {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::write_literal;

    #[test]
    fn quotes_backslashes_nulls_and_empty_strings_are_elements_like_others() {
        let mut out = Vec::new();
        write_literal(&mut out, ["a", "", "NULL", "b\"c\\d", "{x,y}"]);
        assert_eq!(out, br#"{"a","","NULL","b\"c\\d","{x,y}"}"#);
        out.clear();
        write_literal(&mut out, []);
        assert_eq!(out, b"{}");
    }
}
