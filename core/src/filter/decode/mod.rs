//! What an application, a browser or a database may make of a value: each round takes one layer of encoding away.
//!
//! A round never makes a value longer, so that rounds end by themselves; the number of rounds is bounded all the same.

mod base64;
mod entity;
mod unicode;

pub(super) use base64::decode_base64;

use super::shape::Shape;

/// What can begin something encoded.
const ENCODED: Shape = Shape::PERCENT
    .or(Shape::BACKSLASH)
    .or(Shape::AMPERSAND)
    .or(Shape::HIGH);

/// What a place does to every value before the application sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// Nothing.
    Plain,
    /// Nothing; and the value is the address of a page or of a peer, which is in a private network as often as not.
    Address,
    /// Percent-encoding, as in a path.
    Percent,
    /// Percent-encoding with `+` for a space, as in arguments and forms.
    Form,
    /// The escapes of a JSON string.
    Json,
}

impl Transport {
    /// Whether a value may have to be decoded.
    pub(super) fn applies_to(self, shape: Shape) -> bool {
        match self {
            Self::Plain | Self::Address => false,
            Self::Percent => shape.has(Shape::PERCENT),
            Self::Form => shape.has(Shape::PERCENT.or(Shape::PLUS)),
            Self::Json => shape.has(Shape::BACKSLASH),
        }
    }

    /// Appends the value as the application gets it.
    pub(super) fn decode(self, raw: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            let rest = raw.get(at..).unwrap_or_default();
            at += match (self, byte) {
                (Self::Form, b'+') => push(out, b' ', 1),
                (Self::Percent | Self::Form, b'%') => match hex_byte(rest.get(1..)) {
                    Some(decoded) => push(out, decoded, 3),
                    None => push(out, b'%', 1),
                },
                (Self::Json, b'\\') => json_escape(rest, out),
                _ => push(out, byte, 1),
            };
        }
    }
}

/// Takes one layer away: percent-encoding (`%2e`, `%u002e`), escapes (`\u002e`, `\x2e`, `\56`), HTML entities, overlong UTF-8, and
/// characters that are folded to ASCII on the way. Gives the decoded value in `out` and whether it differs.
pub(super) fn decode_layer(text: &[u8], shape: Shape, out: &mut Vec<u8>) -> bool {
    out.clear();
    // A text in which every space is a plus has been encoded as a form once more.
    let pluses = shape.has(Shape::PLUS) && !shape.has(Shape::SPACE.or(Shape::NEWLINE));
    if !shape.has(ENCODED) && !pluses {
        return false;
    }
    let mut changed = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let taken = match byte {
            b'%' => percent(rest, out),
            b'\\' => escape(rest, out),
            b'&' => entity::decode(rest, out),
            b'+' if pluses => Some(push(out, b' ', 1)),
            0x80.. => unicode::decode(rest, out),
            _ => None,
        };
        changed |= taken.is_some();
        at += taken.unwrap_or_else(|| push(out, byte, 1));
    }
    changed
}

/// Appends a byte and says how long its encoded form is.
fn push(out: &mut Vec<u8>, byte: u8, length: usize) -> usize {
    out.push(byte);
    length
}

/// Appends a character, folded.
fn push_char(out: &mut Vec<u8>, code: u32) {
    match unicode::fold(code) {
        unicode::Folded::Ascii(byte) => out.push(byte),
        unicode::Folded::Nothing => {}
        unicode::Folded::Same => match u8::try_from(code) {
            // A code unit that stands for one byte: of a text in Latin-1, or of one in UTF-8 that was taken apart.
            Ok(byte) => out.push(byte),
            Err(_) => {
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        },
    }
}

/// `%2e` and `%u002e`.
fn percent(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    if let Some(decoded) = hex_byte(rest.get(1..)) {
        return Some(push(out, decoded, 3));
    }
    let code = rest
        .strip_prefix(b"%u")
        .or_else(|| rest.strip_prefix(b"%U"))
        .and_then(|digits| hex_number(digits.get(..4)?))?;
    push_char(out, code);
    Some(6)
}

/// `\u002e`, `\u{2e}`, `\x2e`, `\56`, `\/`, `\n`.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    match rest.get(1)? {
        b'u' | b'U' if rest.get(2) == Some(&b'{') => {
            let digits = rest.get(3..)?;
            let end = digits.iter().take(8).position(|&byte| byte == b'}')?;
            push_char(out, hex_number(digits.get(..end)?)?);
            Some(end + 4)
        }
        b'u' | b'U' => {
            push_char(out, hex_number(rest.get(2..6)?)?);
            Some(6)
        }
        b'x' | b'X' => {
            out.push(hex_byte(rest.get(2..))?);
            Some(4)
        }
        b'/' => Some(push(out, b'/', 2)),
        b'n' => Some(push(out, b'\n', 2)),
        b'r' => Some(push(out, b'\r', 2)),
        b't' => Some(push(out, b'\t', 2)),
        b'0'..=b'3' => {
            let digits = rest.get(1..4)?;
            let digits = if digits.iter().all(is_octal) {
                digits
            } else {
                digits.get(..2)?
            };
            octal(digits, out)
        }
        b'4'..=b'7' => octal(rest.get(1..3)?, out),
        _ => None,
    }
}

fn is_octal(byte: &u8) -> bool {
    (b'0'..=b'7').contains(byte)
}

fn octal(digits: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    if !digits.iter().all(is_octal) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
    out.push(u8::try_from(value).ok()?);
    Some(digits.len() + 1)
}

/// An escape of a JSON string, which begins with a backslash; one that is none is left as it is.
fn json_escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let byte = match rest.get(1) {
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'u') => return json_unit(rest, out),
        _ => return push(out, b'\\', 1),
    };
    push(out, byte, 2)
}

/// `\uXXXX`, with the second half of a surrogate pair where there is one.
fn json_unit(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| hex_number(rest.get(at..)?.strip_prefix(b"\\u")?.get(..4)?);
    let Some(high) = unit(0) else {
        return push(out, b'\\', 1);
    };
    let (code, length) = match unit(6) {
        Some(low @ 0xdc00..0xe000) if (0xd800..0xdc00).contains(&high) => {
            (0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
        }
        _ => (high, 6),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    length
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The byte that the first two digits make.
fn hex_byte(digits: Option<&[u8]>) -> Option<u8> {
    let &[high, low, ..] = digits? else {
        return None;
    };
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

/// The number that all digits make; there are not more than 7.
fn hex_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 {
        return None;
    }
    digits.iter().try_fold(0, |number, &digit| {
        Some(number << 4 | u32::from(hex_digit(digit)?))
    })
}

#[cfg(test)]
mod tests;
