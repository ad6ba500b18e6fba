//! TLS: every level of `sslmode` against a server in this process and against a real PostgreSQL.
#![expect(clippy::expect_used, reason = "a helper fails its test")]

mod support;

use std::sync::Arc;

use bytes::BytesMut;
use postern_core::pg::{ChannelBinding, Password, ProtocolError, Settings};
use postern_core::tls::{SslMode, TlsError, TlsSession, TlsSettings};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ServerConfig, ServerConnection};
use support::{Authority, Client, Cluster, Identity, Lost, self_signed};

/// The server's side of a connection, which sends back what it receives.
struct Echo(ServerConnection);

impl Echo {
    fn new(identity: &Identity, versions: &[&'static rustls::SupportedProtocolVersion]) -> Self {
        let chain =
            CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).map(|cert| cert.expect("PEM"));
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("PEM");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .expect("supported versions")
            .with_no_client_auth()
            .with_single_cert(chain.collect(), key)
            .expect("a valid identity");
        let mut connection = ServerConnection::new(Arc::new(config)).expect("a connection");
        connection.set_buffer_limit(None);
        Self(connection)
    }

    /// Takes ciphertext and gives ciphertext.
    fn exchange(&mut self, mut received: &[u8]) -> Vec<u8> {
        use std::io::{Read, Write};
        while !received.is_empty() && self.0.read_tls(&mut received).expect("room") > 0 {
            // An alert of the client, which does not like the certificate, is no concern of this side.
            let Ok(state) = self.0.process_new_packets() else {
                break;
            };
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            self.0
                .reader()
                .read_exact(&mut plain)
                .expect("what was announced");
            self.0.writer().write_all(&plain).expect("room");
        }
        let mut sent = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut sent).expect("a vector takes everything");
        }
        sent
    }
}

const BOTH: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// Sends a text through and gives what comes back; the server's bytes arrive in pieces of `size`.
fn echo(session: &mut TlsSession, server: &mut Echo, text: &[u8], size: usize) -> Result<BytesMut, TlsError> {
    let (mut plain, mut sent) = (BytesMut::new(), BytesMut::new());
    session.write_plaintext(text)?;
    loop {
        session.take_ciphertext(&mut sent)?;
        let received = server.exchange(&sent.split());
        if received.is_empty() {
            return Ok(plain);
        }
        for piece in received.chunks(size) {
            session.read_ciphertext(piece, &mut plain)?;
        }
    }
}

fn connect(settings: &TlsSettings, identity: &Identity) -> Result<(), TlsError> {
    for version in BOTH {
        let (mut session, mut server) = (settings.session()?, Echo::new(identity, &[version]));
        assert_eq!(&echo(&mut session, &mut server, b"hello", 1000)?[..], b"hello");
        assert!(!session.is_handshaking());
    }
    Ok(())
}

fn invalid(outcome: Result<(), TlsError>) -> CertificateError {
    match outcome {
        Err(TlsError::Tls(rustls::Error::InvalidCertificate(error))) => error,
        other => panic!("expected a refused certificate, got {other:?}"),
    }
}

fn settings(mode: SslMode, root: Option<&str>, host: &str) -> TlsSettings {
    TlsSettings::new(mode, root.map(str::as_bytes), host).expect("valid settings")
}

#[test]
fn bytes_arrive_whole_in_any_pieces() {
    let identity = self_signed(&["localhost"], false);
    let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    for size in [1, 7, 100, 5000, usize::MAX] {
        let mut session = settings(SslMode::Require, None, "localhost")
            .session()
            .expect("a session");
        let mut server = Echo::new(&identity, BOTH);
        assert!(session.is_handshaking() && session.server_end_point().is_none());
        assert_eq!(echo(&mut session, &mut server, &text, size).expect("open"), text);
        assert_eq!(session.server_end_point().map(|hash| hash.len()), Some(32));
    }
}

#[test]
fn a_good_bye_is_noticed_and_nothing_after_it_counts() {
    let identity = self_signed(&["localhost"], false);
    let (mut session, mut server) = (
        settings(SslMode::Require, None, "localhost")
            .session()
            .expect("a session"),
        Echo::new(&identity, BOTH),
    );
    echo(&mut session, &mut server, b"x", 1000).expect("open");
    server.0.send_close_notify();
    let mut last = server.exchange(&[]);
    last.extend_from_slice(b"plain text");
    let mut plain = BytesMut::new();
    assert_eq!(session.read_ciphertext(&last, &mut plain), Ok(()));
    assert!(session.is_closed() && plain.is_empty());
    session.close();
    let mut sent = BytesMut::new();
    assert_eq!(session.take_ciphertext(&mut sent), Ok(()));
    assert!(!sent.is_empty());
}

