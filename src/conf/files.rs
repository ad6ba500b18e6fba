//! Files that the configuration names: read when it is read, so that workers need no right to read them.

use std::os::unix::fs::PermissionsExt;

use zeroize::Zeroizing;

use crate::nginx::conf::{Conf, ConfError};

/// No key, password or certificate bundle is longer.
const MAX_FILE: u64 = 4 << 20;

/// The content of a file; relative names start at the folder of nginx.conf.
pub(super) fn read(cf: &mut Conf<'_>, path: &str) -> Result<Vec<u8>, ConfError> {
    let full = cf.full_path(path)?;
    let failed =
        |error: std::io::Error| ConfError::Message(format!("cannot read \"{}\": {error}", full.display()));
    let metadata = std::fs::metadata(&full).map_err(failed)?;
    if metadata.len() > MAX_FILE {
        return Err(ConfError::Message(format!(
            "file \"{}\" is too large",
            full.display()
        )));
    }
    std::fs::read(&full).map_err(failed)
}

/// The content of a file by its absolute path, for what reads files by itself.
pub(super) fn read_absolute(path: &str) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot read \"{path}\": {error}");
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
        return Err(format!("file \"{path}\" is too large"));
    }
    std::fs::read(path).map_err(failed)
}

/// The content of a file that should be kept from others, zeroed when it is dropped; warns where others can read it.
pub(super) fn read_secret(cf: &mut Conf<'_>, path: &str) -> Result<Zeroizing<Vec<u8>>, ConfError> {
    let bytes = Zeroizing::new(read(cf, path)?);
    warn_if_public(cf, path)?;
    Ok(bytes)
}

/// Warns of a file with secrets that everybody can read.
pub(super) fn warn_if_public(cf: &mut Conf<'_>, path: &str) -> Result<(), ConfError> {
    let full = cf.full_path(path)?;
    let mode = std::fs::metadata(&full)
        .map(|metadata| metadata.permissions().mode())
        .unwrap_or_default();
    if mode & 0o007 != 0 {
        cf.warn(&format!(
            "secret file \"{}\" can be read by every user of this machine",
            full.display()
        ));
    }
    Ok(())
}
