//! `postern_database name { … }`

use std::num::NonZeroU32;
use std::rc::Rc;

use postern_core::config::dsn::{self, Dsn, TargetSessionAttrs};
use postern_core::config::{ContextConfig, DatabaseConfig, Listen};
use postern_core::pg::{self, Password};
use postern_core::query::context;
use postern_core::tls::TlsSettings;

use super::MainConf;
use super::parameters::{duration_ms, invalid_value, number, positive, positive_duration_ms, switch};
use super::tls::TlsFiles;
use crate::nginx::addr::Address;
use crate::nginx::conf::{Conf, ConfError, Directive};

const DEFAULT_CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).unwrap();
const DEFAULT_PIPELINE: NonZeroU32 = NonZeroU32::new(16).unwrap();
/// `request.cookies` of a request that has none.
const NO_COOKIES: &str = "{}";
const DEFAULT_STATEMENTS: NonZeroU32 = NonZeroU32::new(256).unwrap();
const DEFAULT_QUEUE: u32 = 1024;
const DEFAULT_CONNECT_TIMEOUT_MS: u64 = 5_000;
const DEFAULT_QUERY_TIMEOUT_MS: u64 = 10_000;
const DEFAULT_ACQUIRE_TIMEOUT_MS: u64 = 3_000;
const DEFAULT_IDLE_TIMEOUT_MS: u64 = 300_000;
const DEFAULT_MAX_LIFETIME_MS: u64 = 3_600_000;

/// A database as the workers use it: checked, resolved, with every file read.
#[derive(Debug)]
pub(crate) struct DatabaseSettings {
    /// Pool and request settings.
    pub(crate) config: Rc<DatabaseConfig>,
    /// What a connection sends to start.
    pub(crate) session: Rc<pg::Settings>,
    /// The servers in the order of preference.
    pub(crate) hosts: Vec<Host>,
    /// What a server must be.
    pub(crate) target_session_attrs: TargetSessionAttrs,
}

impl DatabaseSettings {
    /// Where the data are: two blocks with one place, for two pools, read and write the same.
    pub(crate) fn data_place(&self) -> String {
        let addresses = self.hosts.iter().flat_map(|host| &host.addresses);
        let names: Vec<&str> = addresses.map(Address::name).collect();
        format!("{} at {}", self.session.database, names.join(", "))
    }
}

/// A server.
#[derive(Debug)]
pub(crate) struct Host {
    /// What its name resolved to.
    pub(crate) addresses: Vec<Address>,
    /// How to talk TLS to it; `None` for a Unix-domain socket or `sslmode=disable`.
    pub(crate) tls: Option<Rc<TlsSettings>>,
}

/// The directive.
pub(super) struct PosternDatabase;

impl Directive for PosternDatabase {
    type Conf = MainConf;

    fn set(cf: &mut Conf<'_>, conf: &mut MainConf) -> Result<(), ConfError> {
        let name: Box<str> = cf.arguments()?.get(1).copied().unwrap_or_default().into();
        let number = conf.database_number(&name);
        let slot = conf
            .databases
            .get_mut(number)
            .map(|database| &mut database.settings);
        let Some(slot @ None) = slot else {
            return Err(ConfError::Message(format!("duplicate database \"{name}\"")));
        };
        let mut block = Block::default();
        cf.parse_block(|cf| block.set(cf))?;
        *slot = Some(Rc::new(block.finish(cf, name)?));
        Ok(())
    }
}

/// The directives inside the block, as they come.
#[derive(Default)]
struct Block {
    dsn: Option<Dsn>,
    password: Option<Password>,
    connections: Option<NonZeroU32>,
    pipeline: Option<NonZeroU32>,
    queue: Option<u32>,
    statements: Option<NonZeroU32>,
    connect_timeout_ms: Option<u64>,
    query_timeout_ms: Option<u64>,
    acquire_timeout_ms: Option<u64>,
    idle_timeout_ms: Option<u64>,
    max_lifetime_ms: Option<u64>,
    prepare: Option<bool>,
    schemas: Option<Vec<Box<str>>>,
    anonymous_role: Option<Box<str>>,
    context: Option<ContextConfig>,
    listen: Option<bool>,
}

