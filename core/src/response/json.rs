//! JSON text as PostgreSQL writes it.

/// Appends `text` as a JSON string, escaped exactly as PostgreSQL's `escape_json` does (`src/backend/utils/adt/json.c`;
/// the rules are the same from PostgreSQL 9.4 to 18): what RFC 8259 section 7 demands, in the short form where there is one,
/// and nothing more. DEL, `/` and everything beyond ASCII stay as they are.
pub fn write_json_string(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Appends the inside of a JSON string.
pub(crate) fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(position) = first_special(rest) {
        let (plain, special) = rest.split_at(position);
        out.extend_from_slice(plain);
        let Some((&byte, tail)) = special.split_first() else {
            return;
        };
        write_escape(out, byte);
        rest = tail;
    }
    out.extend_from_slice(rest);
}

/// Where the first byte is that cannot stand in a JSON string. Text seldom has one, so eight bytes are looked at together.
fn first_special(text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        if let Some(position) = first_special_of_word(*word) {
            return Some(index * WORD + position);
        }
    }
    if let (false, Some(last)) = (tail.is_empty(), text.last_chunk::<WORD>()) {
        // The word overlaps bytes that were found to be plain.
        return first_special_of_word(*last).map(|position| text.len() - WORD + position);
    }
    tail.iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

/// The lowest byte of the word that is below 0x20, `"` or `\`. Subtracting borrows the high bit of a byte that is less than what is
/// subtracted; bytes above such a one may be marked wrongly, which does no harm, as only the lowest mark counts.
fn first_special_of_word(word: [u8; WORD]) -> Option<usize> {
    const fn repeat(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; WORD])
    }
    let word = u64::from_le_bytes(word);
    let below = |word: u64, limit: u8| word.wrapping_sub(repeat(limit)) & !word;
    let marks = below(word, 0x20) | below(word ^ repeat(b'"'), 1) | below(word ^ repeat(b'\\'), 1);
    let marks = marks & repeat(0x80);
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

const WORD: usize = size_of::<u64>();

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        b'"' | b'\\' => byte,
        _ => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::write_json_string;

    fn string(text: &[u8]) -> String {
        let mut out = Vec::new();
        write_json_string(&mut out, text);
        String::from_utf8(out).expect("the tests use UTF-8")
    }

    #[test]
    fn every_control_character_is_escaped_in_postgresql_s_form() {
        let controls: Vec<u8> = (1..0x20).collect();
        assert_eq!(
            string(&controls),
            concat!(
                r#""\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
                r#"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
            )
        );
        assert_eq!(
            string("\"\\/\u{7f}é\u{2028}😀".as_bytes()),
            "\"\\\"\\\\/\u{7f}é\u{2028}😀\""
        );
    }

    #[test]
    fn a_special_byte_is_found_at_every_offset_of_a_block() {
        for length in 0..70 {
            for position in 0..length {
                let mut text = vec![b'x'; length];
                text[position] = b'"';
                let expected = format!(
                    "\"{}\\\"{}\"",
                    "x".repeat(position),
                    "x".repeat(length - position - 1)
                );
                assert_eq!(string(&text), expected);
            }
        }
    }

    #[test]
    fn any_two_neighbours_are_told_apart() {
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                let text = [b'x', first, second, b'y', 0xff, 0x80, b'!', b' '];
                let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
                assert_eq!(
                    super::first_special(&text),
                    text.iter().position(special),
                    "{first} {second}"
                );
            }
        }
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_text() {
        let text: String = (0u32..0x300).filter_map(char::from_u32).collect();
        let read: String = serde_json::from_str(&string(text.as_bytes())).expect("JSON");
        assert_eq!(read, text);
    }
}
