//! JSON text as PostgreSQL writes it.

use std::ops::Range;

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

/// Where the first byte is that cannot stand in a JSON string. Text seldom has one, so whole blocks are looked at without a
/// branch per byte: the compiler makes vector instructions of the inner loop.
fn first_special(text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &byte| found | is_special(byte)) {
            let start = index * BLOCK;
            return block
                .iter()
                .position(|&byte| is_special(byte))
                .map(|position| start + position);
        }
    }
    let start = blocks.len() * BLOCK;
    tail.iter()
        .position(|&byte| is_special(byte))
        .map(|position| start + position)
}

fn is_special(byte: u8) -> bool {
    CONTROL.contains(&byte) | (byte == b'"') | (byte == b'\\')
}

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

/// The control characters, which JSON has only escaped.
const CONTROL: Range<u8> = 0..0x20;

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
    fn what_is_written_reads_back_as_the_same_text() {
        let text: String = (0u32..0x300).filter_map(char::from_u32).collect();
        let read: String = serde_json::from_str(&string(text.as_bytes())).expect("JSON");
        assert_eq!(read, text);
    }
}
