//! JSON Web Tokens (RFC 7519, RFC 7515, RFC 8725): from the Authorization field of a request to its identity.
//!
//! ```text
//! Authorization -> bearer_token -> VerifiedTokens --seen before--------------------> check times -> Identity
//!                                       \-> Token (form) -> Key (signature) -> claims -/
//! ```
//!
//! The other way, an [`Issuer`] signs the claims that a function of the database has answered, and [`token_response`] makes the
//! response of them.
//!
//! What decides over a token is read here, strictly; only the cryptography is the library's.

mod authorization;
mod cache;
mod claim_path;
mod cookie;
mod error;
mod identity;
mod issuer;
mod json;
mod jwks;
mod key;
mod key_store;
mod members;
mod public_key;
mod requirement;
mod secret;
#[cfg(test)]
mod test_keys;
#[cfg(test)]
pub(crate) mod test_tokens;
mod token;
mod token_response;
mod verifier;

pub use authorization::{argument_token, bearer_token, cookie_token, without_argument};
pub use cache::VerifiedTokens;
pub use claim_path::{ClaimPath, InvalidClaimPath};
pub use cookie::{CookieConfig, CookieFault, SameSite};
pub use error::{AuthError, ClaimFault, TokenFault};
pub use identity::{Fingerprint, Identity};
pub use issuer::{IssueError, Issuer, TokenId, UnusableSigningKey};
/// The algorithms that tokens are signed with (RFC 7518 section 3.1).
pub use jsonwebtoken::Algorithm;
pub use jwks::{JwksError, JwksSource, parse_jwks};
pub use key::UnusableKey;
pub use key_store::KeyStore;
pub use public_key::{PublicKey, PublicKeyError};
pub use requirement::{Refusal, Requirement};
pub use secret::{Secret, SecretEncoding, SecretError};
pub use token::key_id;
pub use token_response::{Delivery, TokenResponse, TokenResponseError, token_response};
pub use verifier::Verifier;