#[test]
fn bytes_that_are_no_tls_are_an_error() {
    for noise in [
        &b"FATAL: too many connections"[..],
        &[0x16, 3, 3, 0xff, 0xff],
        &[0x17, 3, 3, 0, 1, 0],
    ] {
        let mut session = settings(SslMode::Prefer, None, "localhost")
            .session()
            .expect("a session");
        let outcome = session.read_ciphertext(noise, &mut BytesMut::new());
        assert!(matches!(outcome, Err(TlsError::Tls(_))), "{outcome:?}");
    }
}

#[test]
fn without_root_certificates_any_certificate_will_do() {
    let authority = Authority::new("some authority");
    for identity in [authority.issue(&["other"], true), self_signed(&[], true)] {
        for mode in [SslMode::Prefer, SslMode::Require] {
            assert_eq!(connect(&settings(mode, None, "localhost"), &identity), Ok(()));
        }
        // `prefer` never verifies: after a refusal it would go on in plain text.
        assert_eq!(
            connect(
                &settings(SslMode::Prefer, Some(&authority.root), "localhost"),
                &identity
            ),
            Ok(())
        );
    }
}

#[test]
fn verify_ca_wants_the_issuer_and_verify_full_the_name_too() {
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    let (right, wrong) = (
        authority.issue(&["db.example", "127.0.0.1"], false),
        authority.issue(&["else"], false),
    );
    for mode in [SslMode::Require, SslMode::VerifyCa] {
        let settings = settings(mode, Some(&authority.root), "db.example");
        assert_eq!(connect(&settings, &right), Ok(()));
        assert_eq!(connect(&settings, &wrong), Ok(()));
        let foreign = other.issue(&["db.example"], false);
        assert_eq!(
            invalid(connect(&settings, &foreign)),
            CertificateError::UnknownIssuer
        );
        let expired = invalid(connect(&settings, &authority.issue(&["db.example"], true)));
        assert!(matches!(
            expired,
            CertificateError::Expired | CertificateError::ExpiredContext { .. }
        ));
    }
    for host in ["db.example", "127.0.0.1"] {
        assert_eq!(
            connect(
                &settings(SslMode::VerifyFull, Some(&authority.root), host),
                &right
            ),
            Ok(())
        );
    }
    for (host, identity) in [
        ("db.example", &wrong),
        ("other.example", &right),
        ("127.0.0.2", &right),
    ] {
        let error = invalid(connect(
            &settings(SslMode::VerifyFull, Some(&authority.root), host),
            identity,
        ));
        assert!(matches!(
            error,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ));
    }
    // Any of several roots will do.
    let roots = format!("{}{}", other.root, authority.root);
    assert_eq!(
        connect(&settings(SslMode::VerifyFull, Some(&roots), "db.example"), &right),
        Ok(())
    );
}

#[test]
fn a_self_signed_certificate_can_be_its_own_root() {
    let (identity, expired) = (
        self_signed(&["db.example"], false),
        self_signed(&["db.example"], true),
    );
    let trusting = |mode, identity: &Identity, host| settings(mode, Some(&identity.certificate), host);
    assert_eq!(
        connect(&trusting(SslMode::VerifyCa, &identity, "else"), &identity),
        Ok(())
    );
    assert_eq!(
        connect(&trusting(SslMode::VerifyFull, &identity, "db.example"), &identity),
        Ok(())
    );
    let error = invalid(connect(
        &trusting(SslMode::VerifyFull, &identity, "else"),
        &identity,
    ));
    assert!(matches!(
        error,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    ));
    let error = invalid(connect(
        &trusting(SslMode::VerifyCa, &expired, "db.example"),
        &expired,
    ));
    assert_eq!(error, CertificateError::Expired);
    let impostor = self_signed(&["db.example"], false);
    assert!(connect(&trusting(SslMode::VerifyCa, &identity, "db.example"), &impostor).is_err());
}

