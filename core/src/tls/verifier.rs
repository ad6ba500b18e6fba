//! Whether the server's certificate is acceptable, by `sslmode`.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{SslMode, TlsError, certificate};

/// A verifier with libpq's levels. In all of them the handshake proves that the server has the key of its certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Trust {
    /// Any certificate: protects from those who listen only.
    Anything,
    /// One of these certificates, or one that they issued; for the right name if that is asked for.
    Roots {
        roots: RootCertStore,
        certificates: Vec<CertificateDer<'static>>,
        name: bool,
    },
}

impl Verifier {
    pub(super) fn new(
        mode: SslMode,
        root_certificates: Option<&[u8]>,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let trust = match (mode, root_certificates) {
            (SslMode::Disable | SslMode::Prefer, _) | (SslMode::Require, None) => Trust::Anything,
            (SslMode::VerifyCa | SslMode::VerifyFull, None) => return Err(TlsError::NoRootCertificates),
            (SslMode::Require | SslMode::VerifyCa, Some(pem)) => Trust::roots(pem, false)?,
            (SslMode::VerifyFull, Some(pem)) => Trust::roots(pem, true)?,
        };
        Ok(Self {
            trust,
            algorithms: provider.signature_verification_algorithms,
        })
    }
}

impl Trust {
    fn roots(pem: &[u8], name: bool) -> Result<Self, TlsError> {
        let (mut roots, mut certificates) = (RootCertStore::empty(), Vec::new());
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| TlsError::RootCertificates(error.to_string().into()))?;
            let added = roots.add(certificate.clone());
            added.map_err(|error| TlsError::RootCertificates(error.to_string().into()))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            return Err(TlsError::RootCertificates("no certificate found".into()));
        }
        Ok(Self::Roots {
            roots,
            certificates,
            name,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Trust::Roots {
            roots,
            certificates,
            name,
        } = &self.trust
        else {
            return Ok(ServerCertVerified::assertion());
        };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        if certificates
            .iter()
            .any(|root| root.as_ref() == end_entity.as_ref())
        {
            // The server uses the very certificate that the operator trusts, self-signed, as the manual of PostgreSQL
            // shows how to make one. Chain building would refuse it, because it is marked as an authority.
            check_validity(end_entity, now)?;
        } else {
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        if *name {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (not_before, not_after) = certificate::validity(certificate).ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < not_before {
        Err(CertificateError::NotValidYet.into())
    } else if now > not_after {
        Err(CertificateError::Expired.into())
    } else {
        Ok(())
    }
}
