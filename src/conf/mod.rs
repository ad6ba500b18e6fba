//! Directives: their table, the settings that they fill, and what nginx keeps of them. Setters only parse and place; what
//! the settings mean is said in `postern_core::config`.

mod cache;
mod database;
mod files;
mod filter;
mod health;
mod https;
mod inflate;
mod issue_token;
mod jwt;
mod limit;
mod metrics;
mod openapi;
mod parameters;
mod purge;
mod request_id;
mod resource;
mod security_log;
mod sql;
mod status;
mod switches;
mod tls;
mod trace;
mod validate;
mod zone;

use std::ptr::NonNull;
use std::rc::Rc;

use nginx_sys::{ngx_command_t, ngx_conf_t};

pub(crate) use cache::{CacheSettings, CacheZone};
pub(crate) use database::{DatabaseSettings, Host};
pub(crate) use filter::{Filter, FilterMode};
pub(crate) use health::HealthSettings;
pub(crate) use https::Endpoint;
pub(crate) use issue_token::IssueTokenSettings;
pub(crate) use jwt::{JwtMode, JwtSettings, RemoteKeys, TokenPlaces};
pub(crate) use limit::{Fields, KeySource, LimitSettings, Stage};
pub(crate) use metrics::{MetricsConf, MetricsZone};
pub(crate) use openapi::{
    DescribedContent, DescribedLocation, DescribedSettings, MadeDescription, OpenapiSettings,
};
pub(crate) use purge::PurgeSettings;
pub(crate) use request_id::RequestIdSettings;
pub(crate) use resource::ResourceSettings;
pub(crate) use sql::SqlSettings;
pub(crate) use validate::{BodyRule, ErrorOptions, ValidateSettings};
pub(crate) use zone::{MAX_ZONES, ZoneHealth, ZoneSettings};

use postern_core::metrics::ZoneReport;

use crate::nginx::command::{self, arguments, context};
use crate::nginx::conf::{Conf, ConfError, Level, Merge, log_emergency, log_warning};
use crate::nginx::phase::ContentHandler;
use crate::phase::{Health, Metrics, Openapi, Purge, Resource, Sql, Status};
use crate::worker;

/// The module's types in nginx's slots.
pub(crate) struct Postern;

const EVERYWHERE: u32 = context::HTTP | context::SERVER | context::LOCATION | context::LOCATION_IF;

