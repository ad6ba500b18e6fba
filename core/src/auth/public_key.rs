//! Public keys, from PEM files (RFC 7468) and JSON Web Keys (RFC 7517).

use aws_lc_rs::rsa::PublicKey as RsaPublicKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};

/// A public key that is known to be well-formed and strong enough.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: DecodingKey,
    kind: Kind,
}

/// The type of a key decides which algorithms it may be used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// Why a public key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// There is no PEM block of a public key.
    #[error("no public key in PEM (\"BEGIN PUBLIC KEY\")")]
    NotPem,
    /// A private key has no place at a server that only verifies.
    #[error("private key instead of a public one")]
    Private,
    /// A certificate says more than a key, and nothing of it would be checked.
    #[error("certificate instead of a public key")]
    Certificate,
    /// It cannot be read.
    #[error("malformed public key")]
    Malformed,
    /// It is neither RSA, nor on the curves P-256 and P-384, nor Ed25519.
    #[error("unsupported type of public key")]
    Unsupported,
    /// RFC 7518 section 3.3 demands 2048 bits; more than 8192 would only cost time.
    #[error("RSA key of {bits} bits, it must have between 2048 and 8192")]
    RsaSize {
        /// The size of its modulus.
        bits: usize,
    },
}

impl PublicKey {
    /// The first key of a PEM file: `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS #1).
    pub fn from_pem(pem: &[u8]) -> Result<Self, PublicKeyError> {
        let label = first_label(pem).ok_or(PublicKeyError::NotPem)?;
        match label {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
            "CERTIFICATE" => return Err(PublicKeyError::Certificate),
            label if label.ends_with("PRIVATE KEY") => return Err(PublicKeyError::Private),
            _ => return Err(PublicKeyError::NotPem),
        }
        if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            return Self::rsa_from_der(key);
        }
        if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            return Self::on_curve(key);
        }
        if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            return Self::checked(key, Kind::Ed25519, &ED25519);
        }
        Err(PublicKeyError::Unsupported)
    }

    /// The public key of a JSON Web Key.
    pub(super) fn from_jwk(jwk: &Jwk) -> Result<Self, PublicKeyError> {
        let key = || DecodingKey::from_jwk(jwk).map_err(|_| PublicKeyError::Malformed);
        match &jwk.algorithm {
            AlgorithmParameters::RSA(parameters) => {
                let (modulus, exponent) = (integer(&parameters.n)?, integer(&parameters.e)?);
                check_rsa_size(modulus_bits(&modulus))?;
                Ok(Self {
                    key: DecodingKey::from_rsa_raw_components(&modulus, &exponent),
                    kind: Kind::Rsa,
                })
            }
            AlgorithmParameters::EllipticCurve(parameters) => {
                let key = Self::on_curve(key()?)?;
                let named = match parameters.curve {
                    EllipticCurve::P256 => Kind::P256,
                    EllipticCurve::P384 => Kind::P384,
                    _ => return Err(PublicKeyError::Unsupported),
                };
                if key.kind == named {
                    Ok(key)
                } else {
                    Err(PublicKeyError::Malformed)
                }
            }
            AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
                Self::checked(key()?, Kind::Ed25519, &ED25519)
            }
            _ => Err(PublicKeyError::Unsupported),
        }
    }

    /// The algorithms that go with it.
    pub(super) fn algorithms(&self) -> &'static [Algorithm] {
        match self.kind {
            Kind::Rsa => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            Kind::P256 => &[Algorithm::ES256],
            Kind::P384 => &[Algorithm::ES384],
            Kind::Ed25519 => &[Algorithm::EdDSA],
        }
    }

    pub(super) fn decoding_key(&self) -> &DecodingKey {
        &self.key
    }

    fn rsa_from_der(key: DecodingKey) -> Result<Self, PublicKeyError> {
        let der = key.try_get_as_bytes().map_err(|_| PublicKeyError::Malformed)?;
        let parsed = RsaPublicKey::from_der(der).map_err(|_| PublicKeyError::Malformed)?;
        let modulus = parsed.modulus();
        check_rsa_size(modulus_bits(modulus.big_endian_without_leading_zero()))?;
        Ok(Self { key, kind: Kind::Rsa })
    }

    /// The length of an uncompressed point tells the curve; that it lies on it is checked.
    fn on_curve(key: DecodingKey) -> Result<Self, PublicKeyError> {
        match key.try_get_as_bytes().map(<[u8]>::len) {
            Ok(65) => Self::checked(key, Kind::P256, &ECDSA_P256_SHA256_FIXED),
            Ok(97) => Self::checked(key, Kind::P384, &ECDSA_P384_SHA384_FIXED),
            _ => Err(PublicKeyError::Unsupported),
        }
    }

    fn checked(
        key: DecodingKey,
        kind: Kind,
        algorithm: &'static dyn VerificationAlgorithm,
    ) -> Result<Self, PublicKeyError> {
        let bytes = key.try_get_as_bytes().map_err(|_| PublicKeyError::Malformed)?;
        ParsedPublicKey::new(algorithm, bytes).map_err(|_| PublicKeyError::Unsupported)?;
        Ok(Self { key, kind })
    }
}

/// What stands between `-----BEGIN ` and `-----`, the first time.
fn first_label(pem: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    rest.split_once("-----").map(|(label, _)| label)
}

