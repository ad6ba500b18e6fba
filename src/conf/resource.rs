//! `postern_resource database table=schema.name [key=column] [last_modified=column] [default_limit=n] [max_limit=n]
//! [methods=GET,…]`

use std::num::NonZeroU32;
use std::rc::Rc;

use postern_core::config::ResourceConfig;
use postern_core::schema_cache::QualifiedName;
use postern_core::sql_endpoint::Methods;

use super::LocationConf;
use super::parameters::{invalid_parameter, positive, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::phase::ContentHandler;
use crate::phase::Resource;

const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(20).unwrap();
const MAX_LIMIT: NonZeroU32 = NonZeroU32::new(1000).unwrap();

/// A location that serves a relation.
#[derive(Debug)]
pub(crate) struct ResourceSettings {
    /// The number of its database.
    pub(crate) database: usize,
    /// The path of the collection: the location's, without a slash at the end.
    pub(crate) path: Box<str>,
    /// The relation and the limits.
    pub(crate) config: ResourceConfig,
}

/// The directive.
pub(super) struct PosternResource;

impl Directive for PosternResource {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_resource")?;
        let path = collection_path(cf)?;
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let Some((database, parameters)) = words.split_first() else {
            return Err(ConfError::Directive(c"has no database"));
        };
        let config = parse(parameters)?;
        conf.openapi.note(cf);
        let database = super::use_database(cf, database);
        conf.resource = Some(Rc::new(ResourceSettings {
            database,
            path,
            config,
        }));
        cf.set_content_handler(ContentHandler::of::<Resource>());
        Ok(())
    }
}

fn parse(parameters: &[String]) -> Result<ResourceConfig, ConfError> {
    let (mut relation, mut key, mut last_modified) = (None, None, None);
    let (mut default_limit, mut max_limit, mut methods) = (None, None, None);
    for parameter in parameters {
        let (name, value) = split(parameter)?;
        match name {
            "table" => set_once(&mut relation, parameter, qualified(parameter, value)?)?,
            "key" => set_once(&mut key, parameter, value.into())?,
            "last_modified" => set_once(&mut last_modified, parameter, value.into())?,
            "default_limit" => set_once(
                &mut default_limit,
                parameter,
                positive("postern_resource", value)?,
            )?,
            "max_limit" => set_once(&mut max_limit, parameter, positive("postern_resource", value)?)?,
            "methods" => {
                let value = Methods::parse(value).ok_or_else(|| invalid_parameter(parameter))?;
                set_once(&mut methods, parameter, value)?;
            }
            _ => return Err(invalid_parameter(parameter)),
        }
    }
    let relation = relation.ok_or_else(|| {
        ConfError::Message("no \"table\" parameter in \"postern_resource\" directive".into())
    })?;
    let max_limit = max_limit.unwrap_or(MAX_LIMIT);
    let default_limit = default_limit.unwrap_or(DEFAULT_LIMIT.min(max_limit));
    if default_limit > max_limit {
        return Err(ConfError::Message(
            "\"default_limit\" is larger than \"max_limit\"".into(),
        ));
    }
    Ok(ResourceConfig {
        relation,
        key,
        last_modified,
        default_limit,
        max_limit,
        methods: methods.unwrap_or(Methods::ALL),
    })
}

/// `schema.name`
fn qualified(parameter: &str, value: &str) -> Result<QualifiedName, ConfError> {
    match value.split_once('.') {
        Some((schema, name)) if !schema.is_empty() && !name.is_empty() => Ok(QualifiedName {
            schema: schema.into(),
            name: name.into(),
        }),
        _ => Err(ConfError::Message(format!(
            "invalid parameter \"{parameter}\", it must name a schema and a relation: \"table=schema.name\""
        ))),
    }
}

/// What follows the location's path in a request is the key of a row; that needs a location whose path is fixed.
fn collection_path(cf: &mut Conf<'_>) -> Result<Box<str>, ConfError> {
    let name = cf.location_name();
    if !cf.location_is_prefix() || !name.starts_with('/') {
        return Err(ConfError::Message(
            "\"postern_resource\" cannot be used in a named location or one given by a regular expression"
                .into(),
        ));
    }
    Ok(name.trim_end_matches('/').into())
}
