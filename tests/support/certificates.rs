//! A certificate authority and a server certificate for `localhost`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{TempDir, process};

/// The files `ca.crt`, `other.crt` (of an authority that has signed nothing), `server.crt` and `server.key`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new("certificates");
        let path = dir.path();
        for name in ["ca", "other"] {
            openssl(
                path,
                &format!(
                    "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-{name} -keyout {name}.key -out {name}.crt"
                ),
            );
        }
        openssl(
            path,
            "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        );
        fs::write(path.join("extensions"), "subjectAltName=DNS:localhost").unwrap();
        openssl(
            path,
            "x509 -req -days 30 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions -out server.crt",
        );
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of an authority's certificate.
    pub(crate) fn root(&self, name: &str) -> String {
        format!("{}/{name}.crt", self.0.path().display())
    }
}

/// Runs a command of openssl in a folder.
pub(crate) fn openssl(dir: &Path, arguments: &str) {
    process::run(
        Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(dir),
    );
}
