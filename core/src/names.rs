//! Names as HTTP and nginx write them.

/// Whether a text is a token (RFC 9110 section 5.6.2): the name of a header field or of a cookie.
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Whether nginx writes `name` as `variable`: its variables have lower-case letters and digits, and `_` for every other character.
pub(crate) fn is_written_as(name: &str, variable: &str) -> bool {
    let written = name
        .chars()
        .map(|character| match character.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => letter,
            _ => '_',
        });
    written.eq(variable.chars())
}

#[cfg(test)]
mod tests {
    use super::{is_token, is_written_as};

    #[test]
    fn a_token_has_no_separator() {
        for text in ["a", "X-Request-Id", "__Host-token", "!#$%&'*+-.^_`|~"] {
            assert!(is_token(text), "{text}");
        }
        for text in ["", "a b", "a:", "a;b", "a=b", "ä", "a\n", "\"a\""] {
            assert!(!is_token(text), "{text}");
        }
    }

    #[test]
    fn every_other_character_is_one_underscore() {
        for name in ["tenant_id", "Tenant-ID", "tenant.id", "tenanté.id"] {
            assert_eq!(is_written_as(name, "tenant_id"), name != "tenanté.id", "{name}");
        }
        assert!(is_written_as("société", "soci_t_"));
        assert!(!is_written_as("société", "soci__t__"));
    }
}
