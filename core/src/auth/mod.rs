//! JSON Web Tokens (RFC 7519, RFC 7515, RFC 8725): from the Authorization field of a request to its identity.
//!
//! ```text
//! Authorization -> bearer_token -> VerifiedTokens --seen before--------------------> check times -> Identity
//!                                       \-> Token (form) -> Key (signature) -> claims -/
//! ```
//!
//! What decides over a token is read here, strictly; only the cryptography is the library's.

mod authorization;
mod cache;
mod claim_path;
mod error;
mod identity;
mod json;
mod key;
mod secret;
#[cfg(test)]
pub(crate) mod test_tokens;
mod token;
mod verifier;

pub use authorization::bearer_token;
pub use cache::VerifiedTokens;
pub use claim_path::{ClaimPath, InvalidClaimPath};
pub use error::{AuthError, ClaimFault, TokenFault};
pub use identity::Identity;
pub use key::UnusableKey;
pub use secret::{Secret, SecretEncoding, SecretError};
pub use verifier::Verifier;
