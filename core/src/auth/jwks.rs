//! JSON Web Key Sets (RFC 7517 section 5): the keys in them that can verify tokens.

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::public_key::PublicKey;
use super::{Secret, SecretEncoding};
use crate::config::{JwtKeyConfig, JwtKeyMaterial};

/// Where a key set comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwksSource {
    /// A file of this machine, which may hold shared secrets too.
    File,
    /// A URL: what everybody can fetch is no secret, so that keys of the type `oct` do not count.
    Url,
}

/// Why a text is no usable key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// It is not an object with an array `keys`.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// There are more keys than anybody rotates.
    #[error("more than {MAX_KEYS} keys in the key set")]
    TooMany,
}

/// More than any issuer publishes: each is tried for a token without `kid`.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct KeySet<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// The keys of a set that can be used: none, where its issuer has withdrawn all of them. As the RFC has it, those that are not
/// understood are passed over.
pub fn parse_jwks(text: &[u8], source: JwksSource) -> Result<Vec<JwtKeyConfig>, JwksError> {
    let set: KeySet<'_> = serde_json::from_slice(text).map_err(|_| JwksError::Malformed)?;
    if set.keys.len() > MAX_KEYS {
        return Err(JwksError::TooMany);
    }
    let keys: Vec<_> = set
        .keys
        .iter()
        .filter_map(|key| serde_json::from_str(key.get()).ok())
        .filter_map(|key| usable(&key, source))
        .collect();
    Ok(keys)
}

fn usable(jwk: &Jwk, source: JwksSource) -> Option<JwtKeyConfig> {
    if !is_for_signatures(jwk) {
        return None;
    }
    let algorithms = match &jwk.common.key_algorithm {
        None => None,
        Some(algorithm) => Some(vec![signature_algorithm(algorithm)?]),
    };
    let material = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(key) if source == JwksSource::File => {
            JwtKeyMaterial::Secret(Secret::parse(key.value.as_bytes(), SecretEncoding::Base64Url).ok()?)
        }
        AlgorithmParameters::OctetKey(_) => return None,
        _ => JwtKeyMaterial::Public(PublicKey::from_jwk(jwk).ok()?),
    };
    let config = JwtKeyConfig {
        id: jwk.common.key_id.as_deref().map(Into::into),
        material,
        algorithms,
    };
    // One that is pinned to an algorithm of another type of key is of no use.
    super::key::Key::new(&config).is_ok().then_some(config)
}

/// `use` and `key_ops`, where they are there, must allow it (RFC 7517 sections 4.2 and 4.3).
fn is_for_signatures(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    let used = common.public_key_use.as_ref();
    let operations = common.key_operations.as_ref();
    used.is_none_or(|used| *used == PublicKeyUse::Signature)
        && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

fn signature_algorithm(algorithm: &KeyAlgorithm) -> Option<Algorithm> {
    algorithm.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::test_keys::generated;
    use super::super::test_tokens::{sign_as, verifier_of};
    use super::{Algorithm, JwksError, JwksSource, parse_jwks};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn with(jwk: &Value, members: &[(&str, Value)]) -> Value {
        let mut jwk = jwk.clone();
        for (name, value) in members {
            jwk[name] = value.clone();
        }
        jwk
    }

    fn parse(keys: &[Value]) -> Result<usize, JwksError> {
        let set = json!({ "keys": keys }).to_string();
        parse_jwks(set.as_bytes(), JwksSource::Url).map(|keys| keys.len())
    }

    #[test]
    fn keys_of_every_type_verify_what_they_signed() {
        let keys = generated();
        let set: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(id, key)| with(&key.jwk, &[("kid", id.to_string().into())]))
            .collect();
        let set = json!({ "keys": set }).to_string();
        let configs = parse_jwks(set.as_bytes(), JwksSource::Url).expect("usable");
        let verifier = verifier_of(configs);
        for (id, key) in keys.iter().enumerate() {
            for algorithm in key.algorithms {
                for header in [
                    format!("{{\"alg\":\"{algorithm:?}\",\"kid\":\"{id}\"}}"),
                    format!("{{\"alg\":\"{algorithm:?}\"}}"),
                ] {
                    let token = sign_as(&key.private, *algorithm, &header, "{}");
                    assert!(verifier.verify(token.as_bytes(), 0).is_ok(), "{header}");
                }
            }
        }
    }

    #[test]
    fn keys_that_are_not_for_signatures_or_not_understood_are_passed_over() {
        let [rsa, p256, ..] = generated();
        let good = with(&p256.jwk, &[("use", "sig".into()), ("alg", "ES256".into())]);
        let other = [
            with(&rsa.jwk, &[("use", "enc".into())]),
            with(&rsa.jwk, &[("key_ops", json!(["encrypt"]))]),
            with(&rsa.jwk, &[("alg", "RSA-OAEP".into())]),
            with(&rsa.jwk, &[("alg", "ES256".into())]),
            with(&rsa.jwk, &[("n", "AQAB".into())]),
            with(&rsa.jwk, &[("n", 1.into())]),
            with(&p256.jwk, &[("crv", "P-384".into())]),
            with(&p256.jwk, &[("crv", "secp256k1".into())]),
            with(&p256.jwk, &[("x", "AAAA".into())]),
            json!({"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}),
            json!({"kty": "LMS"}),
            json!({}),
            json!("key"),
        ];
        for key in &other {
            assert_eq!(parse(std::slice::from_ref(key)), Ok(0), "{key}");
            assert_eq!(parse(&[key.clone(), good.clone()]), Ok(1), "{key}");
        }
        let verify = with(&rsa.jwk, &[("key_ops", json!(["verify"])), ("x-own", json!([1]))]);
        assert_eq!(parse(&[verify]), Ok(1));
    }

    #[test]
    fn leading_zeros_of_a_modulus_do_not_count() {
        let [rsa, ..] = generated();
        let n = URL_SAFE_NO_PAD
            .decode(rsa.jwk["n"].as_str().expect("text"))
            .expect("base64url");
        let n = URL_SAFE_NO_PAD.encode([vec![0; 4], n].concat());
        let set = json!({"keys": [with(&rsa.jwk, &[("n", n.into())])]}).to_string();
        let verifier = verifier_of(parse_jwks(set.as_bytes(), JwksSource::Url).expect("a set"));
        let token = sign_as(&rsa.private, Algorithm::RS256, r#"{"alg":"RS256"}"#, "{}");
        assert!(verifier.verify(token.as_bytes(), 0).is_ok());
    }

    #[test]
    fn secrets_come_from_files_only_and_must_be_long_enough() {
        let set = |k: &str| json!({"keys": [{"kty": "oct", "k": k, "kid": "s"}]}).to_string();
        let long = set("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
        let count = |text: &str, source| parse_jwks(text.as_bytes(), source).map(|keys| keys.len());
        assert_eq!(count(&long, JwksSource::File), Ok(1));
        assert_eq!(count(&long, JwksSource::Url), Ok(0));
        let short = set("MDEyMzQ1Njc4OWFiY2Rl");
        assert_eq!(count(&short, JwksSource::File), Ok(0));
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":1}"#, r#"{"keys":{}}"#, "{\"keys\":[]"] {
            assert_eq!(
                parse_jwks(text.as_bytes(), JwksSource::Url).err(),
                Some(JwksError::Malformed),
                "{text}"
            );
        }
        assert_eq!(parse(&[]), Ok(0));
        assert_eq!(parse(&vec![json!({}); 101]), Err(JwksError::TooMany));
    }
}
