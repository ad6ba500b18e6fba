//! `postern_limit [zone=name] key=… rate=… [methods=…] [name=…] [dry_run] [on_full=…] | off`

use std::cell::OnceCell;
use std::rc::Rc;

use postern_core::limit::{LimitName, Methods, OnFull, Policy, Rate};

use super::super::parameters::{invalid_parameter, set_once, split};
use super::{KeySource, LimitSettings, Limits};
use crate::conf::{LocationConf, Postern};
use crate::nginx::complex_value::ComplexValue;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// More limits than anybody needs in one place: a request checks all of them.
const MAX_LIMITS: usize = 16;

/// The directive.
pub(crate) struct PosternLimit;

impl Directive for PosternLimit {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let parameters: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let limits = &mut conf.limit.limits;
        if parameters == ["off"] {
            return match limits {
                Limits::Unset => {
                    *limits = Limits::Off;
                    Ok(())
                }
                Limits::Off => Err(ConfError::Directive(c"is duplicate")),
                Limits::On(_) => Err(off_among_others()),
            };
        }
        if let Limits::Unset = limits {
            *limits = Limits::On(Rc::default());
        }
        let Limits::On(limits) = limits else {
            return Err(off_among_others());
        };
        let limit = Rc::new(parse(cf, &parameters)?);
        let name = &limit.policy.name;
        if limits.iter().any(|other| other.policy.name == *name) {
            return Err(ConfError::Message(format!("duplicate limit \"{name}\"")));
        }
        if limits.len() == MAX_LIMITS {
            return Err(ConfError::Message(format!("more than {MAX_LIMITS} limits")));
        }
        cf.main_conf::<Postern>().limits.push(Rc::clone(&limit));
        // Levels share the list only once they are merged.
        if let Some(limits) = Rc::get_mut(limits) {
            limits.push(limit);
        }
        Ok(())
    }
}

fn off_among_others() -> ConfError {
    ConfError::Message("\"postern_limit off\" cannot be used together with other limits".into())
}

fn parse(cf: &mut Conf<'_>, parameters: &[String]) -> Result<LimitSettings, ConfError> {
    let (mut zone, mut key, mut rate, mut methods, mut name) = (None, None, None, None, None);
    let (mut dry_run, mut on_full) = (None, None);
    for parameter in parameters {
        if parameter == "dry_run" {
            set_once(&mut dry_run, parameter, ())?;
            continue;
        }
        let (parameter_name, value) = split(parameter)?;
        let explained = |error: &dyn std::error::Error| {
            ConfError::Message(format!("invalid parameter \"{parameter}\", {error}"))
        };
        match parameter_name {
            "zone" => set_once(&mut zone, parameter, value.into())?,
            "key" => set_once(&mut key, parameter, value)?,
            "rate" => set_once(
                &mut rate,
                parameter,
                value
                    .parse()
                    .map_err(|error: <Rate as std::str::FromStr>::Err| explained(&error))?,
            )?,
            "methods" => {
                let set = Methods::parse(value).map_err(|error| explained(&error))?;
                set_once(&mut methods, parameter, (value, set))?;
            }
            "name" => set_once(
                &mut name,
                parameter,
                value
                    .parse()
                    .map_err(|error: <LimitName as std::str::FromStr>::Err| explained(&error))?,
            )?,
            "on_full" => set_once(&mut on_full, parameter, parse_on_full(parameter, value)?)?,
            _ => return Err(invalid_parameter(parameter)),
        }
    }
    let key = key.ok_or_else(|| missing("key"))?;
    let rate: Rate = rate.ok_or_else(|| missing("rate"))?;
    let name = match name {
        Some(name) => name,
        None => default_name(key, methods.map(|(text, _)| text), &rate)?,
    };
    let mut policy = Policy::new(name, rate);
    policy.methods = methods.map_or(Methods::ALL, |(_, set)| set);
    policy.dry_run = dry_run.is_some();
    policy.on_full = on_full.unwrap_or_default();
    Ok(LimitSettings {
        id: policy.id(),
        policy,
        key: key_source(cf, key)?,
        key_text: key.into(),
        zone_name: zone,
        zone: OnceCell::new(),
        place: cf.place(),
    })
}

fn missing(name: &str) -> ConfError {
    ConfError::Message(format!("no \"{name}\" parameter in \"postern_limit\" directive"))
}

fn parse_on_full(parameter: &str, value: &str) -> Result<OnFull, ConfError> {
    match value {
        "allow" => Ok(OnFull::Allow),
        "deny" => Ok(OnFull::Deny),
        _ => Err(invalid_parameter(parameter)),
    }
}

fn key_source(cf: &mut Conf<'_>, key: &str) -> Result<KeySource, ConfError> {
    match key {
        "ip" => Ok(KeySource::Address),
        "user" => Ok(KeySource::User),
        "endpoint" => Ok(KeySource::Endpoint),
        _ if ComplexValue::has_variables(key) => Ok(KeySource::Variables {
            text: ComplexValue::compile(cf, key)?,
            needs_body: names_member_of_body(key),
        }),
        _ => Err(ConfError::Message(format!(
            "invalid parameter \"key={key}\", it must be \"ip\", \"user\", \"endpoint\" or have variables"
        ))),
    }
}

/// nginx takes the names of variables in any case.
fn names_member_of_body(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("$postern_body_") || key.contains("${postern_body_")
}

/// What is the same has the same name, and with it the same counters: `user-write-60r/m`.
fn default_name(key: &str, methods: Option<&str>, rate: &Rate) -> Result<LimitName, ConfError> {
    let name = match methods {
        Some(methods) => format!("{key}-{methods}-{rate}"),
        None => format!("{key}-{rate}"),
    };
    name.parse().map_err(|error| {
        ConfError::Message(format!(
            "\"postern_limit\" directive needs a \"name\" parameter, \"{name}\" is none: {error}"
        ))
    })
}
