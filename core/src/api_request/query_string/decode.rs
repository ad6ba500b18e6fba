//! Percent-decoding of one name or value of a query string (the WHATWG's `application/x-www-form-urlencoded`, but strict).

use std::borrow::Cow;

use super::super::{EncodingFault, RequestError};

/// Decodes `raw`, which starts after `offset` bytes of the query string. Borrows where nothing had to be decoded.
pub(crate) fn decode(raw: &[u8], offset: usize) -> Result<Cow<'_, str>, RequestError> {
    let fault = |fault, at: usize| RequestError::Encoding {
        fault,
        position: offset + at + 1,
    };
    let text = if memchr::memchr2(b'%', b'+', raw).is_none() {
        std::str::from_utf8(raw)
            .map(Cow::Borrowed)
            .map_err(|error| error.valid_up_to())
    } else {
        let bytes = decode_bytes(raw).map_err(|at| fault(EncodingFault::Percent, at))?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| error.utf8_error().valid_up_to())
    };
    let text = text.map_err(|at| fault(EncodingFault::NotUtf8, position_in_raw(raw, at)))?;
    match memchr::memchr(0, text.as_bytes()) {
        Some(at) => Err(fault(EncodingFault::Nul, position_in_raw(raw, at))),
        None => Ok(text),
    }
}

/// The decoded bytes, or where a `%` stands that begins no escape.
fn decode_bytes(raw: &[u8]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'%', b'+', rest) {
        let (plain, tail) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        rest = match tail {
            [b'+', tail @ ..] => {
                decoded.push(b' ');
                tail
            }
            [_, high, low, tail @ ..] => {
                let byte = hex_digit(*high)
                    .zip(hex_digit(*low))
                    .map(|(high, low)| high << 4 | low);
                decoded.push(byte.ok_or(raw.len() - rest.len() + at)?);
                tail
            }
            _ => return Err(raw.len() - tail.len()),
        };
    }
    decoded.extend_from_slice(rest);
    Ok(decoded)
}

/// Where in `raw` the decoded byte `decoded` comes from. Only errors ask.
fn position_in_raw(raw: &[u8], decoded: usize) -> usize {
    let mut at = 0;
    for _ in 0..decoded {
        at += if raw.get(at) == Some(&b'%') { 3 } else { 1 };
    }
    at
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(decode(b"eq.42", 0), Ok(Cow::Borrowed("eq.42"))));
        assert!(matches!(decode("eq.é".as_bytes(), 0), Ok(Cow::Borrowed("eq.é"))));
    }

    #[test]
    fn escapes_and_plus_are_decoded() {
        for (raw, text) in [
            ("a+b", "a b"),
            ("%2b", "+"),
            ("%C3%A9x", "éx"),
            ("%25", "%"),
            ("+", " "),
            ("%2C%2c", ",,"),
        ] {
            assert_eq!(decode(raw.as_bytes(), 0).as_deref(), Ok(text), "{raw}");
        }
    }

    #[test]
    fn faults_are_placed_in_the_query_string() {
        let cases: [(&[u8], EncodingFault, usize); 9] = [
            (b"%", EncodingFault::Percent, 11),
            (b"ab%4", EncodingFault::Percent, 13),
            (b"a%zz", EncodingFault::Percent, 12),
            (b"%41%4g", EncodingFault::Percent, 14),
            (b"%41%c3", EncodingFault::NotUtf8, 14),
            (b"ab\xff", EncodingFault::NotUtf8, 13),
            (b"%c3%28", EncodingFault::NotUtf8, 11),
            (b"a%00", EncodingFault::Nul, 12),
            (b"a\0", EncodingFault::Nul, 12),
        ];
        for (raw, fault, position) in cases {
            assert_eq!(
                decode(raw, 10),
                Err(RequestError::Encoding { fault, position }),
                "{raw:?}"
            );
        }
    }
}
