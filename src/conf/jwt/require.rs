//! `postern_jwt_require claim [value …] [error=401 | 403]`

use postern_core::auth::{Refusal, Requirement};

use crate::conf::LocationConf;
use crate::conf::parameters::invalid_parameter;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// The directive.
pub(in crate::conf) struct PosternJwtRequire;

impl Directive for PosternJwtRequire {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let words = cf.arguments()?;
        let Some((path, words)) = words.get(1..).and_then(<[_]>::split_first) else {
            return Err(ConfError::Directive(c"has no claim"));
        };
        let path = path
            .parse()
            .map_err(|error| ConfError::Message(format!("{error}: \"{path}\"")))?;
        // The last word is the status, if it says so: any other may be a value.
        let (refusal, values) = match words.split_last() {
            Some((last, values)) if last.starts_with("error=") => (refusal(last)?, values),
            _ => (Refusal::Unauthorized, words),
        };
        conf.jwt.required.push(Requirement {
            path,
            values: values.iter().map(|&value| value.into()).collect(),
            refusal,
        });
        Ok(())
    }
}

fn refusal(parameter: &str) -> Result<Refusal, ConfError> {
    match parameter {
        "error=401" => Ok(Refusal::Unauthorized),
        "error=403" => Ok(Refusal::Forbidden),
        _ => Err(invalid_parameter(parameter)),
    }
}
