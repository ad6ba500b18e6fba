//! JSON Web Tokens (RFC 7519, RFC 7515, RFC 8725): from the text of a token to the identity of a request.

/// Why a request has no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token, and no anonymous role.
    #[error("a token is required")]
    TokenMissing,
}
