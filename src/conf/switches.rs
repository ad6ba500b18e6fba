//! Directives that switch something on or off: `postern_etag`, `postern_server_timing`, `postern_status_paths`.

use super::parameters::switch;
use super::{LocationConf, Postern};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// Whether something is on, by level of the configuration.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Switch(Option<bool>);

impl Switch {
    /// Whether it is; `default` where nobody says.
    pub(crate) fn is_on_or(self, default: bool) -> bool {
        self.0.unwrap_or(default)
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: Self) {
        self.0 = self.0.or(outer.0);
    }

    fn set(&mut self, cf: &mut Conf<'_>, directive: &'static str) -> Result<(), ConfError> {
        let words = cf.arguments()?;
        let value = switch(directive, words.get(1).copied().unwrap_or_default())?;
        match self.0.replace(value) {
            None => Ok(()),
            Some(_) => Err(ConfError::Directive(c"is duplicate")),
        }
    }
}

/// `postern_etag on | off`
pub(super) struct PosternEtag;

impl Directive for PosternEtag {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.etag.set(cf, "postern_etag")
    }
}

/// `postern_server_timing on | off`
pub(super) struct PosternServerTiming;

impl Directive for PosternServerTiming {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.server_timing.set(cf, "postern_server_timing")
    }
}

/// `postern_status_paths on | off`
pub(super) struct PosternStatusPaths;

impl Directive for PosternStatusPaths {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.status_paths.set(cf, "postern_status_paths")?;
        if !conf.status_paths.is_on_or(true) {
            cf.main_conf::<Postern>().metrics.hides_paths = true;
        }
        Ok(())
    }
}
