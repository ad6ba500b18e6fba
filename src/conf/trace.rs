//! `postern_trace on [application_name] | off`

use super::LocationConf;
use super::parameters::invalid_parameter;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// Whether requests are part of traces.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TraceConf(Option<TraceMode>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TraceMode {
    Off,
    On { application_name: bool },
}

impl TraceConf {
    /// Whether they are.
    pub(crate) fn is_on(self) -> bool {
        matches!(self.0, Some(TraceMode::On { .. }))
    }

    /// Whether `application_name` tells of the trace as well.
    pub(crate) fn sets_application_name(self) -> bool {
        self.0
            == Some(TraceMode::On {
                application_name: true,
            })
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: Self) {
        self.0 = self.0.or(outer.0);
    }
}

/// The directive.
pub(super) struct PosternTrace;

impl Directive for PosternTrace {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.trace.0.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words = cf.arguments()?;
        let mode = match words.get(1..).unwrap_or_default() {
            ["off"] => TraceMode::Off,
            ["on"] => TraceMode::On {
                application_name: false,
            },
            ["on", "application_name"] => TraceMode::On {
                application_name: true,
            },
            [_, parameter, ..] => return Err(invalid_parameter(parameter)),
            [value] => return Err(invalid_parameter(value)),
            [] => return Err(ConfError::Directive(c"has no value")),
        };
        conf.trace = TraceConf(Some(mode));
        Ok(())
    }
}
