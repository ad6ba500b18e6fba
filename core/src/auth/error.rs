//! Why a request has no identity.

use std::borrow::Cow;

use crate::error::Problem;

/// Why a request has no identity. Codes and statuses are PostgREST's where it has the same error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token, and no anonymous role.
    #[error("a token is required")]
    TokenMissing,
    /// A token came, and there is no key to verify it with.
    #[error("the server has no key for tokens")]
    NoKey,
    /// The keys are fetched from a URL, and have not been fetched yet.
    #[error("the keys for tokens could not be fetched")]
    KeysUnavailable,
    /// The request has more than one Authorization field, or token argument: which one counts would be a guess.
    #[error("the token is repeated")]
    AuthorizationRepeated,
    /// The token cannot be taken apart, or none of the keys has signed it.
    #[error("{0}")]
    Token(#[from] TokenFault),
    /// The token is genuine, but not good for this request.
    #[error("{0}")]
    Claims(#[from] ClaimFault),
}

/// What is wrong with a token before its claims are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// `Bearer` and nothing after it.
    #[error("the token is empty")]
    Empty,
    /// More than 8 KiB.
    #[error("the token is too long")]
    TooLong,
    /// Not `header.payload.signature`: perhaps an encrypted token, or no JWT at all.
    #[error("the token has not three parts")]
    Parts,
    /// A part is not base64url without padding, in its one canonical form (RFC 7515 section 2).
    #[error("the token is not base64url")]
    Encoding,
    /// The header is not a JSON object with unique names, or `alg` or `kid` is not a string.
    #[error("the token's header is malformed")]
    Header,
    /// The header has a parameter that would let a token bring its own key or change how it is read: `crit`, `jwk`, `jku`, `x5c`,
    /// `x5u`, `b64` (RFC 8725 sections 3.1 and 3.10).
    #[error("the token's header has a parameter that is not allowed")]
    Parameter,
    /// No key is for this algorithm; `none` never is.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// No key has the `kid` of the header.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// None of the keys has made this signature.
    #[error("the token's signature is not valid")]
    Signature,
}

/// What is wrong with the claims of a genuine token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    /// The payload is not a JSON object with unique names.
    #[error("the token's claims are malformed")]
    Malformed,
    /// A time (`exp`, `nbf`, `iat`) is not a number (RFC 7519 section 2, NumericDate).
    #[error("a time of the token is not a number")]
    NotANumber,
    /// `iss` or `sub` is not a string, or `aud` is neither a string nor an array of strings.
    #[error("a claim of the token is not a string")]
    NotAString,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is yet to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is yet to come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// `iss` is missing or another.
    #[error("the token's issuer is not accepted")]
    Issuer,
    /// `aud` is missing or does not name this service.
    #[error("the token is for another audience")]
    Audience,
    /// The role is not a string that can name a role.
    #[error("the token's role is not valid")]
    Role,
    /// A required claim is missing or has another value.
    #[error("the token lacks a required claim")]
    Required,
    /// The same, where the configuration asks for 403.
    #[error("the token does not allow this")]
    Forbidden,
}

impl AuthError {
    /// The value of `WWW-Authenticate` (RFC 6750 section 3): without an error where no token was sent, so that a client which did
    /// not know that it needs one is not told that it did something wrong.
    pub fn challenge(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::TokenMissing => Some("Bearer".into()),
            Self::NoKey => None,
            Self::KeysUnavailable => None,
            Self::AuthorizationRepeated => Some(challenge("invalid_request", self).into()),
            Self::Claims(ClaimFault::Forbidden) => Some(challenge("insufficient_scope", self).into()),
            // The messages above have no character that would need escaping in a quoted-string.
            Self::Token(_) | Self::Claims(_) => Some(challenge("invalid_token", self).into()),
        }
    }
}

fn challenge(error: &str, description: &AuthError) -> String {
    format!("Bearer error=\"{error}\", error_description=\"{description}\"")
}

impl Problem for AuthError {
    fn status(&self) -> u16 {
        match self {
            Self::NoKey => 500,
            Self::KeysUnavailable => 503,
            Self::AuthorizationRepeated => 400,
            Self::Claims(ClaimFault::Forbidden) => 403,
            Self::TokenMissing | Self::Token(_) | Self::Claims(_) => 401,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::NoKey => "PGRST300",
            Self::Token(_) => "PGRST301",
            Self::TokenMissing => "PGRST302",
            Self::Claims(ClaimFault::Forbidden) => "POSTERN301",
            Self::Claims(_) => "PGRST303",
            Self::AuthorizationRepeated => "POSTERN300",
            Self::KeysUnavailable => "POSTERN302",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AuthError, ClaimFault, TokenFault};

    #[test]
    fn the_challenge_says_what_was_wrong_with_a_token_that_was_sent() {
        assert_eq!(AuthError::TokenMissing.challenge().as_deref(), Some("Bearer"));
        assert_eq!(
            AuthError::from(ClaimFault::Expired).challenge().as_deref(),
            Some(r#"Bearer error="invalid_token", error_description="the token has expired""#)
        );
        assert_eq!(
            AuthError::AuthorizationRepeated.challenge().as_deref(),
            Some(r#"Bearer error="invalid_request", error_description="the token is repeated""#)
        );
        assert_eq!(AuthError::NoKey.challenge(), None);
    }

    #[test]
    fn no_message_needs_escaping_in_a_quoted_string() {
        let faults = [
            AuthError::from(TokenFault::Empty),
            TokenFault::TooLong.into(),
            TokenFault::Parts.into(),
            TokenFault::Encoding.into(),
            TokenFault::Header.into(),
            TokenFault::Parameter.into(),
            TokenFault::Algorithm.into(),
            TokenFault::UnknownKey.into(),
            TokenFault::Signature.into(),
            ClaimFault::Malformed.into(),
            ClaimFault::NotANumber.into(),
            ClaimFault::NotAString.into(),
            ClaimFault::Expired.into(),
            ClaimFault::NotYetValid.into(),
            ClaimFault::IssuedInFuture.into(),
            ClaimFault::Issuer.into(),
            ClaimFault::Audience.into(),
            ClaimFault::Role.into(),
            ClaimFault::Required.into(),
            ClaimFault::Forbidden.into(),
        ];
        for fault in faults {
            let message = fault.to_string();
            assert!(
                message
                    .bytes()
                    .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
            );
        }
    }
}
