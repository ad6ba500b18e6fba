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

/// A key that cannot be used as it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// The cryptographic library does not take it.
    #[error("key is not usable")]
    Rejected,
    /// None of the algorithms that it is limited to is one for this type of key.
    #[error("key cannot be used with the algorithms that it is limited to")]
    Algorithms,
}

/// A secret goes with these, whatever a token says.
const SECRET_ALGORITHMS: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

impl Key {
    pub(super) fn new(config: &JwtKeyConfig) -> Result<Self, UnusableKey> {
        let secret;
        let (key, family) = match &config.material {
            JwtKeyMaterial::Secret(material) => {
                secret = DecodingKey::from_secret(material.bytes());
                (&secret, SECRET_ALGORITHMS)
            }
            JwtKeyMaterial::Public(key) => (key.decoding_key(), key.algorithms()),
        };
        let verifiers: Vec<_> = family
            .iter()
            .filter(|algorithm| {
                config
                    .algorithms
                    .as_ref()
                    .is_none_or(|only| only.contains(algorithm))
            })
            .map(|algorithm| verifier(key, *algorithm))
            .collect::<Result<_, _>>()?;
        if verifiers.is_empty() {
            return Err(UnusableKey::Algorithms);
        }
        Ok(Self {
            id: config.id.clone(),
            verifiers,
        })
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
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

fn verifier(key: &DecodingKey, algorithm: Algorithm) -> Result<Box<dyn JwtVerifier>, UnusableKey> {
    (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key).map_err(|_| UnusableKey::Rejected)
}
