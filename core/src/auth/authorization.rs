//! The Authorization field (RFC 9110 section 11.6.2, RFC 6750 section 2.1).

use std::borrow::Cow;

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

/// The token in a cookie, from the values of all Cookie fields (RFC 6265 section 5.4). The first of a name counts, which is that of
/// the most specific path.
pub fn cookie_token<'a>(fields: impl IntoIterator<Item = &'a [u8]>, name: &[u8]) -> Option<&'a [u8]> {
    fields
        .into_iter()
        .flat_map(|field| field.split(|&byte| byte == b';'))
        .filter_map(|pair| value_of(pair.trim_ascii(), name))
        .map(|value| value.trim_ascii())
        .find(|value| !value.is_empty())
}

/// The token in an argument of a query string. No character of a token needs to be encoded.
pub fn argument_token<'a>(args: &'a [u8], name: &[u8]) -> Result<Option<&'a [u8]>, AuthError> {
    let mut values = args
        .split(|&byte| byte == b'&')
        .filter_map(|pair| value_of(pair, name))
        .filter(|value| !value.is_empty());
    let token = values.next();
    if values.next().is_some() {
        return Err(AuthError::AuthorizationRepeated);
    }
    Ok(token)
}

/// A query string without the argument that holds the token: who reads it next wants to know nothing of that.
pub fn without_argument<'a>(args: &'a [u8], name: &[u8]) -> Cow<'a, [u8]> {
    let is_other = |pair: &&[u8]| value_of(pair, name).is_none();
    let pairs = || args.split(|&byte| byte == b'&');
    if pairs().all(|pair| is_other(&pair)) {
        return Cow::Borrowed(args);
    }
    let kept: Vec<_> = pairs().filter(is_other).collect();
    Cow::Owned(kept.join(&b'&'))
}

/// What stands behind `name=`.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    pair.strip_prefix(name)?.strip_prefix(b"=")
}

/// Schemes are compared without regard to case (RFC 9110 section 11.1).
const SCHEME: &[u8] = b"Bearer";

#[cfg(test)]
mod tests {
    use super::{argument_token, bearer_token, cookie_token, without_argument};
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

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let token = |fields: &[&'static str]| {
            let fields = fields.iter().map(|field| field.as_bytes());
            cookie_token(fields, b"token").map(|token| String::from_utf8_lossy(token).into_owned())
        };
        assert_eq!(token(&["a=1; token=x.y.z; b=2"]).as_deref(), Some("x.y.z"));
        assert_eq!(token(&["a=1", "token=x"]).as_deref(), Some("x"));
        assert_eq!(token(&["token=first;token=second"]).as_deref(), Some("first"));
        for field in [
            "",
            "token",
            "token=",
            "tokens=x",
            "atoken=x",
            "Token=x",
            "a=token=x",
        ] {
            assert_eq!(token(&[field]), None, "{field}");
        }
    }

    #[test]
    fn an_argument_is_found_by_its_whole_name_and_comes_once() {
        let token = |args: &'static str| argument_token(args.as_bytes(), b"t");
        assert_eq!(token("a=1&t=x.y.z&b"), Ok(Some(&b"x.y.z"[..])));
        for args in ["", "t", "t=", "tt=x", "a=t=x", "T=x"] {
            assert_eq!(token(args), Ok(None), "{args}");
        }
        assert_eq!(token("t=x&t=x"), Err(AuthError::AuthorizationRepeated));
    }

    #[test]
    fn the_argument_with_the_token_is_taken_out_and_nothing_else() {
        let without = |args: &'static str| {
            String::from_utf8_lossy(&without_argument(args.as_bytes(), b"t")).into_owned()
        };
        for (args, left) in [
            ("", ""),
            ("t=x", ""),
            ("a=1&t=x&b=2", "a=1&b=2"),
            ("t=x&a=1", "a=1"),
            ("tt=x&a&&T=x", "tt=x&a&&T=x"),
        ] {
            assert_eq!(without(args), left, "{args}");
        }
    }
}
