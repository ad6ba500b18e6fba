//! What it costs to know whom a request comes from: a token that is verified, and one that was verified before.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::rc::Rc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use postern_core::auth::{
    Algorithm, KeyStore, PublicKey, Secret, SecretEncoding, VerifiedTokens, Verifier, bearer_token,
};
use postern_core::config::{JwtConfig, JwtKeyConfig, JwtKeyMaterial};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_700_000_000;

const CLAIMS: &str = r#"{"iss":"postern","aud":"api","sub":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","role":"app_user","iat":1699999000,"exp":1700000900,"email":"someone@example.org"}"#;

/// A key to sign with and the one to verify with.
struct Pair {
    algorithm: Algorithm,
    private: EncodingKey,
    material: JwtKeyMaterial,
}

fn secret() -> Option<Pair> {
    Some(Pair {
        algorithm: Algorithm::HS256,
        private: EncodingKey::from_secret(SECRET),
        material: JwtKeyMaterial::Secret(Secret::parse(SECRET, SecretEncoding::Raw).ok()?),
    })
}

fn rsa() -> Option<Pair> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    Some(Pair {
        algorithm: Algorithm::RS256,
        private: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).ok()?,
        material: JwtKeyMaterial::Public(
            PublicKey::from_pem(pem("PUBLIC KEY", public.as_ref()).as_bytes()).ok()?,
        ),
    })
}

fn p256() -> Option<Pair> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    Some(Pair {
        algorithm: Algorithm::ES256,
        private: EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref()),
        material: JwtKeyMaterial::Public(
            PublicKey::from_pem(pem("PUBLIC KEY", public.as_ref()).as_bytes()).ok()?,
        ),
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn verifier(material: JwtKeyMaterial) -> Option<Verifier> {
    let config = JwtConfig {
        issuer: Some("postern".into()),
        audience: Some("api".into()),
        ..JwtConfig::default()
    };
    let key = JwtKeyConfig {
        id: None,
        material,
        algorithms: None,
    };
    let keys = KeyStore::new(&[key]).ok()?;
    Some(Verifier::new(&config, vec![Rc::new(keys)]))
}

fn token(pair: &Pair) -> Option<String> {
    let header = format!(r#"{{"alg":"{:?}","typ":"JWT"}}"#, pair.algorithm);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(CLAIMS)
    );
    let signature = (DEFAULT_PROVIDER.signer_factory)(&pair.algorithm, &pair.private).ok()?;
    let signature = URL_SAFE_NO_PAD.encode(signature.try_sign(signed.as_bytes()).ok()?);
    Some(format!("{signed}.{signature}"))
}

fn tokens(c: &mut Criterion) {
    let mut group = c.benchmark_group("token");
    for pair in [secret(), rsa(), p256()].into_iter().flatten() {
        let algorithm = format!("{:?}", pair.algorithm);
        let (Some(token), Some(verifier), Some(other)) = (
            token(&pair),
            verifier(pair.material.clone()),
            verifier(pair.material),
        ) else {
            continue;
        };
        let field = format!("Bearer {token}");
        group.bench_function(format!("{algorithm}, authorization"), |b| {
            b.iter(|| bearer_token(black_box([field.as_bytes()])))
        });
        group.bench_function(format!("{algorithm}, first use"), |b| {
            b.iter(|| verifier.verify(black_box(token.as_bytes()), NOW).is_ok())
        });
        let mut verified = VerifiedTokens::new(other, NonZeroUsize::MIN.saturating_add(9999), 16 << 20);
        group.bench_function(format!("{algorithm}, seen before"), |b| {
            b.iter(|| verified.verify(black_box(token.as_bytes()), NOW).is_ok())
        });
        let mut forged = token.into_bytes();
        if let Some(last) = forged.last_mut() {
            *last = b'A';
        }
        group.bench_function(format!("{algorithm}, forged"), |b| {
            b.iter(|| verifier.verify(black_box(&forged), NOW).is_ok())
        });
    }
    group.finish();
}

criterion_group!(benches, tokens);
criterion_main!(benches);
