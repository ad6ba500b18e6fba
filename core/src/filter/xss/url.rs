//! URLs that are script.

use super::super::hits::{Hits, Text};
use super::super::rule::Rule;

/// Schemes whose rest is run.
const SCRIPT_SCHEMES: [&[u8]; 5] = [b"javascript", b"vbscript", b"livescript", b"mocha", b"jscript"];

/// How many bytes a scheme may be stretched to by what browsers skip in it.
const MAX_SCHEME: usize = 64;

/// Whether the value of an attribute is a URL that is script or a document of its own.
pub(super) fn is_script(value: &[u8]) -> bool {
    let mut scheme = [0; 12];
    let mut length = 0;
    for (at, &byte) in value.iter().enumerate().take(MAX_SCHEME) {
        match byte {
            0..=b' ' | b'"' | b'\'' | b'`' | b';' | b'/' | b'\\' | b'+' | b'*' => {}
            b':' => {
                let scheme = scheme.get(..length).unwrap_or_default();
                return SCRIPT_SCHEMES.contains(&scheme)
                    || scheme == b"data" && is_active_data(value.get(at + 1..).unwrap_or_default());
            }
            _ => {
                let Some(slot) = scheme.get_mut(length) else {
                    return false;
                };
                *slot = byte;
                length += 1;
            }
        }
    }
    // A colon that is written in an unusual way comes right after the scheme.
    SCRIPT_SCHEMES
        .iter()
        .any(|known| scheme.get(..length) == Some(known))
}

/// Whether the rest of a `data:` URL is a document: pictures and fonts are not.
fn is_active_data(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let media_type = rest
        .split(|&byte| matches!(byte, b',' | b';'))
        .next()
        .unwrap_or_default();
    let is_picture = media_type.starts_with(b"image/") && !media_type.starts_with(b"image/svg");
    let is_inert = is_picture
        || media_type.starts_with(b"font/")
        || media_type.starts_with(b"audio/")
        || media_type.starts_with(b"video/");
    !is_inert && (memchr::memchr(b',', rest).is_some() || media_type.contains(&b'/'))
}

/// URLs of script anywhere in a text.
pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    for colon in memchr::memchr_iter(b':', text.bytes) {
        let Some((start, scheme)) = scheme_before(text, colon) else {
            continue;
        };
        let rest = text.from(colon + 1);
        let is_url = match scheme {
            Scheme::Script => is_code(rest) || !text.is_prose && colon - start > 10,
            Scheme::Data => {
                [
                    &b"text/html"[..],
                    b"text/xml",
                    b"application/x",
                    b"image/svg",
                    b"text/javascript",
                    b"application/ecmascript",
                    b"application/javascript",
                ]
                .iter()
                .any(|media_type| rest.trim_ascii_start().starts_with(media_type))
                    && memchr::memchr2(b',', b';', rest).is_some()
            }
        };
        if is_url {
            hits.add(Rule::XssUrl, start);
        }
    }
}

enum Scheme {
    Script,
    Data,
}

/// The scheme that ends at a colon, white space and what else browsers skip left out, and where it begins.
fn scheme_before(text: &Text<'_>, colon: usize) -> Option<(usize, Scheme)> {
    let mut letters = [0; 10];
    let mut count = 0;
    let mut at = colon;
    let mut skipped = 0;
    while at > 0 && colon - at < MAX_SCHEME && count < letters.len() {
        at -= 1;
        match text.byte(at) {
            byte @ b'a'..=b'z' => {
                count += 1;
                *letters.get_mut(10 - count)? = byte;
            }
            0 | b'\t' | b'\n' | b'\r' | 1..=8 => skipped += 1,
            b' ' | b'+' | b'"' | b'\'' if skipped < 12 && count > 0 && count < 10 => skipped += 1,
            _ => break,
        }
        let known = letters.get(10 - count..)?;
        match known {
            b"javascript" | b"vbscript" | b"livescript" => return Some((at, Scheme::Script)),
            b"data" if !text.before(at).is_ascii_alphanumeric() => return Some((at, Scheme::Data)),
            _ => {}
        }
    }
    None
}

/// Whether code follows, and not a sentence: `javascript:alert(1)`, but "JavaScript: the good parts".
fn is_code(rest: &[u8]) -> bool {
    let code = rest.trim_ascii_start();
    let word = code
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
        .count();
    let is_at_colon = code.len() == rest.len();
    match code.get(word) {
        None => is_at_colon && word > 0,
        Some(
            b'(' | b'[' | b'=' | b'`' | b'{' | b';' | b'/' | b'\\' | b'%' | b'!' | b'+' | b'~' | b'"' | b'\''
            | b'<' | b'&' | b'*' | b'-' | b'#' | b'@' | b'?',
        ) => is_at_colon || code.get(word) != Some(&b'-'),
        Some(b'.') => code.get(word + 1).is_some_and(u8::is_ascii_alphabetic),
        Some(b':' | b',' | b')' | b'>') => is_at_colon && word > 0,
        _ => false,
    }
}
