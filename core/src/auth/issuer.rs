//! Claims -> signed tokens.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, EncodingKey};

use super::json::Object;
use super::members::Members;
use super::token::MAX_BYTES;
use crate::config::{IssuerConfig, SigningKeyMaterial};
use crate::response::write_json_string;

/// Signs tokens with the key and the claims of one configuration.
pub struct Issuer {
    signer: Box<dyn JwtSigner>,
    /// The header as it stands in every token: encoded, with its dot.
    header: String,
    issuer: Option<Box<str>>,
    audience: Option<Box<str>>,
    ttl_s: u32,
}

/// A key that tokens cannot be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSigningKey {
    /// A shared secret goes with HS256, HS384, HS512 and nothing else, a private key with the other algorithms.
    #[error("the algorithm {0:?} is none for this type of key")]
    Algorithm(Algorithm),
    /// RFC 7518 section 3.2 demands a secret that is as long as the hash.
    #[error("a secret for {algorithm:?} needs at least {min_bytes} bytes")]
    ShortSecret {
        /// The algorithm.
        algorithm: Algorithm,
        /// The size of its hash.
        min_bytes: usize,
    },
    /// It is not a private key of the algorithm's type, or one that is too weak.
    #[error("not a private key for {0:?} in PEM (PKCS #8)")]
    Rejected(Algorithm),
}

/// Why claims are not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// They are not one object, or one with a name twice, which no verifier would take.
    #[error("the claims to be signed are not a JSON object")]
    NotAnObject,
    /// The token would be longer than what is accepted.
    #[error("the token would be longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The cryptographic library has failed.
    #[error("the token cannot be signed")]
    Signature,
}

/// Sixteen random bytes: the identity of a token (RFC 7519 section 4.1.7).
pub type TokenId = [u8; 16];

impl Issuer {
    /// Prepares the key, and signs something with it: one that does not work is found out here.
    pub fn new(config: &IssuerConfig) -> Result<Self, UnusableSigningKey> {
        let algorithm = config.algorithm;
        let rejected = UnusableSigningKey::Rejected(algorithm);
        let key = encoding_key(&config.key, algorithm)?;
        let signer = (DEFAULT_PROVIDER.signer_factory)(&algorithm, &key).map_err(|_| rejected)?;
        signer.try_sign(b"a trial").map_err(|_| rejected)?;
        Ok(Self {
            signer,
            header: header(algorithm, config.key_id.as_deref()),
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            ttl_s: config.ttl_s,
        })
    }

    /// How long a token is good, in seconds.
    pub fn ttl_s(&self) -> u32 {
        self.ttl_s
    }

    /// A token with these claims, a JSON object. Who issued it for whom, when, until when and under which id is said here, whatever
    /// the claims say of it.
    pub fn issue(&self, claims: &str, now_s: u64, id: &TokenId) -> Result<String, IssueError> {
        Object::parse(claims).ok_or(IssueError::NotAnObject)?;
        let given = Members::parse(claims).ok_or(IssueError::NotAnObject)?;
        let mut json = self.own_claims(now_s, id);
        for (name, value) in given.iter().filter(|(name, _)| !self.is_own(name)) {
            json.push(b',');
            write_json_string(&mut json, name.as_bytes());
            json.push(b':');
            json.extend_from_slice(value.as_bytes());
        }
        json.push(b'}');
        let mut token = self.header.clone();
        URL_SAFE_NO_PAD.encode_string(&json, &mut token);
        let signature = self
            .signer
            .try_sign(token.as_bytes())
            .map_err(|_| IssueError::Signature)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        if token.len() > MAX_BYTES {
            return Err(IssueError::TooLong);
        }
        Ok(token)
    }

    /// The beginning of the claims.
    fn own_claims(&self, now_s: u64, id: &TokenId) -> Vec<u8> {
        let mut json = Vec::with_capacity(256);
        json.push(b'{');
        for (name, value) in [("iss", &self.issuer), ("aud", &self.audience)] {
            if let Some(value) = value {
                write_json_string(&mut json, name.as_bytes());
                json.push(b':');
                write_json_string(&mut json, value.as_bytes());
                json.push(b',');
            }
        }
        let expires_at_s = now_s.saturating_add(self.ttl_s.into());
        let id = URL_SAFE_NO_PAD.encode(id);
        let times = format!(r#""iat":{now_s},"exp":{expires_at_s},"jti":"{id}""#);
        json.extend_from_slice(times.as_bytes());
        json
    }

    fn is_own(&self, name: &str) -> bool {
        match name {
            "iat" | "exp" | "jti" => true,
            "iss" => self.issuer.is_some(),
            "aud" => self.audience.is_some(),
            _ => false,
        }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("algorithm", &self.signer.algorithm())
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("ttl_s", &self.ttl_s)
            .finish_non_exhaustive()
    }
}

fn encoding_key(
    material: &SigningKeyMaterial,
    algorithm: Algorithm,
) -> Result<EncodingKey, UnusableSigningKey> {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    let rejected = |_| UnusableSigningKey::Rejected(algorithm);
    match (material, algorithm) {
        (SigningKeyMaterial::Secret(secret), HS256 | HS384 | HS512) => {
            let min_bytes = match algorithm {
                HS512 => 64,
                HS384 => 48,
                _ => 32,
            };
            if secret.bytes().len() < min_bytes {
                return Err(UnusableSigningKey::ShortSecret { algorithm, min_bytes });
            }
            Ok(EncodingKey::from_secret(secret.bytes()))
        }
        (SigningKeyMaterial::PrivateKey(pem), RS256 | RS384 | RS512 | PS256 | PS384 | PS512) => {
            EncodingKey::from_rsa_pem(pem).map_err(rejected)
        }
        (SigningKeyMaterial::PrivateKey(pem), ES256 | ES384) => {
            EncodingKey::from_ec_pem(pem).map_err(rejected)
        }
        (SigningKeyMaterial::PrivateKey(pem), EdDSA) => EncodingKey::from_ed_pem(pem).map_err(rejected),
        _ => Err(UnusableSigningKey::Algorithm(algorithm)),
    }
}

fn header(algorithm: Algorithm, key_id: Option<&str>) -> String {
    let mut json = format!(r#"{{"alg":"{algorithm:?}","typ":"JWT""#).into_bytes();
    if let Some(key_id) = key_id {
        json.extend_from_slice(br#","kid":"#);
        write_json_string(&mut json, key_id.as_bytes());
    }
    json.push(b'}');
    let mut header = URL_SAFE_NO_PAD.encode(&json);
    header.push('.');
    header
}

#[cfg(test)]
mod tests;
