//! Keys, each pinned to the algorithms it may be used with.

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::config::{JwtKeyConfig, JwtKeyMaterial};

/// A key as it is kept by a worker: with the state of each algorithm prepared, so that a verification allocates and derives
/// nothing for the key.
pub(super) struct Key {
    id: Option<Box<str>>,
    verifiers: Vec<Box<dyn JwtVerifier>>,
}

/// A key that the cryptographic library does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key is not usable")]
pub struct UnusableKey;

impl Key {
    pub(super) fn new(config: &JwtKeyConfig) -> Result<Self, UnusableKey> {
        let (key, algorithms) = match &config.material {
            JwtKeyMaterial::Secret(secret) => (DecodingKey::from_secret(secret.bytes()), [Algorithm::HS256]),
        };
        let verifiers = algorithms
            .iter()
            .map(|algorithm| (DEFAULT_PROVIDER.verifier_factory)(algorithm, &key).map_err(|_| UnusableKey))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: config.id.clone(),
            verifiers,
        })
    }

    /// Whether a token that names `kid` may be signed by this key. A key without an id is tried for any.
    pub(super) fn answers_to(&self, kid: Option<&str>) -> bool {
        match (self.id.as_deref(), kid) {
            (Some(id), Some(kid)) => id == kid,
            _ => true,
        }
    }

    /// The verifier for an algorithm, if the key is meant for it.
    pub(super) fn verifier(&self, algorithm: Algorithm) -> Option<&dyn JwtVerifier> {
        self.verifiers
            .iter()
            .map(AsRef::as_ref)
            .find(|verifier| verifier.algorithm() == algorithm)
    }
}
