//! `postern_jwt [on | optional | off] [secret_file=file …] [issuer=name] [audience=name] [leeway=time] …`

use std::rc::Rc;

use postern_core::auth::ClaimPath;
use postern_core::config::JwtConfig;

use super::key::{KeyOptions, KeySource};
use super::{Expectations, JwtMode, TokenPlaces};
use crate::conf::LocationConf;
use crate::conf::parameters::{duration_ms, invalid_parameter, invalid_value, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// The directive.
pub(in crate::conf) struct PosternJwt;

impl Directive for PosternJwt {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let jwt = &mut conf.jwt;
        if jwt.mode.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let mode = words.first().and_then(|word| mode(word));
        jwt.mode = Some(mode.unwrap_or(JwtMode::UnlessAnonymous));
        let parameters = words.get(usize::from(mode.is_some())..).unwrap_or_default();
        if parameters.is_empty() {
            return Ok(());
        }
        if mode == Some(JwtMode::Off) {
            return Err(invalid_parameter(&parameters.join(" ")));
        }
        let (expectations, keys) = parse(cf, parameters)?;
        jwt.expectations = expectations.map(Rc::new);
        jwt.keys.extend(keys);
        Ok(())
    }
}

fn mode(word: &str) -> Option<JwtMode> {
    match word {
        "on" => Some(JwtMode::On),
        "optional" => Some(JwtMode::Optional),
        "off" => Some(JwtMode::Off),
        _ => None,
    }
}

/// Keys are shorthands for `postern_jwt_key`; what is left are the expectations, if any is given.
fn parse(
    cf: &mut Conf<'_>,
    parameters: &[String],
) -> Result<(Option<Expectations>, Vec<KeySource>), ConfError> {
    let (mut issuer, mut audience, mut leeway, mut role_claim) = (None, None, None, None);
    let mut places = TokenPlaces::default();
    let mut keys = Vec::new();
    for parameter in parameters {
        let (name, value) = split(parameter)?;
        match name {
            "issuer" => set_once(&mut issuer, parameter, value.into())?,
            "audience" => set_once(&mut audience, parameter, value.into())?,
            "leeway" => set_once(&mut leeway, parameter, leeway_s(value)?)?,
            "role_claim" => set_once(&mut role_claim, parameter, claim_path(value)?)?,
            "cookie" => set_once(&mut places.cookie, parameter, value.into())?,
            "argument" => set_once(&mut places.argument, parameter, value.into())?,
            _ => match KeyOptions::default().source(cf, name, value)? {
                Some(key) => keys.push(key),
                None => return Err(invalid_parameter(parameter)),
            },
        }
    }
    let is_key_only = keys.len() == parameters.len();
    let expectations = Expectations {
        config: JwtConfig {
            issuer,
            audience,
            leeway_s: leeway.unwrap_or(JwtConfig::DEFAULT_LEEWAY_S),
            role_claim: role_claim.unwrap_or_default(),
            required: Vec::new(),
        },
        places,
    };
    Ok(((!is_key_only).then_some(expectations), keys))
}

fn leeway_s(value: &str) -> Result<u32, ConfError> {
    let seconds = duration_ms("postern_jwt", value)? / 1000;
    u32::try_from(seconds).map_err(|_| ConfError::Message(format!("invalid leeway \"{value}\"")))
}

/// A claim's path, for this directive and `postern_jwt_require`.
pub(super) fn claim_path(value: &str) -> Result<ClaimPath, ConfError> {
    value.parse().map_err(|_| invalid_value("role_claim", value))
}