impl Block {
    fn set(&mut self, cf: &mut Conf<'_>) -> Result<(), ConfError> {
        let words: Vec<String> = cf.arguments()?.into_iter().map(str::to_owned).collect();
        let Some((name, values)) = words.split_first() else {
            return Ok(());
        };
        match name.as_str() {
            "schemas" if !values.is_empty() => {
                return place(
                    &mut self.schemas,
                    values.iter().map(|schema| schema.as_str().into()).collect(),
                );
            }
            "context" => return place(&mut self.context, parse_context(values)?),
            _ => {}
        }
        let [value] = values else {
            return Err(ConfError::Message(format!(
                "invalid number of arguments in \"{name}\" directive"
            )));
        };
        match name.as_str() {
            "dsn" => place(&mut self.dsn, value.parse().map_err(in_dsn)?),
            "password_file" => place(&mut self.password, read_password(cf, value)?),
            "anonymous_role" => place(&mut self.anonymous_role, value.as_str().into()),
            "connections" => place(&mut self.connections, positive(name, value)?),
            "pipeline" => place(&mut self.pipeline, positive(name, value)?),
            "queue" => place(&mut self.queue, number(name, value)?),
            "statements" => place(&mut self.statements, positive(name, value)?),
            "listen" => place(&mut self.listen, switch(name, value)?),
            "prepare" => place(&mut self.prepare, switch(name, value)?),
            "connect_timeout" => place(&mut self.connect_timeout_ms, positive_duration_ms(name, value)?),
            "query_timeout" => place(&mut self.query_timeout_ms, positive_duration_ms(name, value)?),
            "acquire_timeout" => place(&mut self.acquire_timeout_ms, positive_duration_ms(name, value)?),
            "idle_timeout" => place(&mut self.idle_timeout_ms, duration_ms(name, value)?),
            "max_lifetime" => place(&mut self.max_lifetime_ms, duration_ms(name, value)?),
            _ => Err(ConfError::Message(format!("unknown directive \"{name}\""))),
        }
    }

    /// All of the block has been read.
    fn finish(self, cf: &mut Conf<'_>, name: Box<str>) -> Result<DatabaseSettings, ConfError> {
        let dsn = self
            .dsn
            .ok_or_else(|| ConfError::Message(format!("no \"dsn\" in database \"{name}\"")))?;
        let schemas = match self.schemas {
            Some(schemas) => schemas,
            None => vec!["public".into()],
        };
        let in_dsn = dsn
            .connect_timeout
            .and_then(|timeout| u64::try_from(timeout.as_millis()).ok());
        let connect_timeout_ms = self
            .connect_timeout_ms
            .or(in_dsn)
            .unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS);
        let config = DatabaseConfig {
            name,
            connections: self.connections.unwrap_or(DEFAULT_CONNECTIONS),
            pipeline: self.pipeline.unwrap_or(DEFAULT_PIPELINE),
            queue: self.queue.unwrap_or(DEFAULT_QUEUE),
            connect_timeout_ms,
            query_timeout_ms: self.query_timeout_ms.unwrap_or(DEFAULT_QUERY_TIMEOUT_MS),
            acquire_timeout_ms: self.acquire_timeout_ms.unwrap_or(DEFAULT_ACQUIRE_TIMEOUT_MS),
            idle_timeout_ms: self.idle_timeout_ms.unwrap_or(DEFAULT_IDLE_TIMEOUT_MS),
            max_lifetime_ms: self.max_lifetime_ms.unwrap_or(DEFAULT_MAX_LIFETIME_MS),
            prepare: self.prepare.unwrap_or(true),
            statements: self.statements.unwrap_or(DEFAULT_STATEMENTS),
            schemas,
            anonymous_role: self.anonymous_role,
            context: self.context.unwrap_or_default(),
            listen: listen(self.listen, self.prepare)?,
        };
        warn_of_ignored(cf, &dsn);
        let password = match self.password {
            Some(password) => Some(password),
            None => password_of(cf, &dsn)?,
        };
        let session = session(&dsn, password, &config);
        let target_session_attrs = dsn.target_session_attrs;
        let hosts = resolve(cf, &dsn)?;
        Ok(DatabaseSettings {
            config: Rc::new(config),
            session: Rc::new(session),
            hosts,
            target_session_attrs,
        })
    }
}

/// Behind a pooler that shares connections nobody can listen.
fn listen(listen: Option<bool>, prepare: Option<bool>) -> Result<Listen, ConfError> {
    match (listen, prepare.unwrap_or(true)) {
        (Some(true), false) => Err(ConfError::Message(
            "\"listen on\" needs \"prepare on\": behind a pooler in transaction mode nothing is heard".into(),
        )),
        (Some(true), true) => Ok(Listen::On),
        (Some(false), _) | (None, false) => Ok(Listen::Off),
        (None, true) => Ok(Listen::AsNeeded),
    }
}

/// A directive may stand once in a block.
fn place<T>(slot: &mut Option<T>, value: T) -> Result<(), ConfError> {
    if slot.is_some() {
        return Err(ConfError::Directive(c"is duplicate"));
    }
    *slot = Some(value);
    Ok(())
}

