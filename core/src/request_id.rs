//! The number of a request, as a client that is trusted may bring it.

use crate::names::is_token;

/// No number that makes sense is longer.
const MAX_BYTES: usize = 128;

/// Whether a header field can have this name (RFC 9110 section 5.1).
pub fn is_field_name(name: &str) -> bool {
    is_token(name)
}

/// Whether this can be taken as the number of a request: up to 128 characters of those that UUIDs, base64 and the traces of others are made
/// of. Nothing that means something in a log, a header field or SQL.
pub fn is_request_id(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte);
    !value.is_empty() && value.len() <= MAX_BYTES && value.iter().all(is_plain)
}

/// 16 random bytes as a number: 32 hexadecimal digits, as nginx's `$request_id` has them.
pub fn text(bytes: [u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{is_request_id, text};

    #[test]
    fn a_number_is_32_digits() {
        let bytes: [u8; 16] = std::array::from_fn(|index| (index * 17) as u8);
        assert_eq!(&text(bytes), b"00112233445566778899aabbccddeeff");
    }

    #[test]
    fn numbers_are_plain_and_short() {
        for good in [
            "5f9c",
            "Root=1-67891233-abcdef012345678912345678",
            "a/b+c=",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(is_request_id(good.as_bytes()), "{good}");
        }
        let long = "x".repeat(129);
        for bad in ["", "a b", "a\"b", "a\nb", "é", "a,b", long.as_str()] {
            assert!(!is_request_id(bad.as_bytes()), "{bad}");
        }
    }
}
