//! Which kinds of bytes a value is made of: one pass, one table look-up a byte. Most values end here, since no attack can be made of
//! what they have.

/// The kinds of bytes that occur in a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape(u32);

macro_rules! kinds {
    ($($name:ident $bit:literal $bytes:expr;)*) => {
        impl Shape {
            $(pub(super) const $name: Self = Self(1 << $bit);)*
        }

        const TABLE: [u32; 256] = {
            let mut table = [0; 256];
            $(
                let bytes: &[u8] = $bytes;
                let mut at = 0;
                while at < bytes.len() {
                    table[bytes[at] as usize] |= 1 << $bit;
                    at += 1;
                }
            )*
            let mut byte = 0;
            while byte < 256 {
                if byte >= 0x80 {
                    table[byte] = Shape::HIGH.0;
                } else if (byte as u8).is_ascii_alphabetic() {
                    table[byte] = Shape::LETTER.0;
                } else if (byte as u8).is_ascii_digit() {
                    table[byte] = Shape::DIGIT.0;
                } else if byte < 0x20 && table[byte] == 0 || byte == 0x7f {
                    table[byte] = Shape::CONTROL.0;
                }
                byte += 1;
            }
            table
        };
    };
}

kinds! {
    LETTER 0 b"";
    DIGIT 1 b"";
    HIGH 2 b"";
    CONTROL 3 b"";
    SPACE 4 b" \t";
    NEWLINE 5 b"\r\n";
    QUOTE 6 b"'";
    DOUBLE_QUOTE 7 b"\"";
    BACKTICK 8 b"`";
    ANGLE 9 b"<>";
    PAREN 10 b"()";
    BRACE 11 b"{}";
    BRACKET 12 b"[]";
    DOLLAR 13 b"$";
    PERCENT 14 b"%";
    AMPERSAND 15 b"&";
    PIPE 16 b"|";
    SEMICOLON 17 b";";
    EQUALS 18 b"=";
    SLASH 19 b"/";
    BACKSLASH 20 b"\\";
    DOT 21 b".";
    DASH 22 b"-";
    HASH 23 b"#";
    STAR 24 b"*";
    PLUS 25 b"+";
    AT 26 b"@";
    COLON 27 b":";
    BANG 28 b"!";
    COMMA 29 b",";
    OTHER 30 b"^~?";
    UNDERSCORE 31 b"_";
}

impl Shape {
    /// What words, numbers, dates and most names are made of.
    pub(super) const PLAIN: Self = Self(
        Self::LETTER.0
            | Self::DIGIT.0
            | Self::UNDERSCORE.0
            | Self::DASH.0
            | Self::DOT.0
            | Self::COLON.0
            | Self::COMMA.0
            | Self::PLUS.0,
    );

    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut shape = 0;
        for &byte in bytes {
            shape |= TABLE[usize::from(byte)];
        }
        Self(shape)
    }

    /// Whether a byte of any of these kinds occurs.
    pub(super) fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Whether nothing but these kinds occurs.
    pub(super) fn is_within(self, kinds: Self) -> bool {
        self.0 & !kinds.0 == 0
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_kind() {
        for byte in 0..=255_u8 {
            assert_eq!(Shape::of(&[byte]).0.count_ones(), 1, "{byte:#x}");
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        let shape = Shape::of(b"2024-05-01T10:00:00.5+02:00");
        assert!(shape.is_within(Shape::PLAIN) && !shape.has(Shape::SPACE));
        let shape = Shape::of("l'été\0".as_bytes());
        assert!(shape.has(Shape::QUOTE) && shape.has(Shape::HIGH) && shape.has(Shape::CONTROL));
        assert!(!shape.is_within(Shape::PLAIN) && !shape.has(Shape::DIGIT.or(Shape::DOUBLE_QUOTE)));
    }
}