fn in_dsn(error: dsn::DsnError) -> ConfError {
    ConfError::Message(format!("invalid \"dsn\": {error}"))
}

/// The first line of a file that only its owner should be able to read.
fn read_password(cf: &mut Conf<'_>, path: &str) -> Result<Password, ConfError> {
    let mut bytes = super::files::read_secret(cf, path)?;
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r')
        .unwrap_or(bytes.len());
    bytes.truncate(end);
    if bytes.is_empty() {
        return Err(ConfError::Message(format!("no password in \"{path}\"")));
    }
    Ok(Password::new(bytes.as_slice()))
}

/// The password of the connection string, or of the file that it names.
fn password_of(cf: &mut Conf<'_>, dsn: &Dsn) -> Result<Option<Password>, ConfError> {
    let (None, Some(path), Some(host)) = (&dsn.password, &dsn.passfile, dsn.hosts.first()) else {
        return Ok(dsn.password.clone());
    };
    let content = super::files::read_secret(cf, &path.to_string_lossy())?;
    Ok(dsn::password_from_file(&content, host, &dsn.dbname, &dsn.user))
}

/// What libpq would do and this module leaves to the system.
fn warn_of_ignored(cf: &mut Conf<'_>, dsn: &Dsn) {
    let tuned = dsn
        .keepalives
        .is_some_and(|keepalives| keepalives != dsn::Keepalives::default());
    let ignored = [
        ("keepalives_idle, keepalives_interval and keepalives_count", tuned),
        ("tcp_user_timeout", dsn.tcp_user_timeout.is_some()),
        ("load_balance_hosts", dsn.load_balance_hosts),
    ];
    for (name, _) in ignored.iter().filter(|(_, is_set)| *is_set) {
        cf.warn(&format!("{name} in \"dsn\" is ignored"));
    }
}

/// `context off;` or the names of what is set.
fn parse_context(values: &[String]) -> Result<ContextConfig, ConfError> {
    let mut context = ContextConfig {
        role: false,
        claims: false,
        headers: false,
        cookies: false,
        method: false,
        path: false,
        search_path: false,
    };
    if values.is_empty() {
        return Err(ConfError::Message(
            "invalid number of arguments in \"context\" directive".into(),
        ));
    }
    if values == ["off"] {
        return Ok(context);
    }
    for value in values {
        let switch = match value.as_str() {
            "role" => &mut context.role,
            "claims" => &mut context.claims,
            "headers" => &mut context.headers,
            "cookies" => &mut context.cookies,
            "method" => &mut context.method,
            "path" => &mut context.path,
            "search_path" => &mut context.search_path,
            _ => return Err(invalid_value("context", value)),
        };
        *switch = true;
    }
    Ok(context)
}

/// What every connection says when it starts. A pooler that shares connections refuses most settings here; they then come
/// with each request.
fn session(dsn: &Dsn, password: Option<Password>, config: &DatabaseConfig) -> pg::Settings {
    let mut session = dsn.settings();
    session.password = password.or(session.password);
    session.prepare = config.prepare;
    session.statements = config.statements;
    // LISTEN finds room on a connection that is full of requests.
    session.pipeline = config.pipeline.saturating_add(1);
    if config.prepare {
        session.options.push((
            "statement_timeout".into(),
            config.query_timeout_ms.to_string().into(),
        ));
        if config.context.cookies {
            // What a request without cookies has.
            session
                .options
                .push(("request.cookies".into(), NO_COOKIES.into()));
        }
        if config.context.search_path {
            let schemas = config.schemas.iter().map(|schema| &**schema);
            session
                .options
                .push(("search_path".into(), context::search_path(schemas).into()));
        }
    } else {
        session
            .options
            .retain(|(name, _)| matches!(&**name, "DateStyle" | "options"));
    }
    session
}

fn resolve(cf: &mut Conf<'_>, dsn: &Dsn) -> Result<Vec<Host>, ConfError> {
    let mut files = TlsFiles::new(dsn);
    let mut hosts = Vec::with_capacity(dsn.hosts.len());
    for host in &dsn.hosts {
        let addresses = match host {
            dsn::Host::Tcp {
                address: Some(address),
                port,
                ..
            } => Address::resolve(cf, &address.to_string(), *port)?,
            dsn::Host::Tcp { host, port, .. } => Address::resolve(cf, host, *port)?,
            dsn::Host::Unix { .. } => Address::unix(cf, &host.socket_path().unwrap_or_default())?,
        };
        hosts.push(Host {
            addresses,
            tls: files.settings_for(cf, host)?,
        });
    }
    Ok(hosts)
}
