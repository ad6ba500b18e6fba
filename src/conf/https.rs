//! HTTP servers that workers ask: `http://…` and `https://…`.

use std::fmt;
use std::path::Path;
use std::rc::Rc;

use http::Uri;
use http::uri::Scheme;
use postern_core::tls::TlsSettings;

use super::files;
use crate::nginx::addr::Address;
use crate::nginx::conf::{Conf, ConfError};

/// Where the root certificates of a system are: Debian, Red Hat, Alpine and BSD.
const SYSTEM_CERTIFICATES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// A resource of an HTTP server.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// The whole URL.
    pub(crate) url: Uri,
    /// Where its server is, in the order to try.
    pub(crate) addresses: Vec<Address>,
    /// How to talk TLS with it; `None` for `http`.
    pub(crate) tls: Option<Rc<TlsSettings>>,
    trusted_certificate: Option<Box<str>>,
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.trusted_certificate == other.trusted_certificate
    }
}

impl fmt::Display for Endpoint {
    /// Without the query string, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.scheme_str().unwrap_or_default();
        let authority = self.url.authority().map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority}{}", self.url.path())
    }
}

/// Reads a URL. The name is resolved now, as nginx does for its upstreams.
pub(super) fn read_endpoint(
    cf: &mut Conf<'_>,
    url: &str,
    trusted_certificate: Option<&str>,
) -> Result<Endpoint, ConfError> {
    let invalid = || ConfError::Message(format!("invalid URL \"{url}\""));
    let uri: Uri = url.parse().map_err(|_| invalid())?;
    let authority = uri.authority().ok_or_else(invalid)?;
    if authority.as_str().contains('@') {
        return Err(invalid());
    }
    let host = authority.host().to_owned();
    let (is_tls, default_port) = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => (true, 443),
        Some(scheme) if *scheme == Scheme::HTTP => (false, 80),
        _ => return Err(invalid()),
    };
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => default_port,
        Some(port) => port.trim_start_matches(':').parse().map_err(|_| invalid())?,
        None => return Err(invalid()),
    };
    if port == 0 || (!is_tls && trusted_certificate.is_some()) {
        return Err(invalid());
    }
    let addresses = Address::resolve(cf, &host, port)?;
    let tls = match is_tls {
        true => Some(Rc::new(tls_settings(cf, &host, trusted_certificate)?)),
        false => {
            if !addresses.iter().all(Address::is_loopback) {
                cf.warn(&format!(
                    "\"{url}\" is fetched without TLS: whoever is on the way can change it"
                ));
            }
            None
        }
    };
    Ok(Endpoint {
        url: uri,
        addresses,
        tls,
        trusted_certificate: trusted_certificate.map(Into::into),
    })
}

fn tls_settings(
    cf: &mut Conf<'_>,
    host: &str,
    trusted_certificate: Option<&str>,
) -> Result<TlsSettings, ConfError> {
    let path = match trusted_certificate {
        Some(path) => path,
        None => SYSTEM_CERTIFICATES
            .into_iter()
            .find(|path| Path::new(path).exists())
            .ok_or_else(|| {
                ConfError::Message(
                    "no root certificates found on this system, name them with \"trusted_certificate\""
                        .into(),
                )
            })?,
    };
    let certificates = files::read(cf, path)?;
    TlsSettings::https(&certificates, host.trim_matches(['[', ']']))
        .map_err(|error| ConfError::Message(format!("{error} in \"{path}\"")))
}
