//! What is issued is what our own verifier takes.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{IssueError, Issuer, TokenId, UnusableSigningKey};
use crate::auth::test_keys::generated;
use crate::auth::test_tokens::{key, verifier_of};
use crate::auth::{KeyStore, PublicKey, Secret, SecretEncoding, Verifier};
use crate::config::{IssuerConfig, JwtConfig, JwtKeyConfig, JwtKeyMaterial, SigningKeyMaterial};

const NOW: u64 = 1_700_000_000;
const ID: TokenId = [7; 16];

fn secret(bytes: usize) -> SigningKeyMaterial {
    SigningKeyMaterial::Secret(Secret::parse(&vec![1; bytes], SecretEncoding::Raw).expect("long enough"))
}

fn config(key: SigningKeyMaterial, algorithm: Algorithm) -> IssuerConfig {
    IssuerConfig {
        key,
        algorithm,
        key_id: None,
        issuer: Some("us".into()),
        audience: Some("them".into()),
        ttl_s: 900,
    }
}

fn issuer() -> Issuer {
    Issuer::new(&config(secret(32), Algorithm::HS256)).expect("a usable key")
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn a_token_has_the_claims_given_and_our_own() {
    let token = issuer()
        .issue(r#"{"sub":"u1", "role":"user","n":1.50}"#, NOW, &ID)
        .expect("signed");
    let identity = verifier_of(vec![key(None, 1)])
        .verify(token.as_bytes(), NOW)
        .expect("good");
    assert_eq!(
        identity.claims_json(),
        concat!(
            r#"{"iss":"us","aud":"them","iat":1700000000,"exp":1700000900,"jti":"BwcHBwcHBwcHBwcHBwcHBw","#,
            r#""sub":"u1","role":"user","n":1.50}"#
        )
    );
    assert_eq!(part(&token, 0), serde_json::json!({"alg": "HS256", "typ": "JWT"}));
}

#[test]
fn the_function_cannot_say_what_is_ours_to_say() {
    let claims = r#"{"iss":"x","aud":"y","iat":1,"exp":9999999999,"jti":"z","\u0065xp":1}"#;
    assert_eq!(issuer().issue(claims, NOW, &ID), Err(IssueError::NotAnObject));
    let claims = r#"{"iss":"x","aud":"y","iat":1,"\u0065xp":9999999999,"jti":"z","nbf":5}"#;
    let token = issuer().issue(claims, NOW, &ID).expect("signed");
    let claims = part(&token, 1);
    assert_eq!((&claims["iss"], &claims["aud"]), (&"us".into(), &"them".into()));
    assert_eq!(
        (&claims["exp"], &claims["iat"]),
        (&(NOW + 900).into(), &NOW.into())
    );
    assert_eq!(
        (&claims["nbf"], claims.as_object().expect("claims").len()),
        (&5.into(), 6)
    );
}

#[test]
fn without_an_issuer_the_function_s_own_is_kept() {
    let config = IssuerConfig {
        issuer: None,
        audience: None,
        key_id: Some("k\"1".into()),
        ..config(secret(32), Algorithm::HS256)
    };
    let issuer = Issuer::new(&config).expect("a usable key");
    let token = issuer
        .issue(r#"{"iss":"db","aud":["a"]}"#, NOW, &ID)
        .expect("signed");
    let claims = part(&token, 1);
    assert_eq!((&claims["iss"], &claims["aud"][0]), (&"db".into(), &"a".into()));
    assert_eq!(part(&token, 0)["kid"], "k\"1");
    let token = issuer.issue("{}", NOW, &ID).expect("signed");
    assert_eq!(part(&token, 1).as_object().expect("claims").len(), 3);
}

#[test]
fn claims_that_no_verifier_takes_are_not_signed() {
    for claims in [
        "",
        "1",
        "[]",
        "null",
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"b":1,"b":2}}"#,
    ] {
        assert_eq!(
            issuer().issue(claims, NOW, &ID),
            Err(IssueError::NotAnObject),
            "{claims}"
        );
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(8192));
    assert_eq!(issuer().issue(&long, NOW, &ID), Err(IssueError::TooLong));
}

#[test]
fn every_algorithm_signs_what_its_public_key_verifies() {
    for pair in generated() {
        for &algorithm in pair.algorithms {
            let private =
                SigningKeyMaterial::PrivateKey(Zeroizing::new(pair.private_pem.clone().into_bytes()));
            let issuer = Issuer::new(&config(private, algorithm)).expect("a usable key");
            let token = issuer.issue(r#"{"sub":"u1"}"#, NOW, &ID).expect("signed");
            let public = PublicKey::from_pem(pair.public_pem.as_bytes()).expect("a key");
            let keys = [JwtKeyConfig {
                id: None,
                material: JwtKeyMaterial::Public(public),
                algorithms: Some(vec![algorithm]),
            }];
            let store = KeyStore::new(&keys).expect("usable keys");
            let verifier = Verifier::new(&JwtConfig::default(), vec![Rc::new(store)]);
            let identity = verifier.verify(token.as_bytes(), NOW).expect("good");
            assert_eq!(identity.subject().map(AsRef::as_ref), Some("u1"), "{algorithm:?}");
        }
    }
    for (bytes, algorithm) in [(48, Algorithm::HS384), (64, Algorithm::HS512)] {
        let issuer = Issuer::new(&config(secret(bytes), algorithm)).expect("a usable key");
        assert_eq!(
            part(&issuer.issue("{}", NOW, &ID).expect("signed"), 0)["alg"],
            format!("{algorithm:?}")
        );
    }
}

#[test]
fn keys_that_do_not_fit_their_algorithm_are_refused() {
    let refused = |key, algorithm| {
        Issuer::new(&config(key, algorithm))
            .map(|_| ())
            .expect_err("refused")
    };
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        assert_eq!(
            refused(secret(64), algorithm),
            UnusableSigningKey::Algorithm(algorithm)
        );
    }
    for (bytes, algorithm, min_bytes) in [(47, Algorithm::HS384, 48), (63, Algorithm::HS512, 64)] {
        assert_eq!(
            refused(secret(bytes), algorithm),
            UnusableSigningKey::ShortSecret { algorithm, min_bytes }
        );
    }
    let all = [
        Algorithm::HS256,
        Algorithm::RS256,
        Algorithm::PS256,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ];
    for pair in generated() {
        for algorithm in all
            .into_iter()
            .filter(|algorithm| !pair.algorithms.contains(algorithm))
        {
            let private =
                SigningKeyMaterial::PrivateKey(Zeroizing::new(pair.private_pem.clone().into_bytes()));
            refused(private, algorithm);
        }
        for pem in [
            pair.public_pem.as_str(),
            "",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            let key = SigningKeyMaterial::PrivateKey(Zeroizing::new(pem.as_bytes().to_vec()));
            let algorithm = pair.algorithms[0];
            assert_eq!(refused(key, algorithm), UnusableSigningKey::Rejected(algorithm));
        }
    }
}

#[test]
fn an_issuer_does_not_show_its_key() {
    assert_eq!(
        format!("{:?}", issuer()),
        "Issuer { algorithm: HS256, issuer: Some(\"us\"), audience: Some(\"them\"), ttl_s: 900, .. }"
    );
    assert_eq!(format!("{:?}", secret(32)), "Secret(…)");
}
