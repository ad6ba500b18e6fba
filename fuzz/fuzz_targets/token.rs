//! Whatever is sent as a token: it is refused or gives an identity, and only what was signed gives one.
#![no_main]

use std::num::NonZeroUsize;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use libfuzzer_sys::fuzz_target;
use postern_core::auth::{KeyStore, Secret, SecretEncoding, VerifiedTokens, Verifier, bearer_token};
use postern_core::config::{JwtConfig, JwtKeyConfig, JwtKeyMaterial};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_700_000_000;

// The first byte says what the rest is: a token, a role claim's path, or a header and claims which are then signed.
fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else {
        return;
    };
    match kind % 3 {
        0 => {
            // Nobody guesses the signature.
            assert!(tokens("role").verify(data, NOW).is_err());
            let _ = bearer_token([data]);
        }
        1 => signed(br#"{"alg":"HS256"}"#, data, "role"),
        _ => {
            let mut parts = data.splitn(3, |&byte| byte == 0);
            let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let path = String::from_utf8_lossy(parts.next().unwrap_or_default());
            signed(header, claims, &path);
        }
    }
});

fn signed(header: &[u8], claims: &[u8], role_claim: &str) {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = EncodingKey::from_secret(SECRET);
    let signature = crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("a usable key");
    let token = format!("{signed}.{signature}");
    let mut tokens = tokens(role_claim);
    let first = tokens.verify(token.as_bytes(), NOW);
    assert_eq!(first, tokens.verify(token.as_bytes(), NOW));
    let Ok(identity) = first else { return };
    let claims: serde_json::Value =
        serde_json::from_str(identity.claims_json()).expect("the claims are JSON");
    let role = claims
        .as_object()
        .expect("an object")
        .get("role")
        .map(|role| role.as_str().expect("a string"));
    let own = identity.role().map(AsRef::as_ref);
    assert!(role.is_none() || role == own);
    assert!(own != Some("none") && own != Some(""));
}

fn tokens(role_claim: &str) -> VerifiedTokens {
    let secret = Secret::parse(SECRET, SecretEncoding::Raw).expect("long enough");
    let key = JwtKeyConfig {
        id: None,
        material: JwtKeyMaterial::Secret(secret),
        algorithms: None,
    };
    let config = JwtConfig {
        leeway_s: 0,
        role_claim: role_claim.parse().unwrap_or_default(),
        ..JwtConfig::default()
    };
    let keys = KeyStore::new(&[key]).expect("usable keys");
    VerifiedTokens::new(Verifier::new(&config, vec![Rc::new(keys)]), NonZeroUsize::MIN, 1 << 20)
}
