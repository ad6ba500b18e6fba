//! From options to a [`Dsn`].

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config;

use super::scan::Pair;
use super::{ChannelBinding, Dsn, DsnError, Host, Keepalives, Password, SslMode, TargetSessionAttrs};

/// The options of a connection string, each known to libpq and each once.
pub(super) struct Options(Vec<(&'static str, Vec<u8>)>);

impl Options {
    /// Checks the names. As in libpq, the last of several values counts and an empty one means the default.
    pub(super) fn new(pairs: Vec<Pair>) -> Result<Self, DsnError> {
        let mut options = Vec::new();
        for Pair {
            name,
            value,
            position,
        } in pairs
        {
            if let Some(&name) = UNSUPPORTED.iter().find(|known| **known == name) {
                return Err(DsnError::UnsupportedOption(name));
            }
            let known = OWN.iter().chain(&OF_CONFIG).find(|known| **known == name);
            let name = *known.ok_or(DsnError::UnknownOption(position))?;
            if value.contains(&0) {
                return Err(DsnError::InvalidValue(name));
            }
            options.retain(|(earlier, _)| *earlier != name);
            options.push((name, value));
        }
        options.retain(|(_, value)| !value.is_empty());
        Ok(Self(options))
    }

    pub(super) fn into_dsn(mut self) -> Result<Dsn, DsnError> {
        self.check_fixed()?;
        let password = self.take("password").map(Password::new);
        let passfile = self.path("passfile")?;
        let ssl_mode = self.ssl_mode()?;
        let ssl_root_cert = self.ssl_root_cert()?;
        let target_session_attrs = self.target_session_attrs()?;
        let tcp_user_timeout = self.number("tcp_user_timeout")?.map(Duration::from_millis);
        let count = self.number("keepalives_count")?;
        let has_idle = self.0.iter().any(|(name, _)| *name == "keepalives_idle");
        let config = self.into_config()?;
        let user = config.user().ok_or(DsnError::NoUser)?;
        let keepalives = Keepalives {
            idle: has_idle.then(|| config.0.get_keepalives_idle()),
            interval: config.0.get_keepalives_interval(),
            count: count.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        };
        Ok(Dsn {
            hosts: config.hosts()?,
            password,
            passfile,
            dbname: config.0.get_dbname().unwrap_or(user).into(),
            application_name: config.0.get_application_name().unwrap_or("postern").into(),
            options: config.0.get_options().map(Into::into),
            ssl_mode,
            ssl_root_cert,
            channel_binding: config.channel_binding(),
            target_session_attrs,
            connect_timeout: config.0.get_connect_timeout().copied(),
            keepalives: config.0.get_keepalives().then_some(keepalives),
            tcp_user_timeout: tcp_user_timeout.filter(|timeout| !timeout.is_zero()),
            load_balance_hosts: config.0.get_load_balance_hosts() == config::LoadBalanceHosts::Random,
            user: user.into(),
        })
    }

    fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        let index = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(index).1)
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, DsnError> {
        let value = self.take(name).map(String::from_utf8).transpose();
        value.map_err(|_| DsnError::InvalidValue(name))
    }

    fn path(&mut self, name: &'static str) -> Result<Option<PathBuf>, DsnError> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    fn number(&mut self, name: &'static str) -> Result<Option<u64>, DsnError> {
        let value = self.text(name)?.map(|value| value.parse()).transpose();
        value.map_err(|_| DsnError::InvalidValue(name))
    }

    /// Options that have one sensible value here. Text is always UTF-8, GSSAPI does not exist, and TLS is asked for by a
    /// request, as every server understands.
    fn check_fixed(&mut self) -> Result<(), DsnError> {
        match self
            .text("client_encoding")?
            .map(|value| value.to_ascii_lowercase())
            .as_deref()
        {
            None | Some("utf8" | "utf-8" | "unicode" | "auto") => {}
            Some(_) => return Err(DsnError::InvalidValue("client_encoding")),
        }
        match self.text("gssencmode")?.as_deref() {
            None | Some("disable" | "prefer") => {}
            Some("require") => {
                return Err(DsnError::UnsupportedValue {
                    option: "gssencmode",
                    value: "require",
                });
            }
            Some(_) => return Err(DsnError::InvalidValue("gssencmode")),
        }
        match self.text("sslnegotiation")?.as_deref() {
            None | Some("postgres") => Ok(()),
            Some("direct") => Err(DsnError::UnsupportedValue {
                option: "sslnegotiation",
                value: "direct",
            }),
            Some(_) => Err(DsnError::InvalidValue("sslnegotiation")),
        }
    }

    fn ssl_mode(&mut self) -> Result<SslMode, DsnError> {
        Ok(match self.text("sslmode")?.as_deref() {
            None => SslMode::default(),
            Some("disable") => SslMode::Disable,
            Some("prefer") => SslMode::Prefer,
            Some("require") => SslMode::Require,
            Some("verify-ca") => SslMode::VerifyCa,
            Some("verify-full") => SslMode::VerifyFull,
            Some("allow") => {
                return Err(DsnError::UnsupportedValue {
                    option: "sslmode",
                    value: "allow",
                });
            }
            Some(_) => return Err(DsnError::InvalidValue("sslmode")),
        })
    }

    fn ssl_root_cert(&mut self) -> Result<Option<PathBuf>, DsnError> {
        let path = self.path("sslrootcert")?;
        match &path {
            Some(path) if path.as_os_str() == "system" => Err(DsnError::UnsupportedValue {
                option: "sslrootcert",
                value: "system",
            }),
            _ => Ok(path),
        }
    }

    fn target_session_attrs(&mut self) -> Result<TargetSessionAttrs, DsnError> {
        Ok(match self.text("target_session_attrs")?.as_deref() {
            None | Some("any") => TargetSessionAttrs::Any,
            Some("read-write") => TargetSessionAttrs::ReadWrite,
            Some("read-only") => TargetSessionAttrs::ReadOnly,
            Some("primary") => TargetSessionAttrs::Primary,
            Some("standby") => TargetSessionAttrs::Standby,
            Some("prefer-standby") => TargetSessionAttrs::PreferStandby,
            Some(_) => return Err(DsnError::InvalidValue("target_session_attrs")),
        })
    }

    /// Gives what is left to `tokio_postgres`.
    fn into_config(self) -> Result<Config, DsnError> {
        let mut text = String::new();
        for (name, value) in self.0 {
            let value = String::from_utf8(value).map_err(|_| DsnError::InvalidValue(name))?;
            let pair = format!("{name}='{}' ", value.replace('\\', "\\\\").replace('\'', "\\'"));
            // One by one, so that the message can name the option.
            if pair.parse::<tokio_postgres::Config>().is_err() {
                return Err(DsnError::InvalidValue(name));
            }
            text.push_str(&pair);
        }
        text.parse().map(Config).map_err(|_| DsnError::Syntax(0))
    }
}

struct Config(tokio_postgres::Config);

impl Config {
    fn user(&self) -> Option<&str> {
        self.0.get_user()
    }

    fn channel_binding(&self) -> ChannelBinding {
        match self.0.get_channel_binding() {
            config::ChannelBinding::Disable => ChannelBinding::Disable,
            config::ChannelBinding::Require => ChannelBinding::Require,
            _ => ChannelBinding::Prefer,
        }
    }

    /// Joins the lists of hosts, addresses and ports. One port is for all hosts.
    fn hosts(&self) -> Result<Vec<Host>, DsnError> {
        let (names, addresses, ports) = (self.0.get_hosts(), self.0.get_hostaddrs(), self.0.get_ports());
        let count = names.len().max(addresses.len()).max(1);
        for (option, length) in [("host", names.len()), ("hostaddr", addresses.len())] {
            if length != 0 && length != count {
                return Err(DsnError::Count(option));
            }
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(DsnError::Count("port"));
        }
        if ports.contains(&0) {
            return Err(DsnError::InvalidValue("port"));
        }
        let all = ports.first().copied().unwrap_or(DEFAULT_PORT);
        (0..count)
            .map(|index| {
                let port = ports.get(index).copied().unwrap_or(all);
                host(names.get(index), addresses.get(index).copied(), port)
            })
            .collect()
    }
}

fn host(name: Option<&config::Host>, address: Option<IpAddr>, port: u16) -> Result<Host, DsnError> {
    match (name, address) {
        (Some(config::Host::Unix(directory)), None) => Ok(Host::Unix {
            directory: directory.clone(),
            port,
        }),
        // An address in place of a socket makes no sense, and neither does a name like this: an at sign, above all, means
        // that a password contains one that is not encoded.
        (Some(config::Host::Unix(_)), Some(_)) => Err(DsnError::InvalidValue("hostaddr")),
        (Some(config::Host::Tcp(name)), _)
            if name.contains(|c: char| "@/".contains(c) || c.is_whitespace()) =>
        {
            Err(DsnError::InvalidValue("host"))
        }
        (Some(config::Host::Tcp(name)), _) if !name.is_empty() => {
            let address = address.or_else(|| name.parse().ok());
            Ok(Host::Tcp {
                host: name.as_str().into(),
                address,
                port,
            })
        }
        (_, Some(address)) => Ok(Host::Tcp {
            host: address.to_string().into(),
            address: Some(address),
            port,
        }),
        (_, None) => Ok(Host::Unix {
            directory: DEFAULT_DIRECTORY.into(),
            port,
        }),
    }
}

/// Where Debian's and most other packages have the socket.
const DEFAULT_DIRECTORY: &str = "/var/run/postgresql";
const DEFAULT_PORT: u16 = 5432;

/// The options that are read here, because `tokio_postgres` does not know them or not all of their values (or, as with
/// `tcp_user_timeout`, takes milliseconds for seconds).
const OWN: [&str; 10] = [
    "password",
    "passfile",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "keepalives_count",
    "client_encoding",
    "gssencmode",
    "sslnegotiation",
];

/// The options that `tokio_postgres` reads.
const OF_CONFIG: [&str; 13] = [
    "user",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "channel_binding",
    "load_balance_hosts",
];

/// Options of libpq for things that do not exist here; to ignore one could mean to connect with less security than asked.
const UNSUPPORTED: [&str; 16] = [
    "service",
    "servicefile",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "requirepeer",
    "require_auth",
    "krbsrvname",
    "gsslib",
    "replication",
];
