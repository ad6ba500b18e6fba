//! `postern_validate_arg`, `postern_validate_header`, `postern_validate_key`: rules for single values.

use postern_core::validate::{ArgumentRule, InvalidRule, Rule, RuleBuilder, Unknown};

use crate::conf::LocationConf;
use crate::conf::parameters::{invalid_parameter, invalid_value, set_once};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// `postern_validate_arg name [type] [min=n] [max=n] [pattern=regex] [enum=a,b] [required] [repeated] [default=value]`
pub(in crate::conf) struct PosternValidateArg;

impl Directive for PosternValidateArg {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let words = cf.arguments()?;
        let Some((&name, parameters)) = words.get(1..).and_then(<[_]>::split_first) else {
            return Err(ConfError::Directive(c"has no name"));
        };
        let mut default = None;
        let mut others = Vec::with_capacity(parameters.len());
        for &parameter in parameters {
            match parameter.strip_prefix("default=") {
                Some(value) => set_once(&mut default, parameter, value)?,
                None => others.push(parameter),
            }
        }
        let rule = ArgumentRule::new(name, rule(&others)?, default).map_err(invalid)?;
        let rules = &mut conf.validate.arguments;
        if rules.iter().any(|other| other.name() == name) {
            return Err(ConfError::Message(format!("duplicate argument \"{name}\"")));
        }
        rules.push(rule);
        Ok(())
    }
}

/// `postern_validate_unknown_args allow | refuse`
pub(in crate::conf) struct PosternValidateUnknownArgs;

impl Directive for PosternValidateUnknownArgs {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.validate.unknown.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        conf.validate.unknown = match cf.arguments()?.get(1..) {
            Some(["allow"]) => Some(Unknown::Allowed),
            Some(["refuse"]) => Some(Unknown::Refused),
            other => {
                let words = other.unwrap_or_default().join(" ");
                return Err(invalid_value("postern_validate_unknown_args", &words));
            }
        };
        Ok(())
    }
}

/// `postern_validate_header name [type] […]`
pub(in crate::conf) struct PosternValidateHeader;

impl Directive for PosternValidateHeader {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let words = cf.arguments()?;
        let Some((&name, parameters)) = words.get(1..).and_then(<[_]>::split_first) else {
            return Err(ConfError::Directive(c"has no name"));
        };
        match conf.validate.fields.add(name, rule(parameters)?) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ConfError::Message(format!("duplicate header field \"{name}\""))),
            Err(error) => Err(ConfError::Message(format!("{error}: \"{name}\""))),
        }
    }
}

/// `postern_validate_key [type] […]`
pub(in crate::conf) struct PosternValidateKey;

impl Directive for PosternValidateKey {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.validate.key.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words = cf.arguments()?;
        let parameters = words.get(1..).unwrap_or_default();
        // A key is there, once, or it is no request for one row.
        let has_no_meaning = |parameter: &&&str| matches!(**parameter, "required" | "repeated");
        if let Some(parameter) = parameters.iter().find(has_no_meaning) {
            return Err(invalid_parameter(parameter));
        }
        conf.validate.key = Some(rule(parameters)?);
        Ok(())
    }
}

fn rule(parameters: &[&str]) -> Result<Rule, ConfError> {
    let mut rule = RuleBuilder::default();
    for (position, &parameter) in parameters.iter().enumerate() {
        match parameter.split_once('=') {
            None if parameter == "required" => rule.required = true,
            None if parameter == "repeated" => rule.repeated = true,
            None if position == 0 => {
                let value_type = parameter.parse();
                rule.value_type = Some(value_type.map_err(|_| invalid_parameter(parameter))?);
            }
            None => return Err(invalid_parameter(parameter)),
            Some(("min", value)) => set_once(&mut rule.min, parameter, number(parameter, value)?)?,
            Some(("max", value)) => set_once(&mut rule.max, parameter, number(parameter, value)?)?,
            Some(("pattern", value)) => set_once(&mut rule.pattern, parameter, value.to_owned())?,
            Some(("enum", value)) if rule.values.is_empty() => {
                rule.values = value.split(',').map(str::to_owned).collect();
            }
            Some(_) => return Err(invalid_parameter(parameter)),
        }
    }
    rule.build().map_err(invalid)
}

fn invalid(error: InvalidRule) -> ConfError {
    ConfError::Message(error.to_string())
}

fn number(parameter: &str, value: &str) -> Result<f64, ConfError> {
    let number = value.parse().map_err(|_| invalid_parameter(parameter))?;
    if f64::is_finite(number) {
        Ok(number)
    } else {
        Err(invalid_parameter(parameter))
    }
}
