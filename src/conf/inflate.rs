//! `postern_inflate on | off [ratio=number] [max_size=size]`

use postern_core::inflate::InflateLimits;

use super::LocationConf;
use super::parameters::{invalid_parameter, invalid_value, positive, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};

/// What one level of the configuration says of compressed bodies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum InflateConf {
    /// Nothing.
    #[default]
    Unset,
    /// They are left as they are.
    Off,
    /// They are inflated, within these limits.
    On(InflateLimits),
}

impl InflateConf {
    /// The limits, where bodies are inflated.
    pub(crate) fn limits(&self) -> Option<&InflateLimits> {
        match self {
            Self::On(limits) => Some(limits),
            Self::Unset | Self::Off => None,
        }
    }

    /// Inherited as a whole.
    pub(super) fn merge(&mut self, outer: &Self) {
        if matches!(self, Self::Unset) {
            *self = *outer;
        }
    }
}

/// The directive.
pub(super) struct PosternInflate;

const NAME: &str = "postern_inflate";

impl Directive for PosternInflate {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if !matches!(conf.inflate, InflateConf::Unset) {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words = cf.arguments()?;
        conf.inflate = match words.get(1..).unwrap_or_default() {
            ["off"] => InflateConf::Off,
            ["on", parameters @ ..] => InflateConf::On(limits(parameters)?),
            [word, ..] => return Err(invalid_value(NAME, word)),
            [] => return Err(ConfError::Directive(c"has no value")),
        };
        Ok(())
    }
}

fn limits(parameters: &[&str]) -> Result<InflateLimits, ConfError> {
    let (mut ratio, mut max_bytes) = (None, None);
    for parameter in parameters {
        let (name, value) = split(parameter)?;
        match name {
            "ratio" => set_once(&mut ratio, parameter, positive(NAME, value)?.get())?,
            "max_size" => {
                let size = parse_size(value).ok_or_else(|| invalid_value(NAME, value))?;
                set_once(&mut max_bytes, parameter, size)?;
            }
            _ => return Err(invalid_parameter(parameter)),
        }
    }
    let default = InflateLimits::default();
    Ok(InflateLimits {
        ratio: ratio.unwrap_or(default.ratio),
        max_bytes: max_bytes.unwrap_or(default.max_bytes),
    })
}
