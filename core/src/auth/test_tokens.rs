//! Keys and tokens for the unit tests of this crate.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use super::{KeyStore, Secret, SecretEncoding, Verifier};
use crate::config::{JwtConfig, JwtKeyConfig, JwtKeyMaterial};

/// A configuration that expects nothing of the claims and allows no leeway.
pub(crate) fn config() -> JwtConfig {
    JwtConfig {
        leeway_s: 0,
        ..JwtConfig::default()
    }
}

/// A verifier with these keys and that configuration.
pub(crate) fn verifier_of(keys: Vec<JwtKeyConfig>) -> Verifier {
    let store = KeyStore::new(&keys).expect("usable keys");
    Verifier::new(&config(), vec![Rc::new(store)])
}

/// A key whose bytes are all the same.
pub(crate) fn key(id: Option<&str>, byte: u8) -> JwtKeyConfig {
    let secret = Secret::parse(&[byte; 32], SecretEncoding::Raw).expect("long enough");
    JwtKeyConfig {
        id: id.map(Into::into),
        material: JwtKeyMaterial::Secret(secret),
        algorithms: None,
    }
}

/// A token with the usual header.
pub(crate) fn sign(byte: u8, claims: &str) -> String {
    sign_with(byte, r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

/// A token signed with HS256, whatever the header says.
pub(crate) fn sign_with(byte: u8, header: &str, claims: &str) -> String {
    let key = EncodingKey::from_secret(&[byte; 32]);
    sign_as(&key, Algorithm::HS256, header, claims)
}

/// A token signed with that key and algorithm.
pub(crate) fn sign_as(key: &EncodingKey, algorithm: Algorithm, header: &str, claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = crypto::sign(signed.as_bytes(), key, algorithm).expect("a usable key");
    format!("{signed}.{signature}")
}
