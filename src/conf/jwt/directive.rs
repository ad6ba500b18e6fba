//! `postern_jwt [on | optional | off] [secret_file=file …] [issuer=name] [audience=name] [leeway=time] …`

use postern_core::auth::ClaimPath;

use super::key::KeyOptions;
use super::{JwtConf, JwtMode};
use crate::conf::LocationConf;
use crate::conf::parameters::{duration_ms, invalid_parameter, invalid_value, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// The directive.
pub(in crate::conf) struct PosternJwt;

impl Directive for PosternJwt {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let jwt = &mut conf.jwt;
        if jwt.is_set {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        jwt.is_set = true;
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let mode = words.first().and_then(|word| mode(word));
        jwt.mode = mode;
        let parameters = words.get(usize::from(mode.is_some())..).unwrap_or_default();
        if parameters.is_empty() {
            return Ok(());
        }
        if mode == Some(JwtMode::Off) {
            return Err(invalid_parameter(&parameters.join(" ")));
        }
        for parameter in parameters {
            set(cf, jwt, parameter)?;
        }
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

/// Keys are shorthands for `postern_jwt_key`.
fn set(cf: &mut Conf<'_>, jwt: &mut JwtConf, parameter: &str) -> Result<(), ConfError> {
    let (name, value) = split(parameter)?;
    let expected = &mut jwt.expected;
    match name {
        "issuer" => set_once(&mut expected.issuer, parameter, value.into()),
        "audience" => set_once(&mut expected.audience, parameter, value.into()),
        "leeway" => set_once(&mut expected.leeway_s, parameter, leeway_s(value)?),
        "role_claim" => set_once(&mut expected.role_claim, parameter, claim_path(value)?),
        "cookie" => set_once(&mut expected.cookie, parameter, value.into()),
        "argument" => set_once(&mut expected.argument, parameter, value.into()),
        _ => match KeyOptions::default().source(cf, name, value)? {
            Some(key) => {
                jwt.keys.push(key);
                Ok(())
            }
            None => Err(invalid_parameter(parameter)),
        },
    }
}

fn leeway_s(value: &str) -> Result<u32, ConfError> {
    let seconds = duration_ms("postern_jwt", value)? / 1000;
    u32::try_from(seconds).map_err(|_| ConfError::Message(format!("invalid leeway \"{value}\"")))
}

fn claim_path(value: &str) -> Result<ClaimPath, ConfError> {
    value.parse().map_err(|_| invalid_value("role_claim", value))
}
