//! TLS without I/O: to PostgreSQL with the meaning that libpq gives to `sslmode` (PostgreSQL manual, "SSL Support" of libpq), and
//! to HTTPS servers.
//!
//! The driver sends [`TlsSettings::request`], gives the one byte that comes back to [`TlsSettings::answer`], and then moves
//! bytes through a [`TlsSession`]. A connection over a Unix socket does without, as in libpq.
//!
//! rustls reads the clock (for the validity of certificates) and draws random numbers itself; nothing else here does.

mod certificate;
mod session;
mod verifier;

pub use session::TlsSession;

use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;

use verifier::Verifier;

/// How much TLS is wanted (libpq's `sslmode`; `allow`, which asks for TLS last, is not offered).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SslMode {
    /// None.
    Disable,
    /// TLS if the server has it, without looking at its certificate; plain text otherwise.
    #[default]
    Prefer,
    /// TLS. The certificate is verified only if root certificates are given.
    Require,
    /// TLS, and the certificate was issued by one of the root certificates.
    VerifyCa,
    /// The same, and the certificate is for the host that was asked for.
    VerifyFull,
}

/// How to make TLS connections to one host. Made once and shared.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    mode: SslMode,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// What the server said to the request for TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The handshake begins.
    Tls,
    /// The server has no TLS, and `sslmode` lets the connection go on in plain text.
    Plain,
}

impl TlsSettings {
    /// Settings for `host`, the name (or address) that was configured, with the content of `sslrootcert` if there is one.
    pub fn new(mode: SslMode, root_certificates: Option<&[u8]>, host: &str) -> Result<Self, TlsError> {
        Self::with_alpn(mode, root_certificates, host, ALPN_POSTGRESQL)
    }

    /// Settings for an HTTPS server, whose certificate must be for `host` and be one of, or issued by one of, `root_certificates`
    /// (PEM).
    pub fn https(root_certificates: &[u8], host: &str) -> Result<Self, TlsError> {
        Self::with_alpn(SslMode::VerifyFull, Some(root_certificates), host, ALPN_HTTP)
    }

    fn with_alpn(
        mode: SslMode,
        root_certificates: Option<&[u8]>,
        host: &str,
        alpn: &[u8],
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new(mode, root_certificates, &provider)?;
        let name = ServerName::try_from(host.to_owned()).ok();
        if name.is_none() && mode == SslMode::VerifyFull {
            return Err(TlsError::HostName(host.into()));
        }
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // PostgreSQL does not resume sessions; and a connection that lives for hours has no use for it.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![alpn.to_vec()];
        // A name that cannot be in a certificate is not checked, and cannot be sent either.
        config.enable_sni = name.is_some();
        let name = match name {
            Some(name) => name,
            None => ServerName::try_from(NO_NAME).map_err(|_| TlsError::HostName(host.into()))?,
        };
        Ok(Self {
            mode,
            config: Arc::new(config),
            name,
        })
    }

    /// Whether TLS is asked for at all.
    pub fn is_wanted(&self) -> bool {
        self.mode != SslMode::Disable
    }

    /// Whether, after a failed handshake, a new connection may be tried in plain text.
    pub fn may_retry_plain(&self) -> bool {
        self.mode == SslMode::Prefer
    }

    /// Writes the request for TLS, the first message on a connection.
    pub fn request(output: &mut BytesMut) {
        frontend::ssl_request(output);
    }

    /// Takes all that was received after the request; `None` if that is nothing yet.
    pub fn answer(&self, received: &[u8]) -> Result<Option<Answer>, TlsError> {
        match received {
            [] => Ok(None),
            [b'S'] => Ok(Some(Answer::Tls)),
            [b'N'] if self.mode == SslMode::Prefer => Ok(Some(Answer::Plain)),
            [b'N'] => Err(TlsError::Refused),
            // Whatever came along is not encrypted: somebody in between wants it to be taken for the server's words inside
            // TLS (CVE-2021-23222).
            [b'S' | b'N', _, ..] => Err(TlsError::EarlyData),
            // The text of such an error is not authenticated, so it is not shown (CVE-2024-10977).
            [b'E', ..] => Err(TlsError::ServerFailed),
            _ => Err(TlsError::UnexpectedAnswer),
        }
    }

