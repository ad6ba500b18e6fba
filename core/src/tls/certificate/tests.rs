//! Certificates of several kinds against the reader.

use aws_lc_rs::digest;
use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm, date_time_ymd};

use super::{days_since_1970, end_point, time, validity};

fn certificate(algorithm: &'static SignatureAlgorithm, years: (i32, i32)) -> Vec<u8> {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    let mut params = CertificateParams::new(["db.example".to_owned()]).expect("valid parameters");
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 12, 31);
    params.self_signed(&key).expect("a certificate").der().to_vec()
}

#[test]
fn the_end_point_is_hashed_with_the_function_of_the_signature() {
    let kinds: [(&'static SignatureAlgorithm, Option<&'static digest::Algorithm>); 7] = [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Some(&digest::SHA256)),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Some(&digest::SHA384)),
        (&rcgen::PKCS_ECDSA_P521_SHA512, Some(&digest::SHA512)),
        (&rcgen::PKCS_RSA_SHA256, Some(&digest::SHA256)),
        (&rcgen::PKCS_RSA_SHA384, Some(&digest::SHA384)),
        (&rcgen::PKCS_RSA_SHA512, Some(&digest::SHA512)),
        (&rcgen::PKCS_ED25519, None),
    ];
    for (signature, hash) in kinds {
        let certificate = certificate(signature, (2020, 2030));
        let expected = hash.map(|hash| digest::digest(hash, &certificate).as_ref().to_vec());
        assert_eq!(end_point(&certificate), expected, "{signature:?}");
    }
}

#[test]
fn the_validity_is_read_in_both_formats() {
    // Until 2049 a date is a UTCTime, later a GeneralizedTime.
    let certificate = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, (1999, 2101));
    assert_eq!(validity(&certificate), Some((915_148_800, 4_165_430_400)));
}

#[test]
fn a_certificate_that_is_cut_off_anywhere_says_nothing_wrong() {
    let certificate = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, (2020, 2030));
    for end in 0..certificate.len() {
        assert_eq!(end_point(&certificate[..end]), None);
        assert_eq!(validity(&certificate[..end]), None);
    }
}

#[test]
fn times_are_seconds_since_1970() {
    assert_eq!(time((0x17, b"700101000000Z")), Some(0));
    assert_eq!(time((0x17, b"491231235959Z")), Some(2_524_607_999));
    assert_eq!(time((0x17, b"500101000000Z")), Some(-631_152_000));
    assert_eq!(time((0x18, b"20000229120000Z")), Some(951_825_600));
    assert_eq!(days_since_1970(2000, 3, 1), Some(11_017));
    for wrong in [
        &b"700101000000"[..],
        b"7001010000Z",
        b"70010100000xZ",
        b"701301000000Z",
        b"",
    ] {
        assert_eq!(time((0x17, wrong)), None);
    }
}
