//! Key pairs of each type for the unit tests of this crate.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A key pair of one type.
pub(crate) struct GeneratedKey {
    pub(crate) private: EncodingKey,
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
    /// As a JSON Web Key, without `kid`, `use` and `alg`.
    pub(crate) jwk: Value,
    pub(crate) algorithms: &'static [Algorithm],
}

/// A key pair of each type: RSA, P-256, P-384, Ed25519.
pub(crate) fn generated() -> [GeneratedKey; 4] {
    [
        rsa(),
        on_curve(&ECDSA_P256_SHA256_FIXED_SIGNING, &[Algorithm::ES256]),
        on_curve(&ECDSA_P384_SHA384_FIXED_SIGNING, &[Algorithm::ES384]),
        ed25519(),
    ]
}

fn rsa() -> GeneratedKey {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("random");
    let private: Pkcs8V1Der<'_> = pair.as_der().expect("a key");
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a key");
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let private = EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("a key");
    GeneratedKey {
        jwk: jwk_of(&private, Algorithm::RS256),
        private,
        private_pem,
        public_pem: pem("PUBLIC KEY", public.as_ref()),
        algorithms: &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
    }
}

fn on_curve(curve: &'static EcdsaSigningAlgorithm, algorithms: &'static [Algorithm; 1]) -> GeneratedKey {
    let pair = EcdsaKeyPair::generate(curve).expect("random");
    let pkcs8 = pair.to_pkcs8v1().expect("a key");
    let private = EncodingKey::from_ec_der(pkcs8.as_ref());
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a key");
    let [algorithm] = *algorithms;
    GeneratedKey {
        jwk: jwk_of(&private, algorithm),
        private,
        private_pem: pem("PRIVATE KEY", pkcs8.as_ref()),
        public_pem: pem("PUBLIC KEY", public.as_ref()),
        algorithms,
    }
}

fn ed25519() -> GeneratedKey {
    let pair = Ed25519KeyPair::generate().expect("random");
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a key");
    let pkcs8 = pair.to_pkcs8v1().expect("a key");
    GeneratedKey {
        private: EncodingKey::from_ed_der(pkcs8.as_ref()),
        private_pem: pem("PRIVATE KEY", pkcs8.as_ref()),
        public_pem: pem("PUBLIC KEY", public.as_ref()),
        jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key())}),
        algorithms: &[Algorithm::EdDSA],
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn jwk_of(key: &EncodingKey, algorithm: Algorithm) -> Value {
    // The library has a provider for the process; another test may have set it.
    let _ = DEFAULT_PROVIDER.install_default();
    let jwk = Jwk::from_encoding_key(key, algorithm).expect("a key");
    let mut jwk = serde_json::to_value(jwk).expect("JSON");
    jwk.as_object_mut().expect("an object").remove("alg");
    jwk
}