/// A number of a JSON Web Key (RFC 7518 section 2, Base64urlUInt), without the leading zeros that some libraries write.
fn integer(text: &str) -> Result<Vec<u8>, PublicKeyError> {
    let mut bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| PublicKeyError::Malformed)?;
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    if bytes.is_empty() {
        return Err(PublicKeyError::Malformed);
    }
    Ok(bytes)
}

fn modulus_bits(modulus: &[u8]) -> usize {
    let zeros: usize = modulus.iter().take_while(|&&byte| byte == 0).count();
    let first = modulus.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (modulus.len() - zeros) * 8 - first
}

fn check_rsa_size(bits: usize) -> Result<(), PublicKeyError> {
    match bits {
        2048..=8192 => Ok(()),
        _ => Err(PublicKeyError::RsaSize { bits }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_keys::generated;
    use super::super::test_tokens::{sign_as, verifier_of};
    use super::{PublicKey, PublicKeyError, modulus_bits};
    use crate::auth::{Algorithm, TokenFault};
    use crate::config::{JwtKeyConfig, JwtKeyMaterial};

    fn config(pem: &str) -> JwtKeyConfig {
        JwtKeyConfig {
            id: None,
            material: JwtKeyMaterial::Public(PublicKey::from_pem(pem.as_bytes()).expect("usable")),
            algorithms: None,
        }
    }

    #[test]
    fn every_algorithm_verifies_with_the_key_of_its_type_and_no_other() {
        let keys = generated();
        for signer in &keys {
            for algorithm in signer.algorithms {
                let header = format!("{{\"alg\":\"{algorithm:?}\"}}");
                let token = sign_as(&signer.private, *algorithm, &header, "{}");
                for verifier in &keys {
                    let result = verifier_of(vec![config(&verifier.public_pem)]).verify(token.as_bytes(), 0);
                    if verifier.public_pem == signer.public_pem {
                        assert!(result.is_ok(), "{algorithm:?}");
                    } else {
                        assert_eq!(result, Err(TokenFault::Algorithm.into()), "{algorithm:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_public_key_is_no_secret() {
        // The classic confusion: a token signed by HMAC with the text of the public key.
        for key in generated() {
            let pem = key.public_pem.as_bytes();
            let secret = jsonwebtoken::EncodingKey::from_secret(pem);
            let token = sign_as(&secret, Algorithm::HS256, r#"{"alg":"HS256"}"#, "{}");
            assert_eq!(
                verifier_of(vec![config(&key.public_pem)]).verify(token.as_bytes(), 0),
                Err(TokenFault::Algorithm.into())
            );
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let pem = |label: &str, body: &str| {
            let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
            PublicKey::from_pem(text.as_bytes()).expect_err("refused")
        };
        assert_eq!(
            PublicKey::from_pem(b"nonsense").expect_err("refused"),
            PublicKeyError::NotPem
        );
        assert_eq!(pem("RSA PRIVATE KEY", "AAAA"), PublicKeyError::Private);
        assert_eq!(pem("PRIVATE KEY", "AAAA"), PublicKeyError::Private);
        assert_eq!(pem("EC PRIVATE KEY", "AAAA"), PublicKeyError::Private);
        assert_eq!(pem("CERTIFICATE", "AAAA"), PublicKeyError::Certificate);
        assert_eq!(pem("SSH2 PUBLIC KEY", "AAAA"), PublicKeyError::NotPem);
        assert_eq!(pem("PUBLIC KEY", "AAAA"), PublicKeyError::Unsupported);
        // secp256k1, whose points are as long as those of P-256; P-521; X25519.
        for body in [
            concat!(
                "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEqKE1KrKoTxWiWMnHJxYkNqcDXLrV+IHSSlffPzvDA/y4CUUkcsKQeiFQmAM8aMZf",
                "hpcdfz3hcpVCoW69o/aDrA=="
            ),
            concat!(
                "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBBSltGXDC5xoPqK+dK6KYzOx6E694Zs4IDnMscatFo5po/gWGXlaye0HSeCuP",
                "01PuheI3oxNMJI894X4cSceqBSsBrtaRmbtLFi/dfTFvTdCPOdrS8kWAOKaq070DSL+c0vd7eX9XFp1ulBvuBJMWAlEvf6fD",
                "KFKVkXbgBjj7C22sWHk="
            ),
            "MCowBQYDK2VuAyEA7wVirYA7SeN9mYO2M6jdImFtNGbNjzehVmsylHpvRBU=",
        ] {
            assert_eq!(pem("PUBLIC KEY", body), PublicKeyError::Unsupported, "{body}");
        }
    }

    #[test]
    fn a_short_rsa_key_is_refused() {
        let body = concat!(
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4IrpMXnOHTKra/vc10c8T5FtZCWEsHf8HdWjXM03aXrSeTGOneox4jqTN",
            "eKZIy3ZF3JeofdxXaK6JYPTehxnso2EXSPTvUtOvFvRPqpMuvW7Jy8xwxqqhTNZ+9dLsSpM5kCw/uQgyJswtliBxOjX7jsN6",
            "BxIRbvYc2duUvV1OfwIDAQAB"
        );
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        assert_eq!(
            PublicKey::from_pem(pem.as_bytes()).err(),
            Some(PublicKeyError::RsaSize { bits: 1024 })
        );
        assert_eq!(
            super::check_rsa_size(2047),
            Err(PublicKeyError::RsaSize { bits: 2047 })
        );
        assert_eq!(super::check_rsa_size(2048), Ok(()));
        assert_eq!(modulus_bits(&[0, 0, 1, 0xff]), 9);
        assert_eq!(modulus_bits(&[]), 0);
    }
}