    /// Begins a handshake; its first bytes are in [`TlsSession::take_ciphertext`].
    pub fn session(&self) -> Result<TlsSession, TlsError> {
        TlsSession::new(Arc::clone(&self.config), self.name.clone())
    }
}

/// What went wrong with TLS.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server has no TLS, but `sslmode` demands it.
    #[error("the database server does not support TLS, but sslmode demands it")]
    Refused,
    /// Bytes came along with the answer to the request for TLS.
    #[error("unencrypted data from the database server in front of the TLS handshake")]
    EarlyData,
    /// The server answered with an error.
    #[error("the database server reported an error when TLS was asked for")]
    ServerFailed,
    /// The server does not speak the protocol.
    #[error("unexpected answer from the database server when TLS was asked for")]
    UnexpectedAnswer,
    /// `verify-ca` and `verify-full` need root certificates.
    #[error("no root certificates to verify the database server with: sslrootcert is not set")]
    NoRootCertificates,
    /// The root certificates cannot be used; the text is the reason.
    #[error("invalid root certificates: {0}")]
    RootCertificates(Box<str>),
    /// `verify-full` cannot find this name in any certificate.
    #[error("host name \"{0}\" cannot be verified by TLS")]
    HostName(Box<str>),
    /// The handshake failed, the certificate is not acceptable, or the bytes are no TLS.
    #[error("TLS failed: {0}")]
    Tls(#[source] rustls::Error),
    /// rustls could not take bytes that it has to take.
    #[error("TLS buffer overflow")]
    Overflow,
}

/// The protocol name of PostgreSQL (IANA "TLS ALPN Protocol IDs"); servers before version 17 ignore it.
const ALPN_POSTGRESQL: &[u8] = b"postgresql";

/// HTTP/1.1 over TLS (RFC 7301).
const ALPN_HTTP: &[u8] = b"http/1.1";

/// Stands for a host whose name cannot be in a certificate (RFC 6761).
const NO_NAME: &str = "postgresql.invalid";

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Answer, SslMode, TlsError, TlsSettings};

    fn settings(mode: SslMode) -> TlsSettings {
        TlsSettings::new(mode, None, "localhost").expect("valid")
    }

    #[test]
    fn the_request_is_eight_bytes() {
        let mut output = BytesMut::new();
        TlsSettings::request(&mut output);
        assert_eq!(&output[..], b"\0\0\0\x08\x04\xd2\x16\x2f");
    }

    #[test]
    fn the_answer_decides_between_tls_plain_text_and_failure() {
        let (prefer, require) = (settings(SslMode::Prefer), settings(SslMode::Require));
        assert_eq!(prefer.answer(b""), Ok(None));
        assert_eq!(prefer.answer(b"S"), Ok(Some(Answer::Tls)));
        assert_eq!(prefer.answer(b"N"), Ok(Some(Answer::Plain)));
        assert_eq!(require.answer(b"S"), Ok(Some(Answer::Tls)));
        assert_eq!(require.answer(b"N"), Err(TlsError::Refused));
        assert_eq!(require.answer(b"E\0\0"), Err(TlsError::ServerFailed));
        assert_eq!(require.answer(b"HTTP"), Err(TlsError::UnexpectedAnswer));
    }

    #[test]
    fn bytes_behind_the_answer_are_refused() {
        for answer in [&b"SR"[..], b"S\0\0\0", b"NR"] {
            assert_eq!(settings(SslMode::Prefer).answer(answer), Err(TlsError::EarlyData));
        }
    }

    #[test]
    fn verification_needs_root_certificates_and_a_name() {
        for mode in [SslMode::VerifyCa, SslMode::VerifyFull] {
            let error = TlsSettings::new(mode, None, "localhost").err();
            assert_eq!(error, Some(TlsError::NoRootCertificates));
            for pem in [
                &b""[..],
                b"nonsense",
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            ] {
                let error = TlsSettings::new(mode, Some(pem), "localhost").err();
                assert!(matches!(error, Some(TlsError::RootCertificates(_))), "{error:?}");
            }
        }
        assert!(TlsSettings::new(SslMode::Require, None, "not a name!").is_ok());
    }

    #[test]
    fn only_prefer_goes_on_without_tls() {
        assert!(settings(SslMode::Prefer).may_retry_plain());
        assert!(!settings(SslMode::Require).may_retry_plain());
        assert!(!settings(SslMode::Disable).is_wanted());
    }
}
