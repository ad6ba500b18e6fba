//! Connection strings: `host=… dbname=…` and `postgresql://…` (PostgreSQL manual, "Connection Strings" of libpq).
//!
//! `tokio_postgres::Config` reads the values. It knows fewer options than libpq, so the string is first cut into its
//! options ([`scan`]), and those that it does not know, or understands otherwise, are read here. No message quotes a value:
//! a password in the wrong place must not get into a log.

mod options;
mod passfile;
mod scan;

pub use passfile::password_from_file;

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use crate::pg::{ChannelBinding, Password};
pub use crate::tls::SslMode;

use crate::pg::Settings;
use options::Options;

/// A connection string that has been understood as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    /// Where the server may be, in the order to try. Never empty.
    pub hosts: Vec<Host>,
    /// The role to log in as.
    pub user: Box<str>,
    /// The password, if it is in the string.
    pub password: Option<Password>,
    /// A file with passwords, see [`password_from_file`].
    pub passfile: Option<PathBuf>,
    /// The database; that of the user's name by default.
    pub dbname: Box<str>,
    /// What `pg_stat_activity` shows; `postern` by default.
    pub application_name: Box<str>,
    /// Command-line options for the server process.
    pub options: Option<Box<str>>,
    /// How much TLS is wanted.
    pub ssl_mode: SslMode,
    /// The file of root certificates, in PEM.
    pub ssl_root_cert: Option<PathBuf>,
    /// Whether SCRAM is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// What kind of server is wanted.
    pub target_session_attrs: TargetSessionAttrs,
    /// How long to try one host; `None` leaves it to the caller.
    pub connect_timeout: Option<Duration>,
    /// TCP keep-alive probes; `None` switches them off.
    pub keepalives: Option<Keepalives>,
    /// How long sent data may stay unacknowledged (`TCP_USER_TIMEOUT`).
    pub tcp_user_timeout: Option<Duration>,
    /// Whether the hosts are tried in random order.
    pub load_balance_hosts: bool,
}

impl Dsn {
    /// What a connection needs to know of it.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.user.clone(), self.dbname.clone());
        settings.password.clone_from(&self.password);
        settings.application_name.clone_from(&self.application_name);
        settings.channel_binding = self.channel_binding;
        if let Some(options) = &self.options {
            settings.options.push(("options".into(), options.clone()));
        }
        settings
    }
}

impl FromStr for Dsn {
    type Err = DsnError;

    fn from_str(dsn: &str) -> Result<Self, DsnError> {
        Options::new(scan::pairs(dsn)?)?.into_dsn()
    }
}

/// A place where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A Unix socket.
    Unix {
        /// The directory of the socket.
        directory: PathBuf,
        /// The port number, which is part of the socket's name.
        port: u16,
    },
    /// A TCP port.
    Tcp {
        /// The name or address, which TLS verifies.
        host: Box<str>,
        /// The address, if the name need not be resolved.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
}

impl Host {
    /// The path of the Unix socket, if it is one.
    pub fn socket_path(&self) -> Option<PathBuf> {
        match self {
            Self::Unix { directory, port } => Some(directory.join(format!(".s.PGSQL.{port}"))),
            Self::Tcp { .. } => None,
        }
    }
}

/// TCP keep-alive probes; `None` leaves a value to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keepalives {
    /// How long the connection is silent before the first probe.
    pub idle: Option<Duration>,
    /// The time between probes.
    pub interval: Option<Duration>,
    /// How many probes stay unanswered before the connection counts as lost.
    pub count: Option<u32>,
}

/// What kind of server is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetSessionAttrs {
    /// Any.
    #[default]
    Any,
    /// One whose sessions may write.
    ReadWrite,
    /// One whose sessions may not write.
    ReadOnly,
    /// One that is not a standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or any if none of the hosts is a standby.
    PreferStandby,
}

impl TargetSessionAttrs {
    /// What to look for among all hosts first, then second.
    pub fn passes(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// Whether a server will do: one that is a standby or not (`in_hot_standby`), and whose transactions are read-only by
    /// default or not (`default_transaction_read_only`).
    pub fn accepts(self, standby: bool, read_only: bool) -> bool {
        match self {
            Self::Any | Self::PreferStandby => true,
            Self::ReadWrite => !standby && !read_only,
            Self::ReadOnly => standby || read_only,
            Self::Primary => !standby,
            Self::Standby => standby,
        }
    }
}

/// What is wrong with a connection string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DsnError {
    /// Neither `option=value` nor a URI at this byte.
    #[error("invalid connection string at byte {0}")]
    Syntax(usize),
    /// A quote that is not closed.
    #[error("unterminated quoted value in connection string at byte {0}")]
    Unterminated(usize),
    /// A percent sign that is not followed by two hexadecimal digits, or stands for a zero byte or invalid UTF-8.
    #[error("invalid percent-encoding in connection string at byte {0}")]
    PercentEncoding(usize),
    /// An option that libpq does not know either. Its name is not quoted, it may be a part of a password.
    #[error("unknown option in connection string at byte {0}")]
    UnknownOption(usize),
    /// An option of libpq that makes no sense here.
    #[error("connection option \"{0}\" is not supported")]
    UnsupportedOption(&'static str),
    /// A value that the option cannot have.
    #[error("invalid value of connection option \"{0}\"")]
    InvalidValue(&'static str),
    /// A value that libpq knows, but that is not supported.
    #[error("connection option \"{option}\" does not support \"{value}\"")]
    UnsupportedValue {
        /// The option.
        option: &'static str,
        /// The value.
        value: &'static str,
    },
    /// There must be as many as there are hosts.
    #[error("number of values of connection option \"{0}\" does not match the number of hosts")]
    Count(&'static str),
    /// There is no user.
    #[error("no \"user\" in connection string")]
    NoUser,
}

#[cfg(test)]
mod tests;
