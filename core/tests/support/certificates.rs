//! Certificates for servers.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate and its key, in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// Who issues certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The root certificate, in PEM.
    pub root: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority_params(name, &[]), key());
        let root = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            root,
        }
    }

    /// A certificate for these names, valid or expired.
    pub fn issue(&self, names: &[&str], expired: bool) -> Identity {
        let key = key();
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(names).expect("valid names");
        set_validity(&mut params, expired);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity {
            certificate,
            key: key.serialize_pem(),
        }
    }
}

/// A certificate as the manual of PostgreSQL shows how to make one: self-signed and marked as an authority.
pub fn self_signed(names: &[&str], expired: bool) -> Identity {
    let (mut params, key) = (authority_params("server", names), key());
    set_validity(&mut params, expired);
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    Identity {
        certificate,
        key: key.serialize_pem(),
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn authority_params(name: &str, names: &[&str]) -> CertificateParams {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).expect("valid names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn set_validity(params: &mut CertificateParams, expired: bool) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = if expired {
        date_time_ymd(2021, 1, 1)
    } else {
        date_time_ymd(2120, 1, 1)
    };
}
