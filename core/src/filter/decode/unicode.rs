//! UTF-8 that is longer than it should be, and characters that databases, file systems and libraries fold to ASCII.

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folded {
    Ascii(u8),
    /// It is invisible and left out.
    Nothing,
    Same,
}

/// Decodes the character that `rest` begins with, if it is not what it should be or is folded; gives its length.
pub(super) fn decode(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let Some((code, length)) = sequence(rest) else {
        return stray(rest, out);
    };
    match fold(code) {
        Folded::Ascii(byte) => out.push(byte),
        Folded::Nothing => {}
        Folded::Same => return None,
    }
    Some(length)
}

/// The code and the length of a UTF-8 sequence; sequences that are too long are read all the same, and so is their last byte
/// if it is in ASCII, as some decoders do.
fn sequence(rest: &[u8]) -> Option<(u32, usize)> {
    let &first = rest.first()?;
    let (length, bits) = match first {
        0xc0..=0xdf => (2, 0x1f),
        0xe0..=0xef => (3, 0x0f),
        0xf0..=0xf7 => (4, 0x07),
        0xf8..=0xfb => (5, 0x03),
        0xfc..=0xfd => (6, 0x01),
        _ => return None,
    };
    let tail = rest.get(1..length)?;
    if matches!((first, tail), (0xc0 | 0xc1, [0..0x80])) {
        // `c0 2f` is a slash to a decoder that looks at one of the bytes only, `c1 1c` a backslash to one that adds their bits.
        let byte = u32::from(*tail.first()?);
        let code = if first == 0xc1 && byte < 0x40 {
            byte | 0x40
        } else {
            byte
        };
        return matches!(code, 0x2e | 0x2f | 0x5c).then_some((code, length));
    }
    let mut code = u32::from(first & bits);
    for byte in tail {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    Some((code, length))
}

/// A byte that begins no character: Latin-1, or ASCII with the highest bit set.
fn stray(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let folded = match rest.first()? {
        0xa0 => b' ',
        0xbc => b'<',
        0xbe => b'>',
        0xa2 => b'"',
        _ => return None,
    };
    out.push(folded);
    Some(1)
}

/// What a character is folded to.
pub(super) fn fold(code: u32) -> Folded {
    let ascii = |code: u32| u8::try_from(code).map_or(Folded::Same, Folded::Ascii);
    match code {
        0..0x80 => ascii(code),
        // Full-width forms.
        0xff01..=0xff5e => ascii(code - 0xfee0),
        // Circled and mathematical letters.
        0x24b6..=0x24cf => ascii(code - 0x24b6 + u32::from(b'A')),
        0x24d0..=0x24e9 => ascii(code - 0x24d0 + u32::from(b'a')),
        0x1d400..0x1d6a4 => ascii(math_letter(code - 0x1d400)),
        0x1d7ce..=0x1d7ff => ascii(u32::from(b'0') + (code - 0x1d7ce) % 10),
        // Spaces.
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 => Folded::Ascii(b' '),
        // Private characters that file systems of Windows have for separators.
        0xefc8 => Folded::Ascii(b'/'),
        0xf025 => Folded::Ascii(b'\\'),
        // Characters that nobody sees.
        0xad | 0x180e | 0x200b..=0x200f | 0x2060..=0x2064 | 0xfeff => Folded::Nothing,
        // Quotes of one stroke.
        0x2b9 | 0x2bc | 0x2c8 | 0x2032 => Folded::Ascii(b'\''),
        0x2ba | 0x2033 => Folded::Ascii(b'"'),
        0x2039 | 0x2329 | 0x27e8 | 0x3008 | 0xfe64 => Folded::Ascii(b'<'),
        0x203a | 0x232a | 0x27e9 | 0x3009 | 0xfe65 => Folded::Ascii(b'>'),
        0x2024 | 0xfe52 => Folded::Ascii(b'.'),
        0x2044 | 0x2215 | 0x29f8 => Folded::Ascii(b'/'),
        0x2216 | 0x29f5 | 0xfe68 => Folded::Ascii(b'\\'),
        // Long s and dotless i become letters of a tag when they are upper-cased or lower-cased.
        0x17f => Folded::Ascii(b's'),
        0x131 => Folded::Ascii(b'i'),
        0x212a => Folded::Ascii(b'k'),
        // Ideographs whose low byte is a line break or a bracket, for software that cuts characters to bytes.
        0x560a | 0x560d | 0x563c | 0x563e => ascii(code & 0x7f),
        _ => Folded::Same,
    }
}

/// The letter of an alphabet of the mathematical block, which are all 52 letters long.
fn math_letter(offset: u32) -> u32 {
    match offset % 52 {
        letter @ 0..26 => u32::from(b'A') + letter,
        letter => u32::from(b'a') + letter - 26,
    }
}
