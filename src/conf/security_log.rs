//! `postern_security_log file | stdout | syslog:server=address,…`

use super::LocationConf;
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::open_file::LogFile;
use crate::nginx::syslog::{self, Syslog};

/// Where findings of the filter go.
#[derive(Clone, Copy)]
pub(crate) enum SecurityLog {
    /// A file, a line for each.
    File(LogFile),
    /// A server, a message for each.
    Syslog(Syslog),
}

impl SecurityLog {
    /// Writes a line, which ends with a line break.
    pub(crate) fn write(&self, line: &[u8]) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.append(line),
            Self::Syslog(server) => server.send(line.trim_ascii_end()),
        }
    }
}

/// The directive.
pub(super) struct PosternSecurityLog;

impl Directive for PosternSecurityLog {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.filter.log.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let path = super::filter::one_word(cf)?;
        conf.filter.log = Some(if path.starts_with(syslog::PREFIX) {
            SecurityLog::Syslog(Syslog::from_parameter(cf)?)
        } else {
            let path = if path == "stdout" { "/dev/stdout" } else { &path };
            SecurityLog::File(LogFile::open(cf, path)?)
        });
        Ok(())
    }
}
