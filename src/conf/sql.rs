//! `postern_sql database "statement; …" | file=name [returns=value|object|array] [methods=GET,…] [read_only] [body=json|any]
//! [max_size=size] [changes=all|reported|none|schema.table,…]`

use std::rc::Rc;

use postern_core::config::SqlConfig;
use postern_core::sql_endpoint::{BodyType, Methods, Parameter, ResultShape, Script, ScriptChanges};

use super::parameters::{invalid_parameter, set_once, split};
use super::{LocationConf, files};
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};
use crate::nginx::phase::ContentHandler;
use crate::nginx::variable::VariableIndex;
use crate::phase::Sql;

const DEFAULT_MAX_BYTES: usize = 8 << 20;

/// A location that runs a script.
#[derive(Debug)]
pub(crate) struct SqlSettings {
    /// The number of its database.
    pub(crate) database: usize,
    /// The script, and how it is served.
    pub(crate) config: SqlConfig,
    /// The variables that the script uses, by the names that it uses.
    pub(crate) variables: Vec<(Box<str>, VariableIndex)>,
}

/// The directive.
pub(super) struct PosternSql;

impl Directive for PosternSql {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_sql")?;
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let [database, text, parameters @ ..] = words.as_slice() else {
            return Err(ConfError::Directive(c"has no statement"));
        };
        let script = script(cf, text)?;
        let config = parse(script, parameters)?;
        let variables = variables(cf, &config.script)?;
        conf.openapi.note(cf);
        let database = super::use_database(cf, database);
        conf.sql = Some(Rc::new(SqlSettings {
            database,
            config,
            variables,
        }));
        cf.set_content_handler(ContentHandler::of::<Sql>());
        Ok(())
    }
}

/// The script itself, or that of a file: nginx takes no word of more than 4096 bytes.
fn script(cf: &mut Conf<'_>, text: &str) -> Result<Script, ConfError> {
    let invalid = |error| ConfError::Message(format!("{error} in \"postern_sql\" directive"));
    let Some(path) = text.strip_prefix("file=") else {
        return Script::parse(text).map_err(invalid);
    };
    let text = String::from_utf8(files::read(cf, path)?)
        .map_err(|_| ConfError::Message(format!("file \"{path}\" is not valid UTF-8")))?;
    Script::parse(&text).map_err(|error| ConfError::Message(format!("{error} in \"{path}\"")))
}

fn parse(script: Script, parameters: &[String]) -> Result<SqlConfig, ConfError> {
    let (mut methods, mut shape, mut read_only, mut body, mut max_bytes) = (None, None, None, None, None);
    let mut changes = None;
    for parameter in parameters {
        if parameter == "read_only" {
            set_once(&mut read_only, parameter, true)?;
            continue;
        }
        let (name, value) = split(parameter)?;
        let invalid = || invalid_parameter(parameter);
        match name {
            "returns" => set_once(&mut shape, parameter, result_shape(value).ok_or_else(invalid)?)?,
            "methods" => set_once(
                &mut methods,
                parameter,
                Methods::parse(value).ok_or_else(invalid)?,
            )?,
            "body" => set_once(&mut body, parameter, body_type(value).ok_or_else(invalid)?)?,
            "max_size" => set_once(&mut max_bytes, parameter, parse_size(value).ok_or_else(invalid)?)?,
            "changes" => set_once(
                &mut changes,
                parameter,
                ScriptChanges::parse(value).ok_or_else(invalid)?,
            )?,
            _ => return Err(invalid()),
        }
    }
    Ok(SqlConfig {
        script,
        methods: methods.unwrap_or(Methods::ALL),
        shape,
        read_only: read_only.unwrap_or_default(),
        changes: changes.unwrap_or_default(),
        body: body.unwrap_or_default(),
        max_bytes: max_bytes.unwrap_or(DEFAULT_MAX_BYTES),
    })
}

fn result_shape(value: &str) -> Option<ResultShape> {
    match value {
        "value" => Some(ResultShape::Value),
        "object" => Some(ResultShape::Object),
        "array" => Some(ResultShape::Array),
        _ => None,
    }
}

fn body_type(value: &str) -> Option<BodyType> {
    match value {
        "json" => Some(BodyType::Json),
        "any" => Some(BodyType::Any),
        _ => None,
    }
}

fn variables(cf: &mut Conf<'_>, script: &Script) -> Result<Vec<(Box<str>, VariableIndex)>, ConfError> {
    let mut variables = Vec::new();
    for parameter in script.parameters() {
        if let Parameter::Variable(name) = parameter {
            variables.push((name.clone(), cf.variable(name)?));
        }
    }
    Ok(variables)
}
