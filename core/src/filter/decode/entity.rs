//! HTML entities, as browsers read them.

use super::super::word_map::WordMap;
use super::push_char;

/// The longest name below.
const MAX_NAME: usize = 16;

static NAMES: WordMap<u8, 128> = WordMap::new(&[
    ("lt", b'<'),
    ("gt", b'>'),
    ("quot", b'"'),
    ("apos", b'\''),
    ("amp", b'&'),
    ("nbsp", b' '),
    ("tab", b'\t'),
    ("newline", b'\n'),
    ("colon", b':'),
    ("lpar", b'('),
    ("rpar", b')'),
    ("sol", b'/'),
    ("bsol", b'\\'),
    ("equals", b'='),
    ("lcub lbrace", b'{'),
    ("rcub rbrace", b'}'),
    ("lsqb lbrack", b'['),
    ("rsqb rbrack", b']'),
    ("comma", b','),
    ("period", b'.'),
    ("excl", b'!'),
    ("num", b'#'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("semi", b';'),
    ("grave diacriticalgrave", b'`'),
    ("lowbar underbar", b'_'),
    ("plus", b'+'),
    ("ast midast", b'*'),
    ("commat", b'@'),
    ("quest", b'?'),
    ("hat", b'^'),
    ("verbar vert verticalline", b'|'),
]);

/// Decodes the entity that `rest` begins with; gives its length.
pub(super) fn decode(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    match rest.get(1)? {
        b'#' => numeric(rest, out),
        _ => named(rest, out),
    }
}

/// `&#60;`, `&#x3c;`, with any number of zeros and without the semicolon too.
fn numeric(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let (radix, start) = match rest.get(2)? {
        b'x' | b'X' => (16, 3),
        _ => (10, 2),
    };
    let digits = rest.get(start..)?;
    let mut code = 0_u32;
    let mut length = 0;
    while let Some(digit) = digits
        .get(length)
        .and_then(|&byte| char::from(byte).to_digit(radix))
    {
        code = code.saturating_mul(radix).saturating_add(digit);
        length += 1;
    }
    if length == 0 {
        return None;
    }
    // Browsers drop what is no character; so does whoever hides something behind it.
    if code != 0 {
        push_char(out, code);
    }
    let semicolon = usize::from(digits.get(length) == Some(&b';'));
    Some(start + length + semicolon)
}

fn named(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let name = rest.get(1..)?;
    let length = name
        .iter()
        .take(MAX_NAME + 1)
        .position(|byte| !byte.is_ascii_alphabetic())
        .unwrap_or(name.len().min(MAX_NAME + 1));
    let mut lower = [0; MAX_NAME];
    let lower = lower.get_mut(..length)?;
    lower.copy_from_slice(name.get(..length)?);
    lower.make_ascii_lowercase();
    if name.get(length) == Some(&b';') {
        out.push(NAMES.find(lower)?);
        return Some(length + 2);
    }
    // The oldest names need no semicolon.
    let old = [&b"quot"[..], b"nbsp", b"amp", b"lt", b"gt"];
    let found = old.into_iter().find(|old| *lower == **old)?;
    out.push(NAMES.find(found)?);
    Some(found.len() + 1)
}
