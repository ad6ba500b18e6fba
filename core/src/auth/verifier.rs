//! Tokens -> identities.

use std::rc::Rc;

use super::error::{AuthError, TokenFault};
use super::identity::{Expected, Identity};
use super::key_store::{KeyStore, nearer};
use super::token::Token;
use crate::config::JwtConfig;

/// Verifies tokens with the keys and the expectations of one configuration.
#[derive(Debug)]
pub struct Verifier {
    keys: Vec<Rc<KeyStore>>,
    expected: Expected,
    leeway_s: u32,
}

impl Verifier {
    /// A verifier with keys that others may use too.
    pub fn new(config: &JwtConfig, keys: Vec<Rc<KeyStore>>) -> Self {
        Self {
            keys,
            expected: Expected {
                issuer: config.issuer.clone(),
                audience: config.audience.clone(),
                role_claim: config.role_claim.clone(),
                required: config.required.clone(),
            },
            leeway_s: config.leeway_s,
        }
    }

    /// The identity in a token that is genuine and good at `now_s` (seconds of Unix time). The claims are not looked at before
    /// the signature is found good.
    pub fn verify(&self, token: &[u8], now_s: u64) -> Result<Rc<Identity>, AuthError> {
        let token = Token::parse(token)?;
        if self.keys.iter().all(|store| store.is_empty()) {
            return Err(AuthError::NoKey);
        }
        self.verify_signature(&token)?;
        let identity = Rc::new(Identity::parse(token.payload()?, &self.expected)?);
        self.check_times(&identity, now_s)?;
        Ok(identity)
    }

    /// Whether an identity from an earlier verification is still good.
    pub(super) fn check_times(&self, identity: &Identity, now_s: u64) -> Result<(), AuthError> {
        Ok(identity.check_times(now_s, self.leeway_s)?)
    }

    /// Changes whenever keys were replaced.
    pub(super) fn generation(&self) -> u64 {
        self.keys.iter().map(|store| store.generation()).sum()
    }

    fn verify_signature(&self, token: &Token<'_>) -> Result<(), TokenFault> {
        let mut fault = TokenFault::UnknownKey;
        for store in &self.keys {
            match store.verify(token) {
                Ok(()) => return Ok(()),
                Err(other) => fault = nearer(fault, other),
            }
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_tokens::{key, sign, sign_with, verifier_of};
    use super::Verifier;
    use crate::auth::{
        Algorithm, AuthError, ClaimFault, KeyStore, Secret, SecretEncoding, TokenFault, UnusableKey,
    };
    use crate::config::{JwtKeyConfig, JwtKeyMaterial};

    const NOW: u64 = 1_700_000_000;

    fn verifier() -> Verifier {
        verifier_of(vec![key(None, 1)])
    }

    #[test]
    fn a_signed_token_gives_its_identity() {
        let token = sign(1, r#"{"role":"web","sub":"u","exp":1700000001}"#);
        let identity = verifier().verify(token.as_bytes(), NOW).expect("good");
        assert_eq!(identity.role().map(AsRef::as_ref), Some("web"));
        assert_eq!(identity.expires_at_s(), Some(1_700_000_001));
    }

    #[test]
    fn the_example_of_rfc_7515_verifies() {
        // RFC 7515 appendix A.1; its key is base64url.
        let secret =
            b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let secret = Secret::parse(secret, SecretEncoding::Base64Url).expect("good");
        let token = concat!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        let verifier = verifier_of(vec![JwtKeyConfig {
            id: None,
            material: JwtKeyMaterial::Secret(secret),
            algorithms: None,
        }]);
        assert!(verifier.verify(token.as_bytes(), 1_300_819_379).is_ok());
        assert_eq!(
            verifier.verify(token.as_bytes(), NOW),
            Err(ClaimFault::Expired.into())
        );
    }

    #[test]
    fn a_changed_token_is_refused_wherever_it_was_changed() {
        let token = sign(1, r#"{"role":"web"}"#);
        let verifier = verifier();
        for position in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert!(
                matches!(verifier.verify(&changed, NOW), Err(AuthError::Token(_))),
                "{position}"
            );
        }
        for length in 0..token.len() {
            assert!(matches!(
                verifier.verify(&token.as_bytes()[..length], NOW),
                Err(AuthError::Token(_))
            ));
        }
    }

    #[test]
    fn the_claims_count_only_after_the_signature() {
        let token = sign(2, r#"{"exp":1}"#);
        assert_eq!(
            verifier().verify(token.as_bytes(), NOW),
            Err(TokenFault::Signature.into())
        );
    }

    #[test]
    fn a_secret_is_used_with_its_family_only() {
        for algorithm in ["RS256", "ES256", "EdDSA", "PS256"] {
            let token = sign_with(1, &format!(r#"{{"alg":"{algorithm}"}}"#), "{}");
            assert_eq!(
                verifier().verify(token.as_bytes(), NOW),
                Err(TokenFault::Algorithm.into()),
                "{algorithm}"
            );
        }
        let unsigned = "eyJhbGciOiJub25lIn0.e30.";
        assert_eq!(
            verifier().verify(unsigned.as_bytes(), NOW),
            Err(TokenFault::Parts.into())
        );
    }

    #[test]
    fn a_key_can_be_limited_to_algorithms() {
        let limited = |algorithms: &[Algorithm]| JwtKeyConfig {
            algorithms: Some(algorithms.to_vec()),
            ..key(None, 1)
        };
        let token = sign(1, "{}");
        let verifier = verifier_of(vec![limited(&[Algorithm::HS256])]);
        assert!(verifier.verify(token.as_bytes(), NOW).is_ok());
        let verifier = verifier_of(vec![limited(&[Algorithm::HS512])]);
        assert_eq!(
            verifier.verify(token.as_bytes(), NOW),
            Err(TokenFault::Algorithm.into())
        );
        let store = KeyStore::new(&[limited(&[Algorithm::RS256])]);
        assert_eq!(store.err(), Some(UnusableKey::Algorithms));
    }

    #[test]
    fn kid_selects_the_key_and_without_it_each_is_tried() {
        let verifier = verifier_of(vec![key(Some("a"), 1), key(Some("b"), 2)]);
        let verify = |token: String| verifier.verify(token.as_bytes(), NOW).map(|_| ());
        assert_eq!(verify(sign(1, "{}")), Ok(()));
        assert_eq!(verify(sign(2, "{}")), Ok(()));
        assert_eq!(verify(sign(3, "{}")), Err(TokenFault::Signature.into()));
        assert_eq!(verify(sign_with(2, r#"{"alg":"HS256","kid":"b"}"#, "{}")), Ok(()));
        assert_eq!(
            verify(sign_with(2, r#"{"alg":"HS256","kid":"a"}"#, "{}")),
            Err(TokenFault::Signature.into())
        );
        assert_eq!(
            verify(sign_with(1, r#"{"alg":"HS256","kid":"c"}"#, "{}")),
            Err(TokenFault::UnknownKey.into())
        );
    }

    #[test]
    fn without_keys_nothing_can_be_verified() {
        let verifier = verifier_of(vec![]);
        assert_eq!(
            verifier.verify(sign(1, "{}").as_bytes(), NOW),
            Err(AuthError::NoKey)
        );
    }

    #[test]
    fn a_verifier_does_not_show_its_keys() {
        let shown = format!("{:?}", verifier());
        assert!(
            shown.contains("keys: 1") && !shown.contains("0101") && !shown.contains("1, 1"),
            "{shown}"
        );
    }
}
