//! TLS to the servers of a database: the root certificates that its connection string names.

use std::rc::Rc;

use postern_core::config::dsn::{Dsn, Host};
use postern_core::tls::{SslMode, TlsSettings};

use super::files;
use crate::nginx::conf::{Conf, ConfError};

/// The settings of one connection string, with its root certificates read once.
pub(super) struct TlsFiles<'d> {
    dsn: &'d Dsn,
    roots: Option<Vec<u8>>,
}

impl<'d> TlsFiles<'d> {
    /// Nothing has been read yet.
    pub(super) fn new(dsn: &'d Dsn) -> Self {
        Self { dsn, roots: None }
    }

    /// How to talk TLS to a host; `None` for a Unix-domain socket, where libpq ignores `sslmode`, and for `disable`.
    pub(super) fn settings_for(
        &mut self,
        cf: &mut Conf<'_>,
        host: &Host,
    ) -> Result<Option<Rc<TlsSettings>>, ConfError> {
        let Host::Tcp { host, address, .. } = host else {
            return Ok(None);
        };
        if self.dsn.ssl_mode == SslMode::Disable {
            return Ok(None);
        }
        if let (None, Some(path)) = (&self.roots, &self.dsn.ssl_root_cert) {
            self.roots = Some(files::read(cf, &path.to_string_lossy())?);
        }
        let name = match (host.is_empty(), address) {
            (true, Some(address)) => address.to_string(),
            _ => host.to_string(),
        };
        TlsSettings::new(self.dsn.ssl_mode, self.roots.as_deref(), &name)
            .map(|settings| Some(Rc::new(settings)))
            .map_err(|error| ConfError::Message(format!("invalid \"dsn\": {error}")))
    }
}
