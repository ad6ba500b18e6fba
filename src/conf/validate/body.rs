//! `postern_validate body=file [methods=names] | off` and `postern_validate_errors [status=400 | 422] [max=number]`

use std::rc::Rc;
use std::sync::Arc;

use postern_core::validate::BodySchema;

use super::{BodyRule, ErrorOptions};
use crate::conf::parameters::{invalid_parameter, positive, set_once, split};
use crate::conf::{LocationConf, files};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::thread::ThreadPool;

/// Methods that bring a new state of something.
const METHODS: [&str; 3] = ["POST", "PUT", "PATCH"];

/// The directive.
pub(in crate::conf) struct PosternValidate;

impl Directive for PosternValidate {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let parameters: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let validate = &mut conf.validate;
        if parameters == ["off"] {
            if validate.is_off || !validate.bodies.is_empty() {
                return Err(ConfError::Directive(c"is duplicate"));
            }
            validate.is_off = true;
            return Ok(());
        }
        let (mut file, mut methods) = (None, None);
        for parameter in &parameters {
            let (name, value) = split(parameter)?;
            match name {
                "body" => set_once(&mut file, parameter, value)?,
                "methods" => set_once(&mut methods, parameter, method_names(parameter, value)?)?,
                _ => return Err(invalid_parameter(parameter)),
            }
        }
        let Some(file) = file else {
            return Err(ConfError::Message(
                "no \"body\" parameter in \"postern_validate\" directive".into(),
            ));
        };
        let methods = methods.unwrap_or_else(|| METHODS.map(Into::into).into());
        let mut taken = validate.bodies.iter().flat_map(|rule| &rule.methods);
        if validate.is_off || taken.any(|method| methods.contains(method)) {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let rule = BodyRule {
            schema: Arc::new(compile(cf, file)?),
            threads: ThreadPool::demand(cf)?,
            methods,
        };
        validate.bodies.push(Rc::new(rule));
        Ok(())
    }
}

fn method_names(parameter: &str, value: &str) -> Result<Vec<Box<str>>, ConfError> {
    let is_method = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase());
    value
        .split(',')
        .map(|name| is_method(name).then(|| name.into()))
        .collect::<Option<_>>()
        .ok_or_else(|| invalid_parameter(parameter))
}

/// The JSON Schema in a file.
pub(in crate::conf) fn compile(cf: &mut Conf<'_>, file: &str) -> Result<BodySchema, ConfError> {
    let text = files::read(cf, file)?;
    let path = cf.full_path(file)?;
    BodySchema::compile(&text, &path.to_string_lossy(), files::read_absolute)
        .map_err(|error| ConfError::Message(format!("invalid JSON Schema \"{}\": {error}", path.display())))
}

/// The directive.
pub(in crate::conf) struct PosternValidateErrors;

impl Directive for PosternValidateErrors {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.validate.errors.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let (mut status, mut max) = (None, None);
        for parameter in cf.arguments()?.into_iter().skip(1) {
            match split(parameter)? {
                ("status", "400") => set_once(&mut status, parameter, 400)?,
                ("status", "422") => set_once(&mut status, parameter, 422)?,
                ("max", value) => {
                    let value = positive("postern_validate_errors", value)?.get();
                    set_once(&mut max, parameter, value.min(MAX_ERRORS) as usize)?;
                }
                _ => return Err(invalid_parameter(parameter)),
            }
        }
        let default = ErrorOptions::default();
        conf.validate.errors = Some(ErrorOptions {
            status: status.unwrap_or(default.status),
            max: max.unwrap_or(default.max),
        });
        Ok(())
    }
}

/// Nobody reads more, and a response must stay small.
const MAX_ERRORS: u32 = 1000;