#[test]
fn the_certificate_without_its_key_is_not_enough() {
    let (identity, other) = (
        self_signed(&["db.example"], false),
        self_signed(&["db.example"], false),
    );
    let chain = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(other.key.as_bytes()).expect("PEM");
    let provider = aws_lc_rs::default_provider();
    let signer = provider.key_provider.load_private_key(key).expect("a key");
    // A builder would notice; an impostor does not ask.
    let certified = rustls::sign::CertifiedKey::new(vec![chain], signer);
    let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
    for mode in [SslMode::Require, SslMode::VerifyCa] {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("supported versions")
            .with_no_client_auth()
            .with_cert_resolver(resolver.clone());
        let mut server = Echo(ServerConnection::new(Arc::new(config)).expect("a connection"));
        let root = Some(identity.certificate.as_str());
        let mut session = settings(mode, root, "db.example").session().expect("a session");
        let outcome = echo(&mut session, &mut server, b"secret", 1000);
        assert_eq!(
            outcome.map_err(|error| error.to_string()).err().as_deref(),
            Some(BAD_SIGNATURE)
        );
    }
}

const BAD_SIGNATURE: &str = "TLS failed: invalid peer certificate: BadSignature";

fn scram() -> Settings {
    Settings {
        password: Some(Password::new(*b"secret")),
        ..Settings::new("scram", "postgres")
    }
}

/// A server with TLS, and its root certificate.
fn tls_cluster() -> (Cluster, Authority) {
    let (mut cluster, authority) = (Cluster::start(), Authority::new("cluster"));
    let identity = authority.issue(&["localhost"], false);
    cluster.psql("CREATE ROLE scram LOGIN PASSWORD 'secret'; CREATE ROLE trusted LOGIN");
    cluster.write("server.crt", &identity.certificate);
    cluster.write("server.key", &identity.key);
    cluster.write("postgresql.auto.conf", "ssl = on\n");
    let rules =
        "local all postgres trust\nhostssl all trusted all trust\nhostssl all scram all scram-sha-256\n";
    cluster.write("pg_hba.conf", rules);
    cluster.restart();
    (cluster, authority)
}

#[test]
fn a_real_server_is_verified_and_scram_is_bound_to_the_channel() {
    let (cluster, authority) = tls_cluster();
    let verified = settings(SslMode::VerifyFull, Some(&authority.root), "localhost");
    let strict = Settings {
        channel_binding: ChannelBinding::Require,
        ..scram()
    };
    for settings in [
        scram(),
        strict.clone(),
        Settings {
            channel_binding: ChannelBinding::Disable,
            ..scram()
        },
    ] {
        let (mut client, events) = Client::tcp(&cluster, settings, Some(&verified)).expect("connected");
        assert_eq!(events, ["started"]);
        let sql = "SELECT ssl, repeat('x', 100000) FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let events = client.run(&[sql]).expect("an answer");
        assert_eq!((&events[0][..10], events[0].len()), ("0.0 row t|", 100_010));
    }
    let trusted = Settings {
        channel_binding: ChannelBinding::Require,
        ..Settings::new("trusted", "postgres")
    };
    let lost = Client::tcp(&cluster, trusted, Some(&verified)).err();
    assert_eq!(lost, Some(Lost::Protocol(ProtocolError::ChannelBindingRequired)));
    let wrong = Settings {
        password: Some(Password::new(*b"wrong")),
        ..strict
    };
    let (_, events) = Client::tcp(&cluster, wrong, Some(&verified)).expect("an answer");
    assert_eq!(events, ["closed 28P01"]);
    let elsewhere = settings(SslMode::VerifyFull, Some(&authority.root), "127.0.0.1");
    assert!(matches!(
        Client::tcp(&cluster, scram(), Some(&elsewhere)).err(),
        Some(Lost::Tls(TlsError::Tls(_)))
    ));
    let (_, events) = Client::tcp(&cluster, scram(), None).expect("an answer");
    assert_eq!(events, ["closed 28000"]);
}

#[test]
fn a_server_without_tls_serves_those_who_only_prefer_it() {
    let cluster = Cluster::start();
    let postgres = || Settings::new("postgres", "postgres");
    let (_, events) = Client::tcp(
        &cluster,
        postgres(),
        Some(&settings(SslMode::Prefer, None, "localhost")),
    )
    .expect("connected");
    assert_eq!(events, ["started"]);
    let lost = Client::tcp(
        &cluster,
        postgres(),
        Some(&settings(SslMode::Require, None, "localhost")),
    )
    .err();
    assert_eq!(lost, Some(Lost::Tls(TlsError::Refused)));
}