/// All directives.
const DIRECTIVES: &[ngx_command_t] = &[
    command::location::<cache::PosternCache>(c"postern_cache", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<cache::PosternCacheControl>(c"postern_cache_control", EVERYWHERE | arguments::ONE),
    command::main::<database::PosternDatabase>(c"postern_database", context::HTTP | arguments::ONE_AND_BLOCK),
    command::location::<openapi::PosternDescribe>(
        c"postern_describe",
        context::HTTP | context::SERVER | context::LOCATION | arguments::ONE_OR_MORE,
    ),
    command::location::<switches::PosternEtag>(c"postern_etag", EVERYWHERE | arguments::ONE),
    command::location::<filter::PosternFilter>(c"postern_filter", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<filter::PosternFilterHeaders>(
        c"postern_filter_headers",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<filter::PosternFilterRules>(
        c"postern_filter_rules",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<filter::PosternFilterSkip>(
        c"postern_filter_skip",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<health::PosternHealth>(c"postern_health", context::LOCATION | arguments::ONE_OR_MORE),
    command::location::<inflate::PosternInflate>(c"postern_inflate", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<jwt::PosternJwt>(c"postern_jwt", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<jwt::PosternJwtKey>(c"postern_jwt_key", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<jwt::PosternJwtRequire>(c"postern_jwt_require", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<limit::PosternLimit>(c"postern_limit", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<limit::PosternLimitHeaders>(
        c"postern_limit_headers",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<limit::PosternLimitIpv6Prefix>(
        c"postern_limit_ipv6_prefix",
        EVERYWHERE | arguments::ONE,
    ),
    command::location::<limit::PosternLimitLogLevel>(c"postern_limit_log_level", EVERYWHERE | arguments::ONE),
    command::location::<metrics::PosternMetrics>(c"postern_metrics", context::LOCATION | arguments::NONE),
    command::main::<metrics::PosternMetricsZone>(c"postern_metrics_zone", context::HTTP | arguments::ONE),
    command::location::<openapi::PosternOpenapi>(c"postern_openapi", context::LOCATION | arguments::ANY),
    command::location::<purge::PosternPurge>(c"postern_purge", context::LOCATION | arguments::ONE),
    command::location::<request_id::PosternRequestId>(
        c"postern_request_id",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<resource::PosternResource>(
        c"postern_resource",
        context::LOCATION | arguments::TWO_OR_MORE,
    ),
    command::location::<sql::PosternSql>(c"postern_sql", context::LOCATION | arguments::TWO_OR_MORE),
    command::location::<issue_token::PosternIssueToken>(
        c"postern_issue_token",
        context::LOCATION | arguments::ONE_OR_MORE,
    ),
    command::location::<security_log::PosternSecurityLog>(
        c"postern_security_log",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<switches::PosternServerTiming>(c"postern_server_timing", EVERYWHERE | arguments::ONE),
    command::location::<status::PosternStatus>(c"postern_status", context::LOCATION | arguments::NONE),
    command::location::<switches::PosternStatusPaths>(c"postern_status_paths", EVERYWHERE | arguments::ONE),
    command::location::<trace::PosternTrace>(c"postern_trace", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<validate::PosternValidate>(c"postern_validate", EVERYWHERE | arguments::ONE_OR_MORE),
    command::location::<validate::PosternValidateArg>(
        c"postern_validate_arg",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<validate::PosternValidateErrors>(
        c"postern_validate_errors",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<validate::PosternValidateHeader>(
        c"postern_validate_header",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<validate::PosternValidateJson>(
        c"postern_validate_json",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<validate::PosternValidateKey>(
        c"postern_validate_key",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::location::<validate::PosternValidateUnknownArgs>(
        c"postern_validate_unknown_args",
        EVERYWHERE | arguments::ONE_OR_MORE,
    ),
    command::main::<zone::PosternZone>(c"postern_zone", context::HTTP | arguments::TWO),
];

/// How many entries the table has with the one that ends it.
pub(crate) const TABLE_LENGTH: usize = DIRECTIVES.len() + 1;

/// The table as nginx reads it: its end is an empty entry.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(crate) const fn table() -> [ngx_command_t; TABLE_LENGTH] {
    let mut table = [ngx_command_t::empty(); TABLE_LENGTH];
    let mut position = 0;
    while position < DIRECTIVES.len() {
        table[position] = DIRECTIVES[position];
        position += 1;
    }
    table
}

/// The settings of the `http` block.
#[derive(Default)]
pub(crate) struct MainConf {
    /// Databases by the order in which they are first named, which is their number.
    databases: Vec<NamedDatabase>,
    /// Key sets that each worker fetches.
    pub(crate) remote_keys: Vec<Rc<RemoteKeys>>,
    /// Zones of shared memory, by their numbers.
    zones: Vec<zone::ZoneDefinition>,
    /// All caches, wherever they stand.
    caches: Vec<Rc<CacheSettings>>,
    /// All places where caches are purged.
    purges: Vec<Rc<PurgeSettings>>,
    /// All limits, wherever they stand.
    limits: Vec<Rc<LimitSettings>>,
    /// `postern_metrics…`
    pub(crate) metrics: metrics::MetricsMain,
    /// What can be described.
    pub(crate) openapi: openapi::OpenapiMain,
}

struct NamedDatabase {
    name: Box<str>,
    /// `None` until its block has been read: a location may name a database that is defined further down.
    settings: Option<Rc<DatabaseSettings>>,
    /// Where it is first used, for the error message.
    used_at: Option<String>,
}

impl MainConf {
    /// The number of a database by its name.
    fn database_number(&mut self, name: &str) -> usize {
        match self.databases.iter().position(|database| &*database.name == name) {
            Some(number) => number,
            None => {
                self.databases.push(NamedDatabase {
                    name: name.into(),
                    settings: None,
                    used_at: None,
                });
                self.databases.len() - 1
            }
        }
    }

    /// The number of a zone by its name.
    fn zone_number(&self, name: &str) -> Option<usize> {
        self.zones.iter().position(|zone| *zone.name == *name)
    }

    /// The zones that hold responses.
    pub(crate) fn cache_zones(&self) -> Vec<Rc<CacheZone>> {
        let zones = self.zones.iter();
        zones.filter_map(|zone| zone.responses().cloned()).collect()
    }

    /// What zones hold.
    pub(crate) fn zone_reports(&self) -> Vec<(&str, ZoneReport)> {
        self.zones.iter().map(zone::ZoneDefinition::report).collect()
    }

    /// All databases by their numbers, once the configuration has been read.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Rc<DatabaseSettings>> {
        self.databases
            .iter()
            .filter_map(|database| database.settings.as_ref())
    }
}

/// The number of a database that a directive names, which may be defined further down.
fn use_database(cf: &mut Conf<'_>, name: &str) -> usize {
    let place = cf.place();
    let main_conf = cf.main_conf::<Postern>();
    let number = main_conf.database_number(name);
    if let Some(database) = main_conf.databases.get_mut(number) {
        database.used_at.get_or_insert(place);
    }
    number
}

/// The settings of a location.
#[derive(Default)]
pub(crate) struct LocationConf {
    /// `postern_resource`; not inherited, as no content handler is, but for `if` and `limit_except`.
    pub(crate) resource: Option<Rc<ResourceSettings>>,
    /// `postern_sql`; inherited likewise.
    pub(crate) sql: Option<Rc<SqlSettings>>,
    /// `postern_issue_token`; inherited likewise: what a location below answers is not signed unasked.
    pub(crate) issue_token: Option<Rc<IssueTokenSettings>>,
    /// `postern_purge`; inherited likewise.
    pub(crate) purge: Option<Rc<PurgeSettings>>,
    /// `postern_cache…`
    pub(crate) cache: cache::CacheConf,
    /// `postern_etag`
    pub(crate) etag: switches::Switch,
    /// `postern_server_timing`
    pub(crate) server_timing: switches::Switch,
    /// `postern_jwt`
    pub(crate) jwt: jwt::JwtConf,
    /// `postern_limit`
    pub(crate) limit: limit::LimitConf,
    /// `postern_filter…`, `postern_security_log`
    pub(crate) filter: filter::FilterConf,
    /// `postern_inflate`
    pub(crate) inflate: inflate::InflateConf,
    /// `postern_validate…`
    pub(crate) validate: validate::ValidateConf,
    /// `postern_request_id`
    pub(crate) request_id: request_id::RequestIdConf,
    /// `postern_trace`
    pub(crate) trace: trace::TraceConf,
    /// `postern_health`; inherited as content is.
    pub(crate) health: Option<HealthSettings>,
    /// `postern_metrics`; inherited as content is.
    pub(crate) metrics: MetricsConf,
    /// `postern_openapi`, inherited as content is; `postern_describe`
    pub(crate) openapi: openapi::OpenapiConf,
    /// `postern_status`; inherited as content is.
    status: status::StatusConf,
    /// `postern_status_paths`
    pub(crate) status_paths: switches::Switch,
}

impl LocationConf {
    /// The number of the database that answers requests here.
    pub(crate) fn content_database(&self) -> Option<usize> {
        let resource = self.resource.as_ref().map(|resource| resource.database);
        resource.or(self.sql.as_ref().map(|sql| sql.database))
    }

    /// A location has one content handler.
    fn check_no_content(&self, directive: &str) -> Result<(), ConfError> {
        let other = match (&self.resource, &self.sql, &self.purge) {
            (Some(_), ..) => "postern_resource",
            (_, Some(_), _) => "postern_sql",
            (.., Some(_)) => "postern_purge",
            (None, None, None) if self.metrics.is_content => "postern_metrics",
            (None, None, None) if self.health.is_some() => "postern_health",
            (None, None, None) if self.openapi.settings().is_some() => "postern_openapi",
            (None, None, None) if self.status.is_content => "postern_status",
            (None, None, None) => return Ok(()),
        };
        if other == directive {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        Err(ConfError::Message(format!(
            "\"{directive}\" cannot be used together with \"{other}\""
        )))
    }
}

impl Merge for LocationConf {
    fn begin(&mut self, cf: &Conf<'_>) {
        self.limit.begin(cf);
        self.metrics.begin(cf);
        self.openapi.begin(cf);
    }

    fn content(&self) -> Option<ContentHandler> {
        let resource = self.resource.as_ref().map(|_| ContentHandler::of::<Resource>());
        let sql = || self.sql.as_ref().map(|_| ContentHandler::of::<Sql>());
        let purge = || self.purge.as_ref().map(|_| ContentHandler::of::<Purge>());
        let metrics = || self.metrics.is_content.then(ContentHandler::of::<Metrics>);
        let health = || self.health.as_ref().map(|_| ContentHandler::of::<Health>());
        let content = resource.or_else(sql).or_else(purge);
        let openapi = || self.openapi.settings().map(|_| ContentHandler::of::<Openapi>());
        let status = || self.status.is_content.then(ContentHandler::of::<Status>);
        let told = metrics().or_else(health).or_else(openapi).or_else(status);
        content.or(told)
    }

    fn merge(&mut self, outer: &Self, level: Level) -> Result<(), String> {
        if level == Level::Condition {
            self.resource.clone_from(&outer.resource);
            self.sql.clone_from(&outer.sql);
            self.issue_token.clone_from(&outer.issue_token);
            self.purge.clone_from(&outer.purge);
            self.metrics.merge_condition(&outer.metrics);
            self.health.clone_from(&outer.health);
            self.openapi.merge_condition(&outer.openapi);
            self.status.clone_from(&outer.status);
        }
        if self.issue_token.is_some() && self.sql.is_none() {
            return Err("\"postern_issue_token\" needs \"postern_sql\" in the same location".into());
        }
        self.cache.merge(&outer.cache);
        self.etag.merge(outer.etag);
        self.server_timing.merge(outer.server_timing);
        self.status_paths.merge(outer.status_paths);
        self.trace.merge(outer.trace);
        self.request_id.merge(&outer.request_id);
        self.limit.merge(&outer.limit);
        self.validate.merge(&outer.validate);
        self.filter.merge(&outer.filter);
        self.inflate.merge(&outer.inflate);
        self.openapi.merge(&outer.openapi);
        self.jwt.merge(&outer.jwt, level)?;
        if level == Level::Location {
            self.settle_description();
        }
        Ok(())
    }
}

/// Checks the configuration as a whole, when all of it has been read. `None` refuses it.
pub(crate) fn finish(cf: NonNull<ngx_conf_t>) -> Option<()> {
    if worker::is_started() {
        log_emergency(
            cf,
            "postern cannot take over a new configuration without a master process; restart nginx",
        );
        return None;
    }
    let main_conf = crate::nginx::conf::main_conf_of::<Postern>(cf)?;
    for database in &main_conf.databases {
        if database.settings.is_none() {
            let place = database.used_at.as_deref().unwrap_or("the configuration");
            log_emergency(cf, &format!("unknown database \"{}\" in {place}", database.name));
            return None;
        }
    }
    match resolve(cf, main_conf) {
        Ok(warnings) => warnings.iter().for_each(|warning| log_warning(cf, warning)),
        Err(error) => {
            log_emergency(cf, &error);
            return None;
        }
    }
    Some(())
}

/// Whether what becomes of requests is counted. `None` if nginx is out of memory.
pub(crate) fn counts_requests(cf: NonNull<ngx_conf_t>) -> Option<bool> {
    Some(
        crate::nginx::conf::main_conf_of::<Postern>(cf)?
            .metrics
            .zone()
            .is_some(),
    )
}

/// Whether the paths of some requests are not to be told. `None` if nginx is out of memory.
pub(crate) fn hides_paths(cf: NonNull<ngx_conf_t>) -> Option<bool> {
    Some(
        crate::nginx::conf::main_conf_of::<Postern>(cf)?
            .metrics
            .hides_paths,
    )
}

/// Gives limits and caches their zones. The answer is what to warn of; an error refuses the configuration.
fn resolve(cf: NonNull<ngx_conf_t>, main_conf: &MainConf) -> Result<Vec<String>, String> {
    let mut uses = vec![zone::ZoneUse::default(); main_conf.zones.len()];
    let mut of = |number: usize, set: fn(&mut zone::ZoneUse)| uses.get_mut(number).map(set);
    for number in limit::zones(main_conf)? {
        of(number, |used| used.limits = true);
    }
    for number in cache::zones(main_conf)? {
        of(number, |used| used.responses = true);
    }
    for (zone, used) in main_conf.zones.iter().zip(uses) {
        zone.allocate(cf, used)?;
    }
    main_conf.metrics.allocate(cf)?;
    cache::resolve(main_conf)?;
    purge::resolve(main_conf)?;
    limit::resolve(main_conf)
}
