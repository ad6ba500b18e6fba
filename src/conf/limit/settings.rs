//! `postern_limit_headers`, `postern_limit_ipv6_prefix`, `postern_limit_log_level`

use super::super::parameters::invalid_value;
use super::Fields;
use crate::conf::LocationConf;
use crate::nginx::Level;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// `postern_limit_headers [x-ratelimit] [ietf] | off`
pub(crate) struct PosternLimitHeaders;

impl Directive for PosternLimitHeaders {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let mut fields = Fields {
            x_ratelimit: false,
            ietf: false,
        };
        let words = cf.arguments()?;
        for &word in words.iter().skip(1) {
            let field = match word {
                "off" if words.len() == 2 => continue,
                "x-ratelimit" => &mut fields.x_ratelimit,
                "ietf" => &mut fields.ietf,
                _ => return Err(invalid_value("postern_limit_headers", word)),
            };
            if std::mem::replace(field, true) {
                return Err(ConfError::Message(format!("duplicate value \"{word}\"")));
            }
        }
        set(&mut conf.limit.fields, fields)
    }
}

/// `postern_limit_ipv6_prefix bits`
pub(crate) struct PosternLimitIpv6Prefix;

impl Directive for PosternLimitIpv6Prefix {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let bits = argument(cf)?;
        let all_digits = bits.bytes().all(|byte| byte.is_ascii_digit());
        match bits.parse() {
            Ok(number @ 1..=128) if all_digits => set(&mut conf.limit.ipv6_prefix, number),
            _ => Err(invalid_value("postern_limit_ipv6_prefix", &bits)),
        }
    }
}

/// `postern_limit_log_level info | notice | warn | error`
pub(crate) struct PosternLimitLogLevel;

impl Directive for PosternLimitLogLevel {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let level = match argument(cf)?.as_str() {
            "info" => Level::Info,
            "notice" => Level::Notice,
            "warn" => Level::Warn,
            "error" => Level::Error,
            other => return Err(invalid_value("postern_limit_log_level", other)),
        };
        set(&mut conf.limit.log_level, level)
    }
}

fn argument(cf: &Conf<'_>) -> Result<String, ConfError> {
    let words = cf.arguments()?;
    Ok(words.get(1).copied().unwrap_or_default().to_owned())
}

fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), ConfError> {
    if slot.is_some() {
        return Err(ConfError::Directive(c"is duplicate"));
    }
    *slot = Some(value);
    Ok(())
}
