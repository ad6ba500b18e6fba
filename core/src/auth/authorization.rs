//! The Authorization field (RFC 9110 section 11.6.2, RFC 6750 section 2.1).

use super::{AuthError, TokenFault};

/// The token of a request, from the values of all its Authorization fields. `None` where there is none, or one of another scheme:
/// as in PostgREST, such a request is anonymous (Basic may be meant for nginx's own `auth_basic`).
pub fn bearer_token<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a [u8]>, AuthError> {
    let mut fields = fields.into_iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(AuthError::AuthorizationRepeated);
    }
    let Some((scheme, rest)) = field.split_at_checked(SCHEME.len()) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok(None);
    }
    let token = rest.trim_ascii();
    if token.is_empty() {
        return Err(TokenFault::Empty.into());
    }
    // `Bearerx`: another scheme that begins like ours.
    Ok(rest.starts_with(b" ").then_some(token))
}

/// Schemes are compared without regard to case (RFC 9110 section 11.1).
const SCHEME: &[u8] = b"Bearer";

#[cfg(test)]
mod tests {
    use super::bearer_token;
    use crate::auth::{AuthError, TokenFault};

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_spaces_are_free() {
        for field in ["Bearer abc", "bearer abc", "BEARER   abc", "bEARER abc "] {
            assert_eq!(bearer_token([field.as_bytes()]), Ok(Some(&b"abc"[..])), "{field}");
        }
    }

    #[test]
    fn another_scheme_is_no_token() {
        for field in ["", "Basic abc", "Bear", "Bearerx abc", "Bearer\tabc", "abc"] {
            assert_eq!(bearer_token([field.as_bytes()]), Ok(None), "{field}");
        }
        assert_eq!(bearer_token([]), Ok(None));
    }

    #[test]
    fn a_bearer_without_a_token_is_an_error() {
        for field in ["Bearer", "bearer  "] {
            assert_eq!(
                bearer_token([field.as_bytes()]),
                Err(TokenFault::Empty.into()),
                "{field}"
            );
        }
    }

    #[test]
    fn a_repeated_field_is_refused() {
        let fields = [&b"Bearer abc"[..], b"Bearer abc"];
        assert_eq!(bearer_token(fields), Err(AuthError::AuthorizationRepeated));
    }
}
