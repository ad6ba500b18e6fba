//! What it costs to know whom a request comes from: a token that is verified, and one that was verified before.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use postern_core::auth::{KeyStore, Secret, SecretEncoding, VerifiedTokens, Verifier, bearer_token};
use postern_core::config::{JwtConfig, JwtKeyConfig, JwtKeyMaterial};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_700_000_000;

fn verifier() -> Option<Verifier> {
    let material = JwtKeyMaterial::Secret(Secret::parse(SECRET, SecretEncoding::Raw).ok()?);
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

fn token() -> Option<String> {
    let claims = r#"{"iss":"postern","aud":"api","sub":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","role":"app_user","iat":1699999000,"exp":1700000900,"email":"someone@example.org"}"#;
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = crypto::sign(
        signed.as_bytes(),
        &EncodingKey::from_secret(SECRET),
        Algorithm::HS256,
    )
    .ok()?;
    Some(format!("{signed}.{signature}"))
}

fn tokens(c: &mut Criterion) {
    let (Some(verifier), Some(other), Some(token)) = (verifier(), verifier(), token()) else {
        return;
    };
    let field = format!("Bearer {token}");
    let mut group = c.benchmark_group("token");
    group.bench_function("authorization", |b| {
        b.iter(|| bearer_token(black_box([field.as_bytes()])))
    });
    group.bench_function("first use", |b| {
        b.iter(|| verifier.verify(black_box(token.as_bytes()), NOW).is_ok())
    });
    let mut verified = VerifiedTokens::new(other, NonZeroUsize::MIN.saturating_add(9999), 16 << 20);
    group.bench_function("seen before", |b| {
        b.iter(|| verified.verify(black_box(token.as_bytes()), NOW).is_ok())
    });
    let mut forged = token.clone().into_bytes();
    if let Some(last) = forged.last_mut() {
        *last = b'A';
    }
    group.bench_function("forged", |b| {
        b.iter(|| verifier.verify(black_box(&forged), NOW).is_ok())
    });
    group.finish();
}

criterion_group!(benches, tokens);
criterion_main!(benches);
