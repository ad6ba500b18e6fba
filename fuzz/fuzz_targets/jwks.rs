//! Whatever an endpoint or a file has in the place of keys: it is refused, or gives keys that can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::auth::{JwksSource, KeyStore, PublicKey, parse_jwks};
use postern_core::config::JwtKeyMaterial;

fuzz_target!(|data: &[u8]| {
    for source in [JwksSource::File, JwksSource::Url] {
        if let Ok(keys) = parse_jwks(data, source) {
            assert!(KeyStore::new(&keys).is_ok());
            let is_secret = |material: &JwtKeyMaterial| matches!(material, JwtKeyMaterial::Secret(_));
            assert!(source == JwksSource::File || !keys.iter().any(|key| is_secret(&key.material)));
        }
    }
    let _ = PublicKey::from_pem(data);
});
